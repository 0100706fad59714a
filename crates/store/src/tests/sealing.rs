//! Attacks CRYPTO-01, CRYPTO-02 and CRYPTO-04.

use cardea_core::model::Kind;
use cardea_core::write::Write;
use cardea_jose::SealingKey;

use super::both;
use super::world::*;
use crate::db::Statement;
use crate::value::params;
use crate::{DatabaseUrl, OpenError, Options, Store, StoreError};

both!(
    secrets_come_back,
    a_transplanted_secret_does_not_open,
    another_key_is_refused
);

const SECRET: &str = "correct-horse-battery-staple";

async fn secrets_come_back(world: &World) {
    let tenant = world.tenant("a").await;
    let document = with_secret(client("app"), SECRET);
    tenant.put(vec![Write::Insert(document)]).await.unwrap();
    let changed = with_secret(client("app"), "another");
    let found = async || {
        let (_, documents) = tenant.load().await.unwrap();
        let app = documents
            .into_iter()
            .find(|document| document.id == "app")
            .unwrap();
        app.secrets
            .get("client_secret")
            .map(|secret| secret.expose().clone())
    };
    assert_eq!(found().await.as_deref(), Some(SECRET));
    tenant.put(vec![Write::Update(changed)]).await.unwrap();
    assert_eq!(found().await.as_deref(), Some("another"));
    tenant
        .put(vec![Write::Update(at_revision(client("app"), 2))])
        .await
        .unwrap();
    assert_eq!(found().await, None);
    assert!(!world.dump().await.concat().contains(SECRET));
}

async fn a_transplanted_secret_does_not_open(world: &World) {
    // from another row, from the same row of another tenant, and a damaged one
    const TRANSPLANTS: [&str; 3] = [
        "UPDATE document SET sealed = (SELECT sealed FROM document WHERE tenant_id = 'ten_a'
            AND id = 'other') WHERE tenant_id = $1 AND id = 'app'",
        "UPDATE document SET sealed = (SELECT sealed FROM document WHERE tenant_id = 'ten_b'
            AND id = 'app') WHERE tenant_id = $1 AND id = 'app'",
        "UPDATE document SET sealed = CAST('' AS BYTEA) WHERE tenant_id = $1 AND id = 'app'",
    ];
    let (a, b) = (world.tenant("a").await, world.tenant("b").await);
    for tenant in [&a, &b] {
        let document = |id| Write::Insert(with_secret(client(id), SECRET));
        tenant
            .put(vec![document("app"), document("other")])
            .await
            .unwrap();
    }
    for sql in TRANSPLANTS {
        let sqlite = world.store.kind() == crate::DatabaseKind::Sqlite;
        let sql = if sqlite && sql.contains("CAST") {
            "UPDATE document SET sealed = X'' WHERE tenant_id = $1 AND id = 'app'"
        } else {
            sql
        };
        let job = vec![Statement::any(sql, params!["ten_a"])];
        assert_eq!(world.store.db().commit(job).await.unwrap().rows, 1);
        let corrupt = Some(StoreError::Corrupt {
            table: "document",
            key: "client/app".to_owned(),
        });
        assert_eq!(a.load().await.err(), corrupt, "{sql}");
        assert_eq!(a.changes_since(1).await.err(), corrupt, "{sql}");
    }
    assert!(b.load().await.is_ok());
    // a document without a sealed part has no secrets; its decision fails for want of them
    let removed = at_revision(client("app"), 1);
    assert!(a.put(vec![Write::Update(removed)]).await.is_ok());
    assert!(
        a.load()
            .await
            .unwrap()
            .1
            .iter()
            .any(|d| d.id == "app" && d.secrets.is_empty())
    );
    assert!(a.put(vec![delete(Kind::Client, "app", 2)]).await.is_ok());
}

async fn another_key_is_refused(world: &World) {
    let tenant = world.tenant("a").await;
    tenant
        .put(vec![Write::Insert(with_secret(client("app"), SECRET))])
        .await
        .unwrap();
    let other = Options {
        sealing: SealingKey::from_bytes(&[8; 32]),
        ..options(&world.url)
    };
    assert_eq!(
        Store::open(other.clone()).await.err(),
        Some(OpenError::WrongKey)
    );
    // and no new canary is made over what the old key has sealed
    let job = vec![Statement::any(
        "DELETE FROM meta WHERE name = $1",
        params!["sealing_canary"],
    )];
    world.store.db().commit(job).await.unwrap();
    assert_eq!(Store::open(other).await.err(), Some(OpenError::WrongKey));
    assert_eq!(world.store.meta("sealing_canary").await, Ok(None));
}

#[tokio::test]
async fn no_secret_is_in_the_files() {
    let world = World::sqlite().await;
    let tenant = world.tenant("a").await;
    tenant
        .put(vec![Write::Insert(with_secret(client("readable"), SECRET))])
        .await
        .unwrap();
    let contains = |needle: &str| {
        let files = std::fs::read_dir(world.folder()).unwrap();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .any(|bytes| {
                bytes
                    .windows(needle.len())
                    .any(|window| window == needle.as_bytes())
            })
    };
    assert!(matches!(world.url, DatabaseUrl::Sqlite(_)));
    // in the log, then in the file itself; the search does find what is there
    assert!(contains("readable") && !contains(SECRET));
    world.store.close().await;
    assert!(contains("readable") && !contains(SECRET));
}
