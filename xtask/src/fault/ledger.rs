//! What the server has acknowledged, kept by its clients: the truth that must survive.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default, Clone)]
pub(crate) struct Entries {
    /// The user agents of token requests that were answered with a token: each stands in the log.
    pub(crate) tokens: Vec<String>,
    /// The ids of APIs whose creation was answered with 201.
    pub(crate) apis: Vec<String>,
    /// Answers that no client should get while nothing is wrong.
    pub(crate) refusals: Vec<String>,
}

impl Entries {
    pub(crate) fn count(&self) -> usize {
        self.tokens.len() + self.apis.len()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Entries>);

impl Ledger {
    pub(crate) fn write(&self, entry: impl FnOnce(&mut Entries)) {
        entry(&mut self.entries());
    }

    pub(crate) fn read(&self) -> Entries {
        self.entries().clone()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
