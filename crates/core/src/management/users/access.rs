//! Roles and permissions of a user.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::call::{Call, Reply};
use super::super::error::ApiError;
use super::super::paging::{self, OFFSET};
use super::super::schema::{Field, List, Mode, Object, Type, WORD, field};
use super::super::stored::{Answers, Question};
use super::super::validate::{body, query};
use super::super::{permissions, powers, roles};
use super::ask_user;
use crate::id::RoleId;
use crate::model::Permission;
use crate::random::Random;
use crate::write::{UserWrite, Write};

/// The body of `POST` and `DELETE /users/{id}/roles`.
pub(in super::super) static ROLES: Object = Object::closed(ROLES_FIELDS);

const ROLES_FIELDS: &[Field] = &[field("roles", Type::List(&ROLE_IDS)).required()];
static ROLE_IDS: List = List::of(WORD).at_least(1);

pub(in super::super) fn ask_list(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[OFFSET])?;
    ask_user(call)
}

pub(in super::super) fn list_roles(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[OFFSET])?;
    let facts = answers.user()?;
    let held = facts
        .roles
        .iter()
        .filter_map(|id| call.tenant.roles.get(id));
    let mut held: Vec<_> = held.collect();
    held.sort_by(|a, b| (&a.parsed.name, &a.document.id).cmp(&(&b.parsed.name, &b.document.id)));
    let shown = held
        .iter()
        .map(|role| roles::short_view(&role.document).into());
    Ok(paging::values(&params, "roles", shown.collect()))
}

/// The roles that the body names, if each of them exists.
fn named(call: &Call<'_>) -> Result<Vec<RoleId>, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &ROLES, Mode::Create)?;
    let ids = sent.get("roles").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    let known = |id: &str| {
        let role = call.tenant.roles.get(id);
        role.map(|role| role.parsed.id.clone())
            .ok_or_else(ApiError::no_role)
    };
    ids.map(known).collect()
}

pub(in super::super) fn ask_roles(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    named(call)?;
    ask_user(call)
}

pub(in super::super) fn add_roles(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let roles = named(call)?;
    powers::may_give(call, powers::of_roles(call, &roles))?;
    let user = answers.user()?.user.id.clone();
    let give = |role| Write::User(UserWrite::AddRole(user.clone(), role, call.now));
    Ok(Reply::no_content(roles.into_iter().map(give).collect()))
}

pub(in super::super) fn remove_roles(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let roles = named(call)?;
    let user = answers.user()?.user.id.clone();
    let take = |role| Write::User(UserWrite::RemoveRole(user.clone(), role));
    Ok(Reply::no_content(roles.into_iter().map(take).collect()))
}

/// Those held directly and those of roles, each with where it comes from.
pub(in super::super) fn list_permissions(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[OFFSET])?;
    let facts = answers.user()?;
    let source = |id: &str, name: &str, kind: &str| json!({ "source_id": id, "source_name": name, "source_type": kind });
    let mut sources: BTreeMap<Permission, Vec<Value>> = BTreeMap::new();
    for permission in facts.permissions {
        let direct = source("", "", "DIRECT");
        sources.entry(permission).or_default().push(direct);
    }
    for role in facts
        .roles
        .iter()
        .filter_map(|id| call.tenant.roles.get(id))
    {
        let role = &role.parsed;
        for permission in &role.permissions {
            let of_role = source(role.id.as_str(), &role.name, "ROLE");
            sources.entry(permission.clone()).or_default().push(of_role);
        }
    }
    let with_sources = sources.into_iter().map(|(permission, sources)| {
        let more = Map::from_iter([("sources".to_owned(), sources.into())]);
        (permission, more)
    });
    let shown = permissions::shown(call, with_sources);
    Ok(paging::values(&params, "permissions", shown))
}

pub(in super::super) fn ask_permissions(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    permissions::named(call)?;
    ask_user(call)
}

pub(in super::super) fn add_permissions(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let given = permissions::to_give(call)?;
    let user = answers.user()?.user.id.clone();
    let give = |permission| Write::User(UserWrite::AddPermission(user.clone(), permission));
    let writes = given.into_iter().map(give).collect();
    Ok(Reply::created(Map::new(), writes))
}

pub(in super::super) fn remove_permissions(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let taken = permissions::named(call)?;
    let user = answers.user()?.user.id.clone();
    let take = |permission| Write::User(UserWrite::RemovePermission(user.clone(), permission));
    Ok(Reply::no_content(taken.into_iter().map(take).collect()))
}
