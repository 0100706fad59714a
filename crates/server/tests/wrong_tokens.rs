//! The Management API refuses every token that is not its own, each by name.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and its table is long"
)]

use cardea_core::model::Profile;
use cardea_jose::{Algorithm, SigningKey, b64};
use cardea_testkit::{HOST, Sent, World};
use serde_json::{Value, json};

const API: &str = "https://example.com/health-api";

/// The tenant's own signing key: what a forger would need, and what an ID token is signed with.
async fn tenant_key(world: &World) -> SigningKey {
    let tenants = world.store.tenants().await.unwrap();
    let (record, _) = tenants
        .iter()
        .find(|(record, _)| record.host.as_str() == HOST)
        .unwrap();
    let (_, documents) = world.store.tenant(&record.id).load().await.unwrap();
    let key = documents
        .iter()
        .find(|document| document.secrets.contains_key("pkcs8"))
        .unwrap();
    let der = b64::decode(key.secrets["pkcs8"].expose()).unwrap();
    SigningKey::from_pkcs8(Algorithm::Rs256, &key.id, &der).unwrap()
}

fn management_claims(now: i64) -> Value {
    json!({
        "iss": format!("https://{HOST}/"), "sub": "management@clients",
        "aud": format!("https://{HOST}/api/v2/"), "iat": now, "exp": now + 600,
        "scope": "read:clients", "gty": "client-credentials", "azp": "management",
    })
}

fn with(mut claims: Value, name: &str, value: Value) -> String {
    claims[name] = value;
    claims.to_string()
}

/// Swaps the token's header for another one, keeping the signature.
fn with_header(token: &str, header: &str) -> String {
    let rest = token.split_once('.').unwrap().1;
    format!("{}.{rest}", b64::encode(header.as_bytes()))
}

async fn last_reason(world: &World) -> Value {
    let logs = world
        .manage("GET", "/logs?per_page=5", None)
        .await
        .expect(200);
    let all = logs.as_array().unwrap().clone();
    let event = all
        .iter()
        .find(|event| event["type"] == "fapi")
        .cloned()
        .unwrap_or_default();
    event["details"]["reason"].clone()
}

#[tokio::test]
async fn every_wrong_token_has_its_own_reason() {
    let world = World::new(Profile::Compat).await;
    world.add_tenant("other.example", Profile::Compat).await;
    world.api(API, &["read:patients"]).await;
    let client = world.client("Health Sync").await;
    world.grant(&client, API, &["read:patients"]).await;
    let key = tenant_key(&world).await;
    let now = world.clock.now().seconds();
    let good = management_claims(now);
    let sign = |claims: &str| key.sign_jwt("JWT", claims.as_bytes()).unwrap();
    let own = sign(&good.to_string());
    let other_api = world.client_credentials(&client, API).await.expect(200);
    let other_api = other_api["access_token"].as_str().unwrap().to_owned();
    let public = serde_json::to_string(&key.public_jwk().unwrap()).unwrap();
    let confused = SigningKey::hmac(public.as_bytes()).unwrap();
    let confused = confused
        .sign_jwt("JWT", good.to_string().as_bytes())
        .unwrap();
    let id_token = json!({
        "iss": format!("https://{HOST}/"), "sub": "auth0|123456", "aud": "spa", "iat": now,
        "exp": now + 600, "name": "Jane Doe", "email": "jane@example.com", "nonce": "n",
    });
    let twice = good.to_string().replacen('{', "{\"sub\":\"a\",", 1);
    let kid = key.kid().unwrap();

    let rows: Vec<(&str, String, u16, &str)> = vec![
        (
            "JWT-17 an ID token",
            sign(&id_token.to_string()),
            401,
            "id_token",
        ),
        (
            "JWT-20 a token for another API",
            other_api,
            401,
            "wrong_audience",
        ),
        (
            "JWT-33 an opaque token",
            "kX0hPq3vJz".to_owned(),
            400,
            "opaque",
        ),
        (
            "JWT-24 expired",
            sign(&with(good.clone(), "exp", json!(now - 61))),
            401,
            "expired",
        ),
        (
            "JWT-24 no exp",
            sign(&with(good.clone(), "exp", Value::Null)),
            401,
            "",
        ),
        (
            "JWT-24 not yet",
            sign(&with(good.clone(), "nbf", json!(now + 90))),
            401,
            "",
        ),
        (
            "TENANT-05 another tenant's",
            world.management_token_at("other.example").await,
            401,
            "unknown_key",
        ),
        (
            "JWT-22 another issuer",
            sign(&with(good.clone(), "iss", json!("https://evil.example/"))),
            401,
            "wrong_issuer",
        ),
        (
            "JWT-21 audience without the slash",
            sign(&with(
                good.clone(),
                "aud",
                json!(format!("https://{HOST}/api/v2")),
            )),
            401,
            "wrong_audience",
        ),
        (
            "JWT-21 audience as object",
            sign(&with(good.clone(), "aud", json!({}))),
            401,
            "",
        ),
        (
            "JWT-01 alg none",
            with_header(&own, r#"{"alg":"none","typ":"JWT"}"#),
            401,
            "algorithm_none",
        ),
        (
            "JWT-01 alg nOnE",
            with_header(&own, r#"{"alg":"nOnE"}"#),
            401,
            "algorithm_none",
        ),
        (
            "JWT-03 RS/HS confusion",
            confused,
            401,
            "algorithm_not_allowed",
        ),
        (
            "JWT-05 unknown kid",
            with_header(&own, r#"{"alg":"RS256","kid":"../../dev/null"}"#),
            401,
            "unknown_key",
        ),
        (
            "JWT-11 duplicate member",
            sign(&twice),
            401,
            "duplicate_member",
        ),
        (
            "JWT-11 duplicate in the header",
            with_header(&own, r#"{"alg":"RS256","alg":"RS256"}"#),
            401,
            "duplicate_member",
        ),
        (
            "JWT-10 crit",
            with_header(
                &own,
                &format!(r#"{{"alg":"RS256","kid":"{kid}","crit":["exp"]}}"#),
            ),
            401,
            "critical_header",
        ),
        (
            "JWT-02 signature of another",
            {
                let other = sign(&with(good.clone(), "jti", json!("x")));
                let (head, _) = own.rsplit_once('.').unwrap();
                format!("{head}.{}", other.rsplit_once('.').unwrap().1)
            },
            401,
            "bad_signature",
        ),
        (
            "JWT-02 padding",
            format!("{own}="),
            401,
            "non_canonical_base64",
        ),
        ("JWT-14 a megabyte", "a".repeat(1 << 20), 401, ""),
    ];
    for (what, token, status, reason) in rows {
        let answer = world.manage_with(&token, "GET", "/clients", None).await;
        let challenge = answer.header("www-authenticate").to_owned();
        let body = answer.expect(status);
        assert_eq!(body["statusCode"], status, "{what}");
        assert!(challenge.starts_with("Bearer "), "{what}: {challenge}");
        assert!(
            challenge.contains("error=\"invalid_"),
            "{what}: {challenge}"
        );
        if !reason.is_empty() {
            assert_eq!(last_reason(&world).await, reason, "{what}");
        }
    }
    let _ = world
        .manage_with(&own, "GET", "/clients", None)
        .await
        .expect(200);
}

#[tokio::test]
async fn no_token_and_tokens_in_wrong_places() {
    let world = World::new(Profile::Compat).await;
    let token = world.management_token_at(HOST).await;
    let answer = world.get("/api/v2/clients").await;
    let challenge = answer.header("www-authenticate").to_owned();
    assert_eq!(answer.expect(401)["message"], "Missing authentication");
    assert!(
        !challenge.contains("error="),
        "RFC 6750 3.1: no code without a token: {challenge}"
    );

    let answer = world
        .get(&format!("/api/v2/clients?access_token={token}"))
        .await;
    assert_ne!(answer.status, 200);
    for scheme in ["Basic", "DPoP", "Token"] {
        let headers = vec![("authorization", format!("{scheme} {token}"))];
        let sent = Sent {
            path: "/api/v2/clients",
            headers,
            ..Sent::default()
        };
        let body = world.send(sent).await.expect(400);
        assert_eq!(body["message"], "Bad HTTP authentication header format");
    }
    let bearer = format!("Bearer {token}");
    let headers = vec![("authorization", bearer.clone()), ("authorization", bearer)];
    let answer = world
        .send(Sent {
            path: "/api/v2/clients",
            headers,
            ..Sent::default()
        })
        .await;
    assert_ne!(answer.status, 200);
}

#[tokio::test]
async fn mgmt_01_every_operation_refuses_no_token_and_a_foreign_one() {
    let world = World::new(Profile::Compat).await;
    world.api(API, &["read:patients"]).await;
    let client = world.client("Health Sync").await;
    world.grant(&client, API, &["read:patients"]).await;
    let foreign = world.client_credentials(&client, API).await.expect(200);
    let foreign = foreign["access_token"].as_str().unwrap().to_owned();
    let served = cardea_core::management::operations();
    let planned = cardea_core::management::not_yet();
    let all = served
        .iter()
        .map(|operation| (operation.method, operation.path))
        .chain(
            planned
                .iter()
                .map(|operation| (operation.method, operation.path)),
        );
    let mut count = 0;
    for (method, path) in all {
        let path = path.replace(['{', '}'], "");
        let full = format!("/api/v2{path}");
        let sent = Sent {
            method: method.as_str(),
            path: &full,
            ..Sent::default()
        };
        assert_eq!(world.send(sent).await.status, 401, "{method:?} {path}");
        let answer = world
            .manage_with(&foreign, method.as_str(), &path, None)
            .await;
        assert_eq!(answer.status, 401, "{method:?} {path}");
        count += 1;
    }
    assert!(count >= 450, "{count}");
}

#[tokio::test]
async fn mgmt_28_a_strict_tenant_looks_at_the_grant_with_every_call() {
    for (profile, status) in [(Profile::Compat, 200), (Profile::Strict, 403)] {
        let world = World::new(profile).await;
        let token = world.management_token_at(HOST).await;
        let _ = world
            .manage_with(&token, "GET", "/clients", None)
            .await
            .expect(200);
        // the application takes its own right to read clients away
        let scope = ["update:client_grants", "read:logs"];
        let body = json!({"scope": scope});
        let path = "/client-grants/cgr_management";
        let _ = world
            .manage_with(&token, "PATCH", path, Some(body))
            .await
            .expect(200);
        let _ = world
            .manage_with(&token, "GET", "/clients", None)
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn mgmt_17_who_has_no_token_does_not_shut_out_who_has() {
    let world = World::with(Profile::Compat, |options| options.rate_limits = true).await;
    let token = world.management_token_at(HOST).await;
    let mut turned_away = 0;
    for _ in 0..40 {
        let answer = world.get("/api/v2/clients").await;
        assert!(answer.header("x-ratelimit-reset").parse::<i64>().unwrap() > 1_800_000_000);
        turned_away += usize::from(answer.status == 429);
    }
    assert_eq!(turned_away, 20);
    let _ = world
        .manage_with(&token, "GET", "/clients", None)
        .await
        .expect(200);
}
