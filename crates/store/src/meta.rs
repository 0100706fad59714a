//! Facts about the database itself, by name.

use crate::db::{Db, Statement};
use crate::error::StoreError;
use crate::open::Store;
use crate::value::params;

impl Store {
    /// The value of `name`; `deterministic` is `1` in a folder made by `dev --deterministic`.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        read(self.db(), name).await
    }

    /// Sets `name`.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let statement = Statement::any(
            "INSERT INTO meta (name, value) VALUES ($1, $2)
              ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        );
        self.db().commit(vec![statement]).await.map(drop)
    }
}

pub(crate) async fn read(db: &Db, name: &str) -> Result<Option<String>, StoreError> {
    let rows = db
        .point("SELECT value FROM meta WHERE name = $1", params![name])
        .await?;
    let row = rows.into_iter().next();
    row.map(|mut row| row.text().map_err(|wrong| wrong.at("meta", name)))
        .transpose()
}
