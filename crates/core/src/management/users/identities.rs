//! `/users/{id}/identities`. A user has one identity, that of its database: linking accounts is
//! not done yet, and is refused once it is clear what was to be linked.

use serde_json::Value;

use super::super::call::{Call, Reply};
use super::super::connections::table::STRATEGIES;
use super::super::error::ApiError;
use super::super::format::CONNECTION_ID;
use super::super::operation::Needs;
use super::super::powers;
use super::super::schema::{Field, Mode, Object, Rest, Type, WORD, field, formed, one_of};
use super::super::stored::{Answers, Question};
use super::super::validate::{body, query};
use super::{ask_user, view};
use crate::id::UserId;
use crate::random::Random;

pub(in super::super) const NEEDS: Needs =
    Needs::AnyOf(&["update:users", "update:current_user_identities"]);

/// The body of `POST /users/{id}/identities`.
pub(in super::super) static LINK: Object = Object {
    fields: LINK_FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const LINK_FIELDS: &[Field] = &[
    field("provider", one_of(STRATEGIES)),
    field("connection_id", formed(CONNECTION_ID)),
    field("user_id", Type::Any),
    field("link_with", WORD),
];

pub(in super::super) fn ask_link(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    powers::own_account(call, NEEDS, call.path.get("id"))?;
    let sent = body(call, &LINK, Mode::Create)?;
    let mut questions = ask_user(call)?;
    let id = match sent.get("user_id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(ApiError::not_enabled()),
    };
    let provider = sent.get("provider").and_then(Value::as_str);
    let full = match (provider, id.contains('|')) {
        (_, true) => id,
        (provider, false) => format!("{}|{id}", provider.unwrap_or("auth0")),
    };
    let second = UserId::parse(&full).ok_or_else(not_found)?;
    questions.push(Question::User(second));
    Ok(questions)
}

fn not_found() -> ApiError {
    ApiError::body("Provided secondary account not found.")
}

pub(in super::super) fn link(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let main = answers.user()?;
    let second = answers.user_if_any()?.ok_or_else(not_found)?;
    if main.user.id == second.user.id {
        return Err(ApiError::body(
            "Main identity and the new one are the same.",
        ));
    }
    Err(ApiError::not_enabled())
}

pub(in super::super) fn ask_unlink(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    powers::own_account(call, NEEDS, call.path.get("id"))?;
    ask_user(call)
}

pub(in super::super) fn unlink(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let facts = answers.user()?;
    let named = (call.path.get("provider"), call.path.get("user_id"));
    if named == view::identity(&facts.user) {
        return Err(ApiError::body("Main identity cannot be removed."));
    }
    Err(ApiError::body(
        "The user exists, but does not contain the given identity.",
    ))
}
