//! Attempts that are counted before they are evaluated, where all nodes see them.

use cardea_core::protocol::attempts::{Attempt, Counter};
use cardea_core::time::Timestamp;

use crate::db::{Done, Statement};
use crate::error::StoreError;
use crate::open::TenantStore;
use crate::value::params;

impl TenantStore {
    /// Counts an attempt, durably and at once for all nodes, in one statement: of any number at
    /// the same time, exactly as many go through as may (attacks PASSWORD-11, -12, -13). One that
    /// does not go through changes nothing, so a block ends although somebody goes on trying.
    pub async fn take_attempt(
        &self,
        counter: &Counter,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        let taken = self.taking(counter, now);
        attempt(counter, self.db().commit(vec![taken]).await?)
    }

    /// As [`TenantStore::take_attempt`], for an attempt that waits for something else too: with
    /// SQLite its commit is the next one that somebody needs, or that [`TenantStore::hurry`] asks
    /// for.
    pub async fn take_attempt_unhurried(
        &self,
        counter: &Counter,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        let taken = self.taking(counter, now);
        attempt(counter, self.db().commit_with_others(vec![taken]).await?)
    }

    /// Lets what is unhurried wait no longer.
    pub fn hurry(&self) -> Result<(), StoreError> {
        self.db().hurry()
    }

    fn taking(&self, counter: &Counter, now: Timestamp) -> Statement {
        let about = |part: fn(&cardea_core::protocol::attempts::About) -> &str| {
            counter.about.as_ref().map_or("", part)
        };
        // what is left of the count is written out each time: neither database has a name for it
        Statement::any(
            "INSERT INTO login_failure (tenant_id, digest, identifier, connection, ip, count,
                                        expires_at, since, passed)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $7, 1)
             ON CONFLICT (tenant_id, digest) DO UPDATE SET
                passed = CASE
                    WHEN login_failure.expires_at <= $7 THEN 1
                    WHEN login_failure.count - ($7 - login_failure.since) / $9 < $8 THEN 1
                    ELSE 0 END,
                count = CASE
                    WHEN login_failure.expires_at <= $7 THEN 1
                    WHEN login_failure.count <= ($7 - login_failure.since) / $9 THEN 1
                    WHEN login_failure.count - ($7 - login_failure.since) / $9 < $8
                    THEN login_failure.count - ($7 - login_failure.since) / $9 + 1
                    ELSE login_failure.count - ($7 - login_failure.since) / $9 END,
                since = CASE
                    WHEN login_failure.expires_at <= $7 THEN $7
                    WHEN login_failure.count <= ($7 - login_failure.since) / $9 THEN $7
                    ELSE login_failure.since + ($7 - login_failure.since) / $9 * $9 END,
                expires_at = CASE
                    WHEN login_failure.expires_at <= $7 THEN excluded.expires_at
                    WHEN login_failure.count - ($7 - login_failure.since) / $9 < $8
                    THEN excluded.expires_at
                    ELSE login_failure.expires_at END
             RETURNING CASE WHEN passed = 1 THEN count ELSE count + 1 END",
            params![
                self.id.as_str(),
                counter.key.to_vec(),
                about(|about| &about.identifier),
                about(|about| &about.connection),
                about(|about| &about.ip),
                now.plus_seconds(counter.window_s).millis(),
                now.millis(),
                counter.most,
                leak_ms(counter),
            ],
        )
        .locking()
    }

    /// How the next attempt would be counted, without counting it.
    pub async fn would_take(
        &self,
        counter: &Counter,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        let rows = self
            .db()
            .point(
                "SELECT count, since FROM login_failure
                  WHERE tenant_id = $1 AND digest = $2 AND expires_at > $3",
                params![self.id.as_str(), counter.key.to_vec(), now.millis()],
            )
            .await?;
        let left = rows.into_iter().next().map(|mut row| {
            let (count, since) = (row.int()?, row.int()?);
            Ok(count - (now.millis() - since) / leak_ms(counter))
        });
        let left = left.transpose();
        let left =
            left.map_err(|wrong: crate::value::WrongColumn| wrong.at("login_failure", "a row"))?;
        let count = left.unwrap_or(0).max(0) + 1;
        Ok(Attempt {
            count,
            blocked: count > counter.most,
        })
    }

    /// The attempt was a right one: these counts begin anew, and those are one less. It is not
    /// waited for, and shares the commit of what comes next: what is lost in a crash counts against
    /// nobody for long.
    pub fn take_back(&self, anew: &[[u8; 32]], one_less: &[[u8; 32]]) -> Result<(), StoreError> {
        let of = |sql, key: &[u8; 32]| Statement::any(sql, params![self.id.as_str(), key.to_vec()]);
        let anew = anew.iter().map(|key| {
            of(
                "DELETE FROM login_failure WHERE tenant_id = $1 AND digest = $2",
                key,
            )
        });
        let one_less = one_less.iter().map(|key| {
            of(
                "UPDATE login_failure SET count = count - 1
                  WHERE tenant_id = $1 AND digest = $2 AND count > 0",
                key,
            )
        });
        let statements = anew.chain(one_less).collect();
        self.db().commit_relaxed_with_others(statements)
    }
}

fn attempt(counter: &Counter, done: Done) -> Result<Attempt, StoreError> {
    let count = done
        .returned
        .ok_or_else(|| StoreError::unavailable("a count did not come back"))?;
    Ok(Attempt {
        count,
        blocked: count > counter.most,
    })
}

fn leak_ms(counter: &Counter) -> i64 {
    counter.leak_s.saturating_mul(1000).max(1)
}
