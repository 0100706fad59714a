//! Access tokens as they are presented to this server's own endpoints (RFC 6750): where they
//! stand, what kind they are, whether they are ours.

use cardea_jose::{Compact, Header, Secret, sha256};
use serde_json::{Map, Value};

use super::params::Encoding;
use super::raw::Raw;
use super::rules::Rule;
use super::user_scopes::Site;
use crate::time::Timestamp;

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BearerRefusal {
    /// By which rule.
    pub rule: Rule,
    /// What is wrong. Fit for the wire: it tells about the token, not about its user.
    pub why: &'static str,
    /// How the answer says it.
    pub kind: BearerError,
}

/// The errors of RFC 6750 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerError {
    /// No token at all: a challenge without an error.
    Missing,
    /// More than one token, or one in the wrong place.
    InvalidRequest,
    /// The token is no good.
    InvalidToken,
    /// The token is good, but not for this.
    InsufficientScope,
}

impl BearerError {
    /// The status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Missing | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
        }
    }

    /// `error`, in the body and in `WWW-Authenticate`.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Missing => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
        }
    }
}

impl BearerRefusal {
    const fn new(rule: Rule, kind: BearerError, why: &'static str) -> Self {
        Self { rule, why, kind }
    }

    /// A token that is no good.
    pub(super) const fn token(rule: Rule, why: &'static str) -> Self {
        Self::new(rule, BearerError::InvalidToken, why)
    }

    /// A token that is not good for this.
    pub(super) const fn scope(rule: Rule, why: &'static str) -> Self {
        Self::new(rule, BearerError::InsufficientScope, why)
    }

    /// `WWW-Authenticate` (RFC 6750 3).
    pub fn challenge(&self) -> String {
        self.kind.code().map_or_else(
            || "Bearer".to_owned(),
            |code| {
                format!(
                    "Bearer error=\"{code}\", error_description=\"{}\"",
                    self.why
                )
            },
        )
    }
}

/// The one token of a request: in the header or in a form's body, never in the URL.
pub fn token(raw: &Raw<'_>) -> Result<Secret<String>, BearerRefusal> {
    let twice = |why| BearerRefusal::new(Rule::BearerOnce, BearerError::InvalidRequest, why);
    let named = |text: &[u8]| -> Vec<String> {
        let pairs = form_urlencoded::parse(text);
        let tokens = pairs.filter(|(name, _)| name == "access_token");
        tokens.map(|(_, value)| value.into_owned()).collect()
    };
    // attack USERINFO-01
    if !named(raw.query.unwrap_or_default().as_bytes()).is_empty() {
        return Err(twice("the token must not stand in the URL"));
    }
    let is_form = raw.content_type.is_some()
        && Encoding::from_content_type(raw.content_type) == Some(Encoding::Form);
    let mut in_body = if is_form { named(raw.body) } else { Vec::new() };
    match (raw.authorization, in_body.pop()) {
        (Some(_), Some(_)) => Err(twice("the token stands in the header and in the body")),
        (None, Some(_)) if !in_body.is_empty() => Err(twice("the body has two tokens")),
        (None, Some(token)) => Ok(Secret::new(token)),
        (Some(header), None) => in_header(header),
        (None, None) => Err(BearerRefusal::new(
            Rule::BearerOnce,
            BearerError::Missing,
            "there is no token",
        )),
    }
}

fn in_header(header: &str) -> Result<Secret<String>, BearerRefusal> {
    let malformed = BearerRefusal::token(
        Rule::BearerOnce,
        "the Authorization header is not Bearer with one token",
    );
    let (scheme, token) = header.split_once(' ').ok_or(malformed)?;
    let token = token.trim();
    // attack USERINFO-03: the scheme's case does not matter, the scheme does
    let all_usual = token.bytes().fold(true, |usual, b| usual & is_usual(b));
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !all_usual {
        return Err(malformed);
    }
    Ok(Secret::new(token.to_owned()))
}

/// `b64token` (RFC 6750 2.1), in comparisons that the processor makes of many bytes at once.
const fn is_usual(b: u8) -> bool {
    let letter = (b | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits stand in a row
    let between = b.wrapping_sub(b'-') < 13;
    letter || between || b == b'_' || b == b'~' || b == b'+' || b == b'='
}

/// A presented token, opened as far as it goes without reading anything.
#[derive(Debug, Clone)]
pub enum Opened {
    /// SHA-256 of an opaque one.
    Opaque([u8; 32]),
    /// The claims of a JWT of ours.
    Claims(Map<String, Value>),
}

/// Whether it looks like a JWT. Nothing else that is issued has a dot.
pub fn looks_signed(token: &str) -> bool {
    token.split('.').count() == 3
}

/// Opens a token: a JWT is verified, anything else is looked up by its digest.
pub fn open(token: &str, site: Site<'_>, now: Timestamp) -> Result<Opened, BearerRefusal> {
    if !looks_signed(token) {
        return Ok(Opened::Opaque(sha256(token.as_bytes())));
    }
    verify(token, site, now).map(Opened::Claims)
}

/// Verifies an access token of this issuer.
pub fn verify(
    token: &str,
    site: Site<'_>,
    now: Timestamp,
) -> Result<Map<String, Value>, BearerRefusal> {
    let refuse = |why| BearerRefusal::token(Rule::BearerLive, why);
    let jws = Compact::parse(token).map_err(|_| refuse("the token is not a JWT"))?;
    let claims = jws.claims();
    let claims = claims.map_err(|_| refuse("the token is not a JWT"))?;
    // rule 2 of the product: it is named for what it is
    match kind_of(jws.header(), &claims) {
        Kind::Access => {}
        Kind::Id => {
            let why =
                "this is an ID token: it tells the application who logged in, and opens no API";
            return Err(BearerRefusal::token(Rule::IdTokenAtApi, why));
        }
        Kind::Other => return Err(refuse("this is no access token")),
    }
    signed_by_us(&jws, &claims, site)
        .ok_or_else(|| refuse("the token's signature is not one of this tenant"))?;
    if claims.get("iss").and_then(Value::as_str) != Some(site.issuer.as_str()) {
        return Err(refuse("the token comes from another issuer"));
    }
    let expires = claims.get("exp").and_then(Value::as_i64);
    if expires.is_none_or(|at| at <= now.seconds()) {
        return Err(refuse("the token has expired"));
    }
    Ok(claims)
}

/// By a key of the tenant that is not revoked, or by the secret of the one API it is for.
fn signed_by_us(jws: &Compact<'_>, claims: &Map<String, Value>, site: Site<'_>) -> Option<()> {
    if jws.header().alg == "HS256" {
        let audience = claims.get("aud").and_then(Value::as_str)?;
        let api = site.tenant.api(audience)?;
        let key = api.parsed.hs256.as_ref()?.verifying();
        return jws.verify(key).ok();
    }
    let key = site.tenant.keys.get(jws.header().kid.as_deref()?)?;
    let key = key.parsed.signing.as_ref()?.verifying();
    jws.verify(key).ok()
}

/// Whether `aud`, one text or several, holds `name`, byte for byte.
pub fn names_audience(claims: &Map<String, Value>, name: &str) -> bool {
    has_audience(claims, |one| one == name)
}

/// Whether `aud`, one text or several, holds one that is meant.
pub fn has_audience(claims: &Map<String, Value>, is_meant: impl Fn(&str) -> bool) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => is_meant(one),
        Some(Value::Array(several)) => {
            let mut texts = several.iter().filter_map(Value::as_str);
            texts.any(is_meant)
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Id,
    Other,
}

/// As the published verifier tells them apart: by `typ`, then by claims that only one kind has.
fn kind_of(header: &Header, claims: &Map<String, Value>) -> Kind {
    let has = |name: &&str| claims.contains_key(*name);
    if header.is_typ("at+jwt") {
        return Kind::Access;
    }
    if (header.typ.is_some() && !header.is_typ("JWT")) || has(&"events") {
        return Kind::Other;
    }
    if ["nonce", "at_hash", "c_hash", "s_hash"].iter().any(has) {
        return Kind::Id;
    }
    if ["scope", "gty", "permissions"].iter().any(has) {
        return Kind::Access;
    }
    let client = claims.get("azp").or_else(|| claims.get("client_id"));
    match client.and_then(Value::as_str) {
        Some(client) if !has(&"sid") && !names_audience(claims, client) => Kind::Access,
        Some(_) | None => Kind::Id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_a_token_are_those_of_rfc_6750() {
        for b in 0..=u8::MAX {
            let expected = b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
            assert_eq!(is_usual(b), expected, "{b}");
        }
    }
}
