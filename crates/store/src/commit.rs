//! A commit as guarded statements: one arm a write.

use cardea_core::id::TenantId;
use cardea_core::model::{Document, Kind, LogEvent};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_jose::SealingKey;

use crate::artefacts;
use crate::db::{Refusal, Statement};
use crate::error::StoreError;
use crate::mail;
use crate::open::TenantStore;
use crate::seal;
use crate::users;
use crate::value::params;

/// What a commit led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The tenant's version: one more than before if a document changed.
    pub version: i64,
}

impl TenantStore {
    /// Makes all of the commit's writes, or none. It is durable when this answers.
    ///
    /// The guard of `decided_at` is looked at first, then those of the writes in their order.
    pub async fn commit(&self, commit: Commit, now: Timestamp) -> Result<Committed, StoreError> {
        let decided_at = commit.decided_at;
        let changes = commit.writes.iter().any(Write::changes_documents);
        let done = self.db().commit(self.plan(commit, now)?).await?;
        let version = match decided_at {
            Some(version) if !changes => Some(version),
            Some(_) | None => done.returned,
        };
        Ok(Committed {
            version: version.ok_or(StoreError::Conflict(Conflict::TenantMoved))?,
        })
    }

    /// As [`TenantStore::commit`], but answers as soon as it is queued: a power cut may lose it,
    /// and a guard that does not hold is only logged.
    pub fn commit_relaxed(&self, commit: Commit, now: Timestamp) -> Result<(), StoreError> {
        self.db().commit_relaxed(self.plan(commit, now)?)
    }

    fn plan(&self, commit: Commit, now: Timestamp) -> Result<Vec<Statement>, StoreError> {
        let plan = Plan {
            tenant: &self.id,
            key: self.store.sealing(),
            now,
        };
        if commit.writes.iter().any(Write::changes_documents) {
            plan.changing(commit)
        } else {
            plan.recording(commit)
        }
    }
}

/// What every statement of a commit needs.
struct Plan<'a> {
    tenant: &'a TenantId,
    key: &'a SealingKey,
    now: Timestamp,
}

/// What an event must find to be recorded.
#[derive(Clone, Copy)]
enum Guard {
    /// The tenant at this version.
    Version(i64),
    /// The tenant.
    Tenant,
    /// An earlier statement of the commit has looked.
    Held,
}

const MOVED: Refusal = Refusal::Conflict(Conflict::TenantMoved);

impl Plan<'_> {
    /// Documents change: the new version first, which also makes other nodes wait for their turn.
    fn changing(&self, commit: Commit) -> Result<Vec<Statement>, StoreError> {
        let mut statements = vec![bump(self.tenant, commit.decided_at)];
        for write in commit.writes {
            match write {
                Write::Insert(document) => {
                    insert(&mut statements, self.key, self.tenant, &document)?;
                }
                Write::Update(document) => self.update(&mut statements, &document)?,
                Write::Delete { kind, id, revision } => {
                    self.delete(&mut statements, kind, &id, revision);
                }
                Write::Log(event) => statements.push(self.log(&event, Guard::Held)),
                Write::ConsumeAssertion {
                    client,
                    jti,
                    expires_at,
                } => {
                    statements.push(self.consume(client.as_str(), jti, expires_at));
                }
                Write::Put(_)
                | Write::Replace(_)
                | Write::Consume(..)
                | Write::Revoke(_)
                | Write::User(_)
                | Write::Mail(_)
                | Write::ForgetFailures(_) => statements.extend(self.people(&write)?),
            }
        }
        Ok(statements)
    }

    /// No document changes: the hot path. The first event carries the guard, so that a token
    /// costs one statement, or two with an assertion.
    fn recording(&self, commit: Commit) -> Result<Vec<Statement>, StoreError> {
        let (mut statements, mut consumed) = (Vec::with_capacity(2), Vec::new());
        for write in commit.writes {
            match write {
                Write::Log(event) if statements.is_empty() => {
                    statements.push(self.log(
                        &event,
                        commit.decided_at.map_or(Guard::Tenant, Guard::Version),
                    ));
                }
                Write::Log(event) => statements.push(self.log(&event, Guard::Held)),
                Write::ConsumeAssertion {
                    client,
                    jti,
                    expires_at,
                } => {
                    consumed.push(self.consume(client.as_str(), jti, expires_at));
                }
                Write::Put(_)
                | Write::Replace(_)
                | Write::Consume(..)
                | Write::Revoke(_)
                | Write::User(_)
                | Write::Mail(_)
                | Write::ForgetFailures(_) => consumed.extend(self.people(&write)?),
                // they went the other way
                Write::Insert(_) | Write::Update(_) | Write::Delete { .. } => {}
            }
        }
        if statements.is_empty() {
            statements.push(self.guard(commit.decided_at));
        }
        statements.append(&mut consumed);
        Ok(statements)
    }

    /// Users and protocol state: their guards are their own.
    fn people(&self, write: &Write) -> Result<Vec<Statement>, StoreError> {
        Ok(match write {
            Write::Put(artefact) => vec![artefacts::put(self.tenant, artefact)],
            Write::Replace(artefact) => vec![artefacts::replace(self.tenant, artefact)],
            Write::Consume(kind, digest, at) => {
                vec![artefacts::consume(self.tenant, *kind, digest, *at)]
            }
            Write::Revoke(what) => artefacts::revoke(self.tenant, what),
            Write::Mail(mail) => vec![mail::put(self.key, self.tenant, mail)?],
            Write::User(write) => users::statements(self.key, self.tenant, write)?,
            Write::ForgetFailures(identifiers) => identifiers
                .iter()
                .map(|identifier| {
                    Statement::any(
                        "DELETE FROM login_failure WHERE tenant_id = $1 AND identifier = $2",
                        params![self.tenant.as_str(), identifier.as_str()],
                    )
                })
                .collect(),
            Write::Insert(_)
            | Write::Update(_)
            | Write::Delete { .. }
            | Write::Log(_)
            | Write::ConsumeAssertion { .. } => Vec::new(), // they have arms of their own
        })
    }

    fn guard(&self, decided_at: Option<i64>) -> Statement {
        let tenant = self.tenant.as_str();
        match decided_at {
            Some(version) => Statement::guarded(
                "SELECT version FROM tenant WHERE tenant_id = $1 AND version = $2",
                params![tenant, version],
                MOVED,
            ),
            None => Statement::guarded(
                "SELECT version FROM tenant WHERE tenant_id = $1",
                params![tenant],
                MOVED,
            ),
        }
    }

    fn log(&self, event: &LogEvent, guard: Guard) -> Statement {
        let body = event.stored().into_text();
        let (tenant, id) = (self.tenant.as_str(), event.id.as_str());
        match guard {
            Guard::Version(version) => Statement::guarded(
                "INSERT INTO log_event (tenant_id, log_id, body)
                 SELECT tenant_id, $2, $3 FROM tenant WHERE tenant_id = $1 AND version = $4",
                params![tenant, id, body, version],
                MOVED,
            ),
            Guard::Tenant => Statement::guarded(
                "INSERT INTO log_event (tenant_id, log_id, body)
                 SELECT tenant_id, $2, $3 FROM tenant WHERE tenant_id = $1
                 RETURNING (SELECT version FROM tenant WHERE tenant_id = $1)",
                params![tenant, id, body],
                MOVED,
            ),
            Guard::Held => Statement::any(
                "INSERT INTO log_event (tenant_id, log_id, body) VALUES ($1, $2, $3)",
                params![tenant, id, body],
            ),
        }
    }

    /// RFC 7523 3, attack TOKEN-08: only one of all who present an assertion gets past this.
    fn consume(&self, client: &str, jti: [u8; 32], expires_at: Timestamp) -> Statement {
        Statement::guarded(
            "INSERT INTO consumed_assertion (tenant_id, client_id, jti, expires_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id, client_id, jti) DO UPDATE SET expires_at = excluded.expires_at
              WHERE consumed_assertion.expires_at < $5",
            params![
                self.tenant.as_str(),
                client,
                jti.to_vec(),
                expires_at.millis(),
                self.now.millis(),
            ],
            Refusal::Conflict(Conflict::Replayed),
        )
        .locking()
    }

    fn update(
        &self,
        statements: &mut Vec<Statement>,
        document: &Document,
    ) -> Result<(), StoreError> {
        let (tenant, kind) = (self.tenant.as_str(), document.kind);
        if let Some(unique) = &document.unique {
            // asked first: a violated constraint would be an error, not an answer
            statements.push(Statement::guarded(
                "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM document WHERE tenant_id = $1
                    AND kind = $2 AND unique_name = $3 AND id <> $4)",
                params![tenant, kind.as_str(), unique.as_str(), document.id.as_str()],
                Refusal::Conflict(Conflict::Exists(kind)),
            ));
        }
        statements.push(Statement::guarded(
            "UPDATE document SET parent = $4, unique_name = $5, body = $6, sealed = $7,
                    revision = revision + 1
              WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND revision = $8",
            params![
                tenant,
                kind.as_str(),
                document.id.as_str(),
                document.parent.as_deref(),
                document.unique.as_deref(),
                body(document)?,
                seal::seal_secrets(self.key, self.tenant, document)?,
                document.revision,
            ],
            Refusal::Conflict(Conflict::Moved(kind)),
        ));
        statements.push(changed(self.tenant, kind, &document.id, false));
        Ok(())
    }

    fn delete(&self, statements: &mut Vec<Statement>, kind: Kind, id: &str, revision: i64) {
        let tenant = self.tenant.as_str();
        statements.push(Statement::guarded(
            "DELETE FROM document
              WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND revision = $4",
            params![tenant, kind.as_str(), id, revision],
            Refusal::Conflict(Conflict::Moved(kind)),
        ));
        statements.push(changed(self.tenant, kind, id, true));
        statements.push(Statement::any(
            "INSERT INTO tenant_change (tenant_id, version, kind, id, removed)
             SELECT t.tenant_id, t.version, d.kind, d.id, 1
               FROM tenant t JOIN document d ON d.tenant_id = t.tenant_id
              WHERE t.tenant_id = $1 AND d.parent = $2
             ON CONFLICT (tenant_id, version, kind, id) DO UPDATE SET removed = excluded.removed",
            params![tenant, id],
        ));
        statements.push(Statement::any(
            "DELETE FROM document WHERE tenant_id = $1 AND parent = $2",
            params![tenant, id],
        ));
    }
}

/// The tenant's next version; it is what the job returns.
pub(crate) fn bump(tenant: &TenantId, decided_at: Option<i64>) -> Statement {
    let statement = match decided_at {
        Some(version) => Statement::guarded(
            "UPDATE tenant SET version = version + 1 WHERE tenant_id = $1 AND version = $2
             RETURNING version",
            params![tenant.as_str(), version],
            MOVED,
        ),
        None => Statement::guarded(
            "UPDATE tenant SET version = version + 1 WHERE tenant_id = $1 RETURNING version",
            params![tenant.as_str()],
            MOVED,
        ),
    };
    statement.locking()
}

/// A new document, and the note that it is new.
pub(crate) fn insert(
    statements: &mut Vec<Statement>,
    key: &SealingKey,
    tenant: &TenantId,
    document: &Document,
) -> Result<(), StoreError> {
    statements.push(Statement::guarded(
        "INSERT INTO document (tenant_id, kind, id, parent, unique_name, created_at, revision,
                               body, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        params![
            tenant.as_str(),
            document.kind.as_str(),
            document.id.as_str(),
            document.parent.as_deref(),
            document.unique.as_deref(),
            document.created_at,
            document.revision,
            body(document)?,
            seal::seal_secrets(key, tenant, document)?,
        ],
        Refusal::Conflict(Conflict::Exists(document.kind)),
    ));
    statements.push(changed(tenant, document.kind, &document.id, false));
    Ok(())
}

/// Notes at the tenant's present version what changed.
fn changed(tenant: &TenantId, kind: Kind, id: &str, removed: bool) -> Statement {
    Statement::any(
        "INSERT INTO tenant_change (tenant_id, version, kind, id, removed)
         SELECT tenant_id, version, $2, $3, $4 FROM tenant WHERE tenant_id = $1
         ON CONFLICT (tenant_id, version, kind, id) DO UPDATE SET removed = excluded.removed",
        params![tenant.as_str(), kind.as_str(), id, i64::from(removed)],
    )
}

fn body(document: &Document) -> Result<String, StoreError> {
    serde_json::to_string(&document.body).map_err(StoreError::unavailable)
}
