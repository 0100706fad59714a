//! Answers as they go out.

use axum::body::Body;
use bytes::Bytes;
use cardea_core::model::Profile;
use cardea_core::protocol::profile::{self, WireError};
use cardea_core::protocol::refusal::Refusal;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// For documents that are the same for everybody: no longer, so that a revoked key is gone soon.
pub(crate) const PUBLIC: HeaderValue =
    HeaderValue::from_static("public, max-age=15, stale-while-revalidate=15");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// A JSON document that is the same for everybody until it changes.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    body: Bytes,
    etag: HeaderValue,
}

impl Document {
    pub(crate) fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_default();
        let digest = cardea_jose::b64::encode(&cardea_jose::sha256(&body));
        // base64url between quotes is always a legal value
        let etag = HeaderValue::from_str(&format!("\"{digest}\""));
        let etag = etag.unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Self {
            body: body.into(),
            etag,
        }
    }

    /// The document, or 304 where the reader has it (RFC 9110 13.1.2).
    pub(crate) fn answer(&self, if_none_match: Option<&HeaderValue>) -> Response<Body> {
        let known = if_none_match
            .and_then(|value| value.to_str().ok())
            .is_some_and(|list| {
                list.split(',').any(|tag| {
                    let tag = tag.trim();
                    tag == "*" || self.etag == *tag.strip_prefix("W/").unwrap_or(tag)
                })
            });
        let body = if known {
            Body::empty()
        } else {
            Body::from(self.body.clone())
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        // a resource server that caches a revoked key does so no longer than this (CRYPTO-10)
        headers.insert(header::CACHE_CONTROL, PUBLIC);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
        response
    }
}

/// A JSON answer that nobody may keep (RFC 6749 5.1, attack TOKEN-49).
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    const USUAL: usize = 1024;
    let mut body = Vec::with_capacity(USUAL);
    if serde_json::to_writer(&mut body, value).is_err() {
        body.clear();
    }
    json_text(status, body)
}

/// The same of what is JSON already.
pub(crate) fn json_text(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::PRAGMA, NO_CACHE);
    response
}

/// An answer of the token endpoint that refuses.
pub(crate) fn refused(refusal: &Refusal, profile: Profile, basic: bool) -> Response<Body> {
    let WireError {
        status,
        error,
        description,
        uri,
    } = profile::wire(refusal, profile);
    let mut body = json!({ "error": error, "error_description": description });
    if let (Some(uri), Some(members)) = (uri, body.as_object_mut()) {
        members.insert("error_uri".to_owned(), uri.into());
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json(status, &body);
    if basic && status == StatusCode::UNAUTHORIZED && profile::challenges_basic(profile) {
        let challenge = HeaderValue::from_static("Basic realm=\"oauth/token\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Refusal::Throttled(seconds) = refusal {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

/// An error outside of any protocol: `{"error", "error_description"}`.
pub(crate) fn plain_error(
    status: StatusCode,
    error: &'static str,
    description: &str,
) -> Response<Body> {
    json(
        status,
        &json!({ "error": error, "error_description": description }),
    )
}

/// Sends a browser on with GET, whatever it came with (attack AUTHZ-54).
pub(crate) fn redirect(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let Ok(location) = HeaderValue::from_str(location) else {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR; // WEB-07
        return response;
    };
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    let referrer = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, referrer);
    response
}

/// The same after a form was posted.
pub(crate) fn see_other(location: &str) -> Response<Body> {
    let mut response = redirect(location);
    if response.status() == StatusCode::FOUND {
        *response.status_mut() = StatusCode::SEE_OTHER;
    }
    response
}
