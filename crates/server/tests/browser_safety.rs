//! What a browser of somebody else can and cannot do; two tabs, the back button, a second click.

use cardea_core::model::Profile;
use cardea_testkit::{HOST, Health};

#[tokio::test]
async fn a_login_belongs_to_the_browser_in_which_it_began() {
    let health = Health::new(Profile::Compat).await;
    let mut attacker = health.world.browser();
    let begun = attacker.get(&health.authorize(&health.client, "")).await;

    // AUTHZ-39, CVE-2026-7507, CVE-2022-39222: the link is sent to a victim, with or without a
    // login of its own
    let mut victim = health.world.browser();
    let page = victim.get(&begun.path).await;
    assert_eq!(page.status(), 403);
    assert!(page.html().contains("began in another browser"));
    let _ = victim.get(&health.authorize(&health.client, "")).await;
    assert_eq!(victim.get(&begun.path).await.status(), 403);
    let resume = begun.path.replace("/u/login", "/authorize/resume");
    assert_eq!(victim.get(&resume).await.status(), 403);

    // AUTHZ-38: and the attacker's form in the victim's browser
    let fields = [
        ("state", begun.path.split("state=").nth(1).unwrap()),
        ("username", health.jane.email.as_str()),
        ("password", health.jane.password.as_str()),
        ("action", "default"),
    ];
    let page = victim.post("/u/login", &fields).await;
    assert_eq!(page.status(), 403);
    assert!(!victim.cookies.keys().any(|name| name.contains("session")));
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    for profile in [Profile::Compat, Profile::Strict] {
        let health = Health::new(profile).await;
        let mut browser = health.world.browser();
        let page = browser.get(&health.authorize(&health.client, "")).await;
        let own = format!("https://{HOST}");
        let fields = [
            ("username", health.jane.email.as_str()),
            ("password", health.jane.password.as_str()),
        ];
        let rows: [(&[(&'static str, &str)], bool); 7] = [
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://login.example.evil.test")], false),
            (&[("origin", "http://login.example")], false),
            (&[("origin", &own), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", &own), ("sec-fetch-site", "same-site")], false),
            (&[("origin", &own), ("sec-fetch-site", "same-origin")], true),
        ];
        for (headers, taken) in rows {
            let headers = headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()));
            browser.headers = headers.collect();
            let answer = browser.submit(&page, &fields, "default").await;
            assert_eq!(
                answer.param("code").is_some(),
                taken,
                "{:?}",
                browser.headers
            );
            assert!(taken || answer.status() == 403);
        }
    }
}

#[tokio::test]
async fn every_page_is_held_to_the_same_rules() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let login = browser.get(&health.authorize(&health.client, "")).await;
    let state = login.path.split("state=").nth(1).unwrap().to_owned();
    let paths = [
        format!("/u/login?state={state}"),
        format!("/u/signup?state={state}"),
        format!("/u/reset-password/request?state={state}"),
        "/u/reset-password?ticket=x".to_owned(),
        "/u/email-verification?ticket=x".to_owned(),
        "/u/unblock?ticket=x".to_owned(),
        "/activate".to_owned(),
        "/activate?user_code=XXXX-XXXX".to_owned(),
        "/v2/logout".to_owned(),
        "/oidc/logout".to_owned(),
        "/authorize".to_owned(),
        "/u/consent?state=%3Cscript%3E".to_owned(),
        "/nowhere".to_owned(),
    ];
    browser.headers = vec![("accept", "text/html".to_owned())];
    for path in paths {
        let page = browser.get(&path).await;
        let policy = page.answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; base-uri 'none'; style-src 'sha256-"),
            "{path} {policy}"
        );
        assert!(
            policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("content-type", "text/html; charset=utf-8"),
            ("cross-origin-opener-policy", ""),
            ("access-control-allow-origin", ""),
        ] {
            assert_eq!(page.answer.header(name), value, "{path} {name}");
        }
        let html = page.html();
        assert!(
            html.contains("<html lang=\"en\">") && html.contains("<h1>"),
            "{path}"
        );
        assert!(!html.contains("<script"), "{path}");
    }
}

#[tokio::test]
async fn two_tabs_the_back_button_and_a_second_click_end_well() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let path = health.authorize(&health.client, "");
    let first = browser.get(&path).await;
    let second = browser.get(&path.replace("st%2B1", "st-2")).await;
    let fields = [
        ("username", health.jane.email.as_str()),
        ("password", health.jane.password.as_str()),
    ];
    let done = browser.submit(&first, &fields, "default").await;
    assert_eq!(done.param("state").unwrap(), "st+1");
    // the other tab is still good
    let other = browser.submit(&second, &fields, "default").await;
    assert_eq!(other.param("state").unwrap(), "st-2");
    // a second click asks for the answer again
    let twice = browser.submit(&first, &fields, "default").await;
    assert!(twice.param("code").is_some(), "{}", twice.html());
    assert_eq!(twice.param("state").unwrap(), "st+1");
    // the back button shows a page that says so
    let back = browser.get(&first.path).await;
    assert_eq!(back.status(), 400);
    assert!(back.html().contains("This login is too old"));
    // AUTHZ-33: and going on with it gives nothing
    let resume = first.path.replace("/u/login", "/authorize/resume");
    assert_eq!(browser.get(&resume).await.status(), 400);

    let late = browser
        .get(&health.authorize(&health.client, "&prompt=login"))
        .await;
    assert!(late.path.starts_with("/u/login"));
    health.world.clock.advance(3601);
    let late = browser.submit(&late, &fields, "default").await;
    assert_eq!(late.status(), 400);
    assert!(late.html().contains("Start again from the application"));
}

#[tokio::test]
async fn a_login_gives_a_new_session_and_takes_the_old_one() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let name = "__Host-cardea_session".to_owned();
    browser.cookies.insert(name.clone(), "A".repeat(43)); // SESSION-01
    let path = health.authorize(&health.client, "&prompt=login");
    health.log_in(&mut browser, &path).await;
    let first = browser.cookies[&name].clone();
    assert_ne!(first, "A".repeat(43));
    health.log_in(&mut browser, &path).await;
    assert_ne!(browser.cookies[&name], first);
    let mut old = health.world.browser();
    old.cookies.insert(name, first);
    let silent = old
        .get(&health.authorize(&health.client, "&prompt=none"))
        .await;
    assert_eq!(silent.param("error").unwrap(), "login_required");
}

#[tokio::test]
async fn sessions_end_by_time() {
    let health = Health::new(Profile::Compat).await;
    let clock = &health.world.clock;
    let silent = health.authorize(&health.client, "&prompt=none");
    let mut browser = health.world.browser();
    health
        .log_in(&mut browser, &health.authorize(&health.client, ""))
        .await;
    let day = 86_400;
    // SESSION-05: used within three days, it goes on
    clock.advance(3 * day - 3600);
    assert!(browser.get(&silent).await.param("code").is_some());
    clock.advance(3 * day - 3600);
    assert!(browser.get(&silent).await.param("code").is_some());
    // SESSION-06: but not beyond seven
    clock.advance(day + 7201);
    assert_eq!(
        browser.get(&silent).await.param("error").unwrap(),
        "login_required"
    );
    health
        .log_in(&mut browser, &health.authorize(&health.client, ""))
        .await;
    clock.advance(3 * day + 1);
    assert_eq!(
        browser.get(&silent).await.param("error").unwrap(),
        "login_required"
    );
}
