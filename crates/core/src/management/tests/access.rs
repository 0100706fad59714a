//! What a user may do, and what is known of it: roles, permissions, identities, blocks, events.

use serde_json::{Value, json};

use super::users::path;
use super::{DATABASE, MANAGEMENT, PASSWORD, World};
use crate::id::LogId;
use crate::time::Timestamp;
use crate::write::LoginFailures;

#[test]
fn roles_and_permissions_of_a_user() {
    let mut world = World::compat();
    let api = "https://a.example/";
    world.api(api);
    let id = world.user("jane@example.com");
    let role = world.role("reader");
    let (roles, permissions) = (
        format!("{}/roles", path(&id)),
        format!("{}/permissions", path(&id)),
    );
    let named = |name: &str| json!({ "permissions": [{ "resource_server_identifier": api, "permission_name": name }] });
    world.ok(
        "POST",
        &format!("/roles/{role}/permissions"),
        named("read:x"),
    );
    assert_eq!(
        world.call("POST", &roles, Some(json!({ "roles": [role] }))),
        (204, Value::Null)
    );
    assert_eq!(
        world.get(&roles).1,
        json!([{ "id": role, "name": "reader", "description": null }])
    );
    assert_eq!(world.post(&permissions, named("write:x")), (201, json!({})));
    let (_, list) = world.get(&format!("{permissions}?include_totals=true"));
    let source = |id: &str, name: &str, kind: &str| json!([{ "source_id": id, "source_name": name, "source_type": kind }]);
    let shown = |name: &str, sources: Value| {
        json!({
            "permission_name": name, "description": "", "resource_server_name": api,
            "resource_server_identifier": api, "sources": sources,
        })
    };
    let expected = json!({
        "total": 2, "start": 0, "limit": 50,
        "permissions": [
            shown("read:x", source(&role, "reader", "ROLE")),
            shown("write:x", source("", "", "DIRECT")),
        ],
    });
    assert_eq!(list, expected);
    assert_eq!(
        world.call("DELETE", &permissions, Some(named("write:x"))).0,
        204
    );
    assert_eq!(world.get(&permissions).1.as_array().unwrap().len(), 1);
    world.refuses(
        "POST",
        &permissions,
        &[
            (
                "MGMT-05: no such scope",
                named("admin:x"),
                400,
                "The scope admin:x does not exist on the resource server https://a.example/.",
            ),
            (
                "nothing",
                json!({ "permissions": [] }),
                400,
                "Payload validation error: 'Array is too short (0), minimum 1' on property permissions.",
            ),
        ],
    );
    let unknown = json!({ "roles": ["rol_x"] });
    assert_eq!(world.post(&roles, unknown.clone()).0, 404);
    assert_eq!(world.call("DELETE", &roles, Some(unknown)).0, 404);
    let taken = world.call("DELETE", &roles, Some(json!({ "roles": [role] })));
    assert_eq!(taken.0, 204);
    assert_eq!(world.get(&roles).1, json!([]));
    assert_eq!(world.get("/users/auth0%7Cx/roles").0, 404);
}

/// MGMT-10, MGMT-11: nobody gives, or takes over, power over the tenant that they lack.
#[test]
fn mgmt_10_and_11_nobody_becomes_more_than_they_are() {
    let mut world = World::compat();
    let admin = world.user("admin@example.com");
    let role = world.role("admin");
    let power = json!({ "permissions": [{
        "resource_server_identifier": MANAGEMENT, "permission_name": "update:clients",
    }] });
    world.ok("POST", &format!("/roles/{role}/permissions"), power.clone());
    world.ok(
        "POST",
        &format!("{}/roles", path(&admin)),
        json!({ "roles": [role] }),
    );
    let me = world.user("me@example.com");

    world.limited("update:users update:roles create:role_members create:user_tickets");
    let lacks = "Scopes that the bearer token lacks cannot be granted: update:clients";
    for (method, target, body) in [
        ("POST", format!("{}/permissions", path(&me)), power.clone()),
        (
            "POST",
            format!("{}/roles", path(&me)),
            json!({ "roles": [role] }),
        ),
        (
            "POST",
            format!("/roles/{role}/users"),
            json!({ "users": [me] }),
        ),
        ("POST", format!("/roles/{role}/permissions"), power),
    ] {
        world.refuses(method, &target, &[(method, body, 403, lacks)]);
    }
    let holds = "The user holds scopes that the bearer token lacks: update:clients";
    for (method, target, body) in [
        ("PATCH", path(&admin), json!({ "password": PASSWORD })),
        ("PATCH", path(&admin), json!({ "email": "me2@example.com" })),
        (
            "POST",
            "/tickets/password-change".to_owned(),
            json!({ "user_id": admin }),
        ),
    ] {
        world.refuses(method, &target, &[(method, body, 403, holds)]);
    }
    world.ok("PATCH", &path(&admin), json!({ "nickname": "A" }));
    world.ok("PATCH", &path(&me), json!({ "password": PASSWORD }));
}

#[test]
fn linking_is_refused_once_it_is_clear_what_is_meant() {
    let mut world = World::compat();
    let id = world.user("a@example.com");
    let second = world.user("b@example.com");
    let target = format!("{}/identities", path(&id));
    let named = |id: &str| json!({ "provider": "auth0", "user_id": id });
    world.refuses(
        "POST",
        &target,
        &[
            (
                "nobody",
                named("x"),
                400,
                "Provided secondary account not found.",
            ),
            (
                "oneself",
                named(&id),
                400,
                "Main identity and the new one are the same.",
            ),
            (
                "somebody",
                named(second.trim_start_matches("auth0|")),
                403,
                "This feature is not enabled for this tenant.",
            ),
        ],
    );
    let bare = id.trim_start_matches("auth0|");
    for (row, named, message) in [
        ("main", bare, "Main identity cannot be removed."),
        (
            "not its own",
            "x",
            "The user exists, but does not contain the given identity.",
        ),
    ] {
        let (status, body) = world.delete(&format!("{target}/auth0/{named}"));
        assert_eq!((status, &body["message"]), (400, &json!(message)), "{row}");
    }
}

#[test]
fn blocks_are_shown_and_lifted() {
    let mut world = World::compat();
    let id = world.user("Jane@example.com");
    let failures = |identifier: &str, ip: &str, count| LoginFailures {
        identifier: identifier.to_owned(),
        connection: DATABASE.to_owned(),
        ip: ip.to_owned(),
        count,
        expires_at: world_end(),
    };
    world.people.failures = vec![
        failures("jane@example.com", "10.0.0.1", 10),
        failures("jane@example.com", "10.0.0.2", 9),
        failures("other@example.com", "10.0.0.1", 99),
    ];
    let expected = json!({ "blocked_for": [
        { "identifier": "jane@example.com", "ip": "10.0.0.1", "connection": DATABASE },
    ] });
    let by_id = format!("/user-blocks/{}", id.replace('|', "%7C"));
    for target in [&by_id, "/user-blocks?identifier=JANE@example.com"] {
        assert_eq!(world.get(target), (200, expected.clone()), "{target}");
    }
    let considers = format!("{by_id}?consider_brute_force_enablement=true");
    assert_eq!(world.get(&considers).1, expected);
    assert_eq!(world.delete(&by_id), (204, Value::Null));
    assert_eq!(world.get(&by_id).1, json!({ "blocked_for": [] }));
    let other = "/user-blocks?identifier=other%40example.com";
    assert_eq!(world.delete(other).0, 204);
    assert!(world.people.failures.is_empty());
    assert_eq!(world.get("/user-blocks").0, 400);
    assert_eq!(world.get("/user-blocks/auth0%7Cx").0, 404);
}

fn world_end() -> Timestamp {
    super::NOW.plus_seconds(3600)
}

#[test]
fn a_users_events_are_its_own() {
    let mut world = World::compat();
    for (number, user) in [
        (1, Some("auth0|a")),
        (2, Some("auth0|b")),
        (3, None),
        (4, Some("auth0|a")),
    ] {
        let at = Timestamp::from_seconds(1_767_225_600 + number);
        let mut stored = json!({ "type": "s", "date": at.millis(), "details": {} });
        if let Some(user) = user {
            stored["user_id"] = json!(user);
        }
        let id = LogId::new(at, u64::try_from(number).unwrap(), 1);
        world.logs.push((id, stored.as_object().unwrap().clone()));
    }
    let (_, list) = world.get("/users/auth0%7Ca/logs?per_page=1&include_totals=true");
    assert_eq!(
        (&list["length"], &list["logs"][0]["date"]),
        (&json!(1), &json!("2026-01-01T00:00:04.000Z"))
    );
    let (_, list) = world.get("/users/auth0%7Ca/logs?sort=date:1");
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(world.get("/users/auth0%7Cx/logs"), (200, json!([])));
}
