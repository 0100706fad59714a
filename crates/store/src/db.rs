//! The seam: a query gives rows, a job is guarded statements that happen together or not at all.

use cardea_core::write::Conflict;
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::value::{Row, Value};

/// How many jobs may wait for the writer, and as many may be put aside; what comes on top is shed.
pub(crate) const QUEUE: usize = 4096;
/// How many jobs of the queue share one commit at most. What was put aside comes with them.
pub(crate) const GROUP: usize = 256;

/// What a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// An embedded file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The two drivers.
pub(crate) enum Db {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// What a statement that touched no row means: the guard did not hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    Conflict(Conflict),
    TenantExists,
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Conflict(conflict) => Self::Conflict(conflict),
            Refusal::TenantExists => Self::TenantExists,
        }
    }
}

/// One statement of a job.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    /// `None`: any number of rows will do.
    otherwise: Option<Refusal>,
    locks: bool,
}

impl Statement {
    /// A statement that may touch any number of rows.
    pub(crate) const fn any(sql: &'static str, params: Vec<Value>) -> Self {
        Self {
            sql,
            params,
            otherwise: None,
            locks: false,
        }
    }

    /// A statement that touches a row, or the whole job is undone with this answer.
    pub(crate) const fn guarded(sql: &'static str, params: Vec<Value>, refusal: Refusal) -> Self {
        Self {
            sql,
            params,
            otherwise: Some(refusal),
            locks: false,
        }
    }

    /// This statement waits for other nodes that hold the row its parameters name; every node
    /// takes such rows in the order of the parameters, so that no two wait for each other.
    #[must_use]
    pub(crate) const fn locking(mut self) -> Self {
        self.locks = true;
        self
    }

    /// Whether the guard holds for this many rows.
    pub(crate) fn judge(&self, rows: u64) -> Result<(), StoreError> {
        match self.otherwise {
            Some(refusal) if rows == 0 => Err(refusal.into()),
            Some(_) | None => Ok(()),
        }
    }
}

/// What a job did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// How many rows all statements touched.
    pub(crate) rows: u64,
    /// The first integer that a statement returned.
    pub(crate) returned: Option<i64>,
}

impl Done {
    /// Adds what one statement did.
    pub(crate) fn add(&mut self, rows: u64, returned: Option<i64>) {
        self.rows += rows;
        self.returned = self.returned.or(returned);
    }
}

/// Statements that happen together or not at all, and who wants to know.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) statements: Vec<Statement>,
    answer: Option<oneshot::Sender<Result<Done, StoreError>>>,
}

impl Job {
    /// Tells how it ended. Only after the commit that it rode on.
    pub(crate) fn answer(self, outcome: Result<Done, StoreError>) {
        match self.answer {
            // who went away meanwhile needs no answer
            Some(answer) => drop(answer.send(outcome)),
            None => {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "a relaxed write was lost");
                }
            }
        }
    }

    /// The first row that it waits for.
    pub(crate) fn lock(&self) -> Option<&[Value]> {
        self.statements
            .iter()
            .find(|statement| statement.locks)
            .map(|s| s.params.as_slice())
    }
}

/// What the writer is asked.
#[derive(Debug)]
pub(crate) enum Message {
    Job(Job),
    /// What was put aside can wait no longer.
    Hurry,
    /// Finish what is queued, answer, end.
    Close(oneshot::Sender<()>),
}

impl Message {
    /// Whether somebody waits for it.
    pub(crate) const fn is_awaited(&self) -> bool {
        match self {
            Self::Job(job) => job.answer.is_some(),
            Self::Hurry | Self::Close(_) => true,
        }
    }
}

impl Db {
    pub(crate) const fn kind(&self) -> DatabaseKind {
        match self {
            Self::Sqlite(_) => DatabaseKind::Sqlite,
            Self::Postgres(_) => DatabaseKind::Postgres,
        }
    }

    /// Reads a few rows by key.
    pub(crate) async fn point(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.point(sql, &params),
            Self::Postgres(postgres) => Box::pin(postgres.point(sql, &params)).await,
        }
    }

    /// Reads many rows; point reads do not wait for it.
    pub(crate) async fn scan(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.scan(sql, params).await,
            Self::Postgres(postgres) => Box::pin(postgres.scan(sql, &params)).await,
        }
    }

    /// Runs a job; answers once it is durable.
    pub(crate) async fn commit(&self, statements: Vec<Statement>) -> Result<Done, StoreError> {
        let outcome = self.queued(statements, Self::enqueue)?;
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    /// As [`Db::commit`], but an embedded file waits for another job's commit, or for
    /// [`Db::hurry`].
    pub(crate) async fn commit_with_others(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Done, StoreError> {
        let outcome = self.queued(statements, Self::put_aside)?;
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    /// A job that somebody waits for, and its outcome.
    fn queued(
        &self,
        statements: Vec<Statement>,
        put: fn(&Self, Job) -> Result<(), StoreError>,
    ) -> Result<oneshot::Receiver<Result<Done, StoreError>>, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let job = Job {
            statements,
            answer: Some(answer),
        };
        put(self, job).map(|()| outcome)
    }

    /// As [`Db::commit_relaxed`], but an embedded file waits for another job's commit, or for
    /// [`Db::hurry`].
    pub(crate) fn commit_relaxed_with_others(
        &self,
        statements: Vec<Statement>,
    ) -> Result<(), StoreError> {
        self.put_aside(Job {
            statements,
            answer: None,
        })
    }

    /// Asks for the commit of what was put aside.
    pub(crate) fn hurry(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) if sqlite.aside().is_empty() => Ok(()),
            Self::Sqlite(sqlite) => match sqlite.queue().try_send(Message::Hurry) {
                // whoever has a full queue takes what is aside without being asked
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Ok(()),
                Err(mpsc::error::TrySendError::Closed(_)) => Err(closed()),
            },
            Self::Postgres(_) => Ok(()),
        }
    }

    fn put_aside(&self, job: Job) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                if sqlite.aside().put(job)? {
                    self.hurry()?;
                }
                Ok(())
            }
            Self::Postgres(_) => self.enqueue(job),
        }
    }

    fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        self.send(Message::Job(job))
    }

    /// Queues a job; answers at once.
    pub(crate) fn commit_relaxed(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        self.enqueue(Job {
            statements,
            answer: None,
        })
    }

    /// Finishes what is queued and lets the database go.
    pub(crate) async fn close(&self) {
        if let Self::Sqlite(sqlite) = self {
            sqlite.close_readers();
        }
        let (answer, closed) = oneshot::channel();
        // a full queue still has to be drained, so this waits for a place in it
        if self.queue().send(Message::Close(answer)).await.is_ok() {
            // an error means that the writer has ended, which is what was asked
            closed.await.unwrap_or_default();
        }
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        self.queue().try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => too_many(),
            mpsc::error::TrySendError::Closed(_) => closed(),
        })
    }

    const fn queue(&self) -> &mpsc::Sender<Message> {
        match self {
            Self::Sqlite(sqlite) => sqlite.queue(),
            Self::Postgres(postgres) => postgres.queue(),
        }
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::unavailable("the database is closed")
}

pub(crate) fn too_many() -> StoreError {
    StoreError::unavailable("too many writes wait")
}

/// Splits what came in: the jobs, and who asked to close.
pub(crate) fn sort_out(
    inbox: &mut Vec<Message>,
    closing: &mut Vec<oneshot::Sender<()>>,
) -> Vec<Job> {
    let mut jobs = Vec::with_capacity(inbox.len());
    for message in inbox.drain(..) {
        match message {
            Message::Job(job) => jobs.push(job),
            Message::Hurry => {}
            Message::Close(answer) => closing.push(answer),
        }
    }
    jobs
}
