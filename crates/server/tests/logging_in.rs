//! People log in: the whole way over HTTP, in one process.

use cardea_core::model::Profile;
use cardea_testkit::{HOST, Health, claims};
use serde_json::json;

#[tokio::test]
async fn jane_logs_in_and_the_application_gets_what_the_document_says() {
    for profile in [Profile::Compat, Profile::Strict] {
        let health = Health::new(profile).await;
        let (world, client) = (&health.world, &health.client);
        let mut browser = world.browser();
        let back = health
            .log_in(&mut browser, &health.authorize(client, ""))
            .await;
        let to = back
            .left_to
            .clone()
            .unwrap_or_else(|| panic!("{}", back.html()));
        assert!(
            to.starts_with(&format!("{}?code=", Health::CALLBACK)),
            "{to}"
        );
        assert_eq!(back.param("state").unwrap(), "st+1");
        assert_eq!(back.answer.status.as_u16(), 303); // AUTHZ-54
        let iss = back.param("iss");
        assert_eq!(iss.is_some(), profile == Profile::Strict);

        let code = back.param("code").unwrap();
        let tokens = health.exchange(client, &code).await.expect(200);
        assert_eq!(
            tokens["scope"],
            "openid profile email read:patients read:admin"
        );
        let id = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(id["aud"], client.id.as_str());
        assert_eq!(id["iss"], format!("https://{HOST}/"));
        assert_eq!(id["sub"], health.jane.id.as_str());
        assert_eq!(id["nonce"], "n-1");
        assert_eq!(id["email"], "jane@example.com");
        let access = claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(
            access["aud"],
            json!([Health::API, format!("https://{HOST}/userinfo")])
        );
        assert!(access.get("email").is_none());

        // AUTHZ-08: a code is good once
        let again = health.exchange(client, &code).await;
        assert_eq!(again.json()["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn a_second_login_needs_no_password_and_silent_renewal_no_page() {
    let health = Health::new(Profile::Compat).await;
    let (world, client) = (&health.world, &health.client);
    let mut browser = world.browser();
    let silent = health.authorize(client, "&prompt=none");
    let page = browser.get(&silent).await;
    assert_eq!(page.param("error").unwrap(), "login_required"); // AUTHZ-31
    assert_eq!(page.param("error_description").unwrap(), "Login required");

    health
        .log_in(&mut browser, &health.authorize(client, ""))
        .await;
    let sso = browser.get(&health.authorize(client, "")).await;
    assert!(sso.param("code").is_some(), "{sso:?}");
    assert_eq!(sso.answer.status.as_u16(), 302);
    let page = browser.get(&silent).await;
    assert!(page.param("code").is_some(), "{page:?}");

    // another browser has no session
    let page = world.browser().get(&silent).await;
    assert_eq!(page.param("error").unwrap(), "login_required");
}

#[tokio::test]
async fn a_third_party_asks_and_is_remembered_or_denied() {
    let health = Health::new(Profile::Compat).await;
    let world = &health.world;
    let partner = health.partner().await;
    let mut browser = world.browser();
    let page = health
        .log_in(&mut browser, &health.authorize(&partner, ""))
        .await;
    assert!(
        page.path.starts_with("/u/consent?state="),
        "{}",
        page.html()
    );
    let html = page.html();
    assert!(
        html.contains("Partner Portal wants to use your account"),
        "{html}"
    );
    assert!(html.contains("See your email address") && html.contains("Patients: read"));
    assert!(html.contains("app.example"), "AUTHZ-47: the host is shown");

    let denied = browser.submit(&page, &[], "deny").await;
    assert_eq!(denied.param("error").unwrap(), "access_denied");
    assert_eq!(denied.param("state").unwrap(), "st+1");

    let silent = browser
        .get(&health.authorize(&partner, "&prompt=none"))
        .await;
    assert_eq!(silent.param("error").unwrap(), "consent_required");
    let page = browser.get(&health.authorize(&partner, "")).await;
    // AUTHZ-42: going on without an answer asks again
    let resumed = browser
        .get(&page.path.replace("/u/consent", "/authorize/resume"))
        .await;
    assert!(resumed.path.starts_with("/u/consent"), "{}", resumed.path);
    // AUTHZ-44: what is added to the form is not given
    let widened = [
        ("scope", "write:patients"),
        ("audience", "https://evil.example/"),
    ];
    let back = browser.submit(&page, &widened, "accept").await;
    let code = back
        .param("code")
        .unwrap_or_else(|| panic!("{}", back.html()));
    let tokens = health.exchange(&partner, &code).await.expect(200);
    assert_eq!(
        tokens["scope"],
        "openid profile email read:patients read:admin"
    );

    let silent = browser
        .get(&health.authorize(&partner, "&prompt=none"))
        .await;
    assert!(silent.param("code").is_some(), "remembered: {silent:?}");
    let asked = browser
        .get(&health.authorize(&partner, "&prompt=consent"))
        .await;
    assert!(asked.path.starts_with("/u/consent"), "{}", asked.path);
}

#[tokio::test]
async fn a_wrong_password_says_nothing_about_who_exists() {
    let health = Health::new(Profile::Compat).await;
    let (world, client) = (&health.world, &health.client);
    let mut browser = world.browser();
    let page = browser
        .get(&health.authorize(client, "&login_hint=jane@example.com"))
        .await;
    assert!(page.html().contains("value=\"jane@example.com\""));
    let mut texts = Vec::new();
    for email in [health.jane.email.as_str(), "nobody@example.com"] {
        let fields = [("username", email), ("password", "wrong")];
        let again = browser.submit(&page, &fields, "default").await;
        assert_eq!(again.status(), 400);
        assert!(again.html().contains("Wrong email address or password."));
        texts.push(again.html().replace(email, "EMAIL"));
    }
    assert_eq!(texts[0], texts[1]); // PASSWORD-01
    for (fields, text) in [
        (
            vec![("username", ""), ("password", "x")],
            "Enter your email address.",
        ),
        (
            vec![("username", "jane@example.com")],
            "Enter your password.",
        ),
    ] {
        let again = browser.submit(&page, &fields, "default").await;
        assert!(again.html().contains(text), "{}", again.html());
    }
}
