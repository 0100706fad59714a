//! How many connections may be open at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// File descriptors kept back for the database, files and outgoing connections.
const RESERVED: usize = 128;
const MOST: usize = 16_384;
const FEWEST: usize = 64;
/// What most systems allow, where it can't be read.
const USUAL_LIMIT: usize = 1024;

/// A slot for each connection: when all are taken, new connections wait in the kernel's queue
/// instead of failing in the middle of a request (attack HTTP-02).
#[derive(Debug)]
pub(super) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(super) fn new() -> Self {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let open_files = open_files(&limits).unwrap_or(USUAL_LIMIT);
        let slots = open_files.saturating_sub(RESERVED).clamp(FEWEST, MOST);
        Self(Arc::new(Semaphore::new(slots)))
    }

    /// Waits for a free slot; dropping it gives it back.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok() // never closed
    }
}

/// The soft limit in `/proc/self/limits`.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_from_the_system() {
        let text = "Limit  Soft Limit  Hard Limit  Units\nMax open files   4096   8192   files\n";
        assert_eq!(open_files(text), Some(4096));
        assert_eq!(open_files("Max open files unlimited unlimited files"), None);
        assert_eq!(open_files(""), None);
    }
}
