//! The example of the documentation: Jane, an administrator, and the Health API.

use cardea_core::model::Profile;
use serde_json::{Value, json};

use crate::world::{Client, World};
use crate::{Answer, Browser, Page, Person, VERIFIER, challenge};

/// A tenant with the Health API, a web application and Jane.
#[derive(Debug)]
pub struct Health {
    /// The server.
    pub world: World,
    /// "Health Web", of the first party.
    pub client: Client,
    /// May read patients and administrative data.
    pub jane: Person,
}

impl Health {
    /// The API's identifier.
    pub const API: &'static str = "https://example.com/health-api";
    /// The callback of "Health Web".
    pub const CALLBACK: &'static str = "https://app.example/callback";

    /// Made anew.
    pub async fn new(profile: Profile) -> Self {
        Self::made_in(World::new(profile).await).await
    }

    /// Made in an empty world.
    pub async fn made_in(world: World) -> Self {
        let scopes = ["read:patients", "write:patients", "read:admin"];
        let api = world.api(Self::API, &scopes).await;
        let body = json!({
            "enforce_policies": true,
            "allow_offline_access": true,
            "skip_consent_for_verifiable_first_party_clients": true,
        });
        let path = format!("/resource-servers/{}", api.id);
        let patched = world.manage("PATCH", &path, Some(body)).await;
        assert_eq!(patched.status.as_u16(), 200);
        let client = world.web_app("Health Web", Self::CALLBACK).await;
        let jane = world.person("jane@example.com").await;
        let held = ["read:patients", "read:admin"];
        world.role(&jane, "Administrator", Self::API, &held).await;
        Self {
            world,
            client,
            jane,
        }
    }

    /// A third-party application that may ask users for the API.
    pub async fn partner(&self) -> Client {
        let partner = self
            .world
            .application(json!({
                "name": "Partner \u{202e}Portal",
                "app_type": "regular_web",
                "is_first_party": false,
                "third_party_security_mode": "permissive",
                "redirection_policy": "allow_always",
                "callbacks": [Self::CALLBACK],
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "client_secret_post",
            }))
            .await;
        let grant = json!({
            "client_id": partner.id, "audience": Self::API, "subject_type": "user",
            "scope": ["read:patients", "read:admin"],
        });
        let made = self
            .world
            .manage("POST", "/client-grants", Some(grant))
            .await;
        assert_eq!(made.status.as_u16(), 201);
        partner
    }

    /// A request for a code with PKCE; `more` begins with `&`.
    pub fn authorize(&self, client: &Client, more: &str) -> String {
        format!(
            "/authorize?client_id={}&redirect_uri={}&response_type=code&state=st%2B1\
             &scope=openid%20profile%20email%20read:patients%20read:admin%20write:patients\
             &audience={}&code_challenge={}&code_challenge_method=S256&nonce=n-1{more}",
            client.id,
            Self::CALLBACK,
            Self::API,
            challenge()
        )
    }

    /// Jane logs in where `path` leads.
    pub async fn log_in(&self, browser: &mut Browser<'_>, path: &str) -> Page {
        let page = browser.get(path).await;
        let html = page.html();
        assert!(
            page.path.starts_with("/u/login?state="),
            "{} {html}",
            page.path
        );
        let email = self.jane.email.as_str();
        let fields = [
            ("username", email),
            ("password", self.jane.password.as_str()),
        ];
        browser.submit(&page, &fields, "default").await
    }

    /// Exchanges a code.
    pub async fn exchange(&self, client: &Client, code: &str) -> Answer {
        self.world
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", &client.id),
                ("client_secret", &client.secret),
                ("code", code),
                ("redirect_uri", Self::CALLBACK),
                ("code_verifier", VERIFIER),
            ])
            .await
    }

    /// Jane logs in, and the application exchanges its code.
    pub async fn tokens(&self, browser: &mut Browser<'_>, more: &str) -> Value {
        let path = self.authorize(&self.client, more);
        let page = self.log_in(browser, &path).await;
        let code = page.param("code").unwrap();
        self.exchange(&self.client, &code).await.expect(200)
    }
}
