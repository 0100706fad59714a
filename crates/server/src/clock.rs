//! The only place that reads the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use cardea_core::time::Timestamp;

/// The server's clock. Clones share it: what `dev` moves, moves for everybody.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Milliseconds added to the base.
    offset: Arc<AtomicI64>,
    base: Base,
}

#[derive(Debug, Clone, Copy)]
enum Base {
    System,
    /// Stands still until it is moved: for tests.
    Stopped(Timestamp),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self {
            offset: Arc::default(),
            base: Base::System,
        }
    }

    /// A clock that stands at `at` until it is moved.
    pub fn stopped_at(at: Timestamp) -> Self {
        Self {
            offset: Arc::default(),
            base: Base::Stopped(at),
        }
    }

    /// The server's time.
    pub fn now(&self) -> Timestamp {
        let base = match self.base {
            Base::System => Self::real_now(),
            Base::Stopped(at) => at,
        };
        let offset = self.offset.load(Ordering::Relaxed);
        Timestamp::from_millis(base.millis().saturating_add(offset))
    }

    /// The system's time, whatever `dev` made of the server's: certificates live by it, since
    /// their readers do.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn real_now() -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = since
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok());
        Timestamp::from_millis(millis.unwrap_or(0))
    }

    /// Moves the clock forward. `dev` alone does this.
    pub fn advance(&self, seconds: i64) -> Timestamp {
        let by = seconds.saturating_mul(1000);
        let moved = |offset: i64| Some(offset.saturating_add(by));
        _ = self
            .offset
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
        self.now()
    }

    /// Back to the base.
    pub fn reset(&self) {
        self.offset.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_moves_only_when_told_and_its_clones_with_it() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let clock = Clock::stopped_at(start);
        let same = clock.clone();
        assert_eq!(clock.now(), start);
        assert_eq!(same.advance(60), start.plus_seconds(60));
        assert_eq!(clock.now(), start.plus_seconds(60));
        clock.advance(i64::MAX);
        clock.reset();
        assert_eq!(same.now(), start);
    }

    #[test]
    fn the_system_clock_is_in_this_century() {
        assert!(Clock::system().now() > Timestamp::from_seconds(1_700_000_000));
    }
}
