//! `cardea serve`.

use std::path::PathBuf;
use std::sync::Arc;

use cardea_store::{Options as StoreOptions, Store, Synchronous};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Failure, Outcome, upgrade};
use crate::app::{App, Options};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::random::SharedRandom;
use crate::tls::{PemFiles, TlsConfig};
use crate::{listen, telemetry};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration; every setting may also stand in the environment (CARDEA__…).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) async fn run(args: ServeArgs, shutdown: CancellationToken) -> Outcome {
    let config = Config::load(args.config.as_deref())?;
    telemetry::start(&config.log.level, config.log.format);
    let store = open(&config).await?;
    let tls = match &config.tls {
        None => None,
        Some(files) => Some((TlsConfig::new(files.load()?)?, files.clone())),
    };
    for (record, _) in store.tenants().await? {
        upgrade::management_api(&store, &record, config.scheme(), Clock::system().now()).await?;
    }
    let listeners = listen::bind(&config.listen).await.map_err(Failure::new)?;
    let app = App::start(Options {
        store,
        clock: Clock::system(),
        random: SharedRandom::system(),
        scheme: config.scheme(),
        trusted_proxies: config.trusted_proxies.clone(),
        rate_limits: config.rate_limits,
        relaxed_log: config.log.relaxed,
        dev: None,
        log_retention_days: config.log.retention_days,
        mail: config.mail.clone(),
    })
    .await?;
    for listener in &listeners {
        tracing::info!(address = ?listener.local_addr().ok(), "listening");
    }
    let tls = match tls {
        None => None,
        Some((tls, files)) => {
            renew_on_hangup(tls.clone(), files)?;
            Some(tls)
        }
    };
    let service = crate::Service::new(Arc::clone(&app));
    listen::serve(service, listeners, tls, shutdown).await;
    app.stop().await;
    tracing::info!("ended");
    Ok(())
}

/// Opens the database, unless something is unsafe: then every reason is told.
async fn open(config: &Config) -> Result<Store, Failure> {
    let mut reasons = config.unsafe_settings();
    if reasons.is_empty() {
        let store = Store::open(StoreOptions {
            url: config.database.clone(),
            sealing: config.sealing_key().map_err(Failure::new)?,
            synchronous: Synchronous::Full,
            exclusive: true,
            migrate: false,
        });
        let store = store.await.map_err(|error| {
            // the database's name without its password
            Failure::new(format!("{}: {error}", config.database))
        })?;
        if !config::is_deterministic(&store).await? {
            return Ok(store);
        }
        reasons.push(config::DETERMINISTIC_DATABASE.to_owned());
        store.close().await;
    }
    Err(Failure::new(format!(
        "refusing to start:\n  {}",
        reasons.join("\n  ")
    )))
}

/// A renewed certificate is served without a restart.
fn renew_on_hangup(tls: TlsConfig, files: PemFiles) -> Outcome {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match files.load() {
                Ok(certificate) => {
                    tls.replace(certificate);
                    tracing::info!("the certificate was read again");
                }
                Err(error) => tracing::error!(%error, "the old certificate is still served"),
            }
        }
    });
    Ok(())
}
