//! `POST /dbconnections/signup` and `/dbconnections/change_password` (auth-semantics 2.14).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use cardea_core::protocol::database::{self, ChangePassword, Refused, Signup};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::password::said::Said;
use crate::password::{links, signup as signing_up};
use crate::wire;

/// Larger than any of these needs.
const MAX_BODY: usize = 64 * 1024;

/// `POST /dbconnections/signup`.
pub(crate) async fn signup(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let answer = match read(request).await {
        Ok((headers, members)) => sign_up(&app, &at, &headers, &members).await,
        Err(refused) => Ok(refusal(&at, &refused)),
    };
    answer.unwrap_or_else(Fault::into_response)
}

async fn sign_up(
    app: &App,
    at: &At,
    headers: &HeaderMap,
    members: &Map<String, Value>,
) -> Result<Response<Body>, Fault> {
    let signup = match Signup::parse(members) {
        Ok(signup) => signup,
        Err(refused) => return Ok(refusal(at, &refused)),
    };
    let said = Said::of(headers, signup.client_id.clone());
    let outcome = signing_up::sign_up(app, at, &signup, &said).await?;
    Ok(match outcome {
        Ok(user) => wire::json(StatusCode::OK, &database::signed_up(&user)),
        Err(refused) => refusal(at, &refused),
    })
}

/// `POST /dbconnections/change_password`.
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let answer = match read(request).await {
        Ok((headers, members)) => forgot(&app, &at, &headers, &members).await,
        Err(refused) => Ok(refusal(&at, &refused)),
    };
    answer.unwrap_or_else(Fault::into_response)
}

async fn forgot(
    app: &App,
    at: &At,
    headers: &HeaderMap,
    members: &Map<String, Value>,
) -> Result<Response<Body>, Fault> {
    let asked = match ChangePassword::parse(members) {
        Ok(asked) => asked,
        Err(refused) => return Ok(refusal(at, &refused)),
    };
    let said = Said::of(headers, asked.client_id.clone());
    if let Err(refused) = links::forgot(app, at, &asked, &said).await? {
        return Ok(refusal(at, &refused));
    }
    let mut response = Response::new(Body::from(ChangePassword::ANSWER));
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn read(request: Request) -> Result<(HeaderMap, Map<String, Value>), Refused> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY).await;
    let body = body.map_err(|_| Refused::Body("The body is too long, or was cut off."))?;
    if parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refused::Body("Send the body without a Content-Encoding.")); // HTTP-07
    }
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok());
    let members = database::members(kind, &body)?;
    Ok((parts.headers, members))
}

fn refusal(at: &At, refused: &Refused) -> Response<Body> {
    let loaded = at.tenant.loaded();
    let flags = ["flags", "enable_public_signup_user_exists_error"];
    let tells = loaded.view.settings.document.nested(&flags);
    let tells = tells.and_then(Value::as_bool).unwrap_or(false);
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = wire::json(status, &refused.body(tells));
    if *refused == Refused::TooMany {
        let wait = HeaderValue::from_static("60");
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}
