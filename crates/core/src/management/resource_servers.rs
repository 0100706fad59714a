//! `/resource-servers`: APIs.

use cardea_jose::Secret;
use serde_json::{Map, Value};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::fields::{FIELDS, Projection};
use super::format::{NAME, SCOPE};
use super::merge::{given, merge};
use super::paging::{self, OFFSET};
use super::schema::{BOOL, Field, List, Mode, Object, Type, WORD, field, limited, one_of, text};
use super::validate::{Param, body, param, query};
use super::{defaults, keys, roles};
use crate::id::{ApiId, ApiIdentifier};
use crate::model::{Api, Document, Entry, Kind, Permission, Profile, SystemApi};
use crate::random::{Random, url_safe};
use crate::write::{UserWrite, Write};

/// The body of `POST /resource-servers` and `PATCH /resource-servers/{id}`.
pub(super) static API: Object = Object::closed(API_FIELDS);

const API_FIELDS: &[Field] = &[
    field("name", limited(0, 200, NAME)),
    field("identifier", text(1, 600))
        .required()
        .only(Mode::Create),
    field("scopes", Type::List(&SCOPES)),
    field("signing_alg", one_of(SIGNING_ALGS)),
    field("signing_secret", text(16, 1024)),
    field("allow_offline_access", BOOL),
    field("allow_online_access", BOOL),
    field("allow_online_access_with_ephemeral_sessions", BOOL),
    field("token_lifetime", Type::Integer(0, 2_592_000)),
    // sent by tools; the contract has it in answers alone
    field("token_lifetime_for_web", Type::Integer(0, 2_592_000)),
    field("token_dialect", one_of(DIALECTS)),
    field("skip_consent_for_verifiable_first_party_clients", BOOL),
    field("enforce_policies", BOOL),
    field("token_encryption", Type::Object(&ENCRYPTION)).null(),
    field(
        "consent_policy",
        one_of(&["transactional-authorization-with-mfa"]),
    )
    .null(),
    field("authorization_details", Type::List(&List::of(Type::Any))).null(),
    field("proof_of_possession", Type::Object(&POSSESSION)).null(),
    field("subject_type_authorization", Type::Object(&SUBJECTS)).merged(),
    field("authorization_policy", Type::Object(&POLICY)).null(),
];

/// The contract's, and two of our own.
const SIGNING_ALGS: &[&str] = &["HS256", "RS256", "RS512", "PS256", "ES256", "EdDSA"];
const DIALECTS: &[&str] = &[
    "access_token",
    "access_token_authz",
    "rfc9068_profile",
    "rfc9068_profile_authz",
];

static SCOPES: List = List::of(Type::Object(&Object::closed(&[
    field("value", limited(1, 280, SCOPE)).required(),
    field("description", text(0, 500)),
])));

static ENCRYPTION: Object = Object::closed(&[
    field("format", one_of(&["compact-nested-jwe"])).required(),
    field("encryption_key", Type::Object(&ENCRYPTION_KEY)).required(),
]);

static ENCRYPTION_KEY: Object = Object::closed(&[
    field("name", text(1, 128)),
    field(
        "alg",
        one_of(&["RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"]),
    )
    .required(),
    field("kid", text(1, 128)),
    field("pem", text(1, 4096)).required(),
]);

static POSSESSION: Object = Object::closed(&[
    field("mechanism", one_of(&["mtls", "dpop"])).required(),
    field("required", BOOL).required(),
    field("required_for", one_of(&["public_clients", "all_clients"])),
]);

static SUBJECTS: Object = Object::closed(&[
    field(
        "user",
        Type::Object(&Object::open(&[field(
            "policy",
            one_of(&["allow_all", "deny_all", "require_client_grant"]),
        )])),
    ),
    field(
        "client",
        Type::Object(&Object::open(&[field(
            "policy",
            one_of(&["deny_all", "require_client_grant"]),
        )])),
    ),
]);

static POLICY: Object = Object::closed(&[field("policy_id", text(1, 1024)).required()]);

/// All that may be changed at one of the tenant's own APIs: not what it is, nor its scopes.
const SYSTEM_MAY_CHANGE: &[&str] = &[
    "token_lifetime",
    "token_lifetime_for_web",
    "skip_consent_for_verifiable_first_party_clients",
    "subject_type_authorization",
    "authorization_policy",
];

/// Members of answers that no body may hold.
const READ_ONLY: &[&str] = &["id", "identifier", "is_system", "client_id"];
/// Members that no answer shows.
const INTERNAL: &[&str] = &["system"];
/// The order of an answer; other members follow.
const ORDER: &[&str] = &[
    "id",
    "name",
    "identifier",
    "is_system",
    "scopes",
    "allow_offline_access",
    "skip_consent_for_verifiable_first_party_clients",
    "subject_type_authorization",
    "token_lifetime",
    "token_lifetime_for_web",
    "signing_alg",
    "signing_secret",
];

const LIST: &[Param] = &[param("identifiers", Type::List(&List::of(WORD)))];
const MAX_IDENTIFIERS: usize = 10;

fn projection(params: &super::validate::Params) -> Result<Projection, ApiError> {
    Projection::read(params, |name| {
        API.field(name, Mode::Create).is_some() || READ_ONLY.contains(&name)
    })
}

pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET, FIELDS])?;
    let projection = projection(&params)?;
    let wanted = params.texts("identifiers");
    if wanted
        .as_ref()
        .is_some_and(|wanted| wanted.len() > MAX_IDENTIFIERS)
    {
        let what = format!("Array is too long, maximum {MAX_IDENTIFIERS}");
        return Err(ApiError::query(&what, "identifiers"));
    }
    let entries = call.tenant.apis.values().filter(|entry| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&entry.parsed.identifier.as_str()))
    });
    let documents = entries.map(|entry| &entry.document).collect();
    paging::reply(call, &params, "resource_servers", documents, |document| {
        projection.apply(view(call, document, false))
    })
}

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[FIELDS])?;
    let projection = projection(&params)?;
    let entry = find(call)?;
    Ok(Reply::ok(projection.apply(view(
        call,
        &entry.document,
        false,
    ))))
}

pub(super) fn create(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &API, Mode::Create)?;
    let identifier = sent
        .get("identifier")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let identifier = free_identifier(call, identifier)?;

    let mut document = Document::new(Kind::Api, ApiId::new(random).as_str(), call.now.millis());
    document.unique = Some(identifier.as_str().to_owned());
    document.body = given(&API, sent);
    check_scopes(&document.body)?;
    defaults::fill_api(call.tenant.record.profile, &mut document.body);
    settle_secret(call, &mut document, random)?;
    check_lifetimes(&document.body)?;
    check_served(&document.body)?;

    let mut reply = Reply::created(view(call, &document, true), Vec::new());
    reply.needs_key = keys::missing(call.tenant, &document.body, &["signing_alg"]);
    reply.writes.push(Write::Insert(document));
    Ok(reply)
}

pub(super) fn patch(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let sent = body(call, &API, Mode::Patch)?;
    if entry.parsed.system.is_some() {
        let refused: Vec<_> = sent
            .keys()
            .filter(|name| !SYSTEM_MAY_CHANGE.contains(&name.as_str()))
            .collect();
        if !refused.is_empty() {
            let names = refused
                .into_iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(",");
            let what = format!("Additional properties not allowed: {names}");
            return Err(ApiError::payload(&what, ""));
        }
    }
    check_scopes(sent)?;

    let mut document = entry.document.clone();
    merge(&API, &mut document.body, sent);
    // a shorter lifetime takes the browser's with it, unless that one was sent too
    if !sent.contains_key("token_lifetime_for_web") {
        cap_web_lifetime(&mut document.body);
    }
    settle_secret(call, &mut document, random)?;
    check_lifetimes(&document.body)?;
    check_served(&document.body)?;

    let shows_secret = sent.contains_key("signing_secret")
        || entry.document.secrets.len() != document.secrets.len();
    let mut reply = Reply::ok(view(call, &document, shows_secret));
    reply.needs_key = keys::missing(call.tenant, &document.body, &["signing_alg"]);
    reply.writes = forgotten(call, entry, &document);
    reply.writes.push(Write::Update(document));
    Ok(reply)
}

pub(super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    // deleting what is not there is done already: no tool was seen to get a 404 for it
    let Ok(entry) = find(call) else {
        return Ok(Reply::no_content(Vec::new()));
    };
    if entry.parsed.system.is_some() {
        return Err(ApiError::new(
            400,
            "System resource servers cannot be deleted.",
            None,
        ));
    }
    let audience = &entry.parsed.identifier;
    let grants = call
        .tenant
        .grants
        .values()
        .filter(|grant| grant.parsed.key.audience == *audience);
    let mut writes: Vec<Write> = grants.map(|grant| Write::delete(&grant.document)).collect();
    if call.tenant.settings.parsed.default_audience.as_ref() == Some(audience) {
        let mut settings = call.tenant.settings.document.clone();
        settings
            .body
            .insert("default_audience".to_owned(), "".into());
        writes.push(Write::Update(settings));
    }
    let audience = audience.clone();
    writes.extend(roles::without(call, |permission| {
        permission.api == audience
    }));
    let forget = UserWrite::ForgetPermissions(audience, None);
    writes.push(Write::User(forget));
    writes.push(Write::delete(&entry.document));
    Ok(Reply::no_content(writes))
}

/// Nobody keeps a permission that its API no longer defines.
fn forgotten(call: &Call<'_>, entry: &Entry<Api>, document: &Document) -> Vec<Write> {
    let (api, kept) = (&entry.parsed.identifier, Api::from_document(document));
    let Ok(kept) = kept.map(|api| api.scopes) else {
        return Vec::new();
    };
    let gone: Vec<&str> = entry
        .parsed
        .scopes
        .iter()
        .filter(|scope| !kept.contains(scope))
        .collect();
    let is_gone = |permission: &Permission| {
        permission.api == *api && gone.contains(&permission.name.as_str())
    };
    let mut writes = roles::without(call, is_gone);
    writes.extend(gone.iter().map(|scope| {
        let scope = Some((*scope).to_owned());
        Write::User(UserWrite::ForgetPermissions(api.clone(), scope))
    }));
    writes
}

/// By database id or by identifier.
fn find<'a>(call: &Call<'a>) -> Result<&'a Entry<Api>, ApiError> {
    let entry = call.tenant.api_by_id(call.path.get("id"));
    entry.map(AsRef::as_ref).ok_or_else(ApiError::no_api)
}

/// An identifier that is no other API's and none of the tenant's own, at any of its hosts.
fn free_identifier(call: &Call<'_>, text: &str) -> Result<ApiIdentifier, ApiError> {
    const RESERVED: [&str; 4] = ["userinfo", "me/", "my-org/", SystemApi::Management.path()];
    let identifier = ApiIdentifier::parse(text).ok_or_else(|| {
        ApiError::payload(
            "Object didn't pass validation for format audience: ",
            "identifier",
        )
    })?;
    let record = &call.tenant.record;
    let hosts = std::iter::once(&record.host).chain(&record.custom_domains);
    let own = hosts.into_iter().any(|host| {
        let rest = text
            .split_once("://")
            .and_then(|(_, rest)| rest.strip_prefix(host.as_str()));
        rest.and_then(|path| path.strip_prefix('/'))
            .is_some_and(|path| {
                let same =
                    |reserved: &&str| path.trim_end_matches('/') == reserved.trim_end_matches('/');
                RESERVED.iter().any(same)
            })
    });
    if own || text == "urn:auth0:express-configure" {
        return Err(ApiError::body("The selected identifier is reserved."));
    }
    if call.tenant.api(text).is_some() {
        return Err(ApiError::api_exists());
    }
    Ok(identifier)
}

fn check_scopes(sent: &Map<String, Value>) -> Result<(), ApiError> {
    let scopes = sent
        .get("scopes")
        .and_then(Value::as_array)
        .map(Vec::as_slice);
    let mut seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (position, scope) in scopes.unwrap_or_default().iter().enumerate() {
        let value = scope
            .get("value")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if let Some(first) = seen.insert(value, position) {
            let what = format!("Array items are not unique (indexes {first} and {position})");
            return Err(ApiError::payload(&what, "scopes"));
        }
    }
    Ok(())
}

/// The secret of an HS256 API stands among its secrets, is made where it was not given, and goes
/// away with the algorithm.
fn settle_secret(
    call: &Call<'_>,
    document: &mut Document,
    random: &mut dyn Random,
) -> Result<(), ApiError> {
    let given = document.body.shift_remove("signing_secret");
    let given = given.as_ref().and_then(Value::as_str);
    let symmetric = document.body.get("signing_alg").and_then(Value::as_str) == Some("HS256");
    if !symmetric {
        document.secrets.remove("signing_secret");
        return match given {
            None => Ok(()),
            Some(_) => Err(ApiError::body(
                "signing_secret is only for signing_alg HS256",
            )),
        };
    }
    let min = defaults::min_signing_secret(call.tenant.record.profile);
    let secret = match given {
        Some(given) if given.len() < min => {
            let length = given.len();
            let what = format!("String is too short ({length} chars), minimum {min}");
            return Err(ApiError::payload(&what, "signing_secret"));
        }
        Some(given) => given.to_owned(),
        None if document.secrets.contains_key("signing_secret") => return Ok(()),
        None => url_safe(random, 43),
    };
    document
        .secrets
        .insert("signing_secret".to_owned(), Secret::new(secret));
    Ok(())
}

fn lifetime(body: &Map<String, Value>, name: &str) -> i64 {
    body.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn cap_web_lifetime(body: &mut Map<String, Value>) {
    let cap = lifetime(body, "token_lifetime");
    if lifetime(body, "token_lifetime_for_web") > cap {
        body.insert("token_lifetime_for_web".to_owned(), cap.into());
    }
}

fn check_lifetimes(body: &Map<String, Value>) -> Result<(), ApiError> {
    let (all, web) = (
        lifetime(body, "token_lifetime"),
        lifetime(body, "token_lifetime_for_web"),
    );
    if web > all {
        let message = "token_lifetime_for_web must not be greater than token_lifetime";
        return Err(ApiError::body(message));
    }
    Ok(())
}

/// What would weaken a promise if it were stored and not acted upon is refused: an API that asks
/// for encrypted or sender-constrained tokens must not get others.
fn check_served(body: &Map<String, Value>) -> Result<(), ApiError> {
    let required = body
        .get("proof_of_possession")
        .and_then(|proof| proof.get("required"));
    let bound = required.and_then(Value::as_bool).unwrap_or(false);
    if bound
        || ["token_encryption", "consent_policy"]
            .iter()
            .any(|name| body.contains_key(*name))
    {
        return Err(ApiError::not_enabled());
    }
    Ok(())
}

fn view(call: &Call<'_>, document: &Document, fresh_secret: bool) -> Map<String, Value> {
    let readable = defaults::secrets_are_readable(call.tenant.record.profile);
    let secret = document
        .secrets
        .get("signing_secret")
        .filter(|_| readable || fresh_secret);
    let member = |name: &str| match name {
        "id" => Some(Value::from(document.id.as_str())),
        "signing_secret" => secret.map(|secret| Value::from(secret.expose().as_str())),
        name => document.body.get(name).cloned(),
    };
    let mut shown = Map::new();
    for name in ORDER {
        if let Some(value) = member(name) {
            shown.insert((*name).to_owned(), value);
        }
    }
    for (name, value) in &document.body {
        if !INTERNAL.contains(&name.as_str()) && !shown.contains_key(name) {
            shown.insert(name.clone(), value.clone());
        }
    }
    shown
}

/// The Management API's document.
pub(super) fn system_document(
    profile: Profile,
    identifier: &str,
    scopes: Value,
    (created_at, random): (i64, &mut dyn Random),
) -> Document {
    let mut document = Document::new(Kind::Api, ApiId::new(random).as_str(), created_at);
    document.unique = Some(identifier.to_owned());
    let lifetime = defaults::management_token_lifetime(profile);
    let mut put = |name: &str, value: Value| document.body.insert(name.to_owned(), value);
    put("name", "Auth0 Management API".into());
    put("identifier", identifier.into());
    put("is_system", true.into());
    put("system", "management".into());
    put("scopes", scopes);
    put("token_lifetime", lifetime.into());
    // a user gets none of its scopes unless a grant says so
    let grant = serde_json::json!({ "policy": "require_client_grant" });
    put(
        "subject_type_authorization",
        serde_json::json!({ "client": grant, "user": grant }),
    );
    defaults::fill_api(profile, &mut document.body);
    document
}
