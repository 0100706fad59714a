//! Every path that is served, one line each.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::routing::{MethodRouter, any, get, post};
use axum::{Extension, Router, middleware};
use http::{Response, StatusCode, header};
use tower::Service as _;

use crate::app::App;
use crate::endpoints::{
    activate, authorize, consent, dbconnections, device, health, introspect, legacy, login, logout,
    metadata, reset, revoke, signup, tickets, token, userinfo, visit,
};
use crate::guard::At;
use crate::listen::Answers;
use crate::{cors, dev, guard, management, wire};

/// The whole server: the host first, then the path.
#[derive(Debug, Clone)]
pub struct Service {
    app: Arc<App>,
    paths: Router,
    /// The same for requests of web pages, which have an `Origin`.
    paths_for_pages: Router,
}

impl Service {
    /// All that this node serves.
    pub fn new(app: Arc<App>) -> Self {
        let paths = |applications| paths(&app, applications);
        Self {
            paths: paths(applications()),
            paths_for_pages: paths(applications().layer(middleware::from_fn(cors::layer))),
            app,
        }
    }
}

// a layer is boxed, and moves the request once more: what is not a layer is no work
impl Answers for Service {
    async fn answer(&self, request: Request) -> Response<Body> {
        let paths = if request.headers().contains_key(header::ORIGIN) {
            &self.paths_for_pages
        } else {
            &self.paths
        };
        let by_path = |request| async {
            let Ok(answer) = paths.clone().call(request).await;
            answer
        };
        guard::by_host(&self.app, request, by_path).await
    }
}

fn paths(app: &Arc<App>, applications: Router<Arc<App>>) -> Router {
    let mut routes = Router::new()
        .merge(documents())
        .merge(browsers())
        .merge(applications)
        .route("/api/v2", any(management::any))
        .route("/api/v2/", any(management::any))
        .route("/api/v2/{*path}", any(management::any))
        .route("/test", get(health::test));
    for (path, _) in legacy::DOORS {
        routes = routes.route(path, any(legacy::closed));
    }
    let mut routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(app));
    if app.dev.is_some() {
        routes = routes.nest("/dev", dev::routes::router(Arc::clone(app)));
    }
    routes
}

/// What everybody may read.
fn documents() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(metadata::openid_configuration),
        )
        .route(
            "/.well-known/oauth-authorization-server",
            get(metadata::openid_configuration),
        )
        .route("/.well-known/jwks.json", get(metadata::jwks))
        .route("/.well-known/change-password", get(legacy::change_password))
        .route("/pem", get(metadata::pem))
}

/// Where people's browsers go. None of it is for scripts of other origins.
fn browsers() -> Router<Arc<App>> {
    Router::new()
        .route("/authorize", pages(authorize::any))
        .route("/authorize/resume", get(authorize::resume))
        .route("/u/login", pages(login::any))
        .route("/u/login/identifier", pages(login::identifier_first))
        .route("/u/login/password", pages(login::then_password))
        .route("/u/signup", pages(signup::any))
        .route("/u/consent", pages(consent::any))
        .route("/u/logout", post(logout::confirmed))
        .route("/u/reset-password/request", pages(reset::any))
        .route("/u/reset-password", pages(tickets::reset))
        .route("/u/reset-password/change", pages(tickets::reset))
        .route("/u/email-verification", pages(tickets::verify))
        .route("/u/unblock", pages(tickets::unblock))
        .route("/activate", pages(activate::any))
        .route("/v2/logout", get(logout::v2))
        .route("/oidc/logout", pages(logout::oidc))
}

/// What applications call themselves, also from a browser.
fn applications() -> Router<Arc<App>> {
    // each with its own answer to other methods, so that a preflight meets the layer for pages
    let posts: [(&str, MethodRouter<Arc<App>>); 6] = [
        ("/oauth/token", post(token::post)),
        ("/oauth/revoke", post(revoke::post)),
        ("/oauth/introspect", post(introspect::post)),
        ("/oauth/device/code", post(device::post)),
        ("/dbconnections/signup", post(dbconnections::signup)),
        (
            "/dbconnections/change_password",
            post(dbconnections::change_password),
        ),
    ];
    let mut routes = Router::new().route(
        "/userinfo",
        pages(userinfo::any).fallback(method_not_allowed),
    );
    for (path, handler) in posts {
        routes = routes.route(path, handler.fallback(method_not_allowed));
    }
    routes
}

/// GET and POST, and nothing else (attack AUTHZ-61).
fn pages<H, T>(handler: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    get(handler.clone()).post(handler)
}

/// A page for people, JSON for everybody else.
async fn not_found(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    if accept.is_some_and(|kinds| kinds.contains("text/html")) {
        return visit::not_found(app, at, request).await;
    }
    wire::plain_error(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing at this path.",
    )
}

async fn method_not_allowed(_: Request) -> Response<Body> {
    let text = "This path does not take this method.";
    wire::plain_error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text)
}
