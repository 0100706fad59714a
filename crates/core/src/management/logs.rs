//! `/logs`. The operation says which rows it needs; the server reads them.

use serde_json::{Value, json};

use super::call::{Call, LogRow, Reply};
use super::error::ApiError;
use super::fields::{FIELDS, Projection};
use super::log_query::Filter;
use super::lucene::MAX_LENGTH;
use super::paging::{CHECKPOINT, OFFSET, Offset, take};
use super::schema::{Type, one_of, text};
use super::validate::{Param, Params, param, query};
use crate::id::LogId;
use crate::model::show_event;
use crate::write::LogQuery;

/// How many rows one search looks at: its cost has a ceiling whatever it asks for.
const SCAN: i64 = 5000;
/// How far one may page; beyond it a checkpoint is the way (the reference's limit).
const MAX_RECORDS: i64 = 1000;

const QUERY: Type = text(1, MAX_LENGTH);
const LIST: &[Param] = &[param("q", QUERY), param("search", QUERY)];
const SORT: &[Param] = &[param("sort", one_of(&["date:1", "date:-1"]))];

/// Members of an answer.
const MEMBERS: &[&str] = &[
    "_id",
    "log_id",
    "date",
    "type",
    "description",
    "connection",
    "connection_id",
    "organization_id",
    "organization_name",
    "client_id",
    "client_name",
    "ip",
    "hostname",
    "details",
    "user_id",
    "user_name",
    "user_agent",
    "audience",
    "scope",
    "strategy",
    "strategy_type",
    "isMobile",
    "location_info",
    "security_context",
];

/// Which rows an operation needs, and what becomes of them.
#[derive(Debug)]
pub struct LogQuestion {
    /// The rows to read.
    pub query: LogQuery,
    filter: Option<Filter>,
    /// Only events of a user (`read:logs_users` alone).
    users_only: bool,
    /// Only events of this user.
    user: Option<String>,
    /// How many rows that pass the filter are left out.
    skip: i64,
    page: Offset,
    projection: Option<Projection>,
}

impl LogQuestion {
    fn new(query: LogQuery, page: Offset, call: &Call<'_>) -> Self {
        let users_only = !call.caller.scopes.contains("read:logs");
        Self {
            query,
            filter: None,
            users_only,
            user: None,
            skip: 0,
            page,
            projection: None,
        }
    }

    fn passes(&self, (id, stored): &LogRow) -> bool {
        let user = stored.get("user_id").and_then(Value::as_str);
        let of_user = !self.users_only || user.is_some();
        of_user
            && self
                .user
                .as_deref()
                .is_none_or(|wanted| user == Some(wanted))
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(id, stored))
    }
}

pub(super) fn ask_list(call: &Call<'_>) -> Result<LogQuestion, ApiError> {
    let params = query(&call.query, &[LIST, SORT, OFFSET, CHECKPOINT, FIELDS])?;
    let projection = Projection::read(&params, |name| MEMBERS.contains(&name))?;
    if params.has("from") || params.has("take") {
        return checkpoint(call, &params);
    }

    let page = Offset::read(&params);
    let end = check_end(page)?;
    let mut question = LogQuestion::new(
        LogQuery::Newest {
            skip: 0,
            take: SCAN,
        },
        page,
        call,
    );
    question.projection = Some(projection);
    let search = params.text("q").or_else(|| params.text("search"));
    question.filter = search.map(Filter::parse).transpose()?;
    let scans = question.filter.is_some() || question.users_only;
    let oldest_first = params.text("sort") == Some("date:1");
    (question.query, question.skip) = match (oldest_first, scans) {
        (false, false) => (
            LogQuery::Newest {
                skip: page.start,
                take: page.limit,
            },
            0,
        ),
        (false, true) => (
            LogQuery::Newest {
                skip: 0,
                take: SCAN,
            },
            page.start,
        ),
        (true, false) => (
            LogQuery::After {
                from: None,
                take: end,
            },
            page.start,
        ),
        (true, true) => (
            LogQuery::After {
                from: None,
                take: SCAN,
            },
            page.start,
        ),
    };
    Ok(question)
}

fn check_end(page: Offset) -> Result<i64, ApiError> {
    let end = page.start.saturating_add(page.limit);
    if end > MAX_RECORDS {
        let message = format!("You can only page through the first {MAX_RECORDS} records.");
        return Err(ApiError::new(400, message, Some("invalid_paging")));
    }
    Ok(end)
}

/// A user's own events. Whose they are is all that is asked: a deleted user's are still there.
pub(super) fn ask_of_user(call: &Call<'_>) -> Result<LogQuestion, ApiError> {
    let params = query(&call.query, &[SORT, OFFSET])?;
    let page = Offset::read(&params);
    check_end(page)?;
    let rows = if params.text("sort") == Some("date:1") {
        LogQuery::After {
            from: None,
            take: SCAN,
        }
    } else {
        LogQuery::Newest {
            skip: 0,
            take: SCAN,
        }
    };
    let mut question = LogQuestion::new(rows, page, call);
    question.user = Some(call.path.get("id").to_owned());
    question.skip = page.start;
    Ok(question)
}

/// Oldest first from a known event on; the other parameters are ignored, as documented.
fn checkpoint(call: &Call<'_>, params: &Params) -> Result<LogQuestion, ApiError> {
    let invalid = || ApiError::query("Invalid value for checkpoint", "from");
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let from = params
        .text("from")
        .map(|text| {
            Some(text)
                .filter(digits)
                .and_then(LogId::parse)
                .ok_or_else(invalid)
        })
        .transpose()?;
    let take = take(params);
    let page = Offset {
        start: 0,
        limit: take,
        totals: false,
    };
    Ok(LogQuestion::new(LogQuery::After { from, take }, page, call))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it has the signature of every answer"
)]
pub(super) fn answer_list(question: &LogQuestion, rows: Vec<LogRow>) -> Result<Reply, ApiError> {
    let size = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
    let rows = rows.into_iter().filter(|row| question.passes(row));
    let rows = rows
        .skip(size(question.skip))
        .take(size(question.page.limit));
    let logs: Vec<Value> = rows
        .map(
            |(id, stored)| match (show_event(&id, &stored), &question.projection) {
                (Value::Object(members), Some(projection)) => projection.apply(members).into(),
                (event, _) => event,
            },
        )
        .collect();
    if !question.page.totals {
        return Ok(Reply::ok(logs));
    }
    // as documented, `total` is the page's length: nobody counts all events
    let (Offset { start, limit, .. }, length) = (question.page, logs.len());
    Ok(Reply::ok(json!({
        "start": start,
        "limit": limit,
        "length": length,
        "total": length,
        "logs": logs,
    })))
}

pub(super) fn ask_one(call: &Call<'_>) -> Result<LogQuestion, ApiError> {
    query(&call.query, &[])?;
    let id = LogId::parse(call.path.get("id")).ok_or_else(ApiError::no_log)?;
    let page = Offset {
        start: 0,
        limit: 1,
        totals: false,
    };
    Ok(LogQuestion::new(LogQuery::One(id), page, call))
}

pub(super) fn answer_one(question: &LogQuestion, rows: Vec<LogRow>) -> Result<Reply, ApiError> {
    let row = rows.into_iter().find(|row| question.passes(row));
    let (id, stored) = row.ok_or_else(ApiError::no_log)?;
    Ok(Reply::ok(show_event(&id, &stored)))
}
