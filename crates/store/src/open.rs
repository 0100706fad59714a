//! Opening and closing.

use std::fmt;
use std::sync::Arc;

use cardea_core::id::TenantId;
use cardea_jose::SealingKey;

use crate::db::{DatabaseKind, Db, Statement};
use crate::error::{OpenError, StoreError};
use crate::postgres::{Address, Postgres};
use crate::sqlite::Sqlite;
use crate::url::DatabaseUrl;
use crate::{lock, migrate, seal};

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The master key.
    pub sealing: SealingKey,
    /// When SQLite calls a commit done.
    pub synchronous: Synchronous,
    /// Whether this process serves from the SQLite file and no other may. Commands that run
    /// beside a server do not ask for it.
    pub exclusive: bool,
    /// Whether pending migrations are applied; otherwise they are an error.
    pub migrate: bool,
}

/// When SQLite calls a commit done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// When it is on the disk.
    Full,
    /// When the system has it: a power cut loses acknowledged commits. It is here for the rig
    /// that proves just that.
    Normal,
}

/// An open database. Cloning is cheap.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    db: Db,
    sealing: SealingKey,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.kind()).finish()
    }
}

/// The data of one tenant, and of no other.
#[derive(Debug, Clone)]
pub struct TenantStore {
    pub(crate) store: Store,
    pub(crate) id: TenantId,
}

impl Store {
    /// Opens a database: it must be at this version and sealed with this master key.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let db = match &options.url {
            DatabaseUrl::Sqlite(path) => {
                if !options.migrate && !path.exists() {
                    return Err(OpenError::NotMigrated);
                }
                let lock = options.exclusive.then(|| lock::lock(path)).transpose()?;
                if options.migrate {
                    migrate::sqlite(path, migrate::MIGRATIONS)?;
                } else {
                    migrate::check_sqlite(path, migrate::MIGRATIONS)?;
                }
                Db::Sqlite(Sqlite::open(path, options.synchronous, lock)?)
            }
            DatabaseUrl::Postgres(url) => {
                let address = Address::parse(url).map_err(OpenError::unreachable)?;
                let server = address.open()?;
                if options.migrate {
                    migrate::postgres(&server, migrate::MIGRATIONS).await?;
                } else {
                    migrate::check_postgres(&server, migrate::MIGRATIONS).await?;
                }
                Db::Postgres(Postgres::open(server).await?)
            }
        };
        seal::check_key(&db, &options.sealing).await?;
        Ok(Self(Arc::new(Inner {
            db,
            sealing: options.sealing,
        })))
    }

    /// What the database is.
    pub fn kind(&self) -> DatabaseKind {
        self.0.db.kind()
    }

    /// The only way to a tenant's data.
    pub fn tenant(&self, id: &TenantId) -> TenantStore {
        TenantStore {
            store: self.clone(),
            id: id.clone(),
        }
    }

    /// Whether it answers, and takes writes: an empty transaction goes the way of a commit.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.db.point("SELECT 1", Vec::new()).await?;
        self.0
            .db
            .commit(vec![Statement::any("SELECT 1", Vec::new())])
            .await
            .map(drop)
    }

    /// Finishes every queued write and lets the database go. Later calls, on clones too, are
    /// answered [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.0.db.close().await;
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn sealing(&self) -> &SealingKey {
        &self.0.sealing
    }
}

impl TenantStore {
    pub(crate) fn db(&self) -> &Db {
        self.store.db()
    }
}
