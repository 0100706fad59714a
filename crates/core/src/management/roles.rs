//! `/roles`: names for permissions, and who has them.

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::format::USER_ID;
use super::merge::merge;
use super::paging::{self, CHECKPOINT, OFFSET, Offset, take};
use super::permissions;
use super::powers;
use super::schema::{Field, List, Mode, Object, TEXT, Type, field, formed, one_of, text};
use super::stored::{Answers, Question};
use super::users::view as user_view;
use super::validate::{Param, Params, body, param, query};
use crate::id::{RoleId, UserId};
use crate::model::{Document, Entry, Kind, Permission, Role, User};
use crate::random::Random;
use crate::write::{RoleUsersQuery, UserWrite, Write};

/// The body of `POST /roles` and `PATCH /roles/{id}`.
pub(super) static ROLE: Object = Object::closed(ROLE_FIELDS);

const ROLE_FIELDS: &[Field] = &[
    field("name", text(1, 255)).required(),
    field("description", text(0, 1000)),
    // sent by tools; the contract does not have them
    field("type", TYPE).only(Mode::Create),
    field("owner_id", TEXT).only(Mode::Create),
];
const TYPE: Type = one_of(&["tenant", "organization"]);

/// The body of `POST /roles/{id}/users`.
pub(super) static USERS: Object = Object::closed(USERS_FIELDS);

const USERS_FIELDS: &[Field] = &[field("users", Type::List(&USER_IDS)).required()];
static USER_IDS: List = List::of(formed(USER_ID));

const LIST: &[Param] = &[
    param("name_filter", TEXT),
    param("type", TYPE),
    param("owner_id", TEXT),
];

pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET])?;
    // roles of organizations are not there yet
    let others = params.text("type") == Some("organization") || params.has("owner_id");
    let filter = params
        .text("name_filter")
        .unwrap_or_default()
        .to_lowercase();
    let entries = call
        .tenant
        .roles
        .values()
        .filter(|entry| !others && entry.parsed.name.to_lowercase().contains(&filter));
    let documents = entries.map(|entry| &entry.document).collect();
    paging::reply(call, &params, "roles", documents, view)
}

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    Ok(Reply::ok(view(&find(call)?.document)))
}

pub(super) fn create(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &ROLE, Mode::Create)?;
    let others = sent.get("type") == Some(&json!("organization")) || sent.contains_key("owner_id");
    if others {
        return Err(ApiError::not_enabled());
    }
    let id = RoleId::new(random);
    let mut document = Document::new(Kind::Role, id.as_str(), call.now.millis());
    for name in ["name", "description"] {
        if let Some(value) = sent.get(name) {
            document.body.insert(name.to_owned(), value.clone());
        }
    }
    settle_name(call, &mut document)?;
    Ok(Reply::ok(view(&document)).with_writes(vec![Write::Insert(document)]))
}

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let sent = body(call, &ROLE, Mode::Patch)?;
    let mut document = entry.document.clone();
    merge(&ROLE, &mut document.body, sent);
    settle_name(call, &mut document)?;
    Ok(Reply::ok(view(&document)).with_writes(vec![Write::Update(document)]))
}

/// Names are unique within the tenant.
fn settle_name(call: &Call<'_>, document: &mut Document) -> Result<(), ApiError> {
    let name = document.text("name").unwrap_or_default().to_owned();
    let taken = call
        .tenant
        .roles
        .values()
        .any(|other| other.document.id != document.id && other.parsed.name == name);
    document.unique = Some(name);
    if taken {
        return Err(ApiError::role_exists());
    }
    Ok(())
}

/// Nobody has it any more.
pub(super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let forget = Write::User(UserWrite::ForgetRole(entry.parsed.id.clone()));
    Ok(Reply::ok(Map::new()).with_writes(vec![forget, Write::delete(&entry.document)]))
}

pub(super) fn permissions(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[OFFSET])?;
    let entry = find(call)?;
    let held = entry.parsed.permissions.iter();
    let held = held.map(|permission| (permission.clone(), Map::new()));
    let shown = permissions::shown(call, held);
    Ok(paging::values(&params, "permissions", shown))
}

pub(super) fn add_permissions(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let given = permissions::to_give(call)?;
    let mut held = entry.parsed.permissions.clone();
    for permission in given {
        if !held.contains(&permission) {
            held.push(permission);
        }
    }
    let write = with_permissions(&entry.document, &held);
    Ok(Reply::created(Map::new(), vec![write]))
}

pub(super) fn remove_permissions(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let taken = permissions::named(call)?;
    let mut held = entry.parsed.permissions.clone();
    held.retain(|permission| !taken.contains(permission));
    Ok(Reply::no_content(vec![with_permissions(
        &entry.document,
        &held,
    )]))
}

fn with_permissions(document: &Document, held: &[Permission]) -> Write {
    let list = held
        .iter()
        .map(|permission| json!({ "api": permission.api, "name": permission.name }));
    let mut document = document.clone();
    document
        .body
        .insert("permissions".to_owned(), list.collect::<Value>());
    Write::Update(document)
}

/// What is left of every role once these permissions are gone.
pub(super) fn without(call: &Call<'_>, gone: impl Fn(&Permission) -> bool) -> Vec<Write> {
    let holding = call
        .tenant
        .roles
        .values()
        .filter(|role| role.parsed.permissions.iter().any(&gone));
    let rest = |role: &std::sync::Arc<Entry<Role>>| {
        let mut held = role.parsed.permissions.clone();
        held.retain(|permission| !gone(permission));
        with_permissions(&role.document, &held)
    };
    holding.map(rest).collect()
}

pub(super) fn ask_users(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[OFFSET, CHECKPOINT])?;
    let role = find(call)?.parsed.id.clone();
    let query = if by_checkpoint(&params) {
        let after = paging::after(call, &params, "users")?;
        RoleUsersQuery {
            role,
            after: after.and_then(|(_, id)| UserId::parse(&id)),
            skip: 0,
            // one more says whether there is a next page
            take: take(&params).saturating_add(1),
        }
    } else {
        let page = Offset::read(&params);
        RoleUsersQuery {
            role,
            after: None,
            skip: page.start,
            take: page.limit,
        }
    };
    Ok(vec![Question::RoleUsers(query)])
}

/// `take` and `from` win over `include_totals`: one tool sends all of them.
fn by_checkpoint(params: &Params) -> bool {
    params.has("take") || params.has("from")
}

pub(super) fn users(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[OFFSET, CHECKPOINT])?;
    let (users, total) = answers.users()?;
    if !by_checkpoint(&params) {
        let shown = users.iter().map(member_view).collect();
        return Ok(paging::offset(Offset::read(&params), "users", shown, total));
    }
    let limit = usize::try_from(take(&params)).unwrap_or(usize::MAX);
    let last = users
        .get(limit)
        .and_then(|_| users.get(limit.saturating_sub(1)));
    let next = last.map(|last| paging::cursor(call, "users", (0, last.id.as_str())));
    let shown = users.iter().take(limit).map(member_view).collect();
    Ok(Reply::ok(paging::checkpoint_body("users", shown, next)))
}

fn member_view(user: &User) -> Value {
    let mut shown = Map::new();
    for name in ["user_id", "email", "picture", "name"] {
        if let Some(value) = user_view::member(user, name) {
            shown.insert(name.to_owned(), value);
        }
    }
    Value::Object(shown)
}

fn named_users(call: &Call<'_>) -> Result<Vec<UserId>, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &USERS, Mode::Create)?;
    let ids = sent.get("users").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    Ok(ids.filter_map(UserId::parse).collect())
}

pub(super) fn ask_add_users(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    find(call)?;
    Ok(named_users(call)?.into_iter().map(Question::User).collect())
}

pub(super) fn add_users(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let role = &find(call)?.parsed;
    powers::may_give(call, &role.permissions)?;
    let mut writes = Vec::new();
    for id in named_users(call)? {
        let missing = || ApiError::new(404, "One or more of the users do not exist.", None);
        answers.user_if_any()?.ok_or_else(missing)?;
        let give = UserWrite::AddRole(id, role.id.clone(), call.now);
        writes.push(Write::User(give));
    }
    Ok(Reply::ok(Map::new()).with_writes(writes))
}

fn find<'a>(call: &Call<'a>) -> Result<&'a Entry<Role>, ApiError> {
    let entry = call.tenant.roles.get(call.path.get("id"));
    entry.map(AsRef::as_ref).ok_or_else(ApiError::no_role)
}

/// As a user's list shows it.
pub(super) fn short_view(document: &Document) -> Map<String, Value> {
    let member = |name: &str| document.body.get(name).cloned().unwrap_or(Value::Null);
    Map::from_iter([
        ("id".to_owned(), json!(document.id)),
        ("name".to_owned(), member("name")),
        ("description".to_owned(), member("description")),
    ])
}

/// `description` is null where it was not given; `type` is newer than the contract.
fn view(document: &Document) -> Map<String, Value> {
    let mut shown = short_view(document);
    shown.insert("type".to_owned(), json!("tenant"));
    shown
}
