//! Connections and roles, as far as a decision reads them.

use super::{Corrupt, Document, Permission};
use crate::id::{ApiIdentifier, ClientId, ConnectionId, RoleId};

/// Where users come from. Database connections (`auth0`) alone are served.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the contract"
)]
pub struct Connection {
    /// Its id, `con_…`.
    pub id: ConnectionId,
    /// Its name: `realm`, `connection`.
    pub name: String,
    /// `auth0` for a database.
    pub strategy: String,
    /// Applications whose users may come from it; `None` is all of them: nobody ever listed any.
    pub enabled_clients: Option<Vec<ClientId>>,
    /// Whether people may sign up.
    pub signup: bool,
    /// Whether people may ask for a new password themselves.
    pub password_reset: bool,
    /// Whether users have a username beside their address.
    pub requires_username: bool,
    /// Whether wrong passwords are counted and blocked.
    pub brute_force_protection: bool,
    /// The shortest password.
    pub min_length: usize,
}

impl Connection {
    /// Reads the document (management-api section 10).
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let flag = |path: &[&str]| document.nested(path).and_then(serde_json::Value::as_bool);
        let min_length = document
            .nested(&["options", "password_options", "complexity", "min_length"])
            .or_else(|| document.nested(&["options", "password_complexity_options", "min_length"]))
            .and_then(serde_json::Value::as_u64)
            .and_then(|length| usize::try_from(length).ok());
        let listed = document.texts("enabled_clients")?;
        let listed = listed.into_iter().filter_map(ClientId::parse).collect();
        Ok(Self {
            id: ConnectionId::parse(&document.id).ok_or_else(|| document.corrupt("id"))?,
            name: document.text("name")?.to_owned(),
            strategy: document.text("strategy")?.to_owned(),
            enabled_clients: document
                .body
                .contains_key("enabled_clients")
                .then_some(listed),
            signup: !flag(&["options", "disable_signup"]).unwrap_or(false),
            password_reset: !flag(&["options", "disable_self_service_change_password"])
                .unwrap_or(false),
            requires_username: flag(&["options", "requires_username"]).unwrap_or(false),
            brute_force_protection: flag(&["options", "brute_force_protection"]).unwrap_or(true),
            min_length: min_length.unwrap_or(8),
        })
    }

    /// Whether users of this application may come from it.
    pub fn is_enabled_for(&self, client: &ClientId) -> bool {
        let listed = self.enabled_clients.as_ref();
        listed.is_none_or(|listed| listed.contains(client))
    }
}

/// A name for permissions. Its permissions stand in its document, so that they are in memory.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its id, `rol_…`.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What its holders may do.
    pub permissions: Vec<Permission>,
}

impl Role {
    /// Reads the document: `name`, `description`, `permissions: [{api, name}]`.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let corrupt = || document.corrupt("permissions");
        let listed = document
            .body
            .get("permissions")
            .and_then(|list| list.as_array());
        let permissions = listed.into_iter().flatten().map(|permission| {
            let text = |name: &str| permission.get(name).and_then(|value| value.as_str());
            let api = text("api")
                .and_then(ApiIdentifier::parse)
                .ok_or_else(corrupt)?;
            Ok(Permission {
                api,
                name: text("name").ok_or_else(corrupt)?.to_owned(),
            })
        });
        Ok(Self {
            id: RoleId::parse(&document.id).ok_or_else(|| document.corrupt("id"))?,
            name: document.text("name")?.to_owned(),
            permissions: permissions.collect::<Result<_, Corrupt>>()?,
        })
    }
}
