//! Reading a request's body, with its bound.

use std::fmt;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::listen::TooSlow;

/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than this many bytes (attack TOKEN-51).
    TooLong(usize),
    /// It did not arrive in time (attack HTTP-02).
    TooSlow,
    /// It broke off, or its framing is wrong (attack HTTP-01).
    Broken,
}

impl BodyError {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "The request body is longer than {limit} bytes."),
            Self::TooSlow => f.write_str("The request body did not arrive in time."),
            Self::Broken => f.write_str("The request body broke off before its end."),
        }
    }
}

/// The whole body.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let read = Limited::new(body, limit).collect().await;
    read.map(http_body_util::Collected::to_bytes)
        .map_err(|error| {
            let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
            while let Some(error) = cause {
                if error.is::<LengthLimitError>() {
                    return BodyError::TooLong(limit);
                }
                if error.is::<TooSlow>() {
                    return BodyError::TooSlow;
                }
                cause = error.source();
            }
            BodyError::Broken
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_end_of_a_body_has_its_own_status() {
        let stream = |error: Box<dyn std::error::Error + Send + Sync>| {
            let chunks = [Ok(Bytes::from_static(b"a")), Err(error)];
            Body::from_stream(futures_util::stream::iter(chunks))
        };
        let rows = [
            (Body::from("abc"), Ok(Bytes::from_static(b"abc"))),
            (Body::from("abcd"), Err(BodyError::TooLong(3))),
            (stream(Box::new(TooSlow)), Err(BodyError::TooSlow)),
            (stream("cut off".into()), Err(BodyError::Broken)),
        ];
        for (body, expected) in rows {
            assert_eq!(read(body, 3).await, expected);
        }
        assert_eq!(BodyError::TooLong(3).status(), 413);
        assert_eq!(BodyError::TooSlow.status(), 408);
        assert_eq!(BodyError::Broken.status(), 400);
    }
}
