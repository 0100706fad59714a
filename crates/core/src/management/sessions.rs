//! `/sessions`: browser sessions.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::format::NO_SPACE;
use super::paging::{CHECKPOINT, OFFSET};
use super::schema::{BOOL, Field, Mode, Object, Rest, Type, field, limited};
use super::state::{self, damaged, live};
use super::stored::{Answers, Question};
use super::users::path_user;
use super::validate::{Params, body, query};
use crate::model::{Artefact, ArtefactKind, Revoke};
use crate::protocol::session::{Device, SessionRecord};
use crate::protocol::token::family::Family;
use crate::random::Random;
use crate::write::Write;

/// The body of `PATCH /sessions/{id}`.
pub(super) static SESSION: Object = Object {
    fields: SESSION_FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const SESSION_FIELDS: &[Field] = &[field("session_metadata", Type::Object(&METADATA)).null()];
pub(super) static METADATA: Object = Object::open(&[]).at_most(25);

/// The body of `POST /users/{id}/revoke-access`.
pub(super) static REVOKE_ACCESS: Object = Object::closed(REVOKE_FIELDS);

const REVOKE_FIELDS: &[Field] = &[
    field("session_id", limited(1, 50, NO_SPACE)),
    field("preserve_refresh_tokens", BOOL),
];

const LIST: &str = "sessions";

pub(super) fn ask_one(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let id = call.path.get("id").to_owned();
    Ok(vec![Question::Artefact(ArtefactKind::Session, id)])
}

pub(super) fn get(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let found = live(call, answers.artefact()?, ApiError::no_session)?;
    view(&found).map(Reply::ok)
}

pub(super) fn patch(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let sent = body(call, &SESSION, Mode::Patch)?;
    let found = live(call, answers.artefact()?, ApiError::no_session)?;
    let mut session = SessionRecord::from_artefact(&found).map_err(damaged)?;
    let metadata = sent.get("session_metadata");
    session.metadata = metadata.and_then(Value::as_object).cloned();
    let shown = view(&session.to_artefact())?;
    Ok(Reply::ok(shown).with_writes(vec![session.replace()]))
}

/// The session alone; what is not there is gone already.
pub(super) fn delete(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let found = answers.artefact()?;
    Ok(Reply::accepted(
        found.map(|found| ended(&found)).into_iter().collect(),
    ))
}

fn ended(session: &Artefact) -> Write {
    Write::Revoke(Revoke::One(session.kind, session.digest))
}

/// The refresh tokens of the session's user, of which some came from it.
pub(super) fn then_families(call: &Call<'_>, answers: &Answers) -> Result<Vec<Question>, ApiError> {
    let session = answers.first_artefact().ok_or_else(ApiError::no_session)?;
    let user = session.user.clone();
    let families = state::all(call, ArtefactKind::Family, user, None);
    Ok(vec![Question::Artefacts(families)])
}

/// The session and everything that came from it.
pub(super) fn revoke(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let found = live(call, answers.artefact()?, ApiError::no_session)?;
    let families = answers.artefacts()?;
    Ok(Reply::accepted(with_families(&found, &families)?))
}

fn with_families(session: &Artefact, families: &[Artefact]) -> Result<Vec<Write>, ApiError> {
    let id = session.id.as_deref();
    let mut writes = vec![ended(session)];
    writes.extend(id.map(|id| Write::Revoke(Revoke::Group(id.to_owned()))));
    for artefact in families {
        let family = Family::from_artefact(artefact).map_err(damaged)?;
        let came_from_it = family.grant.session.as_ref().map(AsRef::as_ref) == id;
        if let Some(id) = family.id.filter(|_| came_from_it) {
            writes.push(Write::Revoke(Revoke::Group(id)));
        }
    }
    Ok(writes)
}

pub(super) fn ask_of_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = of_user_params(call)?;
    let user = path_user(call, "user_id")?;
    let all = state::all(call, ArtefactKind::Session, Some(user.clone()), None);
    let page = state::page_question(call, &params, LIST, all)?;
    Ok(vec![Question::User(user), page])
}

/// `include_totals` and `per_page` are sent and say nothing: the list goes from a checkpoint on.
pub(super) fn of_user_params(call: &Call<'_>) -> Result<Params, ApiError> {
    query(&call.query, &[CHECKPOINT, OFFSET])
}

pub(super) fn of_user(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = of_user_params(call)?;
    answers.user()?;
    state::page(call, &params, LIST, &answers.artefacts()?, view)
}

pub(super) fn ask_path_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    Ok(vec![Question::User(path_user(call, "user_id")?)])
}

pub(super) fn delete_of_user(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let user = answers.user()?.user.id.clone();
    let all = Revoke::OfUser(ArtefactKind::Session, user, None);
    Ok(Reply::accepted(vec![Write::Revoke(all)]))
}

pub(super) fn ask_revoke_access(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &REVOKE_ACCESS, Mode::Create)?;
    let user = path_user(call, "id")?;
    let mut questions = vec![Question::User(user.clone())];
    if let Some(id) = sent.get("session_id").and_then(Value::as_str) {
        questions.push(Question::Artefact(ArtefactKind::Session, id.to_owned()));
        let families = state::all(call, ArtefactKind::Family, Some(user), None);
        questions.push(Question::Artefacts(families));
    }
    Ok(questions)
}

/// One session of a user, or all of them; refresh tokens too, unless they are to stay.
pub(super) fn revoke_access(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let sent = body(call, &REVOKE_ACCESS, Mode::Create)?;
    let keeps = sent.get("preserve_refresh_tokens").and_then(Value::as_bool) == Some(true);
    let user = answers.user()?.user.id.clone();
    if sent.contains_key("session_id") {
        let found = live(call, answers.artefact()?, ApiError::no_session)?;
        if found.user.as_ref() != Some(&user) {
            return Err(ApiError::no_session());
        }
        let families = answers.artefacts()?;
        let families: &[Artefact] = if keeps { &[] } else { &families };
        return Ok(Reply::accepted(with_families(&found, families)?));
    }
    let mut kinds = vec![ArtefactKind::Session];
    if !keeps {
        // a device that was let in and has not come for its tokens yet would get new ones
        kinds.extend([ArtefactKind::Family, ArtefactKind::Device]);
    }
    let all = |kind| Write::Revoke(Revoke::OfUser(kind, user.clone(), None));
    Ok(Reply::accepted(kinds.into_iter().map(all).collect()))
}

fn view(artefact: &Artefact) -> Result<Value, ApiError> {
    let session = SessionRecord::from_artefact(artefact).map_err(damaged)?;
    let (first, last) = (&session.first_device, &session.last_device);
    let methods = session
        .methods
        .iter()
        .map(|method| json!({ "name": method.name, "timestamp": method.at.to_string() }));
    let clients = session.clients.iter().map(|id| json!({ "client_id": id }));
    let mode = if session.persistent {
        "persistent"
    } else {
        "non-persistent"
    };
    Ok(json!({
        "id": session.id,
        "user_id": session.user,
        "created_at": session.created_at.to_string(),
        "updated_at": session.last_used_at.to_string(),
        "authenticated_at": session.authenticated_at.to_string(),
        "idle_expires_at": session.idle_expires_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "last_interacted_at": session.last_used_at.to_string(),
        "device": {
            "initial_user_agent": agent(first),
            "initial_ip": first.ip,
            "last_user_agent": agent(last),
            "last_ip": last.ip,
        },
        "clients": clients.collect::<Vec<Value>>(),
        "authentication": { "methods": methods.collect::<Vec<Value>>() },
        "cookie": { "mode": mode },
        "session_metadata": session.metadata,
    }))
}

fn agent(device: &Device) -> &str {
    device.user_agent.as_deref().unwrap_or_default()
}
