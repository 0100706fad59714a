//! What follows a login: refresh tokens, `/userinfo`, revocation, introspection, logout, devices.
#![expect(clippy::too_many_lines, reason = "a story is long")]

use cardea_core::model::Profile;
use cardea_testkit::{Answer, HOST, Health, Sent, claims};
use serde_json::{Value, json};

async fn post(health: &Health, path: &str, form: &[(&str, &str)]) -> Answer {
    let mut browser = health.world.browser();
    browser.post(path, form).await.answer
}

async fn userinfo(health: &Health, token: &str) -> Answer {
    let sent = Sent {
        path: "/userinfo",
        headers: vec![("authorization", format!("Bearer {token}"))],
        ..Sent::default()
    };
    health.world.send(sent).await
}

#[tokio::test]
async fn refresh_tokens_renew_and_end() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let tokens = health.tokens(&mut browser, "").await;
    assert!(tokens.get("refresh_token").is_none(), "not asked for");

    let path = health
        .authorize(&health.client, "&prompt=login")
        .replace("scope=openid", "scope=openid%20offline_access");
    let page = health.log_in(&mut browser, &path).await;
    let code = page.param("code").unwrap();
    let tokens = health.exchange(&health.client, &code).await.expect(200);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let client = &health.client;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("refresh_token", refresh),
    ];
    let renewed = health.world.token(&form).await.expect(200);
    let id = claims(renewed["id_token"].as_str().unwrap());
    assert!(id.get("nonce").is_none(), "trap T5");
    assert_eq!(id["sub"], health.jane.id.as_str());

    let asked = [
        ("token", refresh),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    let active = post(&health, "/oauth/introspect", &asked).await.expect(200);
    assert_eq!(active["active"], true);
    let revoked = post(&health, "/oauth/revoke", &asked).await;
    assert_eq!((revoked.status.as_u16(), revoked.body.len()), (200, 0));
    let again = post(&health, "/oauth/revoke", &asked).await;
    assert_eq!(again.status.as_u16(), 200); // trap T21
    let gone = health.world.token(&form).await;
    assert_eq!(gone.status.as_u16(), 403);
    let text = gone.json()["error_description"].to_string();
    assert!(text.contains("invalid refresh token"), "trap T7: {text}");
    let active = post(&health, "/oauth/introspect", &asked).await.expect(200);
    assert_eq!(active, json!({ "active": false }));
}

#[tokio::test]
async fn userinfo_takes_access_tokens_and_names_an_id_token() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let tokens = health.tokens(&mut browser, "").await;
    let told = userinfo(&health, tokens["access_token"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(told["sub"], health.jane.id.as_str());
    assert_eq!(told["email"], "jane@example.com");
    let refused = userinfo(&health, tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(refused.status.as_u16(), 401);
    assert!(
        refused
            .header("www-authenticate")
            .contains("this is an ID token")
    );
    let logs = health.world.manage("GET", "/logs", None).await.expect(200);
    let rules: Vec<&Value> = logs
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["details"]["rule"])
        .collect();
    assert!(
        rules.iter().any(|rule| **rule == "CARDEA-id-token-at-api"),
        "{rules:?}"
    );

    // without an API: an opaque token, and no API at all is needed (rule 0.11)
    let path = health
        .authorize(&health.client, "")
        .replace(&format!("&audience={}", Health::API), "");
    let page = browser.get(&path).await;
    let code = page.param("code").unwrap();
    let tokens = health.exchange(&health.client, &code).await.expect(200);
    let opaque = tokens["access_token"].as_str().unwrap();
    assert!(!opaque.contains('.'));
    let told = userinfo(&health, opaque).await.expect(200);
    assert_eq!(told["name"], "jane@example.com");
    let posted = post(&health, "/userinfo", &[("access_token", opaque)])
        .await
        .expect(200);
    assert_eq!(posted, told);
}

#[tokio::test]
async fn logging_out_ends_the_session_for_everybody() {
    let health = Health::new(Profile::Compat).await;
    let silent = health.authorize(&health.client, "&prompt=none");
    let urls = json!({ "allowed_logout_urls": ["https://app.example/bye"] });
    let path = format!("/clients/{}", health.client.id);
    let patched = health.world.manage("PATCH", &path, Some(urls)).await;
    assert_eq!(patched.status.as_u16(), 200);
    let login = health.authorize(&health.client, "");
    let mut browser = health.world.browser();
    let v2 = format!("/v2/logout?client_id={}", health.client.id);

    health.log_in(&mut browser, &login).await;
    let old = browser.cookies.clone();
    // LOGOUT-01: an image of another site logs nobody out
    browser.headers = vec![("sec-fetch-dest", "image".to_owned())];
    assert_eq!(browser.get(&v2).await.status(), 403);
    browser.headers.clear();
    // LOGOUT-02: and nobody is sent anywhere else
    let evil = browser
        .get(&format!("{v2}&returnTo=https://evil.example/"))
        .await;
    assert_eq!((evil.status(), evil.left_to), (400, None));
    assert!(browser.get(&silent).await.param("code").is_some());
    let bye = browser
        .get(&format!("{v2}&returnTo=https://app.example/bye"))
        .await;
    assert_eq!(bye.left_to.clone().unwrap(), "https://app.example/bye");
    // LOGOUT-09: what this origin stored goes, and no cookie but our own
    assert_eq!(bye.answer.header("clear-site-data"), "\"storage\"");
    let cleared: Vec<_> = bye.answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cleared.len(), 1, "{cleared:?}");
    let nobody = browser.get(&v2).await;
    assert_eq!(nobody.answer.header("clear-site-data"), "");
    assert_eq!(
        browser.get(&silent).await.param("error").unwrap(),
        "login_required"
    );
    // LOGOUT-09: the cookie is worth nothing any more
    browser.cookies = old;
    assert_eq!(
        browser.get(&silent).await.param("error").unwrap(),
        "login_required"
    );

    // OIDC: without a hint somebody has to say so
    health.log_in(&mut browser, &login).await;
    let asked = browser.get("/oidc/logout").await;
    assert!(
        asked.html().contains("jane@example.com"),
        "{}",
        asked.html()
    );
    assert_eq!(asked.answer.header("clear-site-data"), "");
    let kept = browser.submit(&asked, &[], "deny").await;
    assert_eq!(kept.answer.header("clear-site-data"), "");
    assert!(kept.html().contains("still logged in"));
    assert!(browser.get(&silent).await.param("code").is_some());
    let forged = browser
        .post("/u/logout", &[("action", "accept"), ("_csrf", "x")])
        .await;
    assert_eq!(forged.status(), 403);
    let gone = browser.submit(&asked, &[], "accept").await;
    assert!(gone.html().contains("You are logged out"));
    assert_eq!(gone.answer.header("clear-site-data"), "\"storage\"");
    assert_eq!(
        browser.get(&silent).await.param("error").unwrap(),
        "login_required"
    );

    // with a hint it is done at once
    let tokens = health.tokens(&mut browser, "").await;
    let hint = tokens["id_token"].as_str().unwrap();
    let path = format!(
        "/oidc/logout?id_token_hint={hint}&state=s%26x\
         &post_logout_redirect_uri=https://app.example/bye"
    );
    let bye = browser.get(&path).await;
    assert_eq!(bye.left_to.unwrap(), "https://app.example/bye?state=s%26x");
    assert_eq!(
        browser.get(&silent).await.param("error").unwrap(),
        "login_required"
    );
}

#[tokio::test]
async fn a_device_is_let_in_by_its_code() {
    let health = Health::new(Profile::Compat).await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let body = json!({
        "name": "Health CLI", "app_type": "native", "grant_types": [grant, "refresh_token"],
        "token_endpoint_auth_method": "none", "oidc_conformant": true,
    });
    let cli = health.world.application(body).await;
    let asked = [
        ("client_id", cli.id.as_str()),
        (
            "scope",
            "openid profile read:patients write:patients offline_access",
        ),
        ("audience", Health::API),
    ];
    for accept in [true, false] {
        let codes = post(&health, "/oauth/device/code", &asked)
            .await
            .expect(200);
        let text = |name: &str| codes[name].as_str().unwrap().to_owned();
        assert_eq!(text("verification_uri"), format!("https://{HOST}/activate"));
        let device = text("device_code");
        let poll = [
            ("grant_type", grant),
            ("client_id", cli.id.as_str()),
            ("device_code", device.as_str()),
        ];
        let pending = health.world.token(&poll).await;
        assert_eq!(pending.json()["error"], "authorization_pending");

        let mut browser = health.world.browser();
        let page = browser.get("/activate").await;
        let wrong = browser
            .submit(&page, &[("user_code", "BBBB-BBBB")], "default")
            .await;
        assert_eq!(wrong.status(), 400);
        let typed = text("user_code").to_lowercase().replace('-', " ");
        let page = browser
            .submit(&page, &[("user_code", &typed)], "default")
            .await;
        assert!(page.html().contains(&text("user_code")), "{}", page.html());
        // what was not confirmed on our page is not taken
        let forged = [
            ("user_code", typed.as_str()),
            ("state", "x"),
            ("action", "accept"),
        ];
        assert_eq!(browser.post("/activate", &forged).await.status(), 403);
        if accept {
            let page = browser.submit(&page, &[], "accept").await;
            assert!(page.html().contains("id=\"password\""), "{}", page.html());
            let wrong = [("username", "jane@example.com"), ("password", "wrong")];
            let page = browser.submit(&page, &wrong, "login").await;
            assert_eq!(page.status(), 400);
            let right = [
                ("username", health.jane.email.as_str()),
                ("password", health.jane.password.as_str()),
            ];
            let page = browser.submit(&page, &right, "login").await;
            assert!(
                page.html().contains("Your device is connected"),
                "{}",
                page.html()
            );
        } else {
            let page = browser.submit(&page, &[], "deny").await;
            assert!(page.html().contains("Your device is not connected"));
        }
        health.world.clock.advance(60);
        let answer = health.world.token(&poll).await;
        if accept {
            let tokens = answer.expect(200);
            assert_eq!(
                tokens["scope"],
                "openid profile read:patients offline_access"
            );
            assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
        } else {
            assert_eq!(answer.json()["error"], "access_denied");
        }
    }
}

#[tokio::test]
async fn passwords_are_exchanged_where_the_application_may() {
    let health = Health::new(Profile::Compat).await;
    let body = json!({
        "name": "Trusted", "app_type": "regular_web", "grant_types":
            ["password", "http://auth0.com/oauth/grant-type/password-realm"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let client = health.world.application(body).await;
    let form = |password: &str| {
        vec![
            (
                "grant_type",
                "http://auth0.com/oauth/grant-type/password-realm".to_owned(),
            ),
            ("realm", "Username-Password-Authentication".to_owned()),
            ("client_id", client.id.clone()),
            ("client_secret", client.secret.clone()),
            ("username", health.jane.email.clone()),
            ("password", password.to_owned()),
            ("audience", Health::API.to_owned()),
            ("scope", "openid".to_owned()),
        ]
    };
    let send = async |password: &str| {
        let form = form(password);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        health.world.token(&form).await
    };
    let tokens = send(&health.jane.password).await.expect(200);
    assert!(tokens["access_token"].is_string());
    let wrong = send("wrong").await;
    assert_eq!(wrong.status.as_u16(), 403);
    assert_eq!(
        wrong.json()["error_description"],
        "Wrong email or password."
    );
}

#[tokio::test]
async fn pages_of_applications_may_call_and_others_may_not() {
    let health = Health::new(Profile::Compat).await;
    let rows = [
        ("https://app.example", "/oauth/token", true),
        ("https://evil.example", "/oauth/token", false),
        ("https://app.example.evil.test", "/userinfo", false),
        ("null", "/userinfo", false),
        ("https://app.example", "/userinfo", true),
        ("https://app.example", "/oauth/revoke", true),
    ];
    for (origin, path, allowed) in rows {
        let headers = vec![
            ("origin", origin.to_owned()),
            ("access-control-request-method", "POST".to_owned()),
            (
                "access-control-request-headers",
                "auth0-client,content-type".to_owned(),
            ),
        ];
        let sent = Sent {
            method: "OPTIONS",
            path,
            headers,
            ..Sent::default()
        };
        let answer = health.world.send(sent).await;
        let expected = if allowed { (204, origin) } else { (403, "") };
        let got = (
            answer.status.as_u16(),
            answer.header("access-control-allow-origin"),
        );
        assert_eq!(got, expected, "{origin} {path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        if allowed {
            let names = answer.header("access-control-allow-headers");
            assert!(
                names.contains("auth0-client") && names.contains("dpop"),
                "trap T15"
            );
        }
    }
    // WEB-08: none at the authorization endpoint
    let headers = vec![("origin", "https://app.example".to_owned())];
    let sent = Sent {
        path: "/authorize",
        headers,
        ..Sent::default()
    };
    let answer = health.world.send(sent).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let sent = Sent {
            method,
            path: "/authorize",
            ..Sent::default()
        };
        assert_eq!(
            health.world.send(sent).await.status.as_u16(),
            405,
            "{method}"
        ); // AUTHZ-61
    }
}

#[tokio::test]
async fn closed_doors_say_where_to_go() {
    let health = Health::new(Profile::Compat).await;
    let rows = [
        ("/delegation", "/oauth/token"),
        ("/oauth/ro", "PKCE"),
        ("/oauth/access_token", "/authorize"),
        ("/tokeninfo", "/userinfo"),
        ("/ssodata", "prompt=none"),
    ];
    for (path, way) in rows {
        let answer = post(&health, path, &[]).await;
        assert_eq!(answer.status.as_u16(), 410, "{path}");
        let text = answer.json()["error_description"].to_string();
        assert!(text.contains(way), "{path}: {text}");
    }
    let answer = health.world.get("/.well-known/change-password").await;
    assert_eq!(answer.header("location"), "/u/reset-password/request");
}
