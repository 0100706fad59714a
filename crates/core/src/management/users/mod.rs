//! `/users` and `/users-by-email`.

pub(super) mod access;
pub(super) mod identities;
mod list;
mod rules;
pub(super) mod search;
pub(super) mod table;
pub(super) mod view;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::call::{Call, NewPassword, Reply};
use super::error::ApiError;
use super::fields::FIELDS;
use super::operation::Needs;
use super::powers;
use super::schema::Mode;
use super::stored::{Answers, Question};
use super::validate::{body, query};
use crate::id::UserId;
use crate::model::{Connection, Entry, User, fold};
use crate::protocol::database::fill_profile;
use crate::protocol::ending;
use crate::protocol::tickets::changed_password;
use crate::random::{Random, hex};
use crate::write::{UserWrite, Write};

pub(super) use list::{answer_by_email, answer_list, ask_by_email, ask_list};
pub(super) use table::USER;

pub(super) const READ: Needs =
    Needs::AnyOf(&["read:users", "read:current_user", "read:user_idp_tokens"]);
pub(super) const UPDATE: Needs = Needs::AnyOf(&[
    "update:users",
    "update:users_app_metadata",
    "update:current_user_metadata",
]);
pub(super) const DELETE: Needs = Needs::AnyOf(&["delete:users", "delete:current_user"]);

/// The user that the path names; what cannot be an id is nobody's.
pub(super) fn path_user(call: &Call<'_>, param: &str) -> Result<UserId, ApiError> {
    UserId::parse(call.path.get(param)).ok_or_else(ApiError::no_user)
}

/// Asks for the user that the path names.
pub(super) fn ask_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    Ok(vec![Question::User(path_user(call, "id")?)])
}

pub(super) fn ask_get(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[FIELDS])?;
    view::projection(&params)?;
    powers::own_account(call, READ, call.path.get("id"))?;
    ask_user(call)
}

pub(super) fn get(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[FIELDS])?;
    let facts = answers.user()?;
    let shown = view::projection(&params)?.apply(view::view(&facts.user));
    Ok(Reply::ok(shown))
}

/// Whether somebody has one of the identifiers: nobody waits for a hash only to hear that.
pub(super) fn ask_create(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &USER, Mode::Create)?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let connection = text("connection");
    let identifiers = ["email", "username", "phone_number"]
        .into_iter()
        .filter_map(text);
    let mut questions: Vec<Question> = identifiers
        .map(|identifier| Question::Identifier {
            connection: connection.map(ToOwned::to_owned),
            folded: fold(identifier),
        })
        .collect();
    if let Some(id) = chosen_id(sent) {
        questions.push(Question::User(id?));
    }
    Ok(questions)
}

/// The id that the body chooses; the reference keeps it verbatim behind the provider.
fn chosen_id(sent: &Map<String, Value>) -> Option<Result<UserId, ApiError>> {
    let id = sent.get("user_id").and_then(Value::as_str)?;
    let refused = || {
        ApiError::payload(
            "Object didn't pass validation for format user-id: ",
            "user_id",
        )
    };
    (!id.is_empty()).then(|| UserId::parse(&format!("auth0|{id}")).ok_or_else(refused))
}

pub(super) fn create(
    call: &Call<'_>,
    mut answers: Answers,
    random: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let sent = body(call, &USER, Mode::Create)?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let connection = rules::database(call, text("connection").unwrap_or_default())?;
    let id = match chosen_id(sent) {
        Some(id) => id?,
        None => {
            UserId::parse(&format!("auth0|{}", hex(random, 24))).ok_or_else(ApiError::internal)?
        }
    };
    let mut user = new_user(call, id, connection);
    put_members(&mut user, sent);
    rules::merge_all(&mut user, sent);
    rules::check_identifiers(connection, &user)?;
    rules::check_metadata(&user)?;
    let password = first_password(call, connection, (&user, text("password")))?;
    fill_profile(&mut user);
    while let Some(taken) = answers.taken()? {
        if taken {
            return Err(ApiError::user_exists());
        }
    }

    let mut reply = Reply::created(view::view(&user), Vec::new());
    reply.hash_password = password;
    reply.mails_verification = mails_verification(sent, &user);
    reply
        .writes
        .push(Write::User(UserWrite::Insert(Box::new(user))));
    Ok(reply)
}

/// A password is required unless the connection says that it is not.
fn first_password(
    call: &Call<'_>,
    connection: &Entry<Connection>,
    (user, password): (&User, Option<&str>),
) -> Result<Option<NewPassword>, ApiError> {
    let behavior = connection
        .document
        .nested(&[
            "options",
            "authentication_methods",
            "password",
            "api_behavior",
        ])
        .and_then(Value::as_str);
    match password {
        Some(password) => rules::new_password(call, connection, user, password).map(Some),
        None if behavior == Some("optional") => Ok(None),
        None => Err(ApiError::payload("Missing required property: password", "")),
    }
}

/// Whether the user is asked to prove its address: when there is a new one, unless the body says
/// otherwise.
fn mails_verification(sent: &Map<String, Value>, user: &User) -> bool {
    let asked = sent.get("verify_email").and_then(Value::as_bool);
    let new = sent.get("email").is_some_and(Value::is_string);
    user.email.is_some() && !user.email_verified && asked.unwrap_or(new)
}

fn new_user(call: &Call<'_>, id: UserId, connection: &Entry<Connection>) -> User {
    User {
        id,
        connection: connection.parsed.name.clone(),
        email: None,
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: false,
        blocked: false,
        profile: Map::new(),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        created_at: call.now,
        updated_at: call.now,
        last_login: None,
        logins_count: 0,
        last_password_reset: None,
        password: None,
        revision: 1,
    }
}

/// The members that a body sets; null removes. A new address or number was not proved, unless
/// the body says so.
fn put_members(user: &mut User, sent: &Map<String, Value>) {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let mut email_verified = sent.get("email_verified").and_then(Value::as_bool);
    let mut phone_verified = sent.get("phone_verified").and_then(Value::as_bool);
    if let Some(value) = sent.get("email") {
        user.email = text(value);
        email_verified = email_verified.or(Some(false));
    }
    if let Some(value) = sent.get("phone_number") {
        user.phone_number = text(value);
        phone_verified = phone_verified.or(Some(false));
    }
    if let Some(value) = sent.get("username") {
        user.username = text(value);
    }
    user.email_verified = email_verified.unwrap_or(user.email_verified);
    user.phone_verified = phone_verified.unwrap_or(user.phone_verified);
    if let Some(blocked) = sent.get("blocked").and_then(Value::as_bool) {
        user.blocked = blocked;
    }
    for name in table::PROFILE {
        match sent.get(name) {
            None => {}
            Some(Value::Null) => {
                user.profile.shift_remove(name);
            }
            Some(value) => {
                user.profile.insert(name.to_owned(), value.clone());
            }
        }
    }
}

pub(super) fn ask_patch(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let id = call.path.get("id");
    powers::own_account(call, UPDATE, id)?;
    let sent = body(call, &USER, Mode::Patch)?;
    let own = call.caller.user.as_ref().map(UserId::as_str) == Some(id);
    rules::check_writable(&call.caller.scopes, own, sent)?;
    rules::check_exclusive(sent)?;
    ask_user(call)
}

/// Members by which somebody logs in.
const LOGIN_MEMBERS: [&str; 6] = [
    "email",
    "email_verified",
    "password",
    "phone_number",
    "phone_verified",
    "username",
];

pub(super) fn patch(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let sent = body(call, &USER, Mode::Patch)?;
    let facts = answers.user()?;
    if LOGIN_MEMBERS.iter().any(|name| sent.contains_key(*name)) {
        powers::may_take_over(call, &facts)?;
    }
    let mut user = Arc::unwrap_or_clone(facts.user);
    let blocks = !user.blocked && sent.get("blocked") == Some(&Value::Bool(true));
    let connection = rules::database(call, &user.connection)?;
    check_names(call, connection, sent)?;
    put_members(&mut user, sent);
    rules::merge_all(&mut user, sent);
    rules::check_identifiers(connection, &user)?;
    rules::check_metadata(&user)?;
    user.updated_at = call.now;
    if sent.contains_key("password") {
        user.last_password_reset = Some(call.now);
    }

    let mut shown = view::view(&user);
    if let Some(metadata) = sent.get("user_metadata") {
        // recorded: what was just emptied is shown, once
        shown
            .entry("user_metadata")
            .or_insert_with(|| metadata.clone());
    }
    let mut reply = Reply::ok(shown);
    reply.mails_verification = mails_verification(sent, &user);
    let ended = blocks.then(|| ending::by_block(&user.id, call.tenant.record.profile));
    let Some(password) = sent.get("password") else {
        let mut writes = vec![Write::User(UserWrite::Update(Box::new(user)))];
        writes.extend(ended.into_iter().flatten());
        return Ok(reply.with_writes(writes));
    };
    let refused = || ApiError::body("The password cannot be removed.");
    let password = password.as_str().ok_or_else(refused)?;
    reply.hash_password = Some(rules::new_password(call, connection, &user, password)?);
    reply.writes = changed_password(user, call.now);
    Ok(reply)
}

/// The connection must be the user's, and an application that is named must be there.
fn check_names(
    call: &Call<'_>,
    connection: &Entry<Connection>,
    sent: &Map<String, Value>,
) -> Result<(), ApiError> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    if text("connection").is_some_and(|name| name != connection.parsed.name) {
        return Err(ApiError::body("Connection does not exist."));
    }
    if text("client_id").is_some_and(|id| !call.tenant.clients.contains_key(id)) {
        return Err(ApiError::no_client());
    }
    Ok(())
}

pub(super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    powers::own_account(call, DELETE, call.path.get("id"))?;
    // deleting what is not there is done already
    let id = path_user(call, "id").ok();
    let write = id.map(|id| Write::User(UserWrite::Delete(id)));
    Ok(Reply::no_content(write.into_iter().collect()))
}
