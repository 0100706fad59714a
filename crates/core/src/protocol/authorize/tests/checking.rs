//! Every refusal that needs no user, in both profiles.

use serde_json::json;

use super::super::{Answer, Rejected, ResponseMode};
use super::world::{API, CALLBACK, World};
use crate::model::Profile;

type Break = fn(&mut World);

const PAGE: &str = "page";
const QUERY: &str = "query";
const FRAGMENT: &str = "fragment";

fn way(rejected: &Rejected) -> &'static str {
    match &rejected.answer {
        Answer::Page(_) => PAGE,
        Answer::Redirect(response) => match response.mode {
            ResponseMode::Query => QUERY,
            ResponseMode::Fragment => FRAGMENT,
            ResponseMode::FormPost => "form_post",
            ResponseMode::WebMessage => "web_message",
        },
    }
}

fn code(rejected: &Rejected) -> String {
    match &rejected.answer {
        Answer::Page(page) => page.error.error.to_owned(),
        Answer::Redirect(response) => response.params[0].1.clone(),
    }
}

fn implicit(world: &mut World) {
    world
        .send("response_type", "token id_token")
        .send("nonce", "n");
}

fn only<'w>(world: &'w mut World, modes: &[&str]) -> &'w mut World {
    world.set("cardea_flags", json!({ "response_modes": modes }))
}

/// Rule, what is broken, by which way, compat, strict.
#[rustfmt::skip]
const ROWS: &[(&str, Break, &str, &str, &str)] = &[
    // the application and its callback: always a page
    ("OIDC-3.1.2.1-required", |w| { w.send("client_id", ""); }, PAGE, "invalid_request", "invalid_request"),
    ("RFC6749-4.1.2.1-client", |w| { w.send("client_id", "nobody"); }, PAGE, "invalid_request", "invalid_request"),
    ("RFC6749-4.1.2.1-client", |w| { w.set("global", json!(true)); }, PAGE, "invalid_request", "invalid_request"),
    ("RFC6749-3.1-no-repeat", |w| { w.also("redirect_uri", CALLBACK); }, PAGE, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-readable", |w| { for n in 0..100 { w.also(&format!("p{n}"), "x"); } }, PAGE, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-readable", |w| { w.send("state", &"x".repeat(70_000)); }, PAGE, "invalid_request", "invalid_request"),
    // AUTHZ-17
    ("A0-web-message-origin", |w| { w.send("response_mode", "web_message").set("web_origins", json!(["https://app.example.evil.test"])); }, PAGE, "invalid_request", "invalid_request"),
    ("A0-web-message-origin", |w| { w.send("response_mode", "web_message").set("web_origins", json!(["https://app.exampl"])); }, PAGE, "invalid_request", "invalid_request"),
    ("A0-web-message-origin", |w| { w.send("response_mode", "web_message").native("com.example.app:/cb").send("redirect_uri", "com.example.app:/cb"); }, PAGE, "invalid_request", "invalid_request"),
    // the others go to the application
    ("RFC6749-3.1-no-repeat", |w| { w.also("scope", "openid"); }, QUERY, "invalid_request", "invalid_request"),
    ("CARDEA-authorize-length", |w| { w.send("state", &"x".repeat(4097)); }, QUERY, "invalid_request", "invalid_request"),
    ("CARDEA-authorize-length", |w| { w.send("nonce", &"x".repeat(1025)); }, QUERY, "invalid_request", "invalid_request"),
    ("OIDC-6.1-request", |w| { w.send("request", "a.b.c"); }, QUERY, "request_not_supported", "request_not_supported"),
    // AUTHZ-25
    ("OIDC-6.2-request-uri", |w| { w.send("request_uri", "http://169.254.169.254/"); }, QUERY, "request_uri_not_supported", "request_uri_not_supported"),
    // AUTHZ-53
    ("RFC9396-5-details", |w| { w.send("authorization_details", "[]"); }, QUERY, "invalid_authorization_details", "invalid_authorization_details"),
    ("OIDC-3.1.2.1-required", |w| { w.send("response_type", ""); }, QUERY, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-required", |w| { w.send("response_type", "").send("response_mode", "form_post"); }, "form_post", "invalid_request", "invalid_request"),
    ("RFC6749-3.1.1-response-type", |w| { w.send("response_type", "code code"); }, QUERY, "unsupported_response_type", "unsupported_response_type"),
    ("RFC6749-3.1.1-response-type", |w| { w.send("response_type", "none"); }, QUERY, "unsupported_response_type", "unsupported_response_type"),
    // AUTHZ-15
    ("OAUTH-MULTI-2.1-response-mode", |w| { implicit(w); w.send("response_mode", "query"); }, FRAGMENT, "invalid_request", "invalid_request"),
    ("OAUTH-MULTI-2.1-response-mode", |w| { w.send("response_mode", "jwt"); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-16: not one of the application's own modes
    ("OAUTH-MULTI-2.1-response-mode", |w| { only(w, &["query"]).send("response_mode", "fragment"); }, QUERY, "invalid_request", "invalid_request"),
    ("OAUTH-MULTI-2.1-response-mode", |w| { only(w, &["query"]).send("response_mode", "form_post"); }, QUERY, "invalid_request", "invalid_request"),
    ("OAUTH-MULTI-2.1-response-mode", |w| { only(w, &["query"]).send("response_mode", "web_message"); }, QUERY, "invalid_request", "invalid_request"),
    ("OAUTH-MULTI-2.1-response-mode", |w| { only(w, &["query"]).send("response_mode", "query.jwt"); }, QUERY, "invalid_request", "invalid_request"),
    ("OAUTH-MULTI-2.1-response-mode", |w| { only(w, &["form_post"]); }, QUERY, "invalid_request", "invalid_request"),
    ("A0-response-type-grant", |w| { w.set("grant_types", json!(["implicit"])); }, QUERY, "unauthorized_client", "unauthorized_client"),
    ("A0-response-type-grant", |w| { implicit(w); w.set("grant_types", json!(["authorization_code"])); }, FRAGMENT, "unauthorized_client", "unauthorized_client"),
    ("A0-response-type-grant", |w| { w.send("response_type", "code id_token").send("nonce", "n").set("grant_types", json!(["authorization_code"])); }, FRAGMENT, "unauthorized_client", "unauthorized_client"),
    // AUTHZ-56
    ("OIDC-3.2.2.1-nonce", |w| { implicit(w); w.send("nonce", ""); }, FRAGMENT, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-openid", |w| { implicit(w); w.send("scope", "profile"); }, FRAGMENT, "invalid_request", "invalid_request"),
    // AUTHZ-01
    ("RFC9700-2.1.1-pkce", |w| { w.set("token_endpoint_auth_method", json!("none")).send("code_challenge", "").send("code_challenge_method", ""); }, QUERY, "invalid_request", "invalid_request"),
    ("RFC9700-2.1.1-pkce", |w| { w.set("token_endpoint_auth_method", json!("none")).set("cardea_flags", json!({"pkce": "optional"})).send("code_challenge", "").send("code_challenge_method", ""); }, QUERY, "invalid_request", "invalid_request"),
    ("RFC9700-2.1.1-pkce", |w| { w.send("code_challenge", ""); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-02
    ("RFC7636-4.2-s256", |w| { w.send("code_challenge_method", "plain"); }, QUERY, "invalid_request", "invalid_request"),
    ("RFC7636-4.2-s256", |w| { w.send("code_challenge_method", ""); }, QUERY, "invalid_request", "invalid_request"),
    ("RFC7636-4.2-challenge", |w| { w.send("code_challenge", "short"); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-32
    ("OIDC-3.1.2.1-prompt-none-alone", |w| { w.send("prompt", "none login"); }, QUERY, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-prompt-none-alone", |w| { w.send("prompt", "consent none"); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-34
    ("OIDC-3.1.2.1-value", |w| { w.send("max_age", "-1"); }, QUERY, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-value", |w| { w.send("max_age", "abc"); }, QUERY, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-value", |w| { w.send("max_age", "99999999999999999999"); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-62
    ("A0-organization-unavailable", |w| { w.send("organization", "org_1"); }, QUERY, "invalid_request", "invalid_request"),
    ("A0-connection-enabled", |w| { w.send("connection", "foreign"); }, QUERY, "invalid_request", "invalid_request"),
    ("A0-connection-enabled", |w| { w.send("connection", super::world::DATABASE).connection.body.insert("enabled_clients".into(), json!([])); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-52
    ("OIDC-3.1.2.1-value", |w| { w.send("claims", "[]"); }, QUERY, "invalid_request", "invalid_request"),
    ("OIDC-3.1.2.1-value", |w| { w.send("claims", "{\"id_token\": 1}"); }, QUERY, "invalid_request", "invalid_request"),
    ("CARDEA-authorize-length", |w| { w.send("claims", &format!("{{\"x\":\"{}\"}}", "y".repeat(8200))); }, QUERY, "invalid_request", "invalid_request"),
    ("A0-acr-values-supported", |w| { w.send("acr_values", "phr").set_tenant("acr_values_supported", json!(["mfa"])); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-35
    ("OIDC-5.5.1.1-essential-acr", |w| { w.send("claims", r#"{"id_token": {"acr": {"essential": true, "value": "phr"}}}"#); }, QUERY, "unmet_authentication_requirements", "unmet_authentication_requirements"),
    ("OIDC-3.1.2.1-id-token-hint", |w| { w.send("id_token_hint", "a.b.c"); }, QUERY, "invalid_request", "invalid_request"),
    // AUTHZ-50
    ("A0-api-known", |w| { w.send("audience", "https://example.com/health-api/"); }, QUERY, "access_denied", "invalid_target"),
    ("A0-subject-type-user", |w| { w.set_api("subject_type_authorization", json!({"user": {"policy": "deny_all"}})); }, QUERY, "invalid_request", "unauthorized_client"),
    ("A0-user-client-grant", |w| { w.set_api("subject_type_authorization", json!({"user": {"policy": "require_client_grant"}})); }, QUERY, "invalid_request", "unauthorized_client"),
    // AUTHZ-49, CVE-2026-4634
    ("RFC6749-3.3-scope", |w| { w.send("scope", "openid \"quoted\""); }, QUERY, "invalid_scope", "invalid_scope"),
    ("CARDEA-scope-bounded", |w| { w.send("scope", &"abcd ".repeat(900)); }, QUERY, "invalid_scope", "invalid_scope"),
    ("CARDEA-scope-bounded", |w| { let all: Vec<String> = (0..101).map(|n| format!("s{n}")).collect(); w.send("scope", &all.join(" ")); }, QUERY, "invalid_scope", "invalid_scope"),
    // third parties: strict ones send little and get no identity, and errors stay here
    ("A0-third-party-parameters", |w| { w.third_party("strict", "allow_always").send("foo", "1"); }, QUERY, "invalid_request", "invalid_request"),
    ("A0-third-party-parameters", |w| { w.third_party("strict", "allow_always").send("claims", "{}"); }, QUERY, "invalid_request", "invalid_request"),
    ("RFC6749-3.1.1-response-type", |w| { implicit(w); w.third_party("strict", "allow_always"); }, FRAGMENT, "unsupported_response_type", "unsupported_response_type"),
    ("RFC9700-2.1.1-pkce", |w| { w.third_party("strict", "allow_always").send("code_challenge", "").send("code_challenge_method", ""); }, QUERY, "invalid_request", "invalid_request"),
    ("A0-third-party-no-identity", |w| { w.third_party("strict", "allow_always").send("audience", ""); }, QUERY, "unauthorized_client", "unauthorized_client"),
    ("A0-user-client-grant", |w| { w.third_party("permissive", "allow_always").others.pop(); }, QUERY, "invalid_request", "unauthorized_client"),
    // REDIR-22
    ("OIDC-3.1.2.1-prompt-none-alone", |w| { w.third_party("permissive", "open_redirect_protection").send("prompt", "none login"); }, PAGE, "invalid_request", "invalid_request"),
];

#[test]
fn the_good_request_is_good_in_every_form() {
    type Row = (Break, &'static str);
    #[rustfmt::skip]
    let rows: [Row; 13] = [
        (|_| {}, "as it is"),
        (|w| { only(w, &["form_post", "fragment"]).send("response_mode", "form_post"); }, "AUTHZ-16: one of its own modes"),
        (|w| { w.send("state", "").send("nonce", ""); }, "a code needs neither state nor nonce"),
        (|w| { w.send("scope", ""); }, "without scope"),
        (implicit, "tokens from the front"),
        (|w| { w.send("response_type", "id_token code token").send("nonce", "n"); }, "everything, in any order"),
        (|w| { w.send("response_type", "id_token").send("response_mode", "form_post").send("nonce", "n"); }, "express-openid-connect"),
        (|w| { w.send("response_mode", "web_message"); }, "spa-js"),
        (|w| { w.send("response_mode", "query"); }, "the default by name"),
        // conformance 18
        (|w| { w.send("foo", "1").send("display", "page").send("claims_locales", "de").send("acr_values", "1 2").send("ui_locales", "de en").send("device", "x").send("protocol", "y").send("prompt", "create"); }, "what nobody knows"),
        (|w| { w.send("login_hint", &"x".repeat(100_000 / 2)); }, "AUTHZ-37: a hint that is too long is none"),
        (|w| { w.send("nonce", &"n".repeat(64)); }, "AUTHZ-56"),
        (|w| { w.send("audience", "").send("resource", API); }, "RFC 8707"),
    ];
    for (change, what) in rows {
        for profile in [Profile::Compat, Profile::Strict] {
            let mut world = World::new(profile);
            change(&mut world);
            let checked = world.check();
            assert!(
                checked.is_ok(),
                "{what} {profile:?}: {:?}",
                checked.unwrap_err().refused
            );
        }
    }
}

#[test]
fn every_single_fault_is_refused_by_its_rule_and_its_way_in_both_profiles() {
    for (rule, break_it, expected, compat, strict) in ROWS {
        for (profile, error) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut world = World::new(profile);
            break_it(&mut world);
            let rejected = world.check().expect_err(rule);
            assert_eq!(
                rejected.refused.rule().id(),
                *rule,
                "{:?}",
                rejected.refused
            );
            assert_eq!(way(&rejected), *expected, "{rule}");
            assert_eq!(code(&rejected), **error, "{rule} {profile:?}");
            let last = rejected.trace.steps().last().unwrap();
            assert_eq!(last.rule.id(), *rule, "{:?}", rejected.trace);
            assert!(!rejected.refused.why().is_empty());
        }
    }
}

/// Conformance 8 and 9: `state` comes back, no code, and a description that is legal.
#[test]
fn an_error_carries_state_and_legal_words() {
    for (rule, break_it, ..) in ROWS {
        let mut world = World::new(Profile::Strict);
        break_it(&mut world);
        let rejected = world.check().unwrap_err();
        let Answer::Redirect(response) = &rejected.answer else {
            continue;
        };
        let names: Vec<&str> = response.params.iter().map(|(name, _)| *name).collect();
        if *rule != "CARDEA-authorize-length" {
            assert_eq!(
                names,
                ["error", "error_description", "state", "iss"],
                "{rule}"
            );
            assert_eq!(response.params[2].1, "st=1", "{rule}");
        }
        let description = &response.params[1].1;
        let legal = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        assert!(description.chars().all(legal), "{description}");
    }
}

#[test]
fn where_the_profiles_differ_in_what_they_take() {
    fn bare(world: &mut World) {
        world
            .send("code_challenge", "")
            .send("code_challenge_method", "");
    }
    type Row = (&'static str, Break, bool, bool);
    #[rustfmt::skip]
    let rows: [Row; 6] = [
        ("RFC9700-2.1.1-pkce", bare, true, false),
        ("RFC9700-2.1.1-pkce", |w| { bare(w); w.set("cardea_flags", json!({"pkce": "optional"})); }, true, true),
        ("RFC9700-2.1.1-pkce", |w| { bare(w); implicit(w); }, true, true),
        // AUTHZ-18
        ("OAUTH21-2.1.2-front-channel", |w| { implicit(w); w.set("cardea_flags", json!({})); }, true, false),
        ("OAUTH21-2.1.2-front-channel", |w| { w.send("response_type", "id_token").send("nonce", "n").set("cardea_flags", json!({})); }, true, false),
        ("CARDEA-one-api-per-token", |w| { w.send("resource", "https://other.example"); }, true, false),
    ];
    for (rule, change, compat, strict) in rows {
        for (profile, taken) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut world = World::new(profile);
            change(&mut world);
            match world.check() {
                Ok(_) => assert!(taken, "{rule} {profile:?}"),
                Err(rejected) => {
                    assert!(!taken, "{rule} {profile:?}");
                    assert_eq!(rejected.refused.rule().id(), rule);
                }
            }
        }
    }
}

/// AUTHZ-14.
#[test]
fn the_issuer_is_named_always_in_strict_and_by_setting_in_compat() {
    for (profile, setting, named) in [
        (Profile::Compat, false, false),
        (Profile::Compat, true, true),
        (Profile::Strict, false, true),
    ] {
        let mut world = World::new(profile);
        world.set_tenant(
            "authorization_response_iss_parameter_supported",
            json!(setting),
        );
        let iss = world.check().unwrap().request.channel.iss;
        assert_eq!(
            iss.as_deref(),
            named.then_some(super::world::ISSUER),
            "{profile:?}"
        );
    }
}

/// The trace of a good request names every check once, in order.
#[test]
fn a_good_request_leaves_every_check_in_its_trace() {
    let checked = World::new(Profile::Strict).check().unwrap();
    let rules: Vec<&str> = checked
        .trace
        .steps()
        .iter()
        .map(|step| step.rule.id())
        .collect();
    assert_eq!(
        rules[..4],
        [
            "RFC6749-4.1.2.1-client",
            "RFC9700-2.1-redirect-exact",
            "RFC6749-3.1-no-repeat",
            "A0-third-party-parameters",
        ]
    );
    assert_eq!(
        rules[rules.len() - 3..],
        ["A0-audience", "A0-api-known", "A0-subject-type-user"]
    );
}
