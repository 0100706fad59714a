//! The Health API of the documentation: an API that Cardea protects.

mod api;
mod cors;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use cardea_verifier::Verifier;
use clap::Parser;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// An API with patients: reading needs the scope read:patients, adding needs write:patients.
#[derive(Parser)]
struct Options {
    /// Who issues the tokens, exactly as in their `iss`.
    #[arg(long, default_value = "https://localhost:8443/")]
    issuer: String,
    /// This API's identifier, exactly as in their `aud`.
    #[arg(long, default_value = "https://example.com/health-api")]
    audience: String,
    /// Where to listen on this machine; 0 for any free port.
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// The PEM file of the CA that the issuer's certificate comes from.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// The PEM file of a certificate, to serve HTTPS.
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// The PEM file of its key.
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
    /// Origin of a single-page application that may call; may be given several times.
    #[arg(long, default_value = "https://localhost:3000")]
    allow_origin: Vec<String>,
    /// The ready file of `cardea dev`: fills in the issuer and the CA file.
    #[arg(long, conflicts_with_all = ["issuer", "ca_file"])]
    ready_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ReadyFile {
    issuer: String,
    ca_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "health-api: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut options: Options) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &options.ready_file {
        let ready: ReadyFile = serde_json::from_slice(&read(path)?)?;
        (options.issuer, options.ca_file) = (ready.issuer, ready.ca_file);
    }

    let verifier = Verifier::builder(options.issuer).audience(options.audience);
    let verifier = match &options.ca_file {
        Some(path) => verifier.ca_pem(read(path)?),
        None => verifier,
    };
    let app = cors::allow(api::app(&verifier.build()?), options.allow_origin);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let tls = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => Some(tls(&read(cert)?, &read(key)?)?),
        _ => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let port = listener.local_addr()?.port();
    writeln!(
        std::io::stdout(),
        "Health API: {scheme}://localhost:{port}/patients"
    )?;
    match tls {
        Some(acceptor) => serve_tls(&listener, &acceptor, &app).await,
        None => Ok(axum::serve(listener, app).await?),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn tls(cert: &[u8], key: &[u8]) -> Result<TlsAcceptor, Box<dyn Error>> {
    let chain = CertificateDer::pem_slice_iter(cert).collect::<Result<_, _>>()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve_tls(
    listener: &TcpListener,
    acceptor: &TlsAcceptor,
    app: &Router,
) -> Result<(), Box<dyn Error>> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, app) = (acceptor.clone(), app.clone());
        // a client that drops out of the handshake or the connection concerns nobody else
        tokio::spawn(async move {
            let stream = TokioIo::new(acceptor.accept(stream).await.ok()?);
            let server = auto::Builder::new(TokioExecutor::new());
            server
                .serve_connection(stream, TowerToHyperService::new(app))
                .await
                .ok()
        });
    }
}
