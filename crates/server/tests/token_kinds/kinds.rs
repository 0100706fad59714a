//! What Cardea hands out, made anew on demand.

use cardea_core::model::Profile;
use cardea_jose::b64;
use cardea_testkit::{Browser, Client, HOST, Health, Signer};
use serde_json::json;

/// What is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An access token without an API.
    OpaqueToken,
    /// An access token for the Health API and, with `openid`, for `/userinfo`.
    ApiToken,
    /// An access token for the Health API alone.
    ApiTokenWithoutProfile,
    /// An access token for another API.
    OtherApiToken,
    /// An application's own token for the Health API.
    MachineToken,
    /// An application's own token for the Management API.
    ManagementToken,
    IdToken,
    RefreshToken,
    Code,
    /// Of a device that was let in.
    DeviceCode,
    UserCode,
    ClientAssertion,
    SessionCookie,
    BrowserCookie,
    /// `state` of `/u/login`, together with its browser's cookie.
    LoginHandle,
    ResetTicket,
    VerifyTicket,
    ClientSecret,
}

impl Kind {
    pub(crate) const ALL: [Self; 18] = [
        Self::OpaqueToken,
        Self::ApiToken,
        Self::ApiTokenWithoutProfile,
        Self::OtherApiToken,
        Self::MachineToken,
        Self::ManagementToken,
        Self::IdToken,
        Self::RefreshToken,
        Self::Code,
        Self::DeviceCode,
        Self::UserCode,
        Self::ClientAssertion,
        Self::SessionCookie,
        Self::BrowserCookie,
        Self::LoginHandle,
        Self::ResetTicket,
        Self::VerifyTicket,
        Self::ClientSecret,
    ];

    pub(crate) const fn is_jwt(self) -> bool {
        self.is_signed_by_tenant() || matches!(self, Self::ClientAssertion)
    }

    pub(crate) const fn is_signed_by_tenant(self) -> bool {
        matches!(
            self,
            Self::ApiToken
                | Self::ApiTokenWithoutProfile
                | Self::OtherApiToken
                | Self::MachineToken
                | Self::ManagementToken
                | Self::IdToken
        )
    }
}

/// One of them, with what its owner has beside it.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) value: String,
    /// The cookies of the browser that it was made in.
    pub(crate) cookies: Vec<(String, String)>,
}

/// The same JWT with `alg: none` and no signature.
pub(crate) fn unsigned(made: &Made) -> Made {
    let claims = made.value.split('.').nth(1).unwrap();
    let header = b64::encode(br#"{"alg":"none","typ":"JWT"}"#);
    Made {
        value: format!("{header}.{claims}."),
        cookies: made.cookies.clone(),
    }
}

/// Two tenants, of which one has everything.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) health: Health,
    /// Another client of the same tenant that may do the same.
    pub(crate) stranger: Client,
    pub(crate) signer: Signer,
    /// The cookies of a browser in which Jane is logged in.
    pub(crate) logged_in: Vec<(String, String)>,
    serial: std::sync::atomic::AtomicUsize,
}

/// Who knocks, and where.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) host: String,
    pub(crate) client: Client,
}

const OTHER_API: &str = "https://example.com/other-api";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Scope, audience, and the name under which the exchanged code gives it.
type Grant = (&'static str, &'static str, &'static str);

const fn given(kind: Kind) -> Option<Grant> {
    const PROFILE: &str = "openid%20read:patients";
    const OFFLINE: &str = "openid%20offline_access%20read:patients";
    match kind {
        Kind::OpaqueToken => Some(("openid", "", "access_token")),
        Kind::ApiToken => Some((PROFILE, Health::API, "access_token")),
        Kind::ApiTokenWithoutProfile => Some(("read:patients", Health::API, "access_token")),
        Kind::OtherApiToken => Some(("read:patients", OTHER_API, "access_token")),
        Kind::IdToken => Some(("openid", "", "id_token")),
        Kind::RefreshToken => Some((OFFLINE, Health::API, "refresh_token")),
        Kind::MachineToken
        | Kind::ManagementToken
        | Kind::Code
        | Kind::DeviceCode
        | Kind::UserCode
        | Kind::ClientAssertion
        | Kind::SessionCookie
        | Kind::BrowserCookie
        | Kind::LoginHandle
        | Kind::ResetTicket
        | Kind::VerifyTicket
        | Kind::ClientSecret => None,
    }
}

impl Place {
    pub(crate) async fn new(profile: Profile) -> Self {
        let health = Health::new(profile).await;
        let world = &health.world;
        world.add_tenant("other.example", profile).await;
        let other = world.api(OTHER_API, &["read:patients"]).await;
        assert_eq!(other.identifier, OTHER_API);
        let stranger = world.web_app("Stranger", Health::CALLBACK).await;
        for client in [&health.client, &stranger] {
            let more = json!({
                "grant_types": ["authorization_code", "refresh_token", "client_credentials", DEVICE],
                "refresh_token": {
                    "rotation_type": "rotating", "expiration_type": "expiring",
                    "infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
                },
            });
            let path = format!("/clients/{}", client.id);
            let _ = world.manage("PATCH", &path, Some(more)).await.expect(200);
            world.grant(client, Health::API, &["read:patients"]).await;
        }
        let signer = world.signer("Signer").await;
        world
            .grant(&signer.client, Health::API, &["read:patients"])
            .await;
        let mut place = Self {
            health,
            stranger,
            signer,
            logged_in: Vec::new(),
            serial: 0.into(),
        };
        place.logged_in = place.make(Kind::SessionCookie).await.cookies;
        place
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller {
            host: HOST.to_owned(),
            client: self.health.client.clone(),
        }
    }

    /// Rotates the signing key, and revokes what was there before.
    pub(crate) async fn revoke_keys(&self) {
        let world = &self.health.world;
        for _ in 0..2 {
            let rotated = world.manage("POST", "/keys/signing/rotate", None).await;
            assert_eq!(rotated.status.as_u16(), 201);
        }
        let keys = world.manage("GET", "/keys/signing", None).await.expect(200);
        let old = |key: &&serde_json::Value| key["current"] != true && key["next"] != true;
        let mut revoked = 0;
        for key in keys.as_array().unwrap().iter().filter(old) {
            let path = format!("/keys/signing/{}/revoke", key["kid"].as_str().unwrap());
            let answer = world.manage("PUT", &path, None).await;
            revoked += usize::from(answer.status.is_success());
        }
        assert!(revoked > 0, "{keys}");
    }

    /// A number that was not used before.
    fn next(&self) -> usize {
        self.serial
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) async fn make(&self, kind: Kind) -> Made {
        let mut browser = self.health.world.browser();
        // one login does for all, but for what ends with it
        if !matches!(
            kind,
            Kind::IdToken | Kind::SessionCookie | Kind::BrowserCookie | Kind::LoginHandle
        ) {
            browser.cookies = self.logged_in.iter().cloned().collect();
        }
        let value = match given(kind) {
            Some(grant) => self.token(&mut browser, grant).await,
            None => self.other(kind, &mut browser).await,
        };
        Made {
            value,
            cookies: browser.cookies.into_iter().collect(),
        }
    }

    /// What no exchange of a code gives.
    async fn other(&self, kind: Kind, browser: &mut Browser<'_>) -> String {
        match kind {
            Kind::Code => self.code(browser, "openid", "").await,
            Kind::DeviceCode => self.device(browser).await,
            Kind::UserCode => self.device_codes().await.1,
            Kind::ClientAssertion => self.assertion(),
            Kind::SessionCookie => {
                let _ = self.code(browser, "openid", "").await;
                cookie(browser, "cardea_session")
            }
            Kind::BrowserCookie => {
                let _ = browser.get(&self.authorize("openid", "")).await;
                cookie(browser, "cardea_browser")
            }
            Kind::LoginHandle => {
                let page = browser.get(&self.authorize("openid", "")).await;
                let (_, handle) = page.path.split_once("state=").unwrap();
                handle.to_owned()
            }
            Kind::ResetTicket => self.ticket("password-change").await,
            Kind::VerifyTicket => self.ticket("email-verification").await,
            Kind::MachineToken => self.own_token().await,
            Kind::ManagementToken => self.health.world.management_token_at(HOST).await,
            Kind::ClientSecret => self.health.client.secret.clone(),
            Kind::OpaqueToken
            | Kind::ApiToken
            | Kind::ApiTokenWithoutProfile
            | Kind::OtherApiToken
            | Kind::IdToken
            | Kind::RefreshToken => panic!("{kind:?} comes with a code"),
        }
    }

    pub(crate) fn authorize(&self, scope: &str, audience: &str) -> String {
        let path = self.health.authorize(&self.health.client, "");
        let (path, rest) = path.split_once("&scope=").unwrap();
        let (_, rest) = rest.split_once("&code_challenge").unwrap();
        let audience = if audience.is_empty() {
            String::new()
        } else {
            format!("&audience={audience}")
        };
        format!("{path}&scope={scope}{audience}&code_challenge{rest}")
    }

    async fn code(&self, browser: &mut Browser<'_>, scope: &str, audience: &str) -> String {
        let path = self.authorize(scope, audience);
        let mut page = if browser.cookies.is_empty() {
            self.health.log_in(browser, &path).await
        } else {
            browser.get(&path).await
        };
        if page.path.starts_with("/u/consent") {
            page = browser.submit(&page, &[], "accept").await;
        }
        page.param("code").unwrap_or_else(|| panic!("{page:?}"))
    }

    async fn token(&self, browser: &mut Browser<'_>, grant: Grant) -> String {
        let (scope, audience, name) = grant;
        let code = self.code(browser, scope, audience).await;
        let answer = self.health.exchange(&self.health.client, &code).await;
        answer.expect(200)[name].as_str().unwrap().to_owned()
    }

    async fn own_token(&self) -> String {
        let client = &self.health.client;
        let answer = self.health.world.client_credentials(client, Health::API);
        let tokens = answer.await.expect(200);
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    fn assertion(&self) -> String {
        let jti = format!("jti-{}", self.next());
        let claims = self.signer.claims(&self.health.world, &jti);
        self.signer.sign(&claims)
    }

    async fn device_codes(&self) -> (String, String) {
        let client = &self.health.client;
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("scope", "openid"),
        ];
        let mut device = self.health.world.browser();
        let codes = device.post("/oauth/device/code", &form).await;
        let codes = codes.answer.expect(200);
        let text = |name: &str| codes[name].as_str().unwrap().to_owned();
        (text("device_code"), text("user_code"))
    }

    async fn device(&self, browser: &mut Browser<'_>) -> String {
        let (device, user) = self.device_codes().await;
        let page = browser.get(&format!("/activate?user_code={user}")).await;
        let page = browser
            .submit(&page, &[("user_code", user.as_str())], "default")
            .await;
        let mut page = browser.submit(&page, &[], "accept").await;
        if page.html().contains("value=\"accept\"") {
            page = browser.submit(&page, &[], "accept").await;
        }
        let html = page.html();
        assert!(html.contains("Your device is connected"), "{html}");
        device
    }

    async fn ticket(&self, kind: &str) -> String {
        let world = &self.health.world;
        // an address that is proved needs no link: a new user for each
        let person = if kind == "email-verification" {
            let email = format!("user{}@example.com", self.next());
            let made = world.person(&email).await;
            let path = format!("/users/{}", made.id.replace('|', "%7C"));
            let unproved = json!({ "email_verified": false });
            let patched = world.manage("PATCH", &path, Some(unproved)).await;
            assert_eq!(patched.status.as_u16(), 200);
            made
        } else {
            self.health.jane.clone()
        };
        let body = json!({ "user_id": person.id });
        let path = format!("/tickets/{kind}");
        let made = world.manage("POST", &path, Some(body)).await.expect(201);
        let link = made["ticket"].as_str().unwrap();
        let (_, value) = link.split_once("ticket=").unwrap();
        value.split('#').next().unwrap().to_owned()
    }
}

fn cookie(browser: &Browser<'_>, name: &str) -> String {
    let mut cookies = browser.cookies.iter();
    let found = cookies.find(|(known, _)| known.contains(name));
    found.unwrap().1.clone()
}
