//! What a table cannot say about a connection.

use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::error::ApiError;
use crate::id::ClientId;
use crate::model::Document;

/// Applications that may use a connection must be this tenant's (attack MGMT-05).
pub(super) fn check_clients<'a>(
    call: &Call<'_>,
    clients: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<ClientId>, ApiError> {
    let mut known = Vec::new();
    for id in clients {
        let entry = call.tenant.clients.get(id);
        let entry = entry.ok_or_else(ApiError::no_client)?;
        if !known.contains(&entry.parsed.id) {
            known.push(entry.parsed.id.clone());
        }
    }
    Ok(known)
}

/// What the connection must be, once it is complete.
pub(super) fn check(call: &Call<'_>, document: &Document) -> Result<(), ApiError> {
    let options = document.body.get("options").and_then(Value::as_object);
    if let Some(options) = options {
        check_attributes(options)?;
        check_served(options)?;
    }
    check_requesting_app(document)?;
    check_realms(call, document)
}

fn check_attributes(options: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(attributes) = options.get("attributes").and_then(Value::as_object) else {
        return Ok(());
    };
    for other in ["requires_username", "validation"] {
        if options.get(other).is_some_and(|value| !value.is_null()) {
            let message = format!("Cannot set both options.attributes and options.{other}");
            return Err(ApiError::body(message));
        }
    }
    let active = |attribute: &Value| {
        let active = attribute.get("identifier").and_then(|it| it.get("active"));
        active.and_then(Value::as_bool) == Some(true)
    };
    if !attributes.values().any(active) {
        return Err(ApiError::body(
            "attributes must contain one active identifier",
        ));
    }
    let status = |attribute: &Value| {
        let signup = attribute.get("signup").and_then(|it| it.get("status"));
        signup.and_then(Value::as_str).map(ToOwned::to_owned)
    };
    for (name, attribute) in attributes {
        let required = attribute.get("profile_required").and_then(Value::as_bool) == Some(true);
        if required && status(attribute).as_deref() != Some("required") {
            let message = format!("attribute {name} must also be required on signup");
            return Err(ApiError::body(message));
        }
    }
    let unique = attributes
        .get("email")
        .and_then(|email| email.get("unique"));
    if unique.and_then(Value::as_bool) == Some(false) {
        return Err(ApiError::body("cannot add non-unique email attribute"));
    }
    Ok(())
}

/// What would weaken a promise if it were stored and not acted upon is refused: scripts of a
/// database elsewhere, and ways of logging in that are not there yet.
fn check_served(options: &Map<String, Value>) -> Result<(), ApiError> {
    let on = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    let filled = |name: &str| match options.get(name) {
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Null) | None => false,
        Some(_) => true,
    };
    let methods = options.get("authentication_methods");
    let method = |name: &str| {
        let method = methods.and_then(|methods| methods.get(name));
        on(method.and_then(|method| method.get("enabled")))
    };
    let elsewhere = on(options.get("enabledDatabaseCustomization"))
        || on(options.get("import_mode"))
        || [
            "customScripts",
            "configuration",
            "gateway_authentication",
            "custom_password_hash",
        ]
        .into_iter()
        .any(filled);
    let unserved = ["passkey", "email_otp", "phone_otp"]
        .into_iter()
        .any(method);
    if elsewhere || unserved || filled("client_secret") {
        return Err(ApiError::not_enabled());
    }
    Ok(())
}

fn check_requesting_app(document: &Document) -> Result<(), ApiError> {
    let active = document.nested(&["cross_app_access_requesting_app", "active"]);
    if active.and_then(Value::as_bool) == Some(true) {
        let message = "Cross App Access Requesting App is not supported for this connection.";
        return Err(ApiError::new(400, message, Some("operation_not_supported")));
    }
    Ok(())
}

/// A realm names one connection.
fn check_realms(call: &Call<'_>, document: &Document) -> Result<(), ApiError> {
    let realms = document.texts("realms").unwrap_or_default();
    let others = call
        .tenant
        .connections
        .values()
        .filter(|other| other.document.id != document.id);
    let taken = others
        .flat_map(|other| {
            let realms = other.document.texts("realms").unwrap_or_default();
            realms.into_iter().chain([other.parsed.name.as_str()])
        })
        .any(|realm| realms.contains(&realm));
    if taken {
        let message =
            "There is already another connection with some realms from \"realms\" parameter";
        return Err(ApiError::new(409, message, Some("conflict")));
    }
    Ok(())
}
