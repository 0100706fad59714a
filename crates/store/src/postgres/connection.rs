//! One connection: its prepared statements, its values, and whether its server has warned.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut as _, BytesMut};
use futures_util::TryStreamExt as _;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, Error, Socket, Statement};

use super::server::Server;
use super::{CONNECT, tls};
use crate::error::StoreError;
use crate::value::{Row, Value};

/// `synchronous_commit` below `on` would acknowledge what a failover loses; what is stronger stays.
const SESSION: &str = "SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');
SELECT set_config('statement_timeout', '5s', false);
SELECT set_config('idle_in_transaction_session_timeout', '10s', false);";

pub(crate) struct Connection {
    pub(crate) client: Client,
    statements: Mutex<BTreeMap<&'static str, Statement>>,
    warned: Arc<AtomicBool>,
    driver: AbortHandle,
    lost: AtomicBool,
}

impl Connection {
    /// Connects, for at most [`CONNECT`].
    pub(crate) async fn open(server: &Server) -> Result<Self, StoreError> {
        let attempt = async {
            let (client, connection) = server.config.connect(server.tls.clone()).await?;
            let warned = Arc::new(AtomicBool::new(false));
            let driver = tokio::spawn(drive(connection, Arc::clone(&warned))).abort_handle();
            client.batch_execute(SESSION).await?;
            let statements = Mutex::default();
            Ok(Self {
                client,
                statements,
                warned,
                driver,
                lost: AtomicBool::new(false),
            })
        };
        match timeout(CONNECT, attempt).await {
            Ok(outcome) => outcome.map_err(|error: Error| unavailable(&error)),
            Err(_) => Err(StoreError::unavailable("no connection in time")),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.lost.load(Ordering::Relaxed) && !self.client.is_closed()
    }

    /// Nobody uses this connection any more.
    pub(super) fn give_up(&self) {
        self.lost.store(true, Ordering::Relaxed);
        self.driver.abort();
    }

    /// What an error means, for this connection too.
    pub(super) fn failed(&self, error: &Error) -> StoreError {
        if error.code().is_none_or(ends_connection) {
            self.give_up();
        }
        unavailable(error)
    }

    /// Whether the server has warned since it was last asked.
    pub(super) fn take_warning(&self) -> bool {
        self.warned.swap(false, Ordering::SeqCst)
    }

    pub(crate) async fn query(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql).await?;
        Ok(self.run(&statement, params).await?.0)
    }

    /// The rows that a statement returned, and how many it touched or returned. The first poll
    /// sends it.
    pub(super) async fn run(
        &self,
        statement: &Statement,
        params: &[Value],
    ) -> Result<(Vec<Row>, u64), Error> {
        let mut stream = pin!(self.client.query_raw(statement, params).await?);
        let mut found = Vec::new();
        while let Some(row) = stream.try_next().await? {
            let columns = (0..row.len()).map(|column| row.try_get(column));
            found.push(Row::new(columns.collect::<Result<_, _>>()?));
        }
        Ok((found, stream.rows_affected().unwrap_or(0)))
    }

    pub(super) async fn prepared(&self, sql: &'static str) -> Result<Statement, Error> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements().insert(sql, statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves the bytes. A warning is noted before the answer that follows it is handed on.
async fn drive(
    mut connection: tokio_postgres::Connection<Socket, tls::Stream>,
    warned: Arc<AtomicBool>,
) {
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                if *notice.code() == SqlState::WARNING {
                    tracing::warn!(notice = notice.message(), "PostgreSQL warns");
                    warned.store(true, Ordering::SeqCst);
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::warn!(error = %unavailable(&error), "a PostgreSQL connection was lost");
                return;
            }
            None => return,
        }
    }
}

/// The driver's own text says "db error" and no more; the cause stands behind it.
pub(crate) fn unavailable(error: &Error) -> StoreError {
    let cause = error
        .source()
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    StoreError::Unavailable(format!("{error}{cause}"))
}

/// Class 08 and 57P: the server is going; 25006: it became a standby (attack REL-PG-08).
fn ends_connection(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("08") || code.starts_with("57P") || code == "25006"
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT8 => out.put_i64(*value),
            Self::Text(value) if *ty == Type::TEXT => out.put_slice(value.as_bytes()),
            Self::Blob(value) if *ty == Type::BYTEA => out.put_slice(value),
            Self::Int(_) | Self::Text(_) | Self::Blob(_) => {
                return Err(format!("a parameter cannot be of type {ty}").into());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Blob(raw.to_owned()),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT4 | Type::INT8 | Type::BYTEA) || <String as FromSql<'_>>::accepts(ty)
    }
}
