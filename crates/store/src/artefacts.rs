//! Protocol state: put, replaced, consumed, revoked, each under its guard.

use cardea_core::id::{ClientId, TenantId, UserId};
use cardea_core::model::{Artefact, ArtefactKind, Body, Revoke, User};
use cardea_core::time::Timestamp;
use cardea_core::write::{ArtefactQuery, Conflict};

use crate::db::{Refusal, Statement};
use crate::error::StoreError;
use crate::open::TenantStore;
use crate::users;
use crate::value::{Row, WrongColumn, params};

const COLUMNS_BY_DIGEST: &str = "SELECT kind, digest, id, group_id, user_id, client_id, created_at,
        expires_at, consumed_at, revision, body
   FROM artefact WHERE tenant_id = $1 AND kind = $2 AND digest = $3";
const COLUMNS_WITH_USER: &str = "SELECT a.kind, a.digest, a.id, a.group_id, a.user_id, a.client_id,
        a.created_at, a.expires_at, a.consumed_at, a.revision, a.body,
        u.user_id, u.connection, u.blocked, u.created_at, u.updated_at, u.last_login,
        u.logins_count, u.revision, u.body, u.sealed
   FROM artefact a
   LEFT JOIN user_account u ON u.tenant_id = a.tenant_id AND u.user_id = a.user_id
  WHERE a.tenant_id = $1 AND a.kind = $2 AND a.digest = $3";
const COLUMNS_WITH_SESSION: &str = "SELECT a.kind, a.digest, a.id, a.group_id, a.user_id,
        a.client_id, a.created_at, a.expires_at, a.consumed_at, a.revision, a.body,
        u.user_id, u.connection, u.blocked, u.created_at, u.updated_at, u.last_login,
        u.logins_count, u.revision, u.body, u.sealed,
        s.kind, s.digest, s.id, s.group_id, s.user_id, s.client_id, s.created_at, s.expires_at,
        s.consumed_at, s.revision, s.body
   FROM artefact a
   LEFT JOIN user_account u ON u.tenant_id = a.tenant_id AND u.user_id = a.user_id
   LEFT JOIN artefact s
     ON s.tenant_id = a.tenant_id AND s.kind = 'session' AND s.id = a.group_id
  WHERE a.tenant_id = $1 AND a.kind = $2 AND a.digest = $3";
const COLUMNS_BY_ID: &str = "SELECT kind, digest, id, group_id, user_id, client_id, created_at,
        expires_at, consumed_at, revision, body
   FROM artefact WHERE tenant_id = $1 AND kind = $2 AND id = $3
  ORDER BY created_at DESC LIMIT 1";

/// The live ones, oldest first, of those that the condition names; `$3` to `$5` stand in it.
macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT kind, digest, id, group_id, user_id, client_id, created_at, expires_at,
                    consumed_at, revision, body
               FROM artefact WHERE tenant_id = $1 AND kind = $2 AND ",
            $which,
            " AND consumed_at IS NULL AND expires_at > $6
                AND (created_at > $7 OR (created_at = $7 AND digest > $8))
              ORDER BY created_at, digest LIMIT $9"
        )
    };
}

/// By whatever has an index; a text with a choice in it would have none.
const LIST_OF_USER: &str = listed!(
    "user_id = $3 AND (CAST($4 AS TEXT) IS NULL OR client_id = $4)
              AND (CAST($5 AS TEXT) IS NULL OR group_id = $5)"
);
const LIST_OF_CLIENT: &str = listed!(
    "CAST($3 AS TEXT) IS NULL AND client_id = $4
              AND (CAST($5 AS TEXT) IS NULL OR group_id = $5)"
);
const LIST_OF_GROUP: &str =
    listed!("CAST($3 AS TEXT) IS NULL AND CAST($4 AS TEXT) IS NULL AND group_id = $5");
const LIST_OF_ALL: &str =
    listed!("CAST($3 AS TEXT) IS NULL AND CAST($4 AS TEXT) IS NULL AND CAST($5 AS TEXT) IS NULL");

const fn list(query: &ArtefactQuery) -> &'static str {
    match query {
        ArtefactQuery { user: Some(_), .. } => LIST_OF_USER,
        ArtefactQuery {
            client: Some(_), ..
        } => LIST_OF_CLIENT,
        ArtefactQuery { group: Some(_), .. } => LIST_OF_GROUP,
        ArtefactQuery { .. } => LIST_OF_ALL,
    }
}

/// Each text that looks for artefacts, and the index that it must find them by.
#[cfg(test)]
pub(crate) const FOUND_BY: [(&str, &str); 7] = [
    (COLUMNS_BY_DIGEST, "sqlite_autoindex_artefact_1"),
    (COLUMNS_WITH_USER, "sqlite_autoindex_artefact_1"),
    (COLUMNS_WITH_SESSION, "artefact_id"),
    (COLUMNS_BY_ID, "artefact_id"),
    (LIST_OF_USER, "artefact_user"),
    (LIST_OF_CLIENT, "artefact_client"),
    (LIST_OF_GROUP, "artefact_group"),
];

impl TenantStore {
    /// Protocol state by the digest of the value that finds it, live or not.
    pub async fn artefact(
        &self,
        kind: ArtefactKind,
        digest: &[u8; 32],
    ) -> Result<Option<Artefact>, StoreError> {
        let params = params![self.id.as_str(), kind.as_str(), digest.to_vec()];
        let rows = self.db().point(COLUMNS_BY_DIGEST, params).await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// Protocol state by the digest of the value that finds it, live or not, and whose it is: one
    /// read instead of two, on every token's way.
    pub async fn artefact_with_user(
        &self,
        kind: ArtefactKind,
        digest: &[u8; 32],
    ) -> Result<Option<(Artefact, Option<User>)>, StoreError> {
        let params = params![self.id.as_str(), kind.as_str(), digest.to_vec()];
        let rows = self.db().point(COLUMNS_WITH_USER, params).await?;
        let Some(mut row) = rows.into_iter().next() else {
            return Ok(None);
        };
        self.read_owned(&mut row).map(Some)
    }

    /// A code by its digest, live or not, whose it is, and the session that it was issued in.
    pub async fn code(
        &self,
        digest: &[u8; 32],
    ) -> Result<Option<(Artefact, Option<User>, Option<Artefact>)>, StoreError> {
        let params = params![
            self.id.as_str(),
            ArtefactKind::Code.as_str(),
            digest.to_vec()
        ];
        let rows = self.db().point(COLUMNS_WITH_SESSION, params).await?;
        let mut newest: Option<(Artefact, Option<User>, Option<Artefact>)> = None;
        for mut row in rows {
            let (code, user) = self.read_owned(&mut row)?;
            let session = read_joined(&mut row).map_err(wrong)?;
            let begun = |session: &Option<Artefact>| session.as_ref().map(|s| s.created_at);
            if newest
                .as_ref()
                .is_none_or(|(_, _, known)| begun(known) < begun(&session))
            {
                newest = Some((code, user, session));
            }
        }
        Ok(newest)
    }

    fn read_owned(&self, row: &mut Row) -> Result<(Artefact, Option<User>), StoreError> {
        let artefact = read_columns(row).map_err(wrong)?;
        let user = users::read_joined(self.store.sealing(), &self.id, row)?;
        Ok((artefact, user))
    }

    /// Protocol state by its public id, live or not.
    pub async fn artefact_by_id(
        &self,
        kind: ArtefactKind,
        id: &str,
    ) -> Result<Option<Artefact>, StoreError> {
        let rows = self
            .db()
            .point(COLUMNS_BY_ID, params![self.id.as_str(), kind.as_str(), id])
            .await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// Live protocol state of a list, oldest first.
    pub async fn artefacts(&self, query: &ArtefactQuery) -> Result<Vec<Artefact>, StoreError> {
        let (after, digest) = match query.after {
            Some((at, digest)) => (at.millis(), digest.to_vec()),
            None => (i64::MIN, Vec::new()),
        };
        let rows = self
            .db()
            .scan(
                list(query),
                params![
                    self.id.as_str(),
                    query.kind.as_str(),
                    query.user.as_ref().map(UserId::as_str),
                    query.client.as_ref().map(ClientId::as_str),
                    query.group.as_deref(),
                    query.live_at.millis(),
                    after,
                    digest,
                    query.take,
                ],
            )
            .await?;
        rows.into_iter().map(read).collect()
    }
}

fn wrong(wrong: WrongColumn) -> StoreError {
    wrong.at("artefact", "a row")
}

fn read(mut row: Row) -> Result<Artefact, StoreError> {
    read_columns(&mut row).map_err(wrong)
}

fn read_columns(row: &mut Row) -> Result<Artefact, WrongColumn> {
    read_joined(row)?.ok_or(WrongColumn)
}

/// The columns are null where there is none.
fn read_joined(row: &mut Row) -> Result<Option<Artefact>, WrongColumn> {
    let Some(kind) = row.text_or_none()? else {
        return Ok(None);
    };
    let user = |text: String| UserId::parse(&text).ok_or(WrongColumn);
    let client = |text: String| ClientId::parse(&text).ok_or(WrongColumn);
    Ok(Some(Artefact {
        kind: ArtefactKind::parse(&kind).ok_or(WrongColumn)?,
        digest: row
            .blob_or_none()?
            .and_then(|digest| digest.try_into().ok())
            .ok_or(WrongColumn)?,
        id: row.text_or_none()?,
        group: row.text_or_none()?,
        user: row.text_or_none()?.map(user).transpose()?,
        client: row.text_or_none()?.map(client).transpose()?,
        created_at: Timestamp::from_millis(row.int()?),
        expires_at: Timestamp::from_millis(row.int()?),
        consumed_at: row.int_or_none()?.map(Timestamp::from_millis),
        revision: row.int()?,
        body: Body::from_text(row.text()?),
    }))
}

/// Guard: nothing of its kind has its digest.
pub(crate) fn put(tenant: &TenantId, artefact: &Artefact) -> Statement {
    Statement::guarded(
        "INSERT INTO artefact (tenant_id, kind, digest, id, group_id, user_id, client_id,
                               created_at, expires_at, consumed_at, revision, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        params![
            tenant.as_str(),
            artefact.kind.as_str(),
            artefact.digest.to_vec(),
            artefact.id.as_deref(),
            artefact.group.as_deref(),
            artefact.user.as_ref().map(UserId::as_str),
            artefact.client.as_ref().map(ClientId::as_str),
            artefact.created_at.millis(),
            artefact.expires_at.millis(),
            artefact.consumed_at.map(Timestamp::millis),
            artefact.revision,
            artefact.body.as_str(),
        ],
        Refusal::Conflict(Conflict::ArtefactExists(artefact.kind)),
    )
}

/// Guard: the stored revision, of the one that was made then: a consent that was taken back and
/// given anew has the same digest. What stays with its owner is not written again, nor into the
/// indexes by owner.
pub(crate) fn replace(tenant: &TenantId, artefact: &Artefact) -> Statement {
    let refusal = Refusal::Conflict(Conflict::ArtefactMoved(artefact.kind));
    if artefact.kind.keeps_its_owner() {
        let statement = Statement::guarded(
            "UPDATE artefact SET expires_at = $4, consumed_at = $5, body = $6,
                    revision = revision + 1
              WHERE tenant_id = $1 AND kind = $2 AND digest = $3 AND revision = $7
                AND created_at = $8",
            params![
                tenant.as_str(),
                artefact.kind.as_str(),
                artefact.digest.to_vec(),
                artefact.expires_at.millis(),
                artefact.consumed_at.map(Timestamp::millis),
                artefact.body.as_str(),
                artefact.revision,
                artefact.created_at.millis(),
            ],
            refusal,
        );
        return statement.locking();
    }
    let statement = Statement::guarded(
        "UPDATE artefact SET id = $4, group_id = $5, user_id = $6, client_id = $7,
                expires_at = $8, consumed_at = $9, body = $10, revision = revision + 1
          WHERE tenant_id = $1 AND kind = $2 AND digest = $3 AND revision = $11
            AND created_at = $12",
        params![
            tenant.as_str(),
            artefact.kind.as_str(),
            artefact.digest.to_vec(),
            artefact.id.as_deref(),
            artefact.group.as_deref(),
            artefact.user.as_ref().map(UserId::as_str),
            artefact.client.as_ref().map(ClientId::as_str),
            artefact.expires_at.millis(),
            artefact.consumed_at.map(Timestamp::millis),
            artefact.body.as_str(),
            artefact.revision,
            artefact.created_at.millis(),
        ],
        refusal,
    );
    statement.locking()
}

/// Guard: it was not used up, and it has not expired. Only one of all who try gets past this.
pub(crate) fn consume(
    tenant: &TenantId,
    kind: ArtefactKind,
    digest: &[u8; 32],
    at: Timestamp,
) -> Statement {
    Statement::guarded(
        "UPDATE artefact SET consumed_at = $4, revision = revision + 1
          WHERE tenant_id = $1 AND kind = $2 AND digest = $3
            AND consumed_at IS NULL AND expires_at > $4",
        params![tenant.as_str(), kind.as_str(), digest.to_vec(), at.millis()],
        Refusal::Conflict(Conflict::Consumed(kind)),
    )
    .locking()
}

/// Takes away whatever is named; nothing is fine too.
pub(crate) fn revoke(tenant: &TenantId, what: &Revoke) -> Vec<Statement> {
    let tenant = tenant.as_str();
    match what {
        Revoke::Group(group) => vec![
            Statement::any(
                "DELETE FROM artefact WHERE tenant_id = $1 AND group_id = $2",
                params![tenant, group.as_str()],
            ),
            Statement::any(
                "DELETE FROM artefact WHERE tenant_id = $1 AND id = $2
                    AND kind IN ('family', 'session', 'consent')",
                params![tenant, group.as_str()],
            ),
        ],
        Revoke::One(kind, digest) => vec![Statement::any(
            "DELETE FROM artefact WHERE tenant_id = $1 AND kind = $2 AND digest = $3",
            params![tenant, kind.as_str(), digest.to_vec()],
        )],
        Revoke::OfUser(kind, user, client) => vec![Statement::any(
            "DELETE FROM artefact WHERE tenant_id = $1 AND kind = $2 AND user_id = $3
                AND (CAST($4 AS TEXT) IS NULL OR client_id = $4)",
            params![
                tenant,
                kind.as_str(),
                user.as_str(),
                client.as_ref().map(ClientId::as_str),
            ],
        )],
        Revoke::OfClient(kind, client) => vec![Statement::any(
            "DELETE FROM artefact WHERE tenant_id = $1 AND kind = $2 AND client_id = $3",
            params![tenant, kind.as_str(), client.as_str()],
        )],
    }
}
