//! A tenant's documents: all of them, or what changed.

use std::collections::{BTreeMap, BTreeSet};

use cardea_core::id::TenantId;
use cardea_core::model::{Change, Document, Kind};
use cardea_jose::SealingKey;

use crate::error::StoreError;
use crate::open::TenantStore;
use crate::seal;
use crate::value::{Row, WrongColumn, params};

impl TenantStore {
    /// All of the tenant's documents and the version they are at, as of one moment.
    pub async fn load(&self) -> Result<(i64, Vec<Document>), StoreError> {
        // one statement is one snapshot, on both databases
        let rows = self
            .db()
            .scan(
                "SELECT t.version, d.kind, d.id, d.parent, d.unique_name, d.created_at, d.revision,
                        d.body, d.sealed
                   FROM tenant t LEFT JOIN document d ON d.tenant_id = t.tenant_id
                  WHERE t.tenant_id = $1
                  ORDER BY d.created_at, d.id, d.kind",
                params![self.id.as_str()],
            )
            .await?;
        let mut version = None;
        let mut documents = Vec::with_capacity(rows.len());
        for mut row in rows {
            version = Some(self.version_in(&mut row)?);
            let kind = row
                .text_or_none()
                .map_err(|wrong| wrong.at("document", self.id.as_str()))?;
            let Some(kind) = kind else { continue };
            let id = row
                .text()
                .map_err(|wrong| wrong.at("document", kind.as_str()))?;
            documents.push(self.document(&kind, id, &mut row)?);
        }
        Ok((version.ok_or_else(|| self.unknown())?, documents))
    }

    /// The tenant's version.
    pub async fn version(&self) -> Result<i64, StoreError> {
        let sql = "SELECT version FROM tenant WHERE tenant_id = $1";
        let rows = self.db().point(sql, params![self.id.as_str()]).await?;
        let mut row = rows.into_iter().next().ok_or_else(|| self.unknown())?;
        self.version_in(&mut row)
    }

    /// What changed after version `since`, each document once and as it is now, and the version
    /// that leads to. [`StoreError::TooOld`] when that is not known: after a sweep, a reset or a
    /// change of hosts; then everything is to be loaded, the tenant's record included.
    pub async fn changes_since(&self, since: i64) -> Result<(i64, Vec<Change>), StoreError> {
        let rows = self
            .db()
            .scan(
                "SELECT t.version, c.version, c.kind, c.id, d.kind, d.parent, d.unique_name,
                        d.created_at, d.revision, d.body, d.sealed
                   FROM tenant t
                   LEFT JOIN tenant_change c ON c.tenant_id = t.tenant_id AND c.version > $2
                   LEFT JOIN document d
                     ON d.tenant_id = c.tenant_id AND d.kind = c.kind AND d.id = c.id
                  WHERE t.tenant_id = $1
                  ORDER BY c.version, c.kind, c.id",
                params![self.id.as_str(), since],
            )
            .await?;
        let mut version = None;
        let mut seen = BTreeSet::new();
        let mut changes = BTreeMap::new();
        for mut row in rows {
            version = Some(self.version_in(&mut row)?);
            let wrong = |wrong: WrongColumn| wrong.at("tenant_change", self.id.as_str());
            let Some(at) = row.int_or_none().map_err(wrong)? else {
                continue;
            };
            let (word, id) = (row.text().map_err(wrong)?, row.text().map_err(wrong)?);
            let kind = Kind::parse(&word).ok_or_else(|| WrongColumn.at("tenant_change", &*word))?;
            let change = match row.text_or_none().map_err(wrong)? {
                Some(_) => Change::Put(self.document(&word, id.clone(), &mut row)?),
                None => Change::Removed(kind, id.clone()),
            };
            seen.insert(at);
            changes.insert((kind, id), change);
        }
        let version = version.ok_or_else(|| self.unknown())?;
        // a version without a change is one that cannot be followed
        let known = i64::try_from(seen.len()).ok();
        if version.checked_sub(since) != known {
            return Err(StoreError::TooOld);
        }
        Ok((version, changes.into_values().collect()))
    }

    fn version_in(&self, row: &mut Row) -> Result<i64, StoreError> {
        row.int()
            .map_err(|wrong| wrong.at("tenant", self.id.as_str()))
    }

    fn unknown(&self) -> StoreError {
        StoreError::Corrupt {
            table: "tenant",
            key: self.id.to_string(),
        }
    }

    fn document(&self, kind: &str, id: String, row: &mut Row) -> Result<Document, StoreError> {
        read(self.store.sealing(), &self.id, (kind, id), row)
    }
}

/// Reads `parent` and what follows it.
fn read(
    key: &SealingKey,
    tenant: &TenantId,
    (kind, id): (&str, String),
    row: &mut Row,
) -> Result<Document, StoreError> {
    let at = format!("{kind}/{id}");
    let wrong = |wrong: WrongColumn| wrong.at("document", at.clone());
    let kind = Kind::parse(kind).ok_or(WrongColumn).map_err(wrong)?;
    let mut document = Document::new(kind, id, 0);
    document.parent = row.text_or_none().map_err(wrong)?;
    document.unique = row.text_or_none().map_err(wrong)?;
    document.created_at = row.int().map_err(wrong)?;
    document.revision = row.int().map_err(wrong)?;
    let body = row.text().map_err(wrong)?;
    document.body = serde_json::from_str(&body).map_err(|_| wrong(WrongColumn))?;
    let sealed = row.blob_or_none().map_err(wrong)?;
    document.secrets = seal::open_secrets(key, tenant, kind, &document.id, sealed.as_deref())?;
    Ok(document)
}
