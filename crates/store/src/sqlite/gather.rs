//! Who shares a commit. It costs the same for one as for many, so it waits while the runtime's
//! threads have work: what they do now may end in a write. When they have nothing else to do, it
//! waits for nobody, so who is alone never waits.

use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::sync::mpsc;

use crate::db::{GROUP, Message};

/// A group of this many is as cheap as it gets.
const ENOUGH: usize = 64;
/// However busy they are. Who came within this time would have had to wait for them anyway.
const LONGEST: Duration = Duration::from_millis(8);
/// A group that nobody waits for.
const RELAXED: Duration = Duration::from_millis(5);
/// It looks again after a while that doubles each time.
const FIRST_LOOK: Duration = Duration::from_micros(100);
/// A thread that is about to finish needs less than this many turns.
const TURNS: usize = 8;

/// The threads that serve requests.
pub(super) struct Workers(RuntimeMetrics);

impl Workers {
    pub(super) fn of_this_runtime() -> Self {
        Self(Handle::current().metrics())
    }

    /// Takes what else is queued, and waits for what is about to be.
    pub(super) fn gather(&self, inbox: &mut Vec<Message>, queue: &mut mpsc::Receiver<Message>) {
        let began = Instant::now();
        let mut look = FIRST_LOOK;
        let mut turns = 0;
        loop {
            while inbox.len() < GROUP
                && let Ok(message) = queue.try_recv()
            {
                inbox.push(message);
            }
            let (due, longest) = if inbox.iter().any(Message::is_awaited) {
                (inbox.len() >= ENOUGH || self.rest(), LONGEST)
            } else {
                (inbox.len() >= GROUP, RELAXED)
            };
            let left = longest.saturating_sub(began.elapsed());
            if due || left.is_zero() {
                return;
            }
            if turns < TURNS {
                turns += 1;
                thread::yield_now();
            } else {
                // nothing wakes this thread here, so that the senders need no system call for it
                thread::park_timeout(look.min(left));
                look *= 2;
            }
        }
    }

    /// Whether none of them has anything to do.
    fn rest(&self) -> bool {
        let parked = |worker| self.0.worker_park_unpark_count(worker) % 2 == 1;
        (0..self.0.num_workers()).all(parked)
    }
}
