//! Which web pages may read answers (Fetch standard, auth-semantics 2.19). The answers depend on
//! no cookie, so none is ever allowed to come along (attack WEB-08).

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use cardea_core::model::TenantView;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use crate::guard::At;
use crate::pages::origin_of;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "auth0-client, authorization, content-type, dpop, x-request-language, auth0-custom-domain",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "dpop-nonce, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
);
/// Seconds for which a browser may remember a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origins of a tenant's applications.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    exact: BTreeSet<String>,
    /// Scheme and what follows the left-most label, of `https://*.example.com`.
    wild: Vec<(String, String)>,
}

impl Origins {
    /// `allowed_origins`, `web_origins` and the origins of the callbacks, of every application.
    pub(crate) fn of(view: &TenantView) -> Self {
        let mut origins = Self::default();
        for client in view.clients.values().map(|entry| &entry.parsed) {
            let listed = client.allowed_origins.iter().chain(&client.web_origins);
            for origin in listed {
                origins.add(origin.trim_end_matches('/'));
            }
            let callbacks = client.callbacks.iter().filter_map(|url| origin_of(url));
            origins.exact.extend(callbacks);
        }
        origins
    }

    fn add(&mut self, origin: &str) {
        match origin.split_once("://*.") {
            Some((scheme, rest)) if !rest.contains('*') && rest.contains('.') => {
                self.wild.push((format!("{scheme}://"), format!(".{rest}")));
            }
            Some(_) | None => self
                .exact
                .extend(origin_of(origin).filter(|own| own == origin)),
        }
    }

    /// Whether pages of this origin may read answers.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        let covered = |(scheme, rest): &(String, String)| {
            let label = origin
                .strip_prefix(scheme.as_str())
                .and_then(|host| host.strip_suffix(rest.as_str()));
            label.is_some_and(|label| {
                !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            })
        };
        self.exact.contains(origin) || self.wild.iter().any(covered)
    }
}

/// Answers preflights and marks answers, for the routes that browsers call.
pub(crate) async fn layer(request: Request, next: Next) -> Response<Body> {
    let Some(origin) = one_origin(request.headers()) else {
        return next.run(request).await;
    };
    let known = request.extensions().get::<At>();
    let allowed = known.is_some_and(|at| allows(at, &origin));
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        preflight_answer(allowed)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

fn allows(at: &At, origin: &HeaderValue) -> bool {
    let own = at.issuer.as_str().trim_end_matches('/');
    origin
        .to_str()
        .is_ok_and(|origin| origin == own || at.tenant.loaded().origins.allows(origin))
}

fn one_origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let first = origins.next()?;
    origins.next().is_none().then(|| first.clone())
}

fn preflight_answer(allowed: bool) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if !allowed {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    }
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, HeaderValue); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    headers.extend(fixed);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_08_an_origin_is_listed_or_it_is_not() {
        let mut origins = Origins::default();
        origins.add("https://app.example");
        origins.add("http://localhost:3000");
        origins.add("https://*.example.org");
        origins.add("https://*");
        origins.add("https://*.*.example");
        origins.add("*");
        let table = [
            ("https://app.example", true),
            ("https://app.example:443", false),
            ("http://app.example", false),
            ("https://app.example.evil.test", false),
            ("https://evilapp.example", false),
            ("http://localhost:3000", true),
            ("http://localhost:30000", false),
            ("https://a.example.org", true),
            ("https://a.b.example.org", false),
            ("https://.example.org", false),
            ("https://example.org", false),
            ("http://a.example.org", false),
            ("https://evil.test/.example.org", false),
            ("null", false),
            ("", false),
            ("*", false),
        ];
        for (origin, expected) in table {
            assert_eq!(origins.allows(origin), expected, "{origin}");
        }
    }
}
