//! The client against a server on this machine. No test waits: the clock is a number.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cardea_jose::SigningKey;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{API, NOW, access_claims, jwks, signing_key};
use crate::{Algorithm, BuildError, Refusal, Verifier, VerifierBuilder};

/// What the issuer answers now, and how often it was asked.
struct Issuer {
    url: String,
    keys: Mutex<Vec<u8>>,
    metadata: Mutex<Value>,
    cache_control: Mutex<&'static str>,
    down: Mutex<bool>,
    metadata_hits: AtomicUsize,
    jwks_hits: AtomicUsize,
    now_s: AtomicI64,
}

impl Issuer {
    fn new(url: String, keys: &[&SigningKey]) -> Arc<Self> {
        let metadata = json!({"issuer": url, "jwks_uri": format!("{url}.well-known/jwks.json")});
        Arc::new(Self {
            url,
            keys: Mutex::new(jwks(keys)),
            metadata: Mutex::new(metadata),
            cache_control: Mutex::new("public"),
            down: Mutex::new(false),
            metadata_hits: AtomicUsize::new(0),
            jwks_hits: AtomicUsize::new(0),
            now_s: AtomicI64::new(NOW),
        })
    }

    async fn start(keys: &[&SigningKey]) -> Arc<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let issuer = Self::new(format!("http://{}/", listener.local_addr().unwrap()), keys);
        let app = issuer.app();
        tokio::spawn(async move { axum::serve(listener, app).await });
        issuer
    }

    fn app(self: &Arc<Self>) -> Router {
        let issuer = Arc::clone(self);
        Router::new().fallback(move |request: Request| {
            let issuer = Arc::clone(&issuer);
            async move { issuer.answer(request.uri().path()) }
        })
    }

    fn answer(&self, path: &str) -> Response {
        let body = match path {
            "/.well-known/openid-configuration" => {
                self.metadata_hits.fetch_add(1, Ordering::SeqCst);
                self.metadata.lock().unwrap().to_string().into_bytes()
            }
            "/.well-known/jwks.json" => {
                self.jwks_hits.fetch_add(1, Ordering::SeqCst);
                self.keys.lock().unwrap().clone()
            }
            _ => return StatusCode::NOT_FOUND.into_response(),
        };
        if *self.down.lock().unwrap() {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        let cache_control = *self.cache_control.lock().unwrap();
        ([("cache-control", cache_control)], Body::from(body)).into_response()
    }

    fn verifier(self: &Arc<Self>) -> VerifierBuilder {
        let issuer = Arc::clone(self);
        Verifier::builder(self.url.clone())
            .audience(API)
            .clock(move || issuer.now_s.load(Ordering::SeqCst))
    }

    fn token(&self, key: &SigningKey) -> String {
        let mut claims = access_claims();
        claims["iss"] = json!(self.url);
        claims["exp"] = json!(NOW + 1_000_000);
        key.sign_jwt("JWT", &serde_json::to_vec(&claims).unwrap())
            .unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.now_s.fetch_add(seconds, Ordering::SeqCst);
    }

    fn fetched(&self) -> usize {
        self.jwks_hits.load(Ordering::SeqCst)
    }
}

fn key(kid: &str) -> SigningKey {
    signing_key(Algorithm::Es256, kid)
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept() {
    let k1 = key("k1");
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().build().unwrap();
    assert!(verifier.keys().is_none());
    for _ in 0..5 {
        assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
    }
    assert_eq!(
        (
            issuer.fetched(),
            issuer.metadata_hits.load(Ordering::SeqCst)
        ),
        (1, 1)
    );
    assert_eq!(verifier.keys().unwrap().len(), 1);
    issuer.advance(599);
    assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
    assert_eq!(issuer.fetched(), 1);
    issuer.advance(1);
    assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
    assert_eq!(issuer.fetched(), 2);
}

#[tokio::test]
async fn fifty_first_requests_are_one_fetch() {
    let k1 = key("k1");
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().build().unwrap();
    assert!(
        in_parallel(&verifier, &issuer.token(&k1))
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(issuer.fetched(), 1);
}

async fn in_parallel(verifier: &Verifier, token: &str) -> Vec<Result<(), Refusal>> {
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.to_owned());
            tokio::spawn(async move { verifier.verify(&token).await.map(drop) })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn jwt_26_a_new_key_is_found_by_one_look() {
    let (k1, k2) = (key("k1"), key("k2"));
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().build().unwrap();
    verifier.verify(&issuer.token(&k1)).await.unwrap();

    *issuer.keys.lock().unwrap() = jwks(&[&k2, &k1]);
    assert!(
        in_parallel(&verifier, &issuer.token(&k2))
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
    assert_eq!(issuer.fetched(), 2);
}

#[tokio::test]
async fn jwt_05_fifty_unknown_keys_are_one_fetch() {
    let k1 = key("k1");
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().build().unwrap();
    verifier.verify(&issuer.token(&k1)).await.unwrap();

    let unknown = issuer.token(&key("x"));
    for answer in in_parallel(&verifier, &unknown).await {
        assert_eq!(answer.unwrap_err().reason(), "unknown_key");
    }
    assert_eq!(issuer.fetched(), 2);
    // and none more within five seconds
    issuer.advance(4);
    in_parallel(&verifier, &unknown).await;
    assert_eq!(issuer.fetched(), 2);
    issuer.advance(1);
    in_parallel(&verifier, &unknown).await;
    assert_eq!(issuer.fetched(), 3);
}

#[tokio::test]
async fn old_keys_serve_while_the_issuer_is_down() {
    let k1 = key("k1");
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().build().unwrap();
    verifier.verify(&issuer.token(&k1)).await.unwrap();

    *issuer.down.lock().unwrap() = true;
    issuer.advance(100_000);
    assert!(
        in_parallel(&verifier, &issuer.token(&k1))
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(issuer.fetched(), 2); // one look, then a pause
    issuer.advance(5);
    assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
    // it looked for the JWKS at its old place first, and asked for the place again after that
    *issuer.down.lock().unwrap() = false;
    issuer.advance(5);
    assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
    assert_eq!(issuer.fetched(), 3);
}

#[tokio::test]
async fn without_any_keys_the_answer_is_503() {
    let k1 = key("k1");
    let issuer = Issuer::start(&[&k1]).await;
    *issuer.down.lock().unwrap() = true;
    let verifier = issuer.verifier().build().unwrap();
    // what is no token at all needs no keys
    assert_eq!(verifier.verify("opaque").await, Err(Refusal::Opaque));
    assert_eq!(issuer.metadata_hits.load(Ordering::SeqCst), 0);
    for answer in in_parallel(&verifier, &issuer.token(&k1)).await {
        let refusal = answer.unwrap_err();
        assert_eq!(
            (refusal.reason(), refusal.status()),
            ("keys_unavailable", 503)
        );
    }
    assert_eq!(issuer.metadata_hits.load(Ordering::SeqCst), 1);
    *issuer.down.lock().unwrap() = false;
    issuer.advance(5);
    assert!(verifier.verify(&issuer.token(&k1)).await.is_ok());
}

#[tokio::test]
async fn the_issuer_says_how_long_keys_are_fresh() {
    let k1 = key("k1");
    let issuer = Issuer::start(&[&k1]).await;
    *issuer.cache_control.lock().unwrap() = "public, max-age=15, stale-while-revalidate=15";
    let verifier = issuer.verifier().build().unwrap();
    verifier.verify(&issuer.token(&k1)).await.unwrap();
    issuer.advance(15);
    verifier.verify(&issuer.token(&k1)).await.unwrap();
    assert_eq!(issuer.fetched(), 2);
}

#[tokio::test]
async fn jwt_25_a_revoked_key_is_forgotten() {
    let (k1, k2) = (key("k1"), key("k2"));
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().cache_s(60).build().unwrap();
    verifier.verify(&issuer.token(&k1)).await.unwrap();
    *issuer.keys.lock().unwrap() = jwks(&[&k2]);
    issuer.advance(60);
    let refusal = verifier.verify(&issuer.token(&k1)).await.unwrap_err();
    assert_eq!(refusal.reason(), "unknown_key");
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_the_looks() {
    let (k1, k2) = (key("k1"), key("k2"));
    let issuer = Issuer::start(&[&k1]).await;
    let verifier = issuer.verifier().build().unwrap();
    verifier.verify(&issuer.token(&k1)).await.unwrap();
    verifier.verify(&issuer.token(&key("x"))).await.unwrap_err();
    issuer.advance(-8);
    *issuer.keys.lock().unwrap() = jwks(&[&k2]);
    assert!(verifier.verify(&issuer.token(&k2)).await.is_ok());
}

#[tokio::test]
async fn jwt_08_keys_over_plain_http_come_from_the_same_origin_only() {
    let k1 = key("k1");
    let (issuer, other) = (Issuer::start(&[&k1]).await, Issuer::start(&[&k1]).await);
    let elsewhere = format!("{}.well-known/jwks.json", other.url);
    issuer.metadata.lock().unwrap()["jwks_uri"] = json!(elsewhere);
    let verifier = issuer.verifier().build().unwrap();
    let refusal = verifier.verify(&issuer.token(&k1)).await.unwrap_err();
    assert!(refusal.to_string().contains("is not https"), "{refusal}");
    assert_eq!(other.fetched(), 0);
}

#[tokio::test]
async fn metadata_that_leads_elsewhere_is_refused() {
    let k1 = key("k1");
    for (row, name, value) in [
        (
            "OIDC Discovery 4.3 issuer",
            "issuer",
            json!("https://other.test/"),
        ),
        ("no issuer", "issuer", json!(null)),
        ("another scheme", "jwks_uri", json!("file:///etc/passwd")),
        ("no jwks_uri", "jwks_uri", json!(1)),
    ] {
        let issuer = Issuer::start(&[&k1]).await;
        issuer.metadata.lock().unwrap()[name] = value;
        let verifier = issuer.verifier().build().unwrap();
        let refusal = verifier.verify(&issuer.token(&k1)).await.unwrap_err();
        assert_eq!(refusal.reason(), "keys_unavailable", "{row}");
        assert_eq!(issuer.fetched(), 0, "{row}");
    }
}

#[tokio::test]
async fn keys_over_tls_with_a_ca_of_its_own() {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let ca = rcgen::Issuer::new(ca, ca_key);
    let leaf = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &ca).unwrap();
    let leaf_der = rustls_pki_types::PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap();

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], leaf_der)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let k1 = key("k1");
    let port = listener.local_addr().unwrap().port();
    let issuer = Issuer::new(format!("https://localhost:{port}/"), &[&k1]);
    let (app, acceptor) = (issuer.app(), tokio_rustls::TlsAcceptor::from(Arc::new(tls)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (app, acceptor) = (app.clone(), acceptor.clone());
            tokio::spawn(async move {
                let stream = TokioIo::new(acceptor.accept(stream).await.ok()?);
                let service = TowerToHyperService::new(app);
                hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                    .serve_connection(stream, service)
                    .await
                    .ok()
            });
        }
    });

    let trusting = issuer.verifier().ca_pem(ca_pem).build().unwrap();
    assert!(trusting.verify(&issuer.token(&k1)).await.is_ok());
    let other_ca = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .unwrap()
        .cert
        .pem();
    let distrusting = issuer.verifier().ca_pem(other_ca).build().unwrap();
    let refusal = distrusting.verify(&issuer.token(&k1)).await.unwrap_err();
    assert_eq!(refusal.reason(), "keys_unavailable");
}

#[test]
fn settings_that_are_unsafe_are_not_built() {
    let with = |issuer: &str| Verifier::builder(issuer).audience(API);
    for (builder, error) in [
        (with("http://login.test/"), BuildError::PlainHttp),
        (with("http://localhost.test/"), BuildError::PlainHttp),
        (with("ftp://login.test/"), BuildError::NotAnIssuer),
        (with("login.test"), BuildError::NotAnIssuer),
        (
            with("https://login.test/").ca_pem("no PEM"),
            BuildError::CaPem,
        ),
        (
            with("https://login.test/")
                .hs256_secret([1; 32])
                .keys(crate::KeySet::default()),
            BuildError::TwoKeySources,
        ),
        (
            with("https://login.test/").hs256_secret([1; 8]),
            BuildError::Secret(crate::KeyError::TooShort),
        ),
        (
            Verifier::builder("https://login.test/"),
            BuildError::Policy(crate::PolicyError::NoAudience),
        ),
    ] {
        assert_eq!(builder.build().unwrap_err(), error);
    }
    for issuer in [
        "http://localhost:1/",
        "http://acme.localhost:1/",
        "http://127.0.0.1/",
        "http://[::1]:1/",
        "https://login.test",
    ] {
        assert!(with(issuer).build().is_ok(), "{issuer}");
    }
    assert!(
        with("http://cardea:8080/")
            .allow_plain_http()
            .build()
            .is_ok()
    );
}
