//! How long the server waits for a peer (attack HTTP-02).
//!
//! hyper has one timer for "no request is there" and "a request comes in drop by drop". They
//! need different answers: a proxy keeps idle connections for a minute and must not lose one
//! while it sends the next request, but a head that has begun must be complete within 10 s.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From the first byte of a request's head to its last; also until the first byte of all.
    pub(super) head: Duration,
    /// Between an answer and the next request.
    pub(super) idle: Duration,
    /// A peer that takes nothing for so long does not read any more.
    pub(super) write: Duration,
}

/// What a connection is waiting for; told by the service, read by the stream.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<AtomicU8>);

const READING_HEAD: u8 = 0;
const BUSY: u8 = 1;
const BETWEEN: u8 = 2;
const UNWATCHED: u8 = 3;

impl Activity {
    /// HTTP/1: one request after the other.
    pub(super) fn watched() -> Self {
        Self(Arc::new(AtomicU8::new(READING_HEAD)))
    }

    /// HTTP/2, where pings tell whether the peer is there.
    pub(super) fn unwatched() -> Self {
        Self(Arc::new(AtomicU8::new(UNWATCHED)))
    }

    /// A head is complete; its body's time is the endpoint's matter.
    pub(super) fn request(&self) {
        self.turn(BUSY);
    }

    /// The answer is made.
    pub(super) fn answered(&self) {
        self.turn(BETWEEN);
    }

    fn turn(&self, to: u8) {
        if self.phase() != UNWATCHED {
            self.0.store(to, Ordering::Relaxed);
        }
    }

    fn phase(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream that gives up on a peer that keeps it waiting.
pub(super) struct Patient<S> {
    stream: S,
    activity: Activity,
    patience: Patience,
    /// The phase a read has been waiting in, and until when.
    reading: Option<(u8, Pin<Box<Sleep>>)>,
    writing: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, activity: Activity, patience: Patience) -> Self {
        Self {
            stream,
            activity,
            patience,
            reading: None,
            writing: None,
        }
    }

    fn wait_to_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let phase = self.activity.phase();
        let limit = match phase {
            READING_HEAD => self.patience.head,
            BETWEEN => self.patience.idle,
            _ => {
                self.reading = None;
                return Poll::Pending;
            }
        };
        let (_, sleep) = match &mut self.reading {
            Some(waiting) if waiting.0 == phase => waiting,
            other => other.insert((phase, Box::pin(sleep_until(Instant::now() + limit)))),
        };
        sleep
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn wait_to_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.writing = None;
            return result;
        }
        let limit = self.patience.write;
        let sleep = self
            .writing
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        sleep
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if result.is_pending() {
            return self.wait_to_read(cx);
        }
        if self.activity.phase() == BETWEEN {
            self.activity.turn(READING_HEAD); // its time begins with its first byte
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wait_to_write(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wait_to_write(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.wait_to_write(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.wait_to_write(cx, result)
    }
}
