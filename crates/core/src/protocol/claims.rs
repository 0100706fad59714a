//! Standard claims of a user (OIDC Core 5.1, 5.4; auth-semantics 3.1): which scope gives which.

use serde_json::{Map, Value};

use super::profile;
use crate::model::{Profile, User};
use crate::scope::Scopes;

/// What `profile` gives, of what the user has. `updated_at` comes after them.
const PROFILE: [&str; 13] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
];

/// Room for all claims that an answer usually has.
pub const USUAL: usize = 24;

/// Adds the claims that the scopes give. `sub` is not among them.
pub fn standard(claims: &mut Map<String, Value>, user: &User, scopes: &Scopes, wire: Profile) {
    let mut give = |name: &str| {
        if let Some(value) = claim(user, name, wire) {
            claims.insert(name.to_owned(), value);
        }
    };
    if scopes.contains("profile") {
        PROFILE.into_iter().for_each(&mut give);
        give("updated_at");
    }
    if scopes.contains("email") {
        ["email", "email_verified"].into_iter().for_each(&mut give);
    }
    if scopes.contains("phone") {
        ["phone_number", "phone_number_verified"]
            .into_iter()
            .for_each(&mut give);
    }
    if scopes.contains("address") {
        give("address");
    }
}

/// Adds claims that were asked for one by one (OIDC Core 5.5), whatever the scopes.
pub fn asked(claims: &mut Map<String, Value>, user: &User, names: &[String], wire: Profile) {
    for name in names {
        if let Some(value) = claim(user, name, wire) {
            claims.insert(name.clone(), value);
        }
    }
}

/// One standard claim, if the user has it. No other name gives anything (attack JWT-31).
fn claim(user: &User, name: &str, wire: Profile) -> Option<Value> {
    match name {
        "email" => user.email.clone().map(Value::from),
        "email_verified" => user.email.as_ref().map(|_| user.email_verified.into()),
        "phone_number" => user.phone_number.clone().map(Value::from),
        "phone_number_verified" => user
            .phone_number
            .as_ref()
            .map(|_| user.phone_verified.into()),
        "updated_at" => Some(profile::updated_at(user.updated_at, wire)),
        "address" => user.profile.get(name).cloned(),
        _ => {
            let known = PROFILE.contains(&name);
            let value = user.profile.get(name).filter(|_| known)?;
            (!value.is_null()).then(|| value.clone())
        }
    }
}
