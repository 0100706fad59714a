//! The tenant's signing keys: the first one quickly, the next one later.

use std::sync::Arc;

use cardea_core::model::{Document, KeyState, TenantRecord};
use cardea_core::random::Seeded;
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Write};
use cardea_jose::Algorithm;
use futures_util::future::{Either, select};
use tokio::task::JoinHandle;

use super::Dev;
use crate::app::App;
use crate::keygen::{KeyPlan, KeygenError};
use crate::random::SharedRandom;

pub(crate) type Making = JoinHandle<Result<Document, KeygenError>>;

/// Two keys in the making. Finding primes is luck: of two that search side by side the first to
/// end is current, the other one is next.
#[derive(Debug)]
pub(crate) struct Race {
    first: Making,
    second: Option<Making>,
}

impl Race {
    pub(crate) fn start(plan: &KeyPlan, random: &SharedRandom) -> Self {
        let run = || tokio::spawn(plan.clone().make_beside(random.clone()));
        let several = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        Self {
            first: run(),
            second: several.then(run),
        }
    }

    /// The first key, and what is left of the race.
    pub(crate) async fn winner(self) -> Result<(Document, Option<Making>), KeygenError> {
        let lost = |error: tokio::task::JoinError| KeygenError::new(error);
        let Some(second) = self.second else {
            return Ok((current(self.first.await.map_err(lost)??), None));
        };
        let (won, other) = match select(self.first, second).await {
            Either::Left(finish) | Either::Right(finish) => finish,
        };
        Ok((current(won.map_err(lost)??), Some(other)))
    }
}

pub(crate) fn current(mut key: Document) -> Document {
    key.body
        .insert("state".to_owned(), KeyState::Current.as_str().into());
    key
}

/// What a new tenant's first key is made from.
pub(crate) fn plan(record: &TenantRecord, algorithm: Algorithm, now: Timestamp) -> KeyPlan {
    KeyPlan {
        algorithm,
        state: KeyState::Next,
        profile: record.profile,
        host: record.host.clone(),
        now,
    }
}

/// The published keys of `--deterministic`: current and, for RS256, next.
pub(crate) fn fixed(plan: &KeyPlan, label: &str) -> Result<Vec<Document>, KeygenError> {
    let mut random = Seeded::new(&format!("{label} key {}", plan.algorithm));
    let mut keys = Vec::new();
    for number in [1, 2] {
        keys.extend(plan.fixed(number, &mut random)?);
    }
    if let Some(first) = keys.first_mut() {
        *first = current(first.clone());
    }
    Ok(keys)
}

/// Makes the tenant's next RS256 key if it has none, and stores it: after the start, so that
/// nobody waits for it.
pub(crate) async fn store_next(app: Arc<App>, dev: Arc<Dev>, making: Option<Making>) {
    let is_next = |key: &Document| {
        let member = |name| key.body.get(name).and_then(serde_json::Value::as_str);
        member("state") == Some(KeyState::Next.as_str())
            && member("alg") == Some(Algorithm::Rs256.as_str())
    };
    if dev.keys().iter().any(is_next) {
        return;
    }
    let now = app.clock.now();
    let made = match making {
        Some(making) => making
            .await
            .unwrap_or_else(|error| Err(KeygenError::new(error))),
        None => {
            plan(&dev.record, Algorithm::Rs256, now)
                .make_beside(app.random.clone())
                .await
        }
    };
    let key = match made {
        Ok(key) => key,
        Err(error) => return tracing::warn!(%error, "there is no next key yet"),
    };
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::Insert(key.clone())],
    };
    match app.store.tenant(dev.tenant()).commit(commit, now).await {
        Ok(_) => dev.keys().push(key),
        Err(error) => tracing::warn!(%error, "the next key could not be stored"),
    }
}
