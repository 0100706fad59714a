//! Forgetting what nobody needs any more, in batches that do not hold up the commits between them.

use cardea_core::id::LogId;
use cardea_core::time::Timestamp;

use crate::db::Statement;
use crate::error::StoreError;
use crate::open::Store;
use crate::value::{Value, params};

const BATCH: i64 = 500;
/// How many versions back [`crate::TenantStore::changes_since`] can go.
const VERSIONS: i64 = 10_000;

/// How much was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Consumed assertions that have expired.
    pub assertions: u64,
    /// Protocol state, counts and mails whose time is over.
    pub expired: u64,
    /// Log events that were old.
    pub log_events: u64,
    /// Notes of changes that every node has followed long ago.
    pub changes: u64,
}

impl Store {
    /// Forgets assertions that expired before `now`, log events from before `keep_logs_since`,
    /// and which documents changed more than 10,000 versions ago.
    pub async fn sweep(
        &self,
        now: Timestamp,
        keep_logs_since: Timestamp,
    ) -> Result<Swept, StoreError> {
        let mut swept = Swept {
            assertions: self
                .delete(
                    "DELETE FROM consumed_assertion WHERE (tenant_id, client_id, jti) IN (
                        SELECT tenant_id, client_id, jti FROM consumed_assertion
                         WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                    params![now.millis(), BATCH],
                )
                .await?,
            expired: self.sweep_expired(now).await?,
            ..Swept::default()
        };
        // ids sort by time: the first one of that moment is the border
        let border = LogId::new(keep_logs_since, 0, 0);
        for (tenant, version) in self.versions().await? {
            swept.log_events += self
                .delete(
                    "DELETE FROM log_event WHERE tenant_id = $1 AND log_id IN (
                        SELECT log_id FROM log_event WHERE tenant_id = $1 AND log_id < $2
                         ORDER BY log_id LIMIT $3)",
                    params![tenant.as_str(), border.as_str(), BATCH],
                )
                .await?;
            swept.changes += self
                .delete(
                    "DELETE FROM tenant_change WHERE tenant_id = $1 AND version IN (
                        SELECT version FROM tenant_change WHERE tenant_id = $1 AND version <= $2
                         ORDER BY version LIMIT $3)",
                    params![tenant.as_str(), version.saturating_sub(VERSIONS), BATCH],
                )
                .await?;
        }
        Ok(swept)
    }

    async fn sweep_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        // what was used up stays known for a day beyond its time, so that a replay is named
        let border = now.plus_seconds(-86_400).millis();
        let artefacts = self
            .delete(
                "DELETE FROM artefact WHERE (tenant_id, kind, digest) IN (
                    SELECT tenant_id, kind, digest FROM artefact
                     WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                params![border, BATCH],
            )
            .await?;
        let failures = self
            .delete(
                "DELETE FROM login_failure WHERE (tenant_id, digest) IN (
                    SELECT tenant_id, digest FROM login_failure
                     WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                params![border, BATCH],
            )
            .await?;
        // a postman forgets his mails himself; these lost theirs with the configuration
        let mails = self
            .delete(
                "DELETE FROM mail WHERE (tenant_id, mail_id) IN (
                    SELECT tenant_id, mail_id FROM mail WHERE expires_at < $1 LIMIT $2)",
                params![border, BATCH],
            )
            .await?;
        Ok(artefacts + failures + mails)
    }

    /// Runs a deletion of one batch until it finds nothing.
    async fn delete(&self, sql: &'static str, params: Vec<Value>) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let done = self
                .db()
                .commit(vec![Statement::any(sql, params.clone())])
                .await?;
            if done.rows == 0 {
                return Ok(total);
            }
            total += done.rows;
        }
    }
}
