//! TLS: rustls with AWS-LC, versions 1.2 and 1.3 (attack HTTP-12).

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// Makes a certificate for a name that a client asked for, if it is a name of ours.
pub type MakeCertificate =
    dyn Fn(String) -> Pin<Box<dyn Future<Output = Option<CertifiedKey>> + Send>> + Send + Sync;

/// How a listener speaks TLS. Clones share it.
#[derive(Clone)]
pub struct TlsConfig {
    config: Arc<ServerConfig>,
    certificates: Arc<Certificates>,
    make: Option<Arc<MakeCertificate>>,
}

impl TlsConfig {
    /// Serves `default` to everyone, and to those who name one of them, the others.
    pub fn new(default: CertifiedKey) -> Result<Self, rustls::Error> {
        let certificates = Arc::new(Certificates {
            default: RwLock::new(Arc::new(default)),
            by_name: RwLock::default(),
        });
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&certificates) as _;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
                .with_no_client_auth()
                .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            certificates,
            make: None,
        })
    }

    /// Asks `make` for names without a certificate, once each.
    #[must_use]
    pub fn making(mut self, make: Arc<MakeCertificate>) -> Self {
        self.make = Some(make);
        self
    }

    /// From now on `default` is served.
    pub fn replace(&self, default: CertifiedKey) {
        let mut current = self
            .certificates
            .default
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(default);
    }

    /// The handshake.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let name = start
            .client_hello()
            .server_name()
            .map(str::to_ascii_lowercase);
        if let (Some(make), Some(name)) = (&self.make, name)
            && self.certificates.named(&name).is_none()
            && let Some(made) = make(name.clone()).await
        {
            let mut by_name = self
                .certificates
                .by_name
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            by_name.insert(name, Arc::new(made));
        }
        start.into_stream(Arc::clone(&self.config)).await
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Certificates {
    default: RwLock<Arc<CertifiedKey>>,
    by_name: RwLock<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl Certificates {
    fn named(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.get(name).map(Arc::clone)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let named = name.and_then(|name| self.named(&name));
        Some(named.unwrap_or_else(|| {
            Arc::clone(&self.default.read().unwrap_or_else(PoisonError::into_inner))
        }))
    }
}

/// A certificate chain and its private key, ready to serve.
pub fn certified_key(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
}

/// The PEM files of a certificate chain and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemFiles {
    /// The chain, the server's own certificate first.
    pub cert_file: PathBuf,
    /// The private key.
    pub key_file: PathBuf,
}

impl PemFiles {
    /// Reads and matches them.
    pub fn load(&self) -> Result<CertifiedKey, TlsFileError> {
        let failed = |path: &Path, why: String| TlsFileError {
            path: path.to_owned(),
            why,
        };
        let chain = CertificateDer::pem_file_iter(&self.cert_file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| failed(&self.cert_file, error.to_string()))?;
        if chain.is_empty() {
            return Err(failed(
                &self.cert_file,
                "there is no certificate in it".to_owned(),
            ));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key_file)
            .map_err(|error| failed(&self.key_file, error.to_string()))?;
        certified_key(chain, key).map_err(|error| failed(&self.cert_file, error.to_string()))
    }
}

/// A certificate or key file that can't be used.
#[derive(Debug)]
pub struct TlsFileError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for TlsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for TlsFileError {}
