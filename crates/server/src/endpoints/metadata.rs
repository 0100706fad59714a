//! Documents that everybody may read: metadata, keys, the signing certificate.

use axum::Extension;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::guard::At;
use crate::wire;

/// `GET /.well-known/openid-configuration` and its RFC 8414 alias.
pub(crate) async fn openid_configuration(
    Extension(at): Extension<At>,
    headers: HeaderMap,
) -> Response<Body> {
    let loaded = at.tenant.loaded();
    match loaded.metadata(&at.host) {
        Some(document) => document.answer(headers.get(header::IF_NONE_MATCH)),
        None => missing(),
    }
}

/// `GET /.well-known/jwks.json` (RFC 7517).
pub(crate) async fn jwks(Extension(at): Extension<At>, headers: HeaderMap) -> Response<Body> {
    at.tenant
        .loaded()
        .jwks
        .answer(headers.get(header::IF_NONE_MATCH))
}

/// `GET /pem`: the certificate of the key that signs.
pub(crate) async fn pem(Extension(at): Extension<At>) -> Response<Body> {
    let Some(pem) = at.tenant.loaded().certificate_pem() else {
        return missing();
    };
    let mut response = Response::new(Body::from(pem));
    let kind = HeaderValue::from_static("application/x-pem-file; charset=us-ascii");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, wire::PUBLIC);
    response
}

fn missing() -> Response<Body> {
    wire::plain_error(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing at this path.",
    )
}
