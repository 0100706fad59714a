//! Why a request was refused, in words for a log, a developer and the wire.

use std::fmt;

use crate::{Algorithm, Malformed};

/// Why a token, or a request without one, was refused. `Display` says what to do about it,
/// [`Refusal::reason`] is a stable name for logs and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request carries no token.
    Missing,
    /// The token stands in the query or the body instead of the header.
    NotInHeader,
    /// More than one `Authorization` header, or a token in query or body as well.
    SeveralCredentials,
    /// The `Authorization` header has another scheme than `Bearer`.
    NotBearer,
    /// The `Authorization` header is `Bearer` without exactly one token.
    MalformedHeader,
    /// The token is not a JWT that can be judged.
    Malformed(Malformed),
    /// The token is not a JWT at all: a handle, or encrypted for the server.
    Opaque,
    /// A part of the token is not canonical base64url.
    NonCanonicalBase64,
    /// A JSON object in the token has a member twice.
    DuplicateMember,
    /// The token's header demands an extension (`crit`, `b64`).
    CriticalHeader,
    /// The token is not signed.
    AlgorithmNone,
    /// The token is signed with an algorithm that this API or the key does not take.
    AlgorithmNotAllowed {
        /// The algorithm, when it is one that this crate knows.
        got: Option<Algorithm>,
    },
    /// None of the issuer's keys has the token's `kid`.
    UnknownKey {
        /// The name the token gives.
        kid: Option<String>,
    },
    /// The token names no key, and more than three could be meant.
    AmbiguousKey,
    /// The signature does not match.
    BadSignature,
    /// The token comes from another issuer.
    WrongIssuer {
        /// The issuer this API trusts.
        expected: String,
        /// The token's issuer; empty when it names none.
        got: String,
    },
    /// The token is an ID token: it tells the application who logged in, and opens no API.
    IdToken,
    /// The token is of another kind, e.g. a logout token, or not `at+jwt` where that is required.
    WrongTokenType,
    /// The token is bound to a key (`cnf`), whose proof this crate can't check.
    SenderConstrained,
    /// The token is for another API.
    WrongAudience {
        /// The identifiers of this API.
        expected: Vec<String>,
        /// The audiences of the token.
        got: Vec<String>,
    },
    /// The token has no `exp`.
    NoExpiry,
    /// A time in the token is not a whole number of seconds.
    BadTime {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
    },
    /// The token has ended.
    Expired {
        /// When, in seconds since 1970.
        at: i64,
    },
    /// The token is not valid yet.
    NotYetValid {
        /// From when on, in seconds since 1970.
        at: i64,
    },
    /// A claim is missing or of the wrong type.
    BadClaim {
        /// Which one.
        claim: &'static str,
    },
    /// The token is good, but the application was not granted the scope.
    InsufficientScope {
        /// The scope, or several with spaces between them.
        needed: String,
        /// What the token has.
        got: Vec<String>,
    },
    /// The token is good, but the user does not hold the permission.
    InsufficientPermission {
        /// The permission.
        needed: String,
        /// What the token has.
        got: Vec<String>,
    },
    /// The issuer's keys could not be fetched. Not the caller's fault.
    KeysUnavailable {
        /// What went wrong.
        why: String,
    },
}

/// The kinds of answer (RFC 6750 3.1).
#[derive(Clone, Copy)]
enum Class {
    /// There was no bearer token to judge: a challenge without an error code.
    NoToken,
    BadRequest,
    BadToken,
    Insufficient,
    Unavailable,
}

impl Refusal {
    /// A stable name for logs and metrics.
    pub const fn reason(&self) -> &'static str {
        self.row().0
    }

    /// The HTTP status (RFC 6750 3.1): 401, 403 for what a good token may not do, 400 for a
    /// request that is wrong in itself, 503 when the API can't judge.
    pub const fn status(&self) -> u16 {
        match self.row().1 {
            Class::NoToken | Class::BadToken => 401,
            Class::BadRequest => 400,
            Class::Insufficient => 403,
            Class::Unavailable => 503,
        }
    }

    /// The error code (RFC 6750 3.1); none when there was no bearer token to judge.
    pub const fn error(&self) -> Option<&'static str> {
        match self.row().1 {
            Class::NoToken | Class::Unavailable => None,
            Class::BadRequest => Some("invalid_request"),
            Class::BadToken => Some("invalid_token"),
            Class::Insufficient => Some("insufficient_scope"),
        }
    }

    /// The `WWW-Authenticate` challenge (RFC 6750 3).
    ///
    /// ```
    /// use cardea_verifier::Refusal;
    /// assert_eq!(Refusal::Missing.www_authenticate("Health API"), "Bearer realm=\"Health API\"");
    /// let challenge = Refusal::AlgorithmNone.www_authenticate("Health API");
    /// assert!(challenge.starts_with("Bearer realm=\"Health API\", error=\"invalid_token\", error_d"));
    /// ```
    pub fn www_authenticate(&self, realm: &str) -> String {
        let attribute = |name, value: &str| format!("{name}=\"{}\"", quotable(value));
        let mut attributes = vec![attribute("realm", realm)];
        if let Some(error) = self.error() {
            attributes.push(attribute("error", error));
            attributes.push(attribute("error_description", &self.to_string()));
        }
        if let Self::InsufficientScope { needed, .. } = self {
            attributes.push(attribute("scope", needed));
        }
        format!("Bearer {}", attributes.join(", "))
    }

    /// One row a refusal: its name, its kind of answer, and what to do.
    #[expect(clippy::too_many_lines, reason = "one table, one row a refusal")]
    const fn row(&self) -> (&'static str, Class, &'static str) {
        use Class::{BadRequest, BadToken, Insufficient, NoToken, Unavailable};
        match self {
            Self::Missing => (
                "missing",
                NoToken,
                "send an access token: Authorization: Bearer TOKEN",
            ),
            Self::NotInHeader => (
                "not_in_header",
                NoToken,
                "send the access token in the Authorization header, not in the query or the body",
            ),
            Self::NotBearer => (
                "not_bearer",
                NoToken,
                "this API takes bearer tokens: Authorization: Bearer TOKEN",
            ),
            Self::SeveralCredentials => (
                "several_credentials",
                BadRequest,
                "send the access token once, in the Authorization header",
            ),
            Self::MalformedHeader => (
                "malformed_header",
                BadRequest,
                "send exactly one token: Authorization: Bearer TOKEN",
            ),
            Self::Malformed(_) => (
                "malformed",
                BadToken,
                "this is not an access token; send it as it was issued",
            ),
            Self::Opaque => (
                "opaque",
                BadToken,
                "this is an opaque token; ask for an API's token with audience=",
            ),
            Self::NonCanonicalBase64 => (
                "non_canonical_base64",
                BadToken,
                "a part of the token is not canonical base64url; send it as it was issued",
            ),
            Self::DuplicateMember => (
                "duplicate_member",
                BadToken,
                "the token has a JSON member twice and could mean two things",
            ),
            Self::CriticalHeader => (
                "critical_header",
                BadToken,
                "the token demands an extension that this API does not know",
            ),
            Self::AlgorithmNone => ("algorithm_none", BadToken, "the token is not signed"),
            Self::AlgorithmNotAllowed { .. } => (
                "algorithm_not_allowed",
                BadToken,
                "this API does not take the token's algorithm; check the API's signing algorithm",
            ),
            Self::UnknownKey { .. } => (
                "unknown_key",
                BadToken,
                "the issuer has no such key; does the token come from another issuer?",
            ),
            Self::AmbiguousKey => (
                "ambiguous_key",
                BadToken,
                "the token names no key and the issuer has too many to try",
            ),
            Self::BadSignature => (
                "bad_signature",
                BadToken,
                "the signature does not match; the token was altered or forged",
            ),
            Self::WrongIssuer { .. } => (
                "wrong_issuer",
                BadToken,
                "the token comes from another issuer; ask this API's issuer for one",
            ),
            Self::IdToken => (
                "id_token",
                BadToken,
                "this is an ID token, which is for the application; send the access token instead",
            ),
            Self::WrongTokenType => (
                "wrong_token_type",
                BadToken,
                "this is not an access token, or not of the type at+jwt that this API takes",
            ),
            Self::SenderConstrained => (
                "sender_constrained",
                BadToken,
                "the token is bound to a key, and this API can't check the proof of it",
            ),
            Self::WrongAudience { .. } => (
                "wrong_audience",
                BadToken,
                "the token is for another API; ask for one with audience= this API's identifier",
            ),
            Self::NoExpiry => (
                "no_expiry",
                BadToken,
                "the token has no exp, so it would never end",
            ),
            Self::BadTime { .. } => (
                "bad_time",
                BadToken,
                "a time in the token is not a whole number of seconds",
            ),
            Self::Expired { .. } => (
                "expired",
                BadToken,
                "the token has ended; ask for a new one",
            ),
            Self::NotYetValid { .. } => (
                "not_yet_valid",
                BadToken,
                "the token is not valid yet; check the clocks",
            ),
            Self::BadClaim { .. } => (
                "bad_claim",
                BadToken,
                "a claim of the token is missing or unusable",
            ),
            Self::InsufficientScope { .. } => (
                "insufficient_scope",
                Insufficient,
                "the application was not granted the scope that this needs",
            ),
            Self::InsufficientPermission { .. } => (
                "insufficient_permission",
                Insufficient,
                "the user does not hold the permission that this needs",
            ),
            Self::KeysUnavailable { .. } => (
                "keys_unavailable",
                Unavailable,
                "the issuer's keys could not be fetched; try again later",
            ),
        }
    }

    /// What this one token had, beside what the row says.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other refusal has no details"
    )]
    fn details(&self) -> Option<String> {
        match self {
            Self::Malformed(why) => Some(why.to_string()),
            Self::AlgorithmNotAllowed { got: Some(got) } => Some(format!("got {got}")),
            Self::UnknownKey { kid: Some(kid) } => Some(format!("kid {kid}")),
            Self::WrongIssuer { expected, got } => Some(format!("expected {expected}, got {got}")),
            Self::WrongAudience { expected, got } => Some(format!(
                "expected {}, got {}",
                expected.join(" "),
                got.join(" ")
            )),
            Self::BadTime { claim } | Self::BadClaim { claim } => Some((*claim).to_owned()),
            Self::Expired { at } => Some(format!("at {at}")),
            Self::NotYetValid { at } => Some(format!("before {at}")),
            Self::InsufficientScope { needed, got }
            | Self::InsufficientPermission { needed, got } => {
                Some(format!("needs {needed}, has {}", got.join(" ")))
            }
            Self::KeysUnavailable { why } => Some(why.clone()),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().2)?;
        match self.details() {
            Some(details) => write!(f, " ({})", details.trim_end()),
            None => Ok(()),
        }
    }
}

/// RFC 6750 3: these characters only. What a token brings along can't end the quotes or the line.
fn quotable(text: &str) -> String {
    let plain = |c| matches!(c, ' '..='~') && c != '"' && c != '\\';
    text.chars()
        .map(|c| if plain(c) { c } else { '\'' })
        .collect()
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Malformed(why) = self {
            Some(why)
        } else {
            None
        }
    }
}
