//! Roles: their permissions, and who has them.

use serde_json::{Value, json};

use super::{DATABASE, PASSWORD, World};

const API: &str = "https://a.example/";

fn named(names: &[&str]) -> Value {
    let list = names
        .iter()
        .map(|name| json!({ "resource_server_identifier": API, "permission_name": name }));
    json!({ "permissions": list.collect::<Vec<_>>() })
}

#[test]
fn a_role_is_made_read_changed_and_removed() {
    let mut world = World::compat();
    let (status, made) = world.post("/roles", json!({ "name": "admin", "type": "tenant" }));
    assert_eq!(status, 200, "recorded");
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = json!({ "id": id, "name": "admin", "description": null, "type": "tenant" });
    assert_eq!(made, expected);
    assert!(id.len() == 20 && id.starts_with("rol_"));
    let target = format!("/roles/{id}");
    assert_eq!(world.get(&target), (200, made));
    let answer = world.ok("PATCH", &target, json!({ "description": "d" }));
    assert_eq!(
        (&answer["name"], &answer["description"]),
        (&json!("admin"), &json!("d"))
    );

    world.role("editor");
    world.refuses(
        "POST",
        "/roles",
        &[
            (
                "exists",
                json!({ "name": "admin" }),
                409,
                "The role already exists.",
            ),
            (
                "of an organization",
                json!({ "name": "x", "type": "organization" }),
                403,
                "This feature is not enabled for this tenant.",
            ),
            (
                "MGMT-06",
                json!({ "name": "x", "id": "rol_x", "permissions": [] }),
                400,
                "Payload validation error: 'Additional properties not allowed: id,permissions'.",
            ),
        ],
    );
    world.refuses(
        "PATCH",
        &target,
        &[(
            "exists",
            json!({ "name": "editor" }),
            409,
            "The role already exists.",
        )],
    );
    for (query, count) in [
        ("", 2),
        ("?name_filter=ADM", 1),
        ("?type=tenant", 2),
        ("?type=organization", 0),
        ("?per_page=1", 1),
    ] {
        let (_, list) = world.get(&format!("/roles{query}"));
        assert_eq!(list.as_array().unwrap().len(), count, "{query}");
    }
    let (_, page) = world.get("/roles?include_totals=true&per_page=1&page=1");
    assert_eq!((&page["total"], &page["start"]), (&json!(2), &json!(1)));
    assert_eq!(
        world.call("DELETE", &target, Some(json!({}))),
        (200, json!({}))
    );
    let gone =
        json!({ "statusCode": 404, "error": "Not Found", "message": "The role does not exist." });
    assert_eq!(world.get(&target), (404, gone.clone()));
    assert_eq!(world.delete(&target), (404, gone), "recorded");
}

#[test]
fn permissions_of_a_role_exist_and_are_held_once() {
    let mut world = World::compat();
    let api = world.api(API);
    let role = world.role("reader");
    let target = format!("/roles/{role}/permissions");
    assert_eq!(
        world.post(&target, named(&["write:x", "read:x"])),
        (201, json!({}))
    );
    assert_eq!(world.post(&target, named(&["read:x"])).0, 201, "again");
    let shown = |name: &str| {
        json!({
            "permission_name": name, "description": "", "resource_server_name": API,
            "resource_server_identifier": API,
        })
    };
    let expected = json!([shown("read:x"), shown("write:x")]);
    assert_eq!(world.get(&target), (200, expected.clone()));
    let (_, page) = world.get(&format!("{target}?page=0&per_page=100&include_totals=true"));
    let totals = json!({ "total": 2, "start": 0, "limit": 100, "permissions": expected });
    assert_eq!(page, totals);
    let nowhere =
        json!({ "permissions": [{ "resource_server_identifier": "x", "permission_name": "y" }] });
    world.refuses(
        "POST",
        &target,
        &[
            ("no API", nowhere, 404, "The resource server does not exist"),
            (
                "no scope",
                named(&["read:x", "admin"]),
                400,
                "The scope admin does not exist on the resource server https://a.example/.",
            ),
        ],
    );
    assert_eq!(
        world.call("DELETE", &target, Some(named(&["write:x"]))),
        (204, Value::Null)
    );
    assert_eq!(world.get(&target).1, json!([shown("read:x")]));
    assert_eq!(world.get("/roles/rol_x/permissions").0, 404);

    // what an API no longer defines, nobody has any more
    let user = world.user("jane@example.com");
    let direct = format!("/users/{}/permissions", user.replace('|', "%7C"));
    world.ok("POST", &direct, named(&["read:x", "write:x"]));
    let scopes = json!({ "scopes": [{ "value": "write:x" }] });
    world.ok("PATCH", &format!("/resource-servers/{api}"), scopes);
    assert_eq!(world.get(&target).1, json!([]));
    let (_, left) = world.get(&direct);
    assert_eq!(left[0]["permission_name"], "write:x");
    world.ok("POST", &target, named(&["write:x"]));
    assert_eq!(world.delete(&format!("/resource-servers/{api}")).0, 204);
    assert_eq!(world.get(&target).1, json!([]));
    assert_eq!(world.get(&direct).1, json!([]));
}

#[test]
fn users_of_a_role_are_listed_page_by_page() {
    let mut world = World::compat();
    let role = world.role("reader");
    let target = format!("/roles/{role}/users");
    let mut users: Vec<String> = (0..3)
        .map(|number| world.user(&format!("u{number}@example.com")))
        .collect();
    assert_eq!(
        world.post(&target, json!({ "users": users })),
        (200, json!({}))
    );
    users.sort();
    let ids = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|user| user["user_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, list) = world.get(&target);
    assert_eq!(ids(&list), users);
    let members = ["user_id", "email", "picture", "name"];
    assert_eq!(super::keys_of(&list[0]), members);
    let (_, page) = world.get(&format!("{target}?include_totals=true&per_page=2&page=1"));
    assert_eq!(
        (ids(&page["users"]), &page["total"]),
        (users[2..].to_vec(), &json!(3))
    );
    let (_, first) = world.get(&format!("{target}?take=2&include_totals=true"));
    assert_eq!(ids(&first["users"]), users[..2]);
    let next = first["next"].as_str().unwrap();
    let (_, second) = world.get(&format!("{target}?take=2&from={next}"));
    assert_eq!(
        (ids(&second["users"]), second.get("next")),
        (users[2..].to_vec(), None)
    );
    let other = world.role("other");
    let foreign = format!("/roles/{other}/users?from={next}");
    assert_eq!(world.get(&foreign).0, 400, "MGMT-14");
    world.refuses(
        "POST",
        &target,
        &[(
            "nobody",
            json!({ "users": [users[0], "auth0|x"] }),
            404,
            "One or more of the users do not exist.",
        )],
    );
    assert_eq!(world.delete(&format!("/roles/{role}")).0, 200);
    assert!(world.people.roles.is_empty(), "nobody has it any more");
    let again = json!({ "connection": DATABASE, "email": "z@example.com", "password": PASSWORD });
    world.ok("POST", "/users", again);
}
