//! A code is good once, for whom it was issued to, with what it is bound to; and no redirect takes
//! along what does not belong to it.
#![expect(
    clippy::unwrap_used,
    reason = "a test's own helpers fail as loudly as its assertions"
)]

use cardea_core::model::Profile;
use cardea_jose::{b64, sha256};
use cardea_testkit::{Answer, Client, Health, Sent, challenge};
use serde_json::{Value, json};

/// Redeems a code with this verifier.
async fn redeem(health: &Health, client: &Client, code: &str, verifier: &str) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("code", code),
        ("redirect_uri", Health::CALLBACK),
    ];
    if !verifier.is_empty() {
        form.push(("code_verifier", verifier));
    }
    health.world.token(&form).await
}

async fn events(health: &Health, kind: &str) -> Vec<Value> {
    let logs = health.world.manage("GET", "/logs?per_page=100", None).await;
    let logs = logs.expect(200);
    let logs = logs.as_array().unwrap().iter();
    logs.filter(|event| event["type"] == kind)
        .cloned()
        .collect()
}

/// AUTHZ-07: the victim's code, put into the flow that the attacker began.
#[tokio::test]
async fn an_injected_code_meets_the_wrong_verifier() {
    for profile in [Profile::Compat, Profile::Strict] {
        let health = Health::new(profile).await;
        let own = "the-verifier-of-the-victims-own-flow-0123456789";
        let of_victim = b64::encode(&sha256(own.as_bytes()));
        let path = health.authorize(&health.client, "");
        let path = path.replace(&challenge(), &of_victim);
        let mut victim = health.world.browser();
        let page = health.log_in(&mut victim, &path).await;
        let code = page.param("code").unwrap();
        // the attacker's session at the application holds the attacker's verifier
        let refused = health.exchange(&health.client, &code).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
        // and there is no second try, not even with the right one
        let refused = redeem(&health, &health.client, &code, own).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
    }
}

/// AUTHZ-03: a challenge that somebody took out of the request is missed at the token endpoint.
#[tokio::test]
async fn a_stripped_challenge_is_noticed() {
    let health = Health::new(Profile::Compat).await;
    let pkce = format!("&code_challenge={}&code_challenge_method=S256", challenge());
    let path = health.authorize(&health.client, "").replace(&pkce, "");
    let mut browser = health.world.browser();
    let code = health
        .log_in(&mut browser, &path)
        .await
        .param("code")
        .unwrap();
    let refused = health.exchange(&health.client, &code).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    let refused = redeem(&health, &health.client, &code, "").await;
    assert_eq!(refused.json()["error"], "invalid_grant", "burned");
}

/// AUTHZ-10: a code that another application brings leaked; it is burned, and the log says whose.
#[tokio::test]
async fn a_code_in_the_hands_of_another_application_is_burned_and_told() {
    for profile in [Profile::Compat, Profile::Strict] {
        let health = Health::new(profile).await;
        let other = health.world.web_app("Other", Health::CALLBACK).await;
        let mut browser = health.world.browser();
        let path = health.authorize(&health.client, "");
        let code = health
            .log_in(&mut browser, &path)
            .await
            .param("code")
            .unwrap();
        // without the other application's secret nothing is looked at
        let guest = Client {
            id: other.id.clone(),
            secret: "wrong".to_owned(),
        };
        let refused = health.exchange(&guest, &code).await;
        assert_ne!(refused.json()["error"], "invalid_grant");
        let refused = health.exchange(&other, &code).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
        let told = events(&health, "feacft").await;
        let told = told
            .iter()
            .find(|event| event["details"]["reason"] == "code_client_mismatch")
            .unwrap();
        assert_eq!(told["client_id"], other.id.as_str());
        assert_eq!(told["details"]["code_client"], health.client.id.as_str());
        assert_eq!(told["user_id"], health.jane.id.as_str());
        let refused = health.exchange(&health.client, &code).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "burned");
    }
}

/// AUTHZ-06: the second login with one challenge is told, and goes through.
#[tokio::test]
async fn a_constant_challenge_is_told() {
    let health = Health::new(Profile::Strict).await;
    let mut browser = health.world.browser();
    let path = health.authorize(&health.client, "");
    health.log_in(&mut browser, &path).await;
    let fresh = b64::encode(&sha256(b"another verifier"));
    let again = path.replace(&challenge(), &fresh);
    for path in [&path, &again] {
        assert!(browser.get(path).await.param("code").is_some());
    }
    let mut told: Vec<Value> = Vec::new();
    for kind in ["s", "ssa"] {
        let events = events(&health, kind).await;
        told.extend(
            events
                .iter()
                .map(|event| event["details"]["pkce_challenge_reused"].clone()),
        );
    }
    let reused = told.iter().filter(|reused| **reused == true);
    assert_eq!((told.len(), reused.count()), (3, 1), "{told:?}");
}

/// REDIR-21 at the door itself: with two callbacks registered.
#[tokio::test]
async fn a_code_goes_back_to_the_callback_that_it_was_sent_to() {
    let health = Health::new(Profile::Strict).await;
    let second = "https://app.example/second";
    let body = json!({ "callbacks": [Health::CALLBACK, second] });
    let path = format!("/clients/{}", health.client.id);
    let _ = health
        .world
        .manage("PATCH", &path, Some(body))
        .await
        .expect(200);
    let mut browser = health.world.browser();
    let path = health.authorize(&health.client, "&prompt=login");
    for sent in [Some(second), None, Some("https://app.example/callback/")] {
        let code = health
            .log_in(&mut browser, &path)
            .await
            .param("code")
            .unwrap();
        let client = &health.client;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("code", code.as_str()),
            ("code_verifier", cardea_testkit::VERIFIER),
        ];
        form.extend(sent.map(|uri| ("redirect_uri", uri)));
        let refused = health.world.token(&form).await;
        assert_eq!(refused.expect(400)["error"], "invalid_grant", "{sent:?}");
        let refused = health.exchange(client, &code).await;
        assert_eq!(refused.expect(400)["error"], "invalid_grant", "burned");
    }
}

/// AUTHZ-58: what stands in the fragment of the page before does not travel on.
#[tokio::test]
async fn a_strict_redirect_brings_its_own_fragment() {
    for (profile, sealed) in [(Profile::Compat, false), (Profile::Strict, true)] {
        let health = Health::new(profile).await;
        let urls = json!({ "allowed_logout_urls": ["https://app.example/bye"] });
        let path = format!("/clients/{}", health.client.id);
        let _ = health
            .world
            .manage("PATCH", &path, Some(urls))
            .await
            .expect(200);
        let mut browser = health.world.browser();
        let login = health.authorize(&health.client, "");
        let bye = format!("/v2/logout?client_id={}", health.client.id);
        let done = [
            health.log_in(&mut browser, &login).await,
            browser.get(&login).await,
            browser.get(&login.replace("=code&", "=odd&")).await,
            browser.get(&bye).await,
        ];
        for page in done {
            let to = page.left_to.unwrap();
            assert_eq!(to.ends_with("#_"), sealed, "{to}");
            assert_eq!(to.matches('#').count(), usize::from(sealed), "{to}");
        }
    }
}

/// REDIR-17, WEB-07: what another site posts becomes a URL only where it can.
#[tokio::test]
async fn a_posted_request_that_is_no_url_is_no_fault_of_ours() {
    let health = Health::new(Profile::Compat).await;
    for junk in ["\r\nSet-Cookie: x=1", "\n", "\u{e9}", "\0", "\u{7f}", " "] {
        let form = format!("client_id={}&state={junk}", health.client.id);
        let headers = vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("sec-fetch-site", "cross-site".to_owned()),
        ];
        let sent = Sent {
            method: "POST",
            path: "/authorize",
            headers,
            body: form.into_bytes(),
            host: "",
        };
        let answer = health.world.send(sent).await;
        assert!(answer.status.as_u16() < 500, "{junk:?}: {}", answer.status);
        for (name, value) in &answer.headers {
            assert!(value.as_bytes().iter().all(|b| *b >= 0x20), "{name}");
        }
    }
}
