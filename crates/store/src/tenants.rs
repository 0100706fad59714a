//! The operator's side: which tenants there are, and where they answer.

use cardea_core::id::{Host, TenantId};
use cardea_core::model::{Document, Profile, TenantRecord};
use cardea_core::time::Timestamp;

use crate::commit;
use crate::db::{Refusal, Statement};
use crate::error::StoreError;
use crate::open::Store;
use crate::value::{Row, WrongColumn, params};

impl Store {
    /// Makes a tenant with its first documents, at version 1.
    pub async fn create_tenant(
        &self,
        record: &TenantRecord,
        documents: Vec<Document>,
        created_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statements = vec![
            take_hosts(),
            Statement::guarded(
                "INSERT INTO tenant (tenant_id, name, host, profile, version, created_at)
                 SELECT $1, $2, $3, $4, 1, $5
                  WHERE NOT EXISTS (SELECT 1 FROM tenant_domain WHERE host = $3)
                 ON CONFLICT DO NOTHING",
                params![
                    record.id.as_str(),
                    record.name.as_str(),
                    record.host.as_str(),
                    record.profile.as_str(),
                    created_at.millis(),
                ],
                Refusal::TenantExists,
            ),
        ];
        statements.extend(domains(&record.id, &record.custom_domains));
        for document in &documents {
            commit::insert(&mut statements, self.sealing(), &record.id, document)?;
        }
        self.db().commit(statements).await.map(drop)
    }

    /// Moves a tenant to other hosts; the version that led to. Other nodes learn of it by
    /// [`StoreError::TooOld`] from [`crate::TenantStore::changes_since`].
    pub async fn rehost_tenant(
        &self,
        id: &TenantId,
        host: &Host,
        custom: &[Host],
    ) -> Result<i64, StoreError> {
        let mut statements = vec![
            take_hosts(),
            Statement::any(
                "DELETE FROM tenant_domain WHERE tenant_id = $1",
                params![id.as_str()],
            ),
            Statement::guarded(
                "UPDATE tenant SET host = $2, version = version + 1
                  WHERE tenant_id = $1
                    AND NOT EXISTS (SELECT 1 FROM tenant_domain WHERE host = $2)
                    AND NOT EXISTS (SELECT 1 FROM tenant o WHERE o.host = $2 AND o.tenant_id <> $1)
                 RETURNING version",
                params![id.as_str(), host.as_str()],
                Refusal::TenantExists,
            ),
        ];
        statements.extend(domains(id, custom));
        let done = self.db().commit(statements).await?;
        done.returned.ok_or(StoreError::TenantExists)
    }

    /// Every tenant and its version.
    pub async fn tenants(&self) -> Result<Vec<(TenantRecord, i64)>, StoreError> {
        let rows = self
            .db()
            .scan(
                "SELECT t.tenant_id, t.version, t.name, t.host, t.profile, d.host
                   FROM tenant t LEFT JOIN tenant_domain d ON d.tenant_id = t.tenant_id
                  ORDER BY t.tenant_id, d.host",
                Vec::new(),
            )
            .await?;
        let mut tenants: Vec<(TenantRecord, i64)> = Vec::new();
        for row in rows {
            let (record, version) = read(row)?;
            match tenants.last_mut() {
                Some((known, _)) if known.id == record.id => {
                    known.custom_domains.extend(record.custom_domains);
                }
                Some(_) | None => tenants.push((record, version)),
            }
        }
        Ok(tenants)
    }

    /// Every tenant's version: what a node asks to learn of other nodes' changes.
    pub async fn versions(&self) -> Result<Vec<(TenantId, i64)>, StoreError> {
        let sql = "SELECT tenant_id, version FROM tenant ORDER BY tenant_id";
        let rows = self.db().scan(sql, Vec::new()).await?;
        let read = |mut row: Row| {
            let id = row.text().map_err(|wrong| wrong.at("tenant", ""))?;
            let version = row.int().map_err(|wrong| wrong.at("tenant", id.as_str()))?;
            let parsed = TenantId::parse(&id).ok_or_else(|| WrongColumn.at("tenant", id))?;
            Ok((parsed, version))
        };
        rows.into_iter().map(read).collect()
    }

    /// Puts `documents` in the place of all of the tenant's, and forgets its users, protocol
    /// state, log events and consumed assertions; the version that led to. For development.
    pub async fn reset_tenant(
        &self,
        id: &TenantId,
        documents: Vec<Document>,
    ) -> Result<i64, StoreError> {
        let all = |sql| Statement::any(sql, params![id.as_str()]);
        let mut statements = vec![
            commit::bump(id, None),
            all("DELETE FROM document WHERE tenant_id = $1"),
            all("DELETE FROM log_event WHERE tenant_id = $1"),
            all("DELETE FROM consumed_assertion WHERE tenant_id = $1"),
            all("DELETE FROM user_permission WHERE tenant_id = $1"),
            all("DELETE FROM user_role WHERE tenant_id = $1"),
            all("DELETE FROM user_account WHERE tenant_id = $1"),
            all("DELETE FROM artefact WHERE tenant_id = $1"),
            all("DELETE FROM login_failure WHERE tenant_id = $1"),
            all("DELETE FROM mail WHERE tenant_id = $1"),
        ];
        for document in &documents {
            commit::insert(&mut statements, self.sealing(), id, document)?;
        }
        // without its changes nobody can follow this version, and everybody loads
        statements.push(all("DELETE FROM tenant_change WHERE tenant_id = $1"));
        let done = self.db().commit(statements).await?;
        done.returned.ok_or(StoreError::TenantExists)
    }
}

/// Two nodes that give out hosts do so one after the other: no constraint spans both tables.
fn take_hosts() -> Statement {
    Statement::any(
        "UPDATE meta SET value = value WHERE name = $1",
        params!["hosts"],
    )
    .locking()
}

fn domains(tenant: &TenantId, hosts: &[Host]) -> impl Iterator<Item = Statement> {
    hosts.iter().map(|host| {
        Statement::guarded(
            "INSERT INTO tenant_domain (host, tenant_id) SELECT $1, $2
              WHERE NOT EXISTS (SELECT 1 FROM tenant WHERE host = $1)
             ON CONFLICT DO NOTHING",
            params![host.as_str(), tenant.as_str()],
            Refusal::TenantExists,
        )
    })
}

fn read(mut row: Row) -> Result<(TenantRecord, i64), StoreError> {
    let id = row.text().map_err(|wrong| wrong.at("tenant", ""))?;
    let mut record = || {
        let version = row.int()?;
        let name = row.text()?;
        let host = Host::parse(&row.text()?).ok_or(WrongColumn)?;
        let profile = Profile::parse(&row.text()?).ok_or(WrongColumn)?;
        let custom = row
            .text_or_none()?
            .map(|host| Host::parse(&host).ok_or(WrongColumn));
        let custom_domains = custom.transpose()?.into_iter().collect();
        let id = TenantId::parse(&id).ok_or(WrongColumn)?;
        Ok((
            TenantRecord {
                id,
                name,
                host,
                custom_domains,
                profile,
            },
            version,
        ))
    };
    record().map_err(|wrong: WrongColumn| wrong.at("tenant", id.as_str()))
}
