//! Every refusal, in both profiles.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::world::{API, CLIENT, SECRET, World};
use crate::model::Profile;
use crate::protocol::profile;

type Break = fn(&mut World);
type Form = (u16, &'static str);

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

const DENIED: Form = (403, "access_denied");
const UNAUTHORIZED: Form = (401, "access_denied");
const INVALID_CLIENT: Form = (401, "invalid_client");
const INVALID_REQUEST: Form = (400, "invalid_request");

/// Rule, what is broken, compat, strict, a part of the text in compat.
#[rustfmt::skip]
const ROWS: &[(&str, Break, Form, Form, &str)] = &[
    ("RFC6749-4.4.2-grant-type", |w| { w.send("grant_type", ""); },
        INVALID_REQUEST, INVALID_REQUEST, "Missing required parameter: grant_type"),
    // TOKEN-19
    ("RFC6749-5.2-grant-type-supported", |w| { w.send("grant_type", "CLIENT_CREDENTIALS"); },
        (403, "unsupported_grant_type"), (400, "unsupported_grant_type"), "Unsupported grant type: CLIENT_CREDENTIALS"),
    // TOKEN-06
    ("OAUTH21-2.4.1-no-credentials-in-url", |w| w.query = Some("client_id=x&client_secret=y".into()),
        INVALID_REQUEST, INVALID_REQUEST, "must not be sent in the URL"),
    // TOKEN-01
    ("RFC6749-2.3-one-method", |w| w.authorization = Some(basic(CLIENT, SECRET)),
        INVALID_REQUEST, INVALID_REQUEST, "more than one way"),
    ("RFC6749-2.3-one-method", |w| { w.send("client_assertion", "a.b.c"); },
        INVALID_REQUEST, INVALID_REQUEST, "more than one way"),
    // TOKEN-02
    ("CARDEA-one-client-id", |w| { w.authorization = Some(basic(CLIENT, SECRET)); w.send("client_secret", "").send("client_id", "other"); },
        INVALID_CLIENT, INVALID_CLIENT, "more than one client"),
    // TOKEN-05
    ("RFC6749-2.3.1-basic", |w| { w.authorization = Some("Basic !!".into()); w.send("client_secret", ""); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    ("RFC6749-2.3.1-basic", |w| { w.authorization = Some(format!("Basic {}", STANDARD.encode("no-colon"))); w.send("client_secret", ""); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    ("RFC6749-2.3.1-basic", |w| { w.authorization = Some(format!("Basic {}", STANDARD.encode([0xff, b':', 0xff]))); w.send("client_secret", ""); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    ("RFC6749-2.3.1-basic", |w| { w.authorization = Some("Bearer x".into()); w.send("client_secret", ""); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    ("RFC6749-3.2.1-client-named", |w| { w.send("client_id", ""); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    // TOKEN-50: an unknown client and a wrong secret look the same
    ("RFC6749-3.2.1-client-known", |w| { w.send("client_id", "nobody"); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    ("RFC6749-2.3.1-secret", |w| { w.send("client_secret", "wrong"); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    // TOKEN-04
    ("RFC6749-2.3.1-secret", |w| { w.send("client_secret", ""); },
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    ("A0-global-client", |w| World::member(&mut w.client, "global", json!(true)),
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    // TOKEN-03
    ("RFC6749-2.3-registered-method", |w| World::member(&mut w.client, "client_authentication_methods", json!({"private_key_jwt": {"credentials": []}})),
        UNAUTHORIZED, INVALID_CLIENT, "Unauthorized"),
    // TOKEN-46
    ("RFC6749-4.4-confidential", |w| World::member(&mut w.client, "token_endpoint_auth_method", json!("none")),
        (403, "unauthorized_client"), (400, "unauthorized_client"), "Grant type 'client_credentials' not allowed for the client."),
    // TOKEN-18
    ("A0-client-grant-types", |w| World::member(&mut w.client, "grant_types", json!(["authorization_code"])),
        (403, "unauthorized_client"), (400, "unauthorized_client"), "Grant type 'client_credentials' not allowed for the client."),
    ("A0-organization-unavailable", |w| { w.send("organization", "org_1"); },
        INVALID_REQUEST, INVALID_REQUEST, "parameter organization is invalid: org_1"),
    ("A0-audience-required", |w| { w.send("audience", ""); },
        DENIED, (400, "invalid_target"), "No audience parameter was provided, and no default audience has been configured"),
    // JWT-21: byte for byte, the trailing slash counts
    ("A0-api-known", |w| { w.send("audience", "https://example.com/health-api/"); },
        DENIED, (400, "invalid_target"), "Service not enabled within domain: https://example.com/health-api/"),
    ("RFC8707-2-resource", |w| { w.send("audience", "").send("resource", "health-api"); },
        (400, "invalid_target"), (400, "invalid_target"), "absolute URI"),
    ("RFC8707-2-resource", |w| { w.send("audience", "").send("resource", "https://example.com/health-api#x"); },
        (400, "invalid_target"), (400, "invalid_target"), "absolute URI"),
    ("CARDEA-one-api-per-token", |w| { w.send("audience", "").send("resource", API); w.form.push(("resource", Some("https://b".into()))); },
        (400, "invalid_target"), (400, "invalid_target"), "One token is for one API"),
    ("A0-subject-type-client", |w| World::member(&mut w.api, "subject_type_authorization", json!({"client": {"policy": "deny_all"}})),
        DENIED, (400, "unauthorized_client"), "deny_all"),
    ("A0-cc-client-grant", |w| w.grant = None,
        DENIED, (400, "unauthorized_client"), "Client is not authorized to access \"https://example.com/health-api\". You need to create a \"client-grant\" associated to this API."),
    ("A0-cc-client-grant", |w| World::member(w.grant.as_mut().unwrap(), "subject_type", json!("user")),
        DENIED, (400, "unauthorized_client"), "create a \"client-grant\""),
    ("RFC6749-3.3-scope", |w| { w.send("scope", "read:patients \"quoted\""); },
        (400, "invalid_scope"), (400, "invalid_scope"), "no scope can have"),
    ("A0-cc-scope-not-in-grant", |w| { w.send("scope", "read:patients read:admin openid"); },
        DENIED, (400, "invalid_scope"), "Client has not been granted scopes: read:admin, openid"),
];

#[test]
fn every_single_fault_is_refused_in_both_profiles() {
    for (rule, break_it, compat, strict, text) in ROWS {
        for (profile, expected) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut world = World::new(profile);
            break_it(&mut world);
            let refusal = world.refusal();
            let wire = profile::wire(&refusal, profile);
            assert_eq!(refusal.rule().id(), *rule, "{refusal:?}");
            assert_eq!((wire.status, wire.error), *expected, "{rule} {profile:?}");
            if profile == Profile::Compat {
                assert!(
                    wire.description.contains(text),
                    "{rule}: {}",
                    wire.description
                );
            }
        }
    }
}

#[test]
fn a_refused_request_has_a_trace_that_ends_with_its_rule() {
    for (rule, break_it, ..) in ROWS {
        let mut world = World::new(Profile::Compat);
        break_it(&mut world);
        let Ok(_) = world.request() else { continue };
        let decided = world.decide();
        let last = decided.trace.steps().last().unwrap();
        assert!(
            last.rule.id() == *rule || last.rule.id() == "A0-scope-undefined",
            "{rule}: {last:?}"
        );
    }
}

#[test]
fn where_the_profiles_differ_in_what_they_take() {
    type Row = (&'static str, Break, bool, bool);
    #[rustfmt::skip]
    let rows: [Row; 4] = [
        // TOKEN-03: rule, what is sent, taken in compat, taken in strict
        ("RFC6749-2.3-registered-method", |w| { w.authorization = Some(basic(CLIENT, SECRET)); w.send("client_secret", ""); }, true, false),
        ("CARDEA-one-api-per-token", |w| { w.send("resource", "https://other.example"); }, true, false),
        ("RFC8707-2-resource", |w| { w.send("resource", API); }, true, true),
        ("RFC6749-2.3.1-basic", |w| {
            World::member(&mut w.client, "token_endpoint_auth_method", json!("client_secret_basic"));
            w.authorization = Some(basic(CLIENT, SECRET));
            w.send("client_secret", ""); // the client_id beside it agrees
        }, true, true),
    ];
    for (rule, send, compat, strict) in rows {
        for (profile, taken) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut world = World::new(profile);
            send(&mut world);
            assert_eq!(world.decide().outcome.is_ok(), taken, "{rule} {profile:?}");
        }
    }
}

#[test]
fn only_strict_challenges_basic() {
    assert!(!profile::challenges_basic(Profile::Compat)); // T19
    assert!(profile::challenges_basic(Profile::Strict)); // RFC 6749 5.2
    assert!(!profile::management_follows_grants(Profile::Compat));
    assert!(profile::management_follows_grants(Profile::Strict)); // MGMT-28
}
