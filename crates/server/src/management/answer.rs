//! What goes back over the wire.

use axum::body::Body;
use cardea_core::management::{ApiError, Reply};
use cardea_verifier::Refusal;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use crate::fault::Fault;
use crate::limits::Rate;
use crate::wire;

pub(super) fn succeeded(reply: Reply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    if let Some(body) = reply.body {
        return wire::json(status, &body);
    }
    let mut response = wire::json(status, &Value::Null);
    *response.body_mut() = Body::empty();
    response
}

pub(super) fn failed(error: &ApiError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    wire::json(status, &error.to_json())
}

/// The body has Auth0's texts; the header says by RFC 6750 what the token was.
pub(super) fn unauthorized(refusal: &Refusal) -> Response<Body> {
    let error = if *refusal == Refusal::Missing {
        ApiError::missing_authentication()
    } else if matches!(refusal, Refusal::Expired { .. }) {
        ApiError::expired_token()
    } else if *refusal == Refusal::BadSignature {
        ApiError::invalid_signature()
    } else if matches!(
        refusal,
        Refusal::NotBearer | Refusal::MalformedHeader | Refusal::Opaque
    ) {
        ApiError::bad_authentication_header()
    } else {
        ApiError::invalid_token()
    };
    let mut response = failed(&error);
    if let Ok(challenge) = HeaderValue::from_str(&refusal.www_authenticate("api/v2")) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The Management API's envelope for this side's faults.
pub(super) fn fault_response(fault: &Fault) -> Response<Body> {
    fault.report();
    let status = fault.status();
    let error = if status == StatusCode::SERVICE_UNAVAILABLE {
        ApiError::new(503, "The service is temporarily unavailable.", None)
    } else {
        ApiError::internal()
    };
    let mut response = failed(&error);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

pub(super) fn rate_headers(headers: &mut HeaderMap, rate: Rate) {
    let values = [
        ("x-ratelimit-limit", i64::from(rate.limit)),
        ("x-ratelimit-remaining", i64::from(rate.remaining)),
        ("x-ratelimit-reset", rate.reset),
    ];
    for (name, value) in values {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    if rate.exceeded {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
    }
}
