//! A user and what belongs to it.

use std::sync::Arc;

use cardea_jose::Secret;
use serde_json::{Map, Value};

use crate::id::{ApiIdentifier, RoleId, UserId};
use crate::time::Timestamp;

/// A user of one connection. Stored in columns where it is searched, the rest as JSON.
#[derive(Debug, Clone)]
pub struct User {
    /// `auth0|…`; `sub` in tokens.
    pub id: UserId,
    /// The name of its connection.
    pub connection: String,
    /// As written; compared folded ([`fold`]), unique within the connection.
    pub email: Option<String>,
    /// Whether the address was proved.
    pub email_verified: bool,
    /// As written; compared folded, unique within the connection.
    pub username: Option<String>,
    /// E.164; unique within the connection.
    pub phone_number: Option<String>,
    /// Whether the number was proved.
    pub phone_verified: bool,
    /// A blocked user gets nothing anywhere.
    pub blocked: bool,
    /// `name`, `nickname`, `given_name`, `family_name`, `picture`, `gender`, `birthdate` and the
    /// other members of OIDC Core 5.1 that the user has. Nothing else.
    pub profile: Map<String, Value>,
    /// The user's own.
    pub user_metadata: Map<String, Value>,
    /// The applications'.
    pub app_metadata: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it last logged in, and from where.
    pub last_login: Option<(Timestamp, String)>,
    /// How often it has logged in.
    pub logins_count: i64,
    /// When its password was last changed.
    pub last_password_reset: Option<Timestamp>,
    /// The password's hash (PHC string or an imported form), sealed by the store.
    pub password: Option<Secret<String>>,
    /// Counts changes from 1; an update names the revision it read.
    pub revision: i64,
}

/// What a user may do at an API: one permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The API.
    pub api: ApiIdentifier,
    /// The scope that is held.
    pub name: String,
}

/// A user with what it is allowed, as decisions need it.
#[derive(Debug, Clone)]
pub struct UserFacts {
    /// The user.
    pub user: Arc<User>,
    /// Its roles.
    pub roles: Vec<RoleId>,
    /// Permissions held directly.
    pub permissions: Vec<Permission>,
}

/// An identifier as it is compared: trimmed, Unicode lower case (attack SIGNUP, PASSWORD: one
/// canonical form for counting, searching and uniqueness).
pub fn fold(identifier: &str) -> String {
    identifier
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .collect()
}
