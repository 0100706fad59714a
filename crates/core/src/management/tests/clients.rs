//! Applications.

use serde_json::{Value, json};

use super::{CERTIFICATE, World, keys_of};
use crate::model::Profile;

#[test]
fn a_new_application_is_answered_as_the_reference_answers_it() {
    let mut world = World::compat();
    let (status, body) = world.post("/clients", json!({ "name": "My App" }));
    assert_eq!(status, 201);
    assert_eq!(
        keys_of(&body),
        [
            "tenant",
            "global",
            "is_token_endpoint_ip_header_trusted",
            "name",
            "is_first_party",
            "oidc_conformant",
            "sso_disabled",
            "cross_origin_auth",
            "cross_origin_authentication",
            "encrypted",
            "refresh_token",
            "signing_keys",
            "client_id",
            "callback_url_template",
            "client_secret",
            "jwt_configuration",
            "grant_types",
            "custom_login_page_on",
        ]
    );
    assert_eq!(body["client_id"].as_str().unwrap().len(), 32);
    assert_eq!(body["client_secret"].as_str().unwrap().len(), 64);
    assert_eq!(body["signing_keys"][0]["subject"], "/CN=acme.example.com");
    let pem = format!("-----BEGIN CERTIFICATE-----\r\n{CERTIFICATE}\r\n-----END CERTIFICATE-----");
    assert_eq!(body["signing_keys"][0]["cert"], pem);
    assert_eq!(
        body["refresh_token"],
        json!({
            "expiration_type": "non-expiring", "leeway": 0, "infinite_token_lifetime": true,
            "infinite_idle_token_lifetime": true, "token_lifetime": 2_592_000,
            "idle_token_lifetime": 1_296_000, "rotation_type": "non-rotating",
        })
    );
    assert_eq!(
        body["jwt_configuration"].to_string(),
        r#"{"lifetime_in_seconds":36000,"secret_encoded":false}"#
    );
    let rest = json!({
        "tenant": "acme", "global": false, "is_first_party": true, "oidc_conformant": false,
        "sso_disabled": false, "cross_origin_auth": false, "encrypted": true,
        "callback_url_template": false, "custom_login_page_on": true,
        "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    });
    for (name, value) in rest.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }

    let id = body["client_id"].as_str().unwrap();
    let (_, read) = world.get(&format!("/clients/{id}"));
    assert_eq!(read["client_secret"], body["client_secret"]);
    assert_eq!(read["signing_keys"][0]["subject"], "deprecated");
    assert_eq!(read.get("encrypted"), None);
}

type Expected = (&'static str, Value, &'static [&'static str], Value);

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn defaults_follow_type_method_and_profile() {
    const CODE: &[&str] = &["authorization_code", "implicit", "refresh_token"];
    const ALL: &[&str] = &[
        "authorization_code",
        "implicit",
        "refresh_token",
        "client_credentials",
    ];
    const SAFE: &[&str] = &["authorization_code", "refresh_token"];
    let post =
        json!({ "app_type": "regular_web", "token_endpoint_auth_method": "client_secret_post" });
    let compat: &[Expected] = &[
        ("spa", json!({ "app_type": "spa" }), CODE, json!("none")),
        (
            "native",
            json!({ "app_type": "native" }),
            CODE,
            json!("none"),
        ),
        ("web", post, ALL, json!("client_secret_post")),
        (
            "api",
            json!({ "app_type": "resource_server" }),
            &[],
            Value::Null,
        ),
    ];
    let strict: &[Expected] = &[
        ("spa", json!({ "app_type": "spa" }), SAFE, json!("none")),
        (
            "web",
            json!({ "app_type": "regular_web" }),
            SAFE,
            Value::Null,
        ),
        (
            "m2m",
            json!({ "app_type": "non_interactive" }),
            &["client_credentials"],
            Value::Null,
        ),
        (
            "sent",
            json!({ "grant_types": ["password"] }),
            &["password"],
            Value::Null,
        ),
    ];
    for (profile, table) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
        let mut world = World::new(profile);
        for (row, body, grants, method) in table {
            let mut body = body.clone();
            body["name"] = json!(row);
            let made = world.ok("POST", "/clients", body);
            assert_eq!(made["grant_types"], json!(grants), "{profile:?} {row}");
            assert_eq!(
                made["token_endpoint_auth_method"], *method,
                "{profile:?} {row}"
            );
        }
    }

    let mut world = World::compat();
    let body = json!({ "name": "a", "token_endpoint_auth_method": "client_secret_post" });
    let made = world.ok("POST", "/clients", body);
    assert_eq!(made["refresh_token"]["token_lifetime"], 31_557_600);
    assert_eq!(made["refresh_token"]["idle_token_lifetime"], 2_592_000);
    let body = json!({ "name": "a", "app_type": "spa", "is_first_party": false });
    let made = world.ok("POST", "/clients", body);
    assert_eq!(made["refresh_token"]["rotation_type"], "rotating");
    assert_eq!(made["refresh_token"]["infinite_token_lifetime"], false);
    assert_eq!(made["oidc_conformant"], true);

    let mut world = World::new(Profile::Strict);
    let made = world.ok(
        "POST",
        "/clients",
        json!({ "name": "a", "app_type": "spa" }),
    );
    assert_eq!(made["refresh_token"]["rotation_type"], "rotating");
    assert_eq!(made["jwt_configuration"]["alg"], "RS256");
    assert_eq!(made["oidc_conformant"], true);
}

#[test]
fn a_patch_merges_removes_and_replaces() {
    let mut world = World::compat();
    let id = world.client(json!({
        "name": "a", "callbacks": ["https://a.example/cb"], "description": "d",
        "client_metadata": { "k": "v", "gone": "x" }, "mobile": { "ios": { "team_id": "t" } },
        "token_endpoint_auth_method": "client_secret_post", "addons": { "box": {} },
    }));
    let target = format!("/clients/{id}");
    let answer = world.ok("PATCH", &target, json!({
        "callbacks": [], "client_metadata": { "new": "y", "gone": null },
        "jwt_configuration": { "alg": "RS256" }, "mobile": { "android": { "app_package_name": "p" } },
        "token_endpoint_auth_method": null, "addons": null, "name": "b",
    }));
    assert_eq!(answer["callbacks"], json!([]));
    assert_eq!(answer["client_metadata"], json!({ "k": "v", "new": "y" }));
    assert_eq!(answer["jwt_configuration"]["lifetime_in_seconds"], 36_000);
    assert_eq!(answer["jwt_configuration"]["alg"], "RS256");
    assert_eq!(answer["mobile"]["ios"]["team_id"], "t");
    assert_eq!(answer["description"], "d");
    assert_eq!(answer.get("token_endpoint_auth_method"), None);
    assert_eq!(answer.get("addons"), None);
    let (_, read) = world.get(&target);
    assert_eq!(read, answer, "what is answered is what is stored");

    let many: serde_json::Map<_, _> = (0..9).map(|at| (format!("m{at}"), json!("v"))).collect();
    let table = [
        (
            "empty",
            json!({}),
            400,
            "Payload validation error: 'Too few properties defined (0), minimum 1'.",
        ),
        (
            "metadata after the merge",
            json!({ "client_metadata": many }),
            400,
            "Payload validation error: 'Too many properties defined (11), maximum 10' on property client_metadata.",
        ),
        (
            "null that is none",
            json!({ "name": null }),
            400,
            "Payload validation error: 'Expected type string but found type null' on property name.",
        ),
        (
            "weak secret",
            json!({ "client_secret": "x" }),
            400,
            "Payload validation error: 'String is too short (1 chars), minimum 16' on property client_secret.",
        ),
    ];
    world.refuses("PATCH", &target, &table);
    let (status, body) = world.patch("/clients/none", json!({ "name": "x" }));
    assert_eq!(
        (status, &body["errorCode"]),
        (404, &json!("inexistent_client"))
    );
}

#[test]
fn a_tenant_key_is_asked_for_when_an_algorithm_needs_one() {
    let mut world = World::compat();
    let id = world.client(json!({ "name": "a", "jwt_configuration": { "alg": "PS256" } }));
    let made = |world: &World| {
        world
            .documents
            .iter()
            .filter(|d| d.id == "made-PS256")
            .count()
    };
    assert_eq!(made(&world), 1);
    world.ok("PATCH", &format!("/clients/{id}"), json!({ "name": "b" }));
    assert_eq!(made(&world), 1, "it is there now");
}

#[test]
fn lists_come_in_three_styles_and_with_filters() {
    let mut world = World::compat();
    for (name, app) in [("a", "spa"), ("b", "native"), ("c", "spa")] {
        world.now = world.now.plus_seconds(1);
        world.client(json!({ "name": name, "app_type": app }));
    }
    let names = |list: &Value| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, all) = world.get("/clients");
    assert_eq!(names(&all), ["All Applications", "a", "b", "c"]);
    for (filter, expected) in [
        ("is_global=true", vec!["All Applications"]),
        ("is_global=false", vec!["a", "b", "c"]),
        ("app_type=native", vec!["b"]),
        (
            "app_type=native,spa&is_first_party=true",
            vec!["a", "b", "c"],
        ),
        ("is_first_party=false", vec![]),
        ("external_client_id=https://x.example", vec![]),
        ("is_global=false&page=1&per_page=2", vec!["c"]),
        ("page=9223372036854775807", vec![]),
        ("q=client_grant.organization_id:org_1&take=5", vec![]),
    ] {
        let (status, list) = world.get(&format!("/clients?{filter}"));
        assert_eq!(status, 200, "{filter}: {list}");
        let list = list.get("clients").unwrap_or(&list);
        assert_eq!(names(list), expected, "{filter}");
    }
    let (_, page) = world.get("/clients?include_totals=true&per_page=2&page=1&fields=name");
    let rows = json!([{ "name": "b" }, { "name": "c" }]);
    assert_eq!(
        page,
        json!({ "total": 4, "start": 2, "limit": 2, "clients": rows })
    );

    // one tool sends all of them: the checkpoint wins
    let (_, first) = world.get("/clients?take=3&include_totals=true&per_page=50&is_global=false");
    assert_eq!(keys_of(&first), ["clients"], "absent on the last page");
    let (_, first) = world.get("/clients?take=2&is_global=false");
    let next = first["next"].as_str().unwrap().to_owned();
    let (_, last) = world.get(&format!("/clients?take=2&is_global=false&from={next}"));
    assert_eq!(
        (names(&last["clients"]), last.get("next")),
        (vec!["c".to_owned()], None)
    );
}

#[test]
fn secrets_are_rotated_and_shown_by_profile() {
    for (profile, readable) in [(Profile::Compat, true), (Profile::Strict, false)] {
        let mut world = World::new(profile);
        let id = world.client(json!({ "name": "a" }));
        let target = format!("/clients/{id}");
        let (status, rotated) = world.post(&format!("{target}/rotate-secret"), json!({}));
        assert_eq!(
            (status, rotated["client_secret"].as_str().unwrap().len()),
            (200, 64)
        );
        let secret = rotated["client_secret"].as_str().unwrap();
        let (_, read) = world.get(&target);
        assert_eq!(
            read["client_secret"].as_str(),
            Some(secret).filter(|_| readable)
        );
        assert_eq!(read.get("client_secret_digest"), None);
        let parsed = world.view();
        let client = &parsed.clients[id.as_str()];
        assert!(client.parsed.secret.unwrap().matches(secret), "{profile:?}");

        let chosen = "c".repeat(40);
        let answer = world.ok("PATCH", &target, json!({ "client_secret": chosen }));
        assert_eq!(answer["client_secret"], chosen.as_str());
        let kept = world
            .documents
            .iter()
            .find(|document| document.id == id)
            .unwrap();
        assert!(
            !Value::Object(kept.body.clone())
                .to_string()
                .contains(&chosen)
        );
        assert_eq!(kept.secrets.is_empty(), !readable);
    }
}

#[test]
fn the_global_application_holds_the_login_page_and_stays() {
    let mut world = World::compat();
    let (_, list) = world.get("/clients?is_global=true");
    let global = &list[0];
    assert_eq!(global["name"], "All Applications");
    assert_eq!(global["global"], true);
    assert_eq!(
        (&global["callbacks"], &global["owners"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(global.get("app_type"), None);
    let target = format!("/clients/{}", global["client_id"].as_str().unwrap());
    let answer = world.ok(
        "PATCH",
        &target,
        json!({ "custom_login_page": "<html>", "custom_login_page_on": true }),
    );
    assert_eq!(answer["custom_login_page"], "<html>");
    let (status, body) = world.delete(&target);
    assert_eq!(
        (status, body["message"].as_str()),
        (400, Some("Global client cannot be deleted."))
    );
    assert_eq!(
        world.post(&format!("{target}/rotate-secret"), json!({})).0,
        400
    );
    assert_eq!(
        world
            .patch(&target, json!({ "client_secret": "x".repeat(40) }))
            .0,
        400
    );
}

#[test]
fn deleting_an_application_takes_its_grants_and_keys_along() {
    let mut world = World::compat();
    let pem = super::public_pem();
    let key = json!({ "credential_type": "public_key", "pem": pem });
    let id = world.client(json!({
        "name": "a",
        "client_authentication_methods": { "private_key_jwt": { "credentials": [key] } },
    }));
    world.api("https://a.example/");
    world.ok(
        "POST",
        "/client-grants",
        json!({ "client_id": id, "audience": "https://a.example/", "scope": ["read:x"] }),
    );
    assert_eq!(world.delete(&format!("/clients/{id}")), (204, Value::Null));
    let view = world.view();
    assert!(view.grants.is_empty() && view.credentials.is_empty());
    assert_eq!(view.clients.len(), 1, "the global one");
    assert_eq!(world.delete(&format!("/clients/{id}")).0, 204, "again");
    let (status, body) = world.get(&format!("/clients/{id}/connections"));
    assert_eq!(status, 404, "{body}");
    let id = world.client(json!({ "name": "b" }));
    let target = format!("/clients/{id}/connections");
    let (status, body) = world.get(&format!("{target}?strategy=auth0&strategy=ad&fields=name"));
    let known = json!([{ "name": "Username-Password-Authentication" }]);
    assert_eq!((status, &body["connections"]), (200, &known));
    let (_, body) = world.get(&format!("{target}?strategy=ad"));
    assert_eq!(body, json!({ "connections": [] }));
}

#[test]
fn an_alias_belongs_to_one_application() {
    let mut world = World::compat();
    world.client(json!({ "name": "a", "client_aliases": ["urn:a"] }));
    let body = json!({ "name": "b", "client_aliases": ["urn:a"] });
    let (status, answer) = world.post("/clients", body);
    assert_eq!(status, 409);
    assert_eq!(
        answer["message"],
        "Another client exists with the same alias."
    );
}
