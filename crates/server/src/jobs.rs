//! What runs beside the requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often a node asks whether another one changed a tenant: a change is seen within a second.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);
/// How often old rows are swept.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Catches up with tenants that another node or command changed. Decisions do not depend on it:
/// each commit checks the version.
pub(crate) async fn follow_versions(app: Arc<App>, stop: CancellationToken) {
    let mut tick = interval(FOLLOW_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        // told once, not twice a second
        let outcome = follow_once(&app).await;
        if outcome.is_err() == failing {
            continue;
        }
        failing = outcome.is_err();
        if let Err(error) = outcome {
            tracing::warn!(%error, "the tenants' versions cannot be read");
        } else {
            tracing::info!("the tenants' versions can be read again");
        }
    }
}

async fn follow_once(app: &App) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let versions = app.store.versions().await?;
    let known = app.tenants.all();
    let is_known = |id| known.iter().any(|tenant| tenant.id == id);
    if versions.len() != known.len() || !versions.iter().all(|(id, _)| is_known(id.clone())) {
        app.reload_tenants().await?;
        return Ok(());
    }
    for tenant in known {
        let stored = versions.iter().find(|(id, _)| *id == tenant.id);
        let version = tenant.loaded().view.version;
        if stored.is_some_and(|(_, stored)| *stored != version) {
            tenant.newer_than(version).await?;
        }
    }
    Ok(())
}

/// Sweeps log events and used assertions that are past their time.
pub(crate) async fn sweep(app: Arc<App>, stop: CancellationToken) {
    let mut tick = interval(SWEEP_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let now = app.clock.now();
        let keep_since = now.plus_seconds(-86_400 * i64::from(app.log_retention_days));
        if let Err(error) = app.store.sweep(now, keep_since).await {
            tracing::warn!(%error, "old rows cannot be swept");
        }
    }
}
