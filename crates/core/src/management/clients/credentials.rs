//! `/clients/{client_id}/credentials`: the public keys of an application.

use cardea_jose::{Algorithm, VerifyingKey};
use serde_json::{Map, Value, json};

use super::super::call::{Call, Reply};
use super::super::der;
use super::super::error::ApiError;
use super::super::paging::OFFSET;
use super::super::schema::Mode;
use super::super::validate::{body, query};
use super::rules;
use super::table::{NEW_CREDENTIAL, PATCH_CREDENTIAL};
use super::view::find;
use crate::id::CredentialId;
use crate::model::{Client, Document, Entry, Kind};
use crate::random::Random;
use crate::time::Timestamp;
use crate::write::Write;

/// How many an application may have; some are waiting, some are expired.
const MAX: usize = 20;

/// The order of an answer.
const ORDER: &[&str] = &[
    "id",
    "credential_type",
    "kid",
    "alg",
    "name",
    "created_at",
    "updated_at",
    "expires_at",
];

pub(in super::super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    // tools send the paging parameters; the answer is the whole list all the same
    query(&call.query, &[OFFSET])?;
    let client = find(call, "client_id")?;
    let mut documents: Vec<&Document> = of(call, client.parsed.id.as_str()).collect();
    documents.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let shown: Vec<Value> = documents
        .into_iter()
        .map(|document| view(document).into())
        .collect();
    Ok(Reply::ok(shown))
}

pub(in super::super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let (_, document) = find_one(call)?;
    Ok(Reply::ok(view(document)))
}

pub(in super::super) fn create(
    call: &Call<'_>,
    random: &mut dyn Random,
) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let client = find(call, "client_id")?;
    let sent = body(call, &NEW_CREDENTIAL, Mode::Create)?;
    if client.parsed.global {
        return Err(ApiError::body("The global client has no credentials."));
    }
    let owned: Vec<&Document> = of(call, client.parsed.id.as_str()).collect();
    if owned.len() >= MAX {
        let message = "You reached the limit of entities of this type for this client.";
        return Err(ApiError::new(403, message, Some("operation_not_supported")));
    }
    let document = build(call, client.parsed.id.as_str(), sent, random)?;
    let kid = document.body.get("kid");
    if owned.iter().any(|other| other.body.get("kid") == kid) {
        let message = "A credential with the same kid already exists.";
        return Err(ApiError::new(409, message, Some("conflict")));
    }
    Ok(Reply::created(
        view(&document),
        vec![Write::Insert(document)],
    ))
}

pub(in super::super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let (_, document) = find_one(call)?;
    let sent = body(call, &PATCH_CREDENTIAL, Mode::Patch)?;
    let mut document = document.clone();
    match sent.get("expires_at").and_then(Value::as_str) {
        Some(text) => {
            let at = future(call, text)?;
            document
                .body
                .insert("expires_at".to_owned(), json!(at.to_string()));
        }
        None => {
            document.body.shift_remove("expires_at");
        }
    }
    document
        .body
        .insert("updated_at".to_owned(), json!(call.now.to_string()));
    Ok(Reply::ok(view(&document)).with_writes(vec![Write::Update(document)]))
}

/// A deleted credential is taken out of the application's lists in the same commit.
pub(in super::super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let client = find(call, "client_id")?;
    let Ok((_, document)) = find_one(call) else {
        return Ok(Reply::no_content(Vec::new()));
    };
    let mut writes = vec![Write::delete(document)];
    let mut updated = client.document.clone();
    let mut used = false;
    for list in rules::credential_lists_mut(&mut updated.body) {
        let before = list.len();
        list.retain(|entry| entry.get("id").and_then(Value::as_str) != Some(&document.id));
        used |= list.len() != before;
    }
    if used {
        writes.push(Write::Update(updated));
    }
    Ok(Reply::no_content(writes))
}

/// The credential documents of an application.
pub(super) fn of<'a>(call: &Call<'a>, client: &str) -> impl Iterator<Item = &'a Document> {
    let owned = move |document: &&Document| document.parent.as_deref() == Some(client);
    let documents: Vec<&Document> = call
        .tenant
        .credentials
        .values()
        .map(|entry| &entry.document)
        .filter(owned)
        .collect();
    documents.into_iter()
}

/// Turns the credentials that a new application brings along into documents; its lists keep
/// their ids.
pub(super) fn inline(
    call: &Call<'_>,
    client: &mut Document,
    random: &mut dyn Random,
) -> Result<Vec<Write>, ApiError> {
    let mut writes = Vec::new();
    let mut kids: Vec<Value> = Vec::new();
    for list in rules::credential_lists_mut(&mut client.body) {
        for entry in list {
            let Value::Object(sent) = entry else {
                return Err(ApiError::internal());
            };
            let document = build(call, &client.id, sent, random)?;
            let kid = document.body.get("kid").cloned().unwrap_or_default();
            if writes.len() >= MAX || kids.contains(&kid) {
                return Err(ApiError::body(
                    "Too many credentials, or two with the same kid.",
                ));
            }
            kids.push(kid);
            *entry = json!({ "id": document.id });
            writes.push(Write::Insert(document));
        }
    }
    Ok(writes)
}

fn find_one<'a>(call: &Call<'a>) -> Result<(&'a Entry<Client>, &'a Document), ApiError> {
    let client = find(call, "client_id")?;
    let credential = call.tenant.credentials.get(call.path.get("credential_id"));
    let document = credential.map(|entry| &entry.document);
    let own = |document: &&Document| document.parent.as_deref() == Some(client.parsed.id.as_str());
    Ok((
        client,
        document.filter(own).ok_or_else(ApiError::no_credential)?,
    ))
}

fn build(
    call: &Call<'_>,
    client: &str,
    sent: &Map<String, Value>,
    random: &mut dyn Random,
) -> Result<Document, ApiError> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    if text("credential_type") != Some("public_key") {
        return Err(ApiError::not_enabled()); // for mutual TLS, which is not served
    }
    let pem = text("pem").ok_or_else(|| ApiError::payload("Missing required property: pem", ""))?;
    let alg = text("alg").unwrap_or("RS256");
    let algorithm: Algorithm = alg.parse().map_err(|_| ApiError::internal())?;
    // attack JWT-28: short, weak and malformed keys end here
    let key = VerifyingKey::jwk_of_spki_pem(algorithm, pem)
        .map_err(|_| ApiError::body("The public key is not valid, or too weak to be used."))?;

    let mut document = Document::new(
        Kind::Credential,
        CredentialId::new(random).as_str(),
        call.now.millis(),
    );
    document.parent = Some(client.to_owned());
    let now = call.now.to_string();
    let mut put = |name: &str, value: &str| document.body.insert(name.to_owned(), json!(value));
    put("credential_type", "public_key");
    put("kid", text("kid").unwrap_or(&key.thumbprint()));
    put("alg", alg);
    if let Some(name) = text("name") {
        put("name", name);
    }
    put("pem", pem);
    put("created_at", &now);
    put("updated_at", &now);
    if let Some(at) = expiry(call, sent, pem)? {
        put("expires_at", &at.to_string());
    }
    Ok(document)
}

fn expiry(
    call: &Call<'_>,
    sent: &Map<String, Value>,
    pem: &str,
) -> Result<Option<Timestamp>, ApiError> {
    if let Some(text) = sent.get("expires_at").and_then(Value::as_str) {
        return future(call, text).map(Some);
    }
    let from_certificate = sent.get("parse_expiry_from_cert").and_then(Value::as_bool);
    if from_certificate != Some(true) {
        return Ok(None);
    }
    let message = "parse_expiry_from_cert needs a certificate that is not expired.";
    let not_after = der::not_after(pem).filter(|at| *at > call.now);
    not_after.map(Some).ok_or_else(|| ApiError::body(message))
}

fn future(call: &Call<'_>, text: &str) -> Result<Timestamp, ApiError> {
    let at = Timestamp::parse(text).filter(|at| *at > call.now);
    at.ok_or_else(|| ApiError::body("expires_at must be in the future"))
}

/// The key itself is never shown again.
fn view(document: &Document) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in ORDER {
        let value = match *name {
            "id" => Some(json!(document.id)),
            name => document.body.get(name).cloned(),
        };
        if let Some(value) = value {
            shown.insert((*name).to_owned(), value);
        }
    }
    shown
}
