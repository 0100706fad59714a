//! Argon2 in memory that is used again: 19 MiB or more are not asked of the system for each login.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use cardea_core::protocol::password_hash::{Argon2Hash, HashCost, Variant};
use cardea_jose::constant_time_eq;

use super::{HASH_BYTES, SALT_BYTES};

/// A buffer that grew beyond this for an imported hash is given back: 64 MiB.
const MOST_KEPT: usize = 64 * 1024;

/// Buffers that nobody uses now: never more than ran at once.
#[derive(Default)]
pub(super) struct Buffers(Mutex<Vec<Vec<Block>>>);

impl Buffers {
    /// Computes the hash that `like` would have for this secret; `None` for parameters that the
    /// algorithm does not take.
    pub(super) fn argon2(&self, like: &Argon2Hash, secret: &[u8]) -> Option<Vec<u8>> {
        let HashCost {
            memory_kib,
            passes,
            lanes,
        } = like.cost;
        let params = Params::new(memory_kib, passes, lanes, Some(like.hash.len())).ok()?;
        let blocks = params.block_count();
        let algorithm = match like.variant {
            Variant::D => Algorithm::Argon2d,
            Variant::I => Algorithm::Argon2i,
            Variant::Id => Algorithm::Argon2id,
        };
        let version = if like.version_13 {
            Version::V0x13
        } else {
            Version::V0x10
        };
        let argon = Argon2::new(algorithm, version, params);
        let mut hash = vec![0; like.hash.len()];
        let mut buffer = self.take();
        if buffer.len() < blocks {
            grow(&mut buffer, blocks);
        }
        let memory = buffer.get_mut(..blocks)?;
        let done = argon.hash_password_into_with_memory(secret, &like.salt, &mut hash, memory);
        self.give_back(buffer);
        done.ok().map(|()| hash)
    }

    /// Whether this secret has this hash.
    pub(super) fn argon2_matches(&self, hash: &Argon2Hash, secret: &[u8]) -> bool {
        self.argon2(hash, secret)
            .is_some_and(|computed| constant_time_eq(&computed, &hash.hash))
    }

    /// The same work for nobody (attack PASSWORD-02).
    pub(super) fn decoy(&self, cost: HashCost, secret: &[u8]) {
        let nobody = Argon2Hash {
            variant: Variant::Id,
            version_13: true,
            cost,
            salt: vec![0; SALT_BYTES],
            hash: vec![0; HASH_BYTES],
        };
        std::hint::black_box(self.argon2_matches(&nobody, secret));
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Vec<Block> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop().unwrap_or_default()
    }

    fn give_back(&self, mut buffer: Vec<Block>) {
        if buffer.len() > MOST_KEPT {
            buffer.truncate(MOST_KEPT);
            buffer.shrink_to_fit();
        }
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(buffer);
    }
}

/// A hash goes through its memory in no order: in pages of 4 KiB, nearly each step would look an
/// address up anew, and leave no address of the server's in the processor's tables.
fn grow(buffer: &mut Vec<Block>, blocks: usize) {
    *buffer = Vec::with_capacity(blocks);
    // before the first write gives it pages
    #[cfg(target_os = "linux")]
    kevy_madvise::advise_hugepage(buffer.as_ptr().cast(), blocks * Block::SIZE);
    buffer.resize(blocks, Block::new());
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers(..)")
    }
}
