//! What ends a session and what comes with it, where a session counts, and who sees it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test's own helpers fail as loudly as its assertions"
)]

#[path = "sessions/hold.rs"]
mod hold;

use cardea_core::model::Profile;
use cardea_testkit::postgres::{fresh_database, node};
use cardea_testkit::{Client, HOST, Health, Sent, World, claims};
use futures_util::future::join_all;
use serde_json::{Value, json};

use hold::{Event, Held, device_application, device_codes, text};

/// Session, refresh token, opaque token, code, device that was let in.
type Doors = [bool; 5];
const ALL: Doors = [true; 5];
const NONE: Doors = [false; 5];

/// What happens, and what still opens in `compat` and in `strict` (decision 0007).
const ROWS: [(Event, Doors, Doors); 9] = [
    (Event::Nothing, ALL, ALL),
    (Event::PasswordByLink, NONE, NONE),
    (Event::PasswordByAdministrator, NONE, NONE),
    (Event::Blocked, NONE, NONE),
    // Auth0 calls a refresh token of a blocked user blocked, not unknown
    (
        Event::BlockedAndLifted,
        [false, true, false, false, false],
        NONE,
    ),
    (Event::Deleted, NONE, NONE),
    // what a role gives is looked at with each token
    (Event::RoleTaken, ALL, ALL),
    // access tokens last as long as they do
    (
        Event::AccessRevoked,
        [false, false, true, false, false],
        [false, false, true, false, false],
    ),
    // SESSION-09: with everything that came from it; the device has no session
    (
        Event::SessionRevoked,
        [false, false, true, false, true],
        [false, false, true, false, true],
    ),
];

/// SESSION-07, TOKEN-28, CVE-2023-22492, CVE-2025-29928: at the node where it did not happen, with the next request.
async fn what_happens_here_ends_there(here: World, there: World, profile: Profile) {
    let mut health = Health::made_in(here).await;
    for (event, compat, strict) in ROWS {
        let expected = match profile {
            Profile::Compat => compat,
            Profile::Strict => strict,
        };
        let held = Held::by(&mut health).await;
        hold::happens(&health, event, &held).await;
        let open = held.opens(&there, &health).await;
        assert_eq!(open, expected, "{profile:?} {event:?}");
    }
    health.world.app.stop().await;
    there.app.stop().await;
}

#[tokio::test]
async fn session_07_on_two_nodes_with_sqlite() {
    for profile in [Profile::Compat, Profile::Strict] {
        let here = World::new(profile).await;
        let there = here.another_node(here.store.clone()).await;
        what_happens_here_ends_there(here, there, profile).await;
    }
}

#[tokio::test]
async fn session_07_on_two_nodes_with_postgresql() {
    for profile in [Profile::Compat, Profile::Strict] {
        let url = fresh_database().await;
        let here = World::on(node(&url).await, profile).await;
        let there = here.another_node(node(&url).await).await;
        what_happens_here_ends_there(here, there, profile).await;
    }
}

/// SESSION-07: a role that was taken is missing in the next token, not in the next login.
#[tokio::test]
async fn a_refreshed_token_has_what_the_user_holds_now() {
    let mut health = Health::new(Profile::Compat).await;
    let held = Held::by(&mut health).await;
    hold::happens(&health, Event::RoleTaken, &held).await;
    let renewed = held.renew(&health.world, &health.client).await.expect(200);
    let access = claims(renewed["access_token"].as_str().unwrap());
    assert_eq!(access["scope"], "openid offline_access profile email");
}

/// SESSION-02: every cookie of a login, in both profiles and at both schemes.
#[tokio::test]
async fn cookies_are_for_this_host_and_no_script() {
    for (profile, session) in [(Profile::Compat, "None"), (Profile::Strict, "Lax")] {
        let health = Health::new(profile).await;
        let mut browser = health.world.browser();
        let path = health.authorize(&health.client, "");
        let begun = browser.once("GET", &path, None).await;
        let page = browser.get(begun.header("location")).await;
        let (target, mut form) = page.form();
        form.push(("username".to_owned(), "jane%40example.com".to_owned()));
        form.push(("password".to_owned(), health.jane.password.clone()));
        form.push(("action".to_owned(), "default".to_owned()));
        let form: Vec<String> = form.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let done = browser.once("POST", &target, Some(form.join("&"))).await;
        let left = browser.once("GET", "/v2/logout", None).await;
        let mut seen = Vec::new();
        for answer in [begun, done, left] {
            for line in answer.headers.get_all("set-cookie") {
                let line = line.to_str().unwrap();
                let mut parts = line.split("; ");
                let (name, _) = parts.next().unwrap().split_once('=').unwrap();
                let mut flags: Vec<&str> = parts.filter(|p| !p.starts_with("Max-Age")).collect();
                flags.sort_unstable();
                let same_site = if name.ends_with("session") {
                    session
                } else {
                    "Lax"
                };
                let same_site = format!("SameSite={same_site}");
                assert_eq!(
                    flags,
                    ["HttpOnly", "Path=/", &same_site, "Secure"],
                    "{line}"
                );
                assert!(name.starts_with("__Host-") && line.len() < 4096, "{line}");
                seen.push(name.to_owned());
            }
        }
        let names = ["browser", "session", "session"].map(|n| format!("__Host-cardea_{n}"));
        assert_eq!(seen, names, "{profile:?}");
    }
}

/// SESSION-11: a session is one tenant's, whatever host its cookie is sent to.
#[tokio::test]
async fn a_cookie_counts_at_its_own_tenant_alone() {
    let health = Health::new(Profile::Compat).await;
    let world = &health.world;
    let mut browser = world.browser();
    health
        .log_in(&mut browser, &health.authorize(&health.client, ""))
        .await;
    world.add_tenant("other.example", Profile::Compat).await;
    // the other tenant has an application of the same shape, and the same user
    let token = world.management_token_at("other.example").await;
    let make = |path: &'static str, body: Value| {
        let headers = vec![
            ("authorization", format!("Bearer {token}")),
            ("content-type", "application/json".to_owned()),
        ];
        let body = body.to_string().into_bytes();
        let (method, host) = ("POST", "other.example");
        world.send(Sent {
            method,
            path,
            headers,
            body,
            host,
        })
    };
    let app = json!({
        "name": "Web", "app_type": "regular_web", "callbacks": [Health::CALLBACK],
        "grant_types": ["authorization_code"], "token_endpoint_auth_method": "client_secret_post",
    });
    let app = make("/api/v2/clients", app).await.expect(201);
    let twin = json!({
        "connection": "Username-Password-Authentication", "email": health.jane.email,
        "password": health.jane.password, "user_id": health.jane.id.replace("auth0|", ""),
    });
    let twin = make("/api/v2/users", twin).await.expect(201);
    assert_eq!(twin["user_id"], health.jane.id.as_str());
    let client = Client {
        id: app["client_id"].as_str().unwrap().to_owned(),
        secret: String::new(),
    };
    let silent = health.authorize(&client, "&prompt=none");
    let silent = silent.replace(&format!("&audience={}", Health::API), "");
    let mut there = world.browser().at("other.example");
    there.cookies.clone_from(&browser.cookies);
    let page = there.get(&silent).await;
    assert_eq!(page.param("error").unwrap(), "login_required");
    // nor does it log anybody out at home
    there.get("/v2/logout").await;
    let silent = health.authorize(&health.client, "&prompt=none");
    assert!(browser.get(&silent).await.param("code").is_some());
}

/// SESSION-09, SESSION-13, CVE-2024-39683: who administrates sees and ends sessions; a user's own token at the
/// Management API opens none, not even its own. SESSION-10: nor does it change how one logs in.
#[tokio::test]
async fn a_user_reaches_nobodys_sessions_by_a_token() {
    let health = Health::new(Profile::Compat).await;
    let world = &health.world;
    let sam = world.person("sam@example.com").await;
    let mut browser = world.browser();
    let audience = format!("https://{HOST}/api/v2/");
    let grant = json!({
        "client_id": health.client.id, "audience": audience, "subject_type": "user",
        "scope": ["read:current_user", "update:current_user_metadata", "read:sessions",
            "delete:sessions", "update:users", "read:users"],
    });
    let _ = world
        .manage("POST", "/client-grants", Some(grant))
        .await
        .expect(201);
    let asked = "openid%20read:current_user%20update:current_user_metadata%20read:sessions\
                 %20delete:sessions%20update:users%20read:users";
    let path = health
        .authorize(&health.client, "")
        .replace(Health::API, &audience)
        .replace("scope=openid", &format!("scope={asked}"));
    let mut page = health.log_in(&mut browser, &path).await;
    if page.left_to.is_none() {
        page = browser.submit(&page, &[], "accept").await;
    }
    let code = page
        .param("code")
        .unwrap_or_else(|| panic!("{}", page.html()));
    let tokens = health.exchange(&health.client, &code).await.expect(200);
    let token = tokens["access_token"].as_str().unwrap();
    let of = |id: &str| format!("/users/{}", id.replace('|', "%7C"));
    let (own, other) = (of(&health.jane.id), of(&sam.id));
    let sessions = world
        .manage("GET", &format!("{own}/sessions"), None)
        .await
        .expect(200);
    let session = sessions["sessions"][0]["id"].as_str().unwrap();
    let email = json!({ "email": "thief@example.com" });
    let password = json!({ "password": "Another-long-password-77" });
    let rows = [
        ("GET", other.clone(), None),
        ("GET", format!("{other}/sessions"), None),
        ("GET", format!("{own}/sessions"), None),
        ("GET", format!("/sessions/{session}"), None),
        ("DELETE", format!("/sessions/{session}"), None),
        ("POST", format!("/sessions/{session}/revoke"), None),
        ("GET", format!("{other}/refresh-tokens"), None),
        ("PATCH", own.clone(), Some(email)),
        ("PATCH", own.clone(), Some(password)),
        ("PATCH", other, Some(json!({ "user_metadata": { "a": 1 } }))),
    ];
    for (method, path, body) in rows {
        let answer = world.manage_with(token, method, &path, body).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 403 | 404), "{method} {path}: {status}");
    }
    let _ = world
        .manage_with(token, "GET", &own, None)
        .await
        .expect(200);
    // all of them, by who may
    let ended = world
        .manage("DELETE", &format!("{own}/sessions"), None)
        .await;
    assert_eq!(ended.status.as_u16(), 202);
    let silent = browser
        .get(&health.authorize(&health.client, "&prompt=none"))
        .await;
    assert_eq!(silent.param("error").unwrap(), "login_required");
}

/// SESSION-14, CVE-2026-25748: a cookie is a random name, so no key turns it into another; what is no cookie of
/// ours is nobody.
#[tokio::test]
async fn keys_rotate_and_sessions_stay() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    health
        .log_in(&mut browser, &health.authorize(&health.client, ""))
        .await;
    let silent = health.authorize(&health.client, "&prompt=none");
    for _ in 0..2 {
        let rotated = health
            .world
            .manage("POST", "/keys/signing/rotate", None)
            .await;
        assert!(rotated.status.is_success());
        assert!(browser.get(&silent).await.param("code").is_some());
    }
    let name = "__Host-cardea_session";
    let good = browser.cookies[name].clone();
    let long = "A".repeat(5000);
    for bad in ["", "x", &good.to_lowercase(), "a.b.c", "%00", &long] {
        browser.cookies.insert(name.to_owned(), bad.to_owned());
        let page = browser.get(&silent).await;
        assert_eq!(
            page.param("error").as_deref(),
            Some("login_required"),
            "{bad}"
        );
    }
}

/// SESSION-17: nobody is logged in who did not say so on a page of ours.
#[tokio::test]
async fn no_session_begins_by_itself() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    let started = browser.get(&health.authorize(&health.client, "")).await;
    let handle = started.path.split("state=").nth(1).unwrap();
    let with_password = format!(
        "state={handle}&username={}&password={}&action=default",
        health.jane.email, health.jane.password
    );
    let links = [
        format!("/u/login?{with_password}"),
        format!("/authorize/resume?{with_password}"),
        health.authorize(&health.client, &format!("&{with_password}")),
        health.authorize(
            &health.client,
            "&iss=https://evil.example&login_hint=jane@example.com",
        ),
        format!("/u/signup?{with_password}"),
    ];
    for link in links {
        browser.get(&link).await;
        let names: Vec<&String> = browser.cookies.keys().collect();
        assert_eq!(names, ["__Host-cardea_browser"], "{link}");
    }
    // no door takes a login that began elsewhere
    for path in [
        "/login/callback",
        "/samlp/x",
        "/co/authenticate",
        "/usernamepassword/login",
    ] {
        assert_eq!(browser.get(path).await.status(), 404, "{path}");
    }
}

/// SESSION-16: who is asked something as somebody can stop being that somebody.
#[tokio::test]
async fn pages_for_somebody_show_how_to_leave() {
    let health = Health::new(Profile::Compat).await;
    let partner = health.partner().await;
    let mut browser = health.world.browser();
    let page = health
        .log_in(&mut browser, &health.authorize(&partner, ""))
        .await;
    assert!(
        page.html()
            .contains("You are logged in as jane@example.com")
    );
    assert!(
        page.html().contains("href=\"/oidc/logout\""),
        "{}",
        page.html()
    );
    let asked = browser.get("/oidc/logout").await;
    browser.submit(&asked, &[], "accept").await;
    let silent = browser
        .get(&health.authorize(&health.client, "&prompt=none"))
        .await;
    assert_eq!(silent.param("error").unwrap(), "login_required");
}

/// SESSION-07 under a race: whoever knows the old password and tries while it is changed holds
/// nothing afterwards. On two nodes, by the page and by the password grant.
async fn the_old_password_outlives_nothing(here: World, there: World) {
    let health = Health::made_in(here).await;
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let body = json!({
        "name": "Trusted", "app_type": "regular_web", "grant_types": [realm, "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let trusted = health.world.application(body).await;
    let silent = health.authorize(&health.client, "&prompt=none");
    let user = format!("/users/{}", health.jane.id.replace('|', "%7C"));
    let token = health.world.management_token_at(HOST).await;
    for round in 0..6 {
        let old = format!("Quartz-violin-42-harbour-{round}");
        let set = async |password: &str| {
            let body = json!({ "password": password });
            let set = health
                .world
                .manage_with(&token, "PATCH", &user, Some(body))
                .await;
            assert_eq!(set.status, 200);
        };
        set(&old).await;
        let page = async |node: &World| {
            let mut browser = node.browser();
            let page = browser.get(&health.authorize(&health.client, "")).await;
            let fields = [("username", health.jane.email.as_str()), ("password", &old)];
            browser.submit(&page, &fields, "default").await;
            browser.cookies
        };
        let grant = async |node: &World| {
            let form = [
                ("grant_type", realm),
                ("realm", "Username-Password-Authentication"),
                ("client_id", trusted.id.as_str()),
                ("client_secret", trusted.secret.as_str()),
                ("username", health.jane.email.as_str()),
                ("password", &old),
                ("audience", Health::API),
                ("scope", "offline_access"),
            ];
            node.token(&form).await.json()["refresh_token"].clone()
        };
        let nodes = [&health.world, &there, &there];
        let (browsers, tokens, ()) = tokio::join!(
            join_all(nodes.map(page)),
            join_all(nodes.map(grant)),
            set("Another-long-password-77"),
        );
        for cookies in browsers {
            let mut browser = there.browser();
            browser.cookies = cookies;
            let left = browser.get(&silent).await;
            let error = left.param("error");
            assert_eq!(error.as_deref(), Some("login_required"), "round {round}");
        }
        for refresh in tokens.iter().filter_map(Value::as_str) {
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", trusted.id.as_str()),
                ("client_secret", trusted.secret.as_str()),
                ("refresh_token", refresh),
            ];
            assert_ne!(there.token(&form).await.status, 200, "round {round}");
        }
    }
    health.world.app.stop().await;
    there.app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_old_password_outlives_nothing_with_sqlite() {
    let here = World::new(Profile::Compat).await;
    let there = here.another_node(here.store.clone()).await;
    the_old_password_outlives_nothing(here, there).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_old_password_outlives_nothing_with_postgresql() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Compat).await;
    let there = here.another_node(node(&url).await).await;
    the_old_password_outlives_nothing(here, there).await;
}

/// As many as may try at once (PASSWORD-11): nobody is in anybody's way, and each login is counted.
async fn many_log_in_as_one_user(world: World) {
    const MANY: usize = 10;
    let health = Health::made_in(world).await;
    let path = &health.authorize(&health.client, "");
    let logins = (0..MANY).map(|_| async {
        let mut browser = health.world.browser();
        let answer = health.log_in(&mut browser, path).await;
        answer.param("code").is_some()
    });
    assert_eq!(join_all(logins).await, [true; MANY]);
    let device = device_application(&health.world).await;
    let activations = (0..MANY).map(|_| async {
        let mut browser = health.world.browser();
        let codes = device_codes(&mut browser, &device).await;
        let link = format!("/activate?user_code={}", text(&codes, "user_code"));
        let page = browser.get(&link).await;
        let page = browser.submit(&page, &[], "accept").await;
        let fields = [
            ("username", health.jane.email.as_str()),
            ("password", health.jane.password.as_str()),
        ];
        let page = browser.submit(&page, &fields, "login").await;
        page.html().contains("is connected")
    });
    assert_eq!(join_all(activations).await, [true; MANY]);
    let user = format!("/users/{}", health.jane.id.replace('|', "%7C"));
    let jane = health.world.manage("GET", &user, None).await.json();
    assert_eq!(jane["logins_count"], 2 * MANY);
    health.world.app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_log_in_as_one_user_with_sqlite() {
    many_log_in_as_one_user(World::new(Profile::Compat).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_log_in_as_one_user_with_postgresql() {
    let node = node(&fresh_database().await).await;
    many_log_in_as_one_user(World::on(node, Profile::Compat).await).await;
}
