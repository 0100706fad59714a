//! Why something could not be stored, read or opened.

use std::fmt;
use std::path::PathBuf;

use cardea_core::write::Conflict;

/// Why a read or a write failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// A guard did not hold; nothing was written. Load, decide again.
    Conflict(Conflict),
    /// A tenant with this id, name or host exists (or, for a move, the tenant does not);
    /// nothing was written.
    TenantExists,
    /// What changed since that version is no longer known: load everything.
    TooOld,
    /// The database does not answer, or not with certainty: a write **may** have happened.
    /// The text is for the operator's log, never for the wire.
    Unavailable(String),
    /// A stored row does not say what it must, or was moved, or was sealed with another key.
    /// Never replaced by a default.
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row in it.
        key: String,
    },
}

impl StoreError {
    pub(crate) fn unavailable(reason: impl fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(conflict) => write!(f, "conflict: {conflict:?}"),
            Self::TenantExists => f.write_str("a tenant with this id, name or host exists"),
            Self::TooOld => f.write_str("the changes since that version are no longer known"),
            Self::Unavailable(reason) => write!(f, "the database is unavailable: {reason}"),
            Self::Corrupt { table, key } => write!(f, "table {table}: row {key:?} is damaged"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Why a database could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// It cannot be reached or read.
    Unreachable(String),
    /// The URL asks for what this version cannot do.
    Unsupported(String),
    /// Another process serves from this file.
    InUse(PathBuf),
    /// It is empty or older than this version.
    NotMigrated,
    /// A newer version has migrated it; the migration that is not known here.
    Newer(String),
    /// A migration that was applied to it had another text.
    Edited(String),
    /// It was sealed with another master key.
    WrongKey,
}

impl OpenError {
    pub(crate) fn unreachable(reason: impl fmt::Display) -> Self {
        Self::Unreachable(reason.to_string())
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "the database cannot be opened: {reason}"),
            Self::Unsupported(what) => f.write_str(what),
            Self::InUse(path) => write!(
                f,
                "another server has {} open; a SQLite file is served by one process",
                path.display()
            ),
            Self::NotMigrated => {
                f.write_str("the database is not at this version: run `cardea migrate`")
            }
            Self::Newer(name) => write!(
                f,
                "the database was migrated by a newer version (migration {name} is unknown here)"
            ),
            Self::Edited(name) => write!(
                f,
                "the database was migrated with another text of migration {name}; \
                 restore the version that did it"
            ),
            Self::WrongKey => f.write_str("the database was sealed with another master key"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::unreachable(error)
    }
}
