//! How pages look: a tenant's brand on every one of them, under a policy that names exactly what
//! it needs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_core::model::Profile;
use cardea_testkit::{Browser, Health, Page};
use serde_json::{Value, json};

/// A style element's text as a policy names it.
fn hash(style: &str) -> String {
    let digest = cardea_jose::sha256(style.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

fn styles(html: &str) -> Vec<&str> {
    let parts = html.split("<style>").skip(1);
    parts
        .map(|part| part.split("</style>").next().unwrap_or_default())
        .collect()
}

fn directive<'p>(policy: &'p str, name: &str) -> Option<&'p str> {
    let mut parts = policy.split("; ").filter_map(|part| part.split_once(' '));
    parts
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

async fn brand(health: &Health, body: Value) {
    let answer = health.world.manage("PATCH", "/branding", Some(body)).await;
    let _ = answer.expect(200);
}

/// One page of each kind that can be had without much ado.
async fn pages(health: &Health, browser: &mut Browser<'_>) -> Vec<Page> {
    browser.headers = vec![("accept", "text/html".to_owned())];
    let login = browser.get(&health.authorize(&health.client, "")).await;
    let state = login
        .path
        .split("state=")
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    let mut pages = vec![login];
    for path in [
        format!("/u/signup?state={state}"),
        format!("/u/reset-password/request?state={state}"),
        "/u/reset-password?ticket=x".to_owned(),
        "/activate".to_owned(),
        "/activate?user_code=XXXX-XXXX".to_owned(),
        "/v2/logout".to_owned(),
        "/authorize".to_owned(),
        "/nowhere".to_owned(),
    ] {
        pages.push(browser.get(&path).await);
    }
    let form = health.authorize(&health.client, "&response_mode=form_post");
    pages.push(health.log_in(browser, &form).await);
    pages.push(browser.get("/oidc/logout").await);
    let partner = health.partner().await;
    let consent = browser.get(&health.authorize(&partner, "")).await;
    assert!(consent.path.starts_with("/u/consent"), "{}", consent.path);
    pages.push(consent);
    pages
}

#[tokio::test]
async fn every_page_shows_the_brand_and_its_policy_names_that_and_no_more() {
    for language in ["en", "de"] {
        let health = Health::new(Profile::Compat).await;
        let settings = json!({ "friendly_name": "Acme <Health>", "enabled_locales": [language] });
        let patched = health
            .world
            .manage("PATCH", "/tenants/settings", Some(settings));
        let _ = patched.await.expect(200);
        let look = json!({
            "colors": { "primary": "#ffdd00", "page_background":
                { "type": "linear-gradient", "start": "#FFFFFF", "end": "#000000", "angle_deg": 35 } },
            "logo_url": "https://cdn.example/logo.svg?a=1&b=2",
            "favicon_url": "https://icons.example:8443/icon.png",
            "font": { "url": "https://fonts.example/brand.woff2" },
        });
        brand(&health, look).await;
        let mut browser = health.world.browser();
        for page in pages(&health, &mut browser).await {
            let (html, path) = (page.html(), &page.path);
            let policy = page.answer.header("content-security-policy");
            let own = styles(&html);
            assert_eq!(own.len(), 2, "{path}");
            let hashes: Vec<String> = own.iter().map(|style| hash(style)).collect();
            assert_eq!(
                directive(policy, "style-src"),
                Some(&*hashes.join(" ")),
                "{path}"
            );
            assert!(own[1].contains("--accent:#ffdd00;") && own[1].contains("--on-accent:#000000"));
            // AUTHZ-57, WEB-13: these three origins, and no address of the page with them
            let images = "https://cdn.example https://icons.example:8443";
            assert_eq!(directive(policy, "img-src"), Some(images), "{path}");
            assert_eq!(
                directive(policy, "font-src"),
                Some("https://fonts.example"),
                "{path}"
            );
            assert_eq!(directive(policy, "default-src"), Some("'none'"), "{path}");
            assert!(!policy.contains("unsafe"), "{path}");
            let told = page.answer.header("referrer-policy");
            assert!(["same-origin", "origin"].contains(&told), "{path} {told}");
            for part in [
                "<img src=\"https://cdn.example/logo.svg?a=1&#38;b=2\" alt=\"Acme &#60;Health&#62;\" \
                 referrerpolicy=\"no-referrer\">",
                "<link rel=\"icon\" href=\"https://icons.example:8443/icon.png\" \
                 referrerpolicy=\"no-referrer\">",
                &format!("<html lang=\"{language}\">"),
            ] {
                assert!(html.contains(part), "{path} {part}: {html}");
            }
            // the script of a form that posts itself is the only other thing
            assert!(
                !html.contains(" style=\"") && !html.contains("class=\"monogram\""),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_without_a_brand_loads_nothing() {
    let health = Health::new(Profile::Strict).await;
    let mut browser = health.world.browser();
    let look = json!({ "logo_url": "https://cdn.example/l.png", "colors": { "primary": "#000" } });
    brand(&health, look).await;
    brand(
        &health,
        json!({ "logo_url": null, "colors": { "primary": null } }),
    )
    .await;
    let page = browser.get(&health.authorize(&health.client, "")).await;
    let policy = page.answer.header("content-security-policy");
    assert_eq!(directive(policy, "img-src"), None); // WEB-13, AUTHZ-57
    assert_eq!(directive(policy, "font-src"), None);
    let html = page.html();
    assert_eq!(styles(&html).len(), 1);
    assert!(
        html.contains("class=\"monogram\"") && !html.contains("<img") && !html.contains("<link")
    );
}

#[tokio::test]
async fn a_tenants_own_words_stand_on_the_pages_of_a_login() {
    let health = Health::new(Profile::Compat).await;
    let world = &health.world;
    let set = async |path: &str, body: Value| {
        let method = if path.contains("custom-text") {
            "PUT"
        } else {
            "PATCH"
        };
        let _ = world.manage(method, path, Some(body)).await.expect(200);
    };
    set(
        "/tenants/settings",
        json!({ "enabled_locales": ["en", "de"], "friendly_name": "Acme" }),
    )
    .await;
    let texts = json!({ "login": {
        "title": "Hi <b>you</b>\u{202e}", "description": "${companyName} lets you in to ${clientName} ${x}",
        "buttonText": "Let me in", "unknown": "never shown",
    } });
    set("/prompts/login/custom-text/en", texts).await;
    set(
        "/prompts/signup/custom-text/en",
        json!({ "signup": { "title": "Join us" } }),
    )
    .await;
    set(
        "/prompts/login-password/custom-text/de",
        json!({ "login-password": { "editEmailText": "Nicht ich" } }),
    )
    .await;
    let mut browser = world.browser();
    let page = browser.get(&health.authorize(&health.client, "")).await;
    let html = page.html();
    for part in [
        "<h1>Hi &#60;b&#62;you&#60;/b&#62;</h1>", // WEB-01, WEB-15
        "Acme lets you in to Health Web ${x}",
        ">Let me in</button>",
        "Forgot your password?",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("never shown"));
    let signup = browser
        .get(&page.path.replace("/u/login", "/u/signup"))
        .await;
    assert!(
        signup.html().contains("<h1>Join us</h1>"),
        "{}",
        signup.html()
    );
    // another language has words of its own, and other pages have ours
    let page = browser
        .get(&health.authorize(&health.client, "&ui_locales=de"))
        .await;
    assert!(
        page.html().contains("Melden Sie sich bei Acme an"),
        "{}",
        page.html()
    );
    set("/prompts", json!({ "identifier_first": true })).await;
    let page = browser
        .get(&health.authorize(&health.client, "&ui_locales=de"))
        .await;
    let page = browser
        .submit(&page, &[("username", "x@example.com")], "default")
        .await;
    assert!(page.html().contains(">Nicht ich</a>"), "{}", page.html());
}

#[tokio::test]
async fn another_tenants_brand_stays_there() {
    // TENANT-03: each host shows its own
    let health = Health::new(Profile::Compat).await;
    health
        .world
        .add_tenant("other.example", Profile::Compat)
        .await;
    brand(&health, json!({ "logo_url": "https://cdn.example/l.png" })).await;
    let mut own = health.world.browser();
    assert!(
        own.get("/activate")
            .await
            .html()
            .contains("https://cdn.example/l.png")
    );
    let mut other = health.world.browser().at("other.example");
    assert!(!other.get("/activate").await.html().contains("cdn.example"));
}
