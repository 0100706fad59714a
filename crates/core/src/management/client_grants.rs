//! `/client-grants`: what an application may get for an API.

use serde_json::{Map, Value};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::merge::{given, merge};
use super::paging::{self, CHECKPOINT, OFFSET};
use super::schema::{BOOL, Field, List, Mode, Object, Rest, Type, WORD, field, one_of, text};
use super::validate::{Param, body, param, query};
use crate::id::{ClientId, GrantId};
use crate::model::{Api, Client, ClientGrant, Document, Entry, GrantKey, Kind, SubjectType};
use crate::random::Random;
use crate::scope::Scopes;
use crate::write::Write;

/// The body of `POST /client-grants` and `PATCH /client-grants/{id}`.
pub(super) static GRANT: Object = Object {
    fields: GRANT_FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const GRANT_FIELDS: &[Field] = &[
    field("client_id", WORD).only(Mode::Create),
    field("audience", text(1, 600))
        .required()
        .only(Mode::Create),
    field("default_for", one_of(DEFAULT_FOR)).only(Mode::Create),
    field("organization_usage", one_of(&["deny", "allow", "require"])).null_on_patch(),
    field("allow_any_organization", BOOL).null_on_patch(),
    field("scope", Type::List(&SCOPE)).null_on_patch(),
    field("subject_type", SUBJECT_TYPE).only(Mode::Create),
    field(
        "authorization_details_types",
        Type::List(&List::of(text(1, 255))),
    ),
    field("allow_all_scopes", BOOL).null_on_patch(),
];

const DEFAULT_FOR: &[&str] = &["third_party_clients"];
const SUBJECT_TYPE: Type = one_of(&["client", "user"]);
static SCOPE: List = List::of(text(1, 280)).unique();

const LIST: &[Param] = &[
    param("audience", WORD),
    param("client_id", WORD),
    param("allow_any_organization", BOOL),
    param("subject_type", SUBJECT_TYPE),
    param("default_for", one_of(DEFAULT_FOR)),
];

/// The order of an answer.
const ORDER: &[&str] = &[
    "id",
    "client_id",
    "audience",
    "scope",
    "subject_type",
    "default_for",
    "organization_usage",
    "allow_any_organization",
    "allow_all_scopes",
    "authorization_details_types",
    "is_system",
];

pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET, CHECKPOINT])?;
    let named = |document: &Document, name: &str| {
        let wanted = params.text(name);
        wanted.is_none() || document.body.get(name).and_then(Value::as_str) == wanted
    };
    let subject = |document: &Document| {
        let subject = document.body.get("subject_type").and_then(Value::as_str);
        let wanted = params.text("subject_type");
        wanted.is_none() || Some(subject.unwrap_or("client")) == wanted
    };
    let organizations = |document: &Document| {
        let allowed = document
            .body
            .get("allow_any_organization")
            .and_then(Value::as_bool);
        let wanted = params.flag("allow_any_organization");
        wanted.is_none_or(|wanted| allowed.unwrap_or(false) == wanted)
    };
    let documents = call.tenant.grants.values().map(|entry| &entry.document);
    let documents = documents
        .filter(|document| {
            ["audience", "client_id", "default_for"]
                .into_iter()
                .all(|name| named(document, name))
                && subject(document)
                && organizations(document)
        })
        .collect();
    paging::reply(call, &params, "client_grants", documents, view)
}

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    Ok(Reply::ok(view(&find(call)?.document)))
}

pub(super) fn create(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &GRANT, Mode::Create)?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let client = match (text("client_id"), text("default_for")) {
        (Some(_), Some(_)) => {
            return Err(ApiError::body(
                "client_id and default_for are mutually exclusive",
            ));
        }
        (None, None) => {
            return Err(ApiError::payload(
                "Missing required property: client_id",
                "",
            ));
        }
        (Some(id), None) => Some(find_client(call, id)?),
        (None, Some(_)) => None,
    };
    let audience = text("audience").unwrap_or_default();
    let api = &call
        .tenant
        .api(audience)
        .ok_or_else(ApiError::no_api)?
        .parsed;
    check_party(api, client)?;

    let subject = text("subject_type")
        .and_then(SubjectType::parse)
        .unwrap_or(SubjectType::Client);
    let key = GrantKey {
        client: client.map(|client| client.id.clone()),
        audience: api.identifier.clone(),
        subject,
    };
    let taken = call
        .tenant
        .grants
        .values()
        .any(|grant| grant.parsed.key == key);
    if taken {
        return Err(ApiError::grant_exists(
            key.client.as_ref().map(ClientId::as_str),
            audience,
        ));
    }

    let mut document = Document::new(
        Kind::ClientGrant,
        GrantId::new(random).as_str(),
        call.now.millis(),
    );
    document.unique = Some(key.unique());
    document.body = given(&GRANT, sent);
    document
        .body
        .insert("subject_type".to_owned(), subject.as_str().into());
    settle_scopes(&mut document);
    check_scopes(call, api, &document, None)?;
    Ok(Reply::created(
        view(&document),
        vec![Write::Insert(document)],
    ))
}

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let sent = body(call, &GRANT, Mode::Patch)?;
    let mut document = entry.document.clone();
    merge(&GRANT, &mut document.body, sent);
    settle_scopes(&mut document);
    let api = call
        .tenant
        .api(entry.parsed.key.audience.as_str())
        .ok_or_else(ApiError::no_api)?;
    check_scopes(call, &api.parsed, &document, Some(&entry.parsed))?;
    Ok(Reply::ok(view(&document)).with_writes(vec![Write::Update(document)]))
}

pub(super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call).ok();
    Ok(Reply::no_content(
        entry
            .map(|entry| Write::delete(&entry.document))
            .into_iter()
            .collect(),
    ))
}

/// There are no organizations yet, so the true answer is an empty list.
pub(super) fn organizations(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[OFFSET, CHECKPOINT])?;
    find(call)?;
    paging::reply(call, &params, "organizations", Vec::new(), |_| Map::new())
}

fn find<'a>(call: &Call<'a>) -> Result<&'a Entry<ClientGrant>, ApiError> {
    let entry = call.tenant.grants.get(call.path.get("id"));
    entry.map(AsRef::as_ref).ok_or_else(ApiError::no_grant)
}

fn find_client<'a>(call: &Call<'a>, id: &str) -> Result<&'a Client, ApiError> {
    let entry = call
        .tenant
        .clients
        .get(id)
        .filter(|entry| !entry.parsed.global);
    entry
        .map(|entry| &entry.parsed)
        .ok_or_else(ApiError::no_client)
}

/// The tenant's own APIs are for the tenant's own applications.
fn check_party(api: &Api, client: Option<&Client>) -> Result<(), ApiError> {
    let third_party = client.is_none_or(|client| !client.first_party);
    if api.system.is_some() && third_party {
        return Err(ApiError::body(
            "Client grants for this API cannot be created for third-party clients.",
        ));
    }
    Ok(())
}

/// `scope` is always there.
fn settle_scopes(document: &mut Document) {
    if !document.body.contains_key("scope") {
        document
            .body
            .insert("scope".to_owned(), Value::Array(Vec::new()));
    }
}

fn check_scopes(
    call: &Call<'_>,
    api: &Api,
    document: &Document,
    before: Option<&ClientGrant>,
) -> Result<(), ApiError> {
    let new = ClientGrant::from_document(document).map_err(|_| ApiError::internal())?;
    if new.allow_all_scopes && api.system.is_some() {
        let message = "`allow_all_scopes` cannot be provided when `audience` is a system API";
        return Err(ApiError::body(message));
    }
    if new.allow_all_scopes && !new.scopes.is_empty() {
        let message = "`scope` cannot be provided when `allow_all_scopes` is true";
        return Err(ApiError::body(message));
    }
    // what is held already may be kept, so that a grant can be narrowed
    let held = before.map(|grant| grant.scopes.clone()).unwrap_or_default();
    let added = |allowed: &Scopes| -> Vec<String> {
        let added = new.scopes.iter().filter(|scope| !held.contains(scope));
        added
            .filter(|scope| !allowed.contains(scope))
            .map(ToOwned::to_owned)
            .collect()
    };
    let undefined = added(&api.scopes);
    if !undefined.is_empty() {
        let names = undefined.join(", ");
        let message = format!("Scopes are not defined on the resource server: {names}");
        return Err(ApiError::body(message));
    }
    // attack MGMT-09: nobody grants what they do not hold themselves
    let lacked = if api.system.is_some() {
        added(&call.caller.scopes)
    } else {
        Vec::new()
    };
    if lacked.is_empty() {
        return Ok(());
    }
    let names = lacked.join(", ");
    let message = format!("Scopes that the bearer token lacks cannot be granted: {names}");
    Err(ApiError::new(403, message, Some("insufficient_scope")))
}

fn view(document: &Document) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in ORDER {
        let value = match *name {
            "id" => Some(Value::from(document.id.as_str())),
            name => document.body.get(name).cloned(),
        };
        if let Some(value) = value {
            shown.insert((*name).to_owned(), value);
        }
    }
    shown
}
