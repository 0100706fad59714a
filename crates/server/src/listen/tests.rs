use axum::routing::get;
use axum::{Extension, Router};
use tokio::io::AsyncReadExt as _;
use tower::Service as _;

use super::*;
use crate::clock::Clock;
use crate::dev::testing::localhost_tls;

impl Answers for Router {
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let Ok(answer) = self.clone().call(request).await;
        answer
    }
}

async fn start(
    tls: Option<TlsConfig>,
) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let router = Router::new().route(
        "/",
        get(|Extension(peer): Extension<PeerAddress>| async move { peer.0.ip().to_string() }),
    );
    let listeners = bind_loopback(0).await.unwrap();
    let address = listeners[0].local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(router, listeners, tls, shutdown.clone()));
    (address, shutdown, server)
}

async fn talk(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    drop(stream.read_to_string(&mut answer).await);
    answer
}

#[tokio::test]
async fn a_request_carries_its_peer_and_the_end_is_orderly() {
    let (address, shutdown, server) = start(None).await;
    let answer = talk(
        address,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"),
        "{answer}"
    );

    // an idle connection does not hold the end up
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    shutdown.cancel();
    server.await.unwrap();
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn heads_are_bounded() {
    let (address, ..) = start(None).await;
    let long = "x".repeat(17 * 1024);
    let many = "a: b\r\n".repeat(101);
    for request in [
        format!("GET / HTTP/1.1\r\nHost: x\r\nA: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
    ] {
        let answer = talk(address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}

#[tokio::test]
async fn ambiguous_requests_end_the_connection() {
    // attack HTTP-01: a second request must never be served out of the first one's body
    let (address, ..) = start(None).await;
    for head in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Content-Length : 4",
        "Content-Length: +4",
    ] {
        let request =
            format!("GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = talk(address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{head}: {answer}");
    }
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, _) = localhost_tls(folder.path(), Clock::real_now());
    let (address, ..) = start(Some(tls)).await;
    let answer = talk(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("HTTPS"),
        "{answer}"
    );
    // and something else is not told anything
    assert_eq!(talk(address, "\u{1}\u{2}\u{3}").await, "");
}

#[tokio::test]
async fn a_peer_that_keeps_the_server_waiting_is_left() {
    const SHORT: Duration = Duration::from_millis(30);
    const NEVER: Duration = Duration::from_hours(1);
    let patience = Patience {
        head: NEVER,
        idle: NEVER,
        write: NEVER,
    };

    let head = Patience {
        head: SHORT,
        ..patience
    };
    for sent in ["", "GET / HT"] {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let mut patient = Patient::new(theirs, Activity::watched(), head);
        ours.write_all(sent.as_bytes()).await.unwrap();
        let error = patient.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
    // a head that begins after a pause has its whole time again
    let (mut ours, theirs) = tokio::io::duplex(1024);
    let activity = Activity::watched();
    let mut patient = Patient::new(theirs, activity.clone(), head);
    activity.request();
    activity.answered();
    assert!(
        timeout(2 * SHORT, patient.read(&mut [0; 8])).await.is_err(),
        "idle is not slow"
    );
    ours.write_all(b"G").await.unwrap();
    assert_eq!(patient.read(&mut [0; 8]).await.unwrap(), 1);
    patient.read(&mut [0; 8]).await.unwrap_err();

    let (_ours, theirs) = tokio::io::duplex(1024);
    let activity = Activity::watched();
    let mut patient = Patient::new(
        theirs,
        activity.clone(),
        Patience {
            idle: SHORT,
            ..patience
        },
    );
    activity.request();
    activity.answered();
    patient.read(&mut [0; 8]).await.unwrap_err();

    let (_deaf, theirs) = tokio::io::duplex(16);
    let mut patient = Patient::new(
        theirs,
        Activity::watched(),
        Patience {
            write: SHORT,
            ..patience
        },
    );
    patient.write_all(&[0; 64]).await.unwrap_err();
}

#[tokio::test]
async fn tls_offers_both_protocols_and_only_new_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, roots) = localhost_tls(folder.path(), Clock::real_now());
    let (address, ..) = start(Some(tls)).await;
    for (versions, alpn) in [
        (&rustls::version::TLS13, &b"h2"[..]),
        (&rustls::version::TLS12, b"http/1.1"),
    ] {
        let mut config = rustls::ClientConfig::builder_with_protocol_versions(&[versions])
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = TcpStream::connect(address).await.unwrap();
        let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
        let stream = connector.connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(alpn));
    }
}

#[tokio::test]
async fn a_body_must_arrive_in_time() {
    use futures_util::stream::{StreamExt as _, iter, pending};
    use http_body_util::{BodyExt as _, StreamBody};
    use hyper::body::Frame;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_hours(1);
    let half = || {
        iter([Ok::<_, io::Error>(Frame::data(bytes::Bytes::from(
            "half of it",
        )))])
    };
    for patience in [
        BodyPatience {
            pause: SHORT,
            whole: LONG,
        },
        BodyPatience {
            pause: LONG,
            whole: SHORT,
        },
    ] {
        let body = TimelyBody::new(StreamBody::new(half().chain(pending())), patience);
        let error = body.collect().await.unwrap_err();
        assert!(error.is::<TooSlow>(), "{error}");
    }
    let patience = BodyPatience {
        pause: LONG,
        whole: LONG,
    };
    let body = TimelyBody::new(StreamBody::new(half()), patience);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "half of it");
}
