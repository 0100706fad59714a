//! A small tenant: one API, one application that may `read:patients` and `write:patients`.

use std::sync::OnceLock;

use cardea_jose::{Algorithm, RsaBits, Secret, SigningKey, b64};
use serde_json::{Map, Value, json};

use super::super::request::Raw;
use super::super::{Decided, Facts, TokenRequest, decide};
use crate::id::{Host, TenantId};
use crate::model::{Document, Issuer, Kind, Profile, TenantRecord, TenantView};
use crate::time::Timestamp;

pub(in crate::protocol) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(in crate::protocol) const API: &str = "https://example.com/health-api";
pub(in crate::protocol) const CLIENT: &str = "health-sync";
pub(in crate::protocol) const SECRET: &str = "a-secret-of-the-client";
pub(in crate::protocol) const ISSUER: &str = "https://login.example/";

/// An RSA key costs a moment: one for all tests, of the tenant and of the client alike.
pub(in crate::protocol) fn rsa() -> &'static (String, SigningKey) {
    static KEY: OnceLock<(String, SigningKey)> = OnceLock::new();
    KEY.get_or_init(|| made(Algorithm::Rs256))
}

pub(in crate::protocol) fn made(algorithm: Algorithm) -> (String, SigningKey) {
    let der = SigningKey::generate_pkcs8(algorithm, RsaBits::B2048).unwrap();
    let key = SigningKey::from_pkcs8(algorithm, "k1", der.expose()).unwrap();
    (b64::encode(der.expose()), key)
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Documents that a row may break before they become a tenant.
pub(in crate::protocol) struct World {
    pub(in crate::protocol) profile: Profile,
    pub(in crate::protocol) settings: Document,
    pub(in crate::protocol) client: Document,
    pub(in crate::protocol) api: Document,
    pub(in crate::protocol) grant: Option<Document>,
    pub(in crate::protocol) others: Vec<Document>,
    /// `None` leaves a parameter out.
    pub(in crate::protocol) form: Vec<(&'static str, Option<String>)>,
    pub(in crate::protocol) authorization: Option<String>,
    pub(in crate::protocol) query: Option<String>,
    pub(in crate::protocol) now: Timestamp,
}

impl World {
    pub(in crate::protocol) fn new(profile: Profile) -> Self {
        let mut settings = Document::new(Kind::Settings, "settings", 0);
        settings.body = Map::new();
        let mut client = Document::new(Kind::Client, CLIENT, 0);
        client.body = members(&json!({
            "name": "Health Sync",
            "app_type": "non_interactive",
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["client_credentials"],
        }));
        client
            .secrets
            .insert("client_secret".to_owned(), Secret::new(SECRET.to_owned()));
        let mut api = Document::new(Kind::Api, "698345de9c8cee9ee4c06e24", 0);
        api.body = members(&json!({
            "name": "Health API",
            "identifier": API,
            "signing_alg": "RS256",
            "token_lifetime": 86400,
            "scopes": [
                {"value": "read:patients"}, {"value": "write:patients"}, {"value": "read:admin"},
            ],
        }));
        let mut grant = Document::new(Kind::ClientGrant, "cgr_1", 0);
        grant.body = members(&json!({
            "client_id": CLIENT,
            "audience": API,
            "scope": ["read:patients", "write:patients"],
            "subject_type": "client",
        }));
        let mut key = Document::new(Kind::SigningKey, "k1", 0);
        key.body = members(&json!({"alg": "RS256", "state": "current", "since": 0}));
        key.secrets
            .insert("pkcs8".to_owned(), Secret::new(rsa().0.clone()));
        Self {
            profile,
            settings,
            client,
            api,
            grant: Some(grant),
            others: vec![key],
            form: vec![
                ("grant_type", Some("client_credentials".to_owned())),
                ("client_id", Some(CLIENT.to_owned())),
                ("client_secret", Some(SECRET.to_owned())),
                ("audience", Some(API.to_owned())),
                ("scope", None),
            ],
            authorization: None,
            query: None,
            now: NOW,
        }
    }

    /// Sets, replaces or (with an empty value) removes a parameter.
    pub(in crate::protocol) fn send(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.form.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.form.push((name, Some(value.to_owned())));
        }
        self
    }

    pub(in crate::protocol) fn member(document: &mut Document, name: &str, value: Value) {
        document.body.insert(name.to_owned(), value);
    }

    pub(in crate::protocol) fn tenant(&self) -> TenantView {
        let record = TenantRecord {
            id: TenantId::parse("ten_1").unwrap(),
            name: "t".to_owned(),
            host: Host::parse("login.example").unwrap(),
            custom_domains: Vec::new(),
            profile: self.profile,
        };
        let mut documents = vec![self.settings.clone(), self.client.clone(), self.api.clone()];
        documents.extend(self.grant.clone());
        documents.extend(self.others.iter().cloned());
        TenantView::assemble(record, 1, documents).unwrap()
    }

    pub(in crate::protocol) fn issuer() -> Issuer {
        Issuer::new("https", &Host::parse("login.example").unwrap())
    }

    pub(in crate::protocol) fn body(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.form {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        form.finish()
    }

    pub(in crate::protocol) fn request(
        &self,
    ) -> Result<TokenRequest, crate::protocol::refusal::Refusal> {
        let body = self.body();
        let raw = Raw {
            query: self.query.as_deref(),
            authorization: self.authorization.as_deref(),
            content_type: Some("application/x-www-form-urlencoded"),
            body: body.as_bytes(),
        };
        TokenRequest::parse(raw).map_err(|unreadable| unreadable.refusal)
    }

    pub(in crate::protocol) fn decide(&self) -> Decided {
        decide(
            &self.request().unwrap(),
            &self.tenant(),
            &Facts::default(),
            &Self::issuer(),
            self.now,
        )
    }

    /// The refusal, whether it comes from parsing or from deciding.
    pub(in crate::protocol) fn refusal(&self) -> crate::protocol::refusal::Refusal {
        match self.request() {
            Err(refusal) => refusal,
            Ok(_) => self.decide().outcome.unwrap_err(),
        }
    }
}
