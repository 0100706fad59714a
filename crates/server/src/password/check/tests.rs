//! What an attempt meets: its count, its turn, whichever comes first.

use std::future::pending;

use cardea_core::id::TenantId;
use cardea_jose::SealingKey;
use cardea_store::{DatabaseUrl, Options, Store, StoreError, Synchronous};

use super::super::Passwords;
use super::*;

type Counted = Option<Result<Option<TooMany>, Fault>>;

fn name(gate: &Result<Gate, Fault>) -> &'static str {
    match gate {
        Ok(Gate::Open(_)) => "open",
        Ok(Gate::Shut(TooMany::Account)) => "account",
        Ok(Gate::Shut(TooMany::Address)) => "address",
        Ok(Gate::Busy) => "busy",
        Err(_) => "fault",
    }
}

/// The count comes at once or after the turn (`later`), and the turn comes, or does not in time.
/// PASSWORD-11: no turn opens the gate before the count has come.
#[tokio::test]
async fn a_turn_opens_the_gate_after_the_count_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options {
        url: DatabaseUrl::Sqlite(folder.path().join("cardea.db")),
        sealing: SealingKey::from_bytes(&[7; 32]),
        synchronous: Synchronous::Full,
        exclusive: true,
        migrate: true,
    });
    let store = store.await.unwrap();
    let store = store.tenant(&TenantId::parse("a").unwrap());
    let pool = Passwords::with_threads(1);
    let cost = profile::password_cost(cardea_core::model::Profile::Compat);
    let lost = || Fault::Store(StoreError::TenantExists);
    let rows: [(Counted, bool, &str); 7] = [
        (Some(Ok(None)), true, "open"),
        (Some(Ok(None)), false, "busy"),
        (Some(Ok(Some(TooMany::Account))), true, "account"),
        (Some(Ok(Some(TooMany::Address))), false, "address"),
        (Some(Err(lost())), true, "fault"),
        (Some(Err(lost())), false, "fault"),
        (None, true, "waits"),
    ];
    for (counted, in_time, expected) in rows {
        for later in [false, true] {
            let counted = async {
                if later {
                    tokio::task::yield_now().await;
                }
                match &counted {
                    Some(Ok(too_many)) => Ok(*too_many),
                    Some(Err(_)) => Err(lost()),
                    None => pending().await,
                }
            };
            let turn = async {
                let turn = pool.turn(pool.queue(cost)?).await?;
                if in_time { Ok(turn) } else { Err(Busy) }
            };
            let met = tokio::select! {
                biased;
                gate = counted_first(&store, counted, turn) => name(&gate),
                () = async {
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                } => "waits",
            };
            assert_eq!(met, expected, "later: {later}, in time: {in_time}");
        }
    }
}
