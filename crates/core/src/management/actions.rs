//! `/actions`: there are none, and none can be made yet. Saying so lets tools that read everything
//! first go on.

use serde_json::json;

use super::call::{Call, Reply};
use super::error::ApiError;
use super::schema::{BOOL, Type, WORD, one_of};
use super::validate::{Param, param, query};
use crate::random::Random;

const DEFAULT: i64 = 20;

/// The contract's extensibility points.
const TRIGGERS: &[&str] = &[
    "post-login",
    "credentials-exchange",
    "pre-user-registration",
    "post-user-registration",
    "post-change-password",
    "send-phone-message",
    "custom-phone-provider",
    "custom-email-provider",
    "password-reset-post-challenge",
    "custom-token-exchange",
    "event-stream",
    "password-hash-migration",
    "login-post-identifier",
    "signup-post-identifier",
];

const PAGES: &[Param] = &[
    param("page", Type::Integer(0, i64::MAX)),
    param("per_page", Type::Integer(1, 100)),
];

const FILTERS: &[Param] = &[
    param("triggerId", one_of(TRIGGERS)),
    param("actionName", WORD),
    param("deployed", BOOL),
    param("installed", BOOL),
];

/// No moment at which an action could run is there yet.
pub(super) fn triggers(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    Ok(Reply::ok(json!({ "triggers": [] })))
}

/// No action is bound to any of them.
pub(super) fn bindings(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[PAGES])?;
    let trigger = call.path.get("triggerId");
    if !TRIGGERS.contains(&trigger) {
        let property = "triggerId (An actions extensibility point)";
        return Err(ApiError::path(trigger, property));
    }
    let limit = params.integer("per_page").unwrap_or(DEFAULT);
    Ok(Reply::ok(json!({ "bindings": [], "per_page": limit })))
}

/// And there are no modules that one could use.
pub(super) fn modules(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[PAGES])?;
    Ok(Reply::ok(json!({ "modules": [], "total": 0 })))
}

/// A page of nothing: `page` and `total` are left out where they are 0 (recorded).
pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[PAGES, FILTERS])?;
    let limit = params.integer("per_page").unwrap_or(DEFAULT);
    Ok(Reply::ok(json!({ "actions": [], "per_page": limit })))
}
