//! A database for a test, and what to put into it.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};

use cardea_core::id::{ClientId, Host, LogId, TenantId};
use cardea_core::model::{Document, EventType, Kind, LogEvent, Profile, TenantRecord};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Write};
use cardea_jose::{SealingKey, Secret};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};

use crate::open::TenantStore;
use crate::{DatabaseUrl, Options, Store, StoreError, Synchronous};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_776_880_196);

pub(super) struct World {
    pub(super) url: DatabaseUrl,
    pub(super) store: Store,
    folder: Option<TempDir>,
    /// The server's own address, and the name of the test's database there.
    server: Option<(String, String)>,
}

impl World {
    pub(super) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("cardea.db"));
        let store = Store::open(options(&url)).await.unwrap();
        Self {
            url,
            store,
            folder: Some(folder),
            server: None,
        }
    }

    pub(super) async fn postgres() -> Self {
        let (server, name) = fresh_database().await;
        let url = database_url(&server, &name);
        let store = Store::open(options(&url)).await.unwrap();
        Self {
            url,
            store,
            folder: None,
            server: Some((server, name)),
        }
    }

    /// Another node on the same database.
    pub(super) async fn node(&self) -> Store {
        Store::open(options(&self.url)).await.unwrap()
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().path()
    }

    pub(super) async fn end(self) {
        self.store.close().await;
        if let Some((server, name)) = &self.server {
            admin(
                server,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await;
        }
    }

    /// A tenant with its settings, at version 1.
    pub(super) async fn tenant(&self, name: &str) -> TenantStore {
        let record = record(name);
        self.store
            .create_tenant(&record, vec![settings()], NOW)
            .await
            .unwrap();
        self.store.tenant(&record.id)
    }

    /// Everything in the database, as text.
    pub(super) async fn dump(&self) -> Vec<String> {
        const TABLES: [&str; 12] = [
            "SELECT * FROM tenant ORDER BY tenant_id",
            "SELECT * FROM tenant_domain ORDER BY host",
            "SELECT * FROM document ORDER BY tenant_id, kind, id",
            "SELECT * FROM tenant_change ORDER BY tenant_id, version, kind, id",
            "SELECT * FROM log_event ORDER BY tenant_id, log_id",
            "SELECT * FROM consumed_assertion ORDER BY tenant_id, client_id, jti",
            "SELECT * FROM user_account ORDER BY tenant_id, user_id",
            "SELECT * FROM user_role ORDER BY tenant_id, role_id, user_id",
            "SELECT * FROM user_permission ORDER BY tenant_id, user_id, api, name",
            "SELECT * FROM artefact ORDER BY tenant_id, kind, digest",
            "SELECT * FROM login_failure ORDER BY tenant_id, digest",
            "SELECT * FROM mail ORDER BY tenant_id, mail_id",
        ];
        let mut lines = Vec::new();
        for sql in TABLES {
            for row in self.store.db().scan(sql, Vec::new()).await.unwrap() {
                lines.push(format!("{sql}: {row:?}"));
            }
        }
        lines
    }
}

/// Holds up every write until it is let go.
pub(super) enum Blocker {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Blocker {
    pub(super) async fn new(world: &World) -> Self {
        match &world.url {
            DatabaseUrl::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                Self::Sqlite(connection)
            }
            DatabaseUrl::Postgres(url) => {
                let client = connect(&Config::from_str(url).unwrap()).await;
                client
                    .batch_execute("BEGIN; LOCK TABLE log_event IN EXCLUSIVE MODE")
                    .await
                    .unwrap();
                Self::Postgres(client)
            }
        }
    }

    pub(super) async fn let_go(self) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK").unwrap(),
            Self::Postgres(client) => client.batch_execute("ROLLBACK").await.unwrap(),
        }
    }
}

pub(super) fn key() -> SealingKey {
    SealingKey::from_bytes(&[7; 32])
}

pub(super) fn options(url: &DatabaseUrl) -> Options {
    Options {
        url: url.clone(),
        sealing: key(),
        synchronous: Synchronous::Full,
        exclusive: false,
        migrate: true,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test's configuration, not the server's"
)]
fn server() -> String {
    std::env::var("CARDEA_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "CARDEA_TEST_POSTGRES is not set: these tests need a PostgreSQL server on which they \
             may create databases, such as postgres://postgres@127.0.0.1:5432/postgres"
        )
    })
}

/// An empty database; the server's address and the database's name.
pub(super) async fn fresh_database() -> (String, String) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let server = server();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("cardea_store_{}_{number}", std::process::id());
    admin(
        &server,
        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )
    .await;
    admin(
        &server,
        &format!("CREATE DATABASE {name} TEMPLATE template0"),
    )
    .await;
    (server, name)
}

/// The same server, another database.
pub(super) fn database_url(server: &str, name: &str) -> DatabaseUrl {
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address.rsplit_once('/').unwrap();
    let mark = if query.is_empty() { "" } else { "?" };
    DatabaseUrl::Postgres(format!("{host}/{name}{mark}{query}"))
}

pub(super) async fn admin(server: &str, sql: &str) {
    let client = connect(&Config::from_str(server).unwrap()).await;
    client.batch_execute(sql).await.unwrap();
}

pub(super) async fn connect(config: &Config) -> tokio_postgres::Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(super) fn tenant_id(name: &str) -> TenantId {
    TenantId::parse(&format!("ten_{name}")).unwrap()
}

pub(super) fn host(name: &str) -> Host {
    Host::from_header(&format!("{name}.example")).unwrap()
}

pub(super) fn record(name: &str) -> TenantRecord {
    TenantRecord {
        id: tenant_id(name),
        name: name.to_owned(),
        host: host(name),
        custom_domains: Vec::new(),
        profile: Profile::Strict,
    }
}

pub(super) fn settings() -> Document {
    document(Kind::Settings, "settings")
}

pub(super) fn document(kind: Kind, id: &str) -> Document {
    let mut document = Document::new(kind, id, NOW.millis());
    document.body = members(&json!({ "name": id }));
    document
}

pub(super) fn client(id: &str) -> Document {
    document(Kind::Client, id)
}

pub(super) fn api(id: &str, identifier: &str) -> Document {
    let mut document = document(Kind::Api, id);
    document.unique = Some(identifier.to_owned());
    document
}

pub(super) fn with_secret(mut document: Document, secret: &str) -> Document {
    document
        .secrets
        .insert("client_secret".to_owned(), Secret::new(secret.to_owned()));
    document
}

pub(super) fn child(id: &str, parent: &str) -> Document {
    let mut document = document(Kind::Credential, id);
    document.parent = Some(parent.to_owned());
    document
}

pub(super) fn at_revision(mut document: Document, revision: i64) -> Document {
    document.revision = revision;
    document
}

pub(super) fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub(super) fn event(number: u64) -> LogEvent {
    event_at(NOW, number)
}

pub(super) fn event_at(at: Timestamp, number: u64) -> LogEvent {
    LogEvent {
        user: None,
        id: LogId::new(at, number, 1),
        at,
        event: EventType::ClientCredentialsGranted,
        description: String::new(),
        client_id: Some("app".to_owned()),
        client_name: Some("An app".to_owned()),
        ip: "192.0.2.1".to_owned(),
        user_agent: None,
        hostname: "a.example".to_owned(),
        audience: Some("https://api.example/".to_owned()),
        scope: Some("read:things".to_owned()),
        details: members(&json!({ "number": number })),
        trace: None,
    }
}

pub(super) fn log(number: u64) -> Write {
    Write::Log(event(number))
}

pub(super) fn consume(jti: &str, expires_in: i64) -> Write {
    let client = ClientId::parse("app").unwrap();
    Write::consume_assertion(&client, jti, NOW.plus_seconds(expires_in))
}

pub(super) fn delete(kind: Kind, id: &str, revision: i64) -> Write {
    Write::Delete {
        kind,
        id: id.to_owned(),
        revision,
    }
}

pub(super) fn commit(decided_at: Option<i64>, writes: Vec<Write>) -> Commit {
    Commit { decided_at, writes }
}

impl TenantStore {
    /// Commits what depends on no decision; the tenant's version.
    pub(super) async fn put(&self, writes: Vec<Write>) -> Result<i64, StoreError> {
        self.commit(commit(None, writes), NOW)
            .await
            .map(|committed| committed.version)
    }

    /// Commits what was decided at `version`.
    pub(super) async fn decided(
        &self,
        version: i64,
        writes: Vec<Write>,
    ) -> Result<i64, StoreError> {
        self.commit(commit(Some(version), writes), NOW)
            .await
            .map(|committed| committed.version)
    }
}
