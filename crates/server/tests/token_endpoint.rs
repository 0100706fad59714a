//! `POST /oauth/token` over HTTP.
#![expect(clippy::too_many_lines, reason = "a table is long")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_core::model::Profile;
use cardea_testkit::{HOST, Sent, World, claims};
use serde_json::json;

const API: &str = "https://example.com/health-api";

async fn world(profile: Profile) -> (World, cardea_testkit::Client) {
    let world = World::new(profile).await;
    world.api(API, &["read:patients", "write:patients"]).await;
    let client = world.client("Health Sync").await;
    world.grant(&client, API, &["read:patients"]).await;
    (world, client)
}

#[tokio::test]
async fn an_application_gets_exactly_what_it_was_granted() {
    let (world, client) = world(Profile::Compat).await;
    let answer = world.client_credentials(&client, API).await;
    assert_eq!(answer.header("cache-control"), "no-store"); // TOKEN-49
    assert_eq!(answer.header("pragma"), "no-cache");
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json")
    );
    let body = answer.expect(200);
    assert_eq!(body["scope"], "read:patients");
    assert_eq!(body["expires_in"], 86_400);
    let claims = claims(body["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], API);
    assert_eq!(claims["iss"], format!("https://{HOST}/"));
    assert_eq!(claims["sub"], format!("{}@clients", client.id));
}

#[tokio::test]
async fn refusals_have_the_form_of_their_profile() {
    for (profile, status, error) in [
        (Profile::Compat, 401, "access_denied"),
        (Profile::Strict, 401, "invalid_client"),
    ] {
        let (world, client) = world(profile).await;
        let basic = STANDARD.encode(format!("{}:wrong", client.id));
        let headers = vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("authorization", format!("Basic {basic}")),
        ];
        let body = b"grant_type=client_credentials".to_vec();
        let sent = Sent {
            method: "POST",
            path: "/oauth/token",
            headers,
            body,
            host: "",
        };
        let answer = world.send(sent).await;
        // T19: a challenge would hide the body from one SDK; RFC 6749 5.2 wants it
        let challenged = answer.header("www-authenticate").starts_with("Basic ");
        assert_eq!(challenged, profile == Profile::Strict);
        assert_eq!(answer.expect(status)["error"], error);
    }
}

#[tokio::test]
async fn what_is_no_token_request_is_refused_in_clear_words() {
    let (world, client) = world(Profile::Compat).await;
    let form = "application/x-www-form-urlencoded";
    let good = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&audience={API}",
        client.id, client.secret
    );
    // id, method, path, content type, content encoding, body, status, error
    let rows = [
        (
            "TOKEN-07",
            "GET",
            "/oauth/token",
            form,
            "",
            good.clone(),
            405,
            "method_not_allowed",
        ),
        (
            "HTTP-09",
            "TRACE",
            "/oauth/token",
            form,
            "",
            good.clone(),
            405,
            "method_not_allowed",
        ),
        (
            "HTTP-11",
            "POST",
            "/oauth/token/",
            form,
            "",
            good.clone(),
            404,
            "not_found",
        ),
        (
            "HTTP-11",
            "POST",
            "//oauth/token",
            form,
            "",
            good.clone(),
            404,
            "not_found",
        ),
        (
            "HTTP-11",
            "POST",
            "/OAuth/token",
            form,
            "",
            good.clone(),
            404,
            "not_found",
        ),
        (
            "HTTP-07",
            "POST",
            "/oauth/token",
            form,
            "gzip",
            good.clone(),
            415,
            "invalid_request",
        ),
        (
            "TOKEN-51",
            "POST",
            "/oauth/token",
            form,
            "",
            "a=".to_owned() + &"x".repeat(70_000),
            413,
            "invalid_request",
        ),
        (
            "TOKEN-19",
            "POST",
            "/oauth/token",
            "text/xml",
            "",
            good.clone(),
            400,
            "invalid_request",
        ),
        (
            "TOKEN-06",
            "POST",
            "/oauth/token?client_secret=x",
            form,
            "",
            good.clone(),
            400,
            "invalid_request",
        ),
    ];
    for (id, method, path, content_type, encoding, body, status, error) in rows {
        let mut headers = vec![("content-type", content_type.to_owned())];
        if !encoding.is_empty() {
            headers.push(("content-encoding", encoding.to_owned()));
        }
        let body = body.into_bytes();
        let answer = world
            .send(Sent {
                method,
                path,
                headers,
                body,
                host: "",
            })
            .await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{id}");
        assert_eq!(answer.expect(status)["error"], error, "{id}");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_two_methods() {
    let (world, client) = world(Profile::Compat).await;
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", client.id, client.secret))
    );
    let headers = vec![
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
        ("authorization", basic.clone()),
        ("authorization", basic),
    ];
    let body = format!("grant_type=client_credentials&audience={API}").into_bytes();
    let sent = Sent {
        method: "POST",
        path: "/oauth/token",
        headers,
        body,
        host: "",
    };
    assert_eq!(
        world.send(sent).await.expect(400)["error"],
        "invalid_request"
    ); // TOKEN-01
}

#[tokio::test]
async fn json_bodies_are_taken_and_null_means_absent() {
    let (world, client) = world(Profile::Compat).await;
    let body = json!({
        "grant_type": "client_credentials", "client_id": client.id,
        "client_secret": client.secret, "audience": API, "organization": null, "scope": "",
    });
    let headers = vec![("content-type", "application/json".to_owned())];
    let body = body.to_string().into_bytes();
    let sent = Sent {
        method: "POST",
        path: "/oauth/token",
        headers,
        body,
        host: "",
    };
    assert_eq!(world.send(sent).await.expect(200)["scope"], "read:patients"); // T16
}

#[tokio::test]
async fn each_decision_is_in_the_log_with_its_trace() {
    let (world, client) = world(Profile::Compat).await;
    let _ = world.client_credentials(&client, API).await.expect(200);
    let refused = world
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
            ("audience", API),
            ("scope", "read:patients write:patients"),
        ])
        .await
        .expect(403);
    assert_eq!(
        refused["error_description"],
        "Client has not been granted scopes: write:patients"
    );
    let logs = world
        .manage("GET", "/logs?per_page=10", None)
        .await
        .expect(200);
    let of = |code: &str| {
        let all = logs.as_array().unwrap();
        all.iter()
            .find(|e| e["type"] == code && e["client_id"] == client.id.as_str())
            .unwrap()
    };
    assert_eq!(of("seccft")["scope"], "read:patients");
    let id = of("feccft")["log_id"].as_str().unwrap();
    let event = world
        .manage("GET", &format!("/logs/{id}"), None)
        .await
        .expect(200);
    let steps = event["details"]["trace"].as_array().unwrap();
    let scopes: Vec<&str> = steps
        .iter()
        .filter(|step| step["subject"].as_str().unwrap().starts_with("scope "))
        .map(|step| step["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(scopes, ["granted", "refused"]);
}

#[tokio::test]
async fn an_assertion_works_once() {
    use cardea_jose::{Algorithm, RsaBits, SigningKey};

    let (world, client) = world(Profile::Compat).await;
    let der = SigningKey::generate_pkcs8(Algorithm::Rs256, RsaBits::B2048).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::Rs256, "k", der.expose()).unwrap();
    let public = aws_lc_rs::rsa::KeyPair::from_pkcs8(der.expose()).unwrap();
    let public = STANDARD.encode(aws_lc_rs::signature::KeyPair::public_key(&public).as_ref());
    let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{public}\n-----END RSA PUBLIC KEY-----\n");
    let credentials = format!("/clients/{}/credentials", client.id);
    let body = json!({"credential_type": "public_key", "name": "k", "pem": pem, "alg": "RS256"});
    let credential = world
        .manage("POST", &credentials, Some(body))
        .await
        .expect(201);
    let body = json!({
        "token_endpoint_auth_method": null,
        "client_authentication_methods": {
            "private_key_jwt": {"credentials": [{"id": credential["id"]}]},
        },
    });
    let path = format!("/clients/{}", client.id);
    let _ = world.manage("PATCH", &path, Some(body)).await.expect(200);

    let now = world.clock.now().seconds();
    let claims = json!({
        "iss": client.id, "sub": client.id, "aud": format!("https://{HOST}/"),
        "jti": "j-1", "iat": now, "exp": now + 120,
    });
    let kid = credential["kid"].as_str().unwrap();
    let key = SigningKey::from_pkcs8(key.algorithm(), kid, der.expose()).unwrap();
    let assertion = key.sign_jwt("JWT", claims.to_string().as_bytes()).unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", API),
        ("client_assertion", assertion.as_str()),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
    ];
    let _ = world.token(&form).await.expect(200);
    let replayed = world.token(&form).await.expect(401); // TOKEN-08
    assert_eq!(replayed["error"], "invalid_client");
    assert!(
        replayed["error_description"]
            .as_str()
            .unwrap()
            .contains("jti was used before")
    );
    // TOKEN-03: its secret does not open this door any more
    let with_secret = world.client_credentials(&client, API).await;
    assert_eq!(with_secret.expect(401)["error"], "access_denied");
}

#[tokio::test]
async fn token_15_guesses_at_a_secret_are_slowed_down_where_limits_apply() {
    let world = World::with(Profile::Compat, |options| options.rate_limits = true).await;
    let mut wrong = world.management.clone();
    wrong.secret = "wrong".to_owned();
    for _ in 0..10 {
        assert_eq!(world.client_credentials(&wrong, API).await.status, 401);
    }
    let answer = world.client_credentials(&wrong, API).await;
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(answer.expect(429)["error"], "too_many_attempts");
    assert_eq!(world.client_credentials(&wrong, API).await.status, 429);
    // LOG-09, LOG-05: it is recorded, and once
    let tenant = world.store.tenants().await.unwrap()[0].0.id.clone();
    let newest = cardea_core::write::LogQuery::Newest { skip: 0, take: 20 };
    let events = world.store.tenant(&tenant).log(newest).await.unwrap();
    let limited = events
        .iter()
        .filter(|(_, event)| event["type"] == "api_limit");
    assert_eq!(limited.count(), 1);
}

#[tokio::test]
async fn tokens_are_not_starved_by_writers() {
    let (world, client) = world(Profile::Compat).await;
    let token = world.management_token_at(HOST).await;
    let write = |n: usize| {
        let body = json!({"identifier": format!("https://api.example/{n}")});
        let (world, token) = (&world, &token);
        async move {
            let made = world
                .manage_with(token, "POST", "/resource-servers", Some(body))
                .await;
            made.status.as_u16()
        }
    };
    let ask = || async { world.client_credentials(&client, API).await.status.as_u16() };
    let writes = futures_util::future::join_all((0..40).map(write));
    let asks = futures_util::future::join_all((0..40).map(|_| ask()));
    let (writes, asks) = tokio::join!(writes, asks);
    assert!(writes.iter().all(|status| *status == 201), "{writes:?}");
    assert!(asks.iter().all(|status| *status == 200), "{asks:?}");
}

#[tokio::test]
async fn token_50_an_assertion_does_not_tell_whether_a_client_exists() {
    use cardea_jose::{Algorithm, RsaBits, SigningKey};

    let (world, client) = world(Profile::Compat).await;
    let der = SigningKey::generate_pkcs8(Algorithm::Es256, RsaBits::B2048).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::Es256, "k", der.expose()).unwrap();
    let mut answers = Vec::new();
    for id in [client.id.as_str(), "nobody"] {
        let claims = json!({
            "iss": id, "sub": id, "aud": format!("https://{HOST}/"), "jti": "j",
            "exp": world.clock.now().seconds() + 60,
        });
        let assertion = key.sign_jwt("JWT", claims.to_string().as_bytes()).unwrap();
        let answer = world
            .token(&[
                ("grant_type", "client_credentials"),
                ("audience", API),
                ("client_assertion", &assertion),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
            ])
            .await;
        answers.push(answer.expect(401));
    }
    assert_eq!(answers[0], answers[1]);
    // the log tells
    let logs = world
        .manage("GET", "/logs?per_page=3", None)
        .await
        .expect(200);
    let told: Vec<&str> = logs
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "feccft")
        .map(|event| event["description"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "there is no such client",
            "the client is registered for another way of authenticating"
        ]
    );
}

#[tokio::test]
async fn jwt_32_a_token_that_nobody_would_read_is_not_minted() {
    // CARDEA-token-size
    let world = World::new(Profile::Compat).await;
    let scopes: Vec<String> = (0..40)
        .map(|n| format!("{n}:{}", "x".repeat(250)))
        .collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    world.api(API, &scopes).await;
    let client = world.client("Health Sync").await;
    world.grant(&client, API, &scopes).await;
    let refused = world.client_credentials(&client, API).await.expect(400);
    assert_eq!(refused["error"], "invalid_scope");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("audience", API),
        ("scope", scopes[0]),
    ];
    let _ = world.token(&form).await.expect(200);
}

#[tokio::test]
async fn log_01_what_a_stranger_names_is_recorded_without_what_steers() {
    let world = World::new(Profile::Compat).await;
    let body = json!({"grant_type": "\u{1b}[31mEVIL\r\nX", "client_id": "\u{1b}]0;pwn\u{7}id"});
    let headers = vec![("content-type", "application/json".to_owned())];
    let sent = Sent {
        method: "POST",
        path: "/oauth/token",
        headers,
        body: body.to_string().into_bytes(),
        host: "",
    };
    let refused = world.send(sent).await.expect(403);
    assert_eq!(
        refused["error_description"],
        "Unsupported grant type: [31mEVILX"
    );
    let logs = world
        .manage("GET", "/logs?per_page=2", None)
        .await
        .expect(200);
    let event = logs
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "f");
    assert_eq!(event.unwrap()["client_id"], "]0;pwnid");
}
