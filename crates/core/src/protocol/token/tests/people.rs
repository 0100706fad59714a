//! A tenant with a person in it: Jane, her session, and an application for people.

use std::sync::Arc;

use cardea_jose::{Compact, b64, sha256};
use serde_json::{Map, Value, json};

use super::super::request::Raw;
use super::super::{
    Decided, Fact, FactKey, Facts, Issued, PasswordVerdict, TokenRequest, decide, mint, wanted,
};
use super::shelf::Shelf;
use super::world::{API, CLIENT, NOW, SECRET, World};
use crate::id::{ApiIdentifier, ClientId, ConsentId, RoleId, SessionId, UserId};
use crate::model::{
    Artefact, ArtefactKind, Document, Issuer, Kind, Permission, Profile, TenantView, User,
    UserFacts,
};
use crate::protocol::refusal::Refusal;
use crate::protocol::session::{Device, LoggedIn, SessionRecord};
use crate::protocol::user_grant::{ClaimsAsked, UserGrant};
use crate::protocol::user_scopes::Site;
use crate::random::Seeded;
use crate::scope::Scopes;
use crate::time::Timestamp;

pub(in crate::protocol) const JANE: &str = "auth0|64f0c0ffee64f0c0ffee6400";
pub(in crate::protocol) const DB: &str = "Username-Password-Authentication";
pub(in crate::protocol) const CALLBACK: &str = "https://app.example/callback";
pub(in crate::protocol) const CODE: &str = "a-code-of-jane";
/// RFC 7636 appendix B.
pub(in crate::protocol) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(in crate::protocol) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(in crate::protocol) const OTHER_API: &str = "https://example.com/legacy-api";

pub(in crate::protocol) struct People {
    pub(in crate::protocol) world: World,
    pub(in crate::protocol) jane: Option<UserFacts>,
    pub(in crate::protocol) grant: UserGrant,
    pub(in crate::protocol) shelf: Shelf,
    pub(in crate::protocol) verdict: PasswordVerdict,
    pub(in crate::protocol) now: Timestamp,
    pub(in crate::protocol) random: Seeded,
}

pub(in crate::protocol) fn jane() -> UserFacts {
    let profile = json!({
        "name": "Jane Doe", "given_name": "Jane", "family_name": "Doe", "nickname": "jane",
        "picture": "https://example.com/jane.jpg", "gender": "female", "birthdate": "0000-10-31",
    });
    UserFacts {
        user: Arc::new(User {
            id: UserId::parse(JANE).unwrap(),
            connection: DB.to_owned(),
            email: Some("jane@example.com".to_owned()),
            email_verified: true,
            username: None,
            phone_number: Some("+15550100".to_owned()),
            phone_verified: false,
            blocked: false,
            profile: profile.as_object().unwrap().clone(),
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
        roles: vec![RoleId::parse("rol_admin").unwrap()],
        permissions: Vec::new(),
    }
}

fn document(kind: Kind, id: &str, body: &Value) -> Document {
    let mut document = Document::new(kind, id, 0);
    document.body = body.as_object().unwrap().clone();
    document
}

/// The application, the APIs, the connection and the role.
fn world(profile: Profile) -> World {
    let mut world = World::new(profile);
    for (name, value) in [
        ("app_type", json!("regular_web")),
        (
            "grant_types",
            json!([
                "authorization_code",
                "refresh_token",
                "password",
                "implicit",
                "http://auth0.com/oauth/grant-type/password-realm",
                "urn:ietf:params:oauth:grant-type:device_code",
            ]),
        ),
        ("jwt_configuration", json!({"alg": "RS256"})),
        ("cardea_flags", json!({"password_grant": true})),
        (
            "refresh_token",
            json!({
                "rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0,
                "token_lifetime": 2_592_000, "idle_token_lifetime": 1_296_000,
            }),
        ),
    ] {
        World::member(&mut world.client, name, value);
    }
    World::member(&mut world.api, "allow_offline_access", json!(true));
    World::member(&mut world.settings, "default_directory", json!(DB));
    let legacy = json!({
        "name": "Other API", "identifier": OTHER_API, "signing_alg": "RS256",
        "scopes": [{"value": "read:other"}], "allow_offline_access": true,
        "skip_consent_for_verifiable_first_party_clients": true,
    });
    let database = json!({"name": DB, "strategy": "auth0", "enabled_clients": [CLIENT]});
    let role = json!({"name": "Administrator", "permissions": [
        {"api": API, "name": "read:patients"}, {"api": API, "name": "read:admin"},
    ]});
    world.others.extend([
        document(Kind::Api, "aaaaaaaaaaaaaaaaaaaaaaaa", &legacy),
        document(Kind::Connection, "con_1", &database),
        document(Kind::Role, "rol_admin", &role),
    ]);
    world.send("scope", "").send("audience", "");
    world
}

fn grant(session: SessionId) -> UserGrant {
    UserGrant {
        client: ClientId::parse(CLIENT).unwrap(),
        user: UserId::parse(JANE).unwrap(),
        connection: DB.to_owned(),
        session: Some(session),
        audience: ApiIdentifier::parse(API),
        scopes: Scopes::parse("openid profile email read:patients offline_access").unwrap(),
        permissions: None,
        auth_time: NOW.plus_seconds(-60),
        shows_auth_time: false,
        nonce: Some("n-1".to_owned()),
        acr: None,
        amr: Vec::new(),
        redirect_uri: Some(CALLBACK.to_owned()),
        challenge: Some(CHALLENGE.to_owned()),
        claims: ClaimsAsked::default(),
        consent: ConsentId::parse("c0ffeec0ffeec0ffeec0ffee"),
    }
}

impl People {
    /// Jane is logged in, and a code of hers can be redeemed.
    pub(in crate::protocol) fn new(profile: Profile) -> Self {
        let world = world(profile);
        let mut random = Seeded::new("people");
        let login = LoggedIn {
            user: UserId::parse(JANE).unwrap(),
            connection: DB.to_owned(),
            method: "pwd",
            device: Device::default(),
        };
        let settings = &world.tenant().settings.parsed.login.clone();
        let (session, _) = SessionRecord::new(login, None, settings, NOW, &mut random);
        let mut shelf = Shelf::default();
        shelf.put(session.to_artefact());
        let mut people = Self {
            world,
            jane: Some(jane()),
            grant: grant(session.id),
            shelf,
            verdict: PasswordVerdict::Right,
            now: NOW,
            random,
        };
        people
            .world
            .send("grant_type", "authorization_code")
            .send("code", CODE)
            .send("redirect_uri", CALLBACK)
            .send("code_verifier", VERIFIER);
        people
    }

    /// The code, as the grant says now.
    pub(in crate::protocol) fn code(&self) -> Artefact {
        Artefact {
            kind: ArtefactKind::Code,
            digest: sha256(CODE.as_bytes()),
            id: None,
            group: self.grant.session.as_ref().map(ToString::to_string),
            user: Some(self.grant.user.clone()),
            client: Some(self.grant.client.clone()),
            created_at: NOW,
            expires_at: NOW.plus_seconds(60),
            consumed_at: None,
            revision: 1,
            body: self.grant.to_body(),
        }
    }

    /// Jane, to be changed.
    pub(in crate::protocol) fn user(&mut self) -> &mut User {
        Arc::make_mut(&mut self.jane.as_mut().unwrap().user)
    }

    pub(in crate::protocol) fn issue_code(&mut self) -> &mut Self {
        let code = self.code();
        self.shelf.put(code);
        self
    }

    /// Asks with a refresh token from now on.
    pub(in crate::protocol) fn refresh(&mut self, token: &str) -> &mut Self {
        for name in ["code", "redirect_uri", "code_verifier"] {
            self.world.send(name, "");
        }
        self.world
            .send("grant_type", "refresh_token")
            .send("refresh_token", token);
        self
    }

    /// Redeems the code for tokens that the test goes on with.
    pub(in crate::protocol) fn begun(profile: Profile) -> (Self, Issued) {
        Self::begun_with(profile, |_| {})
    }

    pub(in crate::protocol) fn begun_with(
        profile: Profile,
        change: impl FnOnce(&mut Self),
    ) -> (Self, Issued) {
        let mut people = Self::new(profile);
        change(&mut people);
        let issued = people.issue_code().ask().unwrap();
        if let Some(token) = issued.refresh_token.clone() {
            people.refresh(&token);
        }
        (people, issued)
    }

    pub(in crate::protocol) fn tenant(&self) -> TenantView {
        self.world.tenant()
    }

    pub(in crate::protocol) fn issuer() -> Issuer {
        World::issuer()
    }

    pub(in crate::protocol) fn request(&self) -> Result<TokenRequest, Refusal> {
        self.world.request()
    }

    /// What a store would answer.
    pub(in crate::protocol) fn fact(&self, key: &FactKey) -> Fact {
        let person = || Fact::User(self.jane.clone().map(Box::new));
        match key {
            FactKey::Artefact(kind, digest) => {
                let found = self.shelf.artefacts.get(&(*kind, *digest));
                Fact::Artefact(found.cloned().map(Box::new))
            }
            FactKey::ById(kind, id) => {
                Fact::Artefact(self.shelf.by_id(*kind, id).cloned().map(Box::new))
            }
            FactKey::Account(id) => {
                let jane = self.jane.clone().filter(|_| id.as_str() == JANE);
                Fact::Account(jane.map(|jane| jane.user))
            }
            FactKey::User(id) if id.as_str() == JANE => person(),
            FactKey::Identified { identifier, .. } if identifier == "jane@example.com" => person(),
            FactKey::User(_) | FactKey::Identified { .. } => Fact::User(None),
            FactKey::Families(..) => {
                let families = self.shelf.of(ArtefactKind::Family);
                Fact::Families(families.into_iter().take(200).cloned().collect())
            }
            FactKey::Password(user) => Fact::Password(match user {
                Some(_) => self.verdict,
                None => PasswordVerdict::Wrong,
            }),
        }
    }

    /// Reads until `wants` wants no more.
    pub(in crate::protocol) fn facts(&self, wants: impl Fn(&Facts) -> Vec<FactKey>) -> Facts {
        let mut facts = Facts::default();
        for _ in 0..5 {
            let keys = wants(&facts);
            if keys.is_empty() {
                return facts;
            }
            for key in keys {
                let fact = self.fact(&key);
                facts.put(key, fact);
            }
        }
        panic!("it wants the same again and again");
    }

    pub(in crate::protocol) fn decide(&self) -> (Decided, Facts) {
        let request = self.request().unwrap();
        let (tenant, issuer) = (self.tenant(), Self::issuer());
        let facts = self.facts(|facts| wanted(&request, &tenant, facts, &issuer, self.now));
        let decided = decide(&request, &tenant, &facts, &issuer, self.now);
        (decided, facts)
    }

    /// One whole request: facts, decision, tokens, commit.
    pub(in crate::protocol) fn ask(&mut self) -> Result<Issued, Refusal> {
        let _ = self.request()?;
        let (mut decided, _) = self.decide();
        let mut issued = None;
        if let Ok(granted) = &decided.outcome {
            let (tenant, random) = (self.tenant(), &mut self.random);
            let minted = mint(granted, &tenant, &Self::issuer(), self.now, random).unwrap();
            decided.writes.extend(minted.writes);
            issued = Some(minted.issued);
        }
        assert!(self.shelf.commit(&decided.writes, self.now), "a guard");
        decided.outcome.map(|_| issued.unwrap())
    }

    pub(in crate::protocol) fn permission(api: &str, name: &str) -> Permission {
        Permission {
            api: ApiIdentifier::parse(api).unwrap(),
            name: name.to_owned(),
        }
    }

    /// A request to a neighbour of the token endpoint, authenticated by the secret.
    pub(in crate::protocol) fn raw(body: &str) -> Raw<'_> {
        Raw {
            query: None,
            authorization: None,
            content_type: Some("application/x-www-form-urlencoded"),
            body: body.as_bytes(),
        }
    }

    /// A form with the client's credentials and one more parameter.
    pub(in crate::protocol) fn form(name: &str, value: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CLIENT)
            .append_pair("client_secret", SECRET)
            .append_pair(name, value)
            .finish()
    }

    pub(in crate::protocol) fn with_site<T>(&self, f: impl FnOnce(Site<'_>) -> T) -> T {
        let (tenant, issuer) = (self.tenant(), Self::issuer());
        f(Site {
            tenant: &tenant,
            issuer: &issuer,
        })
    }
}

/// Header and claims of a JWT, unverified.
pub(in crate::protocol) fn parts(jwt: &str) -> (Value, Value) {
    assert!(Compact::parse(jwt).is_ok(), "{jwt}");
    let part = |n| {
        let part: &str = jwt.split('.').nth(n).unwrap();
        serde_json::from_slice(&b64::decode(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}
