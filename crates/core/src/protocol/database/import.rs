//! Users of other systems, in the schema of `users-imports` (management-api section 12).

use std::fmt;

use serde_json::{Map, Value};

use super::{is_email, is_phone};
use crate::id::UserId;
use crate::model::{Connection, Entry, User};
use crate::protocol::password_hash::{self, Imported};
use crate::random::{self, Random};
use crate::time::Timestamp;

/// Every member that an imported user may have.
const KNOWN: [&str; 18] = [
    "email",
    "email_verified",
    "phone_number",
    "phone_verified",
    "user_id",
    "username",
    "given_name",
    "family_name",
    "name",
    "nickname",
    "picture",
    "blocked",
    "app_metadata",
    "user_metadata",
    "password_hash",
    "custom_password_hash",
    "mfa_factors",
    "id",
];
const PROFILE: [&str; 5] = ["given_name", "family_name", "name", "nickname", "picture"];

/// Why a user is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFault {
    /// The reference's word.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ImportFault {}

fn fault(code: &'static str, message: impl Into<String>) -> ImportFault {
    ImportFault {
        code,
        message: message.into(),
    }
}

/// A user to be made, and its hash: a weak one is hidden before it is stored.
#[derive(Debug)]
pub struct ImportedUser {
    /// The user, without a password.
    pub user: User,
    /// Its hash, if it brings one.
    pub hash: Option<Imported>,
}

/// Reads one user of the file.
pub fn import_user(
    connection: &Entry<Connection>,
    sent: &Value,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<ImportedUser, ImportFault> {
    let sent = sent
        .as_object()
        .ok_or_else(|| fault("INVALID_TYPE", "a user must be an object"))?;
    if let Some(name) = sent.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let message = format!("the property {name} is not allowed");
        return Err(fault("OBJECT_REQUIRED", message));
    }
    if sent
        .get("mfa_factors")
        .is_some_and(|factors| !factors.is_null())
    {
        // a user whose second factor was left out would be weaker than it was
        return Err(fault(
            "MFA_FACTORS_FAILED",
            "mfa_factors cannot be imported yet",
        ));
    }
    let user = user(connection, sent, now, random)?;
    let hash = match (
        text(sent, "password_hash")?,
        sent.get("custom_password_hash"),
    ) {
        (None, None | Some(Value::Null)) => None,
        (Some(hash), None | Some(Value::Null)) => Some(Value::String(hash)),
        (None, Some(custom)) => Some(custom.clone()),
        (Some(_), Some(_)) => {
            let message = "password_hash and custom_password_hash exclude each other";
            return Err(fault("CONFLICT", message));
        }
    };
    let hash = hash.map(|hash| password_hash::import(&hash)).transpose();
    let hash = hash.map_err(|unusable| fault("FORMAT", unusable.to_string()))?;
    Ok(ImportedUser { user, hash })
}

fn user(
    connection: &Entry<Connection>,
    sent: &Map<String, Value>,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<User, ImportFault> {
    let email = text(sent, "email")?;
    let username = text(sent, "username")?;
    let phone_number = text(sent, "phone_number")?;
    if email.is_none() && username.is_none() && phone_number.is_none() {
        return Err(fault("ANY_OF_MISSING", "email is missing"));
    }
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(fault("FORMAT", "email is no address"));
    }
    if phone_number
        .as_deref()
        .is_some_and(|number| !is_phone(number))
    {
        return Err(fault("PATTERN", "phone_number is no number"));
    }
    let odd = |name: &str| name.contains(|c: char| c.is_whitespace() || c.is_control());
    let bad = |name: &str| odd(name) || name.chars().count() > 128 || is_email(name);
    if username.as_deref().is_some_and(bad) {
        return Err(fault("FORMAT", "username does not fit"));
    }
    let id = match text(sent, "user_id")?.or(text(sent, "id")?) {
        Some(id) => format!("auth0|{}", id.trim_start_matches("auth0|")),
        None => format!("auth0|{}", random::hex(random, 24)),
    };
    let mut user = User {
        id: UserId::parse(&id).ok_or_else(|| fault("FORMAT", "user_id does not fit"))?,
        connection: connection.parsed.name.clone(),
        email,
        email_verified: flag(sent, "email_verified")?,
        username,
        phone_number,
        phone_verified: flag(sent, "phone_verified")?,
        blocked: flag(sent, "blocked")?,
        profile: Map::new(),
        user_metadata: object(sent, "user_metadata")?,
        app_metadata: object(sent, "app_metadata")?,
        created_at: now,
        updated_at: now,
        last_login: None,
        logins_count: 0,
        last_password_reset: None,
        password: None,
        revision: 1,
    };
    for name in PROFILE {
        if let Some(value) = text(sent, name)? {
            user.profile.insert(name.to_owned(), value.into());
        }
    }
    super::identifiers::fill_profile(&mut user);
    Ok(user)
}

fn text(sent: &Map<String, Value>, name: &str) -> Result<Option<String>, ImportFault> {
    match sent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        Some(_) => Err(fault("INVALID_TYPE", format!("{name} must be a text"))),
    }
}

fn flag(sent: &Map<String, Value>, name: &str) -> Result<bool, ImportFault> {
    match sent.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(fault(
            "INVALID_TYPE",
            format!("{name} must be true or false"),
        )),
    }
}

fn object(sent: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, ImportFault> {
    match sent.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(_) => Err(fault("INVALID_TYPE", format!("{name} must be an object"))),
    }
}
