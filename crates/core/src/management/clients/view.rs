//! What a caller sees of an application.

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::ApiError;
use super::super::fields::Projection;
use super::super::schema::Mode;
use super::super::validate::Params;
use super::super::{defaults, keys};
use super::table::CLIENT;
use crate::model::{Client, Document, Entry};
use crate::scope::Scopes;

/// Members of answers that no body may hold.
const READ_ONLY: &[&str] = &[
    "tenant",
    "global",
    "client_id",
    "signing_keys",
    "callback_url_template",
    "cross_origin_auth",
    "encrypted",
    "owners",
    "external_client_id",
    "external_metadata_type",
    "external_metadata_created_by",
    "jwks_uri",
    // documented, and in no answer
    "signing_key",
    "config_route",
    "api_type",
    "custom_login_page_off",
    "custom_login_page_codeview",
    "resource_servers",
];
/// Members that no answer shows.
const INTERNAL: &[&str] = &["client_secret_digest"];

/// What stands before and what stands after the other members; the reference's order.
const HEAD: &[&str] = &[
    "tenant",
    "global",
    "is_token_endpoint_ip_header_trusted",
    "name",
    "description",
    "app_type",
    "is_first_party",
    "oidc_conformant",
    "sso_disabled",
    "cross_origin_auth",
    "cross_origin_authentication",
    "encrypted",
];
const TAIL: &[&str] = &[
    "refresh_token",
    "signing_keys",
    "client_id",
    "callback_url_template",
    "client_secret",
    "jwt_configuration",
    "grant_types",
    "custom_login_page_on",
];

/// Readable with any of the operation's scopes.
const SUMMARY: &[&str] = &["client_id", "app_type", "name", "description"];

/// The projection that the query asks for; a member that the caller may not read is refused when
/// it is asked for by name, and left out otherwise (attack MGMT-07).
pub(super) fn projection(call: &Call<'_>, params: &Params) -> Result<Projection, ApiError> {
    let projection = Projection::read(params, |name| {
        CLIENT.field(name, Mode::Create).is_some()
            || CLIENT.field(name, Mode::Patch).is_some()
            || READ_ONLY.contains(&name)
    })?;
    let unreadable: Vec<_> = projection
        .asked()
        .filter(|name| {
            let first = name.split('.').next().unwrap_or_default();
            !may_read(&call.caller.scopes, first)
        })
        .collect();
    if !unreadable.is_empty() {
        return Err(ApiError::fields_not_readable(&unreadable.join(",")));
    }
    Ok(projection)
}

fn may_read(scopes: &Scopes, name: &str) -> bool {
    let keys = scopes.contains("read:client_keys");
    match name {
        "client_secret" | "encryption_key" | "signing_keys" | "signing_key" => keys,
        "client_authentication_methods" => keys || scopes.contains("read:client_credentials"),
        name if SUMMARY.contains(&name) => true,
        _ => keys || scopes.contains("read:clients"),
    }
}

/// The answer to a read.
pub(super) fn read(call: &Call<'_>, document: &Document) -> Map<String, Value> {
    let mut shown = complete(
        call,
        document,
        &Extra {
            subject: "deprecated",
            ..Extra::default()
        },
    );
    shown.retain(|name, _| may_read(&call.caller.scopes, name));
    shown
}

/// The answer to the create: the only one that always shows the secret.
pub(super) fn created(call: &Call<'_>, document: &Document, secret: &str) -> Map<String, Value> {
    let subject = format!("/CN={}", call.tenant.record.host);
    complete(
        call,
        document,
        &Extra {
            subject: &subject,
            secret: Some(secret),
            created: true,
        },
    )
}

/// The answer to an update: what was stored; keys only for who may read or write them.
pub(super) fn written(
    call: &Call<'_>,
    document: &Document,
    secret: Option<&str>,
) -> Map<String, Value> {
    let extra = Extra {
        subject: "deprecated",
        secret,
        created: false,
    };
    let mut shown = complete(call, document, &extra);
    let scopes = &call.caller.scopes;
    if !scopes.contains("read:client_keys") && !scopes.contains("update:client_keys") {
        for name in ["client_secret", "encryption_key", "signing_keys"] {
            shown.shift_remove(name);
        }
    }
    shown
}

#[derive(Debug, Default)]
struct Extra<'a> {
    subject: &'a str,
    /// A secret that was made or set just now.
    secret: Option<&'a str>,
    created: bool,
}

fn complete(call: &Call<'_>, document: &Document, extra: &Extra<'_>) -> Map<String, Value> {
    let body = &document.body;
    let mut shown = Map::new();
    let mut put = |name: &str| {
        if let Some(value) = member(call, document, extra, name) {
            shown.insert(name.to_owned(), value);
        }
    };
    for name in HEAD {
        put(name);
    }
    let placed = |name: &str| HEAD.contains(&name) || TAIL.contains(&name);
    let others = body
        .keys()
        .filter(|name| !placed(name) && !INTERNAL.contains(&name.as_str()));
    for name in others {
        put(name);
    }
    for name in TAIL {
        put(name);
    }
    shown
}

fn member(call: &Call<'_>, document: &Document, extra: &Extra<'_>, name: &str) -> Option<Value> {
    match name {
        "tenant" => Some(json!(call.tenant.record.name)),
        "client_id" => Some(json!(document.id)),
        "callback_url_template" => Some(json!(false)),
        "encrypted" => extra.created.then(|| json!(true)),
        "cross_origin_auth" => document.body.get("cross_origin_authentication").cloned(),
        "signing_keys" => keys::signing_keys(call.tenant, extra.subject),
        "client_secret" => {
            let readable = defaults::secrets_are_readable(call.tenant.record.profile);
            let kept = document.secrets.get("client_secret").filter(|_| readable);
            extra
                .secret
                .map(|secret| json!(secret))
                .or_else(|| kept.map(|kept| json!(kept.expose())))
        }
        name => document.body.get(name).cloned(),
    }
}

/// The client that the path names.
pub(super) fn find<'a>(call: &Call<'a>, param: &str) -> Result<&'a Entry<Client>, ApiError> {
    let entry = call.tenant.clients.get(call.path.get(param));
    entry.map(AsRef::as_ref).ok_or_else(ApiError::no_client)
}
