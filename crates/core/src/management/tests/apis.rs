//! APIs.

use serde_json::{Value, json};

use super::{MANAGEMENT, World, keys_of};
use crate::model::Profile;

#[test]
fn a_new_api_is_answered_as_the_reference_answers_it() {
    let mut world = World::compat();
    let sent = json!({ "identifier": "https://api.example.com/", "name": "My API" });
    let (status, body) = world.post("/resource-servers", sent);
    assert_eq!(status, 201);
    let id = body["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 24);
    let expected = format!(
        concat!(
            r#"{{"id":"{}","name":"My API","identifier":"https://api.example.com/","#,
            r#""allow_offline_access":false,"skip_consent_for_verifiable_first_party_clients":false,"#,
            r#""subject_type_authorization":{{"client":{{"policy":"require_client_grant"}},"user":{{"policy":"allow_all"}}}},"#,
            r#""token_lifetime":86400,"token_lifetime_for_web":7200,"signing_alg":"RS256"}}"#
        ),
        id
    );
    assert_eq!(body.to_string(), expected);
    for target in [id.as_str(), "https:%2F%2Fapi.example.com%2F"] {
        assert_eq!(
            world.get(&format!("/resource-servers/{target}")),
            (200, body.clone())
        );
    }

    let mut strict = World::new(Profile::Strict);
    let made = strict.ok("POST", "/resource-servers", json!({ "identifier": "x" }));
    assert_eq!(made.get("name"), None);
    assert_eq!(
        (&made["token_lifetime"], &made["token_lifetime_for_web"]),
        (&json!(3600), &json!(3600))
    );
    assert_eq!(made["token_dialect"], "rfc9068_profile");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_body_that_says_something_impossible_is_refused() {
    let mut world = World::compat();
    world.api("https://taken.example/");
    let scopes = |list: Value| json!({ "identifier": "x", "scopes": list });
    let table = [
        (
            "missing",
            json!({ "name": "a" }),
            400,
            "Payload validation error: 'Missing required property: identifier'.",
        ),
        (
            "taken",
            json!({ "identifier": "https://taken.example/" }),
            409,
            "A resource server with the same identifier already exists.",
        ),
        (
            "reserved",
            json!({ "identifier": "https://acme.example.com/userinfo" }),
            400,
            "The selected identifier is reserved.",
        ),
        (
            "reserved at a custom domain",
            json!({ "identifier": "https://login.acme.example/api/v2/" }),
            400,
            "The selected identifier is reserved.",
        ),
        (
            "reserved without its slash",
            json!({ "identifier": "https://acme.example.com/api/v2" }),
            400,
            "The selected identifier is reserved.",
        ),
        (
            "the system's own",
            json!({ "identifier": MANAGEMENT }),
            400,
            "The selected identifier is reserved.",
        ),
        (
            "control character",
            json!({ "identifier": "a\u{1}b" }),
            400,
            "Payload validation error: 'Object didn't pass validation for format audience: ' on property identifier.",
        ),
        (
            "empty",
            json!({ "identifier": "" }),
            400,
            "Payload validation error: 'String is too short (0 chars), minimum 1' on property identifier.",
        ),
        (
            "scope twice",
            scopes(json!([{ "value": "a" }, { "value": "b" }, { "value": "a" }])),
            400,
            "Payload validation error: 'Array items are not unique (indexes 0 and 2)' on property scopes.",
        ),
        (
            "scope with a space",
            scopes(json!([{ "value": "a b" }])),
            400,
            "Payload validation error: 'String does not match pattern ^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$: a b' on property scopes[0].value.",
        ),
        (
            "scope without a value",
            scopes(json!([{ "description": "a" }])),
            400,
            "Payload validation error: 'Missing required property: value' on property scopes[0].",
        ),
        (
            "MGMT-33 lifetime",
            json!({ "identifier": "x", "token_lifetime": 2_592_001 }),
            400,
            "Payload validation error: 'Value 2592001 is greater than maximum 2592000' on property token_lifetime.",
        ),
        (
            "MGMT-33 negative",
            json!({ "identifier": "x", "token_lifetime": -1 }),
            400,
            "Payload validation error: 'Value -1 is less than minimum 0' on property token_lifetime.",
        ),
        (
            "web longer",
            json!({ "identifier": "x", "token_lifetime": 60, "token_lifetime_for_web": 61 }),
            400,
            "token_lifetime_for_web must not be greater than token_lifetime",
        ),
        (
            "short secret",
            json!({ "identifier": "x", "signing_alg": "HS256", "signing_secret": "short" }),
            400,
            "Payload validation error: 'String is too short (5 chars), minimum 16' on property signing_secret.",
        ),
        (
            "secret for nothing",
            json!({ "identifier": "x", "signing_secret": "0123456789abcdef" }),
            400,
            "signing_secret is only for signing_alg HS256",
        ),
        (
            "promise",
            json!({ "identifier": "x", "proof_of_possession": { "mechanism": "dpop", "required": true } }),
            403,
            "This feature is not enabled for this tenant.",
        ),
        (
            "read-only",
            json!({ "identifier": "x", "is_system": true, "id": "y" }),
            400,
            "Payload validation error: 'Additional properties not allowed: is_system,id'.",
        ),
    ];
    world.refuses("POST", "/resource-servers", &table);
}

#[test]
fn a_patch_replaces_scopes_and_keeps_the_rest() {
    let mut world = World::compat();
    let id = world.api("https://a.example/");
    let target = format!("/resource-servers/{id}");
    let answer = world.ok("PATCH", &target, json!({
        "scopes": [{ "value": "only" }], "enforce_policies": true, "token_dialect": "access_token_authz",
        "subject_type_authorization": { "user": { "policy": "deny_all" } }, "consent_policy": null,
        "token_lifetime": 600, "name": "n",
    }));
    assert_eq!(answer["scopes"], json!([{ "value": "only" }]));
    assert_eq!(
        answer["subject_type_authorization"]["client"]["policy"],
        "require_client_grant"
    );
    assert_eq!(
        answer["subject_type_authorization"]["user"]["policy"],
        "deny_all"
    );
    assert_eq!(answer["token_lifetime_for_web"], 600, "capped");
    let answer = world.ok("PATCH", &target, json!({ "scopes": [] }));
    assert_eq!(answer["scopes"], json!([]));
    let table = [
        (
            "immutable",
            json!({ "identifier": "y" }),
            400,
            "Payload validation error: 'Additional properties not allowed: identifier'.",
        ),
        (
            "enum",
            json!({ "signing_alg": "none" }),
            400,
            "Payload validation error: 'No enum match for: none' on property signing_alg.",
        ),
    ];
    world.refuses("PATCH", &target, &table);
    let (status, body) = world.patch("/resource-servers/none", json!({}));
    assert_eq!(
        (status, &body["errorCode"]),
        (404, &json!("inexistent_resource_server"))
    );
}

#[test]
fn algorithms_bring_their_secret_or_their_key() {
    let mut world = World::compat();
    let made = world.ok(
        "POST",
        "/resource-servers",
        json!({ "identifier": "x", "signing_alg": "HS256" }),
    );
    assert_eq!(made["signing_secret"].as_str().unwrap().len(), 43);
    let target = format!("/resource-servers/{}", made["id"].as_str().unwrap());
    assert_eq!(
        world.get(&target).1["signing_secret"],
        made["signing_secret"]
    );
    let answer = world.ok("PATCH", &target, json!({ "name": "n" }));
    assert_eq!(answer["signing_secret"], made["signing_secret"], "kept");
    for (alg, key) in [
        ("ES256", "made-ES256"),
        ("EdDSA", "made-EdDSA"),
        ("PS256", "made-PS256"),
    ] {
        let answer = world.ok("PATCH", &target, json!({ "signing_alg": alg }));
        assert_eq!(answer.get("signing_secret"), None);
        assert!(
            world.documents.iter().any(|document| document.id == key),
            "{alg}"
        );
    }
    let kept = world
        .documents
        .iter()
        .find(|document| document.unique.as_deref() == Some("x"));
    assert!(
        kept.unwrap().secrets.is_empty(),
        "the secret went with its algorithm"
    );

    let mut strict = World::new(Profile::Strict);
    let made = strict.ok(
        "POST",
        "/resource-servers",
        json!({ "identifier": "x", "signing_alg": "HS256" }),
    );
    assert!(made["signing_secret"].is_string(), "shown once");
    let target = format!("/resource-servers/{}", made["id"].as_str().unwrap());
    assert_eq!(strict.get(&target).1.get("signing_secret"), None);
    let short =
        json!({ "identifier": "y", "signing_alg": "HS256", "signing_secret": "0123456789abcdef" });
    assert_eq!(
        strict.post("/resource-servers", short).0,
        400,
        "RFC 7518 3.2"
    );
}

#[test]
fn the_management_api_is_there_and_stays_what_it_is() {
    let mut world = World::compat();
    let (_, list) = world.get("/resource-servers");
    let api = &list[0];
    assert_eq!(
        (&api["name"], &api["identifier"]),
        (&json!("Auth0 Management API"), &json!(MANAGEMENT))
    );
    assert_eq!((&api["is_system"], api.get("system")), (&json!(true), None));
    assert!(api["scopes"].as_array().unwrap().len() > 20);
    let target = format!("/resource-servers/{}", api["id"].as_str().unwrap());
    let (status, body) = world.delete(&target);
    assert_eq!(
        (status, body["message"].as_str()),
        (400, Some("System resource servers cannot be deleted."))
    );
    let refused = [(
        "section 11",
        json!({ "scopes": [], "name": "x" }),
        400,
        "Payload validation error: 'Additional properties not allowed: scopes,name'.",
    )];
    world.refuses("PATCH", &target, &refused);
    let sent = json!({ "token_lifetime": 3600, "subject_type_authorization": { "user": { "policy": "deny_all" } } });
    assert_eq!(world.ok("PATCH", &target, sent)["token_lifetime"], 3600);

    let (_, strict) = World::new(Profile::Strict).get("/resource-servers?fields=token_lifetime");
    assert_eq!(strict, json!([{ "token_lifetime": 600 }]));
    assert!(super::super::refreshed_system_api(&world.view()).is_none());
    let api = world
        .documents
        .iter_mut()
        .find(|d| d.unique.as_deref() == Some(MANAGEMENT))
        .unwrap();
    api.body.insert("scopes".to_owned(), json!([]));
    assert!(super::super::refreshed_system_api(&world.view()).is_some());
}

#[test]
fn deleting_an_api_takes_its_grants_along() {
    let mut world = World::compat();
    let id = world.api("https://a.example/");
    let client = world.client(json!({ "name": "a" }));
    world.ok(
        "POST",
        "/client-grants",
        json!({ "client_id": client, "audience": "https://a.example/", "scope": [] }),
    );
    world.ok(
        "PATCH",
        "/tenants/settings",
        json!({ "default_audience": "https://a.example/" }),
    );
    assert_eq!(
        world.delete(&format!("/resource-servers/{id}")),
        (204, Value::Null)
    );
    assert!(world.view().grants.is_empty());
    assert_eq!(world.get("/tenants/settings").1["default_audience"], "");
    assert_eq!(
        world.delete(&format!("/resource-servers/{id}")).0,
        204,
        "again"
    );
}

#[test]
fn lists_are_filtered_and_paged() {
    let mut world = World::compat();
    for name in ["a", "b", "c"] {
        world.now = world.now.plus_seconds(1);
        world.api(name);
    }
    let (_, list) = world.get("/resource-servers?identifiers=a&identifiers=c&fields=identifier");
    assert_eq!(list, json!([{ "identifier": "a" }, { "identifier": "c" }]));
    let (_, page) = world.get("/resource-servers?include_totals=true&per_page=2&page=1");
    assert_eq!(
        keys_of(&page),
        ["total", "start", "limit", "resource_servers"]
    );
    assert_eq!((&page["total"], &page["start"]), (&json!(4), &json!(2)));
    let many = "identifiers=x&".repeat(11);
    assert_eq!(world.get(&format!("/resource-servers?{many}")).0, 400);
    let (_, cut) = world.get(
        "/resource-servers/a?fields=scopes,subject_type_authorization.user&include_fields=true",
    );
    assert_eq!(keys_of(&cut), ["scopes", "subject_type_authorization"]);
    assert_eq!(keys_of(&cut["subject_type_authorization"]), ["user"]);
    let (_, cut) = world.get(
        "/resource-servers/a?fields=scopes,subject_type_authorization.user&include_fields=false",
    );
    assert_eq!(
        (
            cut.get("scopes"),
            keys_of(&cut["subject_type_authorization"])
        ),
        (None, vec!["client"])
    );
}
