//! Client grants.

use serde_json::{Value, json};

use super::{MANAGEMENT, World};

const API: &str = "https://a.example/";

fn world() -> (World, String) {
    let mut world = World::compat();
    world.api(API);
    let client = world.client(json!({ "name": "a" }));
    (world, client)
}

#[test]
fn a_grant_is_made_read_changed_and_removed() {
    let (mut world, client) = world();
    let sent = json!({ "client_id": client, "audience": API, "scope": ["read:x"] });
    let (status, made) = world.post("/client-grants", sent.clone());
    assert_eq!(status, 201);
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = format!(
        r#"{{"id":"{id}","client_id":"{client}","audience":"{API}","scope":["read:x"],"subject_type":"client"}}"#
    );
    assert_eq!(made.to_string(), expected);
    let target = format!("/client-grants/{id}");
    assert_eq!(world.get(&target), (200, made));

    let (status, body) = world.post("/client-grants", sent);
    let message = format!("A client grant already exists between {client} and {API}");
    assert_eq!(
        (status, body["message"].as_str()),
        (409, Some(message.as_str()))
    );
    let user = json!({ "client_id": client, "audience": API, "subject_type": "user", "allow_all_scopes": true });
    assert_eq!(world.ok("POST", "/client-grants", user)["scope"], json!([]));

    let answer = world.ok(
        "PATCH",
        &target,
        json!({ "scope": ["write:x"], "organization_usage": "allow" }),
    );
    assert_eq!(
        (&answer["scope"], &answer["organization_usage"]),
        (&json!(["write:x"]), &json!("allow"))
    );
    let answer = world.ok(
        "PATCH",
        &target,
        json!({ "scope": [], "organization_usage": null }),
    );
    assert_eq!(
        (&answer["scope"], answer.get("organization_usage")),
        (&json!([]), None)
    );

    let organizations = format!("{target}/organizations");
    assert_eq!(world.get(&organizations), (200, json!([])));
    assert_eq!(
        world.get(&format!("{organizations}?take=5")).1,
        json!({ "organizations": [] })
    );
    assert_eq!(world.delete(&target), (204, Value::Null));
    assert_eq!(world.delete(&target).0, 204, "again");
    let (status, body) = world.get(&target);
    assert_eq!(
        (status, &body["errorCode"]),
        (404, &json!("inexistent_client_grant"))
    );
    assert_eq!(world.get(&organizations).0, 404);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_may_not_be_granted_is_refused() {
    let (mut world, client) = world();
    let third = world.client(json!({ "name": "t", "is_first_party": false }));
    let (_, global) = world.get("/clients?is_global=true");
    let party = "Client grants for this API cannot be created for third-party clients.";
    let table = [
        (
            "neither",
            json!({ "audience": API }),
            400,
            "Payload validation error: 'Missing required property: client_id'.",
        ),
        (
            "both",
            json!({ "audience": API, "client_id": client, "default_for": "third_party_clients" }),
            400,
            "client_id and default_for are mutually exclusive",
        ),
        (
            "no audience",
            json!({ "client_id": client }),
            400,
            "Payload validation error: 'Missing required property: audience'.",
        ),
        (
            "unknown client",
            json!({ "client_id": "none", "audience": API }),
            404,
            "The client does not exist",
        ),
        (
            "the global client",
            json!({ "client_id": global[0]["client_id"], "audience": API }),
            404,
            "The client does not exist",
        ),
        (
            "unknown API",
            json!({ "client_id": client, "audience": "none" }),
            404,
            "The resource server does not exist",
        ),
        (
            "byte for byte",
            json!({ "client_id": client, "audience": "https://a.example" }),
            404,
            "The resource server does not exist",
        ),
        (
            "unknown scope",
            json!({ "client_id": client, "audience": API, "scope": ["read:x", "a", "b"] }),
            400,
            "Scopes are not defined on the resource server: a, b",
        ),
        (
            "scope twice",
            json!({ "client_id": client, "audience": API, "scope": ["read:x", "read:x"] }),
            400,
            "Payload validation error: 'Array items are not unique (indexes 0 and 1)' on property scope.",
        ),
        (
            "third party at the system",
            json!({ "client_id": third, "audience": MANAGEMENT, "scope": [] }),
            400,
            party,
        ),
        (
            "default at the system",
            json!({ "default_for": "third_party_clients", "audience": MANAGEMENT }),
            400,
            party,
        ),
        (
            "all of the system",
            json!({ "client_id": client, "audience": MANAGEMENT, "allow_all_scopes": true }),
            400,
            "`allow_all_scopes` cannot be provided when `audience` is a system API",
        ),
        (
            "all and some",
            json!({ "client_id": client, "audience": API, "allow_all_scopes": true, "scope": ["read:x"] }),
            400,
            "`scope` cannot be provided when `allow_all_scopes` is true",
        ),
        (
            "read-only",
            json!({ "client_id": client, "audience": API, "is_system": true }),
            400,
            "Payload validation error: 'Additional properties not allowed: is_system'.",
        ),
    ];
    world.refuses("POST", "/client-grants", &table);
    let made = world.ok(
        "POST",
        "/client-grants",
        json!({ "client_id": client, "audience": API }),
    );
    let target = format!("/client-grants/{}", made["id"].as_str().unwrap());
    let table = [
        (
            "empty",
            json!({}),
            400,
            "Payload validation error: 'Too few properties defined (0), minimum 1'.",
        ),
        (
            "moved",
            json!({ "audience": "x", "client_id": "y" }),
            400,
            "Payload validation error: 'Additional properties not allowed: audience,client_id'.",
        ),
        (
            "unknown scope",
            json!({ "scope": ["a"] }),
            400,
            "Scopes are not defined on the resource server: a",
        ),
    ];
    world.refuses("PATCH", &target, &table);
}

/// A scope that the API has dropped since may stay in a grant, so that the grant can be changed.
#[test]
fn what_is_held_already_may_be_kept() {
    let (mut world, client) = world();
    let made = world.ok(
        "POST",
        "/client-grants",
        json!({ "client_id": client, "audience": API, "scope": ["read:x", "write:x"] }),
    );
    world.ok(
        "PATCH",
        "/resource-servers/https:%2F%2Fa.example%2F",
        json!({ "scopes": [] }),
    );
    let target = format!("/client-grants/{}", made["id"].as_str().unwrap());
    assert_eq!(
        world.ok("PATCH", &target, json!({ "scope": ["read:x"] }))["scope"],
        json!(["read:x"])
    );
    assert_eq!(
        world
            .patch(&target, json!({ "scope": ["read:x", "write:x"] }))
            .0,
        400
    );
}

#[test]
fn lists_are_filtered() {
    let (mut world, client) = world();
    world.api("b");
    for body in [
        json!({ "client_id": client, "audience": API }),
        json!({ "client_id": client, "audience": API, "subject_type": "user", "allow_any_organization": true }),
        json!({ "client_id": client, "audience": "b" }),
        json!({ "default_for": "third_party_clients", "audience": "b", "subject_type": "user" }),
    ] {
        world.now = world.now.plus_seconds(1);
        world.ok("POST", "/client-grants", body);
    }
    for (filter, count) in [
        ("", 4),
        ("audience=b", 2),
        ("audience=https%3A%2F%2Fa.example%2F&subject_type=client", 1),
        ("subject_type=user", 2),
        ("allow_any_organization=true", 1),
        ("default_for=third_party_clients", 1),
        ("client_id=none", 0),
        ("take=3", 3),
    ] {
        let (status, list) = world.get(&format!("/client-grants?{filter}"));
        assert_eq!(status, 200, "{filter}: {list}");
        let list = list.get("client_grants").unwrap_or(&list);
        assert_eq!(list.as_array().unwrap().len(), count, "{filter}");
    }
    let (_, list) = world.get("/clients?q=client_grant.allow_any_organization:true&take=5");
    assert_eq!(list["clients"][0]["client_id"], client.as_str());
    for bad in [
        "subject_type=robot",
        "default_for=x",
        "allow_any_organization=maybe",
        "x=1",
    ] {
        let (status, body) = world.get(&format!("/client-grants?{bad}"));
        assert_eq!(
            (status, &body["errorCode"]),
            (400, &json!("invalid_query_string")),
            "{bad}"
        );
    }
}
