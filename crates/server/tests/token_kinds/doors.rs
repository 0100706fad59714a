//! Where something can be brought, and what is seen then.

use cardea_testkit::{Answer, Health, JWT_BEARER, Page, Sent, VERIFIER, escape};
use cardea_verifier::{KeySet, Policy};

use crate::kinds::{Caller, Made, Place};

/// A consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Userinfo,
    ManagementApi,
    /// An API of the tenant's own, with the published verifier.
    HealthApi,
    Introspection,
    Revocation,
    CodeGrant,
    RefreshGrant,
    DeviceGrant,
    Assertion,
    LogoutHint,
    LoginHint,
    SessionCookie,
    LoginPage,
    ActivatePage,
    ResetPage,
    VerifyPage,
}

/// What happened at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Opened,
    /// In the door's own words.
    Refused,
}

impl Door {
    pub(crate) const ALL: [Self; 16] = [
        Self::Userinfo,
        Self::ManagementApi,
        Self::HealthApi,
        Self::Introspection,
        Self::Revocation,
        Self::CodeGrant,
        Self::RefreshGrant,
        Self::DeviceGrant,
        Self::Assertion,
        Self::LogoutHint,
        Self::LoginHint,
        Self::SessionCookie,
        Self::LoginPage,
        Self::ActivatePage,
        Self::ResetPage,
        Self::VerifyPage,
    ];

    /// Whether a client proves who it is there.
    pub(crate) const fn asks_who_calls(self) -> bool {
        matches!(
            self,
            Self::Introspection
                | Self::Revocation
                | Self::CodeGrant
                | Self::RefreshGrant
                | Self::DeviceGrant
        )
    }

    pub(crate) async fn knock(self, place: &Place, made: &Made, caller: &Caller) -> Seen {
        let value = made.value.as_str();
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        match self {
            Self::Userinfo => bearer(place, "/userinfo", value, caller).await,
            Self::ManagementApi => bearer(place, "/api/v2/clients", value, caller).await,
            Self::HealthApi => health_api(place, value, caller).await,
            Self::Introspection => introspect(place, value, caller).await,
            Self::Revocation => revoke(place, value, caller).await,
            Self::CodeGrant => {
                let more = [
                    ("code", value),
                    ("redirect_uri", Health::CALLBACK),
                    ("code_verifier", VERIFIER),
                ];
                grant(place, "authorization_code", &more, caller).await
            }
            Self::RefreshGrant => {
                grant(place, "refresh_token", &[("refresh_token", value)], caller).await
            }
            Self::DeviceGrant => grant(place, device, &[("device_code", value)], caller).await,
            Self::Assertion => assertion(place, value, caller).await,
            Self::LogoutHint => logout(place, made, caller).await,
            Self::LoginHint => hint(place, made, caller).await,
            Self::SessionCookie => session(place, value, caller).await,
            Self::LoginPage => {
                let path = format!("/u/login?state={}", escape(value));
                page(place, &path, made, caller, "id=\"password\"").await
            }
            Self::ActivatePage => activate(place, made, caller).await,
            Self::ResetPage => {
                let path = format!("/u/reset-password?ticket={}", escape(value));
                page(place, &path, made, caller, "autocomplete=\"new-password\"").await
            }
            Self::VerifyPage => {
                let path = format!("/u/email-verification?ticket={}", escape(value));
                page(place, &path, made, caller, "name=\"ticket\"").await
            }
        }
    }
}

/// Refused with a 4xx of the door's own, and nothing else.
fn refused(answer: &Answer) -> Seen {
    let body = String::from_utf8_lossy(&answer.body);
    assert!(answer.status.is_client_error(), "{} {body}", answer.status);
    Seen::Refused
}

async fn bearer(place: &Place, path: &str, value: &str, caller: &Caller) -> Seen {
    let sent = Sent {
        path,
        headers: vec![("authorization", format!("Bearer {value}"))],
        host: &caller.host,
        ..Sent::default()
    };
    let answer = place.health.world.send(sent).await;
    if answer.status.is_success() {
        return Seen::Opened;
    }
    let challenged = answer.header("www-authenticate").contains("invalid_token")
        || answer
            .header("www-authenticate")
            .contains("insufficient_scope");
    // the Management API speaks in its own body
    let status = answer.status.as_u16();
    let told = path.starts_with("/api/") && matches!(status, 400 | 401);
    assert!(challenged || told, "{path} {status} {:?}", answer.headers);
    refused(&answer)
}

async fn health_api(place: &Place, value: &str, caller: &Caller) -> Seen {
    let world = &place.health.world;
    let sent = Sent {
        path: "/.well-known/jwks.json",
        host: &caller.host,
        ..Sent::default()
    };
    let jwks = world.send(sent).await;
    let keys = KeySet::from_jwks(&jwks.body).unwrap();
    let policy = Policy::builder(format!("https://{}/", caller.host));
    let policy = policy.audience(Health::API).build().unwrap();
    match cardea_verifier::verify(value, &policy, &keys, world.clock.now().seconds()) {
        Ok(_) => Seen::Opened,
        Err(_) => Seen::Refused,
    }
}

async fn post(place: &Place, path: &str, form: &[(&str, &str)], caller: &Caller) -> Answer {
    let mut browser = place.health.world.browser().at(&caller.host);
    browser.post(path, form).await.answer
}

fn named(caller: &Caller) -> [(&str, &str); 2] {
    let client = &caller.client;
    [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ]
}

async fn introspect(place: &Place, value: &str, caller: &Caller) -> Seen {
    let form = [named(caller).as_slice(), &[("token", value)]].concat();
    let answer = post(place, "/oauth/introspect", &form, caller).await;
    if !answer.status.is_success() {
        return refused(&answer);
    }
    let told = answer.json();
    if told["active"] == true {
        return Seen::Opened;
    }
    assert_eq!(told, serde_json::json!({ "active": false }));
    Seen::Refused
}

/// The answer says nothing; the log tells whether something ended.
async fn revoke(place: &Place, value: &str, caller: &Caller) -> Seen {
    let before = revocations(place).await;
    let form = [named(caller).as_slice(), &[("token", value)]].concat();
    let answer = post(place, "/oauth/revoke", &form, caller).await;
    if !answer.status.is_success() {
        return refused(&answer);
    }
    if revocations(place).await > before {
        Seen::Opened
    } else {
        Seen::Refused
    }
}

async fn revocations(place: &Place) -> usize {
    let world = &place.health.world;
    let path = "/logs?per_page=100&include_totals=false";
    let logs = world.manage("GET", path, None).await.expect(200);
    let texts = logs.as_array().unwrap().iter();
    texts
        .filter(|event| event["description"] == "Revoked a token")
        .count()
}

async fn grant(place: &Place, kind: &str, more: &[(&str, &str)], caller: &Caller) -> Seen {
    let form = [named(caller).as_slice(), &[("grant_type", kind)], more].concat();
    tokens(&post(place, "/oauth/token", &form, caller).await)
}

fn tokens(answer: &Answer) -> Seen {
    if answer.status.is_success() {
        assert!(answer.json()["access_token"].is_string());
        return Seen::Opened;
    }
    let error = answer.json()["error"].clone();
    let known = [
        "invalid_grant",
        "invalid_client",
        "access_denied",
        "expired_token",
        "unauthorized_client",
    ];
    let text = error.as_str().unwrap_or_default();
    assert!(known.contains(&text), "{}", answer.json());
    refused(answer)
}

async fn assertion(place: &Place, value: &str, caller: &Caller) -> Seen {
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", Health::API),
        ("client_id", place.signer.client.id.as_str()),
        ("client_assertion", value),
        ("client_assertion_type", JWT_BEARER),
    ];
    tokens(&post(place, "/oauth/token", &form, caller).await)
}

/// Jane's browser: the one that this was made in, if she is logged in there.
fn janes_browser<'a>(place: &'a Place, made: &'a Made) -> &'a [(String, String)] {
    let has_session = |(name, _): &(String, String)| name.contains("cardea_session");
    if made.cookies.iter().any(has_session) {
        &made.cookies
    } else {
        &place.logged_in
    }
}

async fn open(place: &Place, path: &str, cookies: &[(String, String)], caller: &Caller) -> Page {
    let mut browser = place.health.world.browser().at(&caller.host);
    browser.cookies = cookies.iter().cloned().collect();
    browser.get(path).await
}

/// A good hint logs out at once. With any other the session goes on: it is asked about, or refused.
async fn logout(place: &Place, made: &Made, caller: &Caller) -> Seen {
    let cookies = janes_browser(place, made);
    let path = format!("/oidc/logout?id_token_hint={}", escape(&made.value));
    let _ = open(place, &path, cookies, caller).await;
    let home = place.caller();
    let silent = format!("{}&prompt=none", place.authorize("openid", ""));
    match answered(&open(place, &silent, cookies, &home).await) {
        Seen::Opened => Seen::Refused,
        Seen::Refused => Seen::Opened,
    }
}

async fn hint(place: &Place, made: &Made, caller: &Caller) -> Seen {
    let cookies = janes_browser(place, made);
    let hinted = format!(
        "{}&prompt=none&id_token_hint={}",
        place.authorize("openid", ""),
        escape(&made.value)
    );
    let page = open(place, &hinted, cookies, caller).await;
    answered(&page)
}

/// A code came back, or an error did.
fn answered(page: &Page) -> Seen {
    if page.param("code").is_some() {
        return Seen::Opened;
    }
    let stayed = page.answer.status.is_client_error();
    assert!(stayed || page.param("error").is_some(), "{page:?}");
    Seen::Refused
}

async fn session(place: &Place, value: &str, caller: &Caller) -> Seen {
    let cookies = [("__Host-cardea_session".to_owned(), value.to_owned())];
    let silent = format!("{}&prompt=none", place.authorize("openid", ""));
    answered(&open(place, &silent, &cookies, caller).await)
}

async fn page(place: &Place, path: &str, made: &Made, caller: &Caller, mark: &str) -> Seen {
    let page = open(place, path, &made.cookies, caller).await;
    if page.answer.status.is_success() && page.html().contains(mark) {
        return Seen::Opened;
    }
    refused(&page.answer)
}

async fn activate(place: &Place, made: &Made, caller: &Caller) -> Seen {
    let mut browser = place.health.world.browser().at(&caller.host);
    let page = browser.get("/activate").await;
    let fields = [("user_code", made.value.as_str())];
    let page = browser.submit(&page, &fields, "default").await;
    if page.answer.status.is_success() && page.html().contains("value=\"accept\"") {
        return Seen::Opened;
    }
    refused(&page.answer)
}
