//! `/refresh-tokens`. What has an id and is shown is the family: the token that is live in it is
//! known to its application alone.

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::fields::{FIELDS, Projection};
use super::format::{CLIENT_ID, USER_ID};
use super::paging::CHECKPOINT;
use super::schema::{Field, List, Mode, Object, Rest, Type, WORD, field, limited, text};
use super::sessions::{METADATA, of_user_params};
use super::state::{self, SCAN, damaged, live};
use super::stored::{Answers, Question};
use super::users::path_user;
use super::validate::{Param, Params, body, param, query};
use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, Revoke};
use crate::protocol::token::family::{Family, NEVER};
use crate::random::Random;
use crate::time::Timestamp;
use crate::write::Write;

/// The body of `PATCH /refresh-tokens/{id}`.
pub(super) static REFRESH_TOKEN: Object = Object {
    fields: REFRESH_TOKEN_FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const REFRESH_TOKEN_FIELDS: &[Field] =
    &[field("refresh_token_metadata", Type::Object(&METADATA)).null()];

/// The body of `POST /refresh-tokens/revoke`.
pub(super) static REVOKE: Object = Object::closed(REVOKE_FIELDS);

const REVOKE_FIELDS: &[Field] = &[
    field("ids", Type::List(&IDS)),
    field("user_id", limited(1, 300, USER_ID)),
    field("client_id", limited(1, 64, CLIENT_ID)),
    field("audience", text(1, 600)),
];
static IDS: List = List::of(text(1, 30)).at_least(1);

const LIST: &[Param] = &[param("user_id", WORD), param("client_id", WORD)];
const MEMBERS: &[&str] = &[
    "id",
    "user_id",
    "created_at",
    "idle_expires_at",
    "expires_at",
    "device",
    "client_id",
    "session_id",
    "rotating",
    "resource_servers",
    "refresh_token_metadata",
    "last_exchanged_at",
];

fn list_params(call: &Call<'_>) -> Result<(Params, Projection), ApiError> {
    let params = query(&call.query, &[LIST, CHECKPOINT, FIELDS])?;
    let projection = Projection::read(&params, |name| MEMBERS.contains(&name))?;
    Ok((params, projection))
}

pub(super) fn ask_list(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let (params, _) = list_params(call)?;
    let missing = || {
        ApiError::new(
            400,
            "Missing required 'user_id' parameter.",
            Some("invalid_query_string"),
        )
    };
    let user = params.text("user_id").ok_or_else(missing)?;
    let user = UserId::parse(user).ok_or_else(ApiError::no_user)?;
    let client = params.text("client_id").map(|id| known_client(call, id));
    let client = client.transpose()?;
    let all = state::all(call, ArtefactKind::Family, Some(user.clone()), client);
    let page = state::page_question(call, &params, "refresh_tokens", all)?;
    Ok(vec![Question::User(user), page])
}

fn known_client(call: &Call<'_>, id: &str) -> Result<ClientId, ApiError> {
    let entry = call.tenant.clients.get(id);
    entry
        .map(|entry| entry.parsed.id.clone())
        .ok_or_else(ApiError::no_client)
}

pub(super) fn list(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let (params, projection) = list_params(call)?;
    answers.user()?;
    let found = answers.artefacts()?;
    state::page(call, &params, "refresh_tokens", &found, |artefact| {
        Ok(projection.apply(view(artefact)?).into())
    })
}

pub(super) fn ask_of_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = of_user_params(call)?;
    let user = path_user(call, "user_id")?;
    let all = state::all(call, ArtefactKind::Family, Some(user.clone()), None);
    let page = state::page_question(call, &params, "tokens", all)?;
    Ok(vec![Question::User(user), page])
}

pub(super) fn of_user(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = of_user_params(call)?;
    answers.user()?;
    let found = answers.artefacts()?;
    state::page(call, &params, "tokens", &found, |artefact| {
        Ok(view(artefact)?.into())
    })
}

pub(super) fn delete_of_user(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let user = answers.user()?.user.id.clone();
    Ok(Reply::accepted(of(Some(&user), None)))
}

/// Everything that belongs to a user, an application, or both.
fn of(user: Option<&UserId>, client: Option<&ClientId>) -> Vec<Write> {
    let kind = ArtefactKind::Family;
    let revoke = match (user, client) {
        (Some(user), client) => Some(Revoke::OfUser(kind, user.clone(), client.cloned())),
        (None, Some(client)) => Some(Revoke::OfClient(kind, client.clone())),
        (None, None) => None,
    };
    revoke.map(Write::Revoke).into_iter().collect()
}

pub(super) fn ask_one(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    Ok(vec![family(call.path.get("id"))])
}

fn family(id: &str) -> Question {
    Question::Artefact(ArtefactKind::Family, id.to_owned())
}

pub(super) fn get(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let found = live(call, answers.artefact()?, ApiError::no_refresh_token)?;
    view(&found).map(Reply::ok)
}

pub(super) fn patch(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let sent = body(call, &REFRESH_TOKEN, Mode::Patch)?;
    let found = live(call, answers.artefact()?, ApiError::no_refresh_token)?;
    let mut family = Family::from_artefact(&found).map_err(damaged)?;
    let metadata = sent.get("refresh_token_metadata");
    family.metadata = metadata.and_then(Value::as_object).cloned();
    let id = found.id.as_deref().unwrap_or_default();
    let changed = family.to_artefact(id);
    let shown = view(&changed)?;
    Ok(Reply::ok(shown).with_writes(vec![Write::Replace(changed)]))
}

/// What is not there is gone already.
pub(super) fn delete(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let found = answers.artefact()?;
    let writes = found.as_ref().and_then(ended);
    Ok(Reply::no_content(writes.into_iter().collect()))
}

/// The family and its tokens.
pub(super) fn ended(family: &Artefact) -> Option<Write> {
    let id = family.id.clone();
    id.map(|id| Write::Revoke(Revoke::Group(id)))
}

/// What `POST /refresh-tokens/revoke` names.
enum Named {
    Ids(Vec<String>),
    Of {
        user: Option<UserId>,
        client: Option<ClientId>,
        audience: Option<String>,
    },
}

fn named(call: &Call<'_>) -> Result<Named, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &REVOKE, Mode::Create)?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let combination = || ApiError::body("Invalid combination of parameters.");
    if let Some(ids) = sent.get("ids").and_then(Value::as_array) {
        if sent.len() > 1 {
            return Err(combination());
        }
        let ids = ids.iter().filter_map(Value::as_str);
        return Ok(Named::Ids(ids.map(ToOwned::to_owned).collect()));
    }
    let (user, client, audience) = (text("user_id"), text("client_id"), text("audience"));
    if user.is_none() && client.is_none() {
        return Err(combination());
    }
    let client = client.map(|id| {
        let missing = |_| ApiError::body("Client not found.");
        known_client(call, id).map_err(missing)
    });
    if audience.is_some_and(|audience| call.tenant.api(audience).is_none()) {
        return Err(ApiError::body("Resource server not found."));
    }
    Ok(Named::Of {
        user: user.and_then(UserId::parse),
        client: client.transpose()?,
        audience: audience.map(ToOwned::to_owned),
    })
}

pub(super) fn ask_revoke(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    Ok(match named(call)? {
        Named::Ids(ids) => ids.iter().map(|id| family(id)).collect(),
        Named::Of {
            user,
            client,
            audience,
        } => {
            let mut questions: Vec<Question> = user.iter().cloned().map(Question::User).collect();
            if audience.is_some() {
                let all = state::all(call, ArtefactKind::Family, user, client);
                questions.push(Question::Artefacts(all));
            }
            questions
        }
    })
}

pub(super) fn revoke(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let (user, client, audience) = match named(call)? {
        Named::Ids(ids) => {
            let mut writes = Vec::new();
            for _ in ids {
                writes.extend(answers.artefact()?.as_ref().and_then(ended));
            }
            return Ok(Reply::accepted(writes));
        }
        Named::Of {
            user,
            client,
            audience,
        } => (user, client, audience),
    };
    if user.is_some() && answers.user_if_any()?.is_none() {
        return Err(ApiError::body("User not found."));
    }
    let Some(audience) = audience else {
        return Ok(Reply::accepted(of(user.as_ref(), client.as_ref())));
    };
    let found = answers.artefacts()?;
    if found.len() >= usize::try_from(SCAN).unwrap_or(usize::MAX) {
        let message = format!("More than {SCAN} refresh tokens; name a user_id and a client_id.");
        return Err(ApiError::body(message));
    }
    let mut writes = Vec::new();
    for artefact in &found {
        let family = Family::from_artefact(artefact).map_err(damaged)?;
        let api = family.grant.audience.as_ref().map(AsRef::as_ref);
        if api == Some(audience.as_str()) {
            writes.extend(ended(artefact));
        }
    }
    Ok(Reply::accepted(writes))
}

/// `scopes` is one string, and what has no end has null.
fn view(artefact: &Artefact) -> Result<Map<String, Value>, ApiError> {
    let family = Family::from_artefact(artefact).map_err(damaged)?;
    let grant = &family.grant;
    let end = |at: Timestamp| (at < NEVER).then(|| at.to_string());
    // an idle end is shown where it comes before the absolute one
    let idle = end(family.expires_at).filter(|_| family.expires_at < family.ends_at);
    let api = grant
        .audience
        .as_ref()
        .map(|audience| json!({ "audience": audience, "scopes": grant.scopes.to_string() }));
    let used = (family.used_at > family.started_at).then(|| family.used_at.to_string());
    let shown = json!({
        "id": family.id,
        "user_id": grant.user,
        "created_at": family.started_at.to_string(),
        "idle_expires_at": idle,
        "expires_at": end(family.ends_at),
        "client_id": grant.client,
        "session_id": grant.session,
        "rotating": family.rotating,
        "resource_servers": api.into_iter().collect::<Vec<Value>>(),
        "refresh_token_metadata": family.metadata,
        "last_exchanged_at": used,
    });
    Ok(shown.as_object().cloned().unwrap_or_default())
}
