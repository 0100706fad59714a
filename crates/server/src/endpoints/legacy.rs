//! Doors that are closed for good (auth-semantics section 7): each says where to go instead.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use cardea_core::model::{EventType, LogEvent};
use cardea_core::write::{Commit, Write};
use http::{HeaderMap, Response, StatusCode, Uri, header};
use serde_json::Map;

use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::wire;

/// Path, and what to do today.
pub(crate) const DOORS: [(&str, &str); 6] = [
    (
        "/delegation",
        "Delegation is gone. Let several applications use one API, or renew with a refresh token \
         at /oauth/token.",
    ),
    (
        "/oauth/ro",
        "This endpoint is gone. Use the authorization code grant with PKCE, or at /oauth/token \
         the grant http://auth0.com/oauth/grant-type/password-realm.",
    ),
    (
        "/oauth/access_token",
        "This endpoint is gone. Send people to /authorize with the connection that they use.",
    ),
    (
        "/tokeninfo",
        "This endpoint is gone. Verify ID tokens with the keys of /.well-known/jwks.json, or ask \
         /userinfo with an access token.",
    ),
    (
        "/ssodata",
        "This endpoint is gone. Ask /authorize with prompt=none.",
    ),
    (
        "/user/ssodata",
        "This endpoint is gone. Ask /authorize with prompt=none.",
    ),
];

/// 410 with the modern way; the log notes that somebody still knocks.
pub(crate) async fn closed(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let door = DOORS.into_iter().find(|(path, _)| *path == uri.path());
    let text = door.map_or("This endpoint is gone.", |(_, text)| text);
    let now = app.clock.now();
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok());
    let event = LogEvent {
        id: app.new_log_id(now),
        at: now,
        event: EventType::Deprecated,
        description: format!("{} was called. {text}", uri.path()),
        client_id: None,
        client_name: None,
        ip: at.ip.to_string(),
        user_agent: agent.map(|agent| agent.chars().take(512).collect()),
        hostname: at.host.name().to_owned(),
        audience: None,
        scope: None,
        user: None,
        details: Map::new(),
        trace: None,
    };
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::Log(event)],
    };
    match at.tenant.store.commit(commit, now).await {
        Ok(_) => wire::plain_error(StatusCode::GONE, "endpoint_removed", text),
        Err(error) => Fault::from(error).into_response(),
    }
}

/// `GET /.well-known/change-password`: where password managers send people.
pub(crate) async fn change_password() -> Response<Body> {
    wire::redirect("/u/reset-password/request")
}
