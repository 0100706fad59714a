//! `/prompts`: in which order the pages ask. Kept in the settings document, where a login reads it.

use serde_json::{Map, Value, json};

use super::branding::{kept, stored};
use super::call::{Call, Reply};
use super::error::ApiError;
use super::fields::FIELDS as FIELDS_OF_LISTS;
use super::merge::merge;
use super::paging::{self, OFFSET};
use super::schema::{BOOL, Field, Mode, Object, Rest, WORD, field, one_of};
use super::validate::{Param, body, param, query};
use crate::random::Random;

/// The member of the settings document.
pub(super) const MEMBER: &str = "prompts";

/// The body of `PATCH /prompts`.
pub(super) static PROMPTS: Object = Object {
    fields: FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const PLATFORM: &str = "webauthn_platform_first_factor";

const FIELDS: &[Field] = &[
    field("universal_login_experience", one_of(&["new", "classic"])),
    field("identifier_first", BOOL).null(),
    field(PLATFORM, BOOL).null(),
];

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    Ok(Reply::ok(shown(&stored(call, MEMBER))))
}

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let patch = body(call, &PROMPTS, Mode::Patch)?;
    // there are no passkeys: a promise that nobody keeps is not stored
    if patch.get(PLATFORM) == Some(&Value::Bool(true)) {
        return Err(ApiError::not_enabled());
    }
    let mut prompts = stored(call, MEMBER);
    merge(&PROMPTS, &mut prompts, patch);
    let reply = kept(call, MEMBER, prompts.clone());
    Ok(Reply {
        body: Some(shown(&prompts)),
        ..reply
    })
}

/// Whose pages can have parts of a tenant's own.
const WITH_PARTIALS: [&str; 9] = [
    "login",
    "login-id",
    "login-password",
    "login-passwordless",
    "signup",
    "signup-id",
    "signup-password",
    "customized-consent",
    "passkeys",
];

/// There are none, and none can be made yet.
pub(super) fn partials(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let prompt = call.path.get("prompt");
    if !WITH_PARTIALS.contains(&prompt) {
        return Err(ApiError::path(prompt, "prompt (Name of the prompt)"));
    }
    Ok(Reply::ok(Map::new()))
}

const RENDERING: &[Param] = &[
    param("prompt", WORD),
    param("screen", WORD),
    param("rendering_mode", one_of(&["advanced", "standard"])),
];

/// No page is rendered elsewhere.
pub(super) fn rendering(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[OFFSET, FIELDS_OF_LISTS, RENDERING])?;
    Ok(paging::values(&params, "configs", Vec::new()))
}

/// With what holds where nothing is said.
fn shown(prompts: &Map<String, Value>) -> Value {
    let member = |name: &str, default: Value| prompts.get(name).cloned().unwrap_or(default);
    json!({
        "universal_login_experience": member("universal_login_experience", json!("new")),
        "identifier_first": member("identifier_first", json!(false)),
        PLATFORM: member(PLATFORM, json!(false)),
    })
}
