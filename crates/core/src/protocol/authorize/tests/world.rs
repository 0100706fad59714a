//! A small tenant with people: one API, one web application, one user with a role.

use std::sync::{Arc, OnceLock};

use cardea_jose::{Algorithm, RsaBits, Secret, SigningKey, b64};
use serde_json::{Map, Value, json};

use super::super::{Answer, Checked, Facts, Outcome, Progress, Refused, Rejected, Sent, check};
use super::super::{decide as decide_for, page};
use crate::id::{ApiIdentifier, ClientId, Host, RoleId, TenantId, UserId};
use crate::model::{
    Document, Issuer, Kind, Permission, Profile, TenantRecord, TenantView, User, UserFacts,
};
use crate::protocol::consent::ConsentRecord;
use crate::protocol::session::{Device, LoggedIn, SessionRecord};
use crate::protocol::trace::Trace;
use crate::protocol::user_scopes::Site;
use crate::random::Seeded;
use crate::scope::Scopes;
use crate::time::Timestamp;

pub(in crate::protocol) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(in crate::protocol) const API: &str = "https://example.com/health-api";
pub(in crate::protocol) const CLIENT: &str = "health-web";
pub(in crate::protocol) const SECRET: &str = "a-secret-of-the-client-of-32-bytes-and-more";
pub(in crate::protocol) const CALLBACK: &str = "https://app.example/cb";
pub(in crate::protocol) const ISSUER: &str = "https://login.example/";
pub(in crate::protocol) const JANE: &str = "auth0|jane";
pub(in crate::protocol) const DATABASE: &str = "Username-Password-Authentication";
pub(in crate::protocol) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A key costs a moment: one for all tests.
pub(in crate::protocol) fn rsa() -> &'static (String, SigningKey) {
    static KEY: OnceLock<(String, SigningKey)> = OnceLock::new();
    KEY.get_or_init(|| {
        let der = SigningKey::generate_pkcs8(Algorithm::Rs256, RsaBits::B2048).unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::Rs256, "k1", der.expose()).unwrap();
        (b64::encode(der.expose()), key)
    })
}

fn document(kind: Kind, id: &str, body: &Value) -> Document {
    let mut document = Document::new(kind, id, 0);
    document.body = body.as_object().unwrap().clone();
    document
}

fn client() -> Document {
    let mut client = document(
        Kind::Client,
        CLIENT,
        &json!({
            "name": "Health Web", "app_type": "regular_web",
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["authorization_code", "implicit", "refresh_token", "password"],
            "callbacks": [CALLBACK], "web_origins": ["https://app.example"],
            "cardea_flags": {"front_channel_tokens": true},
        }),
    );
    client
        .secrets
        .insert("client_secret".to_owned(), Secret::new(SECRET.to_owned()));
    client
}

fn key() -> Document {
    let mut key = document(
        Kind::SigningKey,
        "k1",
        &json!({
            "alg": "RS256", "state": "current", "since": 0,
        }),
    );
    key.secrets
        .insert("pkcs8".to_owned(), Secret::new(rsa().0.clone()));
    key
}

fn api() -> Document {
    document(
        Kind::Api,
        "698345de9c8cee9ee4c06e24",
        &json!({
            "name": "Health API", "identifier": API, "signing_alg": "RS256",
            "enforce_policies": true, "allow_offline_access": true,
            "skip_consent_for_verifiable_first_party_clients": true,
            "scopes": [
                {"value": "read:patients", "description": "See your patients"},
                {"value": "write:patients"}, {"value": "read:admin"},
            ],
        }),
    )
}

fn role() -> Document {
    document(
        Kind::Role,
        "rol_1",
        &json!({
            "name": "Administrator",
            "permissions": [
                {"api": API, "name": "read:patients"}, {"api": API, "name": "read:admin"},
            ],
        }),
    )
}

/// What a row may break.
pub(in crate::protocol) struct World {
    pub(in crate::protocol) profile: Profile,
    pub(in crate::protocol) settings: Document,
    pub(in crate::protocol) client: Document,
    pub(in crate::protocol) api: Document,
    pub(in crate::protocol) connection: Document,
    pub(in crate::protocol) role: Document,
    pub(in crate::protocol) others: Vec<Document>,
    pub(in crate::protocol) sent: Vec<(String, String)>,
    pub(in crate::protocol) user: UserFacts,
    pub(in crate::protocol) session: Option<SessionRecord>,
    pub(in crate::protocol) consent: Option<ConsentRecord>,
    pub(in crate::protocol) progress: Progress,
    pub(in crate::protocol) now: Timestamp,
}

impl World {
    /// Jane, to be changed.
    pub(in crate::protocol) fn user(&mut self) -> &mut User {
        Arc::make_mut(&mut self.user.user)
    }

    /// A confidential application of the tenant itself asks for a code with PKCE; Jane is logged
    /// in since a minute.
    pub(in crate::protocol) fn new(profile: Profile) -> Self {
        let mut world = Self {
            profile,
            settings: document(Kind::Settings, "settings", &json!({})),
            client: client(),
            api: api(),
            connection: document(
                Kind::Connection,
                "con_1",
                &json!({
                    "name": DATABASE, "strategy": "auth0", "enabled_clients": [CLIENT],
                }),
            ),
            role: role(),
            others: vec![key()],
            sent: Vec::new(),
            user: jane(),
            session: None,
            consent: None,
            progress: Progress::default(),
            now: NOW,
        };
        world.session = Some(world.login(JANE, -60));
        world
            .send("client_id", CLIENT)
            .send("redirect_uri", CALLBACK)
            .send("response_type", "code")
            .send("scope", "openid profile read:patients")
            .send("audience", API)
            .send("state", "st=1")
            .send("code_challenge", CHALLENGE)
            .send("code_challenge_method", "S256");
        world
    }

    /// Makes the application somebody else's.
    pub(in crate::protocol) fn third_party(&mut self, mode: &str, policy: &str) -> &mut Self {
        self.set("is_first_party", json!(false))
            .set("third_party_security_mode", json!(mode))
            .set("redirection_policy", json!(policy));
        self.others.push(document(
            Kind::ClientGrant,
            "cgr_1",
            &json!({
                "client_id": CLIENT, "audience": API, "subject_type": "user",
                "scope": ["read:patients", "write:patients"],
            }),
        ));
        self
    }

    /// Makes it run on a device, without a secret.
    pub(in crate::protocol) fn native(&mut self, callback: &str) -> &mut Self {
        self.set("app_type", json!("native"))
            .set("token_endpoint_auth_method", json!("none"))
            .set("callbacks", json!([callback]))
    }

    pub(in crate::protocol) fn set(&mut self, member: &str, value: Value) -> &mut Self {
        self.client.body.insert(member.to_owned(), value);
        self
    }

    pub(in crate::protocol) fn set_api(&mut self, member: &str, value: Value) -> &mut Self {
        self.api.body.insert(member.to_owned(), value);
        self
    }

    pub(in crate::protocol) fn set_tenant(&mut self, member: &str, value: Value) -> &mut Self {
        self.settings.body.insert(member.to_owned(), value);
        self
    }

    /// Sets, replaces or (with an empty value) removes a parameter.
    pub(in crate::protocol) fn send(&mut self, name: &str, value: &str) -> &mut Self {
        self.sent.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.sent.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sends a parameter once more.
    pub(in crate::protocol) fn also(&mut self, name: &str, value: &str) -> &mut Self {
        self.sent.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A session that began so many seconds from now.
    pub(in crate::protocol) fn login(&self, user: &str, seconds: i64) -> SessionRecord {
        let login = LoggedIn {
            user: UserId::parse(user).unwrap(),
            connection: DATABASE.to_owned(),
            method: "pwd",
            device: Device::default(),
        };
        let settings = &self.tenant().settings.parsed.login;
        let at = self.now.plus_seconds(seconds);
        SessionRecord::new(login, None, settings, at, &mut Seeded::new(user)).0
    }

    pub(in crate::protocol) fn consents(&mut self, scopes: &str) -> &mut Self {
        let user = UserId::parse(JANE).unwrap();
        let client = ClientId::parse(CLIENT).unwrap();
        let api = self.sent.iter().any(|(name, _)| name == "audience");
        let audience = api.then(|| ApiIdentifier::parse(API).unwrap());
        let mut record =
            ConsentRecord::new(user, client, audience, NOW, &mut Seeded::new("consent"));
        record.revision = 1;
        self.consent = Some(record.with(&Scopes::parse(scopes).unwrap()));
        self
    }

    pub(in crate::protocol) fn tenant(&self) -> TenantView {
        let record = TenantRecord {
            id: TenantId::parse("ten_1").unwrap(),
            name: "t".to_owned(),
            host: Host::parse("login.example").unwrap(),
            custom_domains: Vec::new(),
            profile: self.profile,
        };
        let mut documents = vec![
            self.settings.clone(),
            self.client.clone(),
            self.api.clone(),
            self.connection.clone(),
            self.role.clone(),
        ];
        documents.extend(self.others.iter().cloned());
        TenantView::assemble(record, 1, documents).unwrap()
    }

    pub(in crate::protocol) fn issuer() -> Issuer {
        Issuer::new("https", &Host::parse("login.example").unwrap())
    }

    pub(in crate::protocol) fn query(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.sent {
            form.append_pair(name, value);
        }
        form.finish()
    }

    /// Parsed and checked.
    pub(in crate::protocol) fn check(&self) -> Result<Checked, Box<Rejected>> {
        let tenant = self.tenant();
        let issuer = Self::issuer();
        let unreadable = |refused: Refused| {
            let answer = Answer::Page(page(&refused, None, &tenant));
            Box::new(Rejected {
                answer,
                ..Rejected::unreadable(refused, &tenant)
            })
        };
        let sent = Sent::parse(Some(&self.query()), None).map_err(unreadable)?;
        check(
            &sent,
            Site {
                tenant: &tenant,
                issuer: &issuer,
            },
        )
    }

    /// Decided, for whoever is at the browser.
    pub(in crate::protocol) fn decide(&self) -> (Result<Outcome, Refused>, Trace) {
        let checked = self.check().map_err(|rejected| rejected.refused).unwrap();
        let tenant = self.tenant();
        let issuer = Self::issuer();
        let facts = self.facts(&tenant, &issuer);
        let mut trace = checked.trace.clone();
        let mut random = Seeded::new("decide");
        let outcome = decide_for(&checked, facts, &self.progress, &mut trace, &mut random);
        (outcome, trace)
    }

    pub(in crate::protocol) fn facts<'a>(
        &'a self,
        tenant: &'a TenantView,
        issuer: &'a Issuer,
    ) -> Facts<'a> {
        Facts {
            site: Site { tenant, issuer },
            session: self.session.as_ref(),
            user: self.session.as_ref().map(|_| &self.user),
            consent: self.consent.as_ref(),
            now: self.now,
        }
    }
}

pub(in crate::protocol) fn jane() -> UserFacts {
    UserFacts {
        user: Arc::new(User {
            id: UserId::parse(JANE).unwrap(),
            connection: DATABASE.to_owned(),
            email: Some("jane@example.com".to_owned()),
            email_verified: true,
            username: None,
            phone_number: None,
            phone_verified: false,
            blocked: false,
            profile: Map::new(),
            user_metadata: Map::new(),
            app_metadata: Map::new(),
            created_at: NOW,
            updated_at: NOW,
            last_login: None,
            logins_count: 1,
            last_password_reset: None,
            password: None,
            revision: 1,
        }),
        roles: vec![RoleId::parse("rol_1").unwrap()],
        permissions: vec![Permission {
            api: ApiIdentifier::parse("https://other.example").unwrap(),
            name: "write:patients".to_owned(),
        }],
    }
}
