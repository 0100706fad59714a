//! `/tenants/settings`.

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::fields::{FIELDS, Projection};
use super::merge::merge;
use super::prompts;
use super::schema::Mode;
use super::settings_table::SETTINGS;
use super::validate::{body, query};
use crate::model::{Brand, CUSTOM_TEXT};
use crate::random::Random;
use crate::write::Write;

/// Parts of the document that have operations of their own.
const ELSEWHERE: [&str; 3] = [Brand::MEMBER, CUSTOM_TEXT, prompts::MEMBER];
/// Members of the answer that no body may hold.
const READ_ONLY: &[&str] = &["sandbox_versions_available"];

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[FIELDS])?;
    let known =
        |name: &str| SETTINGS.field(name, Mode::Patch).is_some() || READ_ONLY.contains(&name);
    let projection = Projection::read(&params, known)?;
    let mut shown = own(&call.tenant.settings.document.body);
    shown.insert("sandbox_versions_available".to_owned(), json!(["22"]));
    Ok(Reply::ok(projection.apply(shown)))
}

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let patch = in_hours(body(call, &SETTINGS, Mode::Patch)?)?;
    if let Some(Value::String(audience)) = patch.get("default_audience") {
        // attack MGMT-05: the API must be one of this tenant's
        if !audience.is_empty() && call.tenant.api(audience).is_none() {
            return Err(ApiError::body("The default audience does not exist."));
        }
    }
    let mut document = call.tenant.settings.document.clone();
    merge(&SETTINGS, &mut document.body, &patch);
    Ok(Reply::ok(own(&document.body)).with_writes(vec![Write::Update(document)]))
}

fn own(body: &Map<String, Value>) -> Map<String, Value> {
    let mut own = body.clone();
    own.retain(|name, _| !ELSEWHERE.contains(&name.as_str()));
    own
}

/// Lifetimes are kept in hours, whatever unit they are sent in; 181 minutes read back as
/// 3.0166666666666666 hours. A lifetime in both units is refused unless they agree.
fn in_hours(sent: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut patch = Map::new();
    for (name, value) in sent {
        let Some(hours) = name.strip_suffix("_in_minutes") else {
            patch.entry(name.clone()).or_insert_with(|| value.clone());
            continue;
        };
        let minutes = value.as_i64().unwrap_or(0);
        let agrees = |hours: &Value| hours.as_i64().map(|hours| hours * 60) == Some(minutes);
        if sent.get(hours).is_some_and(|hours| !agrees(hours)) {
            return Err(ApiError::body(format!(
                "{hours} and {name} contradict each other"
            )));
        }
        patch.insert(hours.to_owned(), hours_of(minutes));
    }
    Ok(patch)
}

fn hours_of(minutes: i64) -> Value {
    match (minutes / 60, minutes % 60) {
        (hours, 0) => json!(hours),
        // minutes are at most 2^31, which a double holds exactly
        _ => json!(f64::from(i32::try_from(minutes).unwrap_or(i32::MAX)) / 60.0),
    }
}
