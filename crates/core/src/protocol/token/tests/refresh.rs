//! `refresh_token`: rotation, reuse, leeway, ends, scopes, several APIs.

use serde_json::{Value, json};

use super::people::{OTHER_API, People, parts};
use super::world::{API, NOW, World};
use crate::id::ClientId;
use crate::model::{ArtefactKind, Profile};
use crate::protocol::profile;
use crate::protocol::token::family::Family;
use crate::protocol::token::{Circumstances, event};

type Break = fn(&mut People);
type Form = (u16, &'static str);

const DAY: i64 = 86_400;
const GRANT: Form = (403, "invalid_grant");
const STRICT: Form = (400, "invalid_grant");
const UNKNOWN: &str = "Unknown or invalid refresh token.";

fn settings(people: &mut People, name: &str, value: Value) {
    let settings = people.world.client.body.get_mut("refresh_token").unwrap();
    settings[name] = value;
}

fn policy(people: &mut People, audience: &str, scopes: &[&str]) {
    let policies = json!([{"audience": audience, "scope": scopes}]);
    settings(people, "policies", policies);
}

/// Rule, what is broken, compat, strict, the whole text, whether the family dies.
#[rustfmt::skip]
const ROWS: &[(&str, Break, Form, Form, &str, bool)] = &[
    ("RFC6749-5.2-parameter-required", |p| { p.world.send("refresh_token", ""); },
        (400, "invalid_request"), (400, "invalid_request"), "Missing required parameter: refresh_token", false),
    ("A0-client-grant-types", |p| World::member(&mut p.world.client, "grant_types", json!(["authorization_code"])),
        (403, "unauthorized_client"), (400, "unauthorized_client"), "Grant type 'refresh_token' not allowed for the client.", false),
    ("RFC6749-6-refresh-token", |p| { p.world.send("refresh_token", "v1.another"); }, GRANT, STRICT, UNKNOWN, false),
    // TOKEN-26
    ("RFC6749-6-client", |p| {
        let family = p.shelf.artefacts.values_mut().find(|a| a.kind == ArtefactKind::Family).unwrap();
        family.client = ClientId::parse("other");
    }, GRANT, STRICT, UNKNOWN, true),
    // TOKEN-29
    ("A0-refresh-token-lifetime", |p| p.now = NOW.plus_seconds(15 * DAY), GRANT, STRICT, UNKNOWN, false),
    // TOKEN-28
    ("CARDEA-user-exists", |p| p.jane = None, GRANT, STRICT, "The refresh_token was generated for a user who doesn't exist anymore.", false),
    ("A0-user-blocked", |p| p.user().blocked = true, (403, "unauthorized"), STRICT, "user is blocked", false),
    ("RFC6749-6-refresh-token", |p| p.shelf.artefacts.retain(|(kind, _), _| *kind != ArtefactKind::Family), GRANT, STRICT, UNKNOWN, false),
    // TOKEN-27
    ("A0-refresh-token-policies", |p| { p.world.send("audience", OTHER_API); }, (403, "access_denied"), (400, "invalid_target"),
        "The refresh token is not good for the audience https://example.com/legacy-api.", false),
    ("RFC6749-3.3-scope", |p| { p.world.send("scope", "\"x\""); }, (400, "invalid_scope"), (400, "invalid_scope"),
        "The parameter 'scope' holds a character that no scope can have.", false),
    ("A0-subject-type-user", |p| World::member(&mut p.world.api, "subject_type_authorization", json!({"user": {"policy": "deny_all"}})),
        (403, "access_denied"), (400, "unauthorized_client"), "Users get no tokens for \"https://example.com/health-api\" by this client.", false),
];

#[test]
fn every_single_fault_is_refused_in_both_profiles() {
    for (rule, break_it, compat, strict, text, dies) in ROWS {
        for (profile, expected) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let (mut people, _) = People::begun(profile);
            break_it(&mut people);
            let before = people.shelf.of(ArtefactKind::Family).len();
            let refusal = people.ask().unwrap_err();
            let wire = profile::wire(&refusal, profile);
            assert_eq!(refusal.rule().id(), *rule, "{refusal:?}");
            assert_eq!((wire.status, wire.error), *expected, "{rule} {profile:?}");
            assert_eq!(wire.description, *text, "{rule}");
            let after = people.shelf.of(ArtefactKind::Family).len();
            assert_eq!(before - after, usize::from(*dies), "{rule}");
        }
    }
}

#[test]
fn rotation_gives_a_new_token_and_an_id_token_without_nonce() {
    let (mut people, first) = People::begun(Profile::Compat);
    people.now = NOW.plus_seconds(100);
    let second = people.ask().unwrap();
    assert!(second.refresh_token.is_some() && second.refresh_token != first.refresh_token);
    let (_, id) = parts(second.id_token.as_ref().unwrap());
    assert_eq!(id.get("nonce"), None); // T5
    assert_eq!(
        id.get("sid"),
        parts(first.id_token.as_ref().unwrap()).1.get("sid")
    );
    let (_, access) = parts(&second.access_token);
    assert_eq!(access["gty"], "refresh_token");
    assert_eq!(
        second.scope.as_deref(),
        Some("openid profile email read:patients offline_access")
    );
}

/// TOKEN-20, -22, -23: order is the counter's, and reuse takes the consent along.
#[test]
fn reuse_kills_the_family_and_the_consent() {
    let (mut people, first) = People::begun(Profile::Compat);
    let consent = people.grant.consent.as_ref().unwrap().to_string();
    let mut stored = people.code();
    stored.kind = ArtefactKind::Consent;
    stored.id = Some(consent.clone());
    people.shelf.put(stored);
    let second = people.ask().unwrap();
    people.refresh(first.refresh_token.as_ref().unwrap());

    let request = people.request().unwrap();
    let (decided, facts) = people.decide();
    let circumstances = Circumstances {
        id: crate::id::LogId::new(NOW, 1, 1),
        at: NOW,
        ip: "192.0.2.1".to_owned(),
        user_agent: None,
        hostname: "login.example".to_owned(),
    };
    let event = event(&request, &decided, &facts, circumstances);
    assert_eq!(event.event.code(), "ferrt");
    assert_eq!(event.details["tokenCounter"], 1);
    assert_eq!(event.details["latestCounter"], 2);
    let family = people.shelf.of(ArtefactKind::Family)[0];
    assert_eq!(event.details["familyId"].as_str(), family.id.as_deref());
    // the live one, one before it, one that is not remembered
    let numbers = |token| Family::numbers(family, &token).unwrap();
    let read = Family::from_artefact(family).unwrap();
    assert_eq!(numbers(read.token), (Some(2), 2));
    assert_eq!(numbers(read.spent[0].token), (Some(1), 2));
    assert_eq!(numbers([7; 32]), (None, 2));

    let refusal = people.ask().unwrap_err();
    assert_eq!(refusal.rule().id(), "RFC9700-4.14.2-reuse");
    assert!(
        people
            .shelf
            .by_id(ArtefactKind::Consent, &consent)
            .is_none()
    );
    people.refresh(second.refresh_token.as_ref().unwrap());
    let dead = people.ask().unwrap_err();
    assert_eq!(dead.rule().id(), "RFC6749-6-refresh-token");
}

/// TOKEN-25: leeway 3 s. Seconds, generation presented, whether it is taken.
#[test]
fn the_leeway_is_for_the_immediate_predecessor_alone() {
    type Row = (&'static str, &'static [(i64, usize, bool)]);
    let rows: [Row; 5] = [
        ("again after 2 s", &[(0, 1, true), (2, 1, true)]),
        ("again after 4 s", &[(0, 1, true), (4, 1, false)]),
        (
            "2 s, then 4 s: the leeway is not prolonged",
            &[(0, 1, true), (2, 1, true), (4, 1, false)],
        ),
        (
            "the second-to-last inside the leeway",
            &[(0, 1, true), (1, 2, true), (2, 1, false)],
        ),
        (
            "the newest goes on",
            &[(0, 1, true), (2, 1, true), (9, 3, true)],
        ),
    ];
    for (what, steps) in rows {
        let (mut people, first) =
            People::begun_with(Profile::Compat, |p| settings(p, "leeway", json!(3)));
        let mut tokens = vec![first.refresh_token.unwrap()];
        for (seconds, generation, taken) in steps {
            people.now = NOW.plus_seconds(*seconds);
            people.refresh(&tokens[generation - 1].clone());
            let (decided, _) = people.decide();
            let leeway = decided
                .trace
                .to_json()
                .to_string()
                .contains("A0-refresh-token-leeway");
            let outcome = people.ask();
            assert_eq!(outcome.is_ok(), *taken, "{what} at {seconds} s");
            if let Ok(issued) = outcome {
                let newest = tokens.len() == *generation;
                assert_eq!(leeway, !newest, "{what}");
                tokens.push(issued.refresh_token.unwrap());
            }
        }
    }
}

#[test]
fn a_token_that_does_not_rotate_stays_and_its_idle_time_begins_again() {
    let (mut people, first) = People::begun_with(Profile::Compat, |p| {
        settings(p, "rotation_type", json!("non-rotating"));
    });
    for day in [14, 28] {
        people.now = NOW.plus_seconds(day * DAY);
        let issued = people.ask().unwrap();
        assert_eq!(issued.refresh_token, None);
    }
    // at the same moment nothing needs to be written
    let (decided, _) = people.decide();
    assert!(decided.outcome.is_ok() && decided.writes.is_empty());
    // TOKEN-29: the end of all is not moved
    people.now = NOW.plus_seconds(30 * DAY);
    let refusal = people.ask().unwrap_err();
    assert_eq!(refusal.rule().id(), "A0-refresh-token-lifetime");
    assert!(first.refresh_token.is_some());
}

#[test]
fn rotation_does_not_move_the_end_of_all() {
    let (mut people, _) = People::begun(Profile::Compat);
    for day in [10, 20, 29] {
        people.now = NOW.plus_seconds(day * DAY);
        let issued = people.ask().unwrap();
        people.refresh(&issued.refresh_token.unwrap());
    }
    people.now = NOW.plus_seconds(30 * DAY);
    assert!(people.ask().is_err());
}

/// What is asked, what comes in compat, what in strict (`None`: refused).
#[test]
fn scope_narrows_and_the_token_keeps_what_it_has() {
    let all = "openid profile email read:patients offline_access";
    let rows = [
        ("", Some(all), Some(all)),
        ("openid", Some("openid"), Some("openid")),
        (
            "read:patients",
            Some("read:patients"),
            Some("read:patients"),
        ),
        ("read:patients write:patients", Some("read:patients"), None),
    ];
    for (asked, compat, strict) in rows {
        for (profile, expected) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let (mut people, _) = People::begun(profile);
            people.world.send("scope", asked);
            let outcome = people.ask();
            let Some(expected) = expected else {
                let refusal = outcome.unwrap_err();
                assert_eq!(refusal.rule().id(), "RFC6749-6-scope-narrows"); // TOKEN-27
                continue;
            };
            let issued = outcome.unwrap();
            assert_eq!(issued.scope.as_deref(), Some(expected), "{asked}");
            assert_eq!(issued.id_token.is_some(), expected.contains("openid"));
            // T43
            people.refresh(&issued.refresh_token.unwrap());
            people.world.send("scope", "");
            assert_eq!(people.ask().unwrap().scope.as_deref(), Some(all));
        }
    }
}

/// TOKEN-28: what the user no longer holds, it no longer gives.
#[test]
fn permissions_are_looked_at_anew() {
    let (mut people, _) = People::begun_with(Profile::Compat, |p| {
        World::member(&mut p.world.api, "enforce_policies", json!(true));
        World::member(
            &mut p.world.api,
            "token_dialect",
            json!("access_token_authz"),
        );
    });
    let first = people.ask().unwrap();
    let (_, claims) = parts(&first.access_token);
    assert_eq!(
        claims["permissions"],
        json!(["read:patients", "read:admin"])
    ); // T26
    people.refresh(&first.refresh_token.unwrap());
    let jane = people.jane.as_mut().unwrap();
    jane.roles.clear();
    jane.permissions = vec![People::permission(API, "write:patients")];
    let second = people.ask().unwrap();
    let (_, claims) = parts(&second.access_token);
    assert_eq!(claims["permissions"], json!(["write:patients"]));
    assert_eq!(
        second.scope.as_deref(),
        Some("openid profile email offline_access")
    );
}

fn is_third_party(people: &mut People) {
    World::member(&mut people.world.client, "is_first_party", json!(false));
    let mode = json!("permissive");
    World::member(&mut people.world.client, "third_party_security_mode", mode);
}

fn asks_for_consent(people: &mut People) {
    let mut others = people.world.others.iter_mut();
    let api = others.find(|d| d.body.get("identifier") == Some(&json!(OTHER_API)));
    let member = "skip_consent_for_verifiable_first_party_clients";
    World::member(api.unwrap(), member, json!(false));
}

/// Several APIs by one refresh token: what the policies give, and to whom.
#[rustfmt::skip]
const SWITCHES: [(&str, Break, bool); 5] = [
    ("a policy", |p| policy(p, OTHER_API, &["read:other", "read:unknown"]), true),
    ("another API", |p| policy(p, "https://x.example", &["read:other"]), false),
    ("an API that asks for consent", |p| { policy(p, OTHER_API, &["read:other"]); asks_for_consent(p); }, false),
    ("a third party", |p| { policy(p, OTHER_API, &["read:other"]); is_third_party(p); }, false),
    ("the API it is for anyway", |p| { p.world.send("audience", API); }, true),
];

#[test]
fn policies_switch_the_api() {
    for (what, change, taken) in SWITCHES {
        let (mut people, _) = People::begun(Profile::Compat);
        people.world.send("audience", OTHER_API);
        change(&mut people);
        let outcome = people.ask();
        assert_eq!(outcome.is_ok(), taken, "{what}");
        let issued = match outcome {
            Ok(issued) => issued,
            Err(refusal) => {
                assert_eq!(refusal.rule().id(), "A0-refresh-token-policies", "{what}");
                continue;
            }
        };
        let (_, claims) = parts(&issued.access_token);
        if what == "a policy" {
            assert_eq!(claims["aud"][0], OTHER_API);
            let scope = "openid profile email offline_access read:other";
            assert_eq!(issued.scope.as_deref(), Some(scope));
            // T6: an ID token comes all the same; the family is still about the first API
            assert!(issued.id_token.is_some());
            people.refresh(&issued.refresh_token.unwrap());
            people.world.send("audience", "");
            let back = people.ask().unwrap();
            assert_eq!(parts(&back.access_token).1["aud"][0], API);
        }
    }
}

#[test]
fn a_default_audience_changes_nothing_for_a_token_without_an_api() {
    let (mut people, first) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
    assert!(!first.access_token.contains('.')); // T10
    World::member(&mut people.world.settings, "default_audience", json!(API));
    let second = people.ask().unwrap();
    assert!(!second.access_token.contains('.'));
}
