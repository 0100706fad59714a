//! `/keys/signing`: the tenant's own signing keys.

use std::collections::BTreeSet;

use cardea_jose::{Algorithm, Secret, sha1};
use serde_json::{Map, Value};

use super::call::{Call, FreshKeys, Reply};
use super::der;
use super::error::ApiError;
use super::validate::query;
use crate::id::KeyId;
use crate::model::{Document, Entry, KeyState, Kind, TenantKey, TenantView};
use crate::random::Random;
use crate::time::Timestamp;
use crate::write::Write;

/// A new signing key's document. `certificate` is its DER in base64 (`x5c`), `pkcs8` the private
/// key's DER in base64url.
pub fn key_document(
    kid: &KeyId,
    algorithm: Algorithm,
    certificate: Option<&str>,
    pkcs8: Secret<String>,
    now: Timestamp,
) -> Document {
    let mut document = Document::new(Kind::SigningKey, kid.as_str(), now.millis());
    let mut put = |name: &str, value: Value| document.body.insert(name.to_owned(), value);
    put("alg", algorithm.as_str().into());
    put("state", KeyState::Current.as_str().into());
    put("since", now.millis().into());
    if let Some(certificate) = certificate {
        put("x5c", certificate.into());
    }
    document.secrets.insert("pkcs8".to_owned(), pkcs8);
    document
}

/// The algorithm that `body` names at `path`, if a tenant key signs with it and there is none.
pub(super) fn missing(
    tenant: &TenantView,
    body: &Map<String, Value>,
    path: &[&str],
) -> Option<Algorithm> {
    let (first, rest) = path.split_first()?;
    let named = rest
        .iter()
        .try_fold(body.get(*first)?, |value, member| value.get(member))?;
    let algorithm: Algorithm = named.as_str()?.parse().ok()?;
    let present = algorithm.is_symmetric() || tenant.keys.current(algorithm).is_some();
    (!present).then_some(algorithm)
}

pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let mut keys: Vec<_> = call.tenant.keys.iter().collect();
    // stable: within an algorithm the ring's order stays, current first
    keys.sort_by_key(|entry| entry.parsed.algorithm);
    let shown: Vec<Value> = keys
        .into_iter()
        .map(|entry| view(&entry.document))
        .collect();
    Ok(Reply::ok(shown))
}

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    Ok(Reply::ok(view(&find(call)?.document)))
}

pub(super) fn rotate_demand(call: &Call<'_>) -> Result<Vec<Algorithm>, ApiError> {
    query(&call.query, &[])?;
    // every verifier reads the whole JWKS, and some stop early (attack MGMT-31)
    let previous = |entry: &&std::sync::Arc<Entry<TenantKey>>| {
        entry.parsed.state == KeyState::Previous && entry.parsed.algorithm == Algorithm::Rs256
    };
    if call.tenant.keys.iter().filter(previous).count() >= MAX_PREVIOUS {
        return Err(ApiError::too_many_keys(MAX_PREVIOUS));
    }
    Ok(algorithms(call)
        .into_iter()
        .flat_map(|algorithm| demand(call, algorithm))
        .collect())
}

/// Previous keys of one algorithm that may stand in the JWKS.
const MAX_PREVIOUS: usize = 10;

/// Each algorithm in use moves on by one. What the previous key signed still verifies: a key is
/// revoked explicitly, never by the way.
pub(super) fn rotate(call: &Call<'_>, fresh: FreshKeys) -> Result<Reply, ApiError> {
    let mut fresh = Fresh(fresh.0);
    let mut writes = Vec::new();
    let mut answer = None;
    for algorithm in algorithms(call) {
        let next = advance(call, algorithm, &mut fresh, &mut writes)?;
        answer.get_or_insert(next);
    }
    let body = answer.ok_or_else(ApiError::no_key)?;
    Ok(Reply::created(body, writes))
}

pub(super) fn revoke_demand(call: &Call<'_>) -> Result<Vec<Algorithm>, ApiError> {
    query(&call.query, &[])?;
    let key = &find(call)?.parsed;
    Ok(match key.state {
        KeyState::Current => demand(call, key.algorithm),
        KeyState::Next => vec![key.algorithm],
        KeyState::Previous | KeyState::Revoked => Vec::new(),
    })
}

/// The current key cannot go without a successor, so revoking it rotates first.
pub(super) fn revoke(call: &Call<'_>, fresh: FreshKeys) -> Result<Reply, ApiError> {
    let entry = find(call)?;
    let mut fresh = Fresh(fresh.0);
    let mut writes = Vec::new();
    match entry.parsed.state {
        KeyState::Revoked => return Ok(Reply::ok(view(&entry.document))),
        KeyState::Previous => {}
        KeyState::Next => {
            let key = fresh.take(entry.parsed.algorithm)?;
            writes.push(Write::Insert(in_state(key, KeyState::Next, call.now)));
        }
        KeyState::Current => {
            advance(call, entry.parsed.algorithm, &mut fresh, &mut writes)?;
            // the rotation's own update of this key is replaced by the one below
            writes.retain(|write| {
                !matches!(write, Write::Update(document) if document.id == entry.document.id)
            });
        }
    }
    let revoked = revoked(&entry.document, call.now);
    let body = view(&revoked);
    writes.push(Write::Update(revoked));
    Ok(Reply::ok(body).with_writes(writes))
}

fn find<'a>(call: &Call<'a>) -> Result<&'a Entry<TenantKey>, ApiError> {
    let entry = call.tenant.keys.get(call.path.get("kid"));
    entry.map(AsRef::as_ref).ok_or_else(ApiError::no_key)
}

/// Those with a current key; RS256 first, since the answer shows the first one's next key.
fn algorithms(call: &Call<'_>) -> Vec<Algorithm> {
    let current = call
        .tenant
        .keys
        .iter()
        .filter(|entry| entry.parsed.state == KeyState::Current);
    let algorithms: BTreeSet<Algorithm> = current.map(|entry| entry.parsed.algorithm).collect();
    algorithms.into_iter().collect()
}

/// One key is the new next one; without a next key yet, another becomes current.
fn demand(call: &Call<'_>, algorithm: Algorithm) -> Vec<Algorithm> {
    match call.tenant.keys.in_state(algorithm, KeyState::Next) {
        Some(_) => vec![algorithm],
        None => vec![algorithm, algorithm],
    }
}

/// The keys that the server made.
struct Fresh(Vec<Document>);

impl Fresh {
    fn take(&mut self, algorithm: Algorithm) -> Result<Document, ApiError> {
        let named = |document: &Document| {
            document.body.get("alg").and_then(Value::as_str) == Some(algorithm.as_str())
        };
        let position = self
            .0
            .iter()
            .position(named)
            .ok_or_else(ApiError::internal)?;
        Ok(self.0.remove(position))
    }
}

/// Current becomes previous, next becomes current, a fresh one becomes next; gives the view of
/// the latter.
fn advance(
    call: &Call<'_>,
    algorithm: Algorithm,
    fresh: &mut Fresh,
    writes: &mut Vec<Write>,
) -> Result<Value, ApiError> {
    let keys = &call.tenant.keys;
    if let Some(current) = keys.in_state(algorithm, KeyState::Current) {
        let mut previous = current.document.clone();
        let until = call.now.millis();
        previous
            .body
            .insert("state".to_owned(), KeyState::Previous.as_str().into());
        previous
            .body
            .insert("current_until".to_owned(), until.into());
        writes.push(Write::Update(previous));
    }
    if let Some(next) = keys.in_state(algorithm, KeyState::Next) {
        let current = in_state(next.document.clone(), KeyState::Current, call.now);
        writes.push(Write::Update(current));
    } else {
        let current = in_state(fresh.take(algorithm)?, KeyState::Current, call.now);
        writes.push(Write::Insert(current));
    }
    let next = in_state(fresh.take(algorithm)?, KeyState::Next, call.now);
    let shown = view(&next);
    writes.push(Write::Insert(next));
    Ok(shown)
}

fn in_state(mut document: Document, state: KeyState, now: Timestamp) -> Document {
    document
        .body
        .insert("state".to_owned(), state.as_str().into());
    document
        .body
        .insert("since".to_owned(), now.millis().into());
    document
}

/// A revoked key keeps its certificate and loses its private half.
fn revoked(document: &Document, now: Timestamp) -> Document {
    let mut document = document.clone();
    let was_current = document.body.get("state").and_then(Value::as_str) == Some("current");
    if was_current {
        document
            .body
            .insert("current_until".to_owned(), now.millis().into());
    }
    document
        .body
        .insert("state".to_owned(), KeyState::Revoked.as_str().into());
    document
        .body
        .insert("revoked_at".to_owned(), now.millis().into());
    document.secrets.remove("pkcs8");
    document
}

fn view(document: &Document) -> Value {
    let member = |name: &str| document.body.get(name);
    let state = member("state")
        .and_then(Value::as_str)
        .and_then(KeyState::parse);
    let date = |name: &str| {
        let at = member(name)
            .and_then(Value::as_i64)
            .map(Timestamp::from_millis)?;
        Some(Value::from(at.to_string()))
    };
    let der = member("x5c")
        .and_then(Value::as_str)
        .and_then(der::from_base64);
    let print = der.as_ref().map(|der| {
        let digest = sha1(der);
        digest
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<Vec<_>>()
    });
    let der = der.as_deref();
    let text = |text: Option<String>| Value::from(text.unwrap_or_default());

    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("kid", document.id.as_str().into());
    put("alg", member("alg").cloned().unwrap_or_default());
    put("cert", text(der.map(|der| der::pem("CERTIFICATE", der))));
    put(
        "pkcs7",
        text(der.map(|der| der::pem("PKCS7", &der::pkcs7(der)))),
    );
    put("current", (state == Some(KeyState::Current)).into());
    put("next", (state == Some(KeyState::Next)).into());
    put("previous", (state == Some(KeyState::Previous)).into());
    let was_current = state != Some(KeyState::Next);
    if let Some(since) = date("since").filter(|_| was_current) {
        put("current_since", since);
    }
    if let Some(until) = date("current_until") {
        put("current_until", until);
    }
    put(
        "fingerprint",
        text(print.as_ref().map(|print| print.join(":"))),
    );
    put(
        "thumbprint",
        text(print.as_ref().map(|print| print.concat())),
    );
    put("revoked", (state == Some(KeyState::Revoked)).into());
    if let Some(at) = date("revoked_at") {
        put("revoked_at", at);
    }
    Value::Object(shown)
}

/// `signing_keys` of an application: the tenant's current RS256 certificate.
pub(super) fn signing_keys(tenant: &TenantView, subject: &str) -> Option<Value> {
    let key = tenant.keys.in_state(Algorithm::Rs256, KeyState::Current)?;
    let der = der::from_base64(key.parsed.certificate.as_deref()?)?;
    Some(serde_json::json!([{
        "cert": der::pem("CERTIFICATE", &der),
        "pkcs7": der::pem("PKCS7", &der::pkcs7(&der)),
        "subject": subject,
    }]))
}
