//! Several nodes on one PostgreSQL, and what happens when it goes away.

use cardea_core::write::{Conflict, Write};

use futures_util::future::{join, join_all};

use super::world::*;
use crate::db::Statement;
use crate::value::params;
use crate::{DatabaseUrl, OpenError, Options, Store, StoreError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_on_one_node_stops_tokens_on_the_other() {
    let world = World::postgres().await;
    let (a, b) = (
        world.tenant("a").await,
        world.node().await.tenant(&tenant_id("a")),
    );
    let version = b.version().await.unwrap();
    assert_eq!(b.decided(version, vec![log(1)]).await, Ok(1));
    assert_eq!(a.put(vec![Write::Insert(client("app"))]).await, Ok(2));
    let moved = Err(StoreError::Conflict(Conflict::TenantMoved));
    assert_eq!(b.decided(version, vec![log(2)]).await, moved);
    assert_eq!(
        b.decided(version, vec![log(2), consume("jti", 60)]).await,
        moved
    );
    let (version, changes) = b.changes_since(version).await.unwrap();
    assert_eq!((version, changes.len()), (2, 1));
    assert_eq!(b.decided(version, vec![log(2)]).await, Ok(2));
    b.store.close().await;
    world.end().await;
}

/// Attack REL-PG-09: groups of two nodes take the same rows; no order of arrival loses a commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_with_the_same_tenants_do_not_block_each_other() {
    let world = World::postgres().await;
    let names: Vec<_> = (0..16).map(|number| format!("t{number}")).collect();
    for name in &names {
        world.tenant(name).await;
    }
    let (here, there) = (&world.store, &world.node().await);
    for round in 0..8 {
        let change = async |node: &Store, name: &str, by: &str| {
            let document = Write::Insert(client(&format!("{by} {round}")));
            let writes = vec![document, consume(&format!("{by} {round}"), 60)];
            node.tenant(&tenant_id(name)).put(writes).await.map(drop)
        };
        let forth = names.iter().map(|name| change(here, name, "here"));
        let back = names.iter().rev().map(|name| change(there, name, "there"));
        let (forth, back) = join(join_all(forth), join_all(back)).await;
        assert!(
            forth.iter().chain(&back).all(Result::is_ok),
            "{forth:?} {back:?}"
        );
    }
    there.close().await;
    world.end().await;
}

/// Should two nodes block each other nevertheless, the one that PostgreSQL picks tries again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_costs_time_and_no_commit() {
    let world = World::postgres().await;
    let names: Vec<_> = (0..16).map(|number| format!("t{number}")).collect();
    for name in &names {
        world.tenant(name).await;
    }
    let (here, there) = (&world.store, &world.node().await);
    let bump = async |store: &Store, name: &str| {
        // not said to be locking, so that nothing puts these in order
        let sql = "UPDATE tenant SET version = version + 1 WHERE tenant_id = $1";
        let job = vec![Statement::any(sql, params![tenant_id(name).as_str()])];
        store.db().commit(job).await
    };
    let forth = names.iter().map(|name| bump(here, name));
    let back = names.iter().rev().map(|name| bump(there, name));
    let (forth, back) = join(join_all(forth), join_all(back)).await;
    assert!(
        forth.iter().chain(&back).all(Result::is_ok),
        "{forth:?} {back:?}"
    );
    let versions = here.versions().await.unwrap();
    assert!(
        versions.iter().all(|(_, version)| *version == 3),
        "{versions:?}"
    );
    there.close().await;
    world.end().await;
}

/// Attack REL-PG-05: a restart costs what was in flight and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_replaced() {
    let world = World::postgres().await;
    let tenant = world.tenant("a").await;
    let DatabaseUrl::Postgres(url) = &world.url else {
        panic!("not PostgreSQL")
    };
    let admin = connect(&url.parse().unwrap()).await;
    for round in 0..5 {
        tenant.version().await.unwrap();
        tenant.load().await.unwrap();
        let ended = admin
            .query(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()",
                &[],
            )
            .await
            .unwrap();
        assert!(ended.len() >= 3, "committer and readers: {}", ended.len());
        // a read is repeated
        assert_eq!(tenant.version().await, Ok(1));
        // a write is not, for nobody knows how far it came; the next one goes through
        match tenant.put(vec![log(round * 2)]).await {
            Ok(version) => assert_eq!(version, 1),
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error}"),
        }
        assert_eq!(tenant.put(vec![log(round * 2 + 1)]).await, Ok(1));
    }
    world.end().await;
}

/// Attack REL-PG-03: 01000 at commit says that the standby may not have it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_at_commit_is_no_success() {
    let world = World::postgres().await;
    let tenant = world.tenant("a").await;
    let warns = "DO 'BEGIN RAISE WARNING ''as a cancelled wait does''; END'";
    let outcome = world
        .store
        .db()
        .commit(vec![Statement::any(warns, params![])])
        .await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
    assert_eq!(tenant.put(vec![log(1)]).await, Ok(1));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_weaker_than_synchronous_commit_is_used() {
    let world = World::postgres().await;
    let DatabaseUrl::Postgres(url) = &world.url else {
        panic!("not PostgreSQL")
    };
    let mark = if url.contains('?') { "&" } else { "?" };
    for (asked, used) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let url = format!("{url}{mark}options=-c%20synchronous_commit%3D{asked}");
        let url = DatabaseUrl::Postgres(url);
        let store = Store::open(options(&url)).await.unwrap();
        let sql = "SELECT current_setting('synchronous_commit')";
        let mut rows = store.db().point(sql, params![]).await.unwrap();
        assert_eq!(rows.remove(0).text().unwrap(), used);
        store.close().await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused_clearly() {
    let open = async |url: &str| {
        let url = DatabaseUrl::Postgres(url.to_owned());
        Store::open(Options { ..options(&url) })
            .await
            .err()
            .unwrap()
    };
    let refused = open("postgres://u:topsecret@127.0.0.1:1/d").await;
    assert!(matches!(refused, OpenError::Unreachable(_)), "{refused:?}");
    assert!(!refused.to_string().contains("topsecret"));
    let file = open("postgres://u@127.0.0.1:1/d?sslmode=require&sslrootcert=/no/such.pem").await;
    assert!(file.to_string().contains("/no/such.pem"), "{file}");
}
