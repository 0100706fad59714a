//! `password` and `password-realm`: who is it, is the password right, what does it give.

use serde_json::json;

use super::people::{DB, People, parts};
use super::world::{API, World};
use crate::model::{ArtefactKind, Kind, Profile};
use crate::protocol::profile;
use crate::protocol::token::{FactKey, Facts, PasswordVerdict, wanted};

type Break = fn(&mut People);
type Form = (u16, &'static str);

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const GRANT: Form = (403, "invalid_grant");
const STRICT: Form = (400, "invalid_grant");
const BAD: Form = (400, "invalid_request");
const CLIENT: (Form, Form) = ((403, "unauthorized_client"), (400, "unauthorized_client"));
const WRONG: &str = "Wrong email or password.";

fn asks(profile: Profile) -> People {
    let mut people = People::new(profile);
    for name in ["code", "redirect_uri", "code_verifier"] {
        people.world.send(name, "");
    }
    people
        .world
        .send("grant_type", "password")
        .send("username", " Jane@Example.com ")
        .send("password", "correct horse")
        .send("audience", API);
    people
}

/// Rule, what is broken, compat, strict, the whole text.
#[rustfmt::skip]
const ROWS: &[(&str, Break, Form, Form, &str)] = &[
    ("RFC6749-5.2-parameter-required", |p| { p.world.send("username", ""); }, BAD, BAD, "Missing required parameter: username"),
    ("RFC6749-5.2-parameter-required", |p| { p.world.send("password", ""); }, BAD, BAD, "Missing required parameter: password"),
    // TOKEN-18, TOKEN-42
    ("A0-client-grant-types", |p| World::member(&mut p.world.client, "grant_types", json!(["refresh_token"])),
        CLIENT.0, CLIENT.1, "Grant type 'password' not allowed for the client."),
    ("A0-client-grant-types", |p| World::member(&mut p.world.client, "is_first_party", json!(false)),
        CLIENT.0, CLIENT.1, "Grant type 'password' not allowed for the client."),
    ("A0-client-grant-types", |p| {
        World::member(&mut p.world.client, "grant_types", json!(["password"]));
        p.world.send("grant_type", REALM);
    }, CLIENT.0, CLIENT.1, "Grant type 'http://auth0.com/oauth/grant-type/password-realm' not allowed for the client."),
    ("A0-default-directory", |p| World::member(&mut p.world.settings, "default_directory", json!("")),
        (500, "server_error"), (500, "server_error"), "Authorization server not configured with default connection."),
    ("A0-realm-known", |p| { p.world.send("realm", "nowhere"); }, BAD, BAD, "the connection was not found"),
    ("A0-realm-known", |p| World::member(connection(p), "strategy", json!("google-oauth2")), BAD, BAD,
        "specified strategy does not support requested operation"),
    ("A0-connection-enabled", |p| World::member(connection(p), "enabled_clients", json!([])), BAD, BAD, "the connection was disabled"),
    ("RFC6749-4.3.2-password", |p| p.verdict = PasswordVerdict::Wrong, GRANT, STRICT, WRONG),
    ("RFC6749-4.3.2-password", |p| { p.world.send("username", "nobody@example.com"); }, GRANT, STRICT, WRONG),
    // a blocked user with a wrong password looks like any other
    ("RFC6749-4.3.2-password", |p| { p.verdict = PasswordVerdict::Wrong; p.user().blocked = true; }, GRANT, STRICT, WRONG),
    ("A0-brute-force-password", |p| p.verdict = PasswordVerdict::TooMany, (429, "too_many_attempts"), (429, "too_many_attempts"),
        "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it."),
    ("A0-brute-force-password", |p| p.verdict = PasswordVerdict::TooManyFromAddress, (429, "too_many_attempts"), (429, "too_many_attempts"),
        "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator."),
    ("A0-user-blocked", |p| p.user().blocked = true, (403, "unauthorized"), STRICT, "user is blocked"), // T7
    ("A0-api-known", |p| { p.world.send("audience", "https://x.example"); }, (403, "access_denied"), (400, "invalid_target"),
        "Service not enabled within domain: https://x.example"),
];

fn connection(people: &mut People) -> &mut crate::model::Document {
    let mut others = people.world.others.iter_mut();
    others.find(|d| d.kind == Kind::Connection).unwrap()
}

#[test]
fn every_single_fault_is_refused_in_both_profiles() {
    for (rule, break_it, compat, strict, text) in ROWS {
        for (profile, expected) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut people = asks(profile);
            break_it(&mut people);
            let refusal = people.ask().unwrap_err();
            let wire = profile::wire(&refusal, profile);
            assert_eq!(refusal.rule().id(), *rule, "{refusal:?}");
            assert_eq!((wire.status, wire.error), *expected, "{rule} {profile:?}");
            assert_eq!(wire.description, *text, "{rule}");
        }
    }
}

/// Nobody hashes for a client that may not ask; for nobody the hash is computed all the same.
#[test]
fn what_is_wanted_before_a_password_is_looked_at() {
    let type_of = |people: &People| {
        let request = people.request().unwrap();
        let (tenant, issuer) = (people.tenant(), People::issuer());
        let mut facts = Facts::default();
        let mut hashed = None;
        loop {
            let keys = wanted(&request, &tenant, &facts, &issuer, people.now);
            if keys.is_empty() {
                return hashed;
            }
            for key in keys {
                if let FactKey::Password(user) = &key {
                    hashed = Some(user.is_some());
                }
                let fact = people.fact(&key);
                facts.put(key, fact);
            }
        }
    };
    assert_eq!(type_of(&asks(Profile::Compat)), Some(true));
    let mut nobody = asks(Profile::Compat);
    nobody.world.send("username", "nobody");
    assert_eq!(type_of(&nobody), Some(false));
    let mut stranger = asks(Profile::Compat);
    stranger.world.send("client_secret", "wrong");
    assert_eq!(type_of(&stranger), None);
    let mut forbidden = asks(Profile::Compat);
    World::member(&mut forbidden.world.client, "grant_types", json!([]));
    assert_eq!(type_of(&forbidden), None);
}

/// Trap T3: what comes for what is asked. RBAC is off.
#[test]
fn without_api_scopes_all_of_them_come() {
    let rows = [
        (
            "",
            "openid profile email address phone read:patients write:patients read:admin",
        ),
        (
            "openid",
            "openid profile email address phone read:patients write:patients read:admin",
        ),
        ("openid read:patients", "openid read:patients"),
        (
            "openid read:moon",
            "openid read:patients write:patients read:admin",
        ),
    ];
    for (asked, expected) in rows {
        let mut people = asks(Profile::Compat);
        people.world.send("scope", asked);
        let issued = people.ask().unwrap();
        let scope = issued.scope.unwrap();
        let (mut got, mut wanted) = (words(&scope), words(expected));
        got.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(got, wanted, "{asked}");
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

#[test]
fn a_password_has_no_session_and_says_so() {
    for grant in ["password", REALM] {
        let mut people = asks(Profile::Compat);
        people
            .world
            .send("grant_type", grant)
            .send("realm", DB)
            .send("scope", "openid offline_access");
        let issued = people.ask().unwrap();
        let (_, id) = parts(issued.id_token.as_ref().unwrap());
        assert_eq!(
            (id.get("sid"), id.get("nonce"), id.get("auth_time")),
            (None, None, None)
        );
        assert_eq!(parts(&issued.access_token).1["gty"], "password");
        let family = people.shelf.of(ArtefactKind::Family)[0];
        assert!(family.id.as_ref().is_some_and(|id| id.len() == 24));
        people.refresh(&issued.refresh_token.unwrap());
        for name in ["username", "password", "realm", "scope", "audience"] {
            people.world.send(name, "");
        }
        assert!(people.ask().is_ok(), "{grant}");
    }
}

/// RFC 9700 2.4, CVE-2026-9792: in strict a flag of the application must allow it too.
#[test]
fn strict_needs_a_flag() {
    for (profile, taken) in [(Profile::Compat, true), (Profile::Strict, false)] {
        let mut people = asks(profile);
        World::member(&mut people.world.client, "cardea_flags", json!({}));
        assert_eq!(people.ask().is_ok(), taken, "{profile:?}");
    }
}
