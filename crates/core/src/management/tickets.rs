//! `/tickets`: links that prove an address, or lead to a new password. The caller gets the link
//! and is trusted to hand it to the user alone.

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::connections::STRATEGIES;
use super::error::ApiError;
use super::format::{CLIENT_ID, CONNECTION_ID, EMAIL, ORGANIZATION_ID, URL, USER_ID};
use super::powers;
use super::schema::{BOOL, COUNT, Field, Mode, Object, TEXT, Type, field, formed, one_of};
use super::stored::{Answers, Question};
use super::users::view::identity;
use super::validate::{body, query};
use crate::id::{ClientId, UserId};
use crate::model::{Document, Issuer, UserFacts, fold};
use crate::protocol::tickets::{self, NewTicket, Purpose, Return};
use crate::random::Random;

/// Seconds, unless the body says otherwise: five days.
const LIFETIME: i64 = 432_000;
/// Seconds: a link that lasts longer is one that somebody else finds (attack MGMT-22).
const MAX_LIFETIME: i64 = 2_592_000;

/// The body of `POST /tickets/email-verification`.
pub(super) static VERIFICATION: Object = Object::closed(VERIFICATION_FIELDS);

const VERIFICATION_FIELDS: &[Field] = &[
    field("result_url", formed(URL)),
    field("user_id", formed(USER_ID)).required(),
    field("client_id", formed(CLIENT_ID)),
    field("organization_id", formed(ORGANIZATION_ID)),
    field("ttl_sec", COUNT),
    field("includeEmailInRedirect", BOOL),
    field("identity", Type::Object(&IDENTITY)),
];

/// The body of `POST /tickets/password-change`.
pub(super) static PASSWORD_CHANGE: Object = Object::closed(PASSWORD_CHANGE_FIELDS);

const PASSWORD_CHANGE_FIELDS: &[Field] = &[
    field("result_url", formed(URL)),
    field("user_id", formed(USER_ID)),
    field("client_id", formed(CLIENT_ID)),
    field("organization_id", formed(ORGANIZATION_ID)),
    field("connection_id", formed(CONNECTION_ID)),
    field("email", formed(EMAIL)),
    field("ttl_sec", COUNT),
    field("mark_email_as_verified", BOOL),
    field("includeEmailInRedirect", BOOL),
    field("identity", Type::Object(&IDENTITY)),
];

static IDENTITY: Object = Object::closed(&[
    field("user_id", TEXT).required(),
    field("provider", one_of(STRATEGIES)).required(),
    field("connection_id", formed(CONNECTION_ID)),
]);

const fn table(purpose: Purpose) -> &'static Object {
    match purpose {
        Purpose::VerifyEmail => &VERIFICATION,
        Purpose::ResetPassword | Purpose::Unblock => &PASSWORD_CHANGE,
    }
}

pub(super) fn ask_verification(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    ask(call, Purpose::VerifyEmail)
}

pub(super) fn verification(
    call: &Call<'_>,
    answers: Answers,
    random: &mut dyn Random,
) -> Result<Reply, ApiError> {
    create(call, answers, random, Purpose::VerifyEmail)
}

pub(super) fn ask_password_change(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    ask(call, Purpose::ResetPassword)
}

pub(super) fn password_change(
    call: &Call<'_>,
    answers: Answers,
    random: &mut dyn Random,
) -> Result<Reply, ApiError> {
    create(call, answers, random, Purpose::ResetPassword)
}

/// The user by id, or by address and connection.
fn ask(call: &Call<'_>, purpose: Purpose) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, table(purpose), Mode::Create)?;
    check(call, sent)?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    if let Some(id) = text("user_id") {
        return Ok(vec![Question::User(
            UserId::parse(id).ok_or_else(ApiError::no_user)?,
        )]);
    }
    let missing = |name| ApiError::payload(&format!("Missing required property: {name}"), "");
    let email = text("email").ok_or_else(|| missing("user_id"))?;
    let connection = text("connection_id").ok_or_else(|| missing("connection_id"))?;
    let entry = call.tenant.connections.get(connection).ok_or_else(|| {
        ApiError::body(format!(
            "The connection with id {connection} does not exist."
        ))
    })?;
    Ok(vec![Question::Identifier {
        connection: Some(entry.parsed.name.clone()),
        folded: fold(email),
    }])
}

/// The roles of a user that was asked for by its address.
pub(super) fn then_facts(_: &Call<'_>, answers: &Answers) -> Result<Vec<Question>, ApiError> {
    let user = answers.first_user().ok_or_else(ApiError::no_user)?;
    Ok(vec![Question::User(user.id.clone())])
}

fn check(call: &Call<'_>, sent: &Map<String, Value>) -> Result<(), ApiError> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    if text("client_id").is_some_and(|id| !call.tenant.clients.contains_key(id)) {
        return Err(ApiError::body("The client does not exist"));
    }
    if text("organization_id").is_some() {
        return Err(ApiError::body("The organization does not exist"));
    }
    let seconds = sent.get("ttl_sec").and_then(Value::as_i64).unwrap_or(0);
    if seconds > MAX_LIFETIME {
        let what = format!("Value {seconds} is greater than maximum {MAX_LIFETIME}");
        return Err(ApiError::payload(&what, "ttl_sec"));
    }
    if text("result_url").is_some_and(|url| !leads_home(call, url)) {
        let message = "result_url is not at an address of one of the tenant's applications.";
        return Err(ApiError::body(message));
    }
    Ok(())
}

/// Whether a page is the tenant's own or one of its applications' (attack MGMT-22): mail from
/// this server must not lead anywhere else.
fn leads_home(call: &Call<'_>, url: &str) -> bool {
    const MEMBERS: [&str; 5] = [
        "callbacks",
        "allowed_logout_urls",
        "web_origins",
        "allowed_origins",
        "initiate_login_uri",
    ];
    let Some(wanted) = origin(url) else {
        return false;
    };
    let listed = |document: &Document| {
        MEMBERS.iter().any(|name| {
            let value = document.body.get(*name);
            let list = value.and_then(Value::as_array).into_iter().flatten();
            let mut urls = list.chain(value).filter_map(Value::as_str);
            urls.any(|url| origin(url) == Some(wanted))
        })
    };
    let record = &call.tenant.record;
    let mut hosts = std::iter::once(&record.host).chain(&record.custom_domains);
    let own = hosts.any(|host| wanted == (call.scheme, host.as_str()));
    own || listed(&call.tenant.settings.document)
        || call
            .tenant
            .clients
            .values()
            .any(|client| listed(&client.document))
}

/// Scheme and host, port included.
fn origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    (!host.is_empty() && !host.contains(['@', '*'])).then_some((scheme, host))
}

fn create(
    call: &Call<'_>,
    mut answers: Answers,
    random: &mut dyn Random,
    purpose: Purpose,
) -> Result<Reply, ApiError> {
    let sent = body(call, table(purpose), Mode::Create)?;
    let facts = answers.last_user()?;
    check_user(call, sent, &facts)?;
    if matches!(purpose, Purpose::ResetPassword) {
        // attack MGMT-11: a way into the account of somebody who can do more
        powers::may_take_over(call, &facts)?;
    }
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let flag = |name: &str| sent.get(name).and_then(Value::as_bool) == Some(true);
    let seconds = sent.get("ttl_sec").and_then(Value::as_i64);
    let new = NewTicket {
        purpose,
        user: &facts.user,
        client: text("client_id").and_then(ClientId::parse),
        // the caller gets the link, so that its use proves no address unless the caller says so
        mailed: flag("mark_email_as_verified"),
        lifetime: seconds.filter(|seconds| *seconds > 0).or(Some(LIFETIME)),
        back: Return {
            url: text("result_url").map(ToOwned::to_owned),
            with_email: flag("includeEmailInRedirect"),
        },
    };
    // the host of the tenant, whatever the request named
    let issuer = Issuer::new(call.scheme, &call.tenant.record.host);
    let made = tickets::make(new, &issuer, call.now, random);
    let link = json!(format!("{}#", made.link));
    let body = Map::from_iter([("ticket".to_owned(), link)]);
    Ok(Reply::created(body, made.writes))
}

fn check_user(
    call: &Call<'_>,
    sent: &Map<String, Value>,
    facts: &UserFacts,
) -> Result<(), ApiError> {
    let user = &facts.user;
    if user.email.is_none() {
        return Err(ApiError::body("The user does not have an email address."));
    }
    let Some(named) = sent.get("identity") else {
        return Ok(());
    };
    let text = |name: &str| named.get(name).and_then(Value::as_str);
    if let Some(id) = text("connection_id") {
        let connection = call.tenant.connections.get(id);
        let missing = || ApiError::body("Identity connection does not exist.");
        connection.ok_or_else(missing)?;
    }
    let (provider, id) = identity(user);
    if text("provider") != Some(provider) || text("user_id") != Some(id) {
        return Err(ApiError::body(
            "The user exists, but does not contain the given identity.",
        ));
    }
    Ok(())
}
