//! Many jobs, one transaction, as few round trips as their guards allow.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done};
use tokio_postgres::{Error, Statement};

use super::connection::{Connection, unavailable};
use crate::db::{Done, Job};
use crate::error::StoreError;
use crate::value::{Row, Value};

/// How often a group is tried that lost a deadlock or a serialisation race (attack REL-PG-09).
const TRIES: usize = 3;

type Outcomes = Vec<Result<Done, StoreError>>;
type Ran = Result<(Vec<Row>, u64), Error>;

/// Commits `jobs`. An error means that the outcome of all of them is unknown.
pub(super) async fn commit(connection: &Connection, jobs: &[Job]) -> Result<Outcomes, StoreError> {
    connection.take_warning();
    if let Some(outcomes) = together(connection, jobs).await? {
        return Ok(outcomes);
    }
    for _ in 1..TRIES {
        if let Some(outcomes) = one_by_one(connection, jobs, false).await? {
            return Ok(outcomes);
        }
    }
    let outcomes = one_by_one(connection, jobs, true).await?;
    outcomes.ok_or_else(|| StoreError::unavailable("other nodes were faster each time"))
}

/// A statement to send, and its parameters.
struct Step<'a> {
    statement: Statement,
    params: &'a [Value],
}

async fn step<'a>(
    connection: &Connection,
    sql: &'static str,
    params: &'a [Value],
) -> Result<Step<'a>, StoreError> {
    let statement = connection
        .prepared(sql)
        .await
        .map_err(|error| connection.failed(&error))?;
    Ok(Step { statement, params })
}

async fn job_steps<'a>(
    connection: &Connection,
    job: &'a Job,
    steps: &mut Vec<Step<'a>>,
) -> Result<(), StoreError> {
    for statement in &job.statements {
        steps.push(step(connection, statement.sql, &statement.params).await?);
    }
    Ok(())
}

/// The hopeful way: everything in one flight. Nothing is committed and `None` comes back if a
/// job of several statements has to be undone, or a statement failed.
async fn together(connection: &Connection, jobs: &[Job]) -> Result<Option<Outcomes>, StoreError> {
    // a statement alone that touched nothing has nothing to undo: its COMMIT need not wait
    let alone = jobs.iter().all(|job| job.statements.len() < 2);
    let mut steps = vec![step(connection, "BEGIN", &[]).await?];
    for job in jobs {
        job_steps(connection, job, &mut steps).await?;
    }
    if alone {
        steps.push(step(connection, "COMMIT", &[]).await?);
    }

    let mut ran = fly(connection, &steps).await.into_iter();
    begun(connection, ran.next())?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    let mut again = false;
    for job in jobs {
        let outcome = judge(connection, job, ran.by_ref().take(job.statements.len()))?;
        again |= match &outcome {
            Ok(_) => false,
            Err(Failure::Refused(_)) => job.statements.len() > 1,
            Err(Failure::Broken { .. }) => true,
        };
        outcomes.push(outcome.map_err(Failure::into_error));
    }
    if alone {
        if again {
            // the server answered this COMMIT with a rollback
            return Ok(None);
        }
        committed(connection, ran.next())?;
        return Ok(Some(outcomes));
    }
    if again {
        alone_step(connection, "ROLLBACK").await?;
        return Ok(None);
    }
    commit_now(connection).await?;
    Ok(Some(outcomes))
}

/// The careful way: each job in a savepoint of its own. `None`, unless it is the `last` try, when
/// another node was in the way: all locks have to go for it to get past, not only one job's.
async fn one_by_one(
    connection: &Connection,
    jobs: &[Job],
    last: bool,
) -> Result<Option<Outcomes>, StoreError> {
    alone_step(connection, "BEGIN").await?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        let outcome = in_savepoint(connection, job).await?;
        if !last
            && matches!(
                outcome,
                Err(Failure::Broken {
                    transient: true,
                    ..
                })
            )
        {
            alone_step(connection, "ROLLBACK").await?;
            return Ok(None);
        }
        outcomes.push(outcome.map_err(Failure::into_error));
    }
    commit_now(connection).await?;
    Ok(Some(outcomes))
}

async fn in_savepoint(
    connection: &Connection,
    job: &Job,
) -> Result<Result<Done, Failure>, StoreError> {
    let mut steps = vec![step(connection, "SAVEPOINT job", &[]).await?];
    job_steps(connection, job, &mut steps).await?;
    let mut ran = fly(connection, &steps).await.into_iter();
    begun(connection, ran.next())?;
    let outcome = judge(connection, job, ran)?;
    if outcome.is_err() {
        alone_step(connection, "ROLLBACK TO SAVEPOINT job").await?;
    }
    alone_step(connection, "RELEASE SAVEPOINT job").await?;
    Ok(outcome)
}

/// Sends all steps without waiting, in this order, then collects the answers.
async fn fly(connection: &Connection, steps: &[Step<'_>]) -> Vec<Ran> {
    let mut flights: Vec<Pin<Box<MaybeDone<_>>>> = steps
        .iter()
        .map(|step| Box::pin(maybe_done(connection.run(&step.statement, step.params))))
        .collect();
    // the first poll sends; that an answer is there already changes nothing
    poll_fn(|context| {
        for flight in &mut flights {
            let _ = flight.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(flights.len());
    for mut flight in flights {
        flight.as_mut().await;
        answers.extend(flight.as_mut().take_output());
    }
    answers
}

/// Why a job did not happen, although the connection is fine.
enum Failure {
    /// A guard did not hold.
    Refused(StoreError),
    /// The database refused a statement.
    Broken { error: StoreError, transient: bool },
}

impl Failure {
    fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Broken { error, .. } => error,
        }
    }
}

/// What a job's statements did. The outer error means that the connection is lost.
fn judge(
    connection: &Connection,
    job: &Job,
    ran: impl Iterator<Item = Ran>,
) -> Result<Result<Done, Failure>, StoreError> {
    let mut outcome = Ok(Done::default());
    // each answer is taken, the ones after a failure too
    for (statement, ran) in job.statements.iter().zip(ran) {
        match ran {
            Ok((found, touched)) => {
                let Ok(done) = &mut outcome else { continue };
                match statement.judge(touched) {
                    Ok(()) => {
                        let first = found.into_iter().next();
                        let first = first.and_then(|mut row| row.int_or_none().ok().flatten());
                        done.add(touched, first);
                    }
                    Err(refusal) => outcome = Err(Failure::Refused(refusal)),
                }
            }
            Err(error) => {
                let failed = connection.failed(&error);
                if !connection.is_alive() {
                    return Err(failed);
                }
                if outcome.is_ok() {
                    let transient = error
                        .code()
                        .is_some_and(|code| code.code().starts_with("40"));
                    outcome = Err(Failure::Broken {
                        error: failed,
                        transient,
                    });
                }
            }
        }
    }
    Ok(outcome)
}

fn begun(connection: &Connection, ran: Option<Ran>) -> Result<(), StoreError> {
    match ran {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(connection.failed(&error)),
        None => Err(StoreError::unavailable("a transaction did not begin")),
    }
}

async fn alone_step(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    let step = step(connection, sql, &[]).await?;
    let ran = connection.run(&step.statement, step.params).await;
    ran.map(drop).map_err(|error| connection.failed(&error))
}

async fn commit_now(connection: &Connection) -> Result<(), StoreError> {
    let step = step(connection, "COMMIT", &[]).await?;
    committed(
        connection,
        Some(connection.run(&step.statement, step.params).await),
    )
}

/// Only a COMMIT without a warning is a commit: 01000 says that the wait for the standby was
/// cancelled, and a failover would lose it (attack REL-PG-03).
fn committed(connection: &Connection, ran: Option<Ran>) -> Result<(), StoreError> {
    match ran {
        Some(Ok(_)) if !connection.take_warning() => Ok(()),
        Some(Ok(_)) => Err(StoreError::unavailable(
            "the server warned at commit: it is not certain that the standby has it",
        )),
        Some(Err(error)) => Err(unavailable(&error)),
        None => Err(StoreError::unavailable("no answer to a commit")),
    }
}
