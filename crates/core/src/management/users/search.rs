//! `q` of `GET /users`: fields that are known, and what a user has in them.

use serde_json::Value;

use super::super::error::ApiError;
use super::super::log_query::moment;
use super::super::lucene::{self, Node, Text, Why};
use super::view;
use crate::id::UserId;
use crate::model::{User, fold};
use crate::write::UserFind;

/// Members of an answer that are searched as they stand.
const PLAIN: [&str; 18] = [
    "blocked",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "identities.connection",
    "identities.isSocial",
    "identities.provider",
    "identities.user_id",
    "last_ip",
    "name",
    "nickname",
    "phone_number",
    "phone_verified",
    "picture",
    "user_id",
    "username",
    "email.domain",
];
const DATES: [&str; 4] = [
    "created_at",
    "last_login",
    "last_password_reset",
    "updated_at",
];
/// Where upper and lower case are the same.
const FOLDED: [&str; 7] = [
    "email",
    "email.domain",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "username",
];
/// Where a bare word is looked for.
const BARE: [&str; 8] = [
    "email",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "phone_number",
    "user_id",
    "username",
];
/// How deep a search goes into metadata.
const MAX_PATH: usize = 8;
/// How many letters a wildcard at the front needs after it.
const MIN_ENDING: usize = 3;

/// A parsed search.
#[derive(Debug)]
pub(in super::super) struct Search(Node<Term>);

#[derive(Debug)]
struct Term(Option<Field>, Test);

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Plain(&'static str),
    Date(&'static str),
    LoginsCount,
    UserMetadata(Vec<String>),
    AppMetadata(Vec<String>),
    /// `_exists_`: its value is a field.
    Exists,
}

#[derive(Debug)]
enum Test {
    Exact(String),
    Start(String),
    End(String),
    Within(String),
    Present,
    /// Milliseconds, both included.
    Moments(i64, i64),
    Between(Bound, Bound),
}

/// One end of a range; `None` is no bound.
#[derive(Debug)]
struct Bound {
    value: Option<String>,
    included: bool,
}

impl Search {
    pub(in super::super) fn parse(query: &str) -> Result<Self, ApiError> {
        lucene::parse(query, field, term).map(Self)
    }

    pub(super) fn matches(&self, user: &User) -> bool {
        self.0.holds(&|Term(field, test)| match field {
            Some(field) => values(user, field)
                .iter()
                .any(|value| test.holds(field, value)),
            None => BARE.iter().any(|name| {
                let field = Field::Plain(name);
                values(user, &field)
                    .iter()
                    .any(|value| test.holds(&field, value))
            }),
        })
    }

    /// The part of it that the database has an index for.
    pub(in super::super) fn find(&self) -> Option<UserFind> {
        let exact = |name: &str, value: &String| match name {
            "user_id" => UserId::parse(value).map(UserFind::Id),
            "email" => Some(UserFind::Email(fold(value))),
            "username" => Some(UserFind::Username(fold(value))),
            "phone_number" => Some(UserFind::PhoneNumber(value.clone())),
            _ => None,
        };
        let connection = |name: &str, value: &String| {
            (name == "identities.connection").then(|| UserFind::OfConnection(value.clone()))
        };
        self.necessary(exact).or_else(|| self.necessary(connection))
    }

    fn necessary(&self, pick: impl Fn(&str, &String) -> Option<UserFind>) -> Option<UserFind> {
        self.0.necessary(&|Term(field, test)| match (field, test) {
            (Some(Field::Plain(name)), Test::Exact(value)) => pick(name, value),
            _ => None,
        })
    }
}

fn field(name: &str) -> Result<Field, Why> {
    if name == "_exists_" {
        return Ok(Field::Exists);
    }
    if name == "logins_count" {
        return Ok(Field::LoginsCount);
    }
    let known = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    if let Some(name) = known(&PLAIN) {
        return Ok(Field::Plain(name));
    }
    if let Some(name) = known(&DATES) {
        return Ok(Field::Date(name));
    }
    let path = |path: &str| {
        let parts: Vec<String> = path.split('.').map(ToOwned::to_owned).collect();
        if parts.len() > MAX_PATH || parts.iter().any(String::is_empty) {
            return Err("a path into metadata is names between dots");
        }
        Ok(parts)
    };
    match name.split_once('.') {
        Some(("user_metadata", rest)) => path(rest).map(Field::UserMetadata),
        Some(("app_metadata", rest)) => path(rest).map(Field::AppMetadata),
        Some(_) | None => Err("unknown field"),
    }
}

fn term(of: Option<&Field>, value: Text) -> Result<Term, Why> {
    if of == Some(&Field::Exists) {
        return match value {
            Text::Word(name) | Text::Quoted(name) => Ok(Term(Some(exists(&name)?), Test::Present)),
            Text::Range { .. } => Err("_exists_ names a field"),
        };
    }
    let test = match value {
        Text::Word(text) => word(of, &text)?,
        Text::Quoted(text) => exact(of, text)?,
        Text::Range {
            from,
            to,
            open,
            closed,
        } => range(of, (from, open), (to, closed))?,
    };
    Ok(Term(of.cloned(), test))
}

fn exists(name: &str) -> Result<Field, Why> {
    let field = field(name)?;
    if field == Field::Exists {
        return Err("_exists_ names a field");
    }
    Ok(field)
}

fn word(of: Option<&Field>, text: &str) -> Result<Test, Why> {
    let stars = text.matches('*').count();
    if stars == 0 {
        return exact(of, text.to_owned());
    }
    if text == "*" {
        return of.map(|_| Test::Present).ok_or("a wildcard alone");
    }
    if matches!(
        of,
        Some(Field::UserMetadata(_) | Field::Date(_) | Field::LoginsCount)
    ) {
        return Err("no wildcards in this field");
    }
    let letters = text.trim_matches('*');
    let (front, end) = (text.starts_with('*'), text.ends_with('*'));
    if letters.contains('*') || stars != usize::from(front) + usize::from(end) {
        return Err("a wildcard stands at an end of a word");
    }
    if front && letters.chars().count() < MIN_ENDING {
        return Err("three letters or more after a wildcard");
    }
    let letters = letters.to_owned();
    Ok(match (front, end) {
        (true, true) => Test::Within(letters),
        (true, false) => Test::End(letters),
        (false, _) => Test::Start(letters),
    })
}

fn exact(of: Option<&Field>, text: String) -> Result<Test, Why> {
    let Some(Field::Date(_)) = of else {
        return Ok(Test::Exact(text));
    };
    let bound = |end| moment(&text, end)?.ok_or("a date is missing");
    Ok(Test::Moments(bound(false)?, bound(true)?))
}

fn range(
    of: Option<&Field>,
    (from, open): (String, bool),
    (to, closed): (String, bool),
) -> Result<Test, Why> {
    match of {
        Some(Field::Date(_)) => {
            let from = moment(&from, false)?;
            let to = moment(&to, closed)?;
            Ok(Test::Moments(
                from.map_or(i64::MIN, |at| at.saturating_add(i64::from(!open))),
                to.map_or(i64::MAX, |at| at.saturating_sub(i64::from(!closed))),
            ))
        }
        Some(Field::UserMetadata(_)) => Err("no ranges in user_metadata"),
        Some(Field::Exists) | None => Err("a range needs a field"),
        Some(Field::Plain(_) | Field::LoginsCount | Field::AppMetadata(_)) => {
            let bound = |value: String, included| Bound {
                value: (value != "*").then_some(value),
                included,
            };
            Ok(Test::Between(bound(from, open), bound(to, closed)))
        }
    }
}

/// What a user has in a field: arrays are searched item by item.
fn values(user: &User, field: &Field) -> Vec<Value> {
    let one = |name: &str| view::member(user, name).into_iter().collect();
    match field {
        Field::Plain("email.domain") => {
            let domain = user
                .email
                .as_deref()
                .and_then(|email| email.rsplit_once('@'));
            domain.map(|(_, host)| host.into()).into_iter().collect()
        }
        Field::Plain(name) => match name.split_once('.') {
            None => one(name),
            Some((list, member)) => {
                let items = view::member(user, list);
                let items = items
                    .as_ref()
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                items.filter_map(|item| item.get(member).cloned()).collect()
            }
        },
        Field::Date(name) => one(name),
        Field::LoginsCount => vec![user.logins_count.into()],
        Field::UserMetadata(path) => within(&user.user_metadata.clone().into(), path),
        Field::AppMetadata(path) => within(&user.app_metadata.clone().into(), path),
        Field::Exists => Vec::new(),
    }
}

fn within(value: &Value, path: &[String]) -> Vec<Value> {
    if let Value::Array(items) = value {
        return items.iter().flat_map(|item| within(item, path)).collect();
    }
    match path.split_first() {
        // nothing empty is found
        None if value.is_null() || value == "" => Vec::new(),
        None => vec![value.clone()],
        Some((first, rest)) => value
            .get(first)
            .map(|inner| within(inner, rest))
            .unwrap_or_default(),
    }
}

impl Test {
    fn holds(&self, field: &Field, value: &Value) -> bool {
        if let Self::Moments(from, to) = self {
            let at = value.as_str().and_then(crate::time::Timestamp::parse);
            return at.is_some_and(|at| (*from..=*to).contains(&at.millis()));
        }
        let folds = matches!(field, Field::Plain(name) if FOLDED.contains(name));
        let alike = |text: &str| {
            if folds { fold(text) } else { text.to_owned() }
        };
        let text = value.as_str().map(ToOwned::to_owned);
        let text = alike(&text.unwrap_or_else(|| value.to_string()));
        match self {
            Self::Exact(wanted) => text == alike(wanted),
            Self::Start(wanted) => text.starts_with(&alike(wanted)),
            Self::End(wanted) => text.ends_with(&alike(wanted)),
            Self::Within(wanted) => text.contains(&alike(wanted)),
            Self::Present => true,
            Self::Between(from, to) => {
                from.passes(value, &text, std::cmp::Ordering::Greater)
                    && to.passes(value, &text, std::cmp::Ordering::Less)
            }
            Self::Moments(..) => false,
        }
    }
}

impl Bound {
    /// Numbers as numbers, everything else as text.
    fn passes(&self, value: &Value, text: &str, side: std::cmp::Ordering) -> bool {
        let Some(bound) = &self.value else {
            return true;
        };
        let order = match (value.as_f64(), bound.parse::<f64>()) {
            (Some(value), Ok(bound)) => value.partial_cmp(&bound),
            (Some(_), Err(_)) => None,
            (None, _) => Some(text.cmp(bound.as_str())),
        };
        order == Some(side) || (self.included && order == Some(std::cmp::Ordering::Equal))
    }
}
