//! The issuer's keys over the network: fetched when they are needed, kept while they are good.

mod build;
mod fetch;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

pub use build::{BuildError, VerifierBuilder};

use crate::verify::Candidate;
use crate::{AccessToken, KeySet, Policy, Refusal};
use fetch::Fetcher;

/// The time in seconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Verifies access tokens of one issuer, fetching its keys by itself. Cheap to clone.
///
/// * Keys are kept for as long as the issuer says (`Cache-Control: max-age`), or ten minutes.
/// * A token with an unknown `kid` makes it look again, since keys rotate; but one look at a time
///   and at most one in five seconds, however many such tokens arrive.
/// * When the issuer is down, the keys at hand stay in use.
///
/// ```no_run
/// # async fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use cardea_verifier::Verifier;
/// let verifier = Verifier::builder("https://login.example.com/")
///     .audience("https://api.example.com/")
///     .build()?;
/// let token = verifier.verify(token).await?;
/// println!("{} may {:?}", token.subject, token.scopes);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    policy: Policy,
    clock: Clock,
    source: Source,
}

/// Where the keys come from.
enum Source {
    Fixed(Arc<KeySet>),
    Issuer(Box<Issuer>),
}

struct Issuer {
    fetcher: Fetcher,
    /// The least time between two looks for an unknown `kid`, or after a failure.
    refetch_after_s: i64,
    cache: RwLock<Cache>,
    /// Held while fetching: one flight at a time. Knows where the JWKS is.
    flight: Mutex<Option<reqwest::Url>>,
}

#[derive(Clone, Default)]
struct Cache {
    keys: Option<Arc<KeySet>>,
    /// Counts the answers, so that who waited for a flight sees that it landed.
    generation: u64,
    /// While the keys count as new. A span, so that a clock that was set back ends it too.
    fresh: Range<i64>,
    /// While there is no look for an unknown `kid` and no retry.
    pause: Range<i64>,
    last_error: String,
}

impl Verifier {
    /// Starts with the issuer, exactly as it stands in `iss`.
    pub fn builder(issuer: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder::new(issuer.into())
    }

    /// Which tokens are taken.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The keys at hand, e.g. to log the ones that were skipped.
    pub fn keys(&self) -> Option<Arc<KeySet>> {
        match &self.0.source {
            Source::Fixed(keys) => Some(Arc::clone(keys)),
            Source::Issuer(issuer) => issuer.cached().keys,
        }
    }

    /// Verifies a token with the issuer's keys. What is no token at all is refused without them.
    pub async fn verify(&self, token: &str) -> Result<AccessToken, Refusal> {
        let Inner {
            policy,
            clock,
            source,
        } = &*self.0;
        let now_s = clock();
        let token = Candidate::parse(token, policy)?;
        let issuer = match source {
            Source::Fixed(keys) => return token.judge(policy, keys, now_s),
            Source::Issuer(issuer) => issuer,
        };

        let (keys, generation) = issuer.keys(now_s).await?;
        match token.judge(policy, &keys, now_s) {
            Err(unknown @ Refusal::UnknownKey { .. }) => {
                match issuer.newer_than(generation, now_s).await {
                    Some(keys) => token.judge(policy, &keys, now_s),
                    None => Err(unknown),
                }
            }
            answer => answer,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("policy", &self.0.policy)
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// The keys at hand, fetched or refreshed when it is time to.
    async fn keys(&self, now_s: i64) -> Result<(Arc<KeySet>, u64), Refusal> {
        let cache = self.cached();
        match cache.keys {
            Some(keys) if cache.fresh.contains(&now_s) => return Ok((keys, cache.generation)),
            Some(keys) => match self.flight.try_lock() {
                Ok(mut jwks_uri) => self.look(&mut jwks_uri, now_s, cache.generation).await,
                // somebody is fetching already: the keys at hand are good enough meanwhile
                Err(_) => return Ok((keys, cache.generation)),
            },
            None => {
                let mut jwks_uri = self.flight.lock().await;
                self.look(&mut jwks_uri, now_s, cache.generation).await;
            }
        }
        // keys and generation from one reading, or a landing between two would be missed
        let cache = self.cached();
        let why = cache.last_error;
        let keys = cache.keys.ok_or(Refusal::KeysUnavailable { why })?;
        Ok((keys, cache.generation))
    }

    /// Keys that arrived after the generation that was looked at, fetching them if that is allowed.
    async fn newer_than(&self, generation: u64, now_s: i64) -> Option<Arc<KeySet>> {
        let mut jwks_uri = self.flight.lock().await;
        self.look(&mut jwks_uri, now_s, generation).await;
        let cache = self.cached();
        cache.keys.filter(|_| cache.generation != generation)
    }

    /// One look, unless another one landed since `generation` or the last one is too recent.
    async fn look(&self, jwks_uri: &mut Option<reqwest::Url>, now_s: i64, generation: u64) {
        let before = self.cached();
        if before.generation != generation || before.pause.contains(&now_s) {
            return;
        }
        // written first, so that requests that are given up in the middle count too
        let first = before.keys.is_none();
        self.change(|cache| cache.pause = span(now_s, self.refetch_after_s));

        match self.fetcher.fetch(jwks_uri).await {
            Ok((keys, max_age_s)) => self.change(|cache| {
                cache.keys = Some(Arc::new(keys));
                cache.generation = cache.generation.wrapping_add(1);
                cache.fresh = span(now_s, max_age_s);
                // the first answer does not hold up the look that a rotation needs
                cache.pause = span(now_s, if first { 0 } else { self.refetch_after_s });
            }),
            // the old keys serve on, and the pause holds off the next look
            Err(why) => self.change(|cache| cache.last_error = why),
        }
    }

    fn cached(&self) -> Cache {
        self.cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&mut Cache)) {
        change(&mut self.cache.write().unwrap_or_else(PoisonError::into_inner));
    }
}

const fn span(from_s: i64, seconds: i64) -> Range<i64> {
    from_s..from_s.saturating_add(seconds)
}
