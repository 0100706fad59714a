//! Bodies of applications that are refused.

use serde_json::json;

use super::World;
use crate::model::Profile;

/// REDIR-14: a scheme of its own is a reversed domain; `compat` takes what Auth0's samples use.
#[test]
fn a_private_scheme_without_a_dot_is_registered_in_compat_alone() {
    let native = |uri: &str| json!({ "name": "a", "app_type": "native", "callbacks": [uri] });
    for (profile, uri, status) in [
        (Profile::Compat, "myapp://cb", 201),
        (Profile::Strict, "myapp://cb", 400),
        (Profile::Strict, "myapp:cb", 400),
        (Profile::Strict, "com.example.app:/cb", 201),
        (Profile::Strict, "http://127.0.0.1/cb", 201),
    ] {
        let mut world = World::new(profile);
        let (got, answer) = world.post("/clients", native(uri));
        assert_eq!(got, status, "{profile:?} {uri}: {answer}");
    }
    // and none is put in later, while the rest of an application can still be changed
    let mut world = World::new(Profile::Strict);
    let id = world.client(native("com.example.app:/cb"));
    let target = format!("/clients/{id}");
    let (status, answer) = world.patch(&target, json!({ "callbacks": ["a.b:/cb", "myapp://cb"] }));
    assert_eq!(status, 400);
    let text = answer["message"].as_str().unwrap();
    assert!(text.ends_with("on property callbacks[1]."), "{text}");
    let stored = world.documents.iter_mut().find(|d| d.id == id).unwrap();
    stored
        .body
        .insert("callbacks".to_owned(), json!(["myapp://cb"]));
    world.ok("PATCH", &target, json!({ "name": "b" }));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_body_that_breaks_the_table_is_refused_with_the_known_text() {
    let mut world = World::compat();
    let deep = (0..1000).fold(json!(1), |inner, _| json!([inner]));
    let many: serde_json::Map<_, _> = (0..11).map(|at| (format!("k{at}"), json!("v"))).collect();
    let table = [
        (
            "missing",
            json!({}),
            400,
            "Payload validation error: 'Missing required property: name'.",
        ),
        (
            "type",
            json!({ "name": 1 }),
            400,
            "Payload validation error: 'Expected type string but found type integer' on property name.",
        ),
        (
            "pattern",
            json!({ "name": "<b>" }),
            400,
            "Payload validation error: 'String does not match pattern ^[^<>]+$: <b>' on property name.",
        ),
        (
            "unknown",
            json!({ "name": "a", "x": 1, "y": 2 }),
            400,
            "Payload validation error: 'Additional properties not allowed: x,y'.",
        ),
        (
            "unknown below",
            json!({ "name": "a", "refresh_token": { "rotation_type": "rotating", "expiration_type": "expiring", "x": 1 } }),
            400,
            "Payload validation error: 'Additional properties not allowed: x' on property refresh_token.",
        ),
        (
            "missing below",
            json!({ "name": "a", "refresh_token": { "rotation_type": "rotating" } }),
            400,
            "Payload validation error: 'Missing required property: expiration_type' on property refresh_token.",
        ),
        (
            "enum",
            json!({ "name": "a", "app_type": "toaster" }),
            400,
            "Payload validation error: 'No enum match for: toaster' on property app_type.",
        ),
        (
            "too long",
            json!({ "name": "a", "description": "x".repeat(141) }),
            400,
            "Payload validation error: 'String is too long (141 chars), maximum 140' on property description.",
        ),
        (
            "format in a list",
            json!({ "name": "a", "callbacks": ["https://a.example", "javascript:alert(1)"] }),
            400,
            "Payload validation error: 'Object didn't pass validation for format callback-url: javascript:alert(1)' on property callbacks[1].",
        ),
        (
            "null on create",
            json!({ "name": null }),
            400,
            "Payload validation error: 'Expected type string but found type null' on property name.",
        ),
        (
            "nullable type",
            json!({ "name": "a", "par_request_expiry": "x" }),
            400,
            "Payload validation error: 'Expected type integer,null but found type string' on property par_request_expiry.",
        ),
        (
            "too short a list",
            json!({ "name": "a", "organization_discovery_methods": [] }),
            400,
            "Payload validation error: 'Array is too short (0), minimum 1' on property organization_discovery_methods.",
        ),
        (
            "metadata value",
            json!({ "name": "a", "client_metadata": { "k": 1 } }),
            400,
            "Payload validation error: 'Expected type string,null but found type integer' on property client_metadata.k.",
        ),
        (
            "MGMT-19 many members",
            json!({ "name": "a", "client_metadata": many }),
            400,
            "Payload validation error: 'Too many properties defined (11), maximum 10' on property client_metadata.",
        ),
        (
            "MGMT-19 depth",
            json!({ "name": "a", "addons": { "samlp": { "mappings": { "k": deep } } } }),
            400,
            "Payload validation error: 'Object is nested too deeply, maximum 10' on property addons.samlp.mappings.k.",
        ),
        (
            "MGMT-33 fraction",
            json!({ "name": "a", "par_request_expiry": 10.5 }),
            400,
            "Payload validation error: 'Expected type integer,null but found type number' on property par_request_expiry.",
        ),
        (
            "MGMT-33 2^63",
            json!({ "name": "a", "par_request_expiry": 9_223_372_036_854_775_808_u64 }),
            400,
            "Payload validation error: 'Value 9223372036854775808 is greater than maximum 600' on property par_request_expiry.",
        ),
        (
            "MGMT-33 negative",
            json!({ "name": "a", "jwt_configuration": { "lifetime_in_seconds": -1 } }),
            400,
            "Payload validation error: 'Value -1 is less than minimum 1' on property jwt_configuration.lifetime_in_seconds.",
        ),
        (
            "not an object",
            json!([]),
            400,
            "Payload validation error: 'Expected type object but found type array'.",
        ),
        (
            "mutual TLS",
            json!({ "name": "a", "client_authentication_methods": { "tls_client_auth": { "credentials": [] } } }),
            403,
            "This feature is not enabled for this tenant.",
        ),
        (
            "unknown API",
            json!({ "name": "a", "resource_server_identifier": "https://none.example" }),
            404,
            "The resource server does not exist",
        ),
        (
            "organizations",
            json!({ "name": "a", "is_first_party": false, "organization_usage": "allow" }),
            403,
            "Organizations are only available to first party clients on user-based flows. Properties organization_usage and organization_require_behavior must be unset for third party clients.",
        ),
        (
            "exclusive",
            json!({ "name": "a", "token_endpoint_auth_method": "none", "client_authentication_methods": { "private_key_jwt": { "credentials": [] } } }),
            400,
            "client_authentication_methods and token_endpoint_auth_method are mutually exclusive",
        ),
        (
            "promise",
            json!({ "name": "a", "require_proof_of_possession": true }),
            403,
            "This feature is not enabled for this tenant.",
        ),
    ];
    world.refuses("POST", "/clients", &table);
    let (status, body) = world.call("POST", "/clients", None);
    assert_eq!(status, 400, "{body}");
    let refused = |uri: &str, at: &str| {
        let format = "Object didn't pass validation for format";
        format!("Payload validation error: '{format} {uri}' on property {at}.")
    };
    // REDIR-03, -09, -16, -19: what is never redirected to is not registered either
    for uri in [
        "https://app.example@evil.test/cb",
        "https://app.example/cb#x",
        "https://b\u{fc}cher.example/cb",
        "https://app.example/cb?code=x",
    ] {
        let body = json!({ "name": "a", "callbacks": [uri] });
        let text = refused(&format!("callback-url: {uri}"), "callbacks[0]");
        world.refuses("POST", "/clients", &[(uri, body, 400, &text)]);
    }
    // LOGOUT-08: nobody is told of a logout there yet, but what is stored is an address
    for uri in [
        "javascript:alert(1)",
        "http://app.example/bye",
        "data:text/html,x",
    ] {
        let member = "absolute-https-uri-with-placeholders-or-empty";
        for name in ["oidc_logout", "oidc_backchannel_logout"] {
            let body = json!({ "name": "a", name: { "backchannel_logout_urls": [uri] } });
            let at = format!("{name}.backchannel_logout_urls[0]");
            let text = refused(&format!("{member}: {uri}"), &at);
            world.refuses("POST", "/clients", &[(uri, body, 400, &text)]);
        }
    }
    let mut world = World::new(Profile::Strict);
    let hs256 = json!({ "name": "a", "jwt_configuration": { "alg": "HS256" } });
    assert_eq!(world.post("/clients", hs256).0, 400);
}
