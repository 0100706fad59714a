//! What a table cannot say about an application.

use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::defaults;
use super::super::error::ApiError;
use super::table::{MAX_METADATA, METHOD_NAMES};
use crate::model::{AuthMethod, Client, Document, Entry};
use crate::protocol::authorize::redirect;
use crate::scope::Scopes;

const METHODS: &str = "client_authentication_methods";
const METHOD: &str = "token_endpoint_auth_method";

/// What a create's body must keep to before anything is filled in.
pub(super) fn check_new(call: &Call<'_>, sent: &Map<String, Value>) -> Result<(), ApiError> {
    let scopes = &call.caller.scopes;
    let brings_keys = is_set(sent, METHODS) || !credential_lists(sent).is_empty();
    if brings_keys && !scopes.contains("create:client_credentials") {
        return Err(ApiError::insufficient_scopes("create:client_credentials"));
    }
    check_exclusive(sent)?;
    check_method_served(sent)?;
    check_schemes(call, sent)?;
    // attack MGMT-05: the API must be one of this tenant's
    if let Some(identifier) = sent
        .get("resource_server_identifier")
        .and_then(Value::as_str)
    {
        call.tenant.api(identifier).ok_or_else(ApiError::no_api)?;
    }
    Ok(())
}

/// What a patch's body must keep to before it is merged.
pub(super) fn check_patch(
    call: &Call<'_>,
    entry: &Entry<Client>,
    sent: &Map<String, Value>,
) -> Result<(), ApiError> {
    check_writable(&call.caller.scopes, sent)?;
    check_exclusive(sent)?;
    check_method_served(sent)?;
    check_schemes(call, sent)?;
    for list in credential_lists(sent) {
        for credential in list {
            let id = credential
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let known = call.tenant.credentials.get(id);
            let own = |entry: &str| entry == call.path.get("id");
            // attack MGMT-05: not another application's
            if !known
                .and_then(|known| known.document.parent.as_deref())
                .is_some_and(own)
            {
                return Err(ApiError::body(format!(
                    "The credential {id} does not exist."
                )));
            }
        }
    }
    if let Some(secret) = sent.get("client_secret").and_then(Value::as_str) {
        check_has_secret(entry)?;
        let (length, min) = (
            secret.chars().count(),
            defaults::min_client_secret(call.tenant.record.profile),
        );
        if length < min {
            let what = format!("String is too short ({length} chars), minimum {min}");
            return Err(ApiError::payload(&what, "client_secret"));
        }
    }
    Ok(())
}

/// Attack MGMT-09: who may update applications may not take one over by its keys.
fn check_writable(scopes: &Scopes, sent: &Map<String, Value>) -> Result<(), ApiError> {
    let may_write = |name: &str| match name {
        "client_secret" => scopes.contains("update:client_keys"),
        "encryption_key" => {
            scopes.contains("update:clients") || scopes.contains("update:client_keys")
        }
        METHODS => scopes.contains("update:client_credentials"),
        "token_vault_privileged_access" => {
            scopes.contains("update:client_token_vault_privileged_access")
        }
        // the two methods are exclusive: who may set one may remove the other
        METHOD if sent.get(METHOD).is_some_and(Value::is_null) => {
            scopes.contains("update:clients") || scopes.contains("update:client_credentials")
        }
        _ => scopes.contains("update:clients"),
    };
    let refused: Vec<_> = sent
        .keys()
        .map(String::as_str)
        .filter(|name| !may_write(name))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(ApiError::fields_not_writable(&refused.join(",")))
}

fn check_exclusive(sent: &Map<String, Value>) -> Result<(), ApiError> {
    if is_set(sent, METHODS) && is_set(sent, METHOD) {
        return Err(ApiError::body(format!(
            "{METHODS} and {METHOD} are mutually exclusive"
        )));
    }
    Ok(())
}

/// Mutual TLS is not served, so an application cannot be made to rely on it.
fn check_method_served(sent: &Map<String, Value>) -> Result<(), ApiError> {
    let mutual_tls = METHOD_NAMES.iter().filter(|name| name.contains("tls"));
    let methods = sent.get(METHODS);
    let mut named = mutual_tls.filter_map(|name| methods?.get(*name));
    if named.next().is_some() {
        Err(ApiError::not_enabled())
    } else {
        Ok(())
    }
}

/// The way that was set last is the one way.
pub(super) fn settle_method(body: &mut Map<String, Value>, sent: &Map<String, Value>) {
    if is_set(sent, METHODS) {
        body.shift_remove(METHOD);
    } else if is_set(sent, METHOD) {
        body.shift_remove(METHODS);
    }
}

/// Every list of credentials in a body.
pub(super) fn credential_lists(body: &Map<String, Value>) -> Vec<&Vec<Value>> {
    let methods = body.get(METHODS).and_then(Value::as_object);
    let holders = methods.into_iter().flat_map(Map::values).chain(
        ["signed_request_object", "token_vault_privileged_access"]
            .iter()
            .filter_map(|name| body.get(*name)),
    );
    holders
        .filter_map(|holder| holder.get("credentials")?.as_array())
        .collect()
}

/// The same, to be changed.
pub(super) fn credential_lists_mut(body: &mut Map<String, Value>) -> Vec<&mut Vec<Value>> {
    let mut lists = Vec::new();
    for (name, value) in body {
        match (name.as_str(), value) {
            (METHODS, Value::Object(methods)) => {
                lists.extend(methods.values_mut().filter_map(credentials_mut));
            }
            ("signed_request_object" | "token_vault_privileged_access", holder) => {
                lists.extend(credentials_mut(holder));
            }
            _ => {}
        }
    }
    lists
}

fn credentials_mut(holder: &mut Value) -> Option<&mut Vec<Value>> {
    holder.get_mut("credentials")?.as_array_mut()
}

/// A secret belongs to an application that can use one.
pub(super) fn check_has_secret(entry: &Entry<Client>) -> Result<(), ApiError> {
    if entry.parsed.global {
        return Err(ApiError::body("The global client has no secret."));
    }
    if entry.parsed.auth_method == AuthMethod::PrivateKeyJwt {
        let message = "The client authenticates with private_key_jwt and has no secret to change.";
        return Err(ApiError::body(message));
    }
    Ok(())
}

/// What the application must be, once it is complete.
pub(super) fn check(call: &Call<'_>, document: &Document) -> Result<(), ApiError> {
    let body = &document.body;
    let first_party = body
        .get("is_first_party")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    if !first_party
        && (is_set(body, "organization_usage") || is_set(body, "organization_require_behavior"))
    {
        let message = "Organizations are only available to first party clients on user-based flows. Properties organization_usage and organization_require_behavior must be unset for third party clients.";
        return Err(ApiError::new(403, message, Some("invalid_body")));
    }
    check_algorithm(call, document)?;
    check_metadata(body)?;
    check_aliases(call, document)?;
    check_promises(body)
}

fn check_algorithm(call: &Call<'_>, document: &Document) -> Result<(), ApiError> {
    let alg = document
        .nested(&["jwt_configuration", "alg"])
        .and_then(Value::as_str);
    if alg != Some("HS256") {
        return Ok(());
    }
    if is_set(&document.body, METHODS) {
        let message = "jwt_configuration.alg must not be HS256 with client_authentication_methods";
        return Err(ApiError::body(message));
    }
    if !defaults::id_tokens_may_use_hs256(call.tenant.record.profile) {
        let message =
            "jwt_configuration.alg HS256 is not possible where client secrets are not kept";
        return Err(ApiError::body(message));
    }
    Ok(())
}

/// Attack REDIR-14.
fn check_schemes(call: &Call<'_>, sent: &Map<String, Value>) -> Result<(), ApiError> {
    if defaults::takes_undotted_schemes(call.tenant.record.profile) {
        return Ok(());
    }
    let callbacks = sent.get("callbacks").and_then(Value::as_array);
    let mut texts = callbacks.into_iter().flatten().filter_map(Value::as_str);
    let Some(at) = texts.position(redirect::is_undotted) else {
        return Ok(());
    };
    let what = "The scheme of a callback must be http, https or a reversed domain";
    Err(ApiError::payload(what, &format!("callbacks[{at}]")))
}

fn check_metadata(body: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(metadata) = body.get("client_metadata").and_then(Value::as_object) else {
        return Ok(());
    };
    if metadata.len() > MAX_METADATA {
        let count = metadata.len();
        let what = format!("Too many properties defined ({count}), maximum {MAX_METADATA}");
        return Err(ApiError::payload(&what, "client_metadata"));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || " \t:,-+=_*?\"/\\()<>@".contains(c);
    let bad = metadata
        .keys()
        .any(|name| name.is_empty() || name.chars().count() > 255 || !name.chars().all(legal));
    if bad {
        let what = "Object didn't pass validation for format client-metadata-name: ";
        return Err(ApiError::payload(what, "client_metadata"));
    }
    Ok(())
}

fn check_aliases(call: &Call<'_>, document: &Document) -> Result<(), ApiError> {
    let aliases = document.texts("client_aliases").unwrap_or_default();
    let others = call
        .tenant
        .clients
        .values()
        .filter(|other| other.document.id != document.id);
    let taken = others
        .flat_map(|other| other.document.texts("client_aliases").unwrap_or_default())
        .any(|alias| aliases.contains(&alias));
    if taken {
        let message = "Another client exists with the same alias.";
        return Err(ApiError::new(409, message, Some("conflict")));
    }
    Ok(())
}

/// What would weaken a promise if it were stored and not acted upon is refused.
fn check_promises(body: &Map<String, Value>) -> Result<(), ApiError> {
    let bound = body
        .get("require_proof_of_possession")
        .and_then(Value::as_bool)
        == Some(true);
    let level = body.get("compliance_level").and_then(Value::as_str);
    if bound || level.is_some_and(|level| level != "none") {
        return Err(ApiError::not_enabled());
    }
    Ok(())
}

fn is_set(body: &Map<String, Value>, name: &str) -> bool {
    body.get(name).is_some_and(|value| !value.is_null())
}
