//! The search language of `/logs`: a small part of Lucene's over a log event's fields.

use serde_json::{Map, Value};

use super::error::ApiError;
use super::lucene::{self, Node, Text, Why};
use crate::id::LogId;
use crate::time::Timestamp;

const FIELDS: [&str; 16] = [
    "client_id",
    "client_name",
    "connection",
    "connection_id",
    "date",
    "description",
    "hostname",
    "ip",
    "log_id",
    "organization_id",
    "strategy",
    "strategy_type",
    "type",
    "user_agent",
    "user_id",
    "user_name",
];
/// Where a bare word is looked for.
const BARE: [&str; 7] = [
    "client_name",
    "connection",
    "description",
    "ip",
    "log_id",
    "type",
    "user_name",
];

/// A parsed search.
#[derive(Debug)]
pub(super) struct Filter(Node<Term>);

/// What is looked for, and in which field (in those for bare words, if none is named).
#[derive(Debug)]
struct Term(Option<&'static str>, Test);

#[derive(Debug)]
enum Test {
    Exact(String),
    Start(String),
    Present,
    /// Milliseconds, both included.
    Between(i64, i64),
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let field = |name: &str| {
            let known = FIELDS.into_iter().find(|known| *known == name);
            known.ok_or("unknown field")
        };
        let term = |field: Option<&&'static str>, text| {
            let field = field.copied();
            Ok(Term(field, test(field, text)?))
        };
        lucene::parse(text, field, term).map(Self)
    }

    pub(super) fn matches(&self, id: &LogId, stored: &Map<String, Value>) -> bool {
        self.0.holds(&|Term(field, test)| match field {
            Some(field) => test.matches(field, id, stored),
            None => BARE.iter().any(|field| test.matches(field, id, stored)),
        })
    }
}

impl Test {
    fn matches(&self, field: &str, id: &LogId, stored: &Map<String, Value>) -> bool {
        if let Self::Between(from, to) = self {
            let at = stored.get(field).and_then(Value::as_i64);
            return at.is_some_and(|at| (*from..=*to).contains(&at));
        }
        let text = match field {
            "log_id" => Some(id.as_str()),
            "date" => return matches!(self, Self::Present),
            field => stored.get(field).and_then(Value::as_str),
        };
        text.is_some_and(|text| match self {
            Self::Exact(wanted) => text == wanted,
            Self::Start(wanted) => text.starts_with(wanted.as_str()),
            Self::Present => true,
            Self::Between(..) => false,
        })
    }
}

fn test(field: Option<&'static str>, text: Text) -> Result<Test, Why> {
    match text {
        Text::Word(text) => plain(field, &text),
        Text::Quoted(text) => exact(field, text),
        Text::Range {
            from,
            to,
            open,
            closed,
        } if field == Some("date") => {
            let from = moment(&from, false)?.map_or(i64::MIN, |at| at + i64::from(!open));
            let to = moment(&to, closed)?.map_or(i64::MAX, |at| at - i64::from(!closed));
            Ok(Test::Between(from, to))
        }
        Text::Range { .. } => Err("ranges are for date"),
    }
}

fn plain(field: Option<&'static str>, text: &str) -> Result<Test, Why> {
    match text.strip_suffix('*') {
        Some("") if field.is_some() => Ok(Test::Present),
        Some(start) if !start.is_empty() && !start.contains('*') && field != Some("date") => {
            Ok(Test::Start(start.to_owned()))
        }
        None if !text.contains('*') => exact(field, text.to_owned()),
        _ => Err("a wildcard stands at the end of a word"),
    }
}

fn exact(field: Option<&'static str>, text: String) -> Result<Test, Why> {
    if field != Some("date") {
        return Ok(Test::Exact(text));
    }
    let bound = |end| moment(&text, end)?.ok_or("a date is missing");
    Ok(Test::Between(bound(false)?, bound(true)?))
}

/// A date or an instant; `*` is no bound. A date without a time is its first or its last moment.
pub(super) fn moment(text: &str, end: bool) -> Result<Option<i64>, Why> {
    if text == "*" {
        return Ok(None);
    }
    let time = match (text.contains('T'), end) {
        (true, _) => "",
        (false, false) => "T00:00:00.000Z",
        (false, true) => "T23:59:59.999Z",
    };
    let at = Timestamp::parse(&format!("{text}{time}")).ok_or("a date is not a date")?;
    Ok(Some(at.millis()))
}
