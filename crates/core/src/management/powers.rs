//! Nobody gives away, or takes over, what they do not hold themselves.
//!
//! Scopes of the tenant's own APIs are power over the tenant. Whoever gives one to a user, or
//! puts hands on the account of a user who has one, must hold it too (attacks MGMT-10, MGMT-11).

use std::collections::BTreeSet;

use super::call::Call;
use super::error::ApiError;
use super::operation::Needs;
use crate::id::{RoleId, UserId};
use crate::model::{Permission, UserFacts};

/// Refuses to give these permissions if the caller lacks one that is power over the tenant.
pub(super) fn may_give<'a>(
    call: &Call<'_>,
    permissions: impl IntoIterator<Item = &'a Permission>,
) -> Result<(), ApiError> {
    let lacked = lacked(call, permissions);
    if lacked.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Scopes that the bearer token lacks cannot be granted: {}",
        lacked.join(", ")
    );
    Err(ApiError::new(403, message, Some("insufficient_scope")))
}

/// Refuses to change how somebody logs in who can do more than the caller.
pub(super) fn may_take_over(call: &Call<'_>, facts: &UserFacts) -> Result<(), ApiError> {
    if call.caller.user.as_ref() == Some(&facts.user.id) {
        return Ok(());
    }
    let roles = facts
        .roles
        .iter()
        .filter_map(|id| call.tenant.roles.get(id));
    let by_role = roles.flat_map(|role| &role.parsed.permissions);
    let lacked = lacked(call, facts.permissions.iter().chain(by_role));
    if lacked.is_empty() {
        return Ok(());
    }
    let message = format!(
        "The user holds scopes that the bearer token lacks: {}",
        lacked.join(", ")
    );
    Err(ApiError::new(403, message, Some("insufficient_scope")))
}

/// What these roles permit.
pub(super) fn of_roles<'a>(call: &Call<'a>, roles: &[RoleId]) -> Vec<&'a Permission> {
    let roles = roles.iter().filter_map(|id| call.tenant.roles.get(id));
    roles.flat_map(|role| &role.parsed.permissions).collect()
}

fn lacked<'a>(
    call: &Call<'_>,
    permissions: impl IntoIterator<Item = &'a Permission>,
) -> Vec<&'a str> {
    let over_tenant = |permission: &&Permission| {
        let api = call.tenant.api(permission.api.as_str());
        api.is_some_and(|api| api.parsed.system.is_some())
    };
    let names = permissions
        .into_iter()
        .filter(over_tenant)
        .map(|permission| permission.name.as_str())
        .filter(|name| !call.caller.scopes.contains(name));
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A scope named `…current_user…` is for the caller's own account: whoever has only such ones of
/// those that an operation asks for must be the user that is acted on.
pub(super) fn own_account(call: &Call<'_>, needs: Needs, user: &str) -> Result<(), ApiError> {
    let general = needs
        .scopes()
        .iter()
        .filter(|scope| !scope.contains("current_user"));
    let acts_on_all = general
        .into_iter()
        .any(|scope| call.caller.scopes.contains(scope));
    let own = call.caller.user.as_ref().map(UserId::as_str) == Some(user);
    if acts_on_all || own {
        Ok(())
    } else {
        Err(ApiError::another_user())
    }
}
