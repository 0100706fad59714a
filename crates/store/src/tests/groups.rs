//! Group commit: many jobs share a transaction, and each has its own fate.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use cardea_core::write::{Conflict, Write};
use futures_util::future::{MaybeDone, join_all, maybe_done};

use super::attempts::counter;
use super::both;
use super::world::*;
use crate::db::{DatabaseKind, GROUP, QUEUE, Statement};
use crate::value::params;
use crate::{Store, StoreError};

both!(
    one_failure_in_a_group_fails_alone,
    a_failed_commit_fails_the_whole_group,
    a_full_queue_sheds,
    closing_finishes_what_is_queued,
    a_relaxed_commit_arrives,
    ping_answers,
);

/// Polls each once, in order: that queues it.
pub(super) async fn queue<F: Future>(
    futures: impl Iterator<Item = F>,
) -> Vec<Pin<Box<MaybeDone<F>>>> {
    let mut queued: Vec<_> = futures.map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        for future in &mut queued {
            let _ = future.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    queued
}

pub(super) async fn finish<F: Future>(queued: Vec<Pin<Box<MaybeDone<F>>>>) -> Vec<F::Output> {
    let mut outputs = Vec::new();
    for mut future in queued {
        future.as_mut().await;
        outputs.extend(future.as_mut().take_output());
    }
    outputs
}

async fn one_failure_in_a_group_fails_alone(world: &World) {
    let tenant = &world.tenant("a").await;
    tenant
        .put(vec![consume("used", 60), log(1_000)])
        .await
        .unwrap();
    for mixed in [false, true] {
        let base = if mixed { 500 } else { 0 };
        let blocker = Blocker::new(world).await;
        let commits = (0..200).map(|number| async move {
            let id = base + number;
            match number {
                // a guard, a violated constraint, a guard inside of a longer job
                60 => tenant.decided(7, vec![log(id)]).await,
                100 => tenant.decided(1, vec![log(1_000)]).await,
                140 if mixed => tenant.decided(1, vec![consume("used", 60), log(id)]).await,
                _ if mixed && number % 3 == 0 => {
                    tenant
                        .decided(1, vec![consume(&number.to_string(), 60), log(id)])
                        .await
                }
                _ => tenant.decided(1, vec![log(id)]).await,
            }
        });
        let queued = queue(commits).await;
        blocker.let_go().await;
        for (number, outcome) in finish(queued).await.into_iter().enumerate() {
            match number {
                60 => {
                    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::TenantMoved)));
                }
                100 => assert!(
                    matches!(outcome, Err(StoreError::Unavailable(_))),
                    "{outcome:?}"
                ),
                140 if mixed => {
                    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::Replayed)));
                }
                _ => assert_eq!(outcome, Ok(1), "{number}"),
            }
        }
    }
    assert_eq!(tenant.log_count().await, Ok(1 + 198 + 197));
}

async fn a_failed_commit_fails_the_whole_group(world: &World) {
    let tenant = &world.tenant("a").await;
    let db = world.store.db();
    let orphan = || {
        Statement::any(
            "INSERT INTO tenant_domain (host, tenant_id) VALUES ($1, $2)",
            params!["h", "nobody"],
        )
    };
    // a foreign key that is looked at at the end makes COMMIT itself fail
    let mut job = match world.store.kind() {
        DatabaseKind::Sqlite => vec![Statement::any("PRAGMA defer_foreign_keys = ON", params![])],
        DatabaseKind::Postgres => {
            let deferred = "ALTER TABLE tenant_domain
                ALTER CONSTRAINT tenant_domain_tenant_id_fkey DEFERRABLE INITIALLY DEFERRED";
            db.commit(vec![Statement::any(deferred, params![])])
                .await
                .unwrap();
            vec![]
        }
    };
    job.push(orphan());
    let bad = std::cell::Cell::new(Some(job));
    let blocker = Blocker::new(world).await;
    // whichever group the bad one falls into, it is not alone there
    let queued = queue((0..41).map(|number| {
        let job = if number == 20 { bad.take() } else { None };
        async move {
            match job {
                Some(job) => db.commit(job).await.map(|_| 0),
                None => tenant.put(vec![log(number)]).await,
            }
        }
    }))
    .await;
    blocker.let_go().await;
    let outcomes = finish(queued).await;
    let unknown = |outcome: &&_| matches!(outcome, Err(StoreError::Unavailable(_)));
    assert!(unknown(&&outcomes[20]), "{outcomes:?}");
    assert!(outcomes.iter().filter(unknown).count() > 1, "{outcomes:?}");
    // what was acknowledged is there, and the next commit finds a fresh connection
    let known = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(usize::try_from(tenant.log_count().await.unwrap()).unwrap() >= known);
    assert_eq!(tenant.put(vec![log(100)]).await, Ok(1));
}

async fn a_full_queue_sheds(world: &World) {
    let tenant = &world.tenant("a").await;
    let blocker = Blocker::new(world).await;
    let counter = counter(1, 60, 60);
    let aside = queue([tenant.take_attempt_unhurried(&counter, NOW)].into_iter()).await;
    let count = QUEUE + GROUP + 300;
    let numbers = (0_u64..).take(count);
    let queued = queue(numbers.map(|number| tenant.put(vec![log(number)]))).await;
    let shed = queued
        .iter()
        .filter(|future| matches!(&***future, MaybeDone::Done(Err(StoreError::Unavailable(_)))))
        .count();
    assert!((300..=300 + GROUP).contains(&shed), "{shed}");
    // a full queue is reason enough to take what is aside
    tenant.hurry().unwrap();
    blocker.let_go().await;
    let kept = finish(queued).await.into_iter().flatten().count();
    assert_eq!(kept, count - shed);
    assert!(finish(aside).await.iter().all(Result::is_ok));
    assert_eq!(usize::try_from(tenant.log_count().await.unwrap()), Ok(kept));
}

async fn closing_finishes_what_is_queued(world: &World) {
    let other: Store = world.node().await;
    world.tenant("a").await;
    let tenant = &other.tenant(&tenant_id("a"));
    let queued = queue((0..100).map(|number| tenant.put(vec![log(number)]))).await;
    other.close().await;
    assert!(finish(queued).await.iter().all(Result::is_ok));
    let late = tenant.put(vec![log(200)]).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    other.close().await;
    assert_eq!(
        world.store.tenant(&tenant_id("a")).log_count().await,
        Ok(100)
    );
}

async fn a_relaxed_commit_arrives(world: &World) {
    let tenant = world.tenant("a").await;
    for number in 0..50 {
        tenant
            .commit_relaxed(commit(Some(1), vec![log(number)]), NOW)
            .unwrap();
    }
    // one whose guard does not hold bothers nobody
    tenant
        .commit_relaxed(commit(Some(2), vec![log(50)]), NOW)
        .unwrap();
    // commits are made in the order in which they were queued
    assert_eq!(tenant.put(vec![Write::Insert(client("app"))]).await, Ok(2));
    assert_eq!(tenant.log_count().await, Ok(50));
}

async fn ping_answers(world: &World) {
    assert_eq!(world.store.ping().await, Ok(()));
    let pings = join_all((0..20).map(|_| world.store.ping())).await;
    assert!(pings.iter().all(Result::is_ok));
    world.store.close().await;
    assert!(matches!(
        world.store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
}
