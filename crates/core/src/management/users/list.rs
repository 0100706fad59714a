//! Lists of users: what the database can answer it is asked for, the rest is a bounded scan.

use serde_json::{Value, json};

use super::super::call::{Call, Reply};
use super::super::error::ApiError;
use super::super::fields::{FIELDS, Projection};
use super::super::lucene::MAX_LENGTH;
use super::super::paging::{OFFSET, Offset};
use super::super::schema::{BOOL, WORD, one_of, text};
use super::super::stored::{Answers, Question};
use super::super::validate::{Param, Params, param, query};
use super::search::Search;
use super::view;
use crate::model::{User, fold};
use crate::random::Random;
use crate::write::{UserFind, UserOrder, UserQuery};

/// How many users one search looks at: its cost has a ceiling whatever it asks for.
const SCAN: i64 = 10_000;
/// How far one may page (the reference's limit).
const MAX_RECORDS: i64 = 1000;

const LIST: &[Param] = &[
    param("sort", text(1, 64)),
    param("connection", WORD),
    param("q", text(1, MAX_LENGTH)),
    param("search_engine", one_of(&["v1", "v2", "v3"])),
    param("primary_order", BOOL),
];
const EMAIL: &[Param] = &[param("email", WORD)];

/// What a list is sorted by.
#[derive(Debug, Clone, Copy)]
enum SortBy {
    /// By the database.
    Stored(UserOrder),
    /// Here, by this member.
    Member(&'static str),
}

const SORTS: [(&str, SortBy); 11] = [
    ("created_at", SortBy::Stored(UserOrder::CreatedAt)),
    ("updated_at", SortBy::Stored(UserOrder::UpdatedAt)),
    ("email", SortBy::Stored(UserOrder::Email)),
    ("user_id", SortBy::Stored(UserOrder::Id)),
    ("last_login", SortBy::Stored(UserOrder::LastLogin)),
    ("logins_count", SortBy::Stored(UserOrder::LoginsCount)),
    ("name", SortBy::Member("name")),
    ("nickname", SortBy::Member("nickname")),
    ("given_name", SortBy::Member("given_name")),
    ("family_name", SortBy::Member("family_name")),
    ("username", SortBy::Member("username")),
];

struct Listing {
    page: Offset,
    projection: Projection,
    search: Option<Search>,
    connection: Option<String>,
    sort: SortBy,
    descending: bool,
}

impl Listing {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let params = query(&call.query, &[LIST, OFFSET, FIELDS])?;
        if let Some(engine @ ("v1" | "v2")) = params.text("search_engine") {
            let message = format!(
                "You are not allowed to use search_engine={engine}. Use search_engine=v3 instead."
            );
            return Err(ApiError::new(400, message, Some("invalid_query_string")));
        }
        let page = Offset::read(&params);
        if page.start.saturating_add(page.limit) > MAX_RECORDS {
            let message = format!(
                "You can only page through the first {MAX_RECORDS} records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation."
            );
            return Err(ApiError::new(400, message, Some("invalid_paging")));
        }
        let (sort, descending) = sort(&params)?;
        Ok(Self {
            page,
            projection: view::projection(&params)?,
            search: params.text("q").map(Search::parse).transpose()?,
            connection: params.text("connection").map(ToOwned::to_owned),
            sort,
            descending,
        })
    }

    fn scans(&self) -> bool {
        self.search.is_some() || matches!(self.sort, SortBy::Member(_))
    }

    fn question(&self) -> UserQuery {
        let of_connection = self.connection.clone().map(UserFind::OfConnection);
        let find = self.search.as_ref().and_then(Search::find);
        let order = match self.sort {
            SortBy::Stored(order) => order,
            SortBy::Member(_) => UserOrder::CreatedAt,
        };
        let (skip, take) = if self.scans() {
            (0, SCAN)
        } else {
            (self.page.start, self.page.limit)
        };
        UserQuery {
            find: find.or(of_connection).unwrap_or(UserFind::All),
            order,
            descending: self.descending && matches!(self.sort, SortBy::Stored(_)),
            skip,
            take,
        }
    }

    fn passes(&self, user: &User) -> bool {
        let search = self.search.as_ref();
        let connection = self.connection.as_ref();
        search.is_none_or(|search| search.matches(user))
            && connection.is_none_or(|connection| user.connection == *connection)
    }

    /// What passes, sorted and cut, and how many pass.
    fn scan(&self, users: Vec<User>, total: i64) -> Result<(Vec<User>, i64), ApiError> {
        if total > SCAN {
            let what = format!(
                "The query looks at more than {SCAN} users; name a user_id, an email, a username, a phone_number or an identities.connection"
            );
            return Err(ApiError::query(&what, "q"));
        }
        let mut users: Vec<User> = users.into_iter().filter(|user| self.passes(user)).collect();
        if let SortBy::Member(name) = self.sort {
            // users without the member stand at the end, whatever the direction
            let key = |user: &User| {
                let value = view::member(user, name);
                value.and_then(|value| value.as_str().map(fold))
            };
            users.sort_by(|a, b| match (key(a), key(b)) {
                (Some(a), Some(b)) if self.descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
        let total = i64::try_from(users.len()).unwrap_or(i64::MAX);
        let size = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
        let page = users
            .into_iter()
            .skip(size(self.page.start))
            .take(size(self.page.limit));
        Ok((page.collect(), total))
    }
}

/// `member:1` or `member:-1`, of members that are known (attack MGMT-15).
fn sort(params: &Params) -> Result<(SortBy, bool), ApiError> {
    let Some(sort) = params.text("sort") else {
        return Ok((SortBy::Stored(UserOrder::CreatedAt), false));
    };
    let refused = || ApiError::query(&format!("Invalid value \"{sort}\""), "sort");
    let (name, direction) = sort.split_once(':').ok_or_else(refused)?;
    let known = SORTS.iter().find(|(known, _)| *known == name);
    let (_, by) = known.ok_or_else(refused)?;
    match direction {
        "1" => Ok((*by, false)),
        "-1" => Ok((*by, true)),
        _ => Err(refused()),
    }
}

pub(in super::super) fn ask_list(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    Ok(vec![Question::Users(Listing::read(call)?.question())])
}

pub(in super::super) fn answer_list(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let listing = Listing::read(call)?;
    let (mut users, mut total) = answers.users()?;
    if listing.scans() {
        (users, total) = listing.scan(users, total)?;
    }
    let shown = users.iter().map(view::view);
    let shown: Vec<Value> = shown
        .map(|user| listing.projection.apply(user).into())
        .collect();
    let page = listing.page;
    if !page.totals {
        return Ok(Reply::ok(shown));
    }
    Ok(Reply::ok(json!({
        "start": page.start,
        "limit": page.limit,
        "length": shown.len(),
        "users": shown,
        "total": total,
    })))
}

pub(in super::super) fn ask_by_email(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[EMAIL, OFFSET, FIELDS])?;
    view::projection(&params)?;
    Ok(vec![Question::Users(UserQuery {
        find: UserFind::Email(fold(params.required("email")?)),
        order: UserOrder::CreatedAt,
        descending: false,
        skip: 0,
        take: MAX_RECORDS,
    })])
}

/// A bare array, whatever paging was asked for: few connections share an address.
pub(in super::super) fn answer_by_email(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[EMAIL, OFFSET, FIELDS])?;
    let projection = view::projection(&params)?;
    let (users, _) = answers.users()?;
    let shown = users.iter().map(view::view);
    let shown: Vec<Value> = shown.map(|user| projection.apply(user).into()).collect();
    Ok(Reply::ok(shown))
}
