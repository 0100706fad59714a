//! `/device-credentials`: the older list of refresh tokens. Public keys of devices are not
//! served, since nothing takes them.

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::fields::{FIELDS, Projection};
use super::format::{CLIENT_ID, DEVICE_ID};
use super::operation::Needs;
use super::paging::{self, OFFSET};
use super::powers;
use super::refresh_tokens;
use super::schema::{Field, Mode, Object, Type, WORD, field, formed, limited, one_of};
use super::state::{self, SCAN, damaged};
use super::stored::{Answers, Question};
use super::validate::{Param, Params, body, param, query};
use crate::id::{ClientId, UserId};
use crate::model::ArtefactKind;
use crate::protocol::token::family::Family;
use crate::random::Random;

pub(super) const DELETE: Needs = Needs::AnyOf(&[
    "delete:device_credentials",
    "delete:current_user_device_credentials",
]);

/// The body of `POST /device-credentials`.
pub(super) static CREDENTIAL: Object = Object::closed(CREDENTIAL_FIELDS);

const CREDENTIAL_FIELDS: &[Field] = &[
    field("device_name", WORD).required(),
    field("type", one_of(&["public_key"])).required(),
    field("value", WORD).required(),
    field("device_id", limited(1, 36, DEVICE_ID)).required(),
    field("client_id", formed(CLIENT_ID)),
];

const TYPE: Type = one_of(&["public_key", "refresh_token", "rotating_refresh_token"]);
const LIST: &[Param] = &[
    param("user_id", WORD),
    param("client_id", WORD),
    param("type", TYPE),
];
const MEMBERS: &[&str] = &[
    "id",
    "device_name",
    "device_id",
    "type",
    "user_id",
    "client_id",
];

fn list_params(call: &Call<'_>) -> Result<(Params, Projection), ApiError> {
    let params = query(&call.query, &[LIST, OFFSET, FIELDS])?;
    let projection = Projection::read(&params, |name| MEMBERS.contains(&name))?;
    Ok((params, projection))
}

pub(super) fn ask_list(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let (params, _) = list_params(call)?;
    let user = params.text("user_id").and_then(UserId::parse);
    let client = params.text("client_id").and_then(ClientId::parse);
    let all = state::all(call, ArtefactKind::Family, user, client);
    Ok(vec![Question::Artefacts(all)])
}

pub(super) fn list(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let (params, projection) = list_params(call)?;
    let found = answers.artefacts()?;
    if found.len() >= usize::try_from(SCAN).unwrap_or(usize::MAX) {
        let message = format!("There are more than {SCAN} credentials; name a user_id.");
        return Err(ApiError::new(400, message, Some("invalid_paging")));
    }
    let mut shown = Vec::new();
    for artefact in &found {
        let family = Family::from_artefact(artefact).map_err(damaged)?;
        let credential = view(&family);
        let kind = credential.get("type").and_then(Value::as_str);
        let wanted = params.text("type");
        if wanted.is_none() || wanted == kind {
            shown.push(projection.apply(credential).into());
        }
    }
    Ok(paging::values(&params, "device_credentials", shown))
}

fn view(family: &Family) -> Map<String, Value> {
    let kind = if family.rotating {
        "rotating_refresh_token"
    } else {
        "refresh_token"
    };
    Map::from_iter([
        ("id".to_owned(), json!(family.id)),
        ("device_name".to_owned(), json!("")),
        ("type".to_owned(), json!(kind)),
        ("user_id".to_owned(), json!(family.grant.user)),
        ("client_id".to_owned(), json!(family.grant.client)),
    ])
}

pub(super) fn create(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    body(call, &CREDENTIAL, Mode::Create)?;
    if call.caller.user.is_none() {
        let message = "Cannot create device credentials for that user.";
        return Err(ApiError::new(403, message, None));
    }
    Err(ApiError::not_enabled())
}

pub(super) fn ask_delete(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    query(&call.query, &[])?;
    let id = call.path.get("id").to_owned();
    Ok(vec![Question::Artefact(ArtefactKind::Family, id)])
}

/// What is not there, or is another's, is gone already.
pub(super) fn delete(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let Some(found) = answers.artefact()? else {
        return Ok(Reply::no_content(Vec::new()));
    };
    let user = found.user.as_ref().map_or("", UserId::as_str);
    powers::own_account(call, DELETE, user)?;
    let ended = refresh_tokens::ended(&found);
    Ok(Reply::no_content(ended.into_iter().collect()))
}
