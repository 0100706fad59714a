//! Branding, prompts, and the empty list of actions.

use serde_json::json;

use super::World;
use crate::color::Color;
use crate::model::{Background, own_words};

#[test]
fn a_brand_is_empty_at_first_merges_and_is_removed_by_null() {
    let mut world = World::compat();
    assert_eq!(world.get("/branding"), (200, json!({})));
    assert_eq!(world.view().settings.parsed.brand.primary, None);
    let gradient = json!({
        "type": "linear-gradient", "start": "#FFFFFF", "end": "#000", "angle_deg": 35,
    });
    for (sent, stored) in [
        (
            json!({ "colors": { "primary": "#0059d6" }, "logo_url": "https://cdn.example/l.svg" }),
            json!({ "colors": { "primary": "#0059d6" }, "logo_url": "https://cdn.example/l.svg" }),
        ),
        (
            json!({ "colors": { "page_background": gradient }, "logo_url": null }),
            json!({ "colors": { "primary": "#0059d6", "page_background": gradient } }),
        ),
        (
            json!({ "colors": { "primary": null, "page_background": "#F8F8F2" } }),
            json!({ "colors": { "page_background": "#F8F8F2" } }),
        ),
        (
            json!({ "font": { "url": "https://cdn.example/f.woff2" }, "colors": { "page_background": null } }),
            json!({ "font": { "url": "https://cdn.example/f.woff2" } }),
        ),
        (json!({ "font": null, "favicon_url": null }), json!({})),
    ] {
        assert_eq!(
            world.ok("PATCH", "/branding", sent.clone()),
            stored,
            "{sent}"
        );
        assert_eq!(world.get("/branding").1, stored, "{sent}");
    }
    world.ok(
        "PATCH",
        "/branding",
        json!({ "colors": { "page_background": gradient } }),
    );
    let expected = Background::Gradient {
        start: Color::WHITE,
        end: Color::BLACK,
        degrees: 35,
    };
    let brand = &world.view().settings.parsed.brand;
    assert_eq!(brand.background, Some(expected));
}

#[test]
fn what_is_no_colour_and_no_address_is_refused() {
    let mut world = World::compat();
    let wrong = |what: &str, property: &str| {
        format!("Payload validation error: '{what}' on property {property}.")
    };
    let format = |name: &str, given: &str, property: &str| {
        let what = format!("Object didn't pass validation for format {name}-or-null: {given}");
        wrong(&what, property)
    };
    let css = "#fff}body{display:none";
    for (body, message) in [
        (
            json!({ "colors": { "primary": css } }),
            format("html-color", css, "colors.primary"),
        ),
        (
            json!({ "colors": { "page_background": "url(https://evil.example)" } }),
            format(
                "html-color",
                "url(https://evil.example)",
                "colors.page_background",
            ),
        ),
        (
            json!({ "colors": { "page_background": { "type": "linear-gradient", "start": "#fff", "end": "x" } } }),
            format("html-color", "x", "colors.page_background.end"),
        ),
        (
            json!({ "colors": { "page_background": { "start": "#fff", "end": "#000" } } }),
            wrong("Missing required property: type", "colors.page_background"),
        ),
        (
            json!({ "colors": { "page_background": 7 } }),
            wrong(
                "Expected type string,object,null but found type integer",
                "colors.page_background",
            ),
        ),
        (
            json!({ "colors": {} }),
            wrong("Too few properties defined (0), minimum 1", "colors"),
        ),
        (
            json!({ "logo_url": "http://cdn.example/x" }),
            format("strict-https-uri", "http://cdn.example/x", "logo_url"),
        ),
        (
            json!({ "favicon_url": "https://u@cdn.example/x" }),
            format("strict-https-uri", "https://u@cdn.example/x", "favicon_url"),
        ),
        (
            json!({ "font": { "url": "https://cdn.example/\");}" } }),
            format("strict-https-uri", "https://cdn.example/\");}", "font.url"),
        ),
        (
            json!({ "x": 1 }),
            "Payload validation error: 'Additional properties not allowed: x'.".to_owned(),
        ),
        (
            json!({}),
            "Payload validation error: 'Too few properties defined (0), minimum 1'.".to_owned(),
        ),
    ] {
        let (status, answer) = world.patch("/branding", body.clone());
        assert_eq!(
            (status, answer["message"].as_str()),
            (400, Some(message.as_str())),
            "{body}"
        );
    }
    assert_eq!(world.get("/branding").1, json!({}));
}

#[test]
fn prompts_say_what_holds() {
    let mut world = World::compat();
    let (new, on) = (
        json!({ "universal_login_experience": "new", "identifier_first": false, "webauthn_platform_first_factor": false }),
        json!({ "universal_login_experience": "new", "identifier_first": true, "webauthn_platform_first_factor": false }),
    );
    assert_eq!(world.get("/prompts"), (200, new.clone()));
    assert_eq!(
        world.ok("PATCH", "/prompts", json!({ "identifier_first": true })),
        on
    );
    assert_eq!(world.get("/prompts").1, on);
    assert!(world.view().settings.parsed.login.identifier_first);
    assert_eq!(
        world.ok("PATCH", "/prompts", json!({ "identifier_first": null })),
        new
    );
    assert!(!world.view().settings.parsed.login.identifier_first);
    let table = [
        (
            "passkeys are not there",
            json!({ "webauthn_platform_first_factor": true }),
            403,
            "This feature is not enabled for this tenant.",
        ),
        (
            "word",
            json!({ "universal_login_experience": "old" }),
            400,
            "Payload validation error: 'No enum match for: old' on property universal_login_experience.",
        ),
        (
            "empty",
            json!({}),
            400,
            "Payload validation error: 'Too few properties defined (0), minimum 1'.",
        ),
    ];
    world.refuses("PATCH", "/prompts", &table);
}

#[test]
fn the_settings_do_not_show_what_has_operations_of_its_own() {
    let mut world = World::compat();
    world.ok(
        "PATCH",
        "/branding",
        json!({ "colors": { "primary": "#000000" } }),
    );
    world.ok("PATCH", "/prompts", json!({ "identifier_first": true }));
    let patched = world.ok(
        "PATCH",
        "/tenants/settings",
        json!({ "friendly_name": "x" }),
    );
    for answer in [patched, world.get("/tenants/settings").1] {
        assert_eq!(
            (answer.get("branding"), answer.get("prompts")),
            (None, None)
        );
        assert_eq!(answer["friendly_name"], "x");
    }
    assert!(world.view().settings.parsed.brand.primary.is_some(), "kept");
    // attack MGMT-06: and nobody gets at them through the settings
    for member in ["branding", "prompts"] {
        let (status, _) = world.patch("/tenants/settings", json!({ member: {} }));
        assert_eq!(status, 400, "{member}");
    }
}

#[test]
fn words_are_set_by_prompt_and_language_and_taken_back() {
    let mut world = World::compat();
    let (english, german) = (
        json!({ "login": { "title": "Hello", "description": "To ${clientName}" } }),
        json!({ "login": { "title": "Hallo" } }),
    );
    for (language, texts) in [("en", &english), ("de", &german)] {
        let path = format!("/prompts/login/custom-text/{language}");
        assert_eq!(world.ok("PUT", &path, texts.clone()), *texts);
        assert_eq!(world.get(&path), (200, texts.clone()));
    }
    let view = world.view();
    let words = |screen, language, name| own_words(&view.settings.document, screen, language, name);
    assert_eq!(words(("login", "login"), "de", "title"), Some("Hallo"));
    assert_eq!(words(("login", "login"), "de", "description"), None);
    assert_eq!(words(("login-id", "login-id"), "de", "title"), None);
    let path = "/prompts/login/custom-text/en";
    assert_eq!(world.ok("PUT", path, json!({})), json!({}));
    assert_eq!(world.get(path), (200, json!({})));
    assert_eq!(world.get("/prompts/login/custom-text/de"), (200, german));
    let table = [
        (
            "no text",
            json!({ "login": { "title": 7 } }),
            400,
            "Payload validation error: 'Expected type string,null but found type integer' on property login.title.",
        ),
        (
            "no screen",
            json!({ "login": "x" }),
            400,
            "Payload validation error: 'Expected type object,null but found type string' on property login.",
        ),
    ];
    world.refuses("PUT", path, &table);
    // attacks MGMT-15, -19: bounded one by one, and together
    let long = json!({ "login": { "title": "x".repeat(1001) } });
    assert_eq!(world.call("PUT", path, Some(long)).0, 400);
    let many: serde_json::Map<_, _> = (0..15)
        .map(|n| (format!("t{n}"), json!("x".repeat(1000))))
        .collect();
    let many = json!({ "login": many });
    let languages = [
        "ar", "bg", "cs", "da", "el", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id", "is",
        "it", "ja", "ko",
    ];
    let taken = languages.iter().filter(|language| {
        let path = format!("/prompts/login/custom-text/{language}");
        world.call("PUT", &path, Some(many.clone())).0 == 200
    });
    assert_eq!(taken.count(), 17);
}

#[test]
fn there_are_no_words_parts_and_renderings_and_none_can_be_made() {
    let mut world = World::compat();
    for (target, answer) in [
        ("/prompts/login/custom-text/en", json!({})),
        ("/prompts/mfa-webauthn/custom-text/zh-TW", json!({})),
        ("/prompts/login-id/partials", json!({})),
        (
            "/prompts/rendering?page=0&per_page=100&prompt=login",
            json!([]),
        ),
        (
            "/prompts/rendering?include_totals=true",
            json!({ "total": 0, "start": 0, "limit": 50, "configs": [] }),
        ),
        ("/actions/triggers", json!({ "triggers": [] })),
        (
            "/actions/triggers/post-login/bindings",
            json!({ "bindings": [], "per_page": 20 }),
        ),
        (
            "/actions/modules?page=0&per_page=50",
            json!({ "modules": [], "total": 0 }),
        ),
    ] {
        assert_eq!(world.get(target), (200, answer), "{target}");
    }
    for (target, message) in [
        (
            "/prompts/passkey/custom-text/en",
            "'Invalid value \"passkey\"' on property prompt (Name of the prompt)",
        ),
        (
            "/prompts/login/custom-text/xx",
            "'Invalid value \"xx\"' on property language (Language to update)",
        ),
        (
            "/prompts/mfa/partials",
            "'Invalid value \"mfa\"' on property prompt (Name of the prompt)",
        ),
        (
            "/actions/triggers/x/bindings",
            "'Invalid value \"x\"' on property triggerId (An actions extensibility point)",
        ),
    ] {
        let (status, body) = world.get(target);
        let message = format!("Path validation error: {message}.");
        assert_eq!(
            (status, &body["message"], &body["errorCode"]),
            (400, &json!(message), &json!("bad_request"))
        );
    }
    for (method, target) in [
        ("PUT", "/prompts/login/partials"),
        ("PATCH", "/prompts/rendering"),
        ("PATCH", "/actions/triggers/post-login/bindings"),
        ("POST", "/actions/modules"),
    ] {
        let (status, body) = world.call(method, target, Some(json!({})));
        assert_eq!(
            (status, &body["errorCode"]),
            (403, &json!("insufficient_scope")),
            "{target}"
        );
    }
}

#[test]
fn there_are_no_actions_and_none_can_be_made() {
    let mut world = World::compat();
    let empty = |limit: i64| (200, json!({ "actions": [], "per_page": limit }));
    assert_eq!(world.get("/actions/actions"), empty(20));
    let filtered = "/actions/actions?page=0&per_page=100&triggerId=post-login&deployed=true";
    assert_eq!(world.get(filtered), empty(100));
    for query in [
        "per_page=0",
        "triggerId=x",
        "include_totals=true",
        "page=-1",
    ] {
        let (status, _) = world.get(&format!("/actions/actions?{query}"));
        assert_eq!(status, 400, "{query}");
    }
    let (status, body) = world.post("/actions/actions", json!({ "name": "x" }));
    assert_eq!(
        (status, &body["errorCode"]),
        (403, &json!("insufficient_scope"))
    );
    world.limited("read:clients");
    assert_eq!(world.get("/actions/actions").0, 403);
}
