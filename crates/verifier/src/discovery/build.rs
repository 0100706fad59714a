//! How a [`Verifier`] is set up.

use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use cardea_jose::Secret;
use reqwest::{Certificate, Client, Url, redirect};
use tokio::sync::Mutex;

use super::fetch::Fetcher;
use super::{Cache, Clock, Inner, Issuer, Source, Verifier};
use crate::{Algorithm, KeyError, KeySet, Policy, PolicyBuilder, PolicyError, Typ};

const DEFAULT_CACHE_S: u32 = 600;
const DEFAULT_REFETCH_AFTER_S: u32 = 5;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Builds a [`Verifier`]: `Verifier::builder(issuer)…build()`.
///
/// ```
/// use cardea_verifier::{Algorithm, Verifier};
/// let verifier = Verifier::builder("https://localhost:8443/")
///     .audience("https://example.com/legacy-health-api")
///     .hs256_secret(b"the signing secret of this API") // needs no network
///     .leeway_s(0)
///     .build()?;
/// # Ok::<(), cardea_verifier::BuildError>(())
/// ```
#[must_use]
pub struct VerifierBuilder {
    issuer: String,
    policy: PolicyBuilder,
    algorithms: Option<Vec<Algorithm>>,
    secret: Option<Secret<Vec<u8>>>,
    keys: Option<KeySet>,
    ca_pem: Option<Vec<u8>>,
    allow_plain_http: bool,
    cache_s: u32,
    refetch_after_s: u32,
    clock: Option<Clock>,
}

impl VerifierBuilder {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            policy: Policy::builder(issuer.clone()),
            issuer,
            algorithms: None,
            secret: None,
            keys: None,
            ca_pem: None,
            allow_plain_http: false,
            cache_s: DEFAULT_CACHE_S,
            refetch_after_s: DEFAULT_REFETCH_AFTER_S,
            clock: None,
        }
    }

    /// Adds an identifier of this API, byte for byte as it stands in `aud`.
    pub fn audience(mut self, identifier: impl Into<String>) -> Self {
        self.policy = self.policy.audience(identifier);
        self
    }

    /// The algorithms that may sign; by default all asymmetric ones, or HS256 with a secret.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// How far the clocks may differ: 15 seconds by default, at most 60.
    pub fn leeway_s(mut self, seconds: u32) -> Self {
        self.policy = self.policy.leeway_s(seconds);
        self
    }

    /// What the header's `typ` must be.
    pub fn require_typ(mut self, typ: Typ) -> Self {
        self.policy = self.policy.require_typ(typ);
        self
    }

    /// Trusts the certificates of this PEM for the issuer's server, and no others.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Takes an issuer over plain HTTP that is not on this machine. Whoever can touch that network
    /// can then make tokens.
    pub const fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// For an API that signs with HS256: its signing secret. Nothing is fetched.
    pub fn hs256_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = Some(Secret::new(secret.into()));
        self
    }

    /// Uses these keys. Nothing is fetched.
    pub fn keys(mut self, keys: KeySet) -> Self {
        self.keys = Some(keys);
        self
    }

    /// How long keys are kept when the issuer does not say: ten minutes by default.
    pub const fn cache_s(mut self, seconds: u32) -> Self {
        self.cache_s = seconds;
        self
    }

    /// The least time between two looks for an unknown key: five seconds by default.
    pub const fn refetch_after_s(mut self, seconds: u32) -> Self {
        self.refetch_after_s = seconds;
        self
    }

    /// Another clock, for tests: the time in seconds since 1970.
    pub fn clock(mut self, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Checks and builds; does not touch the network.
    pub fn build(self) -> Result<Verifier, BuildError> {
        let fixed = match (&self.secret, &self.keys) {
            (None, None) => None,
            (Some(secret), None) => {
                Some(KeySet::hs256(secret.expose()).map_err(BuildError::Secret)?)
            }
            (None, Some(keys)) => Some(keys.clone()),
            (Some(_), Some(_)) => return Err(BuildError::TwoKeySources),
        };
        let source = match fixed {
            Some(keys) => Source::Fixed(Arc::new(keys)),
            None => Source::Issuer(Box::new(self.issuer()?)),
        };
        let hs256 = self.secret.is_some().then(|| vec![Algorithm::Hs256]);
        let policy = match self.algorithms.or(hs256) {
            Some(algorithms) => self.policy.algorithms(algorithms),
            None => self.policy,
        };
        let policy = policy.build().map_err(BuildError::Policy)?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(system_clock));
        Ok(Verifier(Arc::new(Inner {
            policy,
            clock,
            source,
        })))
    }

    fn issuer(&self) -> Result<Issuer, BuildError> {
        let slash = if self.issuer.ends_with('/') { "" } else { "/" };
        let metadata = format!("{}{slash}.well-known/openid-configuration", self.issuer);
        let metadata = Url::parse(&metadata).map_err(|_| BuildError::NotAnIssuer)?;
        match metadata.scheme() {
            "https" => {}
            "http" if self.allow_plain_http || is_loopback(&metadata) => {}
            "http" => return Err(BuildError::PlainHttp),
            _ => return Err(BuildError::NotAnIssuer),
        }
        Ok(Issuer {
            fetcher: Fetcher {
                client: self.client()?,
                issuer: self.issuer.clone(),
                metadata,
                default_max_age_s: i64::from(self.cache_s),
            },
            refetch_after_s: i64::from(self.refetch_after_s),
            cache: RwLock::new(Cache::default()),
            flight: Mutex::new(None),
        })
    }

    fn client(&self) -> Result<Client, BuildError> {
        // an application that chose a provider keeps it; a race here is lost to an equal one
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        // a redirect would lead away from the origin that was checked
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(REQUEST_TIMEOUT);
        let client = match &self.ca_pem {
            None => client,
            Some(pem) => match Certificate::from_pem_bundle(pem) {
                Ok(roots) if !roots.is_empty() => client.tls_certs_only(roots),
                Ok(_) | Err(_) => return Err(BuildError::CaPem),
            },
        };
        client
            .build()
            .map_err(|why| BuildError::Client(why.to_string()))
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn system_clock() -> i64 {
    let now = std::time::SystemTime::now();
    // before 1970 every token is from the future, which refuses it
    now.duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        })
}

/// Why a [`Verifier`] could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The policy is unusable.
    Policy(PolicyError),
    /// The HS256 secret is too short.
    Secret(KeyError),
    /// Both a secret and keys were given.
    TwoKeySources,
    /// The issuer is not an HTTP(S) URL.
    NotAnIssuer,
    /// The issuer is on another machine and without TLS.
    PlainHttp,
    /// The PEM has no certificate.
    CaPem,
    /// The HTTP client could not be set up.
    Client(String),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(why) => why.fmt(f),
            Self::Secret(why) => write!(f, "the HS256 secret: {why}"),
            Self::TwoKeySources => f.write_str("give either a secret or keys"),
            Self::NotAnIssuer => f.write_str("the issuer is not an https URL"),
            Self::PlainHttp => f.write_str(
                "the issuer is on another machine and without TLS; use https, or allow_plain_http",
            ),
            Self::CaPem => f.write_str("the PEM has no readable certificate"),
            Self::Client(why) => write!(f, "the HTTP client: {why}"),
        }
    }
}

impl std::error::Error for BuildError {}
