//! `/branding`: how the tenant's pages look. Kept in the settings document, where a login reads it.

use serde_json::{Map, Value};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::format::{COLOR, STRICT_HTTPS};
use super::merge::merge;
use super::schema::{
    Field, MAX_TEXT, Mode, Object, Rest, Text, Type, field, formed, one_of, string,
};
use super::validate::{body, query};
use crate::model::Brand;
use crate::random::Random;
use crate::write::Write;

/// The body of `PATCH /branding`.
pub(super) static BRANDING: Object = Object {
    fields: FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const FIELDS: &[Field] = &[
    field("colors", Type::Object(&COLORS)).null().merged(),
    field("favicon_url", formed(STRICT_HTTPS)).null(),
    field("logo_url", formed(STRICT_HTTPS)).null(),
    field("font", Type::Object(&FONT)).null().merged(),
];

static COLORS: Object = Object::closed(&[
    field("primary", formed(COLOR)).null(),
    field("page_background", Type::TextOrObject(SOLID, &GRADIENT)).null(),
])
.at_least(1);

/// The contract takes any string, but a page can only show a colour.
const SOLID: Text = string(0, MAX_TEXT, COLOR);

static GRADIENT: Object = Object::open(&[
    field("type", one_of(&["linear-gradient"])).required(),
    field("start", formed(COLOR)).required(),
    field("end", formed(COLOR)).required(),
    field("angle_deg", Type::Integer(0, 360)),
]);

static FONT: Object = Object::closed(&[field("url", formed(STRICT_HTTPS)).null()]).at_least(1);

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    Ok(Reply::ok(stored(call, Brand::MEMBER)))
}

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let patch = body(call, &BRANDING, Mode::Patch)?;
    let mut branding = stored(call, Brand::MEMBER);
    merge(&BRANDING, &mut branding, patch);
    // the contract has no empty colours and no empty font
    branding.retain(|_, value| value.as_object().is_none_or(|members| !members.is_empty()));
    Ok(kept(call, Brand::MEMBER, branding))
}

/// A part of the settings document that has an operation of its own.
pub(super) fn stored(call: &Call<'_>, member: &str) -> Map<String, Value> {
    let part = call.tenant.settings.document.body.get(member);
    let part = part.and_then(Value::as_object);
    part.cloned().unwrap_or_default()
}

/// The part is stored and shown.
pub(super) fn kept(call: &Call<'_>, member: &str, part: Map<String, Value>) -> Reply {
    let mut document = call.tenant.settings.document.clone();
    let part = Value::Object(part);
    document.body.insert(member.to_owned(), part.clone());
    Reply::ok(part).with_writes(vec![Write::Update(document)])
}
