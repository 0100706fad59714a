//! Users: made, read, changed, removed.
#![expect(clippy::too_many_lines, reason = "a table is long")]

use serde_json::{Value, json};

use super::{DATABASE, PASSWORD, World, key_set};
use crate::id::UserId;
use crate::model::ArtefactKind;

pub(super) fn path(id: &str) -> String {
    format!("/users/{}", id.replace('|', "%7C"))
}

#[test]
fn a_user_is_made_as_the_reference_makes_one() {
    let mut world = World::compat();
    let body = json!({
        "connection": DATABASE, "email": "jane@example.com", "password": PASSWORD,
        "verify_email": false,
    });
    let (status, made) = world.post("/users", body);
    assert_eq!(status, 201);
    let id = made["user_id"].as_str().unwrap();
    let bare = id.strip_prefix("auth0|").unwrap();
    let expected = format!(
        r#"{{"created_at":"2026-04-22T17:49:56.000Z","email":"jane@example.com","email_verified":false,"identities":[{{"connection":"{DATABASE}","user_id":"{bare}","provider":"auth0","isSocial":false}}],"name":"jane@example.com","nickname":"jane","picture":"https://s.gravatar.com/avatar/9e26471d35a78862c17e467d87cddedf?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fja.png","updated_at":"2026-04-22T17:49:56.000Z","user_id":"{id}"}}"#
    );
    assert_eq!(made.to_string(), expected);
    assert_eq!(bare.len(), 24);
    assert_eq!(world.get(&path(id)), (200, made.clone()));
    let stored = world.people.users[0].password.as_ref().unwrap();
    assert_eq!(stored.expose(), &format!("hash of {PASSWORD}"));
    let (_, shown) = world.get(&format!("{}?fields=email,user_id", path(id)));
    assert_eq!(key_set(&shown), ["email", "user_id"].into_iter().collect());

    let chosen = json!({
        "connection": DATABASE, "email": "b@example.com", "password": PASSWORD,
        "user_id": "testaccuser", "name": "B", "email_verified": true, "blocked": true,
        "app_metadata": { "plan": "gold" }, "user_metadata": { "theme": "dark" },
    });
    let made = world.ok("POST", "/users", chosen);
    assert_eq!(made["user_id"], "auth0|testaccuser", "kept verbatim");
    assert_eq!(
        (&made["name"], &made["blocked"], &made["app_metadata"]),
        (&json!("B"), &json!(true), &json!({ "plan": "gold" }))
    );
}

#[test]
fn impossible_users_are_refused() {
    let mut world = World::compat();
    world.user("taken@example.com");
    let user = |more: Value| {
        let mut body = json!({
            "connection": DATABASE, "email": "a@example.com", "password": PASSWORD,
        });
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                body.as_object_mut().unwrap().remove(name);
            } else {
                body[name] = value.clone();
            }
        }
        body
    };
    let payload = |what: &str| format!("Payload validation error: '{what}'.");
    world.refuses(
        "POST",
        "/users",
        &[
            (
                "exists, however it is written",
                user(json!({ "email": "Taken@Example.com" })),
                409,
                "The user already exists.",
            ),
            (
                "no connection",
                user(json!({ "connection": null })),
                400,
                &payload("Missing required property: connection"),
            ),
            (
                "unknown connection",
                user(json!({ "connection": "nowhere" })),
                400,
                "Connection does not exist.",
            ),
            (
                "no address",
                user(json!({ "email": null })),
                400,
                &payload("Missing required property: email"),
            ),
            (
                "no password",
                user(json!({ "password": null })),
                400,
                &payload("Missing required property: password"),
            ),
            (
                "short password",
                user(json!({ "password": "short" })),
                400,
                "PasswordStrengthError: Password is too weak",
            ),
            (
                "username without usernames",
                user(json!({ "username": "jane" })),
                400,
                "Cannot set username for connection without requires_username.",
            ),
            (
                "a number as a name",
                user(json!({ "phone_number": "+1555" })),
                400,
                "Cannot set phone_number for connection without the attribute phone_number.",
            ),
            (
                "MGMT-06: read-only members",
                user(json!({ "identities": [], "created_at": "x", "logins_count": 9 })),
                400,
                &payload("Additional properties not allowed: identities,created_at,logins_count"),
            ),
            (
                "reserved metadata",
                user(json!({ "app_metadata": { "user_id": "x" } })),
                400,
                "Payload validation error: 'Additional properties not allowed: user_id' on property app_metadata.",
            ),
        ],
    );
    for (rule, email) in [
        ("two", "a@b@c.example"),
        ("space", "a b@c.example"),
        ("header", "a@b.example\r\nBcc: x"),
        ("list", "a@b.example,c@d.example"),
        ("name", "Jane <a@b.example>"),
        ("no host", "a@"),
        ("empty label", "a@b..example"),
    ] {
        let (status, _) = world.post("/users", user(json!({ "email": email })));
        assert_eq!(status, 400, "{rule}");
    }
}

#[test]
fn a_database_with_usernames_wants_one() {
    let mut world = World::compat();
    let options =
        json!({ "requires_username": true, "validation": { "username": { "min": 3, "max": 8 } } });
    let body = json!({ "name": "db", "strategy": "auth0", "options": options });
    world.ok("POST", "/connections", body);
    let user = |username: Option<&str>| {
        let mut body = json!({ "connection": "db", "email": "a@b.example", "password": PASSWORD });
        if let Some(username) = username {
            body["username"] = json!(username);
        }
        body
    };
    let on = "on property username.";
    world.refuses(
        "POST",
        "/users",
        &[
            (
                "none",
                user(None),
                400,
                "Missing username for db connection with requires_username option enabled",
            ),
            (
                "short",
                user(Some("ab")),
                400,
                &format!("Payload validation error: 'Object didn't pass validation for format username: ab' {on}"),
            ),
            (
                "somebody's address",
                user(Some("c@d.ex")),
                400,
                &format!("Payload validation error: 'Object didn't pass validation for format username: c@d.ex' {on}"),
            ),
            (
                "somebody's number",
                user(Some("+15551")),
                400,
                &format!("Payload validation error: 'Object didn't pass validation for format username: +15551' {on}"),
            ),
        ],
    );
    let made = world.ok("POST", "/users", user(Some("Jane")));
    assert_eq!(made["username"], "Jane");
    let again = json!({ "connection": "db", "email": "x@b.example", "password": PASSWORD, "username": "jANE" });
    assert_eq!(world.post("/users", again).0, 409, "folded");
}

#[test]
fn a_patch_merges_metadata_and_changes_one_thing_at_a_time() {
    let mut world = World::compat();
    let id = world.user("jane@example.com");
    let target = path(&id);
    let mut step = |body: Value, name: &str| {
        let answer = world.ok("PATCH", &target, body);
        answer.get(name).cloned()
    };
    let both = json!({ "user_metadata": { "a": 1, "b": { "c": 2 } }, "app_metadata": { "x": 1 } });
    step(both, "user_metadata");
    for (rule, sent, expected) in [
        (
            "merged",
            json!({ "d": 4 }),
            json!({ "a": 1, "b": { "c": 2 }, "d": 4 }),
        ),
        (
            "null removes",
            json!({ "a": null }),
            json!({ "b": { "c": 2 }, "d": 4 }),
        ),
        (
            "replaced below",
            json!({ "b": { "e": 5 } }),
            json!({ "b": { "e": 5 }, "d": 4 }),
        ),
        ("emptied, and shown once", json!({}), json!({})),
    ] {
        let shown = step(json!({ "user_metadata": sent }), "user_metadata");
        assert_eq!(shown, Some(expected), "{rule}");
    }
    assert_eq!(step(json!({ "app_metadata": {} }), "app_metadata"), None);
    assert_eq!(step(json!({ "nickname": "J" }), "user_metadata"), None);
    assert_eq!(
        step(json!({ "given_name": "Jane" }), "given_name"),
        Some(json!("Jane"))
    );
    assert_eq!(step(json!({ "given_name": null }), "given_name"), None);
    let verified = json!({ "email_verified": true });
    assert_eq!(step(verified, "email_verified"), Some(json!(true)));
    let moved = json!({ "email": "new@example.com", "connection": DATABASE });
    assert_eq!(
        step(moved, "email_verified"),
        Some(json!(false)),
        "a new address is not proved"
    );

    let simultaneously = |a: &str, b: &str| format!("Cannot update {a} and {b} simultaneously.");
    world.refuses(
        "PATCH",
        &target,
        &[
            (
                "password and address",
                json!({ "password": PASSWORD, "email": "x@y.example" }),
                400,
                &simultaneously("password", "email"),
            ),
            (
                "name and address",
                json!({ "username": "x", "email": "x@y.example" }),
                400,
                &simultaneously("username", "email"),
            ),
            (
                "another connection",
                json!({ "connection": "other" }),
                400,
                "Connection does not exist.",
            ),
            (
                "no address left",
                json!({ "email": null }),
                400,
                "Payload validation error: 'Missing required property: email'.",
            ),
            (
                "an application of nobody",
                json!({ "client_id": "x" }),
                404,
                "The client does not exist",
            ),
            (
                "MGMT-06: read-only",
                json!({ "user_id": "x", "tenant": "y" }),
                400,
                "Payload validation error: 'Additional properties not allowed: user_id,tenant'.",
            ),
            (
                "MGMT-19: too much",
                json!({ "user_metadata": { "a": "x".repeat(17_000) } }),
                400,
                "Payload validation error: 'Object is too large (17002 bytes), maximum 16384' on property user_metadata.a.",
            ),
        ],
    );
    let proto = json!({ "user_metadata": { "__proto__": { "admin": true } } });
    let answer = world.ok("PATCH", &target, proto);
    assert_eq!(
        answer["user_metadata"]["__proto__"]["admin"], true,
        "plain data"
    );
    let half = json!({ "user_metadata": { "a": "x".repeat(9000) } });
    world.ok("PATCH", &target, half);
    let half = json!({ "user_metadata": { "b": "x".repeat(9000) } });
    assert_eq!(world.patch(&target, half).0, 400, "together too large");
    let (status, body) = world.patch("/users/auth0%7Cnobody", json!({ "name": "x" }));
    assert_eq!(
        (status, &body["message"], &body["errorCode"]),
        (
            404,
            &json!("The user does not exist."),
            &json!("inexistent_user")
        )
    );
}

#[test]
fn a_new_password_ends_what_is_logged_in() {
    let mut world = World::compat();
    let id = world.user("jane@example.com");
    super::sessions::log_in(&mut world, &id);
    let kinds = |world: &World, kind| {
        let all = world.people.artefacts.iter();
        all.filter(|artefact| artefact.kind == kind).count()
    };
    assert_eq!(kinds(&world, ArtefactKind::Session), 1);
    let body = json!({ "password": "another horse battery" });
    let answer = world.ok("PATCH", &path(&id), body);
    assert!(answer["last_password_reset"].is_string());
    assert!(
        !answer.to_string().contains("another horse"),
        "never echoed"
    );
    let stored = world.people.users[0].password.as_ref().unwrap();
    assert_eq!(stored.expose(), "hash of another horse battery");
    for kind in [ArtefactKind::Session, ArtefactKind::Family] {
        assert_eq!(kinds(&world, kind), 0, "{kind:?}");
    }
    world.refuses(
        "PATCH",
        &path(&id),
        &[(
            "none",
            json!({ "password": null }),
            400,
            "The password cannot be removed.",
        )],
    );
}

/// Tokens of users: their own account and no other (the contract's `…current_user…` scopes).
#[test]
fn a_user_acts_on_its_own_account_alone() {
    let mut world = World::compat();
    let own = world.user("own@example.com");
    let other = world.user("other@example.com");
    world.caller.user = UserId::parse(&own);
    for (scopes, method, body) in [
        ("read:current_user", "GET", Value::Null),
        (
            "update:current_user_metadata",
            "PATCH",
            json!({ "user_metadata": { "a": 1 } }),
        ),
        ("delete:current_user", "DELETE", Value::Null),
    ] {
        world.limited(scopes);
        let (status, answer) = world.call(method, &path(&other), Some(body.clone()));
        assert_eq!(status, 403, "{scopes}");
        let message = "User to be acted on does not match subject in bearer token.";
        assert_eq!(answer["message"], message, "{scopes}");
        let (status, answer) = world.call(method, &path(&own), Some(body));
        assert!(status < 300, "{scopes}: {answer}");
    }
    world.limited("update:current_user_metadata update:users_app_metadata");
    for (rule, target, name, status) in [
        ("metadata of applications", &other, "app_metadata", 200),
        ("another user's own metadata", &other, "user_metadata", 403),
    ] {
        let body = json!({ name: { "a": 1 } });
        assert_eq!(world.patch(&path(target), body).0, status, "{rule}");
    }
    let (_, answer) = world.patch(&path(&other), json!({ "blocked": false, "name": "x" }));
    assert_eq!(
        answer["message"],
        "Some fields cannot be updated with the permissions granted by the bearer token scopes: blocked,name"
    );
}

#[test]
fn a_removed_user_leaves_nothing() {
    let mut world = World::compat();
    let id = world.user("jane@example.com");
    let role = world.role("reader");
    super::sessions::log_in(&mut world, &id);
    world.ok(
        "POST",
        &format!("{}/roles", path(&id)),
        json!({ "roles": [role] }),
    );
    assert_eq!(world.delete(&path(&id)), (204, Value::Null));
    assert!(world.people.users.is_empty() && world.people.roles.is_empty());
    assert!(world.people.artefacts.is_empty());
    assert_eq!(world.delete(&path(&id)).0, 204, "again");
    assert_eq!(world.get(&path(&id)).0, 404);
    assert_eq!(world.get("/users/a%00b").0, 404);
}
