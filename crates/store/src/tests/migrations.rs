//! Migrations converge, whatever interrupts them (attack REL-OPS-04), and notice edits.

use std::path::Path;

use tokio_postgres::Config;

use super::world::*;
use crate::migrate::{
    MIGRATIONS, Migration, check_postgres, check_sqlite, for_postgres, for_sqlite, postgres, sqlite,
};
use crate::postgres::{Address, Server};
use crate::{DatabaseUrl, OpenError, Options, Store, migrate};

const LATER: &str = "ALTER TABLE tenant ADD COLUMN note TEXT;";

fn first_name() -> String {
    MIGRATIONS[0].name.to_owned()
}

fn all_names() -> Vec<String> {
    MIGRATIONS
        .iter()
        .map(|known| known.name.to_owned())
        .collect()
}

/// What the next version of this program would know.
fn newer() -> Vec<Migration> {
    let known = MIGRATIONS.iter().map(|known| Migration {
        name: known.name,
        text: known.text,
    });
    known
        .chain([Migration {
            name: "9999_later",
            text: LATER,
        }])
        .collect()
}

fn edited() -> Vec<Migration> {
    let known = MIGRATIONS
        .iter()
        .enumerate()
        .map(|(number, known)| Migration {
            name: known.name,
            text: if number == 0 { LATER } else { known.text },
        });
    known.collect()
}

async fn converge(url: &DatabaseUrl) {
    let closed = Options {
        migrate: false,
        ..options(url)
    };
    assert_eq!(
        Store::open(closed.clone()).await.err(),
        Some(OpenError::NotMigrated)
    );
    assert!(
        OpenError::NotMigrated
            .to_string()
            .contains("`cardea migrate`")
    );
    assert_eq!(migrate(url).await, Ok(all_names()));
    assert_eq!(migrate(url).await, Ok(vec![]));
    Store::open(closed).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_migrated_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cardea.db");
    converge(&DatabaseUrl::Sqlite(path.clone())).await;

    assert_eq!(
        check_sqlite(&path, &edited()),
        Err(OpenError::Edited(first_name()))
    );
    assert_eq!(
        sqlite(&path, &edited()),
        Err(OpenError::Edited(first_name()))
    );
    assert_eq!(check_sqlite(&path, &newer()), Err(OpenError::NotMigrated));
    assert_eq!(sqlite(&path, &newer()), Ok(vec!["9999_later".to_owned()]));
    let refused = Err(OpenError::Newer("9999_later".to_owned()));
    assert_eq!(check_sqlite(&path, MIGRATIONS), refused);
    assert_eq!(sqlite(&path, MIGRATIONS).map(drop), refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_migrated_once() {
    let (server, name) = fresh_database().await;
    let url = database_url(&server, &name);
    let node = server_of(&url);
    converge(&url).await;

    assert_eq!(
        check_postgres(&node, &edited()).await,
        Err(OpenError::Edited(first_name()))
    );
    assert_eq!(
        postgres(&node, &edited()).await,
        Err(OpenError::Edited(first_name()))
    );
    assert_eq!(
        check_postgres(&node, &newer()).await,
        Err(OpenError::NotMigrated)
    );
    assert_eq!(
        postgres(&node, &newer()).await,
        Ok(vec!["9999_later".to_owned()])
    );
    let refused = Err(OpenError::Newer("9999_later".to_owned()));
    assert_eq!(check_postgres(&node, MIGRATIONS).await, refused);
    assert_eq!(postgres(&node, MIGRATIONS).await.map(drop), refused);
    admin(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[test]
fn sqlite_converges_after_a_kill_at_any_statement() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    sqlite(&whole, MIGRATIONS).unwrap();
    let statements = for_sqlite(MIGRATIONS[0].text);
    for kill_at in 0..=statements.len() {
        let path = folder.path().join(format!("{kill_at}.db"));
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for statement in &statements[..kill_at] {
            connection.execute_batch(statement).unwrap();
        }
        drop(connection);
        assert_eq!(sqlite(&path, MIGRATIONS).unwrap(), all_names(), "{kill_at}");
        assert_eq!(schema_sqlite(&path), schema_sqlite(&whole), "{kill_at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_converges_after_a_kill_at_any_statement() {
    let (server, name) = fresh_database().await;
    let node = server_of(&database_url(&server, &name));
    postgres(&node, MIGRATIONS).await.unwrap();
    let whole = schema_postgres(&node.config).await;
    assert!(whole.len() > 20);
    let statements = for_postgres(MIGRATIONS[0].text);
    for kill_at in 0..=statements.len() {
        let client = connect(&node.config).await;
        client
            .batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            .await
            .unwrap();
        client.batch_execute("BEGIN").await.unwrap();
        for statement in &statements[..kill_at] {
            client.batch_execute(statement).await.unwrap();
        }
        drop(client);
        assert_eq!(
            postgres(&node, MIGRATIONS).await.unwrap(),
            all_names(),
            "{kill_at}"
        );
        assert_eq!(schema_postgres(&node.config).await, whole, "{kill_at}");
    }
    admin(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_migrate_once() {
    let (server, name) = fresh_database().await;
    let node = server_of(&database_url(&server, &name));
    let starts = (0..4).map(|_| {
        let node = node.clone();
        tokio::spawn(async move { postgres(&node, MIGRATIONS).await.unwrap().len() })
    });
    let applied = futures_util::future::join_all(starts).await;
    assert_eq!(
        applied.into_iter().map(Result::unwrap).sum::<usize>(),
        MIGRATIONS.len()
    );
    admin(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cardea.db");
    let starts = (0..4).map(|_| {
        let path = path.clone();
        std::thread::spawn(move || sqlite(&path, MIGRATIONS).unwrap().len())
    });
    let started: Vec<_> = starts.collect();
    let applied: usize = started.into_iter().map(|start| start.join().unwrap()).sum();
    assert_eq!(applied, MIGRATIONS.len());
}

fn server_of(url: &DatabaseUrl) -> Server {
    match url {
        DatabaseUrl::Postgres(url) => Address::parse(url).unwrap().open().unwrap(),
        DatabaseUrl::Sqlite(_) => panic!("not PostgreSQL"),
    }
}

fn schema_sqlite(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

async fn schema_postgres(config: &Config) -> Vec<String> {
    let columns = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' ||
            is_nullable || ' ' || coalesce(collation_name, '') FROM information_schema.columns
        WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";
    let rows = connect(config).await.query(columns, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
