//! Refresh tokens, secrets and consents when things go wrong around them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's own helpers fail as loudly as its assertions"
)]

use cardea_core::model::Profile;
use cardea_testkit::postgres::{execute, fresh_database, node};
use cardea_testkit::{Answer, Client, Health, Sent, World, claims};
use serde_json::{Value, json};

async fn refresh(node: &World, client: &Client, token: &str) -> Answer {
    node.token(&[
        ("grant_type", "refresh_token"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("refresh_token", token),
    ])
    .await
}

fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}

/// Jane's refresh token for the web application, which rotates.
async fn rotating(health: &Health) -> String {
    let body = json!({ "refresh_token": {
        "rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0,
    }});
    let path = format!("/clients/{}", health.client.id);
    let _ = health
        .world
        .manage("PATCH", &path, Some(body))
        .await
        .expect(200);
    let mut browser = health.world.browser();
    let path = health.authorize(&health.client, "");
    let path = path.replace("scope=openid", "scope=openid%20offline_access");
    let code = health
        .log_in(&mut browser, &path)
        .await
        .param("code")
        .unwrap();
    let tokens = health.exchange(&health.client, &code).await.expect(200);
    text(&tokens, "refresh_token")
}

/// TOKEN-22, CVE-2026-9802, keycloak#50999: what was exchanged is remembered by the database, not by
/// the process, and in its order though no time passes in between.
#[tokio::test]
async fn reuse_is_noticed_after_a_restart() {
    for graceful in [true, false] {
        let url = fresh_database().await;
        let world = World::on(node(&url).await, Profile::Compat).await;
        let health = Health::made_in(world).await;
        let first = rotating(&health).await;
        let second = refresh(&health.world, &health.client, &first)
            .await
            .expect(200);
        let second = text(&second, "refresh_token");
        let again = health.world.another_node(node(&url).await).await;
        let Health { world, client, .. } = health;
        if graceful {
            world.app.stop().await;
        }
        drop(world);
        let reused = refresh(&again, &client, &first).await.expect(403);
        assert_eq!(reused["error"], "invalid_grant");
        let gone = refresh(&again, &client, &second).await.expect(403);
        assert_eq!(gone["error"], "invalid_grant", "the family too");
        again.app.stop().await;
    }
}

/// TOKEN-24: a refresh that could not be kept uses nothing up, and ends nothing.
#[tokio::test]
async fn a_refresh_that_the_database_refuses_can_be_tried_again() {
    let url = fresh_database().await;
    let world = World::on(node(&url).await, Profile::Compat).await;
    let health = Health::made_in(world).await;
    let token = rotating(&health).await;
    // at the end of the commit: everything before it is undone
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                  'BEGIN RAISE EXCEPTION ''disk full''; END';
                  CREATE TRIGGER refuse BEFORE INSERT ON log_event
                  FOR EACH ROW EXECUTE FUNCTION refuse()";
    execute(&url, refuse).await;
    for _ in 0..3 {
        let refused = refresh(&health.world, &health.client, &token).await;
        assert_eq!(refused.status, 503);
        assert!(!String::from_utf8_lossy(&refused.body).contains("disk"));
    }
    execute(&url, "DROP TRIGGER refuse ON log_event").await;
    let renewed = refresh(&health.world, &health.client, &token)
        .await
        .expect(200);
    assert!(renewed["refresh_token"].is_string());
    health.world.app.stop().await;
}

/// CVE-2020-15223: a revocation that could not be kept is not said to be one.
#[tokio::test]
async fn a_revocation_that_the_database_refuses_is_told() {
    let url = fresh_database().await;
    let world = World::on(node(&url).await, Profile::Compat).await;
    let health = Health::made_in(world).await;
    let token = rotating(&health).await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                  'BEGIN RAISE EXCEPTION ''disk full''; END';
                  CREATE TRIGGER refuse BEFORE DELETE ON artefact
                  FOR EACH ROW EXECUTE FUNCTION refuse()";
    let form = [
        ("client_id", health.client.id.as_str()),
        ("client_secret", health.client.secret.as_str()),
        ("token", token.as_str()),
    ];
    execute(&url, refuse).await;
    let mut browser = health.world.browser();
    let refused = browser.post("/oauth/revoke", &form).await;
    assert_eq!(refused.status(), 503);
    execute(&url, "DROP TRIGGER refuse ON artefact").await;
    let renewed = refresh(&health.world, &health.client, &token)
        .await
        .expect(200);
    let token = text(&renewed, "refresh_token");
    let form = [form[0], form[1], ("token", token.as_str())];
    assert_eq!(browser.post("/oauth/revoke", &form).await.status(), 200);
    let _ = refresh(&health.world, &health.client, &token)
        .await
        .expect(403);
    health.world.app.stop().await;
}

/// GHSA-895x-rfqp-jh5c: an application that may not refresh any more does not, whatever it holds.
#[tokio::test]
async fn a_right_that_was_taken_from_the_application_is_gone() {
    for profile in [Profile::Compat, Profile::Strict] {
        let health = Health::new(profile).await;
        let token = rotating(&health).await;
        let body = json!({ "grant_types": ["authorization_code"] });
        let path = format!("/clients/{}", health.client.id);
        let _ = health
            .world
            .manage("PATCH", &path, Some(body))
            .await
            .expect(200);
        let refused = refresh(&health.world, &health.client, &token).await;
        assert_eq!(refused.json()["error"], "unauthorized_client");
    }
}

/// CVE-2022-3916, CVE-2025-12390: what one user got in a browser is not the next one's, and the
/// other way round, however the first one left.
#[tokio::test]
async fn the_next_user_of_a_browser_is_another_one() {
    for leaves in [true, false] {
        let mut health = Health::new(Profile::Compat).await;
        let mut browser = health.world.browser();
        let offline = |health: &Health| {
            let path = health.authorize(&health.client, "&prompt=login");
            path.replace("scope=openid", "scope=openid%20offline_access")
        };
        let jane = health.jane.clone();
        let code = health
            .log_in(&mut browser, &offline(&health))
            .await
            .param("code")
            .unwrap();
        let of_jane = health.exchange(&health.client, &code).await.expect(200);
        let pending = browser.get(&health.authorize(&health.client, "")).await;
        let pending = pending.param("code").unwrap();
        if leaves {
            browser.get("/v2/logout").await;
        }
        health.jane = health.world.person("sam@example.com").await;
        let code = health
            .log_in(&mut browser, &offline(&health))
            .await
            .param("code")
            .unwrap();
        let of_sam = health.exchange(&health.client, &code).await.expect(200);
        for (tokens, user) in [(&of_jane, &jane), (&of_sam, &health.jane)] {
            let token = text(tokens, "refresh_token");
            let renewed = refresh(&health.world, &health.client, &token)
                .await
                .expect(200);
            let id = claims(&text(&renewed, "id_token"));
            assert_eq!(id["sub"], user.id.as_str(), "{leaves}");
        }
        let (one, other) = (
            claims(&text(&of_jane, "id_token")),
            claims(&text(&of_sam, "id_token")),
        );
        assert_ne!(one["sid"], other["sid"]);
        // the first one's session is gone, and so is the code that it had not redeemed
        let late = health.exchange(&health.client, &pending).await;
        assert_eq!(late.json()["error"], "invalid_grant");
    }
}

/// TOKEN-14: a secret that was replaced is worth nothing, at once and on every node.
#[tokio::test]
async fn a_rotated_secret_has_no_second_life() {
    let api = "https://example.com/health-api";
    for profile in [Profile::Compat, Profile::Strict] {
        let world = World::new(profile).await;
        world.api(api, &["read:patients"]).await;
        let old = world.client("Health Sync").await;
        world.grant(&old, api, &["read:patients"]).await;
        let there = world.another_node(world.store.clone()).await;
        let _ = there.client_credentials(&old, api).await.expect(200);
        let path = format!("/clients/{}/rotate-secret", old.id);
        let made = world.manage("POST", &path, None).await.expect(200);
        let new = Client {
            id: old.id.clone(),
            secret: text(&made, "client_secret"),
        };
        for node in [&world, &there] {
            let _ = node.client_credentials(&old, api).await.expect(401);
            let _ = node.client_credentials(&new, api).await.expect(200);
        }
    }
}

/// TOKEN-17: a certificate in a header is a header.
#[tokio::test]
async fn no_header_stands_for_a_client_certificate() {
    let api = "https://example.com/health-api";
    let world = World::new(Profile::Compat).await;
    world.api(api, &["read:patients"]).await;
    let client = world.client("Health Sync").await;
    world.grant(&client, api, &["read:patients"]).await;
    let names = [
        "client-cert",
        "client-cert-chain",
        "x-forwarded-client-cert",
        "x-forwarded-tls-client-cert",
        "x-client-certificate",
        "x-ssl-client-cert",
        "ssl-client-verify",
        "x-ssl-client-s-dn",
        "cname-api-key",
    ];
    for secret in [Some(client.secret.as_str()), None] {
        let mut headers: Vec<(&str, String)> = names
            .iter()
            .map(|name| (*name, "SUCCESS CN=admin".to_owned()))
            .collect();
        headers.push((
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ));
        let secret = secret.map_or_else(String::new, |secret| format!("&client_secret={secret}"));
        let body = format!(
            "grant_type=client_credentials&client_id={}&audience={api}{secret}",
            client.id
        );
        let sent = Sent {
            method: "POST",
            path: "/oauth/token",
            headers,
            body: body.into_bytes(),
            host: "",
        };
        let answer = world.send(sent).await;
        if secret.is_empty() {
            assert_eq!(answer.status, 401);
            continue;
        }
        let token = text(&answer.expect(200), "access_token");
        assert_eq!(claims(&token).get("cnf"), None);
    }
}

/// TOKEN-43: where a password comes from says the socket, not whoever sends it.
#[tokio::test]
async fn a_forwarded_address_does_not_help_who_guesses() {
    let health = Health::new(Profile::Compat).await;
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let app = |method: &str, trusted: bool| {
        json!({
            "name": method, "app_type": "native", "grant_types": [realm],
            "token_endpoint_auth_method": method, "is_token_endpoint_ip_header_trusted": trusted,
        })
    };
    // a public application is not believed, whatever its flag says
    for (n, app) in [app("none", true), app("client_secret_post", false)]
        .into_iter()
        .enumerate()
    {
        let client = health.world.application(app).await;
        let user = health.world.person(&format!("user{n}@example.com")).await;
        for guess in 0..11 {
            let body = json!({
                "grant_type": realm, "realm": "Username-Password-Authentication",
                "client_id": client.id, "client_secret": client.secret,
                "username": user.email, "password": "wrong",
            });
            let headers = vec![
                ("content-type", "application/json".to_owned()),
                ("auth0-forwarded-for", format!("203.0.113.{guess}")),
                ("x-forwarded-for", format!("203.0.113.{guess}")),
                ("forwarded", format!("for=203.0.113.{guess}")),
                ("x-real-ip", format!("203.0.113.{guess}")),
            ];
            let mut body = body;
            if client.secret.is_empty() {
                body.as_object_mut().unwrap().remove("client_secret");
            }
            let sent = Sent {
                method: "POST",
                path: "/oauth/token",
                headers,
                body: body.to_string().into_bytes(),
                host: "",
            };
            let status = health.world.send(sent).await.status.as_u16();
            let expected = if guess < 10 { 403 } else { 429 };
            assert_eq!(status, expected, "{n} {guess}");
        }
    }
}

/// AUTHZ-64, CVE-2026-43983: what a user let an application have is listed and taken back, and with it what rests
/// on it, on every node.
#[tokio::test]
async fn a_consent_that_is_taken_back_ends_what_rests_on_it() {
    let health = Health::new(Profile::Compat).await;
    let partner = health.partner().await;
    let there = health.world.another_node(health.world.store.clone()).await;
    let mut browser = health.world.browser();
    let offline = health
        .authorize(&partner, "")
        .replace("scope=openid", "scope=openid%20offline_access");
    let without_api = health
        .authorize(&partner, "")
        .replace(&format!("&audience={}", Health::API), "");
    let mut held = Vec::new();
    let page = health.log_in(&mut browser, &offline).await;
    let page = browser.submit(&page, &[], "accept").await;
    held.push(page.param("code").unwrap());
    let page = browser.get(&without_api).await;
    let page = browser.submit(&page, &[], "accept").await;
    held.push(page.param("code").unwrap());
    let lasting = health.exchange(&partner, &held[0]).await.expect(200);
    let opaque = health.exchange(&partner, &held[1]).await.expect(200);
    let (lasting, opaque) = (
        text(&lasting, "refresh_token"),
        text(&opaque, "access_token"),
    );
    let userinfo = async || {
        let headers = vec![("authorization", format!("Bearer {opaque}"))];
        let path = "/userinfo";
        there
            .send(Sent {
                path,
                headers,
                ..Sent::default()
            })
            .await
            .status
            .as_u16()
    };
    let _ = refresh(&there, &partner, &lasting).await.expect(200);
    assert_eq!(userinfo().await, 200);

    let user = health.jane.id.replace('|', "%7C");
    let list = format!("/grants?user_id={user}");
    let grants = health.world.manage("GET", &list, None).await.expect(200);
    assert_eq!(grants.as_array().unwrap().len(), 2, "{grants}");
    for grant in grants.as_array().unwrap() {
        let path = format!("/grants/{}", text(grant, "id"));
        assert_eq!(health.world.manage("DELETE", &path, None).await.status, 204);
    }
    let gone = refresh(&there, &partner, &lasting).await.expect(403);
    assert_eq!(gone["error"], "invalid_grant");
    assert_eq!(userinfo().await, 401, "the opaque token too");
    let silent = health.authorize(&partner, "&prompt=none");
    let silent = browser.get(&silent).await;
    assert_eq!(silent.param("error").unwrap(), "consent_required");
}
