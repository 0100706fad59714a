//! Bodies of applications that are refused.

use serde_json::json;

use super::World;
use crate::model::Profile;

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
    let mut world = World::new(Profile::Strict);
    let hs256 = json!({ "name": "a", "jwt_configuration": { "alg": "HS256" } });
    assert_eq!(world.post("/clients", hs256).0, 400);
}
