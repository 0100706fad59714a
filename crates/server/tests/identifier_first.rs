//! The identifier on a page of its own, then the password.

use cardea_core::model::Profile;
use cardea_testkit::{Browser, Health, Page};
use serde_json::json;

async fn health(profile: Profile) -> Health {
    let health = Health::new(profile).await;
    let on = json!({ "identifier_first": true });
    let answer = health.world.manage("PATCH", "/prompts", Some(on)).await;
    assert_eq!(
        answer.expect(200).get("identifier_first"),
        Some(&json!(true))
    );
    health
}

async fn begin(health: &Health, browser: &mut Browser<'_>, more: &str) -> Page {
    let page = browser.get(&health.authorize(&health.client, more)).await;
    assert!(
        page.path.starts_with("/u/login/identifier?state="),
        "{}",
        page.path
    );
    page
}

async fn identify(browser: &mut Browser<'_>, page: &Page, identifier: &str) -> Page {
    let next = browser
        .submit(page, &[("username", identifier)], "default")
        .await;
    assert!(
        next.path.starts_with("/u/login/password?state="),
        "{}",
        next.html()
    );
    next
}

#[tokio::test]
async fn jane_logs_in_on_two_pages() {
    for (profile, language, texts) in [
        (
            Profile::Compat,
            "en",
            ["Email address", "Continue", "Enter your password", "Change"],
        ),
        (
            Profile::Strict,
            "de",
            [
                "E-Mail-Adresse",
                "Weiter",
                "Geben Sie Ihr Passwort ein",
                "Ändern",
            ],
        ),
    ] {
        let health = health(profile).await;
        let locales = json!({ "enabled_locales": ["en", "de"] });
        let patched = health
            .world
            .manage("PATCH", "/tenants/settings", Some(locales));
        let _ = patched.await.expect(200);
        let mut browser = health.world.browser();
        let first = begin(&health, &mut browser, &format!("&ui_locales={language}")).await;
        let html = first.html();
        assert!(html.contains(texts[0]) && html.contains(texts[1]), "{html}");
        assert!(
            !html.contains("type=\"password\"") && !html.contains("<script"),
            "{html}"
        );
        let button = "<button type=\"submit\" name=\"action\" value=\"default\"";
        assert!(html.contains(button) && html.contains("autocomplete=\"username\""));

        let second = identify(&mut browser, &first, " jane@example.com ").await;
        let html = second.html();
        assert!(html.contains(texts[2]) && html.contains(texts[3]), "{html}");
        // WEB-14: a password manager sees whose password it is
        let who = "name=\"username\" type=\"text\" value=\"jane@example.com\" \
                   autocomplete=\"username\" readonly";
        assert!(html.contains(who), "{html}");
        assert!(html.contains("autocomplete=\"current-password\"") && html.contains(button));
        let password = [("password", health.jane.password.as_str())];
        let back = browser.submit(&second, &password, "default").await;
        assert!(back.param("code").is_some(), "{}", back.html());
    }
}

#[tokio::test]
async fn password_05_nobody_learns_who_exists() {
    let health = health(Profile::Compat).await;
    let long = format!("{}@example.com", "x".repeat(64));
    let mut seen = Vec::new();
    for identifier in [
        health.jane.email.as_str(),
        "nobody@example.com",
        "not an address",
        &long,
    ] {
        let mut browser = health.world.browser();
        let first = begin(&health, &mut browser, "").await;
        let state = first.path.split("state=").nth(1).unwrap().to_owned();
        let fields = [
            ("username", identifier),
            ("action", "default"),
            ("state", &state),
        ];
        let form = fields.map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
        let path = format!("/u/login/identifier?state={state}");
        let answer = browser.once("POST", &path, Some(form.join("&"))).await;
        let to = answer.header("location").replace(&state, "STATE");
        let page = browser
            .get(&format!("/u/login/password?state={state}"))
            .await;
        let wrong = [("password", "wrong")];
        let wrong = browser.submit(&page, &wrong, "default").await;
        let plain = |page: &Page| {
            page.html()
                .replace(&state, "STATE")
                .replace(identifier, "WHO")
        };
        seen.push((
            answer.status,
            to,
            plain(&page),
            wrong.status(),
            plain(&wrong),
        ));
    }
    assert_eq!(seen[0].0.as_u16(), 303);
    assert!(
        seen[0].4.contains("Wrong email address or password."),
        "{}",
        seen[0].4
    );
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
}

#[tokio::test]
async fn the_identifier_can_be_changed_and_hinted() {
    let health = health(Profile::Compat).await;
    let mut browser = health.world.browser();
    let first = begin(&health, &mut browser, "&login_hint=sam%40example.com").await;
    assert!(
        first.html().contains("value=\"sam@example.com\""),
        "{}",
        first.html()
    );
    for (wrong, text) in [
        ("", "Enter your email address."),
        ("   ", "Enter your email address."),
        (
            &*"x".repeat(321),
            "This is too long to be an email address.",
        ),
    ] {
        let again = browser
            .submit(&first, &[("username", wrong)], "default")
            .await;
        assert_eq!(again.status(), 400);
        assert!(again.html().contains(text), "{}", again.html());
        assert!(again.html().contains("href=\"#username\""));
    }
    let second = identify(&mut browser, &first, "sam@example.com").await;
    // the link back, which is the browser's way back too
    let link = second.path.replace("/password", "/identifier");
    assert!(
        second.html().contains(&format!("href=\"{link}\"")),
        "{}",
        second.html()
    );
    let first = browser.get(&link).await;
    assert_eq!(first.path, link);
    assert!(
        first.html().contains("value=\"sam@example.com\""),
        "{}",
        first.html()
    );
    // the old path leads to the page that is open, and so does one that is not its turn yet
    for path in [
        second.path.clone(),
        second.path.replace("/login/password", "/login"),
    ] {
        assert_eq!(browser.get(&path).await.path, link, "{path}");
    }
    let second = identify(&mut browser, &first, "jane@example.com").await;
    let password = [("password", health.jane.password.as_str())];
    let back = browser.submit(&second, &password, "default").await;
    assert!(back.param("code").is_some(), "{}", back.html());
}

#[tokio::test]
async fn two_tabs_of_one_login_do_not_mix_people_up() {
    let health = health(Profile::Compat).await;
    let mut browser = health.world.browser();
    let first = begin(&health, &mut browser, "").await;
    let jane = identify(&mut browser, &first, "jane@example.com").await;
    // another tab goes back, and asks for somebody else's password
    let back = jane.path.replace("/password", "/identifier");
    browser.get(&back).await;
    for other in [None, Some("sam@example.com")] {
        if let Some(other) = other {
            identify(&mut browser, &first, other).await;
        }
        let wrong = browser
            .submit(&jane, &[("password", "wrong")], "default")
            .await;
        assert_eq!(wrong.status(), 400);
        assert!(
            wrong.html().contains("value=\"jane@example.com\""),
            "{}",
            wrong.html()
        );
        assert!(
            wrong.html().contains("href=\"#password\""),
            "{}",
            wrong.html()
        );
    }
    let password = [("password", health.jane.password.as_str())];
    let back = browser.submit(&jane, &password, "default").await;
    assert!(back.param("code").is_some(), "{}", back.html());
}

#[tokio::test]
async fn the_pages_of_the_other_order_lead_to_the_one_that_holds() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let login = browser.get(&health.authorize(&health.client, "")).await;
    for page in ["/u/login/identifier", "/u/login/password"] {
        let path = login.path.replace("/u/login", page);
        assert_eq!(browser.get(&path).await.path, login.path, "{path}");
    }
    let path = login.path.replace("/u/login", "/u/login/identifier");
    let fields = [("username", "jane@example.com"), ("action", "default")];
    assert_eq!(browser.post(&path, &fields).await.path, login.path);
    // AUTHZ-38: and a form of another site is refused at each of them
    browser.headers = vec![("origin", "https://evil.example".to_owned())];
    for page in ["/u/login/identifier", "/u/login/password"] {
        let path = login.path.replace("/u/login", page);
        assert_eq!(browser.post(&path, &fields).await.status(), 403, "{path}");
    }
}
