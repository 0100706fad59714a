//! A fresh PostgreSQL database for a test.

use std::sync::atomic::{AtomicU64, Ordering};

use cardea_jose::SealingKey;
use cardea_store::{DatabaseUrl, Options, Store, Synchronous};
use tokio_postgres::NoTls;

/// Makes an empty database on the server that `CARDEA_TEST_POSTGRES` names. A missing server is
/// a failure, never a skip.
pub async fn fresh_database() -> DatabaseUrl {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let server = server();
    let name = format!(
        "cardea_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let (client, connection) = tokio_postgres::connect(&server, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    // a process of an earlier run had this number too
    for statement in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
        let statement = format!("{statement} {name}");
        client.batch_execute(&statement).await.unwrap();
    }
    drop(client);
    connection.await.unwrap().unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}").parse().unwrap()
}

/// Opens it as one node does.
pub async fn node(url: &DatabaseUrl) -> Store {
    Store::open(Options {
        url: url.clone(),
        sealing: SealingKey::from_bytes(&[7; 32]),
        synchronous: Synchronous::Full,
        exclusive: false,
        migrate: true,
    })
    .await
    .unwrap()
}

/// Does something to it behind the server's back.
pub async fn execute(url: &DatabaseUrl, sql: &str) {
    let (client, connection) = tokio_postgres::connect(&url.to_string(), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is configured by its environment"
)]
fn server() -> String {
    std::env::var("CARDEA_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("CARDEA_TEST_POSTGRES names no PostgreSQL server; `cargo xtask test` starts one")
    })
}
