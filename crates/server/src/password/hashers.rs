//! The threads that hash: as many as may hash at once. A hash takes as long as fifty tokens, and
//! nobody who wants a token should wait for it, so these threads give way to all others.
//!
//! A hash also goes through more memory than the processor's caches hold, so whatever follows one
//! is slow. Under load the answers of two are given together: the second finds what the first one
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

use tokio::runtime::Handle;

use super::Busy;

/// So many answers are given together: one that is ready waits for one hash less, and never for one
/// that may take longer than its own.
pub(super) const TOGETHER: usize = 2;
/// How nice they are (`nice(2)`): when others want the whole core they still get a thirtieth of it.
/// More would come in pieces of milliseconds that others wait for.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 15;

/// Tells who waits.
type Answer = Box<dyn FnOnce() + Send>;

fn tell(ready: Vec<Answer>) {
    for answer in ready {
        answer();
    }
}

struct Job {
    /// In KiB and passes; `None`: another system's hash, nobody knows.
    size: Option<u64>,
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
        size: Option<u64>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        self.start_another()?;
        let (done, result) = tokio::sync::oneshot::channel();
        let work = Box::new(move || -> Answer {
            let made = work();
            // who went away meanwhile needs no answer
            Box::new(move || drop(done.send(made)))
        });
        self.line.push(Job { size, work });
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
        let runtime = Handle::current();
        let started = thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(move || {
                give_way();
                // by one task, since the first answer alone would wake a thread that comes first
                line.work_off(&|ready| {
                    runtime.spawn(async move { tell(ready) });
                });
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
    /// The size of the smallest one of those that are ready.
    smallest: u64,
    ended: bool,
}

impl Line {
    fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// One thread's life.
    fn work_off(&self, give: &dyn Fn(Vec<Answer>)) {
        let mut state = self.lock();
        loop {
            if state.should_answer() {
                let ready = mem::take(&mut state.ready);
                drop(state);
                give(ready);
                state = self.lock();
            } else if let Some(Job { size, work }) = state.jobs.pop_front() {
                drop(state);
                // what panics fails alone: its answer is dropped
                let answer = catch_unwind(AssertUnwindSafe(work));
                if answer.is_err() {
                    tracing::error!("a password could not be hashed");
                }
                state = self.lock();
                if let Ok(answer) = answer {
                    state.keep(answer, size);
                }
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
    /// Until it is answered together with others.
    fn keep(&mut self, answer: Answer, size: Option<u64>) {
        let size = size.unwrap_or_default();
        self.smallest = if self.ready.is_empty() {
            size
        } else {
            self.smallest.min(size)
        };
        self.ready.push(answer);
    }

    fn should_answer(&self) -> bool {
        let next = self.jobs.front().and_then(|job| job.size);
        match self.ready.len() {
            0 => false,
            ready => ready >= TOGETHER || next.is_none_or(|next| next > self.smallest),
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
