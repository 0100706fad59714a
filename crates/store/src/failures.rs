//! Wrong passwords, counted where all nodes see them.

use cardea_core::time::Timestamp;
use cardea_core::write::LoginFailures;

use crate::error::StoreError;
use crate::open::TenantStore;
use crate::value::{Row, WrongColumn, params};

impl TenantStore {
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
