//! Hosts, keys, versions.

use cardea_core::id::TenantId;
use cardea_core::model::{Kind, Profile};
use cardea_core::write::{Commit, Write};
use cardea_jose::SealingKey;
use cardea_store::{Store, Synchronous};
use cardea_testkit::{HOST, Sent, World, claims};
use serde_json::json;

const API: &str = "https://example.com/health-api";

#[tokio::test]
async fn an_unknown_host_is_refused_before_anything_else() {
    let world = World::new(Profile::Compat).await;
    // TENANT-01, TENANT-06, HTTP-10: the same answer on every path
    let hosts = [
        "evil.example",
        "login.example:444",
        "login.example.",
        "xlogin.example",
    ];
    for host in hosts {
        for path in [
            "/.well-known/jwks.json",
            "/oauth/token",
            "/nothing",
            "/api/v2/clients",
        ] {
            let answer = world
                .send(Sent {
                    path,
                    host,
                    ..Sent::default()
                })
                .await;
            assert_eq!(answer.expect(404)["error"], "unknown_host", "{host} {path}");
            let head = Sent {
                method: "HEAD",
                path,
                host,
                ..Sent::default()
            };
            let answer = world.send(head).await;
            // RFC 9110 9.3.2
            assert_eq!((answer.status.as_u16(), answer.body.len()), (404, 0));
        }
    }
    let headers = vec![("x-forwarded-host", "evil.example".to_owned())];
    let path = "/.well-known/openid-configuration";
    let document = world
        .send(Sent {
            path,
            headers,
            ..Sent::default()
        })
        .await
        .expect(200);
    assert_eq!(document["issuer"], format!("https://{HOST}/")); // HTTP-17
    assert_eq!(
        document["token_endpoint"],
        format!("https://{HOST}/oauth/token")
    );
}

#[tokio::test]
async fn two_tenants_share_nothing() {
    let world = World::new(Profile::Compat).await;
    world.add_tenant("other.example", Profile::Strict).await;
    let keys = |host| {
        world.send(Sent {
            path: "/.well-known/jwks.json",
            host,
            ..Sent::default()
        })
    };
    let (one, two) = (
        keys(HOST).await.expect(200),
        keys("other.example").await.expect(200),
    );
    assert_ne!(one["keys"][0]["kid"], two["keys"][0]["kid"]);
    assert_ne!(one["keys"][0]["n"], two["keys"][0]["n"]); // TENANT-09
    // MGMT-03: an id of one tenant is nothing in the other
    let client = world.client("Health Sync").await;
    let token = world.management_token_at("other.example").await;
    let headers = vec![("authorization", format!("Bearer {token}"))];
    let path = format!("/api/v2/clients/{}", client.id);
    let sent = Sent {
        path: &path,
        headers,
        host: "other.example",
        ..Sent::default()
    };
    assert_eq!(
        world.send(sent).await.expect(404)["errorCode"],
        "inexistent_client"
    );
}

#[tokio::test]
async fn jwks_and_metadata_are_cacheable() {
    let world = World::new(Profile::Compat).await;
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
    ] {
        let answer = world.get(path).await;
        let etag = answer.header("etag").to_owned();
        assert!(!etag.is_empty() && answer.header("cache-control").contains("max-age"));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let headers = vec![("if-none-match", etag)];
        let again = world
            .send(Sent {
                path,
                headers,
                ..Sent::default()
            })
            .await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{path}"
        );
    }
    let pem = world.get("/pem").await;
    let text = String::from_utf8(pem.body).unwrap();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(text.lines().all(|line| line.len() <= 64));
}

#[tokio::test]
async fn other_keys_are_published_once_something_signs_with_them() {
    let world = World::new(Profile::Compat).await;
    let algorithms = || async {
        let keys = world.get("/.well-known/jwks.json").await.expect(200);
        let all: Vec<String> = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["alg"].as_str().unwrap().to_owned())
            .collect();
        all
    };
    assert_eq!(algorithms().await, ["RS256"]); // T18
    for (alg, kty) in [("ES256", "EC"), ("EdDSA", "OKP"), ("PS256", "RSA")] {
        let identifier = format!("https://api.example/{alg}");
        let body = json!({
            "identifier": identifier, "signing_alg": alg, "scopes": [{"value": "read:x"}],
        });
        let _ = world
            .manage("POST", "/resource-servers", Some(body))
            .await
            .expect(201);
        let keys = world.get("/.well-known/jwks.json").await.expect(200);
        let found = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["alg"] == alg)
            .cloned();
        let key = found.unwrap_or_else(|| panic!("no {alg} in {keys}"));
        assert_eq!(key["kty"], kty);
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "JWT-27: {alg} {private}");
        }
        let client = world.client(alg).await;
        world.grant(&client, &identifier, &["read:x"]).await;
        let body = world
            .client_credentials(&client, &identifier)
            .await
            .expect(200);
        let token = body["access_token"].as_str().unwrap().to_owned();
        let policy = cardea_verifier::Policy::builder(format!("https://{HOST}/"))
            .audience(&identifier)
            .build()
            .unwrap();
        let jwks = cardea_verifier::KeySet::from_jwks(keys.to_string().as_bytes()).unwrap();
        let now = world.clock.now().seconds();
        let token = cardea_verifier::verify(&token, &policy, &jwks, now).unwrap();
        assert!(token.has_scope("read:x"), "{alg}");
    }
}

#[tokio::test]
async fn rotation_keeps_tokens_alive_and_revocation_ends_them() {
    let world = World::new(Profile::Compat).await;
    let old = world.management_token_at(HOST).await;
    let before = world.get("/.well-known/jwks.json").await.expect(200);
    let rotated = world
        .manage_with(&old, "POST", "/keys/signing/rotate", None)
        .await
        .expect(201);
    // JWT-26: signed by the previous key, still good
    let _ = world
        .manage_with(&old, "GET", "/clients", None)
        .await
        .expect(200);
    let after = world.get("/.well-known/jwks.json").await.expect(200);
    let kids = |jwks: &serde_json::Value| -> Vec<String> {
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(kids(&after).contains(&kids(&before)[0]));
    assert!(kids(&after).contains(&rotated["kid"].as_str().unwrap().to_owned()));

    let new = world.management_token_at(HOST).await;
    let path = format!("/keys/signing/{}/revoke", kids(&before)[0]);
    let _ = world
        .manage_with(&new, "PUT", &path, None)
        .await
        .expect(200);
    // JWT-25, CRYPTO-10
    let _ = world
        .manage_with(&old, "GET", "/clients", None)
        .await
        .expect(401);
    let _ = world
        .manage_with(&new, "GET", "/clients", None)
        .await
        .expect(200);
    let last = world.get("/.well-known/jwks.json").await.expect(200);
    assert!(!kids(&last).contains(&kids(&before)[0]));
}

#[tokio::test]
async fn a_change_by_another_process_holds_with_the_next_token() {
    let folder = tempfile::tempdir().unwrap();
    let url: cardea_store::DatabaseUrl = format!("sqlite:{}", folder.path().join("c.db").display())
        .parse()
        .unwrap();
    let open = |migrate| {
        Store::open(cardea_store::Options {
            url: url.clone(),
            sealing: SealingKey::from_bytes(&[7; 32]),
            synchronous: Synchronous::Full,
            exclusive: false,
            migrate,
        })
    };
    let world = World::on(open(true).await.unwrap(), Profile::Compat).await;
    world.api(API, &["read:patients"]).await;
    let client = world.client("Health Sync").await;
    let grant = world.grant(&client, API, &["read:patients"]).await;
    let token = world.client_credentials(&client, API).await.expect(200);
    assert_eq!(claims(token["access_token"].as_str().unwrap())["aud"], API);

    let elsewhere = open(false).await.unwrap();
    let tenant: TenantId = elsewhere.tenants().await.unwrap()[0].0.id.clone();
    let delete = Write::Delete {
        kind: Kind::ClientGrant,
        id: grant,
        revision: 1,
    };
    let commit = Commit {
        decided_at: None,
        writes: vec![delete],
    };
    elsewhere
        .tenant(&tenant)
        .commit(commit, world.clock.now())
        .await
        .unwrap();

    // no poll has run in between: the commit of the token itself finds out
    let refused = world.client_credentials(&client, API).await.expect(403);
    assert!(
        refused["error_description"]
            .as_str()
            .unwrap()
            .contains("create a \"client-grant\"")
    );
}

#[tokio::test]
async fn mgmt_31_keys_cannot_be_rotated_without_end() {
    let world = World::new(Profile::Compat).await;
    let rotate = || world.manage("POST", "/keys/signing/rotate", None);
    for _ in 0..10 {
        let _ = rotate().await.expect(201);
    }
    let refused = rotate().await.expect(403);
    assert_eq!(refused["errorCode"], "operation_not_supported");
    let keys = world.manage("GET", "/keys/signing", None).await.expect(200);
    let previous = |key: &&serde_json::Value| key["previous"] == true;
    let kid = keys.as_array().unwrap().iter().find(previous).unwrap()["kid"].clone();
    let path = format!("/keys/signing/{}/revoke", kid.as_str().unwrap());
    let _ = world.manage("PUT", &path, None).await.expect(200);
    let _ = rotate().await.expect(201);
}

#[tokio::test]
async fn an_operation_that_is_not_there_says_so_to_who_holds_its_scope() {
    let world = World::new(Profile::Compat).await;
    let lacking = world
        .manage("GET", "/organizations", None)
        .await
        .expect(403);
    assert_eq!(
        lacking["message"],
        "Insufficient scope, expected any of: read:organizations,read:organizations_summary"
    );
    // the application holds read:organization_client_grants for an operation that is there
    let held = world
        .manage("GET", "/organizations/org_1/client-grants", None)
        .await
        .expect(403);
    let message = held["message"].as_str().unwrap();
    assert!(
        message.starts_with("Insufficient scope, expected any of: "),
        "tools split there"
    );
    assert!(
        message.ends_with("GET /organizations/{id}/client-grants is not available yet"),
        "{message}"
    );
    for path in ["/api/v2", "/api/v2/"] {
        assert_eq!(world.get(path).await.expect(404)["statusCode"], 404);
    }
}
