//! Request rates, in memory: calls of the Management API, and guesses at client secrets.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cardea_core::time::Timestamp;

/// Management calls per second: of one client, and of one address without a good token.
const CALLS_PER_SECOND: u32 = 200;
const ANONYMOUS_PER_SECOND: u32 = 20;
/// Wrong secrets per minute: for one client from one address, and for one client in all.
const GUESSES_PER_ADDRESS: u32 = 10;
const GUESSES_PER_CLIENT: u32 = 100;
/// Seconds of a window for guesses.
const GUESS_WINDOW: i64 = 60;
/// Seconds for which an address stays known.
const KNOWN_FOR: i64 = 86_400;
/// Windows that are kept of each sort; beyond, those of past times go.
const MAX_WINDOWS: usize = 50_000;

/// What the answer's `x-ratelimit-*` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Absolute, in Unix seconds: a relative value sends one tool into a hot loop.
    pub(crate) reset: i64,
    pub(crate) exceeded: bool,
}

/// There were too many guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// Seconds to wait.
    pub(crate) wait: i64,
    /// Whether this is the first that is turned away: worth an event, the others are not.
    pub(crate) first: bool,
}

/// The counters of this node.
#[derive(Debug)]
pub(crate) struct Limits {
    enforced: bool,
    calls: Mutex<Windows<Caller>>,
    guesses: Mutex<Windows<Guess>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Caller {
    Client(String, String),
    Address(String, IpAddr),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Guess {
    /// At a client of a tenant, from an address.
    From(String, String, IpAddr),
    /// At a client of a tenant, from everywhere.
    At(String, String),
    /// An address from which the client has succeeded within a day.
    Known(String, String, IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Window {
    until: i64,
    count: u32,
    told: bool,
}

#[derive(Debug)]
struct Windows<K> {
    open: BTreeMap<K, Window>,
    swept_at: i64,
}

impl<K: Ord> Windows<K> {
    const fn new() -> Self {
        Self {
            open: BTreeMap::new(),
            swept_at: 0,
        }
    }

    fn get(&mut self, key: &K, now: i64) -> Option<&mut Window> {
        self.open.get_mut(key).filter(|window| window.until > now)
    }

    /// Counts one; gives the count with it.
    fn count(&mut self, key: K, now: i64, seconds: i64) -> u32 {
        if self.open.len() >= MAX_WINDOWS && !self.open.contains_key(&key) {
            if self.swept_at < now {
                self.swept_at = now; // once a second at the most: the map is large
                self.open.retain(|_, window| window.until > now);
            }
            if self.open.len() >= MAX_WINDOWS {
                return 1; // bounded memory comes first; the windows pass within a minute
            }
        }
        let fresh = Window {
            until: now + seconds,
            count: 0,
            told: false,
        };
        let window = self.open.entry(key).or_insert(fresh);
        if window.until <= now {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
        window.count
    }

    fn give_back(&mut self, key: &K, now: i64) {
        if let Some(window) = self.get(key, now) {
            window.count = window.count.saturating_sub(1);
        }
    }
}

impl Limits {
    pub(crate) const fn new(enforced: bool) -> Self {
        Self {
            enforced,
            calls: Mutex::new(Windows::new()),
            guesses: Mutex::new(Windows::new()),
        }
    }

    /// Whether anything is limited.
    pub(crate) const fn is_enforced(&self) -> bool {
        self.enforced
    }

    /// Counts a Management API call of a client (attack MGMT-17: one does not slow another down).
    pub(crate) fn management(&self, tenant: &str, client: &str, now: Timestamp) -> Rate {
        let caller = Caller::Client(tenant.to_owned(), client.to_owned());
        self.call(caller, CALLS_PER_SECOND, now)
    }

    /// Counts a Management API call without a good token.
    pub(crate) fn anonymous(&self, tenant: &str, ip: IpAddr, now: Timestamp) -> Rate {
        self.call(
            Caller::Address(tenant.to_owned(), ip),
            ANONYMOUS_PER_SECOND,
            now,
        )
    }

    fn call(&self, caller: Caller, limit: u32, now: Timestamp) -> Rate {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let left = limit.checked_sub(calls.count(caller, now.seconds(), 1));
        // without limits there is always something left: a tool that reads 0 would wait
        let least = u32::from(!self.enforced);
        Rate {
            limit,
            remaining: left.unwrap_or(0).max(least),
            reset: now.seconds() + 1,
            exceeded: self.enforced && left.is_none(),
        }
    }

    /// Counts a guess at a client's secret before it is looked at, so that many at once are no
    /// more than many in a row (attack TOKEN-15). Guesses from everywhere do not lock a client
    /// out of an address from which it has succeeded.
    pub(crate) fn reserve_guess(
        &self,
        tenant: &str,
        client: &str,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<(), TooMany> {
        if !self.enforced {
            return Ok(());
        }
        let now = now.seconds();
        let (from, at, known) = guess_keys(tenant, client, ip);
        let mut guesses = self.lock_guesses();
        let is_known = guesses.get(&known, now).is_some();
        let bounds = [
            (&from, GUESSES_PER_ADDRESS),
            (
                &at,
                if is_known {
                    u32::MAX
                } else {
                    GUESSES_PER_CLIENT
                },
            ),
        ];
        for (key, most) in bounds {
            if let Some(window) = guesses.get(key, now)
                && window.count >= most
            {
                let first = !std::mem::replace(&mut window.told, true);
                let wait = window.until - now;
                return Err(TooMany { wait, first });
            }
        }
        guesses.count(from, now, GUESS_WINDOW);
        guesses.count(at, now, GUESS_WINDOW);
        Ok(())
    }

    /// It was no wrong secret: the guess does not count. If the secret was right, this address
    /// starts afresh, and is known.
    pub(crate) fn not_wrong(
        &self,
        tenant: &str,
        client: &str,
        ip: IpAddr,
        (right, now): (bool, Timestamp),
    ) {
        if !self.enforced {
            return;
        }
        let now = now.seconds();
        let (from, at, known) = guess_keys(tenant, client, ip);
        let mut guesses = self.lock_guesses();
        guesses.give_back(&at, now);
        if right {
            guesses.open.remove(&from);
            guesses.count(known, now, KNOWN_FOR);
        } else {
            guesses.give_back(&from, now);
        }
    }

    fn lock_guesses(&self) -> MutexGuard<'_, Windows<Guess>> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn guess_keys(tenant: &str, client: &str, ip: IpAddr) -> (Guess, Guess, Guess) {
    let (tenant, client) = (tenant.to_owned(), client.to_owned());
    (
        Guess::From(tenant.clone(), client.clone(), ip),
        Guess::At(tenant.clone(), client.clone()),
        Guess::Known(tenant, client, ip),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn token_15_ten_guesses_a_minute_from_one_address() {
        let limits = Limits::new(true);
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..10 {
            assert_eq!(limits.reserve_guess("t", "c", here, NOW), Ok(()));
        }
        let turned_away = |first| Err(TooMany { wait: 60, first });
        assert_eq!(limits.reserve_guess("t", "c", here, NOW), turned_away(true));
        assert_eq!(
            limits.reserve_guess("t", "c", here, NOW),
            turned_away(false)
        );
        assert_eq!(limits.reserve_guess("t", "c", there, NOW), Ok(()));
        assert_eq!(limits.reserve_guess("u", "c", here, NOW), Ok(()));
        let later = NOW.plus_seconds(61);
        assert_eq!(limits.reserve_guess("t", "c", here, later), Ok(()));
    }

    #[test]
    fn token_15_a_hundred_guesses_a_minute_from_everywhere() {
        let limits = Limits::new(true);
        let (usual, new) = (
            IpAddr::from([198, 51, 100, 1]),
            IpAddr::from([198, 51, 100, 2]),
        );
        limits.reserve_guess("t", "c", usual, NOW).unwrap();
        limits.not_wrong("t", "c", usual, (true, NOW));
        for last in 0..100 {
            let ip = IpAddr::from([192, 0, 2, last]);
            limits.reserve_guess("t", "c", ip, NOW).unwrap();
        }
        assert_eq!(limits.reserve_guess("t", "c", usual, NOW), Ok(()));
        assert!(limits.reserve_guess("t", "c", new, NOW).is_err());
    }

    #[test]
    fn what_was_no_wrong_secret_does_not_count() {
        let limits = Limits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        for right in [true, false] {
            for _ in 0..200 {
                assert_eq!(limits.reserve_guess("t", "c", ip, NOW), Ok(()));
                limits.not_wrong("t", "c", ip, (right, NOW));
            }
        }
    }

    #[test]
    fn mgmt_17_a_full_bucket_is_one_callers_alone() {
        let limits = Limits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..CALLS_PER_SECOND {
            assert!(!limits.management("t", "c", NOW).exceeded);
        }
        let rate = limits.management("t", "c", NOW);
        assert!(rate.exceeded && rate.remaining == 0);
        assert_eq!(rate.reset, NOW.seconds() + 1);
        for _ in 0..=ANONYMOUS_PER_SECOND {
            limits.anonymous("t", ip, NOW);
        }
        assert!(limits.anonymous("t", ip, NOW).exceeded);
        assert!(!limits.management("t", "other", NOW).exceeded);
        assert!(!limits.management("u", "c", NOW).exceeded);
        assert!(!limits.management("t", "c", NOW.plus_seconds(1)).exceeded);
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let limits = Limits::new(false);
        for _ in 0..=CALLS_PER_SECOND {
            let rate = limits.management("t", "c", NOW);
            assert!(!rate.exceeded && rate.remaining > 0);
        }
    }
}
