//! PKCE challenges that come again: a client that uses one for every login has none (RFC 9700
//! 2.1.1, attack AUTHZ-06). It is told, not stopped: a page that is loaded again asks again.
//!
//! What was seen is kept in memory, for a day or two and for so many logins; another node has its
//! own memory, so a constant challenge is noticed by its third use there at the latest.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use cardea_core::model::Artefact;
use cardea_core::time::Timestamp;

const DAY: i64 = 86_400;
/// Of each of the two generations.
const MOST: usize = 50_000;

/// What this node has seen.
#[derive(Debug, Default)]
pub(crate) struct Challenges(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    now: BTreeSet<[u8; 32]>,
    before: BTreeSet<[u8; 32]>,
    since: i64,
}

/// A challenge of an application.
pub(crate) fn named(tenant: &str, client: &str, challenge: &str) -> [u8; 32] {
    Artefact::name(&["challenge", tenant, client, challenge])
}

impl Challenges {
    /// Whether it was seen before.
    pub(crate) fn has(&self, challenge: &[u8; 32]) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.now.contains(challenge) || seen.before.contains(challenge)
    }

    /// It was used.
    pub(crate) fn add(&self, challenge: [u8; 32], now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.now.len() >= MOST || now.seconds() >= seen.since + DAY {
            seen.before = std::mem::take(&mut seen.now);
            seen.since = now.seconds();
        }
        seen.now.insert(challenge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTHZ-06: remembered for a day, forgotten after two, and never without bound.
    #[test]
    fn what_was_seen_is_remembered_for_a_day_and_bounded() {
        let challenges = Challenges::default();
        let at = |seconds| Timestamp::from_seconds(1_800_000_000 + seconds);
        let one = named("t", "c", "x");
        assert!(!challenges.has(&one));
        challenges.add(one, at(0));
        challenges.add(named("t", "c", "y"), at(DAY - 1));
        assert!(challenges.has(&one));
        for other in [named("u", "c", "x"), named("t", "d", "x")] {
            assert!(!challenges.has(&other), "another tenant's or client's");
        }
        challenges.add(named("t", "c", "z"), at(DAY));
        assert!(challenges.has(&one));
        challenges.add(named("t", "c", "z"), at(2 * DAY));
        assert!(!challenges.has(&one));
        for n in 0..2 * MOST + 10 {
            challenges.add(named("t", "c", &n.to_string()), at(2 * DAY));
        }
        let seen = challenges.0.lock().unwrap();
        assert!(seen.now.len() <= MOST && seen.before.len() <= MOST);
    }
}
