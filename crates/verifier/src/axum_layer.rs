//! A tower layer that lets requests with a good access token through, and guards for single routes.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, Either, Ready, ready};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tower::{Layer, Service};

use crate::{AccessToken, Refusal, Verifier, bearer_token};

const REALM: &str = "api";

impl Verifier {
    /// A layer that refuses every request without a good access token for this API, and puts the
    /// [`AccessToken`] into the request's extensions. The [`Refusal`] stands in the extensions of
    /// the answer, so that an outer layer can log it.
    pub fn layer(&self) -> BearerLayer {
        BearerLayer {
            verifier: self.clone(),
            realm: Arc::from(REALM),
        }
    }
}

/// Made by [`Verifier::layer`].
#[derive(Clone, Debug)]
pub struct BearerLayer {
    verifier: Verifier,
    realm: Arc<str>,
}

impl BearerLayer {
    /// The name of the API in `WWW-Authenticate`; `api` by default.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        self.realm = Arc::from(realm);
        self
    }
}

impl<S> Layer<S> for BearerLayer {
    type Service = BearerService<S>;

    fn layer(&self, inner: S) -> BearerService<S> {
        BearerService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of [`BearerLayer`].
#[derive(Clone, Debug)]
pub struct BearerService<S> {
    inner: S,
    layer: BearerLayer,
}

impl<S> Service<Request> for BearerService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // the service that was polled ready must be the one that is called
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let BearerLayer { verifier, realm } = self.layer.clone();
        Box::pin(async move {
            match authenticate(&verifier, request.headers(), request.uri().query()).await {
                Ok(token) => {
                    request.extensions_mut().insert(token);
                    request.extensions_mut().insert(Realm(realm));
                    inner.call(request).await
                }
                Err(refusal) => Ok(respond(&refusal, &realm)),
            }
        })
    }
}

async fn authenticate(
    verifier: &Verifier,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<AccessToken, Refusal> {
    let headers = headers
        .get_all(AUTHORIZATION)
        .into_iter()
        .map(HeaderValue::as_bytes);
    verifier.verify(bearer_token(headers, query, None)?).await
}

/// The realm for refusals further inside.
#[derive(Clone)]
struct Realm(Arc<str>);

impl<S: Sync> FromRequestParts<S> for AccessToken {
    type Rejection = Response;

    /// The token that the layer let through. Without a layer in front this is 500: an API whose
    /// door was left out must not look like one whose callers forgot their token.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(no_layer)
    }
}

/// A layer for routes that need this scope; goes inside [`Verifier::layer`].
///
/// ```
/// # use axum::{Router, routing::get};
/// # use cardea_verifier::require_scope;
/// # async fn list() {}
/// # async fn add() {}
/// let app: Router = Router::new().route(
///     "/patients",
///     get(list)
///         .layer(require_scope("read:patients"))
///         .merge(axum::routing::post(add).layer(require_scope("write:patients"))),
/// );
/// ```
///
/// In a handler the same is `token.require_scope("read:patients")?`.
pub fn require_scope(scope: &str) -> GuardLayer {
    GuardLayer {
        needed: Arc::new([scope.to_owned()]),
        check: AccessToken::require_scope,
    }
}

/// A layer for routes that need all of these scopes.
pub fn require_scopes<const N: usize>(scopes: [&str; N]) -> GuardLayer {
    let needed: Vec<String> = scopes.into_iter().map(str::to_owned).collect();
    GuardLayer {
        needed: needed.into(),
        check: AccessToken::require_scope,
    }
}

/// A layer for routes that need this permission (RBAC) in the token.
pub fn require_permission(permission: &str) -> GuardLayer {
    GuardLayer {
        needed: Arc::new([permission.to_owned()]),
        check: AccessToken::require_permission,
    }
}

/// Made by [`require_scope`], [`require_scopes`] and [`require_permission`].
#[derive(Clone, Debug)]
pub struct GuardLayer {
    needed: Arc<[String]>,
    check: fn(&AccessToken, &str) -> Result<(), Refusal>,
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService {
            inner,
            guard: self.clone(),
        }
    }
}

/// The service of [`GuardLayer`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    inner: S,
    guard: GuardLayer,
}

impl<S> Service<Request> for GuardService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let GuardLayer { needed, check } = &self.guard;
        let Some(token) = request.extensions().get::<AccessToken>() else {
            return Either::Right(ready(Ok(no_layer())));
        };
        match needed.iter().try_for_each(|name| check(token, name)) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(refusal) => {
                let realm = request
                    .extensions()
                    .get::<Realm>()
                    .map_or(REALM, |realm| &realm.0);
                Either::Right(ready(Ok(respond(&refusal, realm))))
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        respond(&self, REALM)
    }
}

fn respond(refusal: &Refusal, realm: &str) -> Response {
    // the cause of an outage is for the log, which finds it in the extensions
    let (error, description) = if let Refusal::KeysUnavailable { .. } = refusal {
        (
            "temporarily_unavailable",
            "the issuer's keys are not available".to_owned(),
        )
    } else {
        (
            refusal.error().unwrap_or("unauthorized"),
            refusal.to_string(),
        )
    };
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = json_response(status, error, &description);
    if let Ok(challenge) = HeaderValue::try_from(refusal.www_authenticate(realm)) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response.extensions_mut().insert(refusal.clone());
    response
}

fn no_layer() -> Response {
    let description = "no Verifier::layer() stands in front of this route";
    json_response(
        StatusCode::INTERNAL_SERVER_ERROR,
        "server_error",
        description,
    )
}

fn json_response(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description}).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
