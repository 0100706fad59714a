//! The device flow: a code is asked for, answered, polled for.

use cardea_jose::sha256;
use serde_json::{Value, json};

use super::people::{People, parts};
use super::world::{API, NOW, World};
use crate::id::ClientId;
use crate::model::{Artefact, ArtefactKind, Profile};
use crate::protocol::device::{self, Answer, DeviceAnswer, DeviceRequest, DeviceState, INTERVAL};
use crate::protocol::profile;
use crate::protocol::session::Device;
use crate::write::Write;

/// In `compat`, and longer than in `strict`.
const LIFETIME: i64 = 900;

type Form = (u16, &'static str);

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn request(more: &str) -> DeviceRequest {
    let form = format!(
        "{}&{more}",
        People::form("scope", "openid offline_access read:patients")
    );
    DeviceRequest::parse(People::raw(&form)).unwrap()
}

/// A code was drawn, and the device polls from now on.
fn drawn(profile: Profile) -> (People, DeviceAnswer) {
    let mut people = People::new(profile);
    for name in ["code", "redirect_uri", "code_verifier"] {
        people.world.send(name, "");
    }
    let request = request(&format!("audience={API}"));
    let mut random = people.random.clone();
    let (answer, writes) = people.with_site(|site| {
        let client = device::decide(&request, site, NOW).outcome.unwrap();
        let place = Device::default();
        device::issue(&request, &client.parsed, &place, (site, NOW), &mut random)
    });
    people.random = random;
    assert!(people.shelf.commit(&writes, NOW));
    people
        .world
        .send("grant_type", DEVICE)
        .send("device_code", &answer.device_code);
    (people, answer)
}

fn state(people: &People, user_code: &str) -> DeviceState {
    let found = &people.shelf.artefacts;
    let digest = device::user_code_digest(user_code);
    let digest = device::device_of(&found[&(ArtefactKind::UserCode, digest)]).unwrap();
    DeviceState::from_artefact(&found[&(ArtefactKind::Device, digest)]).unwrap()
}

fn answer(people: &mut People, user_code: &str, answer: Answer) {
    let writes = state(people, user_code).answered(answer, people.now);
    assert!(people.shelf.commit(&writes.unwrap(), people.now));
}

fn approved(people: &People) -> Answer {
    let mut grant = people.grant.clone();
    grant.session = None;
    grant.nonce = None;
    Answer::Approved(Box::new(grant))
}

#[test]
fn the_answer_is_rfc_8628s() {
    let (_, answer) = drawn(Profile::Compat);
    let shown = serde_json::to_value(&answer).unwrap();
    let names: Vec<&String> = shown.as_object().unwrap().keys().collect();
    let expected = [
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    ];
    assert_eq!(names, expected);
    let code = answer.user_code.as_str();
    assert_eq!(answer.verification_uri, "https://login.example/activate");
    let complete = format!("https://login.example/activate?user_code={code}");
    assert_eq!(answer.verification_uri_complete, complete);
    assert_eq!((answer.expires_in, answer.interval), (LIFETIME, INTERVAL));
    let (_, answer) = drawn(Profile::Strict);
    assert_eq!(answer.expires_in, 600); // TOKEN-37
}

/// The tenant's charset and mask; what leaves too little to guess is not followed (TOKEN-37).
#[test]
fn user_codes_follow_the_tenant() {
    let rows: [(Value, usize, &str); 5] = [
        (json!({}), 8, "BCDFGHJKLMNPQRSTVWXZ"),
        (
            json!({"charset": "base20", "mask": "****-****-**"}),
            10,
            "BCDFGHJKLMNPQRSTVWXZ",
        ),
        (
            json!({"charset": "base20", "mask": "**"}),
            8,
            "BCDFGHJKLMNPQRSTVWXZ",
        ),
        (
            json!({"charset": "digits", "mask": "***-***-***-**"}),
            11,
            "0123456789",
        ),
        (
            json!({"charset": "digits", "mask": "***-***-***"}),
            12,
            "0123456789",
        ),
    ];
    for (setting, letters, charset) in rows {
        let mut people = People::new(Profile::Compat);
        World::member(&mut people.world.settings, "device_flow", setting.clone());
        let mut random = people.random.clone();
        let code = people.with_site(|site| {
            let request = request("");
            let client = device::decide(&request, site, NOW).outcome.unwrap();
            let place = Device::default();
            let drawn = device::issue(&request, &client.parsed, &place, (site, NOW), &mut random);
            drawn.0.user_code
        });
        let bare: String = code.chars().filter(|c| *c != '-').collect();
        assert_eq!(bare.len(), letters, "{setting}: {code}");
        assert!(bare.chars().all(|c| charset.contains(c)), "{code}");
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        assert_eq!(
            device::user_code_digest(&typed),
            device::user_code_digest(&code)
        );
    }
}

#[test]
fn who_may_not_ask_gets_no_device_code() {
    type Row = (&'static str, fn(&mut World), &'static str);
    let rows: [Row; 4] = [
        (
            "A0-client-grant-types",
            |w| World::member(&mut w.client, "grant_types", json!([])),
            "",
        ),
        ("A0-api-known", |_| {}, "audience=https://x.example"),
        (
            "RFC6749-2.3.1-secret",
            |w| {
                w.client.secrets.clear();
            },
            "",
        ),
        (
            "A0-subject-type-user",
            |w| {
                let policy = json!({"user": {"policy": "deny_all"}});
                World::member(&mut w.api, "subject_type_authorization", policy);
            },
            "audience=https://example.com/health-api",
        ),
    ];
    for (rule, change, more) in rows {
        let mut people = People::new(Profile::Compat);
        change(&mut people.world);
        let decided = people.with_site(|site| device::decide(&request(more), site, NOW));
        assert_eq!(decided.outcome.unwrap_err().rule().id(), rule);
        assert_eq!(decided.trace.steps().last().unwrap().rule.id(), rule);
    }
}

#[test]
fn an_approved_device_gets_its_tokens_once() {
    let (mut people, shown) = drawn(Profile::Compat);
    let yes = approved(&people);
    answer(&mut people, &shown.user_code, yes);
    people.now = NOW.plus_seconds(5);
    let issued = people.ask().unwrap();
    let (_, id) = parts(issued.id_token.as_ref().unwrap());
    assert_eq!((id.get("nonce"), id.get("sid")), (None, None)); // T5
    assert!(issued.refresh_token.is_some());
    let again = people.ask().unwrap_err(); // TOKEN-39
    assert_eq!(again.rule().id(), "RFC8628-3.4-device-code");
}

/// TOKEN-39: seconds of each question, and what is answered.
#[test]
fn who_asks_too_early_waits_longer_each_time() {
    const PENDING: Form = (403, "authorization_pending");
    const SLOW: Form = (429, "slow_down");
    let (mut people, _) = drawn(Profile::Compat);
    let steps = [
        (0, PENDING, "User has yet to authorize device code."),
        (5, PENDING, "User has yet to authorize device code."),
        (
            6,
            SLOW,
            "You are polling faster than the specified interval of 5 seconds.",
        ),
        (
            12,
            SLOW,
            "You are polling faster than the specified interval of 10 seconds.",
        ),
        (27, PENDING, "User has yet to authorize device code."),
    ];
    for (seconds, expected, text) in steps {
        people.now = NOW.plus_seconds(seconds);
        let refusal = people.ask().unwrap_err();
        let compat = profile::wire(&refusal, Profile::Compat);
        assert_eq!((compat.status, compat.error), expected, "at {seconds} s");
        assert_eq!(compat.description, text);
        let rule = if expected == SLOW {
            "RFC8628-3.5-interval"
        } else {
            "RFC8628-3.5-pending"
        };
        assert_eq!(refusal.rule().id(), rule);
        let strict = profile::wire(&refusal, Profile::Strict); // RFC 8628 3.5
        assert_eq!((strict.status, strict.error), (400, expected.1));
    }
}

#[test]
fn denied_expired_and_stolen_codes_are_refused() {
    type Break = fn(&mut People, &str);
    #[rustfmt::skip]
    let rows: [(&str, Break, Form, Form, &str); 7] = [
        ("RFC8628-3.5-denied", |p, code| answer(p, code, Answer::Denied), (403, "access_denied"), (400, "access_denied"),
            "User cancelled the confirmation prompt."),
        ("RFC8628-3.5-expiry", |p, _| p.now = NOW.plus_seconds(LIFETIME), (403, "expired_token"), (400, "expired_token"),
            "The device code has expired."),
        ("RFC8628-3.4-device-code", |p, _| { p.world.send("device_code", "another"); }, (403, "invalid_grant"), (400, "invalid_grant"),
            "Invalid or expired device code."),
        ("RFC8628-3.4-client", |p, _| {
            let found = p.shelf.artefacts.values_mut().find(|a| a.kind == ArtefactKind::Device);
            found.unwrap().client = ClientId::parse("other");
        }, (403, "invalid_grant"), (400, "invalid_grant"), "Invalid or expired device code."),
        ("A0-user-blocked", |p, code| {
            let yes = approved(p);
            answer(p, code, yes);
            p.user().blocked = true; // TOKEN-41
        }, (403, "unauthorized"), (400, "invalid_grant"), "user is blocked"),
        ("CARDEA-user-exists", |p, code| {
            let yes = approved(p);
            answer(p, code, yes);
            p.jane = None;
        }, (403, "invalid_grant"), (400, "invalid_grant"), "Invalid or expired device code."),
        ("RFC6749-5.2-parameter-required", |p, _| { p.world.send("device_code", ""); }, (400, "invalid_request"), (400, "invalid_request"),
            "Missing required parameter: device_code"),
    ];
    for (rule, break_it, compat, strict, text) in rows {
        for (profile, expected) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let (mut people, shown) = drawn(profile);
            break_it(&mut people, &shown.user_code);
            let refusal = people.ask().unwrap_err();
            let wire = profile::wire(&refusal, profile);
            assert_eq!(refusal.rule().id(), rule, "{refusal:?}");
            assert_eq!((wire.status, wire.error), expected, "{rule}");
            assert_eq!(wire.description, text, "{rule}");
        }
    }
}

/// auth-semantics 2.5: it is said once, then the code is unknown.
#[test]
fn expiry_is_said_once() {
    let (mut people, _) = drawn(Profile::Compat);
    people.now = NOW.plus_seconds(LIFETIME);
    assert_eq!(people.ask().unwrap_err().rule().id(), "RFC8628-3.5-expiry");
    assert_eq!(
        people.ask().unwrap_err().rule().id(),
        "RFC8628-3.4-device-code"
    );
}

/// TOKEN-40, CVE-2023-2585, and one answer alone.
#[test]
fn an_answer_is_for_the_application_that_asked_and_given_once() {
    let (mut people, shown) = drawn(Profile::Compat);
    let asked = state(&people, &shown.user_code);
    let mut foreign = people.grant.clone();
    foreign.client = ClientId::parse("other").unwrap();
    assert!(
        asked
            .answered(Answer::Approved(Box::new(foreign)), NOW)
            .is_none()
    );
    let late = NOW.plus_seconds(LIFETIME);
    assert!(asked.answered(Answer::Denied, late).is_none());
    let denied: [Write; 2] = asked.answered(Answer::Denied, NOW).unwrap();
    let yes = approved(&people);
    answer(&mut people, &shown.user_code, yes);
    assert!(!people.shelf.commit(&denied, NOW), "the second answer");
}

#[test]
fn nothing_that_is_handed_out_is_stored() {
    let (people, shown) = drawn(Profile::Compat);
    let digest = sha256(shown.device_code.as_bytes());
    assert!(
        people
            .shelf
            .artefacts
            .contains_key(&(ArtefactKind::Device, digest))
    );
    let stored: Vec<String> = people
        .shelf
        .artefacts
        .values()
        .map(|artefact: &Artefact| format!("{artefact:?}"))
        .collect();
    assert!(!stored.iter().any(|text| text.contains(&shown.device_code)));
}
