//! SQLite: one writer thread with group commit, a few connections for reads.

mod gather;
mod handle;
mod points;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::db::{Done, GROUP, Job, Message, QUEUE, Statement, sort_out};
use crate::error::{OpenError, StoreError};
use crate::open::Synchronous;
use crate::value::{Row, Value};

use gather::{Aside, Workers};
pub(crate) use handle::Handle;
use points::Points;

/// How nice the writer is (`nice(2)`).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// A file, opened.
pub(crate) struct Sqlite {
    queue: mpsc::Sender<Message>,
    aside: Arc<Aside>,
    points: Arc<Points>,
    scans: Arc<Mutex<Option<Handle>>>,
}

impl Sqlite {
    /// Opens `path`, which exists, and starts its writer, which holds `lock` until it ends.
    pub(crate) fn open(
        path: &Path,
        synchronous: Synchronous,
        lock: Option<File>,
    ) -> Result<Self, OpenError> {
        let open = || Handle::open(path, synchronous).map_err(OpenError::unreachable);
        let (queue, inbox) = mpsc::channel(QUEUE);
        let (finished, groups) = mpsc::unbounded_channel();
        tokio::spawn(deliver(groups));
        let reader = Handle::reader(open()?).map_err(OpenError::unreachable)?;
        let points = Arc::new(Points::new(reader));
        let aside = Arc::new(Aside::new());
        let writer = Writer {
            finished,
            aside: Arc::clone(&aside),
            points: Arc::clone(&points),
            workers: Workers::of_this_runtime(),
            path: path.to_owned(),
            synchronous,
            handle: Some(open()?),
            lock,
        };
        let scans = Mutex::new(Some(
            Handle::reader(open()?).map_err(OpenError::unreachable)?,
        ));
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(inbox))
            .map_err(OpenError::unreachable)?;
        Ok(Self {
            queue,
            aside,
            points,
            scans: Arc::new(scans),
        })
    }

    pub(crate) const fn queue(&self) -> &mpsc::Sender<Message> {
        &self.queue
    }

    pub(crate) fn aside(&self) -> &Aside {
        &self.aside
    }

    /// On the caller's thread: a hop to another one costs more than the read.
    pub(crate) fn point(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.points.read(sql, params)
    }

    pub(crate) async fn scan(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let scans = Arc::clone(&self.scans);
        tokio::task::spawn_blocking(move || read(&scans, sql, &params))
            .await
            .map_err(StoreError::unavailable)?
    }

    /// The last connection to close tidies the file up, and that shall be the writer's.
    pub(crate) fn close_readers(&self) {
        self.points.close();
        *self.scans.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn read(
    reader: &Mutex<Option<Handle>>,
    sql: &'static str,
    params: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
    let handle = reader
        .as_mut()
        .ok_or_else(|| StoreError::unavailable("the file is closed"))?;
    handle.query(sql, params).map_err(StoreError::unavailable)
}

/// What the writer has finished.
enum Finished {
    /// Jobs, and how they ended.
    Group(Vec<(Job, Result<Done, StoreError>)>),
    /// Who asked to close: everything that was queued has been answered.
    Closed(Vec<oneshot::Sender<()>>),
}

/// Answers for the writer: each answer wakes a request, and a thread that sleeps between two
/// commits would be switched to and from for every one of them.
async fn deliver(mut groups: mpsc::UnboundedReceiver<Finished>) {
    while let Some(finished) = groups.recv().await {
        match finished {
            Finished::Group(group) => {
                for (job, outcome) in group {
                    job.answer(outcome);
                }
            }
            Finished::Closed(closing) => {
                for answer in closing {
                    // who no longer waits needs no answer
                    let _ = answer.send(());
                }
            }
        }
    }
}

/// The one thread that writes.
struct Writer {
    finished: mpsc::UnboundedSender<Finished>,
    aside: Arc<Aside>,
    points: Arc<Points>,
    workers: Workers,
    path: PathBuf,
    synchronous: Synchronous,
    /// `None` after a failed commit: what the connection believes is no longer to be trusted.
    handle: Option<Handle>,
    lock: Option<File>,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        give_way();
        let mut inbox = Vec::with_capacity(GROUP);
        let mut closing: Vec<oneshot::Sender<()>> = Vec::new();
        while queue.blocking_recv_many(&mut inbox, GROUP) > 0 {
            self.workers.gather(&mut inbox, &mut queue);
            let mut jobs = self.aside.take();
            jobs.extend(sort_out(&mut inbox, &mut closing));
            if !jobs.is_empty() {
                self.commit(jobs);
            }
            if !closing.is_empty() {
                queue.close();
            }
        }
        let last = self.aside.close();
        if !last.is_empty() {
            self.commit(last);
        }
        if let Some(handle) = self.handle.take() {
            // it is tidiness alone: what was acknowledged is in the log already
            let tidied = handle
                .connection
                .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            if let Err(error) = tidied {
                tracing::debug!(%error, "no checkpoint at the end");
            }
        }
        drop(self.lock);
        // without a runtime nobody is left to hear it
        let _ = self.finished.send(Finished::Closed(closing));
    }

    /// One transaction for all of `jobs`; they learn of it when it is durable.
    fn commit(&mut self, jobs: Vec<Job>) {
        match self.attempt(&jobs) {
            Ok(outcomes) => self.answer(jobs.into_iter().zip(outcomes).collect()),
            Err(error) => {
                tracing::error!(%error, jobs = jobs.len(), "a group commit failed");
                self.handle = None;
                let failed = |job| (job, Err(StoreError::unavailable(&error)));
                self.answer(jobs.into_iter().map(failed).collect());
            }
        }
    }

    fn answer(&self, group: Vec<(Job, Result<Done, StoreError>)>) {
        // without a runtime nobody is left to hear it
        let _ = self.finished.send(Finished::Group(group));
    }

    fn attempt(&mut self, jobs: &[Job]) -> Result<Vec<Result<Done, StoreError>>, StoreError> {
        let handle = match self.handle.take() {
            Some(handle) => handle,
            None => Handle::open(&self.path, self.synchronous).map_err(StoreError::unavailable)?,
        };
        let handle = self.handle.insert(handle);
        handle.step("BEGIN IMMEDIATE")?;
        let outcomes = if let Some(outcomes) = without_fences(handle, jobs)? {
            outcomes
        } else {
            handle.step("ROLLBACK")?;
            handle.step("BEGIN IMMEDIATE")?;
            jobs.iter()
                .map(|job| fenced(handle, job))
                .collect::<Result<_, _>>()?
        };
        handle.step("COMMIT")?;
        // nobody hears of this commit before what is read next sees it
        self.points.renew();
        Ok(outcomes)
    }
}

type Outcomes = Vec<Result<Done, StoreError>>;

/// All jobs without savepoints, which cost a copy of every page that a job touches. `None`: one
/// of them met a guard that does not hold after it had changed something, which is rare; then
/// all are to be undone, and made anew with savepoints.
fn without_fences(handle: &mut Handle, jobs: &[Job]) -> Result<Option<Outcomes>, StoreError> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        let (outcome, changed) = execute(handle, &job.statements);
        still_inside(handle, &outcome)?;
        if outcome.is_err() && changed {
            return Ok(None);
        }
        outcomes.push(outcome);
    }
    Ok(Some(outcomes))
}

/// A commit costs the same for one as for many, so the writer lets requests that are being served
/// reach the queue first. When nothing else is to be done it does not wait. Under load it still
/// gets a quarter of a core, which is more than it needs.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // on Linux a thread has a priority of its own
        let this = rustix::thread::gettid();
        if let Err(error) = rustix::process::setpriority_process(Some(this), NICENESS) {
            tracing::debug!(%error, "the writer has the usual priority");
        }
    }
}

/// One job inside the group's transaction, so that it can be undone alone. The outer error ends
/// the whole group.
fn fenced(handle: &mut Handle, job: &Job) -> Result<Result<Done, StoreError>, StoreError> {
    handle.step("SAVEPOINT job")?;
    let (outcome, _) = execute(handle, &job.statements);
    still_inside(handle, &outcome)?;
    if outcome.is_err() {
        handle.step("ROLLBACK TO job")?;
    }
    handle.step("RELEASE job")?;
    Ok(outcome)
}

/// A full disk and the like roll everything back, the other jobs included.
fn still_inside(handle: &Handle, outcome: &Result<Done, StoreError>) -> Result<(), StoreError> {
    if !handle.connection.is_autocommit() {
        return Ok(());
    }
    let why = outcome.clone().err();
    Err(why.unwrap_or_else(|| StoreError::unavailable("rolled back")))
}

/// The statements one after the other, up to the first whose guard does not hold; and whether
/// any before that one changed something. A statement that fails undoes itself.
fn execute(handle: &mut Handle, statements: &[Statement]) -> (Result<Done, StoreError>, bool) {
    let mut done = Done::default();
    for statement in statements {
        let judged = handle
            .run(statement.sql, &statement.params)
            .map_err(StoreError::unavailable)
            .and_then(|(found, touched)| {
                statement.judge(touched)?;
                Ok((found, touched))
            });
        match judged {
            Ok((found, touched)) => {
                let first = found.into_iter().next();
                let returned = first.and_then(|mut row| row.int_or_none().ok().flatten());
                done.add(touched, returned);
            }
            Err(error) => return (Err(error), done.rows > 0),
        }
    }
    (Ok(done), false)
}
