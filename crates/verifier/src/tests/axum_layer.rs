use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use cardea_jose::SigningKey;
use http::StatusCode;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{API, ISSUER, NOW, access_claims};
use crate::{AccessToken, Refusal, Verifier, require_permission, require_scope, require_scopes};

const SECRET: [u8; 32] = [7; 32];

fn app() -> Router {
    let verifier = Verifier::builder(ISSUER)
        .audience(API)
        .hs256_secret(SECRET)
        .clock(|| NOW)
        .build()
        .unwrap();
    Router::new()
        .route(
            "/patients",
            get(async |token: AccessToken| token.subject)
                .layer(require_scope("read:patients"))
                .merge(post(async || "added").layer(require_scope("write:patients"))),
        )
        .route(
            "/admin",
            get(async || "admin").route_layer(require_permission("read:admin")),
        )
        .route(
            "/both",
            get(async || "both").layer(require_scopes(["openid", "write:patients"])),
        )
        .route(
            "/inside",
            get(
                async |token: AccessToken| -> Result<&'static str, Refusal> {
                    token.require_scope("read:secrets")?;
                    Ok("secrets")
                },
            ),
        )
        .layer(verifier.layer().realm("Health API"))
        .route("/health", get(async || "ok"))
        .route("/left-out", get(async |token: AccessToken| token.subject))
        .route("/guard-only", get(async || "x").layer(require_scope("a")))
}

fn token() -> String {
    let claims = serde_json::to_vec(&access_claims()).unwrap();
    let key = SigningKey::hmac(&SECRET).unwrap();
    format!("Bearer {}", key.sign_jwt("JWT", &claims).unwrap())
}

async fn send(method: &str, uri: &str, authorization: &[&str]) -> Response {
    let mut request = Request::builder().method(method).uri(uri);
    for value in authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    app()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn body(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_good_token_opens_what_its_scopes_open() {
    let token = token();
    for (method, uri, status, text) in [
        ("GET", "/patients", 200, "auth0|jane"),
        ("POST", "/patients", 403, "has openid read:patients"),
        ("GET", "/admin", 403, "needs read:admin"),
        ("GET", "/both", 403, "needs write:patients"),
        ("GET", "/inside", 403, "needs read:secrets"),
        ("GET", "/health", 200, "ok"),
    ] {
        let response = send(method, uri, &[&token]).await;
        assert_eq!(response.status(), status, "{method} {uri}");
        assert!(body(response).await.contains(text), "{method} {uri}");
    }
}

#[tokio::test]
async fn a_refusal_says_why_on_the_wire() {
    let response = send("GET", "/patients", &[]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()[WWW_AUTHENTICATE],
        "Bearer realm=\"Health API\""
    );
    assert_eq!(
        response.extensions().get::<Refusal>(),
        Some(&Refusal::Missing)
    );
    let json: Value = body(response).await.parse().unwrap();
    assert_eq!(json["error"], "unauthorized");

    let response = send("GET", "/patients", &["Bearer opaque"]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let json: Value = body(response).await.parse().unwrap();
    assert_eq!(json["error"], "invalid_token");
    assert!(
        json["error_description"]
            .as_str()
            .unwrap()
            .contains("opaque token")
    );

    let response = send("POST", "/patients", &[&token()]).await;
    let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.starts_with("Bearer realm=\"Health API\", error=\"insufficient_scope\""));
    assert!(challenge.ends_with(", scope=\"write:patients\""));
}

#[tokio::test]
async fn a_token_in_two_places_is_a_bad_request() {
    let token = token();
    for (uri, headers) in [
        ("/patients", vec![token.as_str(); 2]),
        ("/patients?access_token=x", vec![&token]),
    ] {
        let response = send("GET", uri, &headers).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
    let response = send("GET", "/patients?access_token=x", &[]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_route_whose_layer_was_left_out_is_shut() {
    for uri in ["/left-out", "/guard-only"] {
        let response = send("GET", uri, &[&token()]).await;
        assert_eq!(
            response.status(),
            StatusCode::INTERNAL_SERVER_ERROR,
            "{uri}"
        );
        assert!(body(response).await.contains("no Verifier::layer()"));
    }
}
