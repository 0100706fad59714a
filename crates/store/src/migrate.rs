//! Migrations: numbered, forward only, never edited, one text for both databases.
//!
//! The text knows the types TEXT, BIGINT and BYTEA. For SQLite BIGINT becomes INTEGER, BYTEA
//! becomes BLOB and a table is STRICT; for PostgreSQL TEXT is compared by bytes as SQLite does.
//! A table of short rows that ends in CLUSTERED has no row id on SQLite: its key is the table.

use std::fmt::Write as _;
use std::path::Path;

use cardea_jose::sha256;
use tokio_postgres::error::SqlState;

use crate::error::OpenError;
use crate::lock;
use crate::open::Synchronous;
use crate::postgres::{self, Address, Connection, Server};
use crate::sqlite::Handle;
use crate::url::DatabaseUrl;

/// One step from an older schema to a newer one.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// The name stands once, so the text is always that of the file of this name.
macro_rules! migration {
    ($name:literal) => {
        Migration {
            name: $name,
            text: include_str!(concat!("../migrations/", $name, ".sql")),
        }
    };
}

pub(crate) const MIGRATIONS: &[Migration] = &[
    migration!("0001_init"),
    migration!("0002_people"),
    migration!("0003_mail"),
    migration!("0004_families"),
    migration!("0005_indexes"),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)";
const APPLIED: &str = "SELECT name, checksum FROM schema_migration ORDER BY name";
/// Two nodes that start together wait for each other here.
const LOCK: &str = "SET statement_timeout = 0; SELECT pg_advisory_lock(7161089921147036513)";

/// Brings the database to this version; the names of the migrations that were applied. A SQLite
/// file that a server has open is refused.
pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let _lock = lock::lock(path)?;
            sqlite(path, MIGRATIONS)
        }
        DatabaseUrl::Postgres(url) => {
            let address = Address::parse(url).map_err(OpenError::unreachable)?;
            postgres(&address.open()?, MIGRATIONS).await
        }
    }
}

impl Migration {
    fn checksum(&self) -> String {
        sha256(self.text.as_bytes())
            .iter()
            .fold(String::new(), |mut text, byte| {
                // writing to a string cannot fail
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    fn record(&self) -> String {
        format!(
            "INSERT INTO schema_migration (name, checksum) VALUES ('{}', '{}')",
            self.name,
            self.checksum()
        )
    }
}

/// What is left to apply, if what was applied is what is known here.
fn pending<'a>(
    known: &'a [Migration],
    applied: &[(String, String)],
) -> Result<Vec<&'a Migration>, OpenError> {
    for (name, checksum) in applied {
        match known.iter().find(|migration| migration.name == name) {
            None => return Err(OpenError::Newer(name.clone())),
            Some(migration) if migration.checksum() != *checksum => {
                return Err(OpenError::Edited(name.clone()));
            }
            Some(_) => {}
        }
    }
    Ok(known
        .iter()
        .filter(|known| applied.iter().all(|(name, _)| name != known.name))
        .collect())
}

pub(crate) fn sqlite(path: &Path, known: &[Migration]) -> Result<Vec<String>, OpenError> {
    lock::create(path)?;
    let run = |connection: &rusqlite::Connection, sql: &str| {
        connection
            .execute_batch(sql)
            .map_err(OpenError::unreachable)
    };
    let handle = Handle::open(path, Synchronous::Full).map_err(OpenError::unreachable)?;
    let connection = &handle.connection;
    let mut done = Vec::new();
    loop {
        // dropped unfinished, the connection rolls back
        run(connection, "BEGIN IMMEDIATE")?;
        run(connection, &format!("{TABLE} STRICT"))?;
        let applied = applied_sqlite(connection).map_err(OpenError::unreachable)?;
        let Some(migration) = pending(known, &applied)?.into_iter().next() else {
            run(connection, "COMMIT")?;
            return Ok(done);
        };
        for statement in for_sqlite(migration.text) {
            run(connection, &statement)?;
        }
        run(connection, &migration.record())?;
        run(connection, "COMMIT")?;
        done.push(migration.name.to_owned());
    }
}

pub(crate) fn check_sqlite(path: &Path, known: &[Migration]) -> Result<(), OpenError> {
    let handle = Handle::open(path, Synchronous::Full).map_err(OpenError::unreachable)?;
    let connection = &handle.connection;
    let made: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'",
            [],
            |row| row.get(0),
        )
        .map_err(OpenError::unreachable)?;
    if made == 0 {
        return Err(OpenError::NotMigrated);
    }
    up_to_date(
        known,
        &applied_sqlite(connection).map_err(OpenError::unreachable)?,
    )
}

fn applied_sqlite(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(APPLIED)?;
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn up_to_date(known: &[Migration], applied: &[(String, String)]) -> Result<(), OpenError> {
    if pending(known, applied)?.is_empty() {
        Ok(())
    } else {
        Err(OpenError::NotMigrated)
    }
}

pub(crate) async fn postgres(
    server: &Server,
    known: &[Migration],
) -> Result<Vec<String>, OpenError> {
    let connection = Connection::open(server)
        .await
        .map_err(OpenError::unreachable)?;
    let run = async |sql: &str| {
        let ran = connection.client.batch_execute(sql).await;
        ran.map_err(|error| OpenError::unreachable(postgres::unavailable(&error)))
    };
    // the lock ends with the connection
    run(LOCK).await?;
    let mut done = Vec::new();
    loop {
        run("BEGIN").await?;
        run(TABLE).await?;
        let applied = applied_postgres(&connection).await?;
        let Some(migration) = pending(known, &applied)?.into_iter().next() else {
            run("COMMIT").await?;
            return Ok(done);
        };
        for statement in for_postgres(migration.text) {
            run(&statement).await?;
        }
        run(&migration.record()).await?;
        run("COMMIT").await?;
        done.push(migration.name.to_owned());
    }
}

pub(crate) async fn check_postgres(server: &Server, known: &[Migration]) -> Result<(), OpenError> {
    let connection = Connection::open(server)
        .await
        .map_err(OpenError::unreachable)?;
    up_to_date(known, &applied_postgres(&connection).await?)
}

/// None where the table is not there yet.
async fn applied_postgres(connection: &Connection) -> Result<Vec<(String, String)>, OpenError> {
    let damaged = |_| OpenError::unreachable("table schema_migration is damaged");
    match connection.query(APPLIED, &[]).await {
        Ok(rows) => rows
            .into_iter()
            .map(|mut row| Ok((row.text().map_err(damaged)?, row.text().map_err(damaged)?)))
            .collect(),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Vec::new()),
        Err(error) => Err(OpenError::unreachable(postgres::unavailable(&error))),
    }
}

/// The statements of a migration without their comments.
fn statements(text: &str) -> impl Iterator<Item = String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    let code = code.join("\n");
    let statements: Vec<String> = code
        .split(';')
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    statements.into_iter()
}

/// The text as SQLite takes it.
pub(crate) fn for_sqlite(text: &str) -> Vec<String> {
    let rewrite = |word: &str| match word {
        "BIGINT" => Some("INTEGER"),
        "BYTEA" => Some("BLOB"),
        _ => None,
    };
    statements(text)
        .map(|statement| {
            let statement = replace_words(&statement, rewrite);
            if !statement.starts_with("CREATE TABLE") {
                return statement;
            }
            match statement.strip_suffix(" CLUSTERED") {
                Some(table) => format!("{table} STRICT, WITHOUT ROWID"),
                None => format!("{statement} STRICT"),
            }
        })
        .collect()
}

/// The text as PostgreSQL takes it.
pub(crate) fn for_postgres(text: &str) -> Vec<String> {
    let rewrite = |word: &str| (word == "TEXT").then_some("TEXT COLLATE \"C\"");
    statements(text)
        .map(|statement| {
            let statement = replace_words(&statement, rewrite);
            statement
                .strip_suffix(" CLUSTERED")
                .map(ToOwned::to_owned)
                .unwrap_or(statement)
        })
        .collect()
}

fn replace_words(text: &str, new: impl Fn(&str) -> Option<&'static str>) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split_inclusive(|c| !is_word(c))
        .fold(String::new(), |mut rewritten, piece| {
            let word = piece.trim_end_matches(|c| !is_word(c));
            rewritten.push_str(new(word).unwrap_or(word));
            rewritten.push_str(piece.strip_prefix(word).unwrap_or_default());
            rewritten
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_becomes_two() {
        let text = "-- why\nCREATE TABLE a (\n  b TEXT NOT NULL, BIGINTS BIGINT, c BYTEA\n) CLUSTERED;\n\
                    CREATE TABLE d (e TEXT);\nCREATE INDEX f ON d (e);";
        assert_eq!(
            for_sqlite(text),
            [
                "CREATE TABLE a (\n  b TEXT NOT NULL, BIGINTS INTEGER, c BLOB\n) STRICT, WITHOUT ROWID",
                "CREATE TABLE d (e TEXT) STRICT",
                "CREATE INDEX f ON d (e)",
            ]
        );
        assert_eq!(
            for_postgres(text),
            [
                "CREATE TABLE a (\n  b TEXT COLLATE \"C\" NOT NULL, BIGINTS BIGINT, c BYTEA\n)",
                "CREATE TABLE d (e TEXT COLLATE \"C\")",
                "CREATE INDEX f ON d (e)",
            ]
        );
    }
}
