//! The world of a test.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use cardea_core::id::{Host, TenantId};
use cardea_core::management::new_tenant_documents;
use cardea_core::model::{KeyState, Profile, TenantRecord};
use cardea_core::time::Timestamp;
use cardea_jose::{Algorithm, SealingKey, b64};
use cardea_server::clock::Clock;
use cardea_server::keygen::KeyPlan;
use cardea_server::listen::Answers as _;
use cardea_server::random::SharedRandom;
use cardea_server::{App, Options, PeerAddress, Scheme, Service};
use cardea_store::{DatabaseUrl, Store, Synchronous};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Answer;

/// An application of the test, with its secret.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: String,
}

/// An API of the test.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its database id.
    pub id: String,
    /// Its identifier.
    pub identifier: String,
}

/// A request to send.
#[derive(Debug, Default)]
pub struct Sent<'a> {
    /// `GET` if empty.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Header name and value.
    pub headers: Vec<(&'a str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The host; the first tenant's if empty.
    pub host: &'a str,
}

/// A running server with one tenant, `login.example`, and one application that may use all of
/// the Management API.
pub struct World {
    /// The server.
    pub app: Arc<App>,
    /// Its clock, standing at 2027-01-15T08:00:00Z until moved.
    pub clock: Clock,
    /// Its store.
    pub store: Store,
    /// The application with all rights.
    pub management: Client,
    service: Service,
    /// Lives as long as the world does.
    folder: Option<TempDir>,
}

/// The first tenant's host.
pub const HOST: &str = "login.example";

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// A world on SQLite.
    pub async fn new(profile: Profile) -> Self {
        Self::with(profile, |_| {}).await
    }

    /// A world whose options a test changes before it starts.
    pub async fn with(profile: Profile, change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(cardea_store::Options {
            url: DatabaseUrl::Sqlite(folder.path().join("cardea.db")),
            sealing: SealingKey::from_bytes(&[7; 32]),
            synchronous: Synchronous::Full,
            exclusive: true,
            migrate: true,
        })
        .await
        .unwrap();
        let mut world = Self::made(store, profile, change).await;
        world.folder = Some(folder);
        world
    }

    /// A world on an empty store of the test's own.
    pub async fn on(store: Store, profile: Profile) -> Self {
        Self::made(store, profile, |_| {}).await
    }

    /// A world on an empty store of the test's own, with other options.
    pub async fn on_with(
        store: Store,
        profile: Profile,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        Self::made(store, profile, change).await
    }

    /// Another node on the database of this world, with the same clock.
    pub async fn another_node(&self, store: Store) -> Self {
        self.another_node_with(store, |_| {}).await
    }

    /// The same with other options.
    pub async fn another_node_with(&self, store: Store, change: impl FnOnce(&mut Options)) -> Self {
        let random = SharedRandom::seeded("another node");
        Self::started(store, self.clock.clone(), random, change).await
    }

    async fn made(store: Store, profile: Profile, change: impl FnOnce(&mut Options)) -> Self {
        let clock = Clock::stopped_at(Timestamp::from_seconds(1_800_000_000));
        let random = SharedRandom::seeded("testkit");
        add_tenant(&store, &random, &clock, (HOST, profile)).await;
        Self::started(store, clock, random, change).await
    }

    async fn started(
        store: Store,
        clock: Clock,
        random: SharedRandom,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let mut options = Options {
            store: store.clone(),
            clock: clock.clone(),
            random,
            scheme: Scheme::Https,
            trusted_proxies: Vec::new(),
            rate_limits: false,
            relaxed_log: false,
            dev: None,
            log_retention_days: 30,
            mail: cardea_server::Delivery::Inbox,
        };
        change(&mut options);
        let app = App::start(options).await.unwrap();
        let service = Service::new(Arc::clone(&app));
        let management = Client {
            id: "management".to_owned(),
            secret: MANAGEMENT_SECRET.to_owned(),
        };
        Self {
            app,
            clock,
            store,
            management,
            service,
            folder: None,
        }
    }

    /// Another tenant at `host`, with its own `management` application.
    pub async fn add_tenant(&self, host: &str, profile: Profile) {
        let random = SharedRandom::seeded(host);
        add_tenant(&self.store, &random, &self.clock, (host, profile)).await;
        self.app.reload_tenants().await.unwrap();
    }

    /// Sends a request.
    pub async fn send(&self, sent: Sent<'_>) -> Answer {
        let method = if sent.method.is_empty() {
            "GET"
        } else {
            sent.method
        };
        let host = if sent.host.is_empty() {
            HOST
        } else {
            sent.host
        };
        let mut request = Request::builder().method(method).uri(sent.path);
        if !sent
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request = request.header("host", host);
        }
        for (name, value) in &sent.headers {
            request = request.header(*name, value);
        }
        let peer = PeerAddress(SocketAddr::from(([192, 0, 2, 1], 4711)));
        let request = request.extension(peer).body(Body::from(sent.body)).unwrap();
        let response = self.service.answer(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Sent {
            path,
            ..Sent::default()
        })
        .await
    }

    /// `POST /oauth/token` with a form.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.token_at(HOST, form).await
    }

    /// The same at another host.
    pub async fn token_at(&self, host: &str, form: &[(&str, &str)]) -> Answer {
        let body = encode(form);
        let headers = vec![(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )];
        let path = "/oauth/token";
        let body = body.into_bytes();
        self.send(Sent {
            method: "POST",
            path,
            headers,
            body,
            host,
        })
        .await
    }

    /// The answer to a client credentials request.
    pub async fn client_credentials(&self, client: &Client, audience: &str) -> Answer {
        self.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
            ("audience", audience),
        ])
        .await
    }

    /// A token of the application with all rights, at `host`.
    pub async fn management_token_at(&self, host: &str) -> String {
        let audience = format!("https://{host}/api/v2/");
        let answer = self
            .token_at(
                host,
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", &self.management.id),
                    ("client_secret", &self.management.secret),
                    ("audience", &audience),
                ],
            )
            .await;
        answer.expect(200)["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Calls the Management API with all rights. `path` is what follows `/api/v2`.
    pub async fn manage(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let token = self.management_token_at(HOST).await;
        self.manage_with(&token, method, path, body).await
    }

    /// Calls the Management API with this token.
    pub async fn manage_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut headers = vec![("authorization", format!("Bearer {token}"))];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let path = format!("/api/v2{path}");
        let body = body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default();
        self.send(Sent {
            method,
            path: &path,
            headers,
            body,
            host: "",
        })
        .await
    }

    /// Makes an API with these scopes.
    pub async fn api(&self, identifier: &str, scopes: &[&str]) -> Api {
        let scopes: Vec<Value> = scopes.iter().map(|scope| json!({"value": scope})).collect();
        let body = json!({"name": identifier, "identifier": identifier, "scopes": scopes});
        let made = self
            .manage("POST", "/resource-servers", Some(body))
            .await
            .expect(201);
        Api {
            id: made["id"].as_str().unwrap().to_owned(),
            identifier: identifier.to_owned(),
        }
    }

    /// Makes an application that acts as itself.
    pub async fn client(&self, name: &str) -> Client {
        let body = json!({
            "name": name,
            "app_type": "non_interactive",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
        });
        let made = self
            .manage("POST", "/clients", Some(body))
            .await
            .expect(201);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Client {
            id: text("client_id"),
            secret: text("client_secret"),
        }
    }

    /// Grants the application these scopes of the API; gives the grant's id.
    pub async fn grant(&self, client: &Client, audience: &str, scopes: &[&str]) -> String {
        let body = json!({"client_id": client.id, "audience": audience, "scope": scopes});
        let made = self
            .manage("POST", "/client-grants", Some(body))
            .await
            .expect(201);
        made["id"].as_str().unwrap().to_owned()
    }
}

/// A text as it stands in a query.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let escaped = text.bytes().map(|byte| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}

/// A form, encoded.
pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    let pairs = form
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

const MANAGEMENT_SECRET: &str = "the-secret-of-the-management-application";

async fn add_tenant(
    store: &Store,
    random: &SharedRandom,
    clock: &Clock,
    (host, profile): (&str, Profile),
) {
    use cardea_core::management::system_scopes;
    use cardea_core::model::{Document, Kind};
    use cardea_jose::Secret;

    let record = TenantRecord {
        id: random.with(TenantId::new),
        name: host.to_owned(),
        host: Host::parse(host).unwrap(),
        custom_domains: Vec::new(),
        profile,
    };
    let now = clock.now();
    let audience = format!("https://{host}/api/v2/");
    let mut documents = random.with(|random| new_tenant_documents(profile, &audience, now, random));

    let mut client = Document::new(Kind::Client, "management", now.millis());
    client.body = object(&json!({
        "name": "Management",
        "app_type": "non_interactive",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
        "is_first_party": true,
    }));
    client.secrets.insert(
        "client_secret".to_owned(),
        Secret::new(MANAGEMENT_SECRET.to_owned()),
    );
    documents.push(client);

    let scopes: Vec<&str> = system_scopes().iter().map(|(scope, _)| *scope).collect();
    let mut grant = Document::new(Kind::ClientGrant, "cgr_management", now.millis());
    grant.unique = Some(format!("management client {audience}"));
    grant.body = object(&json!({
        "client_id": "management",
        "audience": audience,
        "scope": scopes,
        "subject_type": "client",
    }));
    documents.push(grant);

    let plan = KeyPlan {
        algorithm: Algorithm::Rs256,
        state: KeyState::Current,
        profile,
        host: record.host.clone(),
        now,
    };
    documents.push(
        random
            .with(|random| plan.fixed(1, random))
            .unwrap()
            .unwrap(),
    );
    store.create_tenant(&record, documents, now).await.unwrap();
}

fn object(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Reads a token's claims without verifying it.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&b64::decode(payload).unwrap()).unwrap()
}
