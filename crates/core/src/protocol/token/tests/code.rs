//! `authorization_code`: one good exchange, each row breaks one thing.

use serde_json::json;

use super::people::{CALLBACK, CHALLENGE, JANE, People, VERIFIER, parts};
use super::world::{API, CLIENT, NOW, World};
use crate::id::{ClientId, UserId};
use crate::model::{ArtefactKind, Profile, Revoke};
use crate::protocol::body::tests::without_member;
use crate::protocol::profile;
use crate::protocol::rules::Rule;
use crate::write::Write;

type Break = fn(&mut People);
type Form = (u16, &'static str);

const GRANT: Form = (403, "invalid_grant");
const STRICT: Form = (400, "invalid_grant");
const BAD: Form = (400, "invalid_request");
const CODE: &str = "Invalid authorization code";
const PKCE: &str = "Failed to verify code verifier";

/// The code's session is another user's.
fn of_somebody_else(people: &mut People) {
    for artefact in people.shelf.artefacts.values_mut() {
        artefact.user = UserId::parse("auth0|somebody");
    }
}

/// Rule, what is broken before the code is stored, compat, strict, the whole text.
#[rustfmt::skip]
const ROWS: &[(&str, Break, Form, Form, &str)] = &[
    ("RFC6749-5.2-parameter-required", |p| { p.world.send("code", ""); }, BAD, BAD, "Missing required parameter: code"),
    ("A0-client-grant-types", |p| World::member(&mut p.world.client, "grant_types", json!(["refresh_token"])), // TOKEN-18
        (403, "unauthorized_client"), (400, "unauthorized_client"), "Grant type 'authorization_code' not allowed for the client."),
    ("RFC6749-4.1.3-code", |p| { p.world.send("code", "another"); }, GRANT, STRICT, CODE),
    // AUTHZ-10, CVE-2026-55672; CVE-2026-28513: each of them alone
    ("RFC6749-4.1.3-code-client", |p| p.grant.client = ClientId::parse("other").unwrap(), GRANT, STRICT, CODE),
    ("RFC6749-4.1.2-expiry", |p| p.now = NOW.plus_seconds(60), GRANT, STRICT, CODE),
    // REDIR-21: another callback, none, one that was not asked for, one more slash
    ("RFC6749-4.1.3-redirect-uri", |p| { p.world.send("redirect_uri", "https://evil.example/x?y"); }, (403, "unauthorized_client"), STRICT,
        "The redirect URI is wrong. You sent https://evil.example, and we expected https://app.example"),
    ("RFC6749-4.1.3-redirect-uri", |p| { p.world.send("redirect_uri", ""); }, (403, "unauthorized_client"), STRICT,
        "The redirect URI is wrong. You sent none, and we expected https://app.example"),
    ("RFC6749-4.1.3-redirect-uri", |p| p.grant.redirect_uri = None, (403, "unauthorized_client"), STRICT,
        "The redirect URI is wrong. You sent https://app.example, and we expected none"),
    ("RFC6749-4.1.3-redirect-uri", |p| { p.world.send("redirect_uri", &format!("{CALLBACK}/")); }, (403, "unauthorized_client"), STRICT,
        "The redirect URI is wrong. You sent https://app.example, and we expected https://app.example"),
    // AUTHZ-04, CVE-2023-48228: none, and an empty one, which is none
    ("RFC7636-4.6-verifier", |p| { p.world.send("code_verifier", ""); }, GRANT, STRICT, PKCE),
    ("RFC7636-4.6-verifier", |p| p.world.send("code_verifier", "").form.push(("code_verifier", Some(String::new()))), GRANT, STRICT, PKCE),
    // AUTHZ-05: another one, too short, too long, a space, padding
    ("RFC7636-4.6-verifier", |p| { p.world.send("code_verifier", &"x".repeat(43)); }, GRANT, STRICT, PKCE),
    ("RFC7636-4.6-verifier", |p| fitting(p, &"x".repeat(42)), GRANT, STRICT, PKCE),
    ("RFC7636-4.6-verifier", |p| fitting(p, &"x".repeat(129)), GRANT, STRICT, PKCE),
    ("RFC7636-4.6-verifier", |p| fitting(p, &format!("{VERIFIER} ")), GRANT, STRICT, PKCE),
    ("RFC7636-4.6-verifier", |p| fitting(p, &format!("{VERIFIER}=")), GRANT, STRICT, PKCE),
    // AUTHZ-05: a challenge sent as its own verifier (plain) does not fit
    ("RFC7636-4.6-verifier", |p| { p.world.send("code_verifier", CHALLENGE); }, GRANT, STRICT, PKCE),
    ("RFC7636-4.6-verifier", |p| p.grant.challenge = Some(VERIFIER.to_owned()), GRANT, STRICT, PKCE),
    // AUTHZ-03, CVE-2024-23647, RFC 9700 2.1.1: the downgrade
    ("RFC7636-4.6-verifier", |p| p.grant.challenge = None, GRANT, STRICT, PKCE),
    ("CARDEA-code-session-alive", |p| p.shelf.artefacts.clear(), GRANT, STRICT, CODE), // LOGOUT-10
    ("CARDEA-code-session-alive", of_somebody_else, GRANT, STRICT, CODE),
    ("CARDEA-user-exists", |p| p.jane = None, GRANT, STRICT, CODE),
    ("A0-user-blocked", |p| p.user().blocked = true, (403, "unauthorized"), STRICT, "user is blocked"), // T7
    ("A0-api-known", |p| p.grant.audience = crate::id::ApiIdentifier::parse("https://gone.example"), (403, "access_denied"), (400, "invalid_target"),
        "Service not enabled within domain: https://gone.example"),
];

/// A verifier that is malformed, and fits: only its form is wrong.
fn fitting(people: &mut People, verifier: &str) {
    let digest = cardea_jose::sha256(verifier.as_bytes());
    people.grant.challenge = Some(cardea_jose::b64::encode(&digest));
    people.world.send("code_verifier", verifier);
}

#[test]
fn every_single_fault_is_refused_in_both_profiles() {
    for (rule, break_it, compat, strict, text) in ROWS {
        for (profile, expected) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut people = People::new(profile);
            break_it(&mut people);
            let refusal = people.issue_code().ask().unwrap_err();
            let wire = profile::wire(&refusal, profile);
            assert_eq!(refusal.rule().id(), *rule, "{refusal:?}");
            assert_eq!((wire.status, wire.error), *expected, "{rule} {profile:?}");
            assert_eq!(wire.description, *text, "{rule}");
        }
    }
}

/// `CARDEA-code-burned`: what a code is bound to. Without one of these the code is used up.
const BOUND: [&str; 3] = [
    "RFC6749-4.1.3-code-client",
    "RFC6749-4.1.3-redirect-uri",
    "RFC7636-4.6-verifier",
];

#[test]
fn a_refused_exchange_uses_up_a_code_that_somebody_stole_and_nothing_else() {
    for (rule, break_it, ..) in ROWS {
        let mut people = People::new(Profile::Compat);
        break_it(&mut people);
        people.issue_code();
        let Ok(_) = people.request() else { continue };
        let (decided, _) = people.decide();
        let burned = BOUND.contains(rule);
        let consumes = matches!(
            decided.writes.as_slice(),
            [Write::Consume(ArtefactKind::Code, _, NOW)]
        );
        assert_eq!(consumes, burned, "{rule}: {:?}", decided.writes);
        assert!(burned || decided.writes.is_empty(), "{rule}");
        let steps = decided.trace.steps();
        let named = steps.iter().any(|step| step.rule == Rule::CodeBurned);
        assert_eq!(named, burned, "{rule}");
        assert_eq!(steps.last().unwrap().rule.id(), *rule);
    }
}

/// AUTHZ-03 to -05, AUTHZ-10, REDIR-21: the right request that follows gets nothing.
#[test]
fn a_burned_code_is_good_for_nobody() {
    let rows: [(Break, Break); 4] = [
        (
            |p| {
                p.world.send("code_verifier", &"x".repeat(43));
            },
            |p| {
                p.world.send("code_verifier", VERIFIER);
            },
        ),
        (
            |p| {
                p.world.send("code_verifier", "");
            },
            |p| {
                p.world.send("code_verifier", VERIFIER);
            },
        ),
        (
            |p| {
                p.world
                    .send("redirect_uri", "https://app.example/callback/");
            },
            |p| {
                p.world.send("redirect_uri", CALLBACK);
            },
        ),
        (
            |p| {
                p.shelf.artefacts.values_mut().for_each(|artefact| {
                    if artefact.kind == ArtefactKind::Code {
                        artefact.client = ClientId::parse("other");
                    }
                });
            },
            |p| {
                p.shelf.artefacts.values_mut().for_each(|artefact| {
                    if artefact.kind == ArtefactKind::Code {
                        artefact.client = ClientId::parse(CLIENT);
                    }
                });
            },
        ),
    ];
    for (at, (break_it, mend)) in rows.into_iter().enumerate() {
        let mut people = People::new(Profile::Strict);
        people.issue_code();
        break_it(&mut people);
        people.ask().unwrap_err();
        mend(&mut people);
        let refusal = people.ask().unwrap_err();
        assert_eq!(refusal.rule().id(), "RFC6749-4.1.2-single-use", "{at}");
    }
}

/// AUTHZ-10: another client that brings a code which was used already ends nothing: it could shut
/// out the user of a code that it only saw.
#[test]
fn a_used_code_in_other_hands_revokes_nothing() {
    let mut people = People::new(Profile::Compat);
    people.issue_code().ask().unwrap();
    for artefact in people.shelf.artefacts.values_mut() {
        if artefact.kind == ArtefactKind::Code {
            artefact.client = ClientId::parse("other");
        }
    }
    let (decided, _) = people.decide();
    assert_eq!(decided.outcome.unwrap_err().rule(), Rule::CodeClient);
    assert!(decided.writes.is_empty());
}

#[test]
fn a_good_exchange_gives_three_tokens_once() {
    let mut people = People::new(Profile::Compat);
    let issued = people.issue_code().ask().unwrap();
    let (_, access) = parts(&issued.access_token);
    let (_, id) = parts(issued.id_token.as_ref().unwrap());
    assert_eq!(
        access["aud"],
        json!([API, "https://login.example/userinfo"])
    );
    assert_eq!((&id["aud"], &id["sub"]), (&json!(CLIENT), &json!(JANE)));
    assert_eq!(id["nonce"], "n-1");
    assert!(issued.refresh_token.is_some());
    assert_eq!(people.shelf.of(ArtefactKind::Family).len(), 1);
    let code = people.shelf.of(ArtefactKind::Code)[0];
    assert_eq!(code.consumed_at, Some(NOW));
}

/// RFC 6749 4.1.2: what the first use issued dies with the second.
#[test]
fn a_replay_revokes_what_the_first_use_issued() {
    for api in [true, false] {
        let mut people = People::new(Profile::Compat);
        if !api {
            people.grant.audience = None;
        }
        people.issue_code().ask().unwrap();
        let opaque = people.shelf.of(ArtefactKind::Opaque).len();
        assert_eq!(opaque, usize::from(!api));
        let refusal = people.ask().unwrap_err();
        assert_eq!(refusal.rule().id(), "RFC6749-4.1.2-single-use");
        assert_eq!(profile::wire(&refusal, Profile::Compat).description, CODE);
        for kind in [ArtefactKind::Family, ArtefactKind::Opaque] {
            assert!(people.shelf.of(kind).is_empty(), "{kind:?}");
        }
    }
}

/// Two redeemers read the same facts; the loser's guard fails, and on fresh facts it revokes.
#[test]
fn the_loser_of_a_race_revokes() {
    let mut people = People::new(Profile::Compat);
    people.issue_code();
    let (loser, _) = people.decide();
    people.ask().unwrap();
    assert!(!people.shelf.commit(&loser.writes, NOW));
    let (again, _) = people.decide();
    assert!(again.outcome.is_err());
    let revokes = matches!(again.writes.as_slice(), [Write::Revoke(Revoke::Group(_))]);
    assert!(revokes, "{:?}", again.writes);
}

/// Trap T22, `A0-refresh-token-issued`: no refresh token without `offline_access`, nor for an
/// application that may not use one.
#[test]
fn a_refresh_token_is_for_who_may_use_it() {
    let rows: [(Break, bool); 3] = [
        (|_| {}, true),
        (
            |p| p.grant.scopes = ["openid", "read:patients"].into_iter().collect(),
            false,
        ),
        (
            |p| {
                let code = json!(["authorization_code"]);
                World::member(&mut p.world.client, "grant_types", code);
            },
            false,
        ),
    ];
    for (change, expected) in rows {
        let mut people = People::new(Profile::Compat);
        change(&mut people);
        let issued = people.issue_code().ask().unwrap();
        assert_eq!(issued.refresh_token.is_some(), expected);
    }
}

/// `A0-refresh-token-cap`: the 201st family of a user and application sends the oldest away.
#[test]
fn the_oldest_of_two_hundred_families_goes() {
    let (mut people, _) = People::begun(Profile::Compat);
    let template = people.shelf.of(ArtefactKind::Family)[0].clone();
    people.shelf.artefacts.clear();
    for n in 0..200_u8 {
        let mut family = template.clone();
        family.digest = [n; 32];
        family.id = Some(format!("family-{n}"));
        people.shelf.put(family);
    }
    let mut other = People::new(Profile::Compat);
    other.shelf.artefacts.extend(people.shelf.artefacts);
    other.issue_code().ask().unwrap();
    assert_eq!(other.shelf.of(ArtefactKind::Family).len(), 200);
    let gone = other.shelf.by_id(ArtefactKind::Family, "family-0");
    assert!(gone.is_none());
}

#[test]
fn state_that_cannot_be_read_refuses() {
    let mut people = People::new(Profile::Compat);
    let mut code = people.code();
    code.body = without_member(&code.body, "scope");
    people.shelf.put(code);
    let refusal = people.ask().unwrap_err();
    assert_eq!(refusal.rule().id(), "CARDEA-state-readable");
    assert_eq!(profile::wire(&refusal, Profile::Compat).status, 500);
}
