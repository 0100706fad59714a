//! `GET /test`: the process answers and its store does.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::{Response, header};

use crate::app::App;
use crate::fault::Fault;

/// 200 `OK`, or 503. It tells no version (attack HTTP-16).
pub(crate) async fn test(State(app): State<Arc<App>>) -> Response<axum::body::Body> {
    match app.store.ping().await {
        Ok(()) => ([(header::CACHE_CONTROL, "no-store")], "OK").into_response(),
        Err(error) => Fault::from(error).into_response(),
    }
}
