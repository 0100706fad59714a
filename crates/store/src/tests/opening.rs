//! Who may open what (attack REL-CRASH-14), and what files it makes.

use std::os::unix::fs::PermissionsExt as _;

use cardea_core::write::{Conflict, Write};

use super::world::*;
use crate::{DatabaseKind, DatabaseUrl, OpenError, Options, Store, StoreError};

#[tokio::test]
async fn one_server_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cardea.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    let server = Options {
        exclusive: true,
        ..options(&url)
    };
    let first = Store::open(server.clone()).await.unwrap();
    assert_eq!(first.kind(), DatabaseKind::Sqlite);
    let second = Store::open(server.clone()).await.err();
    assert_eq!(second, Some(OpenError::InUse(path.clone())));
    assert!(second.unwrap().to_string().contains("another server"));
    assert_eq!(crate::migrate(&url).await, Err(OpenError::InUse(path)));

    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(folder.path().join("cardea.db"), &link).unwrap();
    let linked = Options {
        url: DatabaseUrl::Sqlite(link.clone()),
        ..server.clone()
    };
    assert!(matches!(
        Store::open(linked).await,
        Err(OpenError::InUse(_))
    ));
    std::fs::remove_file(link).unwrap();

    // a command beside it may write, and the server's decisions notice
    first
        .create_tenant(&record("a"), vec![settings()], NOW)
        .await
        .unwrap();
    let command = Store::open(Options {
        migrate: false,
        ..options(&url)
    })
    .await
    .unwrap();
    let beside = command.tenant(&tenant_id("a"));
    assert_eq!(beside.put(vec![Write::Insert(client("app"))]).await, Ok(2));
    let moved = Err(StoreError::Conflict(Conflict::TenantMoved));
    assert_eq!(
        first.tenant(&tenant_id("a")).decided(1, vec![log(1)]).await,
        moved
    );
    command.close().await;

    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    first.close().await;
    let next = Store::open(server).await.unwrap();
    assert_eq!(next.tenant(&tenant_id("a")).version().await, Ok(2));
    next.close().await;
    // all in one file, nothing left beside it but the lock
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let url = DatabaseUrl::Sqlite("/nonexistent/cardea.db".into());
    let error = Store::open(options(&url)).await.err().unwrap();
    assert!(
        error.to_string().contains("/nonexistent/cardea.db"),
        "{error}"
    );
}

#[tokio::test]
async fn meta_is_kept() {
    let world = World::sqlite().await;
    assert_eq!(world.store.meta("deterministic").await, Ok(None));
    world.store.set_meta("deterministic", "1").await.unwrap();
    world.store.set_meta("deterministic", "0").await.unwrap();
    assert_eq!(
        world.store.meta("deterministic").await,
        Ok(Some("0".to_owned()))
    );
}
