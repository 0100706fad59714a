//! The API with tokens of every kind; the crate's own tests have the rest.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, ORIGIN, VARY};
use cardea_jose::SigningKey;
use cardea_verifier::Verifier;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

const NOW: i64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];

fn app() -> Router {
    let verifier = Verifier::builder("https://localhost:8443/")
        .audience("https://example.com/health-api")
        .hs256_secret(SECRET)
        .clock(|| NOW)
        .build();
    crate::api::app(&verifier.unwrap())
}

fn bearer(claims: &str) -> String {
    let claims = format!(
        r#"{{"iss":"https://localhost:8443/","sub":"auth0|jane","iat":{NOW},"exp":{},{claims}}}"#,
        NOW + 60,
    );
    let key = SigningKey::hmac(&SECRET).unwrap();
    format!("Bearer {}", key.sign_jwt("JWT", claims.as_bytes()).unwrap())
}

async fn send(app: &Router, method: &str, uri: &str, token: &str, body: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(AUTHORIZATION, token);
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn scopes_open_their_routes_and_refusals_say_why() {
    let app = app();
    let api = r#""aud":"https://example.com/health-api","azp":"spa""#;
    let reader = bearer(&format!(r#"{api},"scope":"read:patients""#));
    let writer = bearer(&format!(r#"{api},"scope":"write:patients""#));
    let other = bearer(r#""aud":"https://other.example/","azp":"spa","scope":"read:patients""#);
    let id_token = bearer(r#""aud":"spa","nonce":"n""#);

    for (method, uri, token, body, status, text) in [
        ("GET", "/health", "", "", 200, "ok"),
        ("GET", "/patients", &*reader, "", 200, "Maria Rossi"),
        (
            "POST",
            "/patients",
            &writer,
            r#"{"name":"Ann"}"#,
            201,
            r#"{"id":4,"name":"Ann","added_by":"auth0|jane"}"#,
        ),
        ("GET", "/patients", &reader, "", 200, r#""name":"Ann""#),
        (
            "POST",
            "/patients",
            &writer,
            r#"{"nom":"Ann"}"#,
            400,
            "name",
        ),
        ("GET", "/patients", &writer, "", 403, "needs read:patients"),
        (
            "POST",
            "/patients",
            &reader,
            r#"{"name":"Ann"}"#,
            403,
            "needs write:patients",
        ),
        ("GET", "/patients", "", "", 401, "bearer tokens"),
        (
            "GET",
            "/patients",
            &id_token,
            "",
            401,
            "this is an ID token",
        ),
        ("GET", "/patients", &other, "", 401, "for another API"),
    ] {
        let answer = send(&app, method, uri, token, body).await;
        assert_eq!(answer.0, status, "{method} {uri}: {}", answer.1);
        assert!(answer.1.contains(text), "{method} {uri}: {}", answer.1);
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_read_answers() {
    let app = crate::cors::allow(app(), vec!["https://localhost:3000".to_owned()]);
    for (method, origin, status, allowed) in [
        ("OPTIONS", "https://localhost:3000", 204, true),
        ("GET", "https://localhost:3000", 401, true),
        ("OPTIONS", "https://evil.example", 204, false),
        ("GET", "https://localhost:3000.evil.example", 401, false),
        ("GET", "null", 401, false),
    ] {
        let request = Request::builder().method(method).uri("/patients");
        let request = request.header(ORIGIN, origin).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {origin}");
        let told = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(told.is_some(), allowed, "{method} {origin}");
        assert_eq!(response.headers().get(VARY).unwrap(), "Origin");
    }
}
