//! Wrong passwords, counted where all nodes see them.

use cardea_core::time::Timestamp;
use cardea_core::write::LoginFailures;

use crate::db::Statement;
use crate::error::StoreError;
use crate::open::TenantStore;
use crate::value::{Row, WrongColumn, params};

/// Who tries: what the count is kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// SHA-256 of what is counted together.
    pub key: [u8; 32],
    /// The identifier, folded; empty where it does not matter.
    pub identifier: String,
    /// The connection's name; empty where it does not matter.
    pub connection: String,
    /// The address; empty where it does not matter.
    pub ip: String,
}

impl TenantStore {
    /// Counts an attempt before it is evaluated, durably and at once for all nodes; gives the
    /// count with this one. A count whose time is over begins anew.
    pub async fn count_attempt(
        &self,
        attempt: &Attempt,
        now: Timestamp,
        window_seconds: i64,
    ) -> Result<i64, StoreError> {
        let statement = Statement::any(
            "INSERT INTO login_failure (tenant_id, digest, identifier, connection, ip, count,
                                        expires_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6)
             ON CONFLICT (tenant_id, digest) DO UPDATE SET
                count = CASE WHEN login_failure.expires_at <= $7 THEN 1
                             ELSE login_failure.count + 1 END,
                expires_at = excluded.expires_at
             RETURNING count",
            params![
                self.id.as_str(),
                attempt.key.to_vec(),
                attempt.identifier.as_str(),
                attempt.connection.as_str(),
                attempt.ip.as_str(),
                now.plus_seconds(window_seconds).millis(),
                now.millis(),
            ],
        )
        .locking();
        let done = self.db().commit(vec![statement]).await?;
        done.returned
            .ok_or_else(|| StoreError::unavailable("a count did not come back"))
    }

    /// The count of an attempt as it stands, without counting.
    pub async fn attempts(&self, key: &[u8; 32], now: Timestamp) -> Result<i64, StoreError> {
        let rows = self
            .db()
            .point(
                "SELECT count FROM login_failure
                  WHERE tenant_id = $1 AND digest = $2 AND expires_at > $3",
                params![self.id.as_str(), key.to_vec(), now.millis()],
            )
            .await?;
        let count = rows.into_iter().next().map(|mut row| row.int()).transpose();
        count
            .map(Option::unwrap_or_default)
            .map_err(|wrong| wrong.at("login_failure", "a row"))
    }

    /// Begins a count anew: after the right password.
    pub async fn forget_attempts(&self, key: &[u8; 32]) -> Result<(), StoreError> {
        let sql = "DELETE FROM login_failure WHERE tenant_id = $1 AND digest = $2";
        let statement = Statement::any(sql, params![self.id.as_str(), key.to_vec()]);
        self.db().commit(vec![statement]).await.map(drop)
    }

    /// What is counted for an identifier, folded, from single addresses: what is counted from
    /// everywhere (`*`) is no block of one.
    pub async fn login_failures(
        &self,
        identifier: &str,
        now: Timestamp,
    ) -> Result<Vec<LoginFailures>, StoreError> {
        let rows = self
            .db()
            .point(
                "SELECT identifier, connection, ip, count, expires_at FROM login_failure
                  WHERE tenant_id = $1 AND identifier = $2 AND ip <> '*' AND expires_at > $3
                  ORDER BY connection, ip",
                params![self.id.as_str(), identifier, now.millis()],
            )
            .await?;
        rows.into_iter()
            .map(|mut row| read(&mut row).map_err(|wrong| wrong.at("login_failure", identifier)))
            .collect()
    }
}

fn read(row: &mut Row) -> Result<LoginFailures, WrongColumn> {
    Ok(LoginFailures {
        identifier: row.text()?,
        connection: row.text()?,
        ip: row.text()?,
        count: row.int()?,
        expires_at: Timestamp::from_millis(row.int()?),
    })
}
