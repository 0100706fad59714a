//! Starting, in the order that keeps a developer waiting least.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cardea_core::id::Host;
use rustls::sign::CertifiedKey;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::ca::Ca;
use super::folder::Folder;
use super::ready::Ready;
use super::{DevOptions, keys, moved};
use crate::app::{App, Options, Scheme};
use crate::clock::Clock;
use crate::listen;
use crate::random::SharedRandom;
use crate::say;
use crate::tls::{PemFiles, TlsConfig};

/// Tenant log events of a development machine.
const LOG_RETENTION_DAYS: u32 = 30;
/// The ready file that the data folder has while the server runs, for the examples.
const READY_FILE: &str = "ready.json";
/// The label of everything that the server of `--deterministic` draws.
const FIXED_RANDOM: &str = "cardea dev --deterministic server";

/// Serves until `shutdown`.
pub async fn run(options: DevOptions, shutdown: CancellationToken) -> Result<(), String> {
    if let Some(path) = &options.ready_file {
        forget(path);
    }
    let start = Start::begin(&options).await?;
    let folder = Folder::open(&options, &start.random)?;
    let certificates = start.certificates(&folder);
    let (tenant, store) = start.tenant(&options, folder).await?;
    let folder = tenant.folder;
    let kept = folder.path.join(READY_FILE);
    forget(&kept);

    let app = App::start(Options {
        store,
        clock: start.clock.clone(),
        random: start.random.clone(),
        scheme: start.scheme,
        trusted_proxies: Vec::new(),
        rate_limits: options.rate_limits,
        relaxed_log: false,
        dev: Some(Arc::clone(&tenant.dev)),
        log_retention_days: LOG_RETENTION_DAYS,
        mail: crate::mail::Delivery::Inbox,
    })
    .await
    .map_err(|error| error.to_string())?;
    let (tls, files) = match certificates {
        Some(making) => {
            let (tls, ca_file, leaf) = served(making, &app).await?;
            (Some(tls), Some((ca_file, leaf)))
        }
        None => (None, None),
    };
    let service = crate::Service::new(Arc::clone(&app));
    let server = tokio::spawn(listen::serve(
        service,
        start.listeners,
        tls,
        shutdown.clone(),
    ));

    let (ca_file, leaf) = files.unzip();
    let issuer = format!("{}://{}/", start.scheme.as_str(), start.host);
    let ready = Ready {
        issuer,
        domain: start.host.to_string(),
        ca_file,
        leaf,
        folder: folder.path.clone(),
        entries: folder.secrets.entries.clone().unwrap_or_default(),
    };
    for path in options.ready_file.iter().chain([&kept]) {
        ready
            .write(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    say::line(ready.to_text());
    tokio::spawn(keys::store_next(Arc::clone(&app), tenant.dev, tenant.next));

    drop(server.await);
    app.stop().await;
    forget(&kept);
    folder.close();
    Ok(())
}

/// Who waits for a ready file must not find the last run's.
fn forget(ready_file: &Path) {
    drop(std::fs::remove_file(ready_file));
}

/// The server's certificate for `localhost`, in the making.
struct Certificates {
    ca: Arc<Ca>,
    leaf: PemFiles,
    served: CertifiedKey,
}

async fn served(
    making: JoinHandle<Result<Certificates, String>>,
    app: &Arc<App>,
) -> Result<(TlsConfig, PathBuf, PemFiles), String> {
    let made = making.await.map_err(|error| error.to_string())??;
    let tls = TlsConfig::new(made.served).map_err(|error| error.to_string())?;
    let (ca_file, ca, app) = (made.ca.file(), made.ca, Arc::clone(app));
    // a wildcard for `*.localhost` is refused by clients, so each host gets a leaf of its own
    let tls = tls.making(Arc::new(move |name: String| {
        let (ca, app) = (Arc::clone(&ca), Arc::clone(&app));
        Box::pin(async move {
            let is_ours = Host::parse(&name).is_some_and(|host| app.serves(&host));
            if !is_ours || !name.ends_with(".localhost") {
                return None;
            }
            let leaf = move || ca.leaf(&name, Clock::real_now()).ok();
            tokio::task::spawn_blocking(leaf).await.ok().flatten()
        })
    }));
    Ok((tls, ca_file, made.leaf))
}

/// What is known before anything is opened.
pub(crate) struct Start {
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) port: u16,
    pub(crate) host: Host,
    pub(crate) scheme: Scheme,
    pub(crate) clock: Clock,
    pub(crate) random: SharedRandom,
}

impl Start {
    async fn begin(options: &DevOptions) -> Result<Self, String> {
        let listeners = listen::bind_loopback(options.port).await.map_err(|error| {
            format!(
                "port {}: {error} (choose another with --port)",
                options.port
            )
        })?;
        let port = listeners
            .first()
            .and_then(|listener| listener.local_addr().ok());
        let port = port.map_or(options.port, |address| address.port());
        let scheme = if options.plain_http {
            Scheme::Http
        } else {
            Scheme::Https
        };
        let host = moved::host("localhost", port, scheme)
            .ok_or_else(|| "localhost is no host".to_owned())?;
        let random = if options.deterministic {
            SharedRandom::seeded(FIXED_RANDOM)
        } else {
            SharedRandom::system()
        };
        Ok(Self {
            listeners,
            port,
            host,
            scheme,
            clock: Clock::system(),
            random,
        })
    }

    fn certificates(&self, folder: &Folder) -> Option<JoinHandle<Result<Certificates, String>>> {
        let path = folder.path.clone();
        (self.scheme == Scheme::Https).then(|| {
            tokio::task::spawn_blocking(move || {
                let now = Clock::real_now();
                let ca = Ca::open(&path, now).map_err(|error| error.to_string())?;
                let (leaf, served) = ca.localhost(now).map_err(|error| error.to_string())?;
                Ok(Certificates {
                    ca: Arc::new(ca),
                    leaf,
                    served,
                })
            })
        })
    }
}
