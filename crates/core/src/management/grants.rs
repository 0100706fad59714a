//! `/grants`: what users let applications have. Taking one back ends the refresh tokens that
//! rest on it.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::paging::{self, OFFSET};
use super::schema::WORD;
use super::state::{self, SCAN, damaged};
use super::stored::{Answers, Question};
use super::validate::{Param, Params, param, query};
use crate::id::{ApiIdentifier, ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, Revoke};
use crate::protocol::consent::ConsentRecord;
use crate::random::Random;
use crate::write::Write;

const LIST: &[Param] = &[
    param("user_id", WORD),
    param("client_id", WORD),
    param("audience", WORD),
];
const USER: &[Param] = &[param("user_id", WORD)];

fn all(call: &Call<'_>, params: &Params) -> Option<Question> {
    let user = params.text("user_id").map(UserId::parse);
    let client = params.text("client_id").map(ClientId::parse);
    // what cannot be an id has no grants
    if user == Some(None) || client == Some(None) {
        return None;
    }
    let all = state::all(
        call,
        ArtefactKind::Consent,
        user.flatten(),
        client.flatten(),
    );
    Some(Question::Artefacts(all))
}

pub(super) fn ask_list(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET])?;
    Ok(all(call, &params).into_iter().collect())
}

pub(super) fn list(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET])?;
    let found = if all(call, &params).is_some() {
        answers.artefacts()?
    } else {
        Vec::new()
    };
    if found.len() >= usize::try_from(SCAN).unwrap_or(usize::MAX) {
        let message = format!("There are more than {SCAN} grants; name a user_id.");
        return Err(ApiError::new(400, message, Some("invalid_paging")));
    }
    let wanted = params.text("audience");
    let mut shown = Vec::new();
    for artefact in &found {
        let consent = ConsentRecord::from_artefact(artefact).map_err(damaged)?;
        let audience = consent.audience.as_ref().map(ApiIdentifier::as_str);
        if wanted.is_none() || wanted == audience {
            shown.push(view(&consent));
        }
    }
    Ok(paging::values(&params, "grants", shown))
}

pub(super) fn ask_one(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let id = call.path.get("id").to_owned();
    Ok(vec![Question::Artefact(ArtefactKind::Consent, id)])
}

/// What is not there is gone already.
pub(super) fn delete(
    _: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let consent = answers.artefact()?;
    Ok(Reply::no_content(consent.iter().flat_map(ended).collect()))
}

/// The consent with the refresh tokens that rest on it, and what the application has at hand of
/// this user: it was given by a consent, if not by this one (attack AUTHZ-64).
fn ended(consent: &Artefact) -> Vec<Write> {
    let id = consent.id.clone();
    let mut writes: Vec<Write> = id
        .map(|id| Write::Revoke(Revoke::Group(id)))
        .into_iter()
        .collect();
    if let (Some(user), Some(client)) = (&consent.user, &consent.client) {
        let kinds = [
            ArtefactKind::Opaque,
            ArtefactKind::Code,
            ArtefactKind::Device,
        ];
        let all = |kind| Revoke::OfUser(kind, user.clone(), Some(client.clone()));
        writes.extend(kinds.map(|kind| Write::Revoke(all(kind))));
    }
    writes
}

pub(super) fn ask_of_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[USER])?;
    params.required("user_id")?;
    Ok(all(call, &params).into_iter().collect())
}

pub(super) fn delete_of_user(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[USER])?;
    let Some(user) = params.text("user_id").and_then(UserId::parse) else {
        return Ok(Reply::no_content(Vec::new()));
    };
    let found = answers.artefacts()?;
    let mut writes: Vec<Write> = found.iter().flat_map(ended).collect();
    // those beyond the list go without their refresh tokens being named one by one
    let rest = Revoke::OfUser(ArtefactKind::Consent, user, None);
    writes.push(Write::Revoke(rest));
    Ok(Reply::no_content(writes))
}

fn view(consent: &ConsentRecord) -> Value {
    json!({
        "id": consent.id,
        "clientID": consent.client,
        "user_id": consent.user,
        "audience": consent.audience.as_ref().map_or("", ApiIdentifier::as_str),
        "scope": consent.scopes.iter().collect::<Vec<_>>(),
    })
}
