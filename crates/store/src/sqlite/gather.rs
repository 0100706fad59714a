//! Who shares a commit. It costs the same for one as for many, so it waits while the runtime's
//! threads have work: what they do now may end in a write. When half of them have nothing to do, it
//! waits for nobody, so who is alone never waits, nor does anybody on a machine that is not busy.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::sync::mpsc;

use crate::db::{GROUP, Job, Message, QUEUE, closed, too_many};
use crate::error::StoreError;

/// A group of this many is as cheap as it gets.
const ENOUGH: usize = 64;
/// It yields once, and then looks again after a while that doubles up to the longest: for twenty-six
/// milliseconds, however busy they are. A thread that yields gives up its share of the near future,
/// so where all run on one core it comes back when the others rest; to yield again would leave that
/// future to threads that hash.
const LOOKS: u32 = 13;
const FIRST_LOOK: Duration = Duration::from_micros(50);
const LONGEST_LOOK: Duration = Duration::from_micros(3200);
/// A group that nobody waits for: five milliseconds, or until somebody does.
const RELAXED_LOOKS: u32 = 20;
const RELAXED_LOOK: Duration = Duration::from_micros(250);

/// Jobs that wait for another one's commit. The writer is not woken for them. `None`: it has ended.
#[derive(Debug)]
pub(crate) struct Aside(Mutex<Option<Vec<Job>>>);

impl Aside {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }

    /// Whether there are so many now that waiting saves nothing more.
    pub(crate) fn put(&self, job: Job) -> Result<bool, StoreError> {
        match self.lock().as_mut() {
            None => Err(closed()),
            Some(jobs) if jobs.len() >= QUEUE => Err(too_many()),
            Some(jobs) => {
                jobs.push(job);
                Ok(jobs.len() == ENOUGH)
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().as_ref().is_none_or(Vec::is_empty)
    }

    pub(super) fn take(&self) -> Vec<Job> {
        self.lock().as_mut().map(mem::take).unwrap_or_default()
    }

    /// The last ones: nothing is put aside any more.
    pub(super) fn close(&self) -> Vec<Job> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads that serve requests.
pub(super) struct Workers(RuntimeMetrics);

impl Workers {
    pub(super) fn of_this_runtime() -> Self {
        Self(Handle::current().metrics())
    }

    /// Takes what else is queued, and waits for what is about to be.
    pub(super) fn gather(&self, inbox: &mut Vec<Message>, queue: &mut mpsc::Receiver<Message>) {
        let (mut yielded, mut looks, mut relaxed) = (false, 0, 0);
        loop {
            while inbox.len() < GROUP
                && let Ok(message) = queue.try_recv()
            {
                inbox.push(message);
            }
            // nothing wakes this thread here, so that the senders need no system call for it
            if !inbox.iter().any(Message::is_awaited) {
                if inbox.len() >= GROUP || relaxed == RELAXED_LOOKS {
                    return;
                }
                relaxed += 1;
                thread::park_timeout(RELAXED_LOOK);
            } else if inbox.len() >= ENOUGH || looks == LOOKS || self.rest() {
                return;
            } else if !yielded {
                yielded = true;
                thread::yield_now();
            } else {
                thread::park_timeout(LONGEST_LOOK.min(FIRST_LOOK * (1 << looks)));
                looks += 1;
            }
        }
    }

    /// Whether half of them or more have nothing to do.
    fn rest(&self) -> bool {
        let all = self.0.num_workers();
        let parked = |worker: &usize| self.0.worker_park_unpark_count(*worker) % 2 == 1;
        (0..all).filter(parked).count() * 2 >= all
    }
}
