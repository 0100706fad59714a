//! A tenant's log events: appended in the order of their ids, read by id or in that order.

use cardea_core::id::LogId;
use cardea_core::write::LogQuery;
use serde_json::{Map, Value};

use crate::error::StoreError;
use crate::open::TenantStore;
use crate::value::{Row, WrongColumn, params};

impl TenantStore {
    /// The events that `query` asks for, as they were stored.
    pub async fn log(
        &self,
        query: LogQuery,
    ) -> Result<Vec<(LogId, Map<String, Value>)>, StoreError> {
        let (tenant, db) = (self.id.as_str(), self.db());
        let rows = match query {
            LogQuery::One(id) => {
                db.point(
                    "SELECT log_id, body FROM log_event WHERE tenant_id = $1 AND log_id = $2",
                    params![tenant, id.as_str()],
                )
                .await?
            }
            LogQuery::Newest { skip, take } => {
                db.scan(
                    "SELECT log_id, body FROM log_event WHERE tenant_id = $1
                      ORDER BY log_id DESC LIMIT $2 OFFSET $3",
                    // a negative limit is an error on one database and none on the other
                    params![tenant, take.max(0), skip.max(0)],
                )
                .await?
            }
            LogQuery::After { from, take } => {
                let from = from.as_ref().map_or("", LogId::as_str);
                db.scan(
                    "SELECT log_id, body FROM log_event WHERE tenant_id = $1 AND log_id > $2
                      ORDER BY log_id LIMIT $3",
                    params![tenant, from, take.max(0)],
                )
                .await?
            }
        };
        rows.into_iter().map(read).collect()
    }

    /// How many events there are.
    pub async fn log_count(&self) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM log_event WHERE tenant_id = $1";
        let rows = self.db().scan(sql, params![self.id.as_str()]).await?;
        let count = rows
            .into_iter()
            .next()
            .ok_or(WrongColumn)
            .and_then(|mut row| row.int());
        count.map_err(|wrong| wrong.at("log_event", self.id.as_str()))
    }
}

fn read(mut row: Row) -> Result<(LogId, Map<String, Value>), StoreError> {
    let id = row.text().map_err(|wrong| wrong.at("log_event", ""))?;
    let event = row.text().and_then(|body| {
        let body = serde_json::from_str(&body).map_err(|_| WrongColumn)?;
        Ok((LogId::parse(&id).ok_or(WrongColumn)?, body))
    });
    event.map_err(|wrong| wrong.at("log_event", id.as_str()))
}
