//! Users, roles and connections over HTTP, on a real store.
#![expect(
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and tells one story"
)]

use cardea_core::id::UserId;
use cardea_core::model::Profile;
use cardea_testkit::{Answer, HOST, Sent, World};
use serde_json::{Value, json};

const DATABASE: &str = "Username-Password-Authentication";
const PASSWORD: &str = "correct horse battery staple";
const API: &str = "https://example.com/health-api";

fn user(email: &str) -> Value {
    json!({ "connection": DATABASE, "email": email, "password": PASSWORD })
}

fn done(answer: Answer, status: u16) {
    let _ = answer.expect(status);
}

async fn make(world: &World, email: &str) -> (String, String) {
    let made = world.manage("POST", "/users", Some(user(email))).await;
    let id = made.expect(201)["user_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let path = format!("/users/{}", id.replace('|', "%7C"));
    (id, path)
}

#[tokio::test]
async fn a_users_password_is_hashed_and_seen_nowhere() {
    let world = World::new(Profile::Compat).await;
    let (id, path) = make(&world, "jane@example.com").await;
    let tenants = world.store.tenants().await.unwrap_or_default();
    let tenant = world.store.tenant(&tenants[0].0.id);
    let parsed = UserId::parse(&id).unwrap_or_else(|| panic!("{id}"));
    let stored = || async {
        let user = tenant.user(&parsed).await.ok().flatten();
        let password = user.and_then(|user| user.password);
        password
            .map(|hash| hash.expose().clone())
            .unwrap_or_default()
    };
    let first = stored().await;
    assert!(first.starts_with("$argon2id$"), "{first}");
    let again = world
        .manage("POST", "/users", Some(user("JANE@example.com")))
        .await;
    assert_eq!(again.expect(409)["message"], "The user already exists.");

    let body = json!({ "password": "another horse battery" });
    let patched = world.manage("PATCH", &path, Some(body)).await.expect(200);
    assert!(patched["last_password_reset"].is_string());
    let second = stored().await;
    assert!(second.starts_with("$argon2id$") && second != first);
    let logs = world
        .manage("GET", &format!("{path}/logs"), None)
        .await
        .expect(200);
    let text = logs.to_string();
    assert!(
        !text.contains("battery") && !text.contains("$argon2id$"),
        "{text}"
    );
    assert_eq!(logs[0]["user_id"], json!(id));

    let history = json!({ "options": {
        "password_options": { "history": { "active": true, "size": 2 } },
    } });
    let list = world.manage("GET", "/connections", None).await.expect(200);
    let connection = format!(
        "/connections/{}",
        list[0]["id"].as_str().unwrap_or_default()
    );
    done(world.manage("PATCH", &connection, Some(history)).await, 200);
    let same = json!({ "password": "another horse battery" });
    let refused = world.manage("PATCH", &path, Some(same)).await.expect(400);
    let message = "PasswordHistoryError: Password has previously been used";
    assert_eq!(refused["message"], message);
}

#[tokio::test]
async fn users_are_found_paged_and_removed() {
    let world = World::new(Profile::Compat).await;
    for number in 0..3 {
        make(&world, &format!("u{number}@example.com")).await;
    }
    for (query, count) in [
        ("", 3),
        ("?q=email:u1@example.com", 1),
        ("?q=name:u*", 3),
        ("?q=email:u1@example.com%20OR%20email:u2@example.com", 2),
        ("?per_page=2&page=1", 1),
        ("?sort=email:-1&per_page=1", 1),
        ("?connection=other", 0),
    ] {
        let list = world
            .manage("GET", &format!("/users{query}"), None)
            .await
            .expect(200);
        assert_eq!(
            list.as_array().map(Vec::len),
            Some(count),
            "{query}: {list}"
        );
    }
    let page = world
        .manage("GET", "/users?include_totals=true&per_page=2", None)
        .await;
    assert_eq!(page.expect(200)["total"], 3);
    let by_email = world
        .manage("GET", "/users-by-email?email=U1%40example.com", None)
        .await;
    let by_email = by_email.expect(200);
    let path = by_email[0]["user_id"]
        .as_str()
        .unwrap_or_default()
        .replace('|', "%7C");
    done(
        world
            .manage("DELETE", &format!("/users/{path}"), None)
            .await,
        204,
    );
    let gone = world
        .manage("GET", &format!("/users/{path}"), None)
        .await
        .expect(404);
    assert_eq!(gone["errorCode"], "inexistent_user");
}

#[tokio::test]
async fn roles_reach_users_and_leave_them() {
    let world = World::new(Profile::Compat).await;
    world.api(API, &["read:x"]).await;
    let (id, path) = make(&world, "jane@example.com").await;
    let role = world
        .manage("POST", "/roles", Some(json!({ "name": "reader" })))
        .await
        .expect(200);
    let role = role["id"].as_str().unwrap_or_default();
    let permission = json!({ "permissions": [{
        "resource_server_identifier": API, "permission_name": "read:x",
    }] });
    let permissions = format!("/roles/{role}/permissions");
    done(
        world.manage("POST", &permissions, Some(permission)).await,
        201,
    );
    let users = format!("/roles/{role}/users");
    done(
        world
            .manage("POST", &users, Some(json!({ "users": [id] })))
            .await,
        200,
    );
    let list = world
        .manage("GET", &format!("{users}?take=1"), None)
        .await
        .expect(200);
    assert_eq!(list["users"][0]["user_id"], json!(id));
    let held = world
        .manage("GET", &format!("{path}/permissions"), None)
        .await
        .expect(200);
    assert_eq!(held[0]["sources"][0]["source_id"], json!(role));
    done(
        world
            .manage("DELETE", &format!("/roles/{role}"), None)
            .await,
        200,
    );
    let held = world
        .manage("GET", &format!("{path}/roles"), None)
        .await
        .expect(200);
    assert_eq!(held, json!([]));
    for list in ["sessions", "refresh-tokens"] {
        let answer = world
            .manage("GET", &format!("{path}/{list}"), None)
            .await
            .expect(200);
        assert!(answer.get("next").is_none(), "{list}");
        done(
            world
                .manage("DELETE", &format!("{path}/{list}"), None)
                .await,
            202,
        );
    }
    let blocks = format!("/user-blocks/{}", id.replace('|', "%7C"));
    let answer = world.manage("GET", &blocks, None).await.expect(200);
    assert_eq!(answer, json!({ "blocked_for": [] }));
    done(world.manage("DELETE", &blocks, None).await, 204);
    let ticket = json!({ "user_id": id });
    let made = world
        .manage("POST", "/tickets/password-change", Some(ticket))
        .await
        .expect(201);
    let link = made["ticket"].as_str().unwrap_or_default().to_owned();
    assert!(
        link.starts_with(&format!("https://{HOST}/u/reset-password?ticket=")),
        "{link}"
    );
}

#[tokio::test]
async fn a_new_address_is_to_be_proved() {
    let world = World::new(Profile::Compat).await;
    let count = || async {
        world.app.settle().await;
        let mails = world.app.caught_mails();
        mails.as_array().map_or(0, Vec::len)
    };
    let (_, path) = make(&world, "jane@example.com").await;
    assert_eq!(count().await, 1);
    for (row, body, mails) in [
        ("another name", json!({ "name": "J" }), 1),
        ("asked for", json!({ "verify_email": true }), 2),
        ("another address", json!({ "email": "b@example.com" }), 3),
        (
            "proved",
            json!({ "email_verified": true, "verify_email": true }),
            3,
        ),
        (
            "no mail",
            json!({ "email": "c@example.com", "verify_email": false }),
            3,
        ),
    ] {
        done(world.manage("PATCH", &path, Some(body)).await, 200);
        assert_eq!(count().await, mails, "{row}");
    }
    let mails = world.app.caught_mails();
    let link = mails[0]["links"][0].as_str().unwrap_or_default();
    assert!(
        link.starts_with(&format!("https://{HOST}/u/email-verification?ticket=")),
        "{link}"
    );
}

/// MGMT-03: a user of one tenant is nobody in the other.
#[tokio::test]
async fn users_of_another_tenant_are_nobody() {
    let world = World::new(Profile::Compat).await;
    world.add_tenant("other.example", Profile::Compat).await;
    let (id, path) = make(&world, "jane@example.com").await;
    let token = world.management_token_at("other.example").await;
    for (path, status) in [
        (format!("/api/v2{path}"), 404),
        (format!("/api/v2{path}/roles"), 404),
        (format!("/api/v2{path}/sessions"), 404),
        (
            format!("/api/v2/user-blocks/{}", id.replace('|', "%7C")),
            404,
        ),
        (
            "/api/v2/users-by-email?email=jane%40example.com".to_owned(),
            200,
        ),
        ("/api/v2/users?q=email:jane@example.com".to_owned(), 200),
    ] {
        let headers = vec![("authorization", format!("Bearer {token}"))];
        let sent = Sent {
            path: &path,
            host: "other.example",
            headers,
            ..Sent::default()
        };
        let answer = world.send(sent).await.expect(status);
        assert!(status == 404 || answer == json!([]), "{path}: {answer}");
    }
}
