//! Attack TENANT-03: tenants with the same ids never see each other.

use cardea_core::id::{Host, LogId};
use cardea_core::model::{Kind, Profile, TenantRecord};
use cardea_core::write::{LogQuery, Write};

use super::both;
use super::world::*;
use crate::StoreError;

both!(twins_do_not_meet, hosts_are_unique);

async fn twins_do_not_meet(world: &World) {
    let (a, b) = (world.tenant("a").await, world.tenant("b").await);
    let same = || {
        vec![
            Write::Insert(with_secret(client("app"), "secret")),
            Write::Insert(child("cred", "app")),
            Write::Insert(api("api", "https://a/")),
            consume("jti", 60),
            log(1),
        ]
    };
    assert_eq!(a.put(same()).await, Ok(2));
    assert_eq!(b.put(same()).await, Ok(2));

    let of_b = async || {
        let lines = world
            .dump()
            .await
            .into_iter()
            .filter(|line| line.contains("ten_b"));
        let (_, documents) = b.load().await.unwrap();
        let (_, changes) = b.changes_since(0).await.unwrap();
        let events = b.log(LogQuery::Newest { skip: 0, take: 9 }).await.unwrap();
        (
            lines.collect::<Vec<_>>(),
            format!("{documents:?}"),
            changes.len(),
            events,
        )
    };
    let before = of_b().await;
    assert_eq!((before.2, before.3.len()), (4, 1));

    a.put(vec![
        Write::Update(client("app")),
        consume("other", 60),
        log(2),
    ])
    .await
    .unwrap();
    a.put(vec![delete(Kind::Client, "app", 2), log(3)])
        .await
        .unwrap();
    assert_eq!(a.log_count().await, Ok(3));
    world
        .store
        .rehost_tenant(&tenant_id("a"), &host("c"), &[host("d")])
        .await
        .unwrap();
    world
        .store
        .reset_tenant(&tenant_id("a"), vec![])
        .await
        .unwrap();
    assert_eq!(of_b().await, before);

    let one = LogQuery::One(LogId::new(NOW, 1, 1));
    assert_eq!(a.log(one.clone()).await, Ok(vec![]));
    assert_eq!(b.log(one).await.unwrap().len(), 1);
}

async fn hosts_are_unique(world: &World) {
    let store = &world.store;
    let record = |name: &str, at: &str, custom: &[&str]| TenantRecord {
        host: host(at),
        custom_domains: custom.iter().map(|name| host(name)).collect(),
        profile: Profile::Compat,
        ..record(name)
    };
    let make = async |record: TenantRecord| {
        let documents = vec![settings()];
        store.create_tenant(&record, documents, NOW).await
    };
    assert_eq!(make(record("a", "a", &["a1", "a2"])).await, Ok(()));
    assert_eq!(make(record("b", "b", &["b1"])).await, Ok(()));
    let before = world.dump().await;
    for taken in [
        record("a", "c", &[]),
        record("c", "a", &[]),
        record("c", "a1", &[]),
        record("c", "c", &["a"]),
        record("c", "c", &["a1"]),
        record("c", "c", &["c"]),
        record("c", "c", &["c1", "c1"]),
        TenantRecord {
            name: "a".to_owned(),
            ..record("c", "c", &[])
        },
    ] {
        assert_eq!(
            make(taken.clone()).await,
            Err(StoreError::TenantExists),
            "{taken:?}"
        );
    }
    let rehost = async |to: &str, custom: &[&str]| {
        let custom: Vec<_> = custom.iter().map(|name| host(name)).collect();
        store
            .rehost_tenant(&tenant_id("b"), &host(to), &custom)
            .await
    };
    assert_eq!(rehost("a", &[]).await, Err(StoreError::TenantExists));
    assert_eq!(rehost("a1", &[]).await, Err(StoreError::TenantExists));
    assert_eq!(rehost("b", &["a2"]).await, Err(StoreError::TenantExists));
    assert_eq!(world.dump().await, before);

    // its own hosts may change places
    assert_eq!(rehost("b1", &["b"]).await, Ok(2));
    let tenants = store.tenants().await.unwrap();
    let shown: Vec<_> = tenants
        .iter()
        .map(|(tenant, version)| {
            let custom: Vec<_> = tenant.custom_domains.iter().map(Host::as_str).collect();
            (tenant.name.as_str(), tenant.host.as_str(), custom, *version)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("a", "a.example", vec!["a1.example", "a2.example"], 1),
            ("b", "b1.example", vec!["b.example"], 2),
        ]
    );
    assert_eq!(tenants[0].0.profile, Profile::Compat);
}
