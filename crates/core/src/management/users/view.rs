//! What a caller sees of a user.

use serde_json::{Map, Value, json};

use super::super::error::ApiError;
use super::super::fields::Projection;
use super::super::validate::Params;
use super::table::MEMBERS;
use crate::model::User;
use crate::time::Timestamp;

/// Members of OIDC Core 5.1 that a profile may have beside those of the contract.
const STANDARD: [&str; 9] = [
    "address",
    "birthdate",
    "gender",
    "locale",
    "middle_name",
    "preferred_username",
    "profile",
    "website",
    "zoneinfo",
];

/// The projection that the query asks for (attack MGMT-15: of known members alone).
pub(in super::super) fn projection(params: &Params) -> Result<Projection, ApiError> {
    Projection::read(params, |name| {
        MEMBERS.contains(&name) || STANDARD.contains(&name)
    })
}

/// The user, members in the order of their names. Absent ones are left out, and no answer has a
/// password or its hash.
pub(in super::super) fn view(user: &User) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in MEMBERS {
        if let Some(value) = member(user, name) {
            shown.insert(name.to_owned(), value);
        }
    }
    for (name, value) in &user.profile {
        if !shown.contains_key(name) && STANDARD.contains(&name.as_str()) {
            shown.insert(name.clone(), value.clone());
        }
    }
    shown
}

/// One member of an answer.
pub(in super::super) fn member(user: &User, name: &str) -> Option<Value> {
    let time = |at: Timestamp| json!(at.to_string());
    let metadata = |map: &Map<String, Value>| (!map.is_empty()).then(|| map.clone().into());
    match name {
        "app_metadata" => metadata(&user.app_metadata),
        "blocked" => user.blocked.then(|| json!(true)),
        "created_at" => Some(time(user.created_at)),
        "email" => user.email.as_ref().map(|email| json!(email)),
        "email_verified" => user.email.as_ref().map(|_| json!(user.email_verified)),
        "identities" => Some(identities(user)),
        "last_ip" => user.last_login.as_ref().map(|(_, ip)| json!(ip)),
        "last_login" => user.last_login.as_ref().map(|(at, _)| time(*at)),
        "last_password_reset" => user.last_password_reset.map(time),
        "logins_count" => (user.logins_count > 0).then(|| json!(user.logins_count)),
        "phone_number" => user.phone_number.as_ref().map(|number| json!(number)),
        "phone_verified" => user
            .phone_number
            .as_ref()
            .map(|_| json!(user.phone_verified)),
        "updated_at" => Some(time(user.updated_at)),
        "user_id" => Some(json!(user.id)),
        "user_metadata" => metadata(&user.user_metadata),
        "username" => user.username.as_ref().map(|name| json!(name)),
        name => user.profile.get(name).cloned(),
    }
}

/// The one identity that a user of a database has.
pub(super) fn identities(user: &User) -> Value {
    let (provider, id) = identity(user);
    json!([{
        "connection": user.connection,
        "user_id": id,
        "provider": provider,
        "isSocial": false,
    }])
}

/// Provider and bare id: the two halves of `auth0|…`.
pub(in super::super) fn identity(user: &User) -> (&str, &str) {
    user.id.as_str().split_once('|').unwrap_or(("auth0", ""))
}
