//! Tables of calls against a tenant in memory. A call goes the way of the server's: route,
//! authorize, run, commit, reload.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use cardea_jose::{Algorithm, RsaBits, Secret, SigningKey, b64};
use serde_json::{Map, Value, json};

use super::der;
use super::{
    Answers, Call, Caller, FreshKeys, Method, Query, Reply, Route, Run, authorize, key_document,
    new_tenant_documents, route, system_scopes,
};
use crate::id::{ClientId, Host, KeyId, LogId, TenantId};
use crate::model::{Document, Issuer, Kind, Profile, TenantRecord, TenantView};
use crate::random::Seeded;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::write::{LogQuery, Write};

mod access;
mod apis;
mod attacks;
mod bodies;
mod client_bodies;
mod client_flags;
mod clients;
mod connections;
mod contract;
mod credentials;
mod grants;
mod keys;
mod logs;
mod look;
mod people;
mod roles;
mod routing;
mod search;
mod sessions;
mod settings;
mod tickets;
mod users;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_776_880_196);
pub(super) const MANAGEMENT: &str = "https://acme.example.com/api/v2/";
pub(super) const DATABASE: &str = "Username-Password-Authentication";
pub(super) const PASSWORD: &str = "correct horse battery staple";
/// Not a certificate; answers only wrap it.
pub(super) const CERTIFICATE: &str = "MIIBAQ==";

/// A tenant and one caller.
pub(super) struct World {
    pub(super) record: TenantRecord,
    pub(super) documents: Vec<Document>,
    pub(super) version: i64,
    pub(super) caller: Caller,
    pub(super) now: Timestamp,
    pub(super) logs: Vec<(LogId, Map<String, Value>)>,
    pub(super) people: people::People,
    random: Seeded,
}

impl World {
    pub(super) fn new(profile: Profile) -> Self {
        let mut random = Seeded::new("management");
        let host = Host::parse("acme.example.com").unwrap();
        let record = TenantRecord {
            id: TenantId::new(&mut random),
            name: "acme".to_owned(),
            host,
            custom_domains: vec![Host::parse("login.acme.example").unwrap()],
            profile,
        };
        let mut documents = new_tenant_documents(profile, MANAGEMENT, NOW, &mut random);
        documents.push(signing_key("kid-current", Algorithm::Rs256));
        let mut next = signing_key("kid-next", Algorithm::Rs256);
        next.body.insert("state".to_owned(), json!("next"));
        documents.push(next);
        let scopes = system_scopes();
        let caller = Caller {
            client_id: ClientId::parse("caller").unwrap(),
            user: None,
            scopes: scopes.iter().map(|(scope, _)| *scope).collect(),
        };
        Self {
            record,
            documents,
            version: 1,
            caller,
            now: NOW,
            logs: Vec::new(),
            people: people::People::default(),
            random,
        }
    }

    pub(super) fn compat() -> Self {
        Self::new(Profile::Compat)
    }

    /// From now on the caller has these scopes alone.
    pub(super) fn limited(&mut self, scopes: &str) {
        self.caller.scopes = Scopes::parse(scopes).unwrap();
    }

    pub(super) fn view(&self) -> TenantView {
        TenantView::assemble(self.record.clone(), self.version, self.documents.clone()).unwrap()
    }

    /// One call; `target` is the path below `/api/v2` and the query.
    pub(super) fn call(&mut self, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let refused = |error: super::ApiError| (error.status, error.to_json());
        let (operation, path) = match route(Method::parse(method).unwrap(), path) {
            Route::Operation(operation, path) => (operation, path),
            Route::NotYet(known) => return refused(known.refusal(&self.caller)),
            Route::Unknown => return refused(super::ApiError::route_not_found()),
        };
        if let Err(error) = authorize(operation, &self.caller) {
            return refused(error);
        }
        let view = self.view();
        let issuer = Issuer::new("https", &self.record.host);
        let caller = self.caller.clone();
        let call = Call {
            tenant: &view,
            issuer: &issuer,
            scheme: "https",
            path,
            query: Query::parse(query),
            body,
            caller: &caller,
            now: self.now,
        };
        let reply = match operation.run {
            Run::Pure(run) => run(&call, &mut self.random),
            Run::Keys { demand, run } => demand(&call).and_then(|algorithms| {
                let fresh = algorithms
                    .into_iter()
                    .enumerate()
                    .map(|(position, algorithm)| {
                        signing_key(&format!("fresh-{}-{position}", self.version), algorithm)
                    });
                run(&call, FreshKeys(fresh.collect()))
            }),
            Run::Logs { ask, answer } => {
                ask(&call).and_then(|question| answer(&question, self.rows(&question.query)))
            }
            Run::Stored { ask, then, answer } => ask(&call).and_then(|questions| {
                let mut answers = Answers::default();
                for question in questions {
                    answers.push(self.people.answer(question, self.now));
                }
                let more = then.map(|then| then(&call, &answers)).transpose()?;
                for question in more.into_iter().flatten() {
                    answers.push(self.people.answer(question, self.now));
                }
                answer(&call, answers, &mut self.random)
            }),
        };
        match reply {
            Ok(reply) => self.commit(reply),
            Err(error) => refused(error),
        }
    }

    fn commit(&mut self, mut reply: Reply) -> (u16, Value) {
        if let Some(asked) = &reply.hash_password {
            let hash = format!("hash of {}", asked.password.expose());
            assert!(reply.set_password_hash(&hash), "nobody gets the hash");
        }
        if let Some(algorithm) = reply.needs_key {
            let kid = format!("made-{}", algorithm.as_str());
            self.documents.push(signing_key(&kid, algorithm));
        }
        for write in reply.writes {
            self.apply(write);
        }
        self.version += 1;
        self.view(); // what was written reads back
        (reply.status, reply.body.unwrap_or(Value::Null))
    }

    fn apply(&mut self, write: Write) {
        let at = |documents: &[Document], kind: Kind, id: &str, revision: i64| {
            documents
                .iter()
                .position(|known| {
                    known.kind == kind && known.id == id && known.revision == revision
                })
                .expect("a guard does not hold")
        };
        match write {
            Write::Insert(document) => {
                let taken = self.documents.iter().any(|known| {
                    known.kind == document.kind
                        && (known.id == document.id
                            || known.unique.is_some() && known.unique == document.unique)
                });
                assert!(!taken, "{} exists", document.id);
                self.documents.push(document);
            }
            Write::Update(mut document) => {
                let at = at(
                    &self.documents,
                    document.kind,
                    &document.id,
                    document.revision,
                );
                document.revision += 1;
                self.documents[at] = document;
            }
            Write::Delete { kind, id, revision } => {
                let at = at(&self.documents, kind, &id, revision);
                self.documents.remove(at);
            }
            Write::Log(_) | Write::ConsumeAssertion { .. } => panic!("not a management write"),
            Write::Put(_)
            | Write::Replace(_)
            | Write::Consume(..)
            | Write::Revoke(_)
            | Write::User(_)
            | Write::Mail(_)
            | Write::ForgetFailures(_) => self.people.apply(write),
        }
    }

    fn rows(&self, query: &LogQuery) -> Vec<(LogId, Map<String, Value>)> {
        let mut rows = self.logs.clone();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let size = |count: &i64| usize::try_from(*count).unwrap();
        match query {
            LogQuery::One(id) => rows.into_iter().filter(|(known, _)| known == id).collect(),
            LogQuery::Newest { skip, take } => rows
                .into_iter()
                .rev()
                .skip(size(skip))
                .take(size(take))
                .collect(),
            LogQuery::After { from, take } => rows
                .into_iter()
                .filter(|(id, _)| from.as_ref().is_none_or(|from| id > from))
                .take(size(take))
                .collect(),
        }
    }

    pub(super) fn get(&mut self, target: &str) -> (u16, Value) {
        self.call("GET", target, None)
    }

    pub(super) fn post(&mut self, target: &str, body: Value) -> (u16, Value) {
        self.call("POST", target, Some(body))
    }

    pub(super) fn patch(&mut self, target: &str, body: Value) -> (u16, Value) {
        self.call("PATCH", target, Some(body))
    }

    pub(super) fn delete(&mut self, target: &str) -> (u16, Value) {
        self.call("DELETE", target, None)
    }

    /// A body that must be answered with `status`; gives the answer's body.
    pub(super) fn ok(&mut self, method: &str, target: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, target, Some(body).filter(|body| !body.is_null()));
        assert!(status < 300, "{method} {target}: {answer}");
        answer
    }

    /// Makes an application; gives its id.
    pub(super) fn client(&mut self, body: Value) -> String {
        self.ok("POST", "/clients", body)["client_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Makes an API with the scopes `read:x` and `write:x`; gives its id.
    pub(super) fn api(&mut self, identifier: &str) -> String {
        let scopes = json!([{ "value": "read:x" }, { "value": "write:x" }]);
        let body = json!({ "identifier": identifier, "scopes": scopes });
        self.ok("POST", "/resource-servers", body)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Makes a user of the default database; gives its id.
    pub(super) fn user(&mut self, email: &str) -> String {
        let body = json!({ "connection": DATABASE, "email": email, "password": PASSWORD });
        self.ok("POST", "/users", body)["user_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Makes a role; gives its id.
    pub(super) fn role(&mut self, name: &str) -> String {
        self.ok("POST", "/roles", json!({ "name": name }))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Every refusal of the table, in one world.
    pub(super) fn refuses(
        &mut self,
        method: &str,
        target: &str,
        table: &[(&str, Value, u16, &str)],
    ) {
        for (rule, body, status, message) in table {
            let (got, answer) = self.call(method, target, Some(body.clone()));
            assert_eq!(
                (got, answer["message"].as_str()),
                (*status, Some(*message)),
                "{rule}: {answer}"
            );
            assert_eq!(answer["statusCode"], json!(status), "{rule}");
        }
    }
}

/// One real RSA key for all tests; making one takes a while.
pub(super) fn rsa_pkcs8() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let der = SigningKey::generate_pkcs8(Algorithm::Rs256, RsaBits::B2048).unwrap();
        der.expose().clone()
    })
}

fn signing_key(kid: &str, algorithm: Algorithm) -> Document {
    let der = if algorithm.is_rsa() {
        rsa_pkcs8().to_vec()
    } else {
        SigningKey::generate_pkcs8(algorithm, RsaBits::B2048)
            .unwrap()
            .expose()
            .clone()
    };
    let kid = KeyId::parse(kid).unwrap();
    key_document(
        &kid,
        algorithm,
        Some(CERTIFICATE),
        Secret::new(b64::encode(&der)),
        NOW,
    )
}

const SEQUENCE: u8 = 0x30;

/// The test key's `SubjectPublicKeyInfo`.
fn spki() -> Vec<u8> {
    let key = SigningKey::from_pkcs8(Algorithm::Rs256, "k", rsa_pkcs8()).unwrap();
    let jwk = key.public_jwk().unwrap();
    let number = |text: Option<String>| {
        let mut bytes = b64::decode(&text.unwrap()).unwrap();
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        der::element(0x02, &[bytes])
    };
    spki_of(number(jwk.n), number(jwk.e))
}

pub(super) fn spki_of(n: Vec<u8>, e: Vec<u8>) -> Vec<u8> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let oid = der::element(0x06, &[RSA.to_vec()]);
    let algorithm = der::element(SEQUENCE, &[oid, der::element(0x05, &[])]);
    let key = der::element(SEQUENCE, &[n, e]);
    let bits = der::element(0x03, &[vec![0], key]);
    der::element(SEQUENCE, &[algorithm, bits])
}

/// The test key's public half.
pub(super) fn public_pem() -> String {
    der::pem("PUBLIC KEY", &spki())
}

/// A certificate of the test key that ends at `not_after` (`YYMMDDHHMMSSZ`).
pub(super) fn certificate_pem(not_after: &str) -> String {
    let empty = || der::element(SEQUENCE, &[]);
    let time = |text: &str| der::element(0x17, &[text.as_bytes().to_vec()]);
    let body = der::element(
        SEQUENCE,
        &[
            der::element(0xa0, &[der::element(0x02, &[vec![2]])]),
            der::element(0x02, &[vec![1]]),
            empty(),
            empty(),
            der::element(SEQUENCE, &[time("200101000000Z"), time(not_after)]),
            empty(),
            spki(),
        ],
    );
    let signature = der::element(0x03, &[vec![0, 1]]);
    der::pem(
        "CERTIFICATE",
        &der::element(SEQUENCE, &[body, empty(), signature]),
    )
}

pub(super) fn keys_of(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

pub(super) fn key_set(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}
