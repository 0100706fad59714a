//! Reading single claims without believing more than they say.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Refusal;

type Claims = Map<String, Value>;

/// The largest integer that every JSON parser reads alike (RFC 7493 2.2).
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A time in whole seconds. A fraction, a string or a number beyond 2^53 is refused (JWT-12):
/// what one parser rounds another may read as valid for ever.
pub(crate) fn time(claims: &Claims, claim: &'static str) -> Result<Option<i64>, Refusal> {
    match claims.get(claim) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(time @ 0..=MAX_SAFE_INTEGER) => Ok(Some(time)),
            Some(_) | None => Err(Refusal::BadTime { claim }),
        },
    }
}

/// A string that is there or not.
pub(crate) fn text<'a>(
    claims: &'a Claims,
    claim: &'static str,
) -> Result<Option<&'a str>, Refusal> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::BadClaim { claim }),
    }
}

/// `scope`: names with single spaces between them (RFC 6749 3.3); absent when none was granted.
pub(crate) fn scopes(claims: &Claims) -> Result<BTreeSet<String>, Refusal> {
    let scope = text(claims, "scope")?.unwrap_or_default();
    Ok(scope
        .split(' ')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// `permissions`: absent unless the API's dialect has them.
pub(crate) fn permissions(claims: &Claims) -> Result<Option<BTreeSet<String>>, Refusal> {
    let refused = || Refusal::BadClaim {
        claim: "permissions",
    };
    match claims.get("permissions") {
        None => Ok(None),
        Some(Value::Array(names)) => names
            .iter()
            .map(|name| name.as_str().map(str::to_owned).ok_or_else(refused))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(refused()),
    }
}

/// The members of `aud`: a string or an array of strings (RFC 7519 4.1.3). Anything else has none:
/// an object, `null` or a mixed array names nobody (JWT-21, CVE-2020-26160).
pub(crate) fn audience(claims: &Claims) -> Vec<&str> {
    match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several
            .iter()
            .map(Value::as_str)
            .collect::<Option<_>>()
            .unwrap_or_default(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            Vec::new()
        }
    }
}

/// Whether `aud` has this member, byte for byte.
pub(crate) fn names_audience(claims: &Claims, member: &str) -> bool {
    audience(claims).contains(&member)
}
