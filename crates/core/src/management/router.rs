//! From method and raw path to an operation.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;

use super::call::{Caller, PathParams};
use super::error::ApiError;
use super::operation::{Method, Operation};
use super::operations::OPERATIONS;

/// Where a request goes.
#[derive(Debug)]
pub enum Route {
    /// To an operation.
    Operation(&'static Operation, PathParams),
    /// To an operation of the contract that is not served yet.
    NotYet(&'static NotYet),
    /// Nowhere.
    Unknown,
}

/// An operation of the contract that is not served yet. It is refused as if its scopes had not
/// been granted, which is true (nobody can grant them) and which every tool survives; a 404 or a
/// 501 stops an export.
#[derive(Debug, PartialEq, Eq)]
pub struct NotYet {
    /// Its method.
    pub method: Method,
    /// Its path below `/api/v2`.
    pub path: &'static str,
    /// Its scopes, between commas.
    pub scopes: &'static str,
}

impl NotYet {
    /// The refusal: it names the scopes that the caller lacks. Some operations that are served
    /// have a scope in common with one that is not; who holds all of them is told that the
    /// operation is not there.
    pub fn refusal(&self, caller: &Caller) -> ApiError {
        let lacks = |scope: &&str| !caller.scopes.contains(scope);
        let lacking: Vec<&str> = self.scopes.split(',').filter(lacks).collect();
        if lacking.is_empty() {
            let what = format!(
                "{} {} is not available yet",
                self.method.as_str(),
                self.path
            );
            return ApiError::insufficient_scopes(what);
        }
        ApiError::insufficient_scopes(lacking.join(","))
    }
}

static NOT_YET: LazyLock<Vec<NotYet>> = LazyLock::new(|| {
    include_str!("not_yet.txt")
        .lines()
        .filter_map(not_yet_line)
        .collect()
});

fn not_yet_line(line: &'static str) -> Option<NotYet> {
    let mut words = line.split(' ');
    let (method, path, scopes) = (words.next()?, words.next()?, words.next().unwrap_or(""));
    Some(NotYet {
        method: Method::parse(method)?,
        path,
        scopes,
    })
}

/// Every operation that is served.
pub fn operations() -> &'static [Operation] {
    &OPERATIONS
}

/// The operations of the contract that are not served yet.
pub fn not_yet() -> &'static [NotYet] {
    &NOT_YET
}

/// Routes the raw path below `/api/v2` (it begins with `/` and is still percent-encoded). It is
/// split at `/` first and each segment is decoded once, so that the router, the operation and
/// the log see one string and an encoded slash stays inside its segment (attack MGMT-20).
/// Trailing and double slashes are other paths, and there is nothing at them (attack MGMT-21).
pub fn route(method: Method, raw_path: &str) -> Route {
    let Some(segments) = segments(raw_path) else {
        return Route::Unknown;
    };
    let served = OPERATIONS
        .iter()
        .filter(|operation| operation.method == method)
        .find_map(|operation| Some((operation, matches(operation.path, &segments)?)));
    if let Some((operation, params)) = served {
        return Route::Operation(operation, params);
    }
    let planned = NOT_YET
        .iter()
        .find(|known| known.method == method && matches(known.path, &segments).is_some());
    planned.map_or(Route::Unknown, Route::NotYet)
}

fn segments(raw_path: &str) -> Option<Vec<String>> {
    raw_path
        .strip_prefix('/')?
        .split('/')
        .map(|segment| {
            let text = percent_decode_str(segment).decode_utf8().ok()?;
            (!text.is_empty()).then(|| text.into_owned())
        })
        .collect()
}

fn matches(template: &'static str, segments: &[String]) -> Option<PathParams> {
    let mut params = Vec::new();
    let mut given = segments.iter();
    for wanted in template.split('/').skip(1) {
        let segment = given.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) => params.push((name, segment.clone())),
            None if wanted == segment => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(PathParams(params))
}
