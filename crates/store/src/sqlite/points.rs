//! The connection for reads by key. What is read within one turn of the runtime shares a
//! snapshot: to take one and to give it back is a third of what such a read costs.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::handle::Handle;
use crate::error::StoreError;
use crate::value::{Row, Value};

/// How many reads share one. A commit of this process ends it before anybody hears of that commit;
/// one of another process, which tells nobody, is seen after so many reads, or in the next turn.
const SHARED: u32 = 8;

/// The connection, and its snapshot.
pub(super) struct Points(Mutex<Option<Reader>>);

struct Reader {
    handle: Handle,
    /// How many more reads may share the snapshot; at 0 there is none.
    left: u32,
    /// Whether somebody will give it back when this turn is over.
    ending: bool,
}

impl Points {
    pub(super) const fn new(handle: Handle) -> Self {
        Self(Mutex::new(Some(Reader {
            handle,
            left: 0,
            ending: false,
        })))
    }

    pub(super) fn read(
        self: &Arc<Self>,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let mut reader = self.lock();
        let reader = reader
            .as_mut()
            .ok_or_else(|| StoreError::unavailable("the file is closed"))?;
        if reader.left == 0 {
            reader.handle.step("BEGIN")?;
            reader.left = SHARED;
            if !mem::replace(&mut reader.ending, true) {
                tokio::spawn(renew_after_this_turn(Arc::clone(self)));
            }
        }
        let found = reader.handle.query(sql, params);
        if reader.left == 1 {
            reader.renew();
        } else {
            reader.left -= 1;
        }
        found.map_err(StoreError::unavailable)
    }

    /// What is read next is read from what is there by now.
    pub(super) fn renew(&self) {
        if let Some(reader) = self.lock().as_mut() {
            reader.renew();
        }
    }

    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reader>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    fn renew(&mut self) {
        if mem::take(&mut self.left) > 0
            && let Err(error) = self.handle.step("COMMIT")
        {
            tracing::warn!(%error, "a snapshot ended by itself");
            // an error here means that nothing is left to be undone
            let _ = self.handle.step("ROLLBACK");
        }
    }
}

/// A snapshot that nobody gives back would keep the log of writes from being emptied.
async fn renew_after_this_turn(points: Arc<Points>) {
    tokio::task::yield_now().await;
    if let Some(reader) = points.lock().as_mut() {
        reader.ending = false;
        reader.renew();
    }
}
