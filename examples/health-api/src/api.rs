//! The API itself: patients, and who may see or add them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cardea_verifier::{AccessToken, Verifier, require_scope};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

type Patients = Arc<RwLock<Vec<Patient>>>;

/// What callers send.
#[derive(Deserialize)]
struct NewPatient {
    name: String,
}

/// What callers get.
#[derive(Clone, Serialize)]
struct Patient {
    id: usize,
    name: String,
    added_by: String,
}

/// `/health` is open; everything else asks for a token, and each route for its scope.
pub(crate) fn app(verifier: &Verifier) -> Router {
    let patients = Router::new()
        .route("/patients", get(list).layer(require_scope("read:patients")))
        .route(
            "/patients",
            post(add).layer(require_scope("write:patients")),
        )
        .layer(verifier.layer().realm("Health API"));

    Router::new()
        .merge(patients)
        .route("/health", get(async || json(StatusCode::OK, &"ok")))
        .with_state(Arc::new(RwLock::new(first_patients())))
}

/// Somebody to read about. They are kept in memory, so each start begins with these.
fn first_patients() -> Vec<Patient> {
    ["Maria Rossi", "Tom Baker", "Aiko Tanaka"]
        .into_iter()
        .zip(1..)
        .map(|(name, id)| Patient {
            id,
            name: name.to_owned(),
            added_by: "example".to_owned(),
        })
        .collect()
}

async fn list(State(patients): State<Patients>) -> Response {
    json(StatusCode::OK, &*patients.read().await)
}

async fn add(
    token: AccessToken,
    State(patients): State<Patients>,
    body: Bytes,
) -> Result<Response, (StatusCode, String)> {
    let NewPatient { name } = serde_json::from_slice(&body).map_err(|why| {
        (
            StatusCode::BAD_REQUEST,
            format!("send {{\"name\": \"…\"}}: {why}\n"),
        )
    })?;
    let mut patients = patients.write().await;
    let patient = Patient {
        id: patients.len() + 1,
        name,
        added_by: token.subject,
    };
    patients.push(patient.clone());
    Ok(json(StatusCode::CREATED, &patient))
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => (status, [(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
