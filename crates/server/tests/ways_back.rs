//! How an answer goes back to the application, and what people see where it cannot.

use cardea_core::model::Profile;
use cardea_testkit::{Health, Page, claims};
use serde_json::{Value, json};

fn policy(page: &Page) -> String {
    page.answer.header("content-security-policy").to_owned()
}

#[tokio::test]
async fn form_post_posts_to_the_callback_and_nowhere_else() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let more = "&response_mode=form_post&response_type=id_token";
    let path = health
        .authorize(&health.client, "")
        .replace("&response_type=code", more);
    let page = health.log_in(&mut browser, &path).await;
    assert_eq!(page.status(), 200);
    let (target, fields) = page.form();
    assert_eq!(target, Health::CALLBACK);
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(field("state").unwrap(), "st+1");
    let id = claims(&field("id_token").unwrap());
    assert_eq!(id["nonce"], "n-1");
    assert_eq!(id["aud"], health.client.id.as_str());
    let policy = policy(&page);
    assert!(
        policy.contains("form-action 'self' https://app.example;"),
        "{policy}"
    );
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .and_then(|rest| rest.split('\'').next());
    let script = format!("<script nonce=\"{}\">", nonce.unwrap());
    assert!(page.html().contains(&script));
    assert!(
        page.html().contains("<button type=\"submit\""),
        "without scripts too"
    );
    // what looks at `Origin` sees ours
    assert_eq!(page.answer.header("referrer-policy"), "origin");
}

#[tokio::test]
async fn a_message_goes_to_the_registered_origin_alone() {
    let health = Health::new(Profile::Compat).await;
    let origin = "https://spa.example";
    let body = json!({
        "name": "SPA", "app_type": "spa", "callbacks": [origin], "web_origins": [origin],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    });
    let spa = health.world.application(body).await;
    let path = health
        .authorize(&spa, "&response_mode=web_message")
        .replace(Health::CALLBACK, origin);
    let mut browser = health.world.browser();
    let silent = browser.get(&format!("{path}&prompt=none")).await;
    assert_eq!(silent.status(), 200);
    let told = message(&silent);
    assert_eq!(told["origin"], origin);
    assert_eq!(told["response"]["error"], "login_required");
    assert!(policy(&silent).contains(&format!("frame-ancestors {origin}")));
    assert_eq!(silent.answer.header("x-frame-options"), "");
    assert_eq!(silent.answer.header("cross-origin-opener-policy"), "");

    // the login page of the popup is in no frame, whatever the mode
    let page = browser.get(&path).await;
    assert!(page.path.starts_with("/u/login"));
    assert!(policy(&page).ends_with("frame-ancestors 'none'"));
    assert_eq!(page.answer.header("x-frame-options"), "DENY"); // AUTHZ-41
    let fields = [
        ("username", health.jane.email.as_str()),
        ("password", health.jane.password.as_str()),
    ];
    let done = browser.submit(&page, &fields, "default").await;
    let told = message(&done);
    assert!(told["response"]["code"].is_string());
    assert_eq!(told["response"]["state"], "st+1");

    // AUTHZ-17: a callback whose origin is none of the web_origins
    let path = health.authorize(&health.client, "&response_mode=web_message&prompt=none");
    let page = browser.get(&path).await;
    assert_eq!(page.status(), 400);
    assert!(!page.html().contains("postMessage"));
    assert!(policy(&page).ends_with("frame-ancestors 'none'"));
}

/// The message that a page's script sends.
fn message(page: &Page) -> Value {
    let html = page.html();
    let json = html.split("id=\"answer\">").nth(1).unwrap_or_default();
    let json = json.split("</script>").next().unwrap_or_default();
    serde_json::from_str(json).unwrap_or_default()
}

#[tokio::test]
async fn a_fragment_carries_tokens_and_an_error_where_tokens_would_be() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let path = health
        .authorize(&health.client, "")
        .replace("response_type=code", "response_type=token%20id_token");
    let none = browser.get(&format!("{path}&prompt=none")).await;
    assert!(
        none.left_to
            .as_deref()
            .unwrap()
            .contains("#error=login_required")
    );
    let page = health.log_in(&mut browser, &path).await;
    let to = page.left_to.clone().unwrap();
    assert!(
        to.starts_with(&format!("{}#access_token=", Health::CALLBACK)),
        "{to}"
    );
    let access = claims(&page.param("access_token").unwrap());
    assert_eq!(access["aud"][0], Health::API);
    assert_eq!(page.param("expires_in").unwrap(), "7200"); // trap T12
    assert!(claims(&page.param("id_token").unwrap())["at_hash"].is_string());
}

/// WEB-05: browsers hold all redirects that follow a form to its page's `form-action`, also those
/// of the application. A page that leads on sets them free.
#[tokio::test]
async fn after_a_form_a_page_leads_on() {
    let health = Health::new(Profile::Compat).await;
    let native = json!({
        "name": "App", "app_type": "native", "callbacks": [Health::CALLBACK],
        "token_endpoint_auth_method": "none",
    });
    let native = health.world.application(native).await;
    // who logs in, whether the browser says that it navigates, and by which way it leaves
    for (row, client, navigates, status) in [
        ("a browser", &health.client, true, 200),
        ("an old browser", &health.client, false, 303),
        // its system opens it for a redirect alone
        ("an application of the device", &native, true, 303),
    ] {
        let mut browser = health.world.browser();
        if navigates {
            let mode = ("sec-fetch-mode", "navigate".to_owned());
            browser.headers.push(mode);
        }
        let page = health
            .log_in(&mut browser, &health.authorize(client, ""))
            .await;
        assert_eq!(page.status(), status, "{row}");
        let to = if navigates && status == 200 {
            let leads = page.answer.header("refresh").strip_prefix("0;url=");
            let to = leads.unwrap_or_default().to_owned();
            let link = format!("href=\"{}\"", to.replace('&', "&#38;"));
            assert!(page.html().contains(&link), "{row}: {}", page.html());
            assert_eq!(page.answer.header("referrer-policy"), "no-referrer");
            assert_eq!(page.answer.header("cache-control"), "no-store");
            to
        } else {
            assert_eq!(page.answer.header("refresh"), "", "{row}");
            page.left_to.clone().unwrap_or_default()
        };
        assert!(
            to.starts_with(&format!("{}?code=", Health::CALLBACK)),
            "{row}: {to}"
        );
        assert!(to.ends_with("&state=st%2B1"), "{row}: {to}");
        // what follows no form is a redirect as ever
        let silent = browser.get(&health.authorize(client, "&prompt=none")).await;
        assert_eq!(silent.status(), 302, "{row}");
    }
}

#[tokio::test]
async fn an_error_without_a_way_back_is_a_page_that_tells_its_number() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let good = health.authorize(&health.client, "");
    let rows = [
        (
            "REDIR",
            good.replace(Health::CALLBACK, "https://evil.example/cb"),
            "Callback URL mismatch.",
        ),
        (
            "WEB-01",
            good.replace(&health.client.id, "%3Cscript%3Ealert(1)%3C/script%3E"),
            "Unknown client",
        ),
        (
            "client",
            good.replace("client_id=", "x="),
            "Missing required parameter: client_id",
        ),
    ];
    for (row, path, text) in rows {
        let page = browser.get(&path).await;
        assert_eq!(page.status(), 400, "{row}");
        let html = page.html();
        assert!(html.contains(text), "{row}: {html}");
        assert!(!html.contains("<script>alert"), "{row}");
        assert_eq!(page.left_to, None, "{row}");
        assert_eq!(page.answer.header("cache-control"), "no-store");
        // the number on the page is the event's
        let id = html
            .split("id=\"request-id\">")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap();
        let event = health
            .world
            .manage("GET", &format!("/logs/{id}"), None)
            .await
            .expect(200);
        assert_eq!(event["type"], "f", "{row}");
        assert!(event["details"]["trace"].is_array());
    }
    // an error with a way back takes it
    let page = browser
        .get(&good.replace("response_type=code", "response_type=odd"))
        .await;
    assert_eq!(page.param("error").unwrap(), "unsupported_response_type");
    assert_eq!(page.param("state").unwrap(), "st+1");
}

#[tokio::test]
async fn pages_speak_the_language_that_was_asked_for() {
    let health = Health::new(Profile::Compat).await;
    let settings = json!({ "enabled_locales": ["en", "de"], "friendly_name": "Praxis" });
    let patched = health
        .world
        .manage("PATCH", "/tenants/settings", Some(settings))
        .await;
    assert_eq!(patched.status.as_u16(), 200);
    let mut browser = health.world.browser();
    let page = browser
        .get(&health.authorize(&health.client, "&ui_locales=fr%20de"))
        .await;
    assert!(page.html().contains("<html lang=\"de\">"));
    assert!(page.html().contains("Melden Sie sich bei Praxis an"));
    let reset = page.path.replace("/u/login", "/u/reset-password/request");
    let reset = browser.get(&reset).await;
    assert!(
        reset.html().contains("<html lang=\"de\">"),
        "{}",
        reset.html()
    );
    let sent = browser
        .submit(&reset, &[("email", "x@example.com")], "default")
        .await;
    assert!(
        sent.html().contains("<html lang=\"de\">"),
        "{}",
        sent.html()
    );
    browser
        .headers
        .push(("accept-language", "de-AT,en;q=0.5".to_owned()));
    let page = browser.get(&health.authorize(&health.client, "")).await;
    assert!(page.html().contains("<html lang=\"de\">"));
}

/// REDIR-22: who says no to an application whose errors stay here reads that it was heard.
#[tokio::test]
async fn a_refused_consent_that_stays_here_is_no_failure() {
    let health = Health::new(Profile::Compat).await;
    let stranger = health
        .world
        .application(json!({
            "name": "Stranger", "app_type": "regular_web", "is_first_party": false,
            "third_party_security_mode": "permissive", "callbacks": [Health::CALLBACK],
            "grant_types": ["authorization_code"],
        }))
        .await;
    let path = health.authorize(&stranger, "");
    let (before, rest) = path.split_once("&scope=").unwrap();
    let (_, after) = rest.split_once("&code_challenge=").unwrap();
    let path = format!("{before}&scope=openid&code_challenge={after}");
    let mut browser = health.world.browser();
    let asked = health.log_in(&mut browser, &path).await;
    assert!(asked.path.starts_with("/u/consent"), "{}", asked.html());
    let told = browser.submit(&asked, &[], "deny").await;
    assert!(told.answer.status.is_client_error() && told.left_to.is_none());
    let html = told.html();
    assert!(html.contains("You did not allow it"), "{html}");
    assert!(html.contains("access_denied"), "{html}");
}
