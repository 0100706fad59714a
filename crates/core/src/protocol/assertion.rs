//! `private_key_jwt`: a client's signed assertion (RFC 7523 3; auth-semantics 2.2).

use cardea_jose::{Algorithm, Compact};
use serde_json::{Map, Value};

use super::profile;
use super::refusal::Refusal;
use super::rules::Rule;
use crate::model::{AssertionKey, AuthMethod, Client, Issuer, TenantView};
use crate::time::Timestamp;

/// Auth0's limits: bytes of the JWT, characters of `jti` and of `iss`/`sub`.
const MAX_LENGTH: usize = 2048;
const MAX_JTI: usize = 64;
/// Seconds that an assertion may live, so that used ones need remembering for no longer
/// (attack TOKEN-09).
const MAX_LIFETIME: i64 = 300;
/// Seconds by which a client's clock may be off.
const SKEW: i64 = 10;
/// Keys of a client that are tried for an assertion without `kid`.
const MAX_TRIED: usize = 3;

/// An assertion that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Its `jti`.
    pub jti: String,
    /// Until when a second one with this `jti` must be refused.
    pub remember_until: Timestamp,
}

/// The `sub` of an assertion that nobody has verified yet: only to find the client.
pub fn unverified_subject(jwt: &str) -> Option<String> {
    if jwt.len() > MAX_LENGTH {
        return None;
    }
    let claims = Compact::parse(jwt).ok()?.claims().ok()?;
    claims.get("sub")?.as_str().map(ToOwned::to_owned)
}

/// Verifies an assertion of `client`.
pub fn verify(
    jwt: &str,
    client: &Client,
    tenant: &TenantView,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<Used, Refusal> {
    if client.auth_method != AuthMethod::PrivateKeyJwt {
        let why = "the client is registered for another way of authenticating";
        return Err(Refusal::AssertionUnproven(Rule::MethodRegistered, why));
    }
    let readable = |why| Refusal::Assertion(Rule::AssertionReadable, why);
    if jwt.len() > MAX_LENGTH {
        return Err(readable("it is longer than 2048 bytes"));
    }
    let compact = Compact::parse(jwt).map_err(|_| readable("it is not a compact JWT"))?;
    let claims = compact
        .claims()
        .map_err(|_| readable("its claims are not a JSON object"))?;

    // RFC 8725 3.11: a token of another kind is no assertion, whoever signed it (JWT-19)
    let typed = |typ| compact.header().is_typ(typ);
    if compact.header().typ.is_some() && !typed("JWT") && !typed("client-authentication+jwt") {
        return Err(readable("its typ is that of another kind of token"));
    }
    verify_signature(&compact, client, tenant, now)?;
    verify_subject(&claims, client)?;
    verify_audience(&claims, tenant, issuer)?;
    let expires_at = verify_times(&claims, now)?;
    let jti = claims
        .get("jti")
        .and_then(Value::as_str)
        .filter(|jti| !jti.is_empty());
    match jti {
        Some(jti) if jti.len() <= MAX_JTI => Ok(Used {
            jti: jti.to_owned(),
            remember_until: Timestamp::from_seconds(expires_at.saturating_add(SKEW)),
        }),
        Some(_) => Err(Refusal::Assertion(
            Rule::AssertionOnce,
            "jti is longer than 64 characters",
        )),
        None => Err(Refusal::Assertion(Rule::AssertionOnce, "jti is missing")),
    }
}

/// The key decides the algorithm, the header only has to agree (RFC 8725 3.1, attack TOKEN-12).
fn verify_signature(
    compact: &Compact<'_>,
    client: &Client,
    tenant: &TenantView,
    now: Timestamp,
) -> Result<(), Refusal> {
    let signed = |why| Refusal::Assertion(Rule::AssertionSigned, why);
    let unproven = |why| Refusal::AssertionUnproven(Rule::AssertionSigned, why);
    let header = compact.header();
    let algorithm: Algorithm = header
        .alg
        .parse()
        .map_err(|_| signed("its alg is not one that is accepted"))?;
    if algorithm.is_symmetric() {
        return Err(signed("its alg is not one that is accepted"));
    }
    let live = client
        .assertion_keys
        .iter()
        .filter_map(|id| tenant.credentials.get(id))
        .map(|entry| &entry.parsed)
        .filter(|key| key.expires_at.is_none_or(|at| now < at));
    let candidates: Vec<&AssertionKey> = match &header.kid {
        Some(kid) => live
            .filter(|key| key.kid == *kid || key.id.as_str() == kid)
            .collect(),
        None => live
            .filter(|key| key.key.algorithm() == algorithm)
            .take(MAX_TRIED)
            .collect(),
    };
    if candidates.is_empty() {
        return Err(unproven("the client has no such key"));
    }
    let held = candidates
        .into_iter()
        .any(|key| compact.verify(&key.key).is_ok());
    if held {
        Ok(())
    } else {
        Err(unproven("its signature does not verify"))
    }
}

fn verify_subject(claims: &Map<String, Value>, client: &Client) -> Result<(), Refusal> {
    let is_client = |name| claims.get(name).and_then(Value::as_str) == Some(client.id.as_str());
    if is_client("iss") && is_client("sub") {
        return Ok(());
    }
    Err(Refusal::Assertion(
        Rule::AssertionSubject,
        "iss and sub must both be the client id",
    ))
}

/// Strict: the issuer and nothing else (draft-ietf-oauth-security-topics-update 2.1).
fn verify_audience(
    claims: &Map<String, Value>,
    tenant: &TenantView,
    issuer: &Issuer,
) -> Result<(), Refusal> {
    let lenient = profile::tolerates_token_url_audience(tenant.record.profile);
    let token_url = issuer.join("oauth/token");
    let known = |value: &Value| {
        value
            .as_str()
            .is_some_and(|aud| aud == issuer.as_str() || (lenient && aud == token_url))
    };
    let holds = match claims.get("aud") {
        Some(Value::Array(items)) => lenient && !items.is_empty() && items.iter().all(known),
        Some(value) => known(value),
        None => false,
    };
    if holds {
        return Ok(());
    }
    Err(Refusal::Assertion(
        Rule::AssertionAudience,
        "aud must be this issuer",
    ))
}

/// Returns `exp`.
fn verify_times(claims: &Map<String, Value>, now: Timestamp) -> Result<i64, Refusal> {
    let times = |why| Refusal::Assertion(Rule::AssertionTimes, why);
    let number = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(number) => Ok(Some(number)),
            None => Err(times("exp, nbf and iat must be whole seconds")),
        },
    };
    let now = now.seconds();
    let expires_at = number("exp")?.ok_or_else(|| times("exp is missing"))?;
    if expires_at <= now.saturating_sub(SKEW) {
        return Err(times("it has expired"));
    }
    let issued_at = number("iat")?;
    if expires_at.saturating_sub(issued_at.unwrap_or(now)) > MAX_LIFETIME
        || expires_at.saturating_sub(now) > MAX_LIFETIME + SKEW
    {
        return Err(times("it lives longer than 300 seconds"));
    }
    let ahead = |time: Option<i64>| time.is_some_and(|time| time > now.saturating_add(SKEW));
    if ahead(issued_at) || ahead(number("nbf")?) {
        return Err(times("it is not valid yet"));
    }
    Ok(expires_at)
}
