//! Each guard refuses, and a refused commit leaves no trace.

use cardea_core::model::{Change, Kind};
use cardea_core::write::{Conflict, Write};

use super::both;
use super::world::*;
use crate::StoreError;

both!(
    a_refused_commit_writes_nothing,
    versions_and_changes_follow_commits,
    deletion_takes_children
);

/// What is refused in a tenant at version 3 that holds client `app` at revision 2, credential
/// `cred` of it, API `api` named `https://a/`, and a consumed assertion `used`.
fn refusals() -> Vec<(&'static str, Option<i64>, Vec<Write>, Conflict)> {
    use Conflict::{Exists, Moved, Replayed, TenantMoved};
    let (insert, update) = (Write::Insert, Write::Update);
    let again = || at_revision(client("app"), 2);
    vec![
        (
            "insert: the id",
            None,
            vec![log(1), insert(client("app"))],
            Exists(Kind::Client),
        ),
        (
            "insert: the unique name",
            None,
            vec![insert(client("new")), insert(api("other", "https://a/"))],
            Exists(Kind::Api),
        ),
        (
            "update: the revision",
            None,
            vec![log(1), update(client("app"))],
            Moved(Kind::Client),
        ),
        (
            "update: a revision to come",
            None,
            vec![update(at_revision(client("app"), 3))],
            Moved(Kind::Client),
        ),
        (
            "delete: a revision to come",
            None,
            vec![delete(Kind::Client, "app", 3)],
            Moved(Kind::Client),
        ),
        (
            "update: gone",
            None,
            vec![update(client("gone"))],
            Moved(Kind::Client),
        ),
        (
            "update: another's name",
            None,
            vec![
                insert(api("new", "https://b/")),
                update(api("new", "https://a/")),
            ],
            Exists(Kind::Api),
        ),
        (
            "delete: the revision",
            None,
            vec![delete(Kind::Client, "app", 1)],
            Moved(Kind::Client),
        ),
        (
            "delete: gone",
            None,
            vec![
                delete(Kind::Client, "app", 2),
                delete(Kind::Credential, "cred", 1),
            ],
            Moved(Kind::Credential),
        ),
        ("replay", None, vec![log(1), consume("used", 60)], Replayed),
        (
            "replay, decided",
            Some(3),
            vec![consume("used", 60), log(1)],
            Replayed,
        ),
        ("replay, alone", None, vec![consume("used", 60)], Replayed),
        (
            "replay with a change",
            None,
            vec![update(again()), consume("used", 60)],
            Replayed,
        ),
        ("moved: a token", Some(2), vec![log(1)], TenantMoved),
        ("moved: from the future", Some(4), vec![log(1)], TenantMoved),
        (
            "moved: two events",
            Some(2),
            vec![log(1), log(2)],
            TenantMoved,
        ),
        (
            "moved: an assertion",
            Some(2),
            vec![consume("new", 60), log(1)],
            TenantMoved,
        ),
        (
            "moved: an assertion alone",
            Some(2),
            vec![consume("new", 60)],
            TenantMoved,
        ),
        (
            "moved: before replayed",
            Some(2),
            vec![consume("used", 60), log(1)],
            TenantMoved,
        ),
        (
            "moved: a change",
            Some(2),
            vec![update(again()), log(1)],
            TenantMoved,
        ),
        ("moved: nothing to do", Some(2), vec![], TenantMoved),
    ]
}

async fn a_refused_commit_writes_nothing(world: &World) {
    let tenant = world.tenant("a").await;
    let first = vec![
        Write::Insert(client("app")),
        Write::Insert(child("cred", "app")),
        Write::Insert(api("api", "https://a/")),
        consume("used", 60),
    ];
    assert_eq!(tenant.decided(1, first).await, Ok(2));
    assert_eq!(
        tenant.decided(2, vec![Write::Update(client("app"))]).await,
        Ok(3)
    );

    let before = world.dump().await;
    for (name, decided_at, writes, conflict) in refusals() {
        let outcome = tenant.commit(commit(decided_at, writes), NOW).await;
        assert_eq!(outcome, Err(StoreError::Conflict(conflict)), "{name}");
        assert_eq!(world.dump().await, before, "{name}");
    }

    let nobody = world.store.tenant(&tenant_id("nobody"));
    for writes in [
        vec![log(1)],
        vec![consume("x", 60)],
        vec![Write::Insert(client("x"))],
        vec![],
    ] {
        let outcome = nobody.put(writes).await;
        assert_eq!(outcome, Err(StoreError::Conflict(Conflict::TenantMoved)));
    }
    assert_eq!(world.dump().await, before);

    // what the rows above break, whole
    let whole = vec![
        Write::Update(at_revision(client("app"), 2)),
        Write::Update(api("api", "https://moved/")),
        Write::Insert(api("other", "https://a/")),
        consume("new", 60),
        log(1),
    ];
    assert_eq!(tenant.decided(3, whole).await, Ok(4));
    assert_eq!(
        tenant.decided(4, vec![consume("newer", 60), log(2)]).await,
        Ok(4)
    );
    assert_eq!(tenant.put(vec![log(3)]).await, Ok(4));
    assert_eq!(tenant.put(vec![]).await, Ok(4));
    assert_eq!(tenant.log_count().await, Ok(3));
    // RFC 7523 3: remembered up to its expiry and in that instant, forgotten after it
    assert_eq!(tenant.put(vec![consume("brief", 0)]).await, Ok(4));
    let replayed = Err(StoreError::Conflict(Conflict::Replayed));
    assert_eq!(tenant.put(vec![consume("brief", 0)]).await, replayed);
    let later = NOW.plus_seconds(1);
    assert!(
        tenant
            .commit(commit(None, vec![consume("brief", 9)]), later)
            .await
            .is_ok()
    );
    let outcome = tenant
        .commit(commit(None, vec![consume("brief", 9)]), later)
        .await;
    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::Replayed)));
}

async fn versions_and_changes_follow_commits(world: &World) {
    let tenant = world.tenant("a").await;
    assert_eq!(tenant.put(vec![Write::Insert(client("a"))]).await, Ok(2));
    assert_eq!(tenant.put(vec![Write::Insert(client("b"))]).await, Ok(3));
    assert_eq!(tenant.put(vec![delete(Kind::Client, "a", 1)]).await, Ok(4));
    assert_eq!(tenant.put(vec![log(1)]).await, Ok(4));
    assert_eq!(tenant.version().await, Ok(4));

    let names = |changes: Vec<Change>| -> Vec<String> {
        changes
            .into_iter()
            .map(|change| match change {
                Change::Put(document) => format!("put {}", document.id),
                Change::Removed(kind, id) => format!("removed {kind} {id}"),
            })
            .collect()
    };
    let since = async |version| {
        tenant
            .changes_since(version)
            .await
            .map(|(to, c)| (to, names(c)))
    };
    let expect = |names: &[&str]| Ok((4, names.iter().map(ToString::to_string).collect()));
    assert_eq!(
        since(0).await,
        expect(&["put settings", "removed client a", "put b"])
    );
    assert_eq!(since(2).await, expect(&["removed client a", "put b"]));
    assert_eq!(since(3).await, expect(&["removed client a"]));
    assert_eq!(since(4).await, expect(&[]));
    assert_eq!(since(5).await, Err(StoreError::TooOld));

    let (version, documents) = tenant.load().await.unwrap();
    let ids: Vec<_> = documents
        .iter()
        .map(|document| document.id.as_str())
        .collect();
    assert_eq!((version, ids), (4, vec!["b", "settings"]));

    // a change of hosts cannot be followed by documents
    let moved = world
        .store
        .rehost_tenant(&tenant_id("a"), &host("b"), &[host("c")])
        .await;
    assert_eq!(moved, Ok(5));
    assert_eq!(since(4).await, Err(StoreError::TooOld));
    assert_eq!(world.store.versions().await, Ok(vec![(tenant_id("a"), 5)]));

    // nor a reset
    assert_eq!(
        world
            .store
            .reset_tenant(&tenant_id("a"), vec![settings()])
            .await,
        Ok(6)
    );
    assert_eq!(since(5).await, Err(StoreError::TooOld));
    assert_eq!(tenant.load().await.unwrap().1.len(), 1);
    assert_eq!(tenant.log_count().await, Ok(0));
    assert_eq!(tenant.put(vec![Write::Insert(client("a"))]).await, Ok(7));
    assert_eq!(
        tenant
            .changes_since(6)
            .await
            .map(|(to, c)| (to, names(c)))
            .unwrap()
            .1,
        ["put a"]
    );
}

async fn deletion_takes_children(world: &World) {
    let tenant = world.tenant("a").await;
    let writes = vec![
        Write::Insert(client("app")),
        Write::Insert(client("other")),
        Write::Insert(child("one", "app")),
        Write::Insert(child("two", "app")),
        Write::Insert(child("three", "other")),
    ];
    assert_eq!(tenant.put(writes).await, Ok(2));
    assert_eq!(
        tenant.put(vec![delete(Kind::Client, "app", 1)]).await,
        Ok(3)
    );

    let (_, documents) = tenant.load().await.unwrap();
    let mut left: Vec<_> = documents.into_iter().map(|document| document.id).collect();
    left.sort();
    assert_eq!(left, ["other", "settings", "three"]);
    let (_, changes) = tenant.changes_since(2).await.unwrap();
    let removed = changes
        .iter()
        .filter(|change| matches!(change, Change::Removed(..)));
    assert_eq!((changes.len(), removed.count()), (3, 3));
}
