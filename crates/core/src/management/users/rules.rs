//! What a table cannot say about a user.

use cardea_jose::Secret;
use serde_json::{Map, Value};

use super::super::call::{Call, NewPassword};
use super::super::error::ApiError;
use super::super::validate::free_data;
use super::view::view;
use crate::model::{Connection, Entry, User};
use crate::protocol::database::username_flaw;
use crate::protocol::password_policy::{Facts, PasswordFault, Policy};
use crate::scope::Scopes;

/// Names that would say something else than what the user's own members say.
const RESERVED: [&str; 18] = [
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor",
    "multifactor_last_modified",
    "updated_at",
    "user_id",
];

/// The database that a body names.
pub(super) fn database<'a>(call: &Call<'a>, name: &str) -> Result<&'a Entry<Connection>, ApiError> {
    let connection = call.tenant.connection(name);
    let connection = connection.ok_or_else(|| ApiError::body("Connection does not exist."))?;
    if connection.parsed.strategy != "auth0" {
        let message = "Connection does not support user creation through the API. It must either be a database or passwordless connection.";
        return Err(ApiError::body(message));
    }
    Ok(connection)
}

/// By which of its identifiers the database knows a user.
pub(super) fn check_identifiers(
    connection: &Entry<Connection>,
    user: &User,
) -> Result<(), ApiError> {
    let attributes = connection.document.nested(&["options", "attributes"]);
    let attributes = attributes.and_then(Value::as_object);
    let named = |name: &str| attributes.is_some_and(|attributes| attributes.contains_key(name));
    let username = connection.parsed.requires_username || named("username");
    if user.username.is_some() && !username {
        let message = "Cannot set username for connection without requires_username.";
        return Err(ApiError::body(message));
    }
    if user.phone_number.is_some() && !named("phone_number") {
        let message = "Cannot set phone_number for connection without the attribute phone_number.";
        return Err(ApiError::body(message));
    }
    if connection.parsed.requires_username && user.username.is_none() {
        let message = format!(
            "Missing username for {} connection with requires_username option enabled",
            connection.parsed.name
        );
        return Err(ApiError::body(message));
    }
    let any = user.email.is_some() || user.username.is_some() || user.phone_number.is_some();
    if user.email.is_none() && (attributes.is_none() || !any) {
        return Err(ApiError::payload("Missing required property: email", ""));
    }
    let name = user.username.as_deref().unwrap_or_default();
    if !name.is_empty() && username_flaw(&connection.document, name).is_some() {
        let what = format!("Object didn't pass validation for format username: {name}");
        return Err(ApiError::payload(&what, "username"));
    }
    Ok(())
}

/// A password that fits the connection's policy, to be hashed. How hard it is to guess is
/// estimated where people choose theirs.
pub(super) fn new_password(
    call: &Call<'_>,
    connection: &Entry<Connection>,
    user: &User,
    password: &str,
) -> Result<NewPassword, ApiError> {
    let policy = Policy::of(&connection.document, call.tenant.record.profile);
    let facts = Facts {
        user: view(user),
        words: vec![call.tenant.record.name.as_str()],
        score: None,
        reused: false,
    };
    let weak = |fault: PasswordFault| ApiError::body(fault.management_message());
    policy.check(password, &facts).map_err(weak)?;
    Ok(NewPassword {
        password: Secret::new(password.to_owned()),
        write: 0,
        history: policy.history,
    })
}

/// Members that exclude each other in one `PATCH`.
pub(super) fn check_exclusive(sent: &Map<String, Value>) -> Result<(), ApiError> {
    const PAIRS: [(&str, &str); 5] = [
        ("password", "email"),
        ("password", "email_verified"),
        ("username", "email"),
        ("username", "email_verified"),
        ("username", "password"),
    ];
    let both = |(a, b): &(&str, &str)| sent.contains_key(*a) && sent.contains_key(*b);
    match PAIRS.into_iter().find(both) {
        None => Ok(()),
        Some((a, b)) => Err(ApiError::body(format!(
            "Cannot update {a} and {b} simultaneously."
        ))),
    }
}

/// Who may write which member: `own` says whether it is the caller's own account.
pub(super) fn check_writable(
    scopes: &Scopes,
    own: bool,
    sent: &Map<String, Value>,
) -> Result<(), ApiError> {
    let may_write = |name: &str| {
        scopes.contains("update:users")
            || match name {
                "user_metadata" => own && scopes.contains("update:current_user_metadata"),
                "app_metadata" => scopes.contains("update:users_app_metadata"),
                _ => false,
            }
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

fn merge_metadata(stored: &mut Map<String, Value>, sent: &Map<String, Value>) {
    if sent.is_empty() {
        stored.clear();
    }
    for (name, value) in sent {
        if value.is_null() {
            stored.shift_remove(name);
        } else {
            stored.insert(name.clone(), value.clone());
        }
    }
}

/// Metadata are merged one level deep: null removes, `{}` empties.
pub(super) fn merge_all(user: &mut User, sent: &Map<String, Value>) {
    let object = |name: &str| sent.get(name).and_then(Value::as_object);
    if let Some(metadata) = object("user_metadata") {
        merge_metadata(&mut user.user_metadata, metadata);
    }
    if let Some(metadata) = object("app_metadata") {
        merge_metadata(&mut user.app_metadata, metadata);
    }
}

/// Both metadata, as they would be stored.
pub(super) fn check_metadata(user: &User) -> Result<(), ApiError> {
    free_data(&user.user_metadata, "user_metadata")?;
    free_data(&user.app_metadata, "app_metadata")?;
    let reserved: Vec<_> = user
        .app_metadata
        .keys()
        .map(String::as_str)
        .filter(|name| RESERVED.contains(name))
        .collect();
    if reserved.is_empty() {
        return Ok(());
    }
    let what = format!("Additional properties not allowed: {}", reserved.join(","));
    Err(ApiError::payload(&what, "app_metadata"))
}
