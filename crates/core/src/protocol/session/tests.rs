//! Sessions in time.

use serde_json::json;

use super::{Device, LoggedIn, Method, SessionRecord};
use crate::id::ClientId;
use crate::model::{Body, LoginSettings, Profile};
use crate::protocol::authorize::tests::world::{DATABASE, JANE, NOW, World};
use crate::protocol::body::tests::with_member;
use crate::random::Seeded;
use crate::time::Timestamp;

const HOUR: i64 = 3600;

fn settings(member: &str, value: serde_json::Value) -> LoginSettings {
    let mut world = World::new(Profile::Compat);
    world.set_tenant(member, value);
    world.tenant().settings.parsed.login.clone()
}

fn login(user: &str) -> LoggedIn {
    LoggedIn {
        user: crate::id::UserId::parse(user).unwrap(),
        connection: DATABASE.to_owned(),
        method: "pwd",
        device: Device {
            ip: "192.0.2.1".to_owned(),
            user_agent: Some("x".to_owned()),
        },
    }
}

fn session(settings: &LoginSettings) -> (SessionRecord, String) {
    SessionRecord::new(
        login(JANE),
        None,
        settings,
        NOW,
        &mut Seeded::new("session"),
    )
}

#[test]
fn lifetimes_are_hours_or_minutes_and_may_be_fractions() {
    #[rustfmt::skip]
    let rows = [
        ("session_lifetime", json!(null), 168 * HOUR),
        ("session_lifetime", json!(1), HOUR),
        ("session_lifetime", json!(0.25), 900),
        ("session_lifetime_in_minutes", json!(10), 600),
        ("session_lifetime_in_minutes", json!(0.5), 30),
    ];
    for (member, value, expected) in rows {
        assert_eq!(
            settings(member, value).persistent.absolute,
            expected,
            "{member}"
        );
    }
    let defaults = settings("x", json!(1));
    assert_eq!(defaults.persistent.idle, 72 * HOUR);
    assert_eq!(defaults.ephemeral.absolute, 72 * HOUR);
    assert_eq!(defaults.ephemeral.idle, 24 * HOUR);
}

/// A0-session-live; auth-semantics 6.2; SESSION-05.
#[test]
fn a_session_ends_by_age_and_by_idleness() {
    let settings = settings("x", json!(1));
    let (mut session, _) = session(&settings);
    let client = ClientId::parse("c").unwrap();
    let at = |hours: i64| NOW.plus_seconds(hours * HOUR);
    assert!(session.is_usable(&settings, at(72).plus_seconds(-1)));
    assert!(!session.is_usable(&settings, at(72)));
    for hours in [60, 120] {
        session.touch(&client, &settings, at(hours));
        assert!(session.is_usable(&settings, at(hours)));
    }
    // idleness never outlives the absolute end
    session.touch(&client, &settings, at(160));
    assert_eq!(session.idle_expires_at, at(168));
    assert!(session.is_usable(&settings, at(168).plus_seconds(-1)));
    assert!(!session.is_usable(&settings, at(168)));
    assert_eq!(session.to_artefact().expires_at, at(168));
}

#[test]
fn lowering_a_lifetime_counts_at_once_and_raising_it_later() {
    let before = settings("x", json!(1));
    let (session, _) = session(&before);
    let lower = settings("session_lifetime", json!(1));
    assert!(!session.is_usable(&lower, NOW.plus_seconds(HOUR)));
    let mut higher = before;
    higher.persistent.absolute *= 10;
    higher.persistent.idle *= 10;
    assert!(!session.is_usable(&higher, NOW.plus_seconds(72 * HOUR)));
}

#[test]
fn a_session_that_ends_with_the_browser_has_lifetimes_of_its_own() {
    let settings = settings("session_cookie", json!({"mode": "non-persistent"}));
    let (session, _) = session(&settings);
    assert!(!session.persistent);
    assert_eq!(session.expires_at, NOW.plus_seconds(72 * HOUR));
    assert_eq!(session.idle_expires_at, NOW.plus_seconds(24 * HOUR));
}

/// Trap T29, auth-semantics 6.11, attack SESSION-01.
#[test]
fn logging_in_again_changes_the_cookie_and_keeps_sid_for_the_same_user_alone() {
    let settings = settings("x", json!(1));
    let (mut before, cookie) = session(&settings);
    before.touch(&ClientId::parse("c").unwrap(), &settings, NOW);
    assert_eq!(SessionRecord::digest_of(&cookie), before.digest);
    assert_eq!(cookie.len(), 43);
    let later = NOW.plus_seconds(10);
    let random = &mut Seeded::new("again");
    let (again, second) = SessionRecord::new(login(JANE), Some(&before), &settings, later, random);
    assert_eq!(again.id, before.id);
    assert_eq!(again.clients, before.clients);
    assert_ne!(second, cookie);
    assert_eq!(again.authenticated_at, later);
    let sam = login("auth0|sam");
    let (other, third) = SessionRecord::new(sam, Some(&before), &settings, later, random);
    assert_ne!(other.id, before.id);
    assert!(other.clients.is_empty());
    assert!(third != cookie && third != second);
}

#[test]
fn a_session_is_stored_and_read_back() {
    let settings = settings("x", json!(1));
    let (mut session, cookie) = session(&settings);
    session.touch(
        &ClientId::parse("c").unwrap(),
        &settings,
        NOW.plus_seconds(5),
    );
    let artefact = session.to_artefact();
    assert_eq!(SessionRecord::from_artefact(&artefact).unwrap(), session);
    assert!(!artefact.body.as_str().contains(&cookie));
    for member in [
        "connection",
        "authenticated_at",
        "expires_at",
        "first_device",
    ] {
        let mut broken = artefact.clone();
        broken.body = with_member(&broken.body, member, json!([]));
        let damaged = SessionRecord::from_artefact(&broken).unwrap_err();
        assert_eq!(damaged.member, member);
    }
    let mut broken = artefact;
    broken.id = None;
    assert!(SessionRecord::from_artefact(&broken).is_err());
}

/// It outlives many a version.
#[test]
fn what_stands_in_the_database_stays_readable() {
    let (session, _) = session(&settings("x", json!(1)));
    let mut artefact = session.to_artefact();
    artefact.body = Body::from_text(
        concat!(
            r#"{"connection":"Users","authenticated_at":1,"last_used_at":2,"idle_expires_at":3,"#,
            r#""expires_at":4,"persistent":true,"clients":["a","b"],"first_device":{"ip":"::1"},"#,
            r#""last_device":{"ip":"192.0.2.1","user_agent":"x \"y\""},"#,
            r#""methods":[{"name":"pwd","at":5}],"metadata":{"a":{"b":[1.5]}}}"#
        )
        .to_owned(),
    );
    let at = Timestamp::from_millis;
    let read = SessionRecord::from_artefact(&artefact).unwrap();
    let expected = SessionRecord {
        connection: "Users".to_owned(),
        authenticated_at: at(1),
        last_used_at: at(2),
        idle_expires_at: at(3),
        expires_at: at(4),
        persistent: true,
        clients: ["a", "b"].map(|id| ClientId::parse(id).unwrap()).to_vec(),
        first_device: Device {
            ip: "::1".to_owned(),
            user_agent: None,
        },
        last_device: Device {
            ip: "192.0.2.1".to_owned(),
            user_agent: Some("x \"y\"".to_owned()),
        },
        methods: vec![Method {
            name: "pwd".to_owned(),
            at: at(5),
        }],
        metadata: json!({"a": {"b": [1.5]}}).as_object().cloned(),
        ..session
    };
    assert_eq!(read, expected);
    assert_eq!(read.to_artefact().body, artefact.body);
    for (member, value) in [
        ("methods", json!([{"name": "pwd"}])),
        ("methods", json!({})),
        ("clients", json!([""])),
        ("last_device", json!({"ip": 1})),
        ("persistent", json!(null)),
        ("metadata", json!([])),
    ] {
        let mut broken = artefact.clone();
        broken.body = with_member(&broken.body, member, value);
        SessionRecord::from_artefact(&broken).unwrap_err();
    }
}
