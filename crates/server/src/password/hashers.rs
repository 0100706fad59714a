//! The threads that hash: as many as may hash at once. A hash takes as long as fifty tokens, and
//! nobody who wants a token should wait for it, so these threads give way to all others.
//!
//! A hash also goes through more memory than the processor's caches hold, so whatever follows one
//! is slow. Under load the answers of two follow together: the second finds what the first one
//! fetched, and both share a commit.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Busy;

/// So many answers are given together. One that is ready waits for one hash less, and never for
/// one that may take longer.
pub(super) const TOGETHER: usize = 2;
/// How nice they are (`nice(2)`): when others want the whole core they still get a thirtieth of it,
/// and are not let in before those others have had forty milliseconds.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 15;

/// Tells who waits.
type Answer = Box<dyn FnOnce() + Send>;

/// How long something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As long as a hash of the tenant's own.
    Usual,
    /// Nobody knows: it is another system's hash.
    Unknown,
}

struct Job {
    pace: Pace,
    work: Box<dyn FnOnce() -> Answer + Send>,
}

/// The threads. They start when they are needed, and end with this.
pub(super) struct Hashers {
    line: Arc<Line>,
    most: usize,
    started: AtomicUsize,
}

impl Hashers {
    pub(super) fn new(most: usize) -> Self {
        Self {
            line: Arc::default(),
            most,
            started: AtomicUsize::new(0),
        }
    }

    /// Does one thing on a thread of these.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        pace: Pace,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        self.start_another()?;
        let (done, result) = tokio::sync::oneshot::channel();
        let work = Box::new(move || -> Answer {
            let made = work();
            // who went away meanwhile needs no answer
            Box::new(move || drop(done.send(made)))
        });
        self.line.push(Job { pace, work });
        result.await.map_err(|_| Busy)
    }

    /// Until all are there.
    fn start_another(&self) -> Result<(), Busy> {
        let more = |started| (started < self.most).then_some(started + 1);
        let relaxed = Ordering::Relaxed;
        let Ok(before) = self.started.fetch_update(relaxed, relaxed, more) else {
            return Ok(());
        };
        let line = Arc::clone(&self.line);
        let started = thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(move || {
                give_way();
                line.work_off();
            });
        match started {
            Ok(_) => Ok(()),
            Err(error) => {
                self.started.fetch_sub(1, relaxed);
                tracing::warn!(%error, "a thread for passwords could not be started");
                if before == 0 { Err(Busy) } else { Ok(()) }
            }
        }
    }
}

impl Drop for Hashers {
    fn drop(&mut self) {
        self.line.lock().ended = true;
        self.line.changed.notify_all();
    }
}

impl fmt::Debug for Hashers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashers")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

/// What is to be done, and what was.
#[derive(Default)]
struct Line {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    ready: Vec<Answer>,
    ended: bool,
}

impl Line {
    fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// One thread's life.
    fn work_off(&self) {
        let mut state = self.lock();
        loop {
            if state.should_answer() {
                let ready = mem::take(&mut state.ready);
                drop(state);
                for answer in ready {
                    answer();
                }
                state = self.lock();
            } else if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // what panics fails alone: its answer is dropped
                let answer = catch_unwind(AssertUnwindSafe(job.work));
                if answer.is_err() {
                    tracing::error!("a password could not be hashed");
                }
                state = self.lock();
                state.ready.extend(answer);
            } else if state.ended {
                return;
            } else {
                let changed = self.changed.wait(state);
                state = changed.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn should_answer(&self) -> bool {
        let follows = self.jobs.front().map(|job| job.pace);
        match self.ready.len() {
            0 => false,
            ready => ready >= TOGETHER || follows != Some(Pace::Usual),
        }
    }
}

/// On Linux a thread has a priority of its own. Where this is not possible, they are like the
/// others.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        let this = rustix::thread::gettid();
        if let Err(error) = rustix::process::setpriority_process(Some(this), NICENESS) {
            tracing::debug!(%error, "passwords are hashed at the usual priority");
        }
    }
}
