//! Which tokens an API takes.

use std::fmt;

use crate::Algorithm;

/// The longest leeway: one minute.
pub const MAX_LEEWAY_S: u32 = 60;

const DEFAULT_LEEWAY_S: u32 = 15;

const ASYMMETRIC: [Algorithm; 8] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

/// What the header's `typ` must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Typ {
    /// `JWT`, `at+jwt` or nothing: an ID token is then told by its claims.
    #[default]
    Any,
    /// `at+jwt` only (RFC 9068 4): for APIs with the `rfc9068` dialect.
    AtJwt,
}

/// Which tokens an API takes. Built once, used for every request.
///
/// ```
/// use cardea_verifier::{Algorithm, Policy, Typ};
/// let policy = Policy::builder("https://login.example.com/")
///     .audience("https://api.example.com/")
///     .algorithms([Algorithm::Rs256])
///     .leeway_s(5)
///     .require_typ(Typ::AtJwt)
///     .build()?;
/// assert_eq!(policy.issuer(), "https://login.example.com/");
/// # Ok::<(), cardea_verifier::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway_s: i64,
    pub(crate) typ: Typ,
}

impl Policy {
    /// Starts with the issuer, exactly as it stands in `iss` (with its slash at the end, if any).
    pub fn builder(issuer: impl Into<String>) -> PolicyBuilder {
        PolicyBuilder {
            issuer: issuer.into(),
            audiences: Vec::new(),
            algorithms: ASYMMETRIC.to_vec(),
            leeway_s: DEFAULT_LEEWAY_S,
            typ: Typ::Any,
        }
    }

    /// The only issuer whose tokens are taken.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The identifiers of this API; a token must name one of them.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }
}

/// Builds a [`Policy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder {
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway_s: u32,
    typ: Typ,
}

impl PolicyBuilder {
    /// Adds an identifier of this API. Compared byte for byte: a slash more is another API.
    pub fn audience(mut self, identifier: impl Into<String>) -> Self {
        self.audiences.push(identifier.into());
        self
    }

    /// The algorithms that may sign; by default all asymmetric ones.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the clocks of issuer and API may differ: 15 seconds by default, at most 60.
    pub const fn leeway_s(mut self, seconds: u32) -> Self {
        self.leeway_s = seconds;
        self
    }

    /// What the header's `typ` must be.
    pub const fn require_typ(mut self, typ: Typ) -> Self {
        self.typ = typ;
        self
    }

    /// Checks and fixes the policy.
    pub fn build(self) -> Result<Policy, PolicyError> {
        if self.issuer.is_empty() {
            return Err(PolicyError::NoIssuer);
        }
        // without an audience any token of the issuer would open the API (RFC 8725 3.9)
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            return Err(PolicyError::NoAudience);
        }
        if self.algorithms.is_empty() {
            return Err(PolicyError::NoAlgorithm);
        }
        if self.leeway_s > MAX_LEEWAY_S {
            return Err(PolicyError::LeewayTooLong);
        }
        Ok(Policy {
            issuer: self.issuer,
            audiences: self.audiences,
            algorithms: self.algorithms,
            leeway_s: i64::from(self.leeway_s),
            typ: self.typ,
        })
    }
}

/// Why a policy can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// No issuer was given.
    NoIssuer,
    /// No audience was given, or an empty one.
    NoAudience,
    /// The list of algorithms is empty.
    NoAlgorithm,
    /// The leeway is longer than [`MAX_LEEWAY_S`].
    LeewayTooLong,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIssuer => "name the issuer whose tokens this API takes",
            Self::NoAudience => "name this API's identifier, the audience of its tokens",
            Self::NoAlgorithm => "allow at least one signature algorithm",
            Self::LeewayTooLong => "the leeway is at most 60 seconds",
        })
    }
}

impl std::error::Error for PolicyError {}
