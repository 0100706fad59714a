//! Connections.
#![expect(clippy::too_many_lines, reason = "a table is long")]

use serde_json::{Value, json};

use super::{DATABASE, PASSWORD, World};
use crate::model::Profile;

fn default_id(world: &World) -> String {
    let view = world.view();
    view.connection(DATABASE).unwrap().document.id.clone()
}

#[test]
fn a_connection_is_made_as_the_reference_makes_one() {
    let mut world = World::compat();
    let (status, made) = world.post("/connections", json!({ "name": "db", "strategy": "auth0" }));
    assert_eq!(status, 201);
    let id = made["id"].as_str().unwrap();
    let expected = format!(
        r#"{{"id":"{id}","options":{{"mfa":{{"active":true,"return_enroll_settings":true}},"brute_force_protection":true,"strategy_version":2,"password_options":{{"complexity":{{"character_type_rule":"all","identical_characters":"allow","sequential_characters":"allow","max_length_exceeded":"error","min_length":15,"character_types":[]}},"profile_data":{{"active":false,"blocked_fields":["name","username","nickname","email","phone_number","user_metadata.name","user_metadata.first","user_metadata.last"]}},"history":{{"active":false,"size":3}},"dictionary":{{"active":false,"custom":[],"default":"en_100k"}}}},"authentication_methods":{{"password":{{"enabled":true,"api_behavior":"required","signup_behavior":"allow"}},"passkey":{{"enabled":false}}}},"passkey_options":{{"challenge_ui":"both","progressive_enrollment_enabled":true,"local_enrollment_enabled":true}}}},"strategy":"auth0","name":"db","is_domain_connection":false,"authentication":{{"active":true}},"connected_accounts":{{"active":false}},"enabled_clients":[],"realms":["db"]}}"#
    );
    assert_eq!(made.to_string(), expected);
    assert!(id.len() == 20 && id.starts_with("con_"));
    let target = format!("/connections/{id}");
    assert_eq!(world.get(&target), (200, made.clone()));
    let (_, shown) = world.get(&format!("{target}?fields=name,strategy"));
    assert_eq!(shown, json!({ "strategy": "auth0", "name": "db" }));
    assert_eq!(world.get(&format!("{target}/status")), (200, json!({})));

    let older =
        json!({ "name": "old", "strategy": "auth0", "options": { "passwordPolicy": "good" } });
    let made = world.ok("POST", "/connections", older);
    assert_eq!(made["options"].get("password_options"), None);
}

#[test]
fn every_tenant_begins_with_a_database_for_all_of_its_applications() {
    for profile in [Profile::Compat, Profile::Strict] {
        let mut world = World::new(profile);
        let (_, list) = world.get("/connections?strategy=auth0&take=50");
        let only = &list["connections"][0];
        assert_eq!(
            (&only["name"], &only["enabled_clients"]),
            (&json!(DATABASE), &json!([]))
        );
        let (a, b) = (
            world.client(json!({ "name": "a" })),
            world.client(json!({ "name": "b" })),
        );
        let target = format!("/connections/{}", default_id(&world));
        let listed = |world: &mut World| {
            let (_, shown) = world.get(&format!("{target}/clients?take=1000"));
            let list = shown["clients"].as_array().unwrap().clone();
            let mut ids: Vec<String> = list
                .iter()
                .map(|client| client["client_id"].as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            ids
        };
        let mut both = vec![a.clone(), b.clone()];
        both.sort();
        assert_eq!(listed(&mut world), both);
        let off = json!([{ "client_id": a, "status": false }]);
        assert_eq!(
            world.patch(&format!("{target}/clients"), off),
            (204, Value::Null)
        );
        assert_eq!(listed(&mut world), [b.as_str()]);
        world.client(json!({ "name": "c" }));
        assert_eq!(listed(&mut world), [b.as_str()], "listed from then on");
        let view = world.view();
        let connection = &view.connection(DATABASE).unwrap().parsed;
        let enabled =
            |id: &str| connection.is_enabled_for(&crate::id::ClientId::parse(id).unwrap());
        assert!(enabled(&b) && !enabled(&a));
        assert_eq!(world.delete(&format!("/clients/{b}")).0, 204);
        let (_, shown) = world.get(&target);
        assert_eq!(shown["enabled_clients"], json!([]), "none that is gone");
    }
}

#[test]
fn applications_are_turned_on_and_off() {
    let mut world = World::compat();
    let (a, b) = (
        world.client(json!({ "name": "a" })),
        world.client(json!({ "name": "b" })),
    );
    let body = json!({ "name": "db", "strategy": "auth0", "enabled_clients": [a, a] });
    let made = world.ok("POST", "/connections", body);
    assert_eq!(made["enabled_clients"], json!([a]), "once");
    let target = format!("/connections/{}", made["id"].as_str().unwrap());
    let clients = format!("{target}/clients");
    let change = json!([{ "client_id": b, "status": true }, { "client_id": a, "status": true }]);
    assert_eq!(world.patch(&clients, change).0, 204);
    let mut listed: Vec<Value> = world.get(&target).1["enabled_clients"]
        .as_array()
        .unwrap()
        .clone();
    listed.sort_by_key(ToString::to_string);
    let mut both = vec![json!(a), json!(b)];
    both.sort_by_key(ToString::to_string);
    assert_eq!(listed, both);
    let (_, first) = world.get(&format!("{clients}?take=1"));
    let next = first["next"].as_str().unwrap();
    let (_, second) = world.get(&format!("{clients}?take=1&from={next}"));
    assert_ne!(first["clients"], second["clients"]);
    assert_eq!(second.get("next"), None);
    world.refuses(
        "PATCH",
        &clients,
        &[
            (
                "MGMT-05: not this tenant's",
                json!([{ "client_id": "x", "status": true }]),
                404,
                "The client does not exist",
            ),
            (
                "an object",
                json!({}),
                400,
                "Payload validation error: 'Expected type array but found type object'.",
            ),
            (
                "nothing",
                json!([]),
                400,
                "Payload validation error: 'Array is too short (0), minimum 1'.",
            ),
            (
                "half",
                json!([{ "client_id": "x" }]),
                400,
                "Payload validation error: 'Missing required property: status' on property [0].",
            ),
        ],
    );
    let none = world.ok("PATCH", &target, json!({ "enabled_clients": null }));
    assert_eq!(none["enabled_clients"], json!([]));
}

#[test]
fn a_patch_replaces_the_options_but_for_two() {
    let mut world = World::compat();
    let made = world.ok(
        "POST",
        "/connections",
        json!({ "name": "db", "strategy": "auth0" }),
    );
    let target = format!("/connections/{}", made["id"].as_str().unwrap());
    let options = json!({ "disable_signup": true });
    let answer = world.ok(
        "PATCH",
        &target,
        json!({ "options": options, "metadata": { "a": "b" } }),
    );
    let expected = json!({
        "disable_signup": true,
        "authentication_methods": made["options"]["authentication_methods"],
        "passkey_options": made["options"]["passkey_options"],
    });
    assert_eq!(answer["options"], expected);
    let answer = world.ok(
        "PATCH",
        &target,
        json!({ "display_name": "DB", "metadata": { "c": "d" } }),
    );
    assert_eq!(answer["options"], expected, "untouched");
    assert_eq!(answer["metadata"], json!({ "a": "b", "c": "d" }));
    let view = world.view();
    let parsed = &view.connection("db").unwrap().parsed;
    assert!(!parsed.signup);
    world.refuses(
        "PATCH",
        &target,
        &[(
            "its name",
            json!({ "name": "x", "strategy": "ad" }),
            400,
            "Payload validation error: 'Additional properties not allowed: name,strategy'.",
        )],
    );
}

#[test]
fn impossible_connections_are_refused() {
    let mut world = World::compat();
    let with = |options: Value| json!({ "name": "x", "strategy": "auth0", "options": options });
    let attribute = |more: Value| {
        let mut attribute = json!({ "identifier": { "active": true } });
        for (name, value) in more.as_object().unwrap() {
            attribute[name] = value.clone();
        }
        attribute
    };
    let email = json!({ "email": attribute(json!({})) });
    let enabled = "This feature is not enabled for this tenant.";
    world.refuses(
        "POST",
        "/connections",
        &[
            (
                "exists",
                json!({ "name": DATABASE, "strategy": "auth0" }),
                409,
                "A connection with the same name already exists",
            ),
            (
                "a realm of another",
                json!({ "name": "x", "strategy": "auth0", "realms": [DATABASE] }),
                409,
                "There is already another connection with some realms from \"realms\" parameter",
            ),
            ("not served", json!({ "name": "x", "strategy": "google-oauth2" }), 403, enabled),
            (
                "unknown",
                json!({ "name": "x", "strategy": "ftp" }),
                400,
                "Payload validation error: 'No enum match for: ftp' on property strategy.",
            ),
            (
                "name",
                json!({ "name": "-x", "strategy": "auth0" }),
                400,
                "Payload validation error: 'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: -x' on property name.",
            ),
            (
                "both ways",
                with(json!({ "attributes": email, "requires_username": true })),
                400,
                "Cannot set both options.attributes and options.requires_username",
            ),
            (
                "both ways",
                with(json!({ "attributes": email, "validation": { "username": null } })),
                400,
                "Cannot set both options.attributes and options.validation",
            ),
            (
                "no identifier",
                with(json!({ "attributes": { "username": {} } })),
                400,
                "attributes must contain one active identifier",
            ),
            (
                "half required",
                with(json!({ "attributes": { "phone_number": attribute(json!({ "profile_required": true })) } })),
                400,
                "attribute phone_number must also be required on signup",
            ),
            (
                "not unique",
                with(json!({ "attributes": { "email": attribute(json!({ "unique": false })) } })),
                400,
                "cannot add non-unique email attribute",
            ),
            (
                "scripts",
                with(json!({ "customScripts": { "login": "function" } })),
                403,
                enabled,
            ),
            ("import", with(json!({ "import_mode": true })), 403, enabled),
            (
                "passkeys",
                with(json!({ "authentication_methods": { "passkey": { "enabled": true } } })),
                403,
                enabled,
            ),
            (
                "requesting app",
                json!({ "name": "x", "strategy": "auth0", "cross_app_access_requesting_app": { "active": true } }),
                400,
                "Cross App Access Requesting App is not supported for this connection.",
            ),
        ],
    );
}

/// MGMT-30: nothing of a connection outlives it.
#[test]
fn a_connection_goes_with_its_users() {
    let mut world = World::compat();
    let made = world.ok(
        "POST",
        "/connections",
        json!({ "name": "db", "strategy": "auth0" }),
    );
    let target = format!("/connections/{}", made["id"].as_str().unwrap());
    let kept = world.user("a@example.com");
    let body = json!({ "connection": "db", "email": "a@example.com", "password": PASSWORD });
    let gone = world.ok("POST", "/users", body.clone())["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    super::sessions::log_in(&mut world, &gone);

    let users = format!("{target}/users");
    assert_eq!(world.delete(&users).0, 400, "whose?");
    assert_eq!(
        world.delete(&format!("{users}?email=A%40example.com")),
        (204, Value::Null)
    );
    assert_eq!(world.people.users.len(), 1, "that of the other connection");
    assert_eq!(
        world.delete(&format!("{users}?email=A%40example.com")).0,
        204,
        "again"
    );
    world.ok("POST", "/users", body);

    let (status, body) = world.delete(&target);
    let deleted = json!({ "deleted_at": super::NOW.to_string() });
    assert_eq!((status, body), (202, deleted));
    let left: Vec<&str> = world
        .people
        .users
        .iter()
        .map(|user| user.id.as_str())
        .collect();
    assert_eq!(left, [kept.as_str()]);
    assert_eq!(world.delete(&target), (204, Value::Null), "again");
    let (status, body) = world.get(&target);
    assert_eq!(
        (status, &body["message"], &body["errorCode"]),
        (
            404,
            &json!("The connection does not exist"),
            &json!("inexistent_connection")
        )
    );
}
