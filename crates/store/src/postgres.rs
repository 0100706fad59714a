//! PostgreSQL: a committer task with group commit on its own connection, a few shared
//! connections for reads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::db::{Done, GROUP, Job, Message, QUEUE, sort_out};
use crate::error::{OpenError, StoreError};
use crate::value::{Row, Value};

mod connection;
mod group;
mod server;
mod tls;

pub(crate) use connection::{Connection, unavailable};
pub(crate) use server::{Address, Server};

const CONNECT: Duration = Duration::from_secs(5);
/// How long a read or a group may take before its connection is given up.
const ANSWER: Duration = Duration::from_secs(10);
/// After a failed attempt nobody tries again for this long: who comes in between is refused at
/// once instead of waiting.
const BACKOFF: Duration = Duration::from_millis(250);

/// A database on a server.
pub(crate) struct Postgres {
    queue: mpsc::Sender<Message>,
    points: Slot,
    scans: Slot,
}

impl Postgres {
    /// Connects, and starts the committer.
    pub(crate) async fn open(server: Server) -> Result<Self, OpenError> {
        let server = Arc::new(server);
        let first = Connection::open(&server)
            .await
            .map_err(OpenError::unreachable)?;
        let (queue, inbox) = mpsc::channel(QUEUE);
        let committer = Slot::new(Arc::clone(&server), Some(first));
        tokio::spawn(commit_all(committer, inbox));
        let points = Slot::new(Arc::clone(&server), None);
        Ok(Self {
            queue,
            points,
            scans: Slot::new(server, None),
        })
    }

    pub(crate) const fn queue(&self) -> &mpsc::Sender<Message> {
        &self.queue
    }

    pub(crate) async fn point(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.points.query(sql, params).await
    }

    pub(crate) async fn scan(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.scans.query(sql, params).await
    }
}

/// A place for a connection, which many readers share; it is made when it is needed.
struct Slot {
    server: Arc<Server>,
    state: Mutex<State>,
}

struct State {
    connection: Option<Arc<Connection>>,
    failed: Option<Instant>,
}

impl Slot {
    fn new(server: Arc<Server>, connection: Option<Connection>) -> Self {
        let connection = connection.map(Arc::new);
        Self {
            server,
            state: Mutex::new(State {
                connection,
                failed: None,
            }),
        }
    }

    /// The connection, new if there is none that lives.
    async fn get(&self) -> Result<Arc<Connection>, StoreError> {
        let mut state = self.state.lock().await;
        if let Some(connection) = state.connection.as_ref().filter(|known| known.is_alive()) {
            return Ok(Arc::clone(connection));
        }
        state.connection = None;
        if state.failed.is_some_and(|at| at.elapsed() < BACKOFF) {
            return Err(StoreError::unavailable(
                "the last attempt to connect failed just now",
            ));
        }
        match Connection::open(&self.server).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                state.connection = Some(Arc::clone(&connection));
                state.failed = None;
                Ok(connection)
            }
            Err(error) => {
                state.failed = Some(Instant::now());
                Err(StoreError::unavailable(error))
            }
        }
    }

    /// A read may be repeated, so a connection that turns out to be dead costs one more try.
    async fn query(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let connection = self.get().await?;
        match ask(&connection, sql, params).await {
            Err(_) if !connection.is_alive() => ask(&*self.get().await?, sql, params).await,
            answer => answer,
        }
    }
}

async fn ask(
    connection: &Connection,
    sql: &'static str,
    params: &[Value],
) -> Result<Vec<Row>, StoreError> {
    match timeout(ANSWER, connection.query(sql, params)).await {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(error)) => Err(connection.failed(&error)),
        Err(_) => {
            connection.give_up();
            Err(StoreError::unavailable("no answer in time"))
        }
    }
}

/// The committer: everything that waits goes into the next transaction.
async fn commit_all(slot: Slot, mut queue: mpsc::Receiver<Message>) {
    let mut inbox = Vec::with_capacity(GROUP);
    let mut closing: Vec<oneshot::Sender<()>> = Vec::new();
    while queue.recv_many(&mut inbox, GROUP).await > 0 {
        let mut jobs = sort_out(&mut inbox, &mut closing);
        if !jobs.is_empty() {
            // every node takes locks in the same order, or two would wait for each other
            jobs.sort_by(|a, b| a.lock().cmp(&b.lock()));
            let outcomes = commit(&slot, &jobs).await;
            answer(jobs, outcomes);
        }
        if !closing.is_empty() {
            queue.close();
        }
    }
    drop(slot);
    for answer in closing {
        // who no longer waits needs no answer
        let _ = answer.send(());
    }
}

type Outcomes = Vec<Result<Done, StoreError>>;

async fn commit(slot: &Slot, jobs: &[Job]) -> Result<Outcomes, StoreError> {
    let connection = slot.get().await?;
    let outcomes = match timeout(ANSWER, group::commit(&connection, jobs)).await {
        Ok(Ok(outcomes)) => Ok(outcomes),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StoreError::unavailable(
            "no answer in time: the outcome is unknown",
        )),
    };
    if outcomes.is_err() {
        // whatever state the session is in, it is not one to go on from
        connection.give_up();
    }
    outcomes
}

fn answer(jobs: Vec<Job>, outcomes: Result<Outcomes, StoreError>) {
    match outcomes {
        Ok(outcomes) => {
            for (job, outcome) in jobs.into_iter().zip(outcomes) {
                job.answer(outcome);
            }
        }
        Err(error) => {
            tracing::error!(%error, jobs = jobs.len(), "a group commit failed");
            for job in jobs {
                job.answer(Err(error.clone()));
            }
        }
    }
}
