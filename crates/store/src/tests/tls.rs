//! TLS to PostgreSQL: the server proves who it is, or nothing is said to it.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_rustls::TlsAcceptor;

use super::world::{NOW, admin, database_url, fresh_database, options, record, settings};
use crate::{DatabaseUrl, OpenError, Store};

/// PostgreSQL's request for TLS: a length and a number that is no version.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// In front of the real server: speaks TLS with clients, and plain text with it.
struct Front {
    port: u16,
    folder: tempfile::TempDir,
}

impl Front {
    /// With a certificate for `name`; without TLS for `None`.
    async fn before(server: &str, name: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let acceptor = name.map(|name| certificate(folder.path().join("ca.pem"), name));
        let config = Config::from_str(server).unwrap();
        let [Host::Tcp(host)] = config.get_hosts() else {
            panic!("CARDEA_TEST_POSTGRES names one host");
        };
        let behind = (host.clone(), config.get_ports().first().copied().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, acceptor.clone(), behind.clone()));
            }
        });
        Self { port, folder }
    }

    fn url(&self, database: &str, host: &str, query: &str) -> DatabaseUrl {
        let ca = self.folder.path().join("ca.pem");
        let query = query.replace("CA", &ca.display().to_string());
        let port = self.port;
        DatabaseUrl::Postgres(format!(
            "postgres://postgres@{host}:{port}/{database}?{query}"
        ))
    }
}

async fn pass_on(mut stream: TcpStream, acceptor: Option<TlsAcceptor>, behind: (String, u16)) {
    let mut first = [0; 8];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(first, SSL_REQUEST, "nothing is said in plain text");
    let Some(acceptor) = acceptor else {
        stream.write_all(b"N").await.unwrap();
        let mut more = Vec::new();
        let _ = stream.read_to_end(&mut more).await;
        assert_eq!(more, b"", "a server without TLS is told nothing");
        return;
    };
    stream.write_all(b"S").await.unwrap();
    // a client that does not trust us ends here
    if let Ok(mut secure) = acceptor.accept(stream).await {
        let mut server = TcpStream::connect(behind).await.unwrap();
        let _ = copy_bidirectional(&mut secure, &mut server).await;
    }
}

/// A CA of its own, and a server that it vouches for.
fn certificate(ca_file: PathBuf, name: &str) -> TlsAcceptor {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    std::fs::write(ca_file, ca_cert.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn with_a_certificate_everything_works_as_without() {
    let (server, name) = fresh_database().await;
    let front = Front::before(&server, Some("localhost")).await;
    let url = front.url(&name, "localhost", "sslmode=verify-full&sslrootcert=CA");
    let store = Store::open(options(&url)).await.unwrap();
    let record = record("a");
    let made = store.create_tenant(&record, vec![settings()], NOW).await;
    assert!(made.is_ok(), "{made:?}");
    store.close().await;
    // it is the same database
    let plain = Store::open(options(&database_url(&server, &name))).await;
    let plain = plain.unwrap();
    assert_eq!(plain.tenants().await.unwrap().len(), 1);
    plain.close().await;
    admin(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[tokio::test]
async fn who_cannot_prove_it_is_told_nothing() {
    let (server, name) = fresh_database().await;
    let front = Front::before(&server, Some("localhost")).await;
    let other = Front::before(&server, Some("db.example")).await;
    let none = Front::before(&server, None).await;
    let others_ca = other.folder.path().join("ca.pem").display().to_string();
    let ca = "sslmode=verify-full&sslrootcert=CA";
    let rows = [
        (
            "the public authorities",
            &front,
            "sslmode=verify-full".to_owned(),
        ),
        ("require verifies too", &front, "sslmode=require".to_owned()),
        (
            "another authority",
            &front,
            format!("sslmode=verify-full&sslrootcert={others_ca}"),
        ),
        ("another name", &other, ca.to_owned()),
        (
            "no TLS",
            &none,
            format!("sslmode=require&sslrootcert={others_ca}"),
        ),
    ];
    for (row, front, query) in rows {
        let url = front.url(&name, "localhost", &query);
        let opened = Store::open(options(&url)).await;
        assert!(
            matches!(opened, Err(OpenError::Unreachable(_))),
            "{row}: {opened:?}"
        );
    }
    admin(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
