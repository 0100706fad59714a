//! `/clients`: applications.

mod addons;
pub(super) mod credentials;
mod rules;
pub(super) mod table;
mod view;

use cardea_jose::Secret;
use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::fields::FIELDS;
use super::merge::{given, merge};
use super::paging::{self, CHECKPOINT, OFFSET};
use super::schema::{BOOL, List, Mode, TEXT, Type, WORD, text};
use super::validate::{Param, Params, body, param, query};
use super::{defaults, keys};
use crate::id::ClientId;
use crate::model::{ArtefactKind, Client, Document, Entry, Kind, Revoke, SecretDigest};
use crate::random::{Random, url_safe};
use crate::write::Write;

pub(super) use table::{CLIENT, QUOTA_FIELDS};

const LIST: &[Param] = &[
    param("is_global", BOOL),
    param("is_first_party", BOOL),
    param("app_type", TEXT),
    param("external_client_id", text(1, 120)),
    param("q", text(1, 500)),
];

pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET, CHECKPOINT, FIELDS])?;
    let projection = view::projection(call, &params)?;
    let granted = search(call, &params)?;
    let documents = call.tenant.clients.values().filter(|entry| {
        is_listed(entry, &params)
            && granted
                .as_ref()
                .is_none_or(|granted| granted.contains(&entry.parsed.id))
    });
    let documents = documents.map(|entry| &entry.document).collect();
    paging::reply(call, &params, "clients", documents, |document| {
        projection.apply(view::read(call, document))
    })
}

fn is_listed(entry: &Entry<Client>, params: &Params) -> bool {
    let client = &entry.parsed;
    let text = |name: &str| entry.document.body.get(name).and_then(Value::as_str);
    let types = params.text("app_type");
    params
        .flag("is_global")
        .is_none_or(|global| client.global == global)
        && params
            .flag("is_first_party")
            .is_none_or(|first| client.first_party == first)
        && types.is_none_or(|types| {
            text("app_type").is_some_and(|app| types.split(',').any(|known| known.trim() == app))
        })
        && params
            .text("external_client_id")
            .is_none_or(|id| text("external_client_id") == Some(id))
}

/// The two searches that the contract permits (attack MGMT-12: nothing else is read as one).
fn search(call: &Call<'_>, params: &Params) -> Result<Option<Vec<ClientId>>, ApiError> {
    let Some(search) = params.text("q") else {
        return Ok(None);
    };
    let filters = [
        "is_global",
        "is_first_party",
        "app_type",
        "external_client_id",
    ];
    if filters.into_iter().any(|name| params.has(name)) {
        return Err(ApiError::query(
            "Cannot be used in combination with other filters",
            "q",
        ));
    }
    match search.split_once(':') {
        Some(("client_grant.allow_any_organization", "true")) => {
            let grants = call.tenant.grants.values().filter(|grant| {
                let any = grant.document.body.get("allow_any_organization");
                any.and_then(Value::as_bool) == Some(true)
            });
            Ok(Some(
                grants
                    .filter_map(|grant| grant.parsed.key.client.clone())
                    .collect(),
            ))
        }
        // there are no organizations yet, so no grant belongs to one
        Some(("client_grant.organization_id", id)) if !id.is_empty() => Ok(Some(Vec::new())),
        _ => Err(ApiError::query("Query is not supported", "q")),
    }
}

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[FIELDS])?;
    let projection = view::projection(call, &params)?;
    let entry = view::find(call, "id")?;
    Ok(Reply::ok(
        projection.apply(view::read(call, &entry.document)),
    ))
}

pub(super) fn create(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &CLIENT, Mode::Create)?;
    rules::check_new(call, sent)?;

    let id = ClientId::new(random);
    let mut document = Document::new(Kind::Client, id.as_str(), call.now.millis());
    document.body = given(&CLIENT, sent);
    let mut writes = credentials::inline(call, &mut document, random)?;
    defaults::fill_client(call.tenant.record.profile, &mut document.body);
    document.body.insert("global".to_owned(), json!(false));
    rules::check(call, &document)?;
    let secret = url_safe(random, 64);
    keep_secret(call, &mut document, &secret);

    let mut reply = Reply::created(view::created(call, &document, &secret), Vec::new());
    reply.needs_key = keys::missing(call.tenant, &document.body, &["jwt_configuration", "alg"]);
    writes.insert(0, Write::Insert(document));
    reply.writes = writes;
    Ok(reply)
}

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = view::find(call, "id")?;
    let sent = body(call, &CLIENT, Mode::Patch)?;
    rules::check_patch(call, entry, sent)?;

    let mut document = entry.document.clone();
    let mut patch: Map<String, Value> = sent.clone();
    let secret = patch.shift_remove("client_secret");
    merge(&CLIENT, &mut document.body, &patch);
    rules::settle_method(&mut document.body, sent);
    rules::check(call, &document)?;
    let secret = secret.as_ref().and_then(Value::as_str);
    if let Some(secret) = secret {
        keep_secret(call, &mut document, secret);
    }

    let mut reply = Reply::ok(view::written(call, &document, secret));
    reply.needs_key = keys::missing(call.tenant, &document.body, &["jwt_configuration", "alg"]);
    reply.writes.push(Write::Update(document));
    Ok(reply)
}

pub(super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    // deleting what is not there is done already: no tool was seen to get a 404 for it
    let Ok(entry) = view::find(call, "id") else {
        return Ok(Reply::no_content(Vec::new()));
    };
    if entry.parsed.global {
        return Err(ApiError::new(400, "Global client cannot be deleted.", None));
    }
    let id = &entry.parsed.id;
    let grants = call
        .tenant
        .grants
        .values()
        .filter(|grant| grant.parsed.key.client.as_ref() == Some(id));
    let mut writes: Vec<Write> = grants.map(|grant| Write::delete(&grant.document)).collect();
    writes.extend(credentials::of(call, id.as_str()).map(Write::delete));
    writes.extend(super::connections::without_client(call, id));
    let state = ArtefactKind::ALL.into_iter();
    writes.extend(state.map(|kind| Write::Revoke(Revoke::OfClient(kind, id.clone()))));
    writes.push(Write::delete(&entry.document));
    Ok(Reply::no_content(writes))
}

pub(super) fn rotate_secret(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = view::find(call, "id")?;
    rules::check_has_secret(entry)?;
    let mut document = entry.document.clone();
    let secret = url_safe(random, 64);
    keep_secret(call, &mut document, &secret);
    let shown = view::written(call, &document, Some(&secret));
    Ok(Reply::ok(shown).with_writes(vec![Write::Update(document)]))
}

const CONNECTIONS: &[Param] = &[param("strategy", Type::List(&List::of(WORD)))];

pub(super) fn connections(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[CONNECTIONS, CHECKPOINT, FIELDS])?;
    let client = &view::find(call, "id")?.parsed.id;
    super::connections::of_client(call, &params, client)
}

/// Sealed where it may be read again, digested where not.
fn keep_secret(call: &Call<'_>, document: &mut Document, secret: &str) {
    if defaults::secrets_are_readable(call.tenant.record.profile) {
        document.body.shift_remove("client_secret_digest");
        let secret = Secret::new(secret.to_owned());
        document.secrets.insert("client_secret".to_owned(), secret);
    } else {
        document.secrets.remove("client_secret");
        let digest = SecretDigest::of(secret).to_text();
        document
            .body
            .insert("client_secret_digest".to_owned(), digest.into());
    }
}

/// The "All Applications" entry: it holds the tenant's login page, and nobody can use it.
pub(super) fn global_document(created_at: i64, random: &mut dyn Random) -> Document {
    let mut document = Document::new(Kind::Client, ClientId::new(random).as_str(), created_at);
    let mut put = |name: &str, value: Value| document.body.insert(name.to_owned(), value);
    put("name", json!("All Applications"));
    put("global", json!(true));
    put("is_token_endpoint_ip_header_trusted", json!(false));
    put("is_first_party", json!(true));
    put("oidc_conformant", json!(true));
    put("sso_disabled", json!(false));
    put("cross_origin_authentication", json!(false));
    put("callbacks", json!([]));
    put("owners", json!([]));
    put("custom_login_page", json!(""));
    put("custom_login_page_on", json!(true));
    put("grant_types", json!([]));
    document
}
