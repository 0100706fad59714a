//! The compact serialisation (RFC 7515 7.1), read strictly.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Algorithm, BadSignature, JsonError, VerifyingKey, b64, strict_object};

/// The longest token that [`Compact::parse`] looks at.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest `kid` that is accepted.
pub const MAX_KID_BYTES: usize = 128;

/// Why a text is not a JWS that can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// Longer than the limit; nothing else was looked at.
    TooLong,
    /// Not three parts with two dots between them: opaque, encrypted, or in the JSON serialisation.
    NotCompact,
    /// A part is not canonical base64url without padding.
    NotBase64Url,
    /// The header is not a strict JSON object.
    Header(JsonError),
    /// The header lacks this member, or its value is of the wrong type or too long.
    HeaderMember(&'static str),
    /// The header has `crit` or `b64`: an extension this crate does not know (RFC 7515 4.1.11).
    Critical,
    /// The payload is not a strict JSON object.
    Claims(JsonError),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the token is too long"),
            Self::NotCompact => f.write_str("the token does not have three parts"),
            Self::NotBase64Url => f.write_str("a part of the token is not canonical base64url"),
            Self::Header(why) => write!(f, "the token's header is unreadable: {why}"),
            Self::HeaderMember(name) => {
                write!(f, "the token's header has no usable \"{name}\"")
            }
            Self::Critical => f.write_str("the token's header demands an unknown extension"),
            Self::Claims(why) => write!(f, "the token's claims are unreadable: {why}"),
        }
    }
}

impl std::error::Error for Malformed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Header(why) | Self::Claims(why) => Some(why),
            Self::TooLong
            | Self::NotCompact
            | Self::NotBase64Url
            | Self::HeaderMember(_)
            | Self::Critical => None,
        }
    }
}

/// Why a key refused a JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The header says `none` in one spelling or another (RFC 8725 2.1).
    AlgorithmNone,
    /// The header names another algorithm than the key's.
    AlgorithmMismatch {
        /// The algorithm of the key.
        key: Algorithm,
    },
    /// The signature does not match.
    BadSignature,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlgorithmNone => f.write_str("the token is not signed (alg none)"),
            Self::AlgorithmMismatch { key } => {
                write!(
                    f,
                    "the token's header does not name the key's algorithm, {key}"
                )
            }
            Self::BadSignature => BadSignature.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

/// What is read of a header. `jku`, `x5u`, `jwk` and `x5c` are not: a token does not bring the key
/// that verifies it (RFC 8725 3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm, as written.
    pub alg: String,
    /// The name of the key.
    pub kid: Option<String>,
    /// The type of the token, e.g. `at+jwt` (RFC 9068 2.1).
    pub typ: Option<String>,
    /// The type of the content.
    pub cty: Option<String>,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut members = strict_object(bytes).map_err(Malformed::Header)?;
        // RFC 7515 4.1.11: refuse what must be understood and is not; RFC 7797: b64 changes the payload
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(Malformed::Critical);
        }
        let mut text = |name| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Malformed::HeaderMember(name)),
        };
        let alg = text("alg")?.ok_or(Malformed::HeaderMember("alg"))?;
        let kid = text("kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(Malformed::HeaderMember("kid"));
        }
        Ok(Self {
            alg,
            kid,
            typ: text("typ")?,
            cty: text("cty")?,
        })
    }

    /// Whether `alg` is `none` in any case.
    pub fn is_unsigned(&self) -> bool {
        self.alg.eq_ignore_ascii_case("none")
    }

    /// Whether `typ` is this type. `application/` may be left out and case does not count
    /// (RFC 7515 4.1.9).
    pub fn is_typ(&self, expected: &str) -> bool {
        const PREFIX: &str = "application/";
        self.typ.as_deref().is_some_and(|typ| {
            let short = match typ.split_at_checked(PREFIX.len()) {
                Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
                _ => typ,
            };
            short.eq_ignore_ascii_case(expected)
        })
    }
}

/// A JWS in the compact serialisation, taken apart but **not yet verified**.
///
/// ```
/// use cardea_jose::{Compact, Malformed, SigningKey};
/// let key = SigningKey::hmac(b"a secret that is long enough, 32 bytes or more")?;
/// let token = key.sign_jwt("JWT", br#"{"sub":"jane"}"#)?;
/// let jws = Compact::parse(&token)?;
/// assert_eq!(jws.header().alg, "HS256");
/// jws.verify(&key.verifying_key())?; // before the claims are believed
/// assert_eq!(jws.claims()?["sub"], "jane");
///
/// assert_eq!(Compact::parse("opaque").unwrap_err(), Malformed::NotCompact);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Compact<'a> {
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signing_input: &'a str,
}

impl<'a> Compact<'a> {
    /// Takes a token of at most [`MAX_TOKEN_BYTES`] apart.
    pub fn parse(token: &'a str) -> Result<Self, Malformed> {
        Self::parse_within(token, MAX_TOKEN_BYTES)
    }

    /// Takes a longer one apart, e.g. a request object (RFC 9101).
    pub fn parse_within(token: &'a str, max_bytes: usize) -> Result<Self, Malformed> {
        // before anything that takes time: CVE-2025-30204
        if token.len() > max_bytes {
            return Err(Malformed::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformed::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Malformed::NotCompact)?;
        if payload.contains('.') {
            return Err(Malformed::NotCompact);
        }

        let decode = |part| b64::decode(part).map_err(|_| Malformed::NotBase64Url);
        let header = decode(header)?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        Ok(Self {
            header: Header::read(&header)?,
            payload,
            signature,
            signing_input,
        })
    }

    /// The header: what the token says about itself, not what is true of it.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as claims. Believe them after [`Compact::verify`] only.
    pub fn claims(&self) -> Result<Map<String, Value>, Malformed> {
        strict_object(&self.payload).map_err(Malformed::Claims)
    }

    /// Verifies with this key. The header may only agree with the key's algorithm; it chooses
    /// nothing (RFC 8725 3.1).
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), Refused> {
        if self.header.is_unsigned() {
            return Err(Refused::AlgorithmNone);
        }
        if self.header.alg != key.algorithm().as_str() {
            return Err(Refused::AlgorithmMismatch {
                key: key.algorithm(),
            });
        }
        key.verify(self.signing_input.as_bytes(), &self.signature)
            .map_err(|BadSignature| Refused::BadSignature)
    }
}
