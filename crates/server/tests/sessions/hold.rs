//! What a user holds, and what may happen to it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use cardea_testkit::{Answer, Browser, Client, Health, Person, Sent, VERIFIER, World};
use serde_json::{Value, json};

/// Users are not found twice.
static COUNT: AtomicU64 = AtomicU64::new(0);

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Nothing,
    PasswordByLink,
    PasswordByAdministrator,
    Blocked,
    BlockedAndLifted,
    Deleted,
    RoleTaken,
    AccessRevoked,
    SessionRevoked,
}

/// Everything by which somebody gets in without logging in again.
pub(crate) struct Held {
    pub(crate) user: Person,
    role: String,
    cookies: BTreeMap<String, String>,
    refresh: String,
    opaque: String,
    code: String,
    cli: Client,
    device: String,
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}

/// An application of a device.
pub(crate) async fn device_application(world: &World) -> Client {
    let body = json!({
        "name": "CLI", "app_type": "native", "grant_types": [DEVICE],
        "token_endpoint_auth_method": "none", "oidc_conformant": true,
    });
    world.application(body).await
}

/// What it gets to begin with.
pub(crate) async fn device_codes(browser: &mut Browser<'_>, application: &Client) -> Value {
    let form = [("client_id", application.id.as_str()), ("scope", "openid")];
    let codes = browser.post("/oauth/device/code", &form).await;
    codes.answer.expect(200)
}

impl Held {
    /// A new user logs in, and lets an application and a device in. It is the health's Jane then.
    pub(crate) async fn by(health: &mut Health) -> Self {
        let world = &health.world;
        let email = format!("jane{}@example.com", COUNT.fetch_add(1, Ordering::Relaxed));
        let user = world.person(&email).await;
        let held = ["read:patients", "read:admin"];
        let role = world.role(&user, &email, Health::API, &held).await;
        health.jane = user.clone();
        let health = &*health;
        let mut browser = health.world.browser();
        let without_api = |path: String| path.replace(&format!("&audience={}", Health::API), "");
        let offline = health
            .authorize(&health.client, "")
            .replace("scope=openid", "scope=openid%20offline_access");
        let page = health.log_in(&mut browser, &offline).await;
        let code = page
            .param("code")
            .unwrap_or_else(|| panic!("{}", page.html()));
        let tokens = health.exchange(&health.client, &code).await.expect(200);
        let path = without_api(health.authorize(&health.client, ""));
        let code = browser.get(&path).await.param("code").unwrap();
        let opaque = health.exchange(&health.client, &code).await.expect(200);
        let cli = device_application(&health.world).await;
        let codes = device_codes(&mut browser, &cli).await;
        let user_code = text(&codes, "user_code");
        let page = browser
            .get(&format!("/activate?user_code={user_code}"))
            .await;
        let page = browser.submit(&page, &[], "accept").await;
        assert!(page.html().contains("is connected"), "{}", page.html());
        let page = browser.get(&health.authorize(&health.client, "")).await;
        Self {
            user,
            role,
            refresh: text(&tokens, "refresh_token"),
            opaque: text(&opaque, "access_token"),
            code: page.param("code").unwrap(),
            cookies: browser.cookies,
            device: text(&codes, "device_code"),
            cli,
        }
    }

    pub(crate) async fn renew(&self, node: &World, client: &Client) -> Answer {
        node.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
            ("refresh_token", &self.refresh),
        ])
        .await
    }

    /// What opens at this node: session, refresh token, opaque token, code, device.
    pub(crate) async fn opens(&self, node: &World, health: &Health) -> [bool; 5] {
        let client = &health.client;
        let mut browser = node.browser();
        browser.cookies.clone_from(&self.cookies);
        let silent = health.authorize(client, "&prompt=none");
        let session = browser.get(&silent).await.param("code").is_some();
        let refresh = self.renew(node, client).await;
        let headers = vec![("authorization", format!("Bearer {}", self.opaque))];
        let path = "/userinfo";
        let opaque = node
            .send(Sent {
                path,
                headers,
                ..Sent::default()
            })
            .await;
        let code = node
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", &client.id),
                ("client_secret", &client.secret),
                ("code", &self.code),
                ("redirect_uri", Health::CALLBACK),
                ("code_verifier", VERIFIER),
            ])
            .await;
        let device = node
            .token(&[
                ("grant_type", DEVICE),
                ("client_id", &self.cli.id),
                ("device_code", &self.device),
            ])
            .await;
        let open = [&refresh, &opaque, &code, &device].map(|answer| {
            let status = answer.status.as_u16();
            assert!(status < 500, "{:?}", answer.json());
            status == 200
        });
        [session, open[0], open[1], open[2], open[3]]
    }
}

pub(crate) async fn happens(health: &Health, event: Event, held: &Held) {
    let world = &health.world;
    let user = format!("/users/{}", held.user.id.replace('|', "%7C"));
    let change = async |body: Value| {
        let _ = world.manage("PATCH", &user, Some(body)).await.expect(200);
    };
    let block = async |blocked: bool| change(json!({ "blocked": blocked })).await;
    let new = "Another-long-password-77";
    match event {
        Event::Nothing => {}
        Event::PasswordByLink => by_link(world, held, new).await,
        Event::PasswordByAdministrator => change(json!({ "password": new })).await,
        Event::Blocked => block(true).await,
        Event::BlockedAndLifted => {
            block(true).await;
            block(false).await;
        }
        Event::Deleted => assert_eq!(world.manage("DELETE", &user, None).await.status, 204),
        Event::RoleTaken => {
            let body = json!({ "roles": [held.role] });
            let taken = world
                .manage("DELETE", &format!("{user}/roles"), Some(body))
                .await;
            assert_eq!(taken.status, 204);
        }
        Event::AccessRevoked => {
            let path = format!("{user}/revoke-access");
            let revoked = world.manage("POST", &path, Some(json!({}))).await;
            assert!(revoked.status.is_success(), "{:?}", revoked.json());
        }
        Event::SessionRevoked => {
            let sessions = world.manage("GET", &format!("{user}/sessions"), None).await;
            let id = text(&sessions.expect(200)["sessions"][0], "id");
            let path = format!("/sessions/{id}/revoke");
            let revoked = world.manage("POST", &path, None).await;
            assert!(revoked.status.is_success(), "{:?}", revoked.json());
        }
    }
}

async fn by_link(world: &World, held: &Held, new: &str) {
    let body = json!({ "user_id": held.user.id, "ttl_sec": 600 });
    let ticket = world
        .manage("POST", "/tickets/password-change", Some(body))
        .await;
    let ticket = text(&ticket.expect(201), "ticket");
    let path = ticket.split_once("example/").unwrap().1;
    let path = format!("/{}", path.trim_end_matches('#'));
    let mut browser = world.browser();
    let page = browser.get(&path).await;
    let fields = [("password", new), ("password_again", new)];
    let done = browser.submit(&page, &fields, "default").await;
    assert_eq!(done.status(), 200, "{}", done.html());
}
