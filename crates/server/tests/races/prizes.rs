//! What is raced for.

use std::sync::atomic::{AtomicUsize, Ordering};

use cardea_testkit::{Client, Health, JWT_BEARER, Page, Signer, VERIFIER, World};
use serde_json::{Value, json};

/// Something that may be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prize {
    Code,
    /// One generation of a rotating family without leeway.
    RefreshToken,
    DeviceCode,
    ClientAssertion,
    ResetTicket,
    VerifyTicket,
    /// An address that nobody has.
    Address,
}

impl Prize {
    pub(crate) const ALL: [Self; 7] = [
        Self::Code,
        Self::RefreshToken,
        Self::DeviceCode,
        Self::ClientAssertion,
        Self::ResetTicket,
        Self::VerifyTicket,
        Self::Address,
    ];
}

/// A prize, ready to be run for.
#[derive(Debug)]
pub(crate) struct LaidOut {
    prize: Prize,
    value: String,
    /// Whose it is, where that is not Jane.
    email: String,
}

/// The nodes, and who runs.
#[derive(Debug)]
pub(crate) struct Circuit {
    health: Health,
    other_node: Option<World>,
    app: Client,
    signer: Signer,
    serial: AtomicUsize,
}

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DATABASE: &str = "Username-Password-Authentication";

impl Circuit {
    pub(crate) async fn new(health: Health, other_node: Option<World>) -> Self {
        let world = &health.world;
        let app = world
            .application(json!({
                "name": "Racer", "app_type": "regular_web", "callbacks": [Health::CALLBACK],
                "grant_types": ["authorization_code", "refresh_token", DEVICE],
                "token_endpoint_auth_method": "client_secret_post",
                "jwt_configuration": { "alg": "RS256" },
                "refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring"},
            }))
            .await;
        let signer = world.signer("Signer").await;
        let scopes = ["read:patients"];
        world.grant(&signer.client, Health::API, &scopes).await;
        Self {
            health,
            other_node,
            app,
            signer,
            serial: AtomicUsize::new(0),
        }
    }

    pub(crate) async fn stop(&self) {
        self.health.world.app.stop().await;
        if let Some(node) = &self.other_node {
            node.app.stop().await;
        }
    }

    fn node(&self, racer: usize) -> &World {
        match &self.other_node {
            Some(node) if racer % 2 == 1 => node,
            Some(_) | None => &self.health.world,
        }
    }

    pub(crate) async fn lay_out(&self, prize: Prize) -> LaidOut {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let email = format!("racer{serial}@example.com");
        let value = match prize {
            Prize::Code => self.code().await,
            Prize::RefreshToken => {
                let code = self.code().await;
                let tokens = self.health.exchange(&self.app, &code).await.expect(200);
                text(&tokens, "refresh_token")
            }
            Prize::DeviceCode => self.device().await,
            Prize::ClientAssertion => {
                let jti = format!("jti-{serial}");
                let claims = self.signer.claims(&self.health.world, &jti);
                self.signer.sign(&claims)
            }
            Prize::ResetTicket => self.ticket(&email, "password-change").await,
            Prize::VerifyTicket => self.ticket(&email, "email-verification").await,
            Prize::Address => email.clone(),
        };
        LaidOut {
            prize,
            value,
            email,
        }
    }

    /// Whether this racer got it.
    pub(crate) async fn run(&self, laid_out: &LaidOut, racer: usize) -> bool {
        let value = laid_out.value.as_str();
        match laid_out.prize {
            Prize::Code => {
                let more = [
                    ("code", value),
                    ("redirect_uri", Health::CALLBACK),
                    ("code_verifier", VERIFIER),
                ];
                self.grant("authorization_code", &more, racer).await
            }
            Prize::RefreshToken => {
                let more = [("refresh_token", value)];
                self.grant("refresh_token", &more, racer).await
            }
            Prize::DeviceCode => self.grant(DEVICE, &[("device_code", value)], racer).await,
            Prize::ClientAssertion => self.assert(value, racer).await,
            Prize::ResetTicket => {
                let password = password(racer);
                let fields = [
                    ("ticket", value),
                    ("password", password.as_str()),
                    ("password_again", password.as_str()),
                    ("action", "default"),
                ];
                done(&self.browse("/u/reset-password", &fields, racer).await)
            }
            Prize::VerifyTicket => {
                let fields = [("ticket", value), ("action", "default")];
                done(&self.browse("/u/email-verification", &fields, racer).await)
            }
            Prize::Address => self.sign_up(value, racer).await,
        }
    }

    /// What the winner did is what holds.
    pub(crate) async fn check(&self, laid_out: &LaidOut, winner: usize) {
        let world = &self.health.world;
        match laid_out.prize {
            Prize::ResetTicket => {
                let email = laid_out.email.as_str();
                let page = self.health.authorize(&self.app, "");
                let mut browser = world.browser();
                let page = browser.get(&page).await;
                let password = password(winner);
                let fields = [("username", email), ("password", password.as_str())];
                let page = browser.submit(&page, &fields, "default").await;
                assert!(page.left_to.is_some(), "{}", page.html());
            }
            Prize::VerifyTicket | Prize::Address => {
                let path = format!("/users-by-email?email={}", laid_out.email);
                let found = world.manage("GET", &path, None).await.expect(200);
                let found = found.as_array().unwrap();
                assert_eq!(found.len(), 1);
                let proved = laid_out.prize == Prize::VerifyTicket;
                assert_eq!(found[0]["email_verified"], proved);
            }
            Prize::Code | Prize::RefreshToken | Prize::DeviceCode | Prize::ClientAssertion => {}
        }
    }

    async fn code(&self) -> String {
        let path = self.health.authorize(&self.app, "");
        let path = path.replace("scope=openid", "scope=openid%20offline_access");
        let mut browser = self.health.world.browser();
        let page = self.health.log_in(&mut browser, &path).await;
        page.param("code").unwrap()
    }

    async fn device(&self) -> String {
        let app = &self.app;
        let form = [
            ("client_id", app.id.as_str()),
            ("client_secret", app.secret.as_str()),
            ("scope", "openid"),
        ];
        let mut browser = self.health.world.browser();
        let codes = browser.post("/oauth/device/code", &form).await;
        let codes = codes.answer.expect(200);
        let user = text(&codes, "user_code");
        let login = self.health.authorize(&self.health.client, "");
        let _ = self.health.log_in(&mut browser, &login).await;
        let page = browser.get(&format!("/activate?user_code={user}")).await;
        let fields = [("user_code", user.as_str())];
        let page = browser.submit(&page, &fields, "accept").await;
        let html = page.html();
        assert!(html.contains("Your device is connected"), "{html}");
        text(&codes, "device_code")
    }

    async fn ticket(&self, email: &str, kind: &str) -> String {
        let world = &self.health.world;
        let person = world.person(email).await;
        let path = format!("/users/{}", person.id.replace('|', "%7C"));
        let unproved = json!({ "email_verified": false });
        let _ = world.manage("PATCH", &path, Some(unproved)).await;
        let body = json!({ "user_id": person.id });
        let path = format!("/tickets/{kind}");
        let made = world.manage("POST", &path, Some(body)).await.expect(201);
        let link = text(&made, "ticket");
        let (_, value) = link.split_once("ticket=").unwrap();
        value.split('#').next().unwrap().to_owned()
    }

    async fn grant(&self, kind: &str, more: &[(&str, &str)], racer: usize) -> bool {
        let named = [
            ("grant_type", kind),
            ("client_id", self.app.id.as_str()),
            ("client_secret", self.app.secret.as_str()),
        ];
        let form = [named.as_slice(), more].concat();
        let answer = self.node(racer).token(&form).await;
        won(answer.status.as_u16())
    }

    async fn assert(&self, assertion: &str, racer: usize) -> bool {
        let form = [
            ("grant_type", "client_credentials"),
            ("audience", Health::API),
            ("client_assertion", assertion),
            ("client_assertion_type", JWT_BEARER),
        ];
        won(self.node(racer).token(&form).await.status.as_u16())
    }

    async fn browse(&self, path: &str, fields: &[(&str, &str)], racer: usize) -> Page {
        self.node(racer).browser().post(path, fields).await
    }

    async fn sign_up(&self, email: &str, racer: usize) -> bool {
        // every spelling is the same address
        let spelled = match racer % 3 {
            0 => email.to_owned(),
            1 => email.to_uppercase(),
            _ => format!(" {email}"),
        };
        let form = [
            ("client_id", self.app.id.as_str()),
            ("connection", DATABASE),
            ("email", spelled.as_str()),
            ("password", "Quartz-violin-42-harbour"),
        ];
        let page = self.browse("/dbconnections/signup", &form, racer).await;
        won(page.status())
    }
}

/// Won, or lost with a 4xx: a race is no fault of the server.
fn won(status: u16) -> bool {
    assert!(status == 200 || (400..500).contains(&status), "{status}");
    status == 200
}

fn done(page: &Page) -> bool {
    won(page.status())
}

fn password(racer: usize) -> String {
    format!("Quartz-violin-{racer}-harbour")
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}
