//! Tenant settings.

use serde_json::json;

use super::World;
use crate::model::Profile;

#[test]
fn the_document_is_whole_from_the_start() {
    let mut world = World::compat();
    let (status, body) = world.get("/tenants/settings");
    assert_eq!(status, 200);
    for (name, value) in json!({
        "default_audience": "", "default_directory": "", "enabled_locales": ["en"],
        "sandbox_version": "22", "sandbox_versions_available": ["22"], "session_lifetime": 168,
        "idle_session_lifetime": 72, "ephemeral_session_lifetime": 72,
        "idle_ephemeral_session_lifetime": 24, "session_cookie": { "mode": "persistent" },
        "allowed_logout_urls": [], "device_flow": { "charset": "base20", "mask": "****-****" },
    })
    .as_object()
    .unwrap()
    {
        assert_eq!(&body[name], value, "{name}");
    }
    for flag in [
        "enable_sso",
        "allow_changing_enable_sso",
        "disable_impersonation",
        "revoke_refresh_token_grant",
        "disable_clickjack_protection_headers",
    ] {
        assert!(body["flags"][flag].is_boolean(), "{flag}");
    }
    let (_, cut) = world.get("/tenants/settings?fields=session_lifetime,flags.enable_sso");
    assert_eq!(
        cut,
        json!({ "flags": { "enable_sso": true }, "session_lifetime": 168 })
    );
    let (_, strict) = World::new(Profile::Strict).get("/tenants/settings");
    assert_eq!(
        strict["authorization_response_iss_parameter_supported"],
        true
    );
}

#[test]
fn a_patch_merges_and_converts() {
    let mut world = World::compat();
    world.api("https://a.example/");
    let answer = world.ok("PATCH", "/tenants/settings", json!({
        "flags": { "enable_dynamic_client_registration": true },
        "universal_login": { "colors": { "primary": "#000000" } },
        "session_lifetime_in_minutes": 181, "idle_session_lifetime_in_minutes": 120,
        "default_audience": "https://a.example/", "mtls": null, "error_page": { "show_log_link": true },
    }));
    assert_eq!(answer["flags"]["enable_dynamic_client_registration"], true);
    assert_eq!(answer["flags"]["enable_sso"], true, "kept");
    assert_eq!(answer["session_lifetime"].to_string(), "3.0166666666666666");
    assert_eq!(answer["idle_session_lifetime"].to_string(), "2");
    assert_eq!(
        (
            answer.get("mtls"),
            answer.get("session_lifetime_in_minutes")
        ),
        (None, None)
    );
    assert_eq!(
        answer.get("sandbox_versions_available"),
        None,
        "section 9: in GET alone"
    );
    let answer = world.ok(
        "PATCH",
        "/tenants/settings",
        json!({ "universal_login": { "x": 1 }, "default_audience": "" }),
    );
    assert_eq!(
        answer["universal_login"],
        json!({ "colors": { "primary": "#000000" }, "x": 1 })
    );
    let both = json!({ "session_lifetime": 2, "session_lifetime_in_minutes": 120 });
    assert_eq!(
        world.ok("PATCH", "/tenants/settings", both)["session_lifetime"],
        2
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn impossible_settings_are_refused() {
    let mut world = World::compat();
    let table = [
        (
            "empty",
            json!({}),
            400,
            "Payload validation error: 'Too few properties defined (0), minimum 1'.",
        ),
        (
            "unknown",
            json!({ "x": 1 }),
            400,
            "Payload validation error: 'Additional properties not allowed: x'.",
        ),
        (
            "unknown flag",
            json!({ "flags": { "x": true } }),
            400,
            "Payload validation error: 'Additional properties not allowed: x' on property flags.",
        ),
        (
            "read-only",
            json!({ "sandbox_versions_available": ["1"] }),
            400,
            "Payload validation error: 'Additional properties not allowed: sandbox_versions_available'.",
        ),
        (
            "MGMT-05 audience",
            json!({ "default_audience": "https://none.example/" }),
            400,
            "The default audience does not exist.",
        ),
        (
            "MGMT-33 zero",
            json!({ "session_lifetime": 0 }),
            400,
            "Payload validation error: 'Value 0 is less than minimum 1' on property session_lifetime.",
        ),
        (
            "MGMT-33 2^53",
            json!({ "idle_session_lifetime": 9_007_199_254_740_992_i64 }),
            400,
            "Payload validation error: 'Value 9007199254740992 is greater than maximum 2147483647' on property idle_session_lifetime.",
        ),
        (
            "both units",
            json!({ "session_lifetime": 2, "session_lifetime_in_minutes": 121 }),
            400,
            "session_lifetime and session_lifetime_in_minutes contradict each other",
        ),
        (
            "locale",
            json!({ "enabled_locales": ["xx"] }),
            400,
            "Payload validation error: 'No enum match for: xx' on property enabled_locales[0].",
        ),
        (
            "cookie",
            json!({ "session_cookie": {} }),
            400,
            "Payload validation error: 'Missing required property: mode' on property session_cookie.",
        ),
        (
            "http",
            json!({ "default_redirection_uri": "http://a.example/" }),
            400,
            "Payload validation error: 'Object didn't pass validation for format absolute-https-uri-or-empty: http://a.example/' on property default_redirection_uri.",
        ),
    ];
    world.refuses("PATCH", "/tenants/settings", &table);
    let (status, body) = world.get("/tenants/settings?fields=x");
    assert_eq!(
        (status, &body["errorCode"]),
        (400, &json!("invalid_query_string"))
    );
}
