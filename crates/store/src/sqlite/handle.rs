//! A connection: how it is opened, and how its statements run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::open::Synchronous;
use crate::value::{Row, Value};

/// How long a writer waits for another process, such as a `cardea keys revoke` beside a server.
const BUSY: Duration = Duration::from_secs(5);

/// A connection and the texts that it knows, by where they stand: many begin alike.
pub(crate) struct Handle {
    pub(crate) connection: Connection,
    texts: BTreeMap<(usize, usize), String>,
}

impl Handle {
    pub(crate) fn open(path: &Path, synchronous: Synchronous) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // otherwise a statement whose parameters could have led to another plan is parsed anew
        // each time they change
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA cell_size_check = ON;
             PRAGMA cache_size = -2000;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 16777216;",
        )?;
        // a file system without shared memory leaves another mode, with other promises
        let mode: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
            let reason = format!("the file system offers journal mode {mode}, not wal");
            return Err(rusqlite::Error::SqliteFailure(code, Some(reason)));
        }
        connection.execute_batch(match synchronous {
            Synchronous::Full => "PRAGMA synchronous = FULL",
            Synchronous::Normal => "PRAGMA synchronous = NORMAL",
        })?;
        connection.set_prepared_statement_cache_capacity(48);
        Ok(Self {
            connection,
            texts: BTreeMap::new(),
        })
    }

    pub(super) fn reader(self) -> rusqlite::Result<Self> {
        self.connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1000;")?;
        Ok(self)
    }

    pub(super) fn step(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.run(sql, &[])
            .map(drop)
            .map_err(StoreError::unavailable)
    }

    pub(super) fn query(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> rusqlite::Result<Vec<Row>> {
        Ok(self.run(sql, params)?.0)
    }

    /// The rows that a statement returned, and how many it touched or returned.
    pub(super) fn run(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> rusqlite::Result<(Vec<Row>, u64)> {
        let text = self.texts.entry((sql.as_ptr().addr(), sql.len()));
        let text = text.or_insert_with(|| numbered(sql));
        let mut statement = self.connection.prepare_cached(text)?;
        for (number, value) in (1_usize..).zip(params) {
            statement.raw_bind_parameter(number, value)?;
        }
        let columns = statement.column_count();
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let column = |index| row.get_ref(index).and_then(value);
            found.push(Row::new(
                (0..columns).map(column).collect::<rusqlite::Result<_>>()?,
            ));
        }
        drop(rows);
        let touched = if columns > 0 {
            u64::try_from(found.len()).unwrap_or(u64::MAX)
        } else {
            self.connection.changes()
        };
        Ok((found, touched))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn value(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(value) => Value::Blob(value.to_owned()),
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
    })
}

/// `$n` becomes `?n`: to SQLite `$2` is a *name*, numbered by where it first appears.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}
