//! What goes wrong on this side: never the client's doing, never with a detail on the wire.

use axum::body::Body;
use axum::response::IntoResponse;
use cardea_core::protocol::body::Damaged;
use cardea_store::StoreError;
use http::{HeaderValue, Response, StatusCode, header};

use crate::password::Busy;
use crate::wire;

/// A request that could not be served.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The store did not answer; whether a write happened is unknown.
    Store(StoreError),
    /// Somebody else moved first, again and again.
    Contended,
    /// More passwords wait than can be looked at in time.
    Busy,
    /// Stored protocol state says what it cannot say.
    Damaged(Damaged),
    /// A handler panicked.
    Panic,
}

impl From<Busy> for Fault {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Damaged> for Fault {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

impl Fault {
    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Store(StoreError::Unavailable(_)) | Self::Contended | Self::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Store(_) | Self::Damaged(_) | Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Tells the operator.
    pub(crate) fn report(&self) {
        match self {
            Self::Store(error) => tracing::error!(%error, "the store failed a request"),
            Self::Contended => tracing::warn!("a request met a conflict on every try"),
            Self::Busy => tracing::warn!("too many passwords wait to be looked at"),
            Self::Damaged(damaged) => tracing::error!(%damaged, "stored state cannot be read"),
            Self::Panic => tracing::error!("a handler panicked"),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response<Body> {
        self.report();
        let status = self.status();
        let (error, text) = if status == StatusCode::SERVICE_UNAVAILABLE {
            (
                "temporarily_unavailable",
                "The server cannot answer now. Try again in a moment.",
            )
        } else {
            (
                "server_error",
                "The server met an error. It has been recorded.",
            )
        };
        let mut response = wire::plain_error(status, error, text);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }
}
