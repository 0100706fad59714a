//! `/dev/*`: what only a developer on this machine may do.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::routing::{get, post};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::app::App;
use crate::guard::At;
use crate::peer::{PeerAddress, is_loopback};
use crate::wire;

/// More is a slip of the pen, not a test of expiry: ten years.
const MOST_SECONDS: i64 = 10 * 366 * 86_400;
/// Dates keep their shape until then: the year 2200.
const LATEST_SECONDS: i64 = 7_258_118_400;

/// The routes below `/dev`.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/clock", get(show_clock).post(move_clock))
        .route("/reset", post(reset))
        .route("/inbox", get(inbox))
        .layer(middleware::from_fn(only_this_machine))
        .with_state(app)
}

/// Loopback peers only, and no page of another origin: any website that the developer visits
/// could post here otherwise.
async fn only_this_machine(request: Request, next: Next) -> Response<Body> {
    let peer = request.extensions().get::<PeerAddress>();
    if !is_loopback(peer) {
        return refused(
            StatusCode::FORBIDDEN,
            "/dev answers on the loopback interface only.",
        );
    }
    let headers = request.headers();
    let own = request
        .extensions()
        .get::<At>()
        .map(|at| at.issuer.as_str().trim_end_matches('/'));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let foreign = origins.any(|origin| Some(origin.as_bytes()) != own.map(str::as_bytes));
    // a browser that leaves `Origin` out says at least this
    let elsewhere = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    if foreign || elsewhere {
        return refused(
            StatusCode::FORBIDDEN,
            "/dev does not answer pages of another origin.",
        );
    }
    next.run(request).await
}

async fn show_clock(State(app): State<Arc<App>>) -> Response<Body> {
    now(&app)
}

async fn move_clock(State(app): State<Arc<App>>, body: Bytes) -> Response<Body> {
    match seconds(&body, app.clock.now().seconds()) {
        Ok(seconds) => {
            app.clock.advance(seconds);
            now(&app)
        }
        Err(why) => refused(StatusCode::BAD_REQUEST, why),
    }
}

/// Reads `{"advance_s": 3600}`.
fn seconds(body: &[u8], now: i64) -> Result<i64, &'static str> {
    const SHAPE: &str = "The body must be {\"advance_s\": SECONDS}.";
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Err(SHAPE);
    };
    let (Some(value), 1) = (members.get("advance_s"), members.len()) else {
        return Err(SHAPE);
    };
    let seconds = value
        .as_i64()
        .ok_or("\"advance_s\" must be a whole number of seconds.")?;
    if seconds < 0 {
        return Err("The clock does not run backwards; POST /dev/reset restores the real time.");
    }
    if seconds > MOST_SECONDS || now.saturating_add(seconds) > LATEST_SECONDS {
        return Err("That is too far: at most ten years at a time, and not beyond 2200.");
    }
    Ok(seconds)
}

fn now(app: &App) -> Response<Body> {
    wire::json(
        StatusCode::OK,
        &json!({ "now": app.clock.now().to_string() }),
    )
}

async fn reset(State(app): State<Arc<App>>) -> Response<Body> {
    let Some(dev) = &app.dev else {
        return refused(StatusCode::NOT_FOUND, "There is nothing to reset.");
    };
    match dev.reset(&app).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(why) => {
            tracing::error!(%why, "the seed could not be restored");
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The seed could not be restored: see the log.",
            )
        }
    }
}

/// The mails that were caught, newest first; `?html` for a page.
async fn inbox(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let Some(inbox) = app.mail.inbox() else {
        return refused(StatusCode::NOT_FOUND, "Mails are sent here, not caught.");
    };
    let as_page = request.uri().query().is_some_and(|query| {
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "html")
    });
    if !as_page {
        return wire::json(StatusCode::OK, &inbox.to_json());
    }
    let mut response = Response::new(Body::from(inbox.page().unwrap_or_default()));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    // a link that is clicked here carries its ticket, and this page's address must not follow it
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

fn refused(status: StatusCode, why: &str) -> Response<Body> {
    let error = match status {
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::INTERNAL_SERVER_ERROR => "server_error",
        _ => "invalid_request",
    };
    wire::plain_error(status, error, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_seconds_ahead_are_taken() {
        const NOW: i64 = 1_800_000_000;
        assert_eq!(seconds(br#"{"advance_s": 3600}"#, NOW), Ok(3600));
        assert_eq!(seconds(br#"{"advance_s": 0}"#, NOW), Ok(0));
        let ten_years = format!("{{\"advance_s\": {}}}", MOST_SECONDS);
        assert_eq!(seconds(ten_years.as_bytes(), NOW), Ok(MOST_SECONDS));
        seconds(ten_years.as_bytes(), LATEST_SECONDS - 1).unwrap_err();
        for bad in [
            "",
            "{}",
            "3600",
            "null",
            "[]",
            r#"{"advance_s": "3600"}"#,
            r#"{"advance_s": 1.5}"#,
            r#"{"advance_s": -1}"#,
            r#"{"advance_s": null}"#,
            r#"{"advance": 1}"#,
            r#"{"advance_s": 1, "other": 2}"#,
            r#"{"advance_s": 9223372036854775807}"#,
            r#"{"advance_s": 1e3}"#,
        ] {
            assert!(seconds(bad.as_bytes(), NOW).is_err(), "{bad}");
        }
    }
}
