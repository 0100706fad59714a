//! Mails that wait: any node may take one, and while one has it no other does.

use cardea_core::id::TenantId;
use cardea_core::model::Mail;
use cardea_core::time::Timestamp;
use cardea_jose::{SealingKey, Secret};

use crate::db::Statement;
use crate::error::StoreError;
use crate::open::Store;
use crate::seal;
use crate::value::{Row, WrongColumn, params};

/// A mail whose turn it is.
#[derive(Debug)]
pub struct DueMail {
    /// Whose.
    pub tenant: TenantId,
    /// The mail.
    pub mail: Mail,
    /// How often it was tried.
    pub tries: i64,
    due_at: i64,
}

impl Store {
    /// Mails whose turn it is, of all tenants, the longest waiting first.
    pub async fn due_mails(&self, now: Timestamp, most: i64) -> Result<Vec<DueMail>, StoreError> {
        let rows = self
            .db()
            .scan(
                "SELECT tenant_id, mail_id, created_at, expires_at, due_at, tries, sealed
                   FROM mail WHERE due_at <= $1 ORDER BY due_at, mail_id LIMIT $2",
                params![now.millis(), most],
            )
            .await?;
        let key = self.sealing();
        rows.into_iter()
            .map(|mut row| read(key, &mut row).map_err(|wrong| wrong.at("mail", "a row")))
            .collect()
    }

    /// Takes a mail for one try; its next turn is at `next`. `false`: another node has it, or it
    /// is gone.
    pub async fn take_mail(&self, due: &DueMail, next: Timestamp) -> Result<bool, StoreError> {
        let done = self
            .db()
            .commit(vec![Statement::any(
                "UPDATE mail SET due_at = $3, tries = tries + 1
                  WHERE tenant_id = $1 AND mail_id = $2 AND due_at = $4 AND tries = $5",
                params![
                    due.tenant.as_str(),
                    due.mail.id.as_str(),
                    next.millis(),
                    due.due_at,
                    due.tries,
                ],
            )])
            .await?;
        Ok(done.rows == 1)
    }

    /// Forgets a mail: it was sent, or never will be.
    pub async fn forget_mail(&self, due: &DueMail) -> Result<(), StoreError> {
        let forget = Statement::any(
            "DELETE FROM mail WHERE tenant_id = $1 AND mail_id = $2",
            params![due.tenant.as_str(), due.mail.id.as_str()],
        );
        self.db().commit(vec![forget]).await.map(drop)
    }
}

fn read(key: &SealingKey, row: &mut Row) -> Result<DueMail, WrongColumn> {
    let tenant = TenantId::parse(&row.text()?).ok_or(WrongColumn)?;
    let id = row.text()?;
    let created_at = Timestamp::from_millis(row.int()?);
    let expires_at = Timestamp::from_millis(row.int()?);
    let (due_at, tries) = (row.int()?, row.int()?);
    let sealed = row.blob_or_none()?.ok_or(WrongColumn)?;
    let letter = seal::open_text(key, &place(&tenant, &id), &sealed).ok_or(WrongColumn)?;
    Ok(DueMail {
        tenant,
        mail: Mail {
            id,
            letter,
            created_at,
            expires_at,
        },
        tries,
        due_at,
    })
}

/// Its first turn is at once.
pub(crate) fn put(
    key: &SealingKey,
    tenant: &TenantId,
    mail: &Mail,
) -> Result<Statement, StoreError> {
    let letter: &Secret<String> = &mail.letter;
    Ok(Statement::any(
        "INSERT INTO mail (tenant_id, mail_id, created_at, expires_at, due_at, tries, sealed)
         VALUES ($1, $2, $3, $4, $3, 0, $5)",
        params![
            tenant.as_str(),
            mail.id.as_str(),
            mail.created_at.millis(),
            mail.expires_at.millis(),
            seal::seal_text(key, &place(tenant, &mail.id), letter)?,
        ],
    ))
}

fn place(tenant: &TenantId, id: &str) -> String {
    format!("mail|{tenant}|{id}|sealed")
}
