//! An access token that was verified.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Refusal;

/// An access token that was verified: what it says may be believed.
///
/// ```
/// # use cardea_verifier::{AccessToken, Refusal};
/// fn may_list(token: &AccessToken) -> Result<(), Refusal> {
///     token.require_scope("read:patients")?;
///     if token.client_id.as_deref() == Some("retired") {
///         return Err(Refusal::BadClaim { claim: "azp" });
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AccessToken {
    /// Who the token speaks for: a user, or `<client id>@clients` for an application itself.
    pub subject: String,
    /// The application that asked for the token (`azp` or `client_id`).
    pub client_id: Option<String>,
    /// What the application may do.
    pub scopes: BTreeSet<String>,
    /// What the user may do at this API, when the API's tokens say so (RBAC).
    pub permissions: Option<BTreeSet<String>>,
    /// Every audience the token names, this API among them.
    pub audience: Vec<String>,
    /// When it ends, in seconds since 1970.
    pub expires_at: i64,
    /// When it was issued.
    pub issued_at: Option<i64>,
    /// All claims, custom ones among them.
    pub claims: Map<String, Value>,
}

impl AccessToken {
    /// Whether this scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Whether the token carries this permission.
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions
            .as_ref()
            .is_some_and(|held| held.contains(permission))
    }

    /// Refuses with 403 unless this scope was granted.
    pub fn require_scope(&self, scope: &str) -> Result<(), Refusal> {
        if self.has_scope(scope) {
            return Ok(());
        }
        Err(Refusal::InsufficientScope {
            needed: scope.to_owned(),
            got: self.scopes.iter().cloned().collect(),
        })
    }

    /// Refuses with 403 unless the token carries this permission.
    pub fn require_permission(&self, permission: &str) -> Result<(), Refusal> {
        if self.has_permission(permission) {
            return Ok(());
        }
        Err(Refusal::InsufficientPermission {
            needed: permission.to_owned(),
            got: self.permissions.iter().flatten().cloned().collect(),
        })
    }
}
