//! The three styles of a list: a bare array, an object with totals, a checkpoint.

use cardea_jose::{b64, constant_time_eq, hmac_sha256};
use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::ApiError;
use super::schema::{BOOL, Type, WORD};
use super::validate::{Param, Params, param};
use crate::model::Document;

const DEFAULT: i64 = 50;
const MAX: i64 = 100;
const SIZE: Type = Type::Integer(1, MAX);

/// `page`, `per_page`, `include_totals`. A page of nothing is refused: it makes clients that
/// page until they see the end run forever (attack MGMT-14).
pub(super) const OFFSET: &[Param] = &[
    param("page", Type::Integer(0, i64::MAX)),
    param("per_page", SIZE),
    param("include_totals", BOOL),
];
/// `from`, `take`.
pub(super) const CHECKPOINT: &[Param] = &[param("from", WORD), param("take", SIZE)];

/// An offset page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offset {
    pub(super) start: i64,
    pub(super) limit: i64,
    pub(super) totals: bool,
}

impl Offset {
    pub(super) fn read(params: &Params) -> Self {
        let limit = params.integer("per_page").unwrap_or(DEFAULT);
        Self {
            start: params.integer("page").unwrap_or(0).saturating_mul(limit),
            limit,
            totals: params.flag("include_totals").unwrap_or(false),
        }
    }
}

/// How many a checkpoint gives.
pub(super) fn take(params: &Params) -> i64 {
    params.integer("take").unwrap_or(DEFAULT)
}

/// A list of documents in the order of their making, in the style that was asked for. `take`
/// and `from` win over `include_totals`: one tool sends all of them.
pub(super) fn reply(
    call: &Call<'_>,
    params: &Params,
    key: &str,
    mut documents: Vec<&Document>,
    show: impl Fn(&Document) -> Map<String, Value>,
) -> Result<Reply, ApiError> {
    if params.has("take") || params.has("from") {
        return checkpoint(call, params, key, documents, show);
    }
    documents.sort_by(|a, b| position(a).cmp(&position(b)));
    let page = Offset::read(params);
    let total = documents.len();
    let items = documents
        .into_iter()
        .skip(size(page.start))
        .take(size(page.limit));
    let items: Vec<Value> = items
        .map(|document| Value::Object(show(document)))
        .collect();
    Ok(offset(page, key, items, total))
}

/// A list that fits into memory and is not sorted by time, in the styles with pages.
pub(super) fn values(params: &Params, key: &str, items: Vec<Value>) -> Reply {
    let page = Offset::read(params);
    let total = items.len();
    let items = items
        .into_iter()
        .skip(size(page.start))
        .take(size(page.limit));
    offset(page, key, items.collect(), total)
}

/// One page of a list, in the style that was asked for.
pub(super) fn offset(page: Offset, key: &str, items: Vec<Value>, total: impl Into<Value>) -> Reply {
    if !page.totals {
        return Reply::ok(items);
    }
    let total: Value = total.into();
    let mut body = json!({ "total": total, "start": page.start, "limit": page.limit });
    put(&mut body, key, items.into());
    Reply::ok(body)
}

/// What a checkpoint's page says: its items, and the cursor to the next page if there is one.
pub(super) fn checkpoint_body(key: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut body = Value::Object(Map::new());
    put(&mut body, key, items.into());
    // absent on the last page: a tool asks on while it is there
    if let Some(next) = next {
        put(&mut body, "next", next.into());
    }
    body
}

/// Where a checkpoint goes on.
pub(super) fn after(
    call: &Call<'_>,
    params: &Params,
    key: &str,
) -> Result<Option<(i64, String)>, ApiError> {
    let cursor = params.text("from");
    cursor
        .map(|cursor| Scope::of(call, key).open(cursor))
        .transpose()
}

/// The cursor to what follows the row at `position`.
pub(super) fn cursor(call: &Call<'_>, key: &str, position: (i64, &str)) -> String {
    Scope::of(call, key).seal(position)
}

/// A list of documents in the order of their making, from a checkpoint on.
pub(super) fn checkpoint(
    call: &Call<'_>,
    params: &Params,
    key: &str,
    mut documents: Vec<&Document>,
    show: impl Fn(&Document) -> Map<String, Value>,
) -> Result<Reply, ApiError> {
    documents.sort_by(|a, b| position(a).cmp(&position(b)));
    let after = after(call, params, key)?;
    let rest = documents.iter().filter(|document| {
        after
            .as_ref()
            .is_none_or(|(at, id)| position(document) > (*at, id.as_str()))
    });
    let limit = size(take(params));
    let rest: Vec<&&Document> = rest.take(limit.saturating_add(1)).collect();
    let page: Vec<Value> = rest
        .iter()
        .take(limit)
        .map(|document| Value::Object(show(document)))
        .collect();
    let last = rest
        .get(limit)
        .and_then(|_| rest.get(limit.saturating_sub(1)));
    let next = last.map(|last| cursor(call, key, position(last)));
    Ok(Reply::ok(checkpoint_body(key, page, next)))
}

fn put(body: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = body {
        members.insert(name.to_owned(), value);
    }
}

fn position(document: &Document) -> (i64, &str) {
    (document.created_at, &document.id)
}

fn size(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What a cursor is good for: one tenant, one list, one filter (attack MGMT-14). The tag's key
/// is the tenant's internal id: random, never shown on the wire and never used again. A cursor
/// holds a position and nothing secret, and what it opens is checked anew on each call.
struct Scope<'a> {
    key: &'a str,
    label: String,
}

const TAG: usize = 16;

impl<'a> Scope<'a> {
    fn of(call: &Call<'a>, list: &str) -> Self {
        const NOT_A_FILTER: [&str; 7] = [
            "from",
            "take",
            "page",
            "per_page",
            "include_totals",
            "fields",
            "include_fields",
        ];
        let mut filters: Vec<_> = call
            .query
            .0
            .iter()
            .filter(|(name, _)| !NOT_A_FILTER.contains(&name.as_str()))
            .collect();
        filters.sort();
        let label = json!(["cursor", list, call.path.0, filters]).to_string();
        Self {
            key: call.tenant.record.id.as_str(),
            label,
        }
    }

    fn tag(&self, position: &[u8]) -> [u8; 32] {
        let inner = hmac_sha256(self.key.as_bytes(), self.label.as_bytes());
        hmac_sha256(&inner, position)
    }

    fn seal(&self, (at, id): (i64, &str)) -> String {
        let mut position = at.to_be_bytes().to_vec();
        position.extend_from_slice(id.as_bytes());
        let tag = self.tag(&position);
        let mut cursor = tag.iter().copied().take(TAG).collect::<Vec<u8>>();
        cursor.append(&mut position);
        b64::encode(&cursor)
    }

    fn open(&self, cursor: &str) -> Result<(i64, String), ApiError> {
        let opened = || {
            let bytes = b64::decode(cursor).ok()?;
            let (tag, position) = bytes.split_at_checked(TAG)?;
            let expected = self.tag(position);
            if !constant_time_eq(tag, expected.get(..TAG)?) {
                return None;
            }
            let (at, id) = position.split_first_chunk::<8>()?;
            Some((
                i64::from_be_bytes(*at),
                String::from_utf8(id.to_vec()).ok()?,
            ))
        };
        opened().ok_or_else(|| ApiError::query("Invalid value for checkpoint", "from"))
    }
}
