//! Secrets of documents: sealed under the master key, bound to the row they stand in.

use std::collections::BTreeMap;

use cardea_core::id::TenantId;
use cardea_core::model::{Document, Kind, Secrets};
use cardea_jose::{SealingKey, Secret, b64};

use crate::db::{Db, Statement};
use crate::error::{OpenError, StoreError};
use crate::value::{Value, params};

/// The name in `meta` of a sealed text that tells whether the master key is the right one.
const CANARY: &str = "sealing_canary";
const CANARY_TEXT: &[u8] = b"cardea";
const CANARY_PLACE: &[u8] = b"meta|sealing_canary|value";

/// What `document.sealed` holds: null when there are no secrets.
pub(crate) fn seal_secrets(
    key: &SealingKey,
    tenant: &TenantId,
    document: &Document,
) -> Result<Value, StoreError> {
    if document.secrets.is_empty() {
        return Ok(Value::Null);
    }
    let members: BTreeMap<&str, &str> = document
        .secrets
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.expose().as_str()))
        .collect();
    let plain = serde_json::to_vec(&members)
        .map(Secret::new)
        .map_err(StoreError::unavailable)?;
    let place = place(tenant, document.kind, &document.id);
    key.seal(plain.expose(), place.as_bytes())
        .map(Value::Blob)
        .map_err(StoreError::unavailable)
}

/// Reads it back. A value from another row, tenant or key does not open (attack CRYPTO-02).
pub(crate) fn open_secrets(
    key: &SealingKey,
    tenant: &TenantId,
    kind: Kind,
    id: &str,
    sealed: Option<&[u8]>,
) -> Result<Secrets, StoreError> {
    let Some(sealed) = sealed else {
        return Ok(Secrets::new());
    };
    let plain = key.open(sealed, place(tenant, kind, id).as_bytes()).ok();
    plain
        .and_then(|plain| serde_json::from_slice(plain.expose()).ok())
        .ok_or_else(|| StoreError::Corrupt {
            table: "document",
            key: format!("{kind}/{id}"),
        })
}

/// A single secret text, bound to the place it stands in.
pub(crate) fn seal_text(
    key: &SealingKey,
    place: &str,
    text: &Secret<String>,
) -> Result<Value, StoreError> {
    key.seal(text.expose().as_bytes(), place.as_bytes())
        .map(Value::Blob)
        .map_err(StoreError::unavailable)
}

/// Reads it back; `None` if it does not open there.
pub(crate) fn open_text(key: &SealingKey, place: &str, sealed: &[u8]) -> Option<Secret<String>> {
    let plain = key.open(sealed, place.as_bytes()).ok()?;
    let text = std::str::from_utf8(plain.expose()).ok()?;
    Some(Secret::new(text.to_owned()))
}

/// Table, tenant, kind, id, column: neither a tenant's id nor a kind has a bar in it.
fn place(tenant: &TenantId, kind: Kind, id: &str) -> String {
    format!("document|{tenant}|{kind}|{id}|sealed")
}

/// Refuses a database that another master key has sealed (attack CRYPTO-04); a database that
/// holds no secret yet is taken over.
pub(crate) async fn check_key(db: &Db, key: &SealingKey) -> Result<(), OpenError> {
    let mut stored = canary(db).await?;
    if stored.is_none() {
        let sealed = key
            .seal(CANARY_TEXT, CANARY_PLACE)
            .map_err(OpenError::unreachable)?;
        let statement = Statement::any(
            "INSERT INTO meta (name, value) SELECT $1, $2
              WHERE NOT EXISTS (SELECT 1 FROM document WHERE sealed IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM user_account WHERE sealed IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM mail)
              ON CONFLICT (name) DO NOTHING",
            params![CANARY, b64::encode(&sealed)],
        );
        db.commit(vec![statement]).await?;
        // another node may have been first, with another key
        stored = canary(db).await?;
    }
    let sealed = stored.and_then(|stored| b64::decode(&stored).ok());
    match sealed.and_then(|sealed| key.open(&sealed, CANARY_PLACE).ok()) {
        Some(text) if text.expose() == CANARY_TEXT => Ok(()),
        Some(_) | None => Err(OpenError::WrongKey),
    }
}

async fn canary(db: &Db) -> Result<Option<String>, StoreError> {
    crate::meta::read(db, CANARY).await
}
