//! What users may do: their roles, and the permissions that they hold directly.

use std::sync::Arc;

use cardea_core::id::{ApiIdentifier, RoleId, UserId};
use cardea_core::model::{Permission, User, UserFacts};

use crate::error::StoreError;
use crate::open::TenantStore;
use crate::value::{Row, WrongColumn, params};

impl TenantStore {
    /// A user with its roles and the permissions that it holds directly.
    pub async fn user_facts(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError> {
        let found = self.user(id).await?;
        let Some(user) = found.map(Arc::new) else {
            return Ok(None);
        };
        self.with_rights(user).await.map(Some)
    }

    /// What a user that was read may do: its roles, and the permissions that it holds directly.
    pub async fn with_rights(&self, user: Arc<User>) -> Result<UserFacts, StoreError> {
        let rows = self
            .db()
            .point(
                "SELECT assigned_at, role_id, NULL FROM user_role
                  WHERE tenant_id = $1 AND user_id = $2
                 UNION ALL
                 SELECT NULL, api, name FROM user_permission
                  WHERE tenant_id = $1 AND user_id = $2",
                params![self.id.as_str(), user.id.as_str()],
            )
            .await?;
        let wrong = |wrong: WrongColumn| wrong.at("user_role", user.id.as_str());
        let (mut roles, mut permissions) = (Vec::new(), Vec::new());
        for row in rows {
            match right(row).map_err(wrong)? {
                Right::Role(at, role) => roles.push((at, role)),
                Right::Permission(permission) => permissions.push(permission),
            }
        }
        roles.sort();
        permissions.sort();
        Ok(UserFacts {
            user,
            roles: roles.into_iter().map(|(_, role)| role).collect(),
            permissions,
        })
    }
}

/// One of the rights of a user.
enum Right {
    /// Since when, and which.
    Role(i64, RoleId),
    Permission(Permission),
}

fn right(mut row: Row) -> Result<Right, WrongColumn> {
    let (assigned_at, name) = (row.int_or_none()?, row.text()?);
    Ok(match assigned_at {
        Some(at) => Right::Role(at, RoleId::parse(&name).ok_or(WrongColumn)?),
        None => Right::Permission(Permission {
            api: ApiIdentifier::parse(&name).ok_or(WrongColumn)?,
            name: row.text()?,
        }),
    })
}
