//! Passwords are hashed and verified here: in a bounded pool, off the threads that answer
//! requests (attack PASSWORD-22).

mod argon;
pub(crate) mod check;
mod hashers;
mod imported;
pub(crate) mod links;
pub(crate) mod said;
pub(crate) mod signup;
mod strength;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cardea_core::model::User;
use cardea_core::protocol::password_hash::{
    self, Argon2Hash, Custom, Expected, HashCost, StoredHash, Variant,
};
use cardea_core::random::Random;
use cardea_jose::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use argon::Buffers;
use hashers::{Hashers, TOGETHER};

/// Longer ones are nobody's: refused before anything is computed, whoever is meant (attack
/// PASSWORD-18). A policy allows 128 characters of up to four bytes.
const MOST_BYTES: usize = 1024;
/// What may wait, for each core, in KiB and passes: about two seconds of work.
const MOST_WAITING: u64 = 2_500_000;
/// What two seconds of work may take where others want the processor too.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// How a password compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the user's.
    Matches {
        /// What is stored should be replaced by [`Passwords::hash`] of it.
        rehash: bool,
    },
    /// It is not, or the user has none, or there is no such user: all cost the same.
    Wrong,
}

/// More passwords wait than can be looked at in time: 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

/// The pool: as many at once as there are cores, each with memory that is used again. For each of
/// them three more stand ready, so that the threads that hash need not wait for those that answer.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicU64>,
    most_waiting: u64,
    buffers: Arc<Buffers>,
    hashers: Hashers,
}

impl Passwords {
    /// One for each core of this machine.
    pub(crate) fn new() -> Self {
        Self::with_threads(std::thread::available_parallelism().map_or(1, usize::from))
    }

    fn with_threads(threads: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(threads.saturating_mul(2 * TOGETHER))),
            waiting: Arc::default(),
            most_waiting: MOST_WAITING.saturating_mul(threads as u64),
            buffers: Arc::default(),
            hashers: Hashers::new(threads),
        }
    }

    /// Compares a password with the user's. `None` is nobody, and costs what a user costs (attack
    /// PASSWORD-02).
    pub(crate) async fn verify(
        &self,
        (cost, turn): (HashCost, HashTurn),
        user: Option<&User>,
        password: &Secret<String>,
    ) -> Result<Verdict, Busy> {
        let stored = user.and_then(|user| user.password.as_ref());
        let line = stored.and_then(|stored| password_hash::lines(stored).next());
        let hash = line.and_then(StoredHash::parse);
        if line.is_some() && hash.is_none() {
            tracing::error!(user = ?user.map(|user| &user.id), "the stored password is damaged");
        }
        if password.expose().len() > MOST_BYTES {
            return Ok(Verdict::Wrong);
        }
        let password = password.clone();
        let size = match &hash {
            Some(hash) if hash.is_outdated(cost) => None,
            Some(_) | None => Some(size(cost)),
        };
        self.run((size, turn), move |buffers| {
            let Some(hash) = hash else {
                buffers.decoy(cost, password.expose().as_bytes());
                return Verdict::Wrong;
            };
            if !imported::matches(&hash, password.expose(), buffers) {
                return Verdict::Wrong;
            }
            Verdict::Matches {
                rehash: hash.is_outdated(cost) && !imported::is_cut(&hash, password.expose()),
            }
        })
        .await
    }

    /// Whether a new password is the present one or one of `history` earlier ones.
    pub(crate) async fn is_reused(
        &self,
        cost: HashCost,
        (stored, history): (&Secret<String>, usize),
        password: &Secret<String>,
    ) -> Result<bool, Busy> {
        for line in password_hash::lines(stored).take(history) {
            let Some(hash) = StoredHash::parse(line) else {
                continue;
            };
            let password = password.clone();
            let same =
                move |buffers: &Buffers| imported::matches(&hash, password.expose(), buffers);
            let turn = self.turn(self.queue(cost)?).await?;
            if self.run((None, turn), same).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Argon2id with a fresh salt: one line for [`password_hash::replaced`].
    pub(crate) async fn hash(
        &self,
        cost: HashCost,
        password: &Secret<String>,
        random: &crate::random::SharedRandom,
    ) -> Result<String, Busy> {
        let salt = random.with(|random| salt(random));
        let password = password.clone();
        let turn = self.turn(self.queue(cost)?).await?;
        self.run((Some(size(cost)), turn), move |buffers| {
            argon2id(cost, salt, password.expose().as_bytes(), buffers)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        (size, turn): (Option<u64>, HashTurn),
        work: impl FnOnce(&Buffers) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let buffers = Arc::clone(&self.buffers);
        let HashTurn { permit, place } = turn;
        // the turn is given back with the answer, so that what follows follows together
        let hashing = self.hashers.run(size, move || {
            drop(place);
            (work(&buffers), permit)
        });
        let (done, _permit) = hashing.await?;
        Ok(done)
    }

    /// Waits until it is this one's turn; not for ever, where others want all of the processor.
    pub(crate) async fn turn(&self, place: Place) -> Result<HashTurn, Busy> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        match timeout(LONGEST_WAIT, turn).await {
            Ok(Ok(permit)) => Ok(HashTurn { permit, place }),
            Ok(Err(_)) | Err(_) => Err(Busy),
        }
    }

    /// A place among those that wait, if it would not wait too long. A login takes it before
    /// anything is counted, so that what is too much costs nothing.
    pub(crate) fn queue(&self, cost: HashCost) -> Result<Place, Busy> {
        let work = size(cost);
        let before = self.waiting.fetch_add(work, Ordering::Relaxed);
        let place = Place {
            waiting: Arc::clone(&self.waiting),
            work,
        };
        if before > 0 && before.saturating_add(work) > self.most_waiting {
            return Err(Busy);
        }
        Ok(place)
    }
}

/// In KiB and passes.
fn size(cost: HashCost) -> u64 {
    u64::from(cost.memory_kib) * u64::from(cost.passes)
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("free", &self.turns.available_permits())
            .finish_non_exhaustive()
    }
}

/// One computation may run, or stand ready. The next one may when its answer has been taken.
#[derive(Debug)]
pub(crate) struct HashTurn {
    permit: OwnedSemaphorePermit,
    place: Place,
}

/// Gives its place up when dropped: since it runs, or because nobody waits for the answer.
#[derive(Debug)]
pub(crate) struct Place {
    waiting: Arc<AtomicU64>,
    work: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.work, Ordering::Relaxed);
    }
}

fn salt(random: &mut dyn Random) -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt);
    salt
}

fn argon2id(cost: HashCost, salt: [u8; SALT_BYTES], secret: &[u8], buffers: &Buffers) -> String {
    let mut hash = Argon2Hash {
        variant: Variant::Id,
        version_13: true,
        cost,
        salt: salt.to_vec(),
        hash: vec![0; HASH_BYTES],
    };
    hash.hash = buffers.argon2(&hash, secret).unwrap_or_default();
    hash.to_string()
}

/// What is stored for an imported hash that is too fast: the Argon2id hash of its value stands in
/// the place of the value (attack PASSWORD-21). `None`: its value is not known.
pub(crate) fn hidden(cost: HashCost, custom: &Custom, random: &mut dyn Random) -> Option<String> {
    let Expected::Bytes(value) = &custom.expected else {
        return None;
    };
    let hash = argon2id(cost, salt(random), value, &Buffers::default());
    Argon2Hash::parse(&hash).map(|hash| custom.hashed(&hash))
}

/// Hashes on this thread: for the command line, which has nobody else to wait for. The memory is
/// used again for the next one, and goes back to the system with the hasher: allocated anew each
/// time, the second piece would stay.
#[derive(Debug, Default)]
pub(crate) struct Hasher(Buffers);

impl Hasher {
    pub(crate) fn hash(&self, cost: HashCost, password: &str, random: &mut dyn Random) -> String {
        argon2id(cost, salt(random), password.as_bytes(), &self.0)
    }
}
