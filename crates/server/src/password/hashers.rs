//! The threads that hash: as many as may hash at once. A hash takes as long as fifty tokens, and
//! nobody who wants a token should wait for it, so these threads give way to all others.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::Busy;

/// How nice they are (`nice(2)`): under load they still get a tenth of a core.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They start when they are needed, and end with this.
pub(super) struct Hashers {
    jobs: Sender<Job>,
    waiting: Arc<Mutex<Receiver<Job>>>,
    most: usize,
    started: AtomicUsize,
}

impl Hashers {
    pub(super) fn new(most: usize) -> Self {
        let (jobs, waiting) = channel();
        Self {
            jobs,
            waiting: Arc::new(Mutex::new(waiting)),
            most,
            started: AtomicUsize::new(0),
        }
    }

    /// Does one thing on a thread of these.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        self.start_another()?;
        let (done, result) = tokio::sync::oneshot::channel();
        let job = Box::new(move || {
            // who went away meanwhile needs no answer
            let _ = done.send(work());
        });
        self.jobs.send(job).map_err(|_| Busy)?;
        result.await.map_err(|_| Busy)
    }

    /// Until all are there.
    fn start_another(&self) -> Result<(), Busy> {
        let more = |started| (started < self.most).then_some(started + 1);
        let relaxed = Ordering::Relaxed;
        let Ok(before) = self.started.fetch_update(relaxed, relaxed, more) else {
            return Ok(());
        };
        let waiting = Arc::clone(&self.waiting);
        let started = thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(move || hash(&waiting));
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

impl fmt::Debug for Hashers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashers")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

fn hash(waiting: &Mutex<Receiver<Job>>) {
    give_way();
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        // what panics fails alone: its answer is dropped
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a password could not be hashed");
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
