//! What every request shares.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use cardea_core::id::{Host, LogId};
use cardea_core::model::Issuer;
use cardea_core::time::Timestamp;
use cardea_store::{Store, StoreError};
use tokio_util::task::TaskTracker;

use crate::challenges::Challenges;
use crate::clock::Clock;
use crate::dev::Dev;
use crate::jobs;
use crate::limits::Limits;
use crate::mail::{Delivery, Mailer, postman};
use crate::password::Passwords;
use crate::peer::IpRange;
use crate::random::SharedRandom;
use crate::tenants::Tenants;

/// The scheme of the public URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Everything but `dev --plain-http`.
    Https,
    /// `dev --plain-http`.
    Http,
}

impl Scheme {
    /// `https` or `http`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// What [`App::start`] needs.
#[derive(Debug)]
pub struct Options {
    /// Where things are kept.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The randomness.
    pub random: SharedRandom,
    /// The scheme of the public URLs.
    pub scheme: Scheme,
    /// Peers whose `X-Forwarded-For` is believed. Empty: nobody's.
    pub trusted_proxies: Vec<IpRange>,
    /// Whether request rates are limited.
    pub rate_limits: bool,
    /// Whether a token's log event may be committed after the answer.
    pub relaxed_log: bool,
    /// `cardea dev`.
    pub dev: Option<Arc<Dev>>,
    /// Log events older than this are swept.
    pub log_retention_days: u32,
    /// Where mails go.
    pub mail: Delivery,
}

/// The running server.
pub struct App {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) random: SharedRandom,
    pub(crate) scheme: Scheme,
    pub(crate) trusted_proxies: Vec<IpRange>,
    pub(crate) relaxed_log: bool,
    pub(crate) dev: Option<Arc<Dev>>,
    pub(crate) log_retention_days: u32,
    pub(crate) tenants: Tenants,
    pub(crate) limits: Limits,
    pub(crate) challenges: Challenges,
    pub(crate) passwords: Passwords,
    pub(crate) mail: Mailer,
    events: AtomicU64,
    node: u64,
    jobs: TaskTracker,
    aside: TaskTracker,
    me: Weak<Self>,
    stop: tokio_util::sync::CancellationToken,
}

impl App {
    /// Loads the tenants and starts the jobs.
    pub async fn start(options: Options) -> Result<Arc<Self>, StartError> {
        let tenants = Tenants::load(&options.store, options.scheme).await?;
        let node = options.random.with(|random| {
            let mut bytes = [0; 8];
            random.fill(&mut bytes);
            u64::from_be_bytes(bytes)
        });
        let (clock, random) = (options.clock.clone(), options.random.clone());
        let mail = Mailer::new(&options.mail, clock, random).map_err(StartError::Mail)?;
        let app = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            store: options.store,
            clock: options.clock,
            random: options.random,
            scheme: options.scheme,
            trusted_proxies: options.trusted_proxies,
            relaxed_log: options.relaxed_log,
            dev: options.dev,
            log_retention_days: options.log_retention_days,
            tenants,
            limits: Limits::new(options.rate_limits),
            challenges: Challenges::default(),
            passwords: Passwords::new(),
            mail,
            events: AtomicU64::new(0),
            node,
            jobs: TaskTracker::new(),
            aside: TaskTracker::new(),
            stop: tokio_util::sync::CancellationToken::new(),
        });
        app.jobs
            .spawn(jobs::follow_versions(Arc::clone(&app), app.stop.clone()));
        app.jobs
            .spawn(jobs::sweep(Arc::clone(&app), app.stop.clone()));
        if app.mail.needs_postman() {
            app.jobs
                .spawn(postman::run(Arc::clone(&app), app.stop.clone()));
        }
        app.jobs.close();
        app.aside.close();
        Ok(app)
    }

    /// Ends the jobs and closes the store; every acknowledged write is on disk.
    pub async fn stop(&self) {
        self.aside.wait().await;
        self.stop.cancel();
        self.jobs.wait().await;
        self.store.close().await;
    }

    /// Does something that an answer must not wait for: how long it takes would tell who has an
    /// account (attack PASSWORD-04).
    pub(crate) fn do_aside<F>(&self, work: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // as long as it can be asked, it is there
        if let Some(app) = self.me.upgrade() {
            self.aside.spawn(work(app));
        }
    }

    /// Waits until everything that was done aside is done.
    pub async fn settle(&self) {
        self.aside.wait().await;
    }

    /// The tenant that answers at this host.
    pub fn tenant_at(&self, host: &str) -> Option<cardea_core::id::TenantId> {
        let tenant = self.tenants.at(&Host::parse(host)?)?;
        Some(tenant.id.clone())
    }

    /// The mails that were caught instead of sent, newest first; null where they are sent.
    pub fn caught_mails(&self) -> serde_json::Value {
        let inbox = self.mail.inbox();
        inbox.map_or(serde_json::Value::Null, crate::mail::Inbox::to_json)
    }

    /// Reads hosts and tenants anew: after one was made, moved or reset.
    pub async fn reload_tenants(&self) -> Result<(), StartError> {
        self.tenants.reload(&self.store, self.scheme).await
    }

    /// Whether a tenant answers at `host`: for choosing a certificate.
    pub fn serves(&self, host: &Host) -> bool {
        self.tenants.serves_name(host.name())
    }

    pub(crate) fn issuer(&self, host: &Host) -> Issuer {
        Issuer::new(self.scheme.as_str(), host)
    }

    pub(crate) fn new_log_id(&self, at: Timestamp) -> LogId {
        LogId::new(at, self.events.fetch_add(1, Ordering::Relaxed), self.node)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// Why the server could not start.
#[derive(Debug)]
pub enum StartError {
    /// The store does not answer, or holds a damaged document.
    Store(StoreError),
    /// A tenant's documents do not make a tenant.
    Corrupt(cardea_core::model::Corrupt),
    /// The mail server's settings are of no use.
    Mail(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "the store cannot be read: {error}"),
            Self::Corrupt(error) => write!(f, "{error}"),
            Self::Mail(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<cardea_core::model::Corrupt> for StartError {
    fn from(error: cardea_core::model::Corrupt) -> Self {
        Self::Corrupt(error)
    }
}
