//! The issuer's keys, parsed once.

use std::fmt;

use cardea_jose::{Algorithm, Compact, Header, Jwk, Refused, strict_object};
use serde_json::Value;

use crate::{JsonError, KeyError, Refusal, VerifyingKey};

/// How many keys are tried for one token (JWT without `kid`): signatures cost time.
const MAX_TRIES: usize = 3;

/// How many keys of one JWKS are looked at.
const MAX_KEYS: usize = 100;

/// The keys that may have signed a token.
///
/// ```
/// use cardea_verifier::{KeySet, VerifyingKey};
/// let keys = KeySet::from_jwks(br#"{"keys":[{"kty":"oct","kid":"leaked","k":"c2VjcmV0"}]}"#)?;
/// assert_eq!(keys.len(), 0);
/// assert_eq!(keys.skipped()[0].kid.as_deref(), Some("leaked"));
///
/// let keys = KeySet::hs256(b"the signing secret of an HS256 API")?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    skipped: Vec<SkippedKey>,
}

/// A key of the JWKS that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its name, when it has one.
    pub kid: Option<String>,
    /// Why it is not used.
    pub why: String,
}

/// Why a JWKS could not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwksError {
    /// Not a strict JSON object.
    Json(JsonError),
    /// There is no array `keys` (RFC 7517 5).
    NoKeys,
}

impl fmt::Display for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => write!(f, "the JWKS is unreadable: {why}"),
            Self::NoKeys => f.write_str("the JWKS has no array \"keys\""),
        }
    }
}

impl std::error::Error for JwksError {}

impl KeySet {
    /// From a JWKS (RFC 7517 5). A key that can't be used is skipped and remembered, so that one
    /// bad key does not shut the API. RSA keys without `alg` count as RS256.
    pub fn from_jwks(json: &[u8]) -> Result<Self, JwksError> {
        let mut document = strict_object(json).map_err(JwksError::Json)?;
        let Some(Value::Array(members)) = document.remove("keys") else {
            return Err(JwksError::NoKeys);
        };

        let mut set = Self::default();
        for (at, member) in members.into_iter().enumerate() {
            let kid = member.get("kid").and_then(Value::as_str).map(str::to_owned);
            let parsed = if at < MAX_KEYS {
                parse(member)
            } else {
                Err(format!("only the first {MAX_KEYS} keys are used"))
            };
            match parsed {
                Ok(key) => set.keys.push(key),
                Err(why) => set.skipped.push(SkippedKey { kid, why }),
            }
        }
        Ok(set)
    }

    /// From the shared secret of an API that signs with HS256.
    pub fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        VerifyingKey::hmac(secret).map(|key| [key].into_iter().collect())
    }

    /// How many keys can be used.
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key that can be used.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that were skipped, with the reason; worth a log line.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Verifies with the keys that the header may mean: same algorithm, and same name as far as
    /// both have one. `kid` is compared and never interpreted (JWT-05).
    pub(crate) fn verify(&self, jws: &Compact<'_>, algorithm: Algorithm) -> Result<(), Refusal> {
        let header = jws.header();
        let candidates = || {
            self.keys
                .iter()
                .filter(|k| k.algorithm() == algorithm && may_mean(header, k))
        };

        match candidates().take(MAX_TRIES + 1).count() {
            0 if self
                .keys
                .iter()
                .any(|key| header.kid.is_some() && may_mean(header, key)) =>
            {
                Err(Refusal::AlgorithmNotAllowed {
                    got: Some(algorithm),
                })
            }
            0 => Err(Refusal::UnknownKey {
                kid: header.kid.clone(),
            }),
            1..=MAX_TRIES => {
                let mut last = Err(Refusal::BadSignature);
                for key in candidates() {
                    last = jws
                        .verify(key)
                        .map_err(|refused| refusal_of(refused, algorithm));
                    if last.is_ok() {
                        break;
                    }
                }
                last
            }
            _ => Err(Refusal::AmbiguousKey),
        }
    }
}

impl FromIterator<VerifyingKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            skipped: Vec::new(),
        }
    }
}

fn parse(member: Value) -> Result<VerifyingKey, String> {
    let jwk: Jwk = serde_json::from_value(member).map_err(|why| why.to_string())?;
    let default = jwk.alg.is_none() && jwk.kty == "RSA";
    let key = if default {
        VerifyingKey::from_jwk_or(&jwk, Algorithm::Rs256)
    } else {
        VerifyingKey::from_jwk(&jwk)
    };
    key.map_err(|why| why.to_string())
}

fn may_mean(header: &Header, key: &VerifyingKey) -> bool {
    match (&header.kid, key.kid()) {
        (Some(named), Some(kid)) => named == kid,
        (None, _) | (_, None) => true,
    }
}

const fn refusal_of(refused: Refused, algorithm: Algorithm) -> Refusal {
    match refused {
        Refused::AlgorithmNone => Refusal::AlgorithmNone,
        Refused::AlgorithmMismatch { .. } => Refusal::AlgorithmNotAllowed {
            got: Some(algorithm),
        },
        Refused::BadSignature | _ => Refusal::BadSignature,
    }
}
