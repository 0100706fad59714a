//! Where Cardea keeps things: one SQL text on SQLite and PostgreSQL.
//!
//! Everything goes through a seam of two calls: a query gives rows, a job is a list of guarded
//! statements that happen together or not at all. Concurrent jobs share one commit (*group
//! commit*), which is what makes durable writes cheap. Behind the seam stand two drivers in one
//! enum; the guards live in the SQL, so that nobody can forget them.
//!
//! Tenancy is a receiver: [`Store::tenant`] is the only way to a tenant's data.
#![warn(missing_docs)]

mod artefacts;
mod attempts;
mod commit;
mod db;
mod documents;
mod error;
mod failures;
mod lock;
mod logs;
mod mail;
mod meta;
mod migrate;
mod open;
mod postgres;
mod rights;
mod seal;
mod sqlite;
mod sweep;
mod tenants;
mod url;
mod users;
mod value;

#[cfg(test)]
mod tests;

pub use commit::Committed;
pub use db::DatabaseKind;
pub use error::{OpenError, StoreError};
pub use mail::DueMail;
pub use migrate::migrate;
pub use open::{Options, Store, Synchronous, TenantStore};
pub use sweep::Swept;
pub use url::{BadUrl, DatabaseUrl};
