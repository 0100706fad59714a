//! Sockets: accepting, the protocols on them, and ending well.

mod body;
mod patient;
mod slots;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::peer::PeerAddress;
use crate::tls::TlsConfig;
pub(crate) use body::TooSlow;
use body::{BodyPatience, TimelyBody};
use patient::{Activity, Patience, Patient};
use slots::Slots;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// What is still running this long after the end was asked for is cut off.
const DRAIN: Duration = Duration::from_secs(20);
/// A head that trickles in, a connection without a request, a peer that does not read.
const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    idle: Duration::from_secs(75),
    write: Duration::from_secs(20),
};
/// The body of a request: `serve` takes 1 MiB at most.
const BODY: BodyPatience = BodyPatience {
    pause: Duration::from_secs(10),
    whole: Duration::from_secs(30),
};
/// Pause after an error of `accept` that will come again at once (no file descriptors left).
const BACK_OFF: Duration = Duration::from_millis(100);

/// Request line and header fields together (attack HTTP-04).
const MAX_HEAD: u32 = 16 * 1024;
/// HTTP/2 (attack HTTP-03): streams at once, and resets before the connection is closed.
const MAX_STREAMS: u32 = 128;
const MAX_PENDING_RESETS: usize = 20;
const MAX_LOCAL_RESETS: usize = 256;
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_ANSWER: Duration = Duration::from_secs(20);

/// Binds the loopback addresses of both families on one port; 0 finds a free one. A machine
/// without IPv6 gets one listener.
pub async fn bind_loopback(port: u16) -> io::Result<Vec<TcpListener>> {
    const TRIES: usize = 16;
    let mut last = None;
    for _ in 0..TRIES {
        let four = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let chosen = four.local_addr()?.port();
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, chosen))).await {
            Ok(six) => return Ok(vec![four, six]),
            // a port that is free for IPv4 alone: try another, if the choice is ours
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if port != 0 {
                    return Err(error);
                }
                last = Some(error);
            }
            Err(_) => return Ok(vec![four]),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

/// Binds these addresses.
pub async fn bind(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let bound = TcpListener::bind(address).await;
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
        listeners.push(bound.map_err(named)?);
    }
    Ok(listeners)
}

/// Whoever answers requests.
pub trait Answers: Clone + Send + Sync + 'static {
    /// The answer to one.
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves until `shutdown`, then lets what is running end, for at most 20 s.
pub async fn serve(
    service: impl Answers,
    listeners: Vec<TcpListener>,
    tls: Option<TlsConfig>,
    shutdown: CancellationToken,
) {
    let server = Arc::new(Server {
        service,
        tls,
        http1: http1(),
        http2: http2(),
        slots: Slots::new(),
    });
    let graceful = GracefulShutdown::new();
    let accepting = listeners
        .iter()
        .map(|listener| accept(&server, listener, &graceful, &shutdown));
    join_all(accepting).await;
    drop(listeners); // who connects now is told at once
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "connections were still busy after {} s and are cut off",
            DRAIN.as_secs()
        );
    }
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // `Patient` tells an idle connection from a slow one; hyper's timer can't
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD as usize)
        .max_buf_size(4 * MAX_HEAD as usize);
    builder
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_ANSWER);
    builder
}

struct Server<A> {
    service: A,
    tls: Option<TlsConfig>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    slots: Slots,
}

async fn accept<A: Answers>(
    server: &Arc<Server<A>>,
    listener: &TcpListener,
    graceful: &GracefulShutdown,
    shutdown: &CancellationToken,
) {
    loop {
        let Some(slot) = shutdown.run_until_cancelled(server.slots.take()).await else {
            return;
        };
        let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await else {
            return;
        };
        match accepted {
            Ok((stream, peer)) => {
                let (server, watcher, shutdown) =
                    (Arc::clone(server), graceful.watcher(), shutdown.clone());
                tokio::spawn(async move {
                    server.connection(stream, peer, watcher, shutdown).await;
                    drop(slot);
                });
            }
            // the peer's own trouble: the next one may be fine
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                drop(timeout(BACK_OFF, shutdown.cancelled()).await);
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::ConnectionAborted
        || kind == io::ErrorKind::ConnectionReset
        || kind == io::ErrorKind::ConnectionRefused
}

impl<A: Answers> Server<A> {
    async fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        watcher: Watcher,
        shutdown: CancellationToken,
    ) {
        let peer = PeerAddress(canonical(peer));
        drop(stream.set_nodelay(true)); // it only costs time
        let Some(tls) = &self.tls else {
            return self.http(stream, peer, watcher, false).await;
        };
        let handshake = timeout(HANDSHAKE, handshake(tls, stream));
        let Some(Ok(Ok(Some(stream)))) = shutdown.run_until_cancelled(handshake).await else {
            return; // nothing to say to somebody who does not speak TLS
        };
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        self.http(stream, peer, watcher, http2).await;
    }

    async fn http<S>(&self, stream: S, peer: PeerAddress, watcher: Watcher, http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = if http2 {
            Activity::unwatched()
        } else {
            Activity::watched()
        };
        let io = TokioIo::new(Patient::new(stream, activity.clone(), PATIENCE));
        let service = self.service.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            activity.request();
            let (service, activity) = (service.clone(), activity.clone());
            let request = request.map(|body| Body::new(TimelyBody::new(body, BODY)));
            async move {
                let answer = service.answer(request).await;
                activity.answered();
                Ok::<_, Infallible>(answer)
            }
        });
        let ended = if http2 {
            watcher
                .watch(self.http2.serve_connection(io, service))
                .await
        } else {
            watcher
                .watch(self.http1.serve_connection(io, service))
                .await
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// `None` for plain HTTP, which is answered 400 (attack HTTP-13: never a redirect, since the
/// request, and the secret in it, has been sent in the clear already).
async fn handshake(
    tls: &TlsConfig,
    mut stream: TcpStream,
) -> io::Result<Option<tokio_rustls::server::TlsStream<TcpStream>>> {
    const HANDSHAKE_RECORD: u8 = 0x16;
    const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Length: 24\r\nConnection: close\r\n\r\nThis port speaks HTTPS.\n";
    let mut first = [0_u8; 1];
    let seen = stream.peek(&mut first).await?;
    if seen == 1 && first == [HANDSHAKE_RECORD] {
        return tls.accept(stream).await.map(Some);
    }
    if first.first().is_some_and(u8::is_ascii_alphabetic) {
        // read what came, or closing would send a reset that overtakes the answer
        drop(stream.try_read(&mut [0; 4096]));
        stream.write_all(PLAIN.as_bytes()).await?;
        stream.shutdown().await?;
    }
    Ok(None)
}

/// A socket for both families shows IPv4 peers as `::ffff:a.b.c.d`.
fn canonical(peer: SocketAddr) -> SocketAddr {
    let ip: IpAddr = peer.ip().to_canonical();
    SocketAddr::new(ip, peer.port())
}

#[cfg(test)]
mod tests;
