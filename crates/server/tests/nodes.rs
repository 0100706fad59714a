//! Two nodes on one PostgreSQL, and what two equal starts give.

use cardea_core::model::Profile;
use cardea_testkit::postgres::{fresh_database, node};
use cardea_testkit::{HOST, JWT_BEARER, World};

const API: &str = "https://example.com/health-api";

#[tokio::test]
async fn a_revocation_on_one_node_holds_with_the_next_token_of_the_other() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Compat).await;
    here.api(API, &["read:patients", "write:patients"]).await;
    let client = here.client("Health Sync").await;
    let grant = here.grant(&client, API, &["read:patients"]).await;
    let there = here.another_node(node(&url).await).await;
    let token = there.client_credentials(&client, API).await.expect(200);
    assert_eq!(token["scope"], "read:patients");

    // more scopes, then none: no poll runs in between
    let body = serde_json::json!({"scope": ["read:patients", "write:patients"]});
    let path = format!("/client-grants/{grant}");
    let _ = here.manage("PATCH", &path, Some(body)).await.expect(200);
    let token = there.client_credentials(&client, API).await.expect(200);
    assert_eq!(token["scope"], "read:patients write:patients");
    assert_eq!(here.manage("DELETE", &path, None).await.status, 204);
    let refused = there.client_credentials(&client, API).await.expect(403);
    assert_eq!(refused["error"], "access_denied");
    // and what one node made, the other shows at once
    let made = there.client("Made there").await;
    let shown = here
        .manage("GET", &format!("/clients/{}", made.id), None)
        .await
        .expect(200);
    assert_eq!(shown["name"], "Made there");
    here.app.stop().await;
    there.app.stop().await;
}

#[tokio::test]
async fn what_one_node_takes_away_another_does_not_act_upon() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Strict).await;
    let there = here.another_node(node(&url).await).await;
    // MGMT-28: the grant is gone on one node; the other still has it in memory
    let token = there.management_token_at(HOST).await;
    let body = serde_json::json!({"scope": ["read:logs", "update:client_grants", "read:clients"]});
    let path = "/client-grants/cgr_management";
    let _ = here.manage("PATCH", path, Some(body)).await.expect(200);
    let body = serde_json::json!({"name": "too late"});
    let late = there
        .manage_with(&token, "POST", "/clients", Some(body))
        .await;
    assert_eq!(late.expect(403)["errorCode"], "insufficient_scope");
    let clients = there
        .manage("GET", "/clients?is_global=false", None)
        .await
        .expect(200);
    assert_eq!(clients.as_array().unwrap().len(), 1, "{clients}");
    here.app.stop().await;
    there.app.stop().await;
}

#[tokio::test]
async fn jwt_25_a_key_revoked_on_one_node_opens_nothing_on_the_other() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Compat).await;
    let there = here.another_node(node(&url).await).await;
    let old = there.management_token_at(HOST).await;
    let kids = there.manage("GET", "/keys/signing", None).await.expect(200);
    let kid = kids[0]["kid"].as_str().unwrap().to_owned();
    let path = format!("/keys/signing/{kid}/revoke");
    let _ = here.manage("PUT", &path, None).await.expect(200);
    let refused = there.manage_with(&old, "GET", "/clients", None).await;
    assert_eq!(refused.status, 401);
    here.app.stop().await;
    there.app.stop().await;
}

/// TOKEN-08, CVE-2020-15222, CVE-2020-5300.
#[tokio::test]
async fn token_08_an_assertion_is_used_up_on_every_node() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Compat).await;
    here.api(API, &["read:patients"]).await;
    let signer = here.signer("Signer").await;
    here.grant(&signer.client, API, &["read:patients"]).await;
    let there = here.another_node(node(&url).await).await;

    let assertion = signer.sign(&signer.claims(&here, "once"));
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", API),
        ("client_assertion", assertion.as_str()),
        ("client_assertion_type", JWT_BEARER),
    ];
    let (one, two) = tokio::join!(here.token(&form), there.token(&form));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "one winner");
    assert_eq!(
        there.token(&form).await.expect(401)["error"],
        "invalid_client"
    );
}

#[tokio::test]
async fn equal_starts_and_equal_clocks_give_equal_tokens() {
    let (one, two) = (
        World::new(Profile::Compat).await,
        World::new(Profile::Compat).await,
    );
    let path = "/.well-known/jwks.json";
    assert_eq!(
        one.get(path).await.expect(200),
        two.get(path).await.expect(200)
    );
    assert_eq!(
        one.management_token_at(HOST).await,
        two.management_token_at(HOST).await
    );
    two.clock.advance(1);
    assert_ne!(
        one.management_token_at(HOST).await,
        two.management_token_at(HOST).await
    );
}
