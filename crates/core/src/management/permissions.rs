//! Permissions in bodies and answers: those of a role, and those of a user.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ApiError;
use super::powers;
use super::schema::{Field, List, Mode, Object, Type, WORD, field};
use super::validate::body;
use crate::id::ApiIdentifier;
use crate::model::Permission;

/// The body of every operation that gives or takes permissions.
pub(super) static PERMISSIONS: Object = Object::closed(FIELDS);

const FIELDS: &[Field] = &[field("permissions", Type::List(&LIST)).required()];
static LIST: List = List::of(Type::Object(&PERMISSION)).at_least(1);
static PERMISSION: Object = Object::closed(&[
    field("resource_server_identifier", WORD).required(),
    field("permission_name", WORD).required(),
]);

/// The permissions that the body names, each once.
pub(super) fn named(call: &Call<'_>) -> Result<Vec<Permission>, ApiError> {
    let sent = body(call, &PERMISSIONS, Mode::Create)?;
    let items = sent.get("permissions").and_then(Value::as_array);
    let mut named: Vec<Permission> = Vec::new();
    for item in items.into_iter().flatten() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let api = ApiIdentifier::parse(text("resource_server_identifier"));
        let permission = Permission {
            api: api.ok_or_else(ApiError::no_api)?,
            name: text("permission_name").to_owned(),
        };
        if !named.contains(&permission) {
            named.push(permission);
        }
    }
    Ok(named)
}

/// The permissions that the body names, if they exist (attack MGMT-05) and the caller may give
/// them.
pub(super) fn to_give(call: &Call<'_>) -> Result<Vec<Permission>, ApiError> {
    let named = named(call)?;
    for Permission { api, name } in &named {
        let known = call.tenant.api(api.as_str()).ok_or_else(ApiError::no_api)?;
        if !known.parsed.scopes.contains(name) {
            return Err(ApiError::body(format!(
                "The scope {name} does not exist on the resource server {api}."
            )));
        }
    }
    powers::may_give(call, &named)?;
    Ok(named)
}

/// Permissions as they are shown, sorted, each with `more` (members of its own).
pub(super) fn shown(
    call: &Call<'_>,
    permissions: impl IntoIterator<Item = (Permission, Map<String, Value>)>,
) -> Vec<Value> {
    let sorted: BTreeMap<Permission, Map<String, Value>> = permissions.into_iter().collect();
    let show = |(permission, more): (Permission, Map<String, Value>)| {
        let mut shown = view(call, &permission);
        shown.extend(more);
        Value::Object(shown)
    };
    sorted.into_iter().map(show).collect()
}

fn view(call: &Call<'_>, permission: &Permission) -> Map<String, Value> {
    let api = call.tenant.api(permission.api.as_str());
    let body = api.map(|api| &api.document.body);
    let name = body.and_then(|body| body.get("name"));
    let scopes = body
        .and_then(|body| body.get("scopes"))
        .and_then(Value::as_array);
    let scope = scopes
        .into_iter()
        .flatten()
        .find(|scope| scope.get("value").and_then(Value::as_str) == Some(&permission.name));
    let description = scope.and_then(|scope| scope.get("description"));
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("permission_name", json!(permission.name));
    put(
        "description",
        description.cloned().unwrap_or_else(|| json!("")),
    );
    put(
        "resource_server_name",
        name.cloned().unwrap_or_else(|| json!(permission.api)),
    );
    put("resource_server_identifier", json!(permission.api));
    shown
}
