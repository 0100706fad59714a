//! What pages show, hold and let out, and what is nowhere to be found.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test's own helpers fail as loudly as its assertions, and a story is long"
)]

use std::path::Path;

use cardea_core::model::Profile;
use cardea_jose::SealingKey;
use cardea_store::{DatabaseUrl, Store, Synchronous};
use cardea_testkit::{Browser, Health, Page, Sent, World};
use serde_json::{Value, json};

/// Every sort of page that people see, with the name of its form.
async fn pages(health: &Health, browser: &mut Browser<'_>) -> Vec<(&'static str, Page)> {
    let partner = health.partner().await;
    let login = browser.get(&health.authorize(&health.client, "")).await;
    let state = login.path.split("state=").nth(1).unwrap().to_owned();
    let mut pages = vec![
        (
            "signup",
            browser.get(&format!("/u/signup?state={state}")).await,
        ),
        (
            "forgot",
            browser
                .get(&format!("/u/reset-password/request?state={state}"))
                .await,
        ),
        ("device", browser.get("/activate").await),
        (
            "error",
            browser.get("/authorize?client_id=%3Cscript%3E").await,
        ),
    ];
    let ticket = json!({ "user_id": health.jane.id, "ttl_sec": 600 });
    let ticket = health
        .world
        .manage("POST", "/tickets/password-change", Some(ticket))
        .await;
    let ticket = ticket.expect(201)["ticket"].as_str().unwrap().to_owned();
    let path = ticket.split_once("example/").unwrap().1;
    let path = format!("/{}", path.trim_end_matches('#'));
    pages.push(("reset", browser.get(&path).await));
    let consent = health
        .log_in(browser, &health.authorize(&partner, ""))
        .await;
    pages.push(("consent", consent));
    pages.push(("logout", browser.get("/oidc/logout").await));
    let post = health.authorize(&health.client, "&response_mode=form_post");
    pages.push(("form_post", browser.get(&post).await));
    pages.push(("login", login));
    pages
}

/// AUTHZ-57, WEB-03, WEB-12, WEB-13, WEB-14, PASSWORD-38: what the HTML of every page holds.
#[tokio::test]
async fn pages_load_nothing_open_nothing_and_help_password_managers() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    for (what, page) in pages(&health, &mut browser).await {
        let html = page.html();
        assert!(html.contains("<h1>"), "{what}: {html}");
        // WEB-13: no address of somebody else is loaded
        for loads in [
            " src=", "<link", "url(", "@import", "<iframe", "<object", "<embed",
        ] {
            assert!(!html.contains(loads), "{what}: {loads}");
        }
        let policy = page.answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; base-uri 'none'"),
            "{what}"
        );
        assert!(
            !policy.contains("http:") && !policy.contains("unsafe"),
            "{what} {policy}"
        );
        // AUTHZ-57: nothing of a page's address leaves this origin; where a form posts elsewhere,
        // its origin alone, which `no-referrer` would turn into the word null
        let referrer = page.answer.header("referrer-policy");
        let expected = if what == "form_post" {
            "origin"
        } else {
            "same-origin"
        };
        assert_eq!(referrer, expected, "{what}");
        // WEB-12: no new window, so no opener
        assert!(
            !html.contains("target=") && !html.contains("window.open("),
            "{what}"
        );
        // WEB-03: no script but the one that posts a form, and it makes no HTML
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, usize::from(what == "form_post"), "{what}");
        for sink in [
            "innerHTML",
            "outerHTML",
            "document.write",
            "eval(",
            "location.hash",
        ] {
            assert!(!html.contains(sink), "{what}: {sink}");
        }
        for handler in [
            "onclick", "onload", "onsubmit", "onerror", "onpaste", "oncopy",
        ] {
            assert!(!html.contains(handler), "{what}: {handler}");
        }
        // WEB-14
        for input in html.split("<input ").skip(1) {
            let input = input.split('>').next().unwrap();
            if input.contains("name=\"password") {
                let token = if what == "login" {
                    "current-password"
                } else {
                    "new-password"
                };
                assert!(input.contains("type=\"password\""), "{what}: {input}");
                assert!(input.contains(token), "{what}: {input}");
                assert!(!input.contains("value="), "{what}: {input}");
            }
        }
        // PASSWORD-38
        let lower = html.to_lowercase();
        for word in [
            "secret question",
            "security question",
            "password hint",
            "mother's",
        ] {
            assert!(!lower.contains(word), "{what}: {word}");
        }
    }
}

/// WEB-03, WEB-11: the script of a message reads no message and no address; there is no session
/// frame that would.
#[tokio::test]
async fn the_only_message_goes_out() {
    let health = Health::new(Profile::Compat).await;
    let origin = "https://spa.example";
    let body = json!({
        "name": "SPA", "app_type": "spa", "callbacks": [origin], "web_origins": [origin],
        "grant_types": ["authorization_code"], "token_endpoint_auth_method": "none",
    });
    let spa = health.world.application(body).await;
    let path = health.authorize(&spa, "&response_mode=web_message&prompt=none");
    let path = path.replace(Health::CALLBACK, origin);
    let page = health.world.browser().get(&path).await;
    let html = page.html();
    for word in [
        "addEventListener",
        "onmessage",
        "location",
        "innerHTML",
        "eval",
        "\"*\"",
    ] {
        assert!(!html.contains(word), "{word}");
    }
    let metadata = health
        .world
        .get("/.well-known/openid-configuration")
        .await
        .expect(200);
    assert_eq!(metadata.get("check_session_iframe"), None);
    for path in ["/connect/checksession", "/check_session", "/session/check"] {
        assert_eq!(health.world.get(path).await.status, 404, "{path}");
    }
}

/// WEB-10: an answer that a script element of another site loads is no script.
#[tokio::test]
async fn json_is_never_a_script() {
    let health = Health::new(Profile::Compat).await;
    let paths = [
        "/.well-known/openid-configuration?callback=alert",
        "/.well-known/jwks.json?jsonp=alert",
        "/userinfo?callback=alert",
        "/oauth/token?callback=alert",
        "/api/v2/clients?callback=alert",
        "/nowhere?callback=alert",
    ];
    for path in paths {
        let answer = health.world.get(path).await;
        let kind = answer.header("content-type");
        assert!(kind.starts_with("application/json"), "{path}: {kind}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("alert"), "{path}: {text}");
        assert!(text.starts_with('{'), "{path}: {text}");
    }
}

/// REDIR-23: pages send nobody where a parameter says.
#[tokio::test]
async fn no_parameter_of_ours_is_an_open_door() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let login = browser.get(&health.authorize(&health.client, "")).await;
    let state = login.path.split("state=").nth(1).unwrap().to_owned();
    let goals = [
        "//evil.test",
        "https:evil.test",
        "https://evil.test/",
        "%5C%5Cevil.test",
        "/%09/evil.test",
        "javascript:alert(1)",
    ];
    let doors = [
        "/v2/logout?returnTo=",
        "/oidc/logout?post_logout_redirect_uri=",
        "/u/reset-password?ticket=x&redirect=",
        "/u/email-verification?ticket=x&result_url=",
        "/u/unblock?ticket=x&returnTo=",
        "/u/reset-password/request?redirect_uri=",
        "/activate?redirect_uri=",
        "/authorize/resume?redirect_uri=",
        "/.well-known/change-password?to=",
        "/u/consent?redirect_uri=",
        "/login/callback?state=",
        "/u/login?return_to=",
    ];
    for door in doors {
        for goal in goals {
            let page = browser.get(&format!("{door}{goal}")).await;
            assert_eq!(page.left_to, None, "{door}{goal}");
            assert!(!page.html().contains("href=\"javascript"), "{door}{goal}");
            assert_eq!(page.answer.header("refresh"), "", "{door}{goal}");
        }
    }
    // CVE-2026-7571: a login ends as and where it was asked to, whatever its form brings along
    let fields = [
        ("username", health.jane.email.as_str()),
        ("password", health.jane.password.as_str()),
        ("return_to", "https://evil.test/"),
        ("redirect_uri", "https://evil.test/"),
        ("response_type", "token"),
        ("response_mode", "fragment"),
        ("state", &state),
    ];
    let done = browser.submit(&login, &fields, "default").await;
    let to = done.left_to.unwrap();
    assert!(
        to.starts_with(&format!("{}?code=", Health::CALLBACK)),
        "{to}"
    );
}

/// AUTHZ-66: tokens stand in answers of the token endpoint, and in no page, address or mail; an ID
/// token has what its scopes give.
#[tokio::test]
async fn tokens_go_to_the_application_alone() {
    let health = Health::new(Profile::Strict).await;
    let mut browser = health.world.browser();
    let begun = browser.get(&health.authorize(&health.client, "")).await;
    let fields = [
        ("username", health.jane.email.as_str()),
        ("password", health.jane.password.as_str()),
    ];
    let done = browser.submit(&begun, &fields, "default").await;
    let to = done.left_to.clone().unwrap();
    let names = to.split_once('?').unwrap().1.split('&');
    let names: Vec<&str> = names.filter_map(|pair| pair.split('=').next()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    let code = done.param("code").unwrap();
    let tokens = health.exchange(&health.client, &code).await.expect(200);
    let id = cardea_testkit::claims(tokens["id_token"].as_str().unwrap());
    let allowed = [
        "iss",
        "sub",
        "aud",
        "iat",
        "exp",
        "nonce",
        "sid",
        "auth_time",
        "email",
        "email_verified",
        "name",
        "nickname",
        "picture",
        "updated_at",
        "at_hash",
        "given_name",
        "family_name",
    ];
    for name in id.as_object().unwrap().keys() {
        assert!(allowed.contains(&name.as_str()), "{name}");
    }
    health.world.app.settle().await;
    let mails = health.world.app.caught_mails().to_string();
    let logs = health
        .world
        .manage("GET", "/logs?per_page=100", None)
        .await
        .expect(200);
    for said in ["access_token", "id_token"].map(|name| tokens[name].as_str().unwrap()) {
        for place in [begun.html(), mails.clone(), logs.to_string(), to.clone()] {
            assert!(!place.contains(said));
        }
    }
    assert!(!logs.to_string().contains(&code));
}

/// USERINFO-08: whose page may read is what is registered, never what a token says.
#[tokio::test]
async fn userinfo_is_read_by_registered_pages_alone() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let tokens = health.tokens(&mut browser, "").await;
    let good = tokens["access_token"].as_str().unwrap();
    let azp = |origin: &str| {
        let claims = json!({ "azp": origin, "client_id": origin, "iss": origin });
        let part = |text: &str| cardea_jose::b64::encode(text.as_bytes());
        format!(
            "{}.{}.x",
            part("{\"alg\":\"none\"}"),
            part(&claims.to_string())
        )
    };
    let evil = "https://evil.example";
    let rows = [
        (
            "https://app.example",
            good.to_owned(),
            "https://app.example",
        ),
        (evil, good.to_owned(), ""),
        ("null", good.to_owned(), ""),
        (evil, azp(evil), ""),
        (
            "https://app.example.evil.test",
            azp("https://app.example"),
            "",
        ),
    ];
    for (origin, token, expected) in rows {
        let headers = vec![
            ("origin", origin.to_owned()),
            ("authorization", format!("Bearer {token}")),
        ];
        let path = "/userinfo";
        let answer = health
            .world
            .send(Sent {
                path,
                headers,
                ..Sent::default()
            })
            .await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            expected,
            "{origin}"
        );
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

/// PASSWORD-33, CVE-2023-46249: a new tenant has nobody in it, and nothing that sets it up from outside.
#[tokio::test]
async fn nobody_is_there_before_somebody_is_made() {
    let world = World::new(Profile::Strict).await;
    let users = world
        .manage("GET", "/users?include_totals=true", None)
        .await
        .expect(200);
    assert_eq!(users["total"], 0);
    let clients = world
        .manage("GET", "/clients?is_global=false", None)
        .await
        .expect(200);
    assert_eq!(clients.as_array().unwrap().len(), 1, "the operator's own");
    for path in [
        "/setup",
        "/install",
        "/admin",
        "/api/setup",
        "/register",
        "/dev/reset",
        "/dev/inbox",
    ] {
        for method in ["GET", "POST"] {
            let status = world
                .send(Sent {
                    method,
                    path,
                    ..Sent::default()
                })
                .await
                .status;
            assert_eq!(status, 404, "{method} {path}");
        }
    }
}

/// Everything in a folder, as it lies on the disk.
fn on_disk(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

/// PASSWORD-34, CVE-2023-4918: a password is in no event, mail, page or file, whichever way it came.
#[tokio::test]
async fn a_password_is_nowhere_to_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(cardea_store::Options {
        url: DatabaseUrl::Sqlite(folder.path().join("cardea.db")),
        sealing: SealingKey::from_bytes(&[7; 32]),
        synchronous: Synchronous::Full,
        exclusive: true,
        migrate: true,
    });
    let world = World::on(store.await.unwrap(), Profile::Compat).await;
    let health = Health::made_in(world).await;
    let canary = |n: usize| format!("Canary-quartz-violin-{n}-harbour");
    let database = "Username-Password-Authentication";
    let mut shown = Vec::new();
    let mut browser = health.world.browser();
    // wrong and right at a login, by the page and by the password grant
    let page = browser.get(&health.authorize(&health.client, "")).await;
    let (wrong, first) = (canary(0), canary(1));
    let fields = [
        ("username", health.jane.email.as_str()),
        ("password", wrong.as_str()),
    ];
    shown.extend(browser.submit(&page, &fields, "default").await.answer.body);
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let body = json!({
        "name": "Trusted", "app_type": "regular_web", "grant_types": [realm],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let trusted = health.world.application(body).await;
    let sent = async |path: &str, body: Value| {
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = body.to_string().into_bytes();
        let sent = Sent {
            method: "POST",
            path,
            headers,
            body,
            host: "",
        };
        health.world.send(sent).await.body
    };
    let grant = |password: String| {
        json!({
            "grant_type": realm, "realm": database, "client_id": trusted.id,
            "client_secret": trusted.secret, "username": "sam@example.com", "password": password,
        })
    };
    let account = json!({
        "client_id": trusted.id, "connection": database, "email": "sam@example.com",
        "password": first,
    });
    shown.extend(sent("/dbconnections/signup", account).await);
    shown.extend(sent("/oauth/token", grant(canary(1))).await);
    shown.extend(sent("/oauth/token", grant(canary(2))).await);
    // bodies that are refused for something else
    let refused = json!({ "connection": database, "email": 7, "password": canary(3) });
    shown.extend(sent("/dbconnections/signup", refused.clone()).await);
    let made = health.world.manage("POST", "/users", Some(refused)).await;
    shown.extend(made.body);
    let user = format!("/users/{}", health.jane.id.replace('|', "%7C"));
    let other = json!({ "password": canary(4) });
    shown.extend(health.world.manage("PATCH", &user, Some(other)).await.body);
    let both = json!({ "password": canary(5), "nobody_knows": 1 });
    shown.extend(health.world.manage("PATCH", &user, Some(both)).await.body);
    health.world.app.settle().await;
    shown.extend(health.world.app.caught_mails().to_string().into_bytes());
    for n in 0..3 {
        let path = format!("/logs?per_page=100&page={n}");
        shown.extend(health.world.manage("GET", &path, None).await.body);
    }
    health.world.app.stop().await;
    let disk = on_disk(folder.path());
    assert!(
        holds(&disk, "sam@example.com"),
        "the files are the database"
    );
    for n in 0..6 {
        assert!(!holds(&shown, &canary(n)), "canary {n} was shown");
        assert!(!holds(&disk, &canary(n)), "canary {n} is on the disk");
    }
}
