//! `/user-blocks`: identifiers for which too many wrong passwords came from an address.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::schema::{BOOL, WORD};
use super::stored::{Answers, Question};
use super::users::ask_user;
use super::validate::{Param, param, query};
use crate::model::{User, fold};
use crate::protocol::attempts::Protection;
use crate::random::Random;
use crate::write::{LoginFailures, Write};

const IDENTIFIER: &[Param] = &[param("identifier", WORD)];
const CONSIDER: &[Param] = &[param("consider_brute_force_enablement", BOOL)];

pub(super) fn ask_by_identifier(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[IDENTIFIER, CONSIDER])?;
    let identifier = fold(params.required("identifier")?);
    Ok(vec![Question::Failures(identifier)])
}

pub(super) fn by_identifier(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[IDENTIFIER, CONSIDER])?;
    let considers = params.flag("consider_brute_force_enablement");
    let blocks = shown(call, considers, answers.failures()?);
    Ok(Reply::ok(json!({ "blocked_for": blocks })))
}

pub(super) fn delete_by_identifier(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[IDENTIFIER])?;
    let identifier = fold(params.required("identifier")?);
    let forget = Write::ForgetFailures(vec![identifier]);
    Ok(Reply::no_content(vec![forget]))
}

pub(super) fn ask_of_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[CONSIDER])?;
    ask_user(call)
}

pub(super) fn then_failures(_: &Call<'_>, answers: &Answers) -> Result<Vec<Question>, ApiError> {
    let user = answers.first_user().ok_or_else(ApiError::no_user)?;
    Ok(identifiers(user)
        .into_iter()
        .map(Question::Failures)
        .collect())
}

/// Everything by which the user can be named at a login.
fn identifiers(user: &User) -> Vec<String> {
    let named = [&user.email, &user.username, &user.phone_number];
    named.into_iter().flatten().map(|text| fold(text)).collect()
}

pub(super) fn of_user(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[CONSIDER])?;
    let considers = params.flag("consider_brute_force_enablement");
    let user = answers.user()?.user;
    let mut blocks = Vec::new();
    for _ in identifiers(&user) {
        let of_user = |failures: &LoginFailures| failures.connection == user.connection;
        let failures = answers.failures()?.into_iter().filter(of_user);
        blocks.extend(shown(call, considers, failures));
    }
    Ok(Reply::ok(json!({ "blocked_for": blocks })))
}

pub(super) fn delete_of_user(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let user = answers.user()?.user;
    let forget = Write::ForgetFailures(identifiers(&user));
    Ok(Reply::no_content(vec![forget]))
}

fn shown(
    call: &Call<'_>,
    considers: Option<bool>,
    failures: impl IntoIterator<Item = LoginFailures>,
) -> Vec<Value> {
    let enabled = |failures: &LoginFailures| {
        let connection = call.tenant.connection(&failures.connection);
        connection.is_some_and(|connection| connection.parsed.brute_force_protection)
    };
    let most = Protection::of(&call.tenant.settings.document, true)
        .account
        .most;
    let blocks = failures.into_iter().filter(|failures| {
        failures.count >= most
            && call.now < failures.expires_at
            && (considers != Some(true) || enabled(failures))
    });
    let show = |block: LoginFailures| {
        json!({
            "identifier": block.identifier,
            "ip": block.ip,
            "connection": block.connection,
        })
    };
    blocks.map(show).collect()
}
