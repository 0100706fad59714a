//! What runs before any route: the host names the tenant, or nothing else runs.

use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse;
use cardea_core::id::Host;
use cardea_core::model::Issuer;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};

use crate::app::{App, Scheme};
use crate::fault::Fault;
use crate::peer::{PeerAddress, client_address};
use crate::tenants::Tenant;
use crate::wire;

/// Which tenant a request is for, and by which of its hosts. Cloning is cheap: every handler does.
#[derive(Debug, Clone)]
pub(crate) struct At(Arc<Place>);

impl Deref for At {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) host: Host,
    pub(crate) issuer: Issuer,
    /// The client's address, through trusted proxies.
    pub(crate) ip: std::net::IpAddr,
}

/// Finds the tenant, and lets `by_path` answer; gives every answer the headers that it should have.
pub(crate) async fn by_host<F>(
    app: &App,
    mut request: Request,
    by_path: impl FnOnce(Request) -> F,
) -> Response<Body>
where
    F: Future<Output = Response<Body>>,
{
    let wants_body = request.method() != Method::HEAD;
    let mut response = match find(app, &request) {
        Ok(at) => {
            request.extensions_mut().insert(at);
            let answer = AssertUnwindSafe(by_path(request)).catch_unwind().await;
            answer.unwrap_or_else(|_| Fault::Panic.into_response())
        }
        Err(refusal) => *refusal,
    };
    if !wants_body {
        *response.body_mut() = Body::empty(); // with HTTP/2 nobody else sees to it
    }
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // in `dev` it would bind every other program on this machine's localhost
    if app.scheme == Scheme::Https && app.dev.is_none() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

fn find(app: &App, request: &Request) -> Result<At, Box<Response<Body>>> {
    let host = requested_host(request.uri(), request.headers()).ok_or_else(|| {
        let text = "The request must name one host.";
        Box::new(wire::plain_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            text,
        ))
    })?;
    // TENANT-06: every unknown host gets the same answer
    let tenant = app.tenants.at(&host).ok_or_else(|| {
        let text = "No tenant answers at this host.";
        Box::new(wire::plain_error(
            StatusCode::NOT_FOUND,
            "unknown_host",
            text,
        ))
    })?;
    let peer = request.extensions().get::<PeerAddress>();
    let ip = client_address(peer, request.headers(), &app.trusted_proxies);
    let issuer = app.issuer(&host);
    Ok(At(Arc::new(Place {
        tenant,
        host,
        issuer,
        ip,
    })))
}

/// The target's authority, else the one `Host` header; both must agree (attack HTTP-10).
fn requested_host(uri: &Uri, headers: &HeaderMap) -> Option<Host> {
    let mut named = headers.get_all(header::HOST).iter();
    let from_header = named.next();
    if named.next().is_some() {
        return None;
    }
    let from_header = match from_header {
        Some(value) => Some(Host::from_header(value.to_str().ok()?)?),
        None => None,
    };
    let from_target = match uri.authority() {
        Some(authority) => Some(Host::from_header(authority.as_str())?),
        None => None,
    };
    match (from_target, from_header) {
        (Some(target), Some(header)) => (target == header).then_some(target),
        (Some(host), None) | (None, Some(host)) => Some(host),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_or_none() {
        // HTTP-10, TENANT-01: target, Host headers, the host that counts
        let table: [(&str, &[&str], Option<&str>); 8] = [
            ("/x", &["a.example"], Some("a.example")),
            ("/x", &["A.Example:443"], Some("a.example:443")),
            ("https://a.example/x", &[], Some("a.example")),
            ("https://a.example/x", &["a.example"], Some("a.example")),
            ("https://a.example/x", &["b.example"], None),
            ("/x", &["a.example", "b.example"], None),
            ("/x", &["a.example/b"], None),
            ("/x", &[], None),
        ];
        for (target, hosts, expected) in table {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            let found = requested_host(&target.parse().unwrap(), &headers);
            assert_eq!(
                found.as_ref().map(Host::as_str),
                expected,
                "{target} {hosts:?}"
            );
        }
    }
}
