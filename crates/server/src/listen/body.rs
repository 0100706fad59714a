//! A request's body that must arrive in time (attack HTTP-02), on HTTP/1 and on a stream of
//! HTTP/2 alike.

use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyPatience {
    /// Without a byte.
    pub(super) pause: Duration,
    /// From the first wait to the end: a byte every now and then is not progress.
    pub(super) whole: Duration,
}

/// The body took too long.
#[derive(Debug)]
pub(crate) struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request's body took too long")
    }
}

impl std::error::Error for TooSlow {}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body, its patience, and since when it has been waited for.
pub(super) struct TimelyBody<B> {
    inner: B,
    patience: BodyPatience,
    ends: Option<Instant>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<B> TimelyBody<B> {
    pub(super) const fn new(inner: B, patience: BodyPatience) -> Self {
        Self {
            inner,
            patience,
            ends: None,
            waiting: None,
        }
    }
}

impl<B> Body for TimelyBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let now = Instant::now();
        let patience = self.patience;
        let ends = *self.ends.get_or_insert(now + patience.whole);
        let until = ends.min(now + patience.pause);
        let sleep = self
            .waiting
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        sleep.as_mut().poll(cx).map(|()| Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
