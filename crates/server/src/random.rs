//! Where randomness enters.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use cardea_core::random::{Random, Seeded};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// After this many bytes a generator takes a new seed, so that a leaked state tells little.
const RESEED_AFTER: usize = 1 << 20;

/// The process's randomness. Clones share it.
#[derive(Clone)]
pub struct SharedRandom(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<Seeded>>, Arc<str>),
}

thread_local! {
    static GENERATOR: Cell<Option<Box<System>>> = const { Cell::new(None) };
}

impl SharedRandom {
    /// `ChaCha20`, one per thread, seeded by the system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The same stream for the same label: for tests and `dev --deterministic`.
    pub fn seeded(label: &str) -> Self {
        Self(Source::Seeded(
            Arc::new(Mutex::new(Seeded::new(label))),
            label.into(),
        ))
    }

    /// Lends the generator to `use_it`.
    pub fn with<T>(&self, use_it: impl FnOnce(&mut dyn Random) -> T) -> T {
        match &self.0 {
            Source::System => {
                // taken out, not borrowed: a nested call makes itself another one
                let mut generator = GENERATOR.take().unwrap_or_else(System::fresh);
                let result = use_it(generator.as_mut());
                GENERATOR.set(Some(generator));
                result
            }
            Source::Seeded(seeded, _) => {
                let mut seeded = seeded.lock().unwrap_or_else(PoisonError::into_inner);
                use_it(&mut *seeded)
            }
        }
    }

    /// Whether it is a seeded stream.
    pub const fn is_seeded(&self) -> bool {
        matches!(self.0, Source::Seeded(..))
    }

    /// Begins a seeded stream again; the system's has no beginning.
    pub fn restart(&self) {
        if let Source::Seeded(seeded, label) = &self.0 {
            *seeded.lock().unwrap_or_else(PoisonError::into_inner) = Seeded::new(label);
        }
    }
}

impl fmt::Debug for SharedRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "SharedRandom(system)",
            Source::Seeded(..) => "SharedRandom(seeded)",
        })
    }
}

struct System {
    generator: ChaCha20Rng,
    left: usize,
}

impl System {
    fn fresh() -> Box<Self> {
        let generator = ChaCha20Rng::from_seed(system_seed());
        Box::new(Self {
            generator,
            left: RESEED_AFTER,
        })
    }
}

impl Random for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        if self.left < bytes.len() {
            self.generator = ChaCha20Rng::from_seed(system_seed());
            self.left = RESEED_AFTER;
        }
        self.left = self.left.saturating_sub(bytes.len());
        self.generator.fill_bytes(bytes);
    }
}

/// From the kernel where its device neither blocks nor gives weak bytes, else from AWS-LC, whose
/// first byte costs 25 ms: it measures the processor's jitter.
fn system_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    if kernel_never_blocks() && read_kernel(&mut seed).is_ok() {
        return seed;
    }
    library_seed()
}

fn library_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    // AWS-LC ends the process when the system has no randomness (attack CRYPTO-12); were it ever
    // to report an error instead, a seed of zeros must not be used
    while aws_lc_rs::rand::fill(&mut seed).is_err() {}
    seed
}

fn read_kernel(seed: &mut [u8]) -> std::io::Result<()> {
    File::open("/dev/random")?.read_exact(seed)
}

/// Since Linux 5.6 `/dev/random` waits for the first entropy after boot and never again.
fn kernel_never_blocks() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (5, 6)
}

/// Pays for the library's first random byte on a thread of its own, beside the start and not in
/// its way: keys and handshakes draw from the library.
pub fn warm() {
    let made = std::thread::Builder::new()
        .name("entropy".to_owned())
        .spawn(library_seed);
    drop(made); // it ends by itself; if it never started, the first user pays
}

#[cfg(test)]
mod tests {
    use cardea_core::random::hex;

    use super::*;

    #[test]
    fn the_system_gives_other_bytes_each_time_even_when_nested() {
        let random = SharedRandom::system();
        let (outer, inner) = random.with(|outer| {
            let inner = random.with(|inner| hex(inner, 32));
            (hex(outer, 32), inner)
        });
        assert_ne!(outer, inner);
        let long = random.with(|random| {
            let mut bytes = vec![0; RESEED_AFTER + 1];
            random.fill(&mut bytes);
            random.fill(&mut bytes);
            bytes
        });
        assert!(long.iter().any(|byte| *byte != 0));
    }

    #[test]
    fn a_seeded_stream_is_shared_and_can_begin_again() {
        let random = SharedRandom::seeded("x");
        let first = random.with(|random| hex(random, 16));
        let same = random.clone();
        let second = same.with(|random| hex(random, 16));
        assert_ne!(first, second);
        random.restart();
        assert_eq!(random.with(|random| hex(random, 16)), first);
    }
}
