//! Guessing at the codes of devices (attack TOKEN-37, RFC 8628 5.1).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's own helpers fail as loudly as its assertions"
)]

use cardea_core::model::Profile;
use cardea_testkit::postgres::{fresh_database, node};
use cardea_testkit::{Answer, Browser, HOST, Health, Sent, World};
use serde_json::{Value, json};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A world whose requests say themselves where they come from. Rate limits are off, as in `dev`.
async fn world(profile: Profile) -> World {
    World::with(profile, |options| {
        options.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
    })
    .await
}

/// A device that waits: its user code.
async fn waiting(world: &World) -> String {
    let body = json!({
        "name": "CLI", "app_type": "native", "grant_types": [DEVICE],
        "token_endpoint_auth_method": "none", "oidc_conformant": true,
    });
    let cli = world.application(body).await;
    let mut device = world.browser();
    let form = [("client_id", cli.id.as_str()), ("scope", "openid")];
    let codes = device.post("/oauth/device/code", &form).await.answer;
    codes.expect(200)["user_code"].as_str().unwrap().to_owned()
}

fn from<'w>(world: &'w World, ip: &str) -> Browser<'w> {
    let mut browser = world.browser();
    browser.headers = vec![("x-forwarded-for", ip.to_owned())];
    browser
}

async fn types(browser: &mut Browser<'_>, code: &str) -> u16 {
    browser
        .post("/activate", &[("user_code", code)])
        .await
        .status()
}

async fn reasons(world: &World) -> Vec<Value> {
    let logs = world
        .manage("GET", "/logs?per_page=100", None)
        .await
        .expect(200);
    let logs = logs.as_array().unwrap().iter();
    let refused = logs.filter(|event| event["type"] == "fdeac");
    refused
        .map(|event| event["details"]["reason"].clone())
        .collect()
}

#[tokio::test]
async fn token_37_five_wrong_codes_in_one_browser_and_the_right_one_waits() {
    for profile in [Profile::Compat, Profile::Strict] {
        let world = world(profile).await;
        let mut browser = from(&world, "198.51.100.1");
        browser.get("/activate").await; // the cookie
        for n in 0..5 {
            assert_eq!(types(&mut browser, "BBBB-BBBB").await, 400, "{n}");
        }
        let code = waiting(&world).await;
        for _ in 0..3 {
            let page = browser.post("/activate", &[("user_code", &code)]).await;
            assert_eq!(page.status(), 429);
            assert_eq!(page.answer.header("retry-after"), "600");
            assert!(page.html().contains("Too many tries."), "{}", page.html());
            assert!(
                page.html().contains("name=\"user_code\""),
                "a form, as before"
            );
        }
        // not by a link either, nor by the button of a page that was never shown
        let link = format!("/activate?user_code={code}");
        assert_eq!(browser.get(&link).await.status(), 429);
        for action in ["accept", "login", "deny"] {
            let form = [("user_code", code.as_str()), ("action", action)];
            assert_eq!(
                browser.post("/activate", &form).await.status(),
                429,
                "{action}"
            );
        }
        // told once, and other browsers go on
        let told = reasons(&world).await;
        let blocked = told
            .iter()
            .filter(|reason| **reason == "too_many_user_codes");
        assert_eq!((told.len(), blocked.count()), (6, 1));
        let mut other = from(&world, "198.51.100.1");
        assert_eq!(types(&mut other, &code).await, 200);
        world.clock.advance(600);
        let code = waiting(&world).await;
        assert_eq!(types(&mut browser, &code).await, 200, "ten minutes later");
    }
}

#[tokio::test]
async fn token_37_thirty_from_one_address_whatever_the_browser() {
    let world = world(Profile::Compat).await;
    let code = waiting(&world).await;
    for n in 0..30 {
        // no cookie is sent back; a network of IPv6 is one address
        let mut browser = from(&world, &format!("2001:db8:1:2::{n:x}"));
        assert_eq!(types(&mut browser, "BBBB-BBBB").await, 400, "{n}");
    }
    let mut browser = from(&world, "2001:db8:1:2:ffff::1");
    assert_eq!(types(&mut browser, &code).await, 429);
    assert_eq!(
        types(&mut from(&world, "2001:db8:1:3::1"), &code).await,
        200
    );
    // one more every twenty seconds
    world.clock.advance(20);
    assert_eq!(types(&mut browser, &code).await, 200);
}

#[tokio::test]
async fn who_types_right_codes_is_never_stopped() {
    let world = world(Profile::Compat).await;
    let mut browser = from(&world, "198.51.100.1");
    browser.get("/activate").await;
    let code = waiting(&world).await;
    for _ in 0..40 {
        assert_eq!(types(&mut browser, &code).await, 200);
        world.app.settle().await;
    }
    // a right one in between does not begin anew
    for n in 0..6 {
        let expected = if n < 5 { 400 } else { 429 };
        assert_eq!(types(&mut browser, "BBBB-BBBB").await, expected, "{n}");
        if n < 4 {
            assert_eq!(types(&mut browser, &code).await, 200);
        }
    }
}

/// The tries of a browser are its own: neither a form nor an image of another site uses them up.
#[tokio::test]
async fn another_site_uses_up_nobodys_tries() {
    let world = world(Profile::Compat).await;
    let mut victim = from(&world, "198.51.100.1");
    victim.get("/activate").await;
    let own = victim.headers.clone();
    for _ in 0..10 {
        victim
            .headers
            .push(("origin", "https://evil.example".to_owned()));
        assert_eq!(types(&mut victim, "BBBB-BBBB").await, 403);
        victim.headers.clone_from(&own);
        victim.headers.push(("sec-fetch-dest", "image".to_owned()));
        let page = victim.get("/activate?user_code=BBBB-BBBB").await;
        assert_eq!(page.status(), 200);
        victim.headers.clone_from(&own);
    }
    let code = waiting(&world).await;
    assert_eq!(types(&mut victim, &code).await, 200);
}

async fn at_once(nodes: [&World; 2], ip: &str) -> Vec<u16> {
    let tries = (0..60).map(|n| {
        let headers = vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("origin", format!("https://{HOST}")),
            ("x-forwarded-for", ip.to_owned()),
        ];
        let sent = Sent {
            method: "POST",
            path: "/activate",
            headers,
            body: format!("user_code=BBBB-BBB{}", n % 10).into_bytes(),
            host: "",
        };
        nodes[n % 2].send(sent)
    });
    let answers: Vec<Answer> = futures_util::future::join_all(tries).await;
    answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect()
}

/// Sixty at once at two nodes, and thirty are looked for; a node that starts anew knows it.
#[tokio::test]
async fn token_37_nodes_count_together() {
    let url = fresh_database().await;
    let postgres = World::on(node(&url).await, Profile::Strict).await;
    let second = postgres.another_node(node(&url).await).await;
    let sqlite = World::new(Profile::Strict).await;
    let other = sqlite.another_node(sqlite.store.clone()).await;
    for (here, there, third) in [
        (
            &postgres,
            &second,
            postgres.another_node(node(&url).await).await,
        ),
        (
            &sqlite,
            &other,
            sqlite.another_node(sqlite.store.clone()).await,
        ),
    ] {
        let statuses = at_once([here, there], "198.51.100.1").await;
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((count(400), count(429)), (30, 30));
        let mut browser = third.browser();
        assert_eq!(types(&mut browser, "BBBB-BBBB").await, 429);
    }
    postgres.app.stop().await;
    second.app.stop().await;
}

/// CVE-2024-38371: who may not use an application does not let its device in, by no session of
/// another one.
#[tokio::test]
async fn a_device_asks_for_a_connection_of_its_own_application() {
    let health = Health::new(Profile::Compat).await;
    let mut browser = health.world.browser();
    health
        .log_in(&mut browser, &health.authorize(&health.client, ""))
        .await;
    let code = waiting(&health.world).await;
    let connections = health
        .world
        .manage("GET", "/connections", None)
        .await
        .expect(200);
    let path = format!("/connections/{}", connections[0]["id"].as_str().unwrap());
    let only = json!({ "enabled_clients": [health.client.id] });
    let patched = health.world.manage("PATCH", &path, Some(only)).await;
    assert_eq!(patched.status, 200, "{:?}", patched.json());
    let page = browser.get(&format!("/activate?user_code={code}")).await;
    let page = browser.submit(&page, &[], "accept").await;
    assert!(
        !page.html().contains("is connected"),
        "the session is another connection's"
    );
    let fields = [
        ("username", health.jane.email.as_str()),
        ("password", health.jane.password.as_str()),
    ];
    let page = browser.submit(&page, &fields, "login").await;
    assert!(!page.html().contains("is connected"), "{}", page.html());
}
