//! `/userinfo`: which tokens open it, and what they give.

use cardea_jose::{Secret, sha256};
use serde_json::{Map, Value, json};

use super::people::{JANE, People};
use super::world::{NOW, World, rsa};
use crate::model::{ArtefactKind, Body, Profile};
use crate::protocol::bearer::{self, BearerRefusal};
use crate::protocol::raw::Raw;
use crate::protocol::userinfo;
use crate::scope::Scopes;

fn answer(people: &People, raw: &Raw<'_>) -> Result<Map<String, Value>, BearerRefusal> {
    people.with_site(|site| {
        let token = bearer::open(bearer::token(raw)?.expose(), site, people.now)?;
        let facts = people.facts(|facts| userinfo::wanted(&token, facts));
        let decided = userinfo::decide(&token, &facts, site, people.now);
        if let Err(refusal) = &decided.outcome {
            assert_eq!(decided.trace.steps().last().unwrap().rule, refusal.rule);
        }
        let told = decided.outcome.map(|claims| serde_json::to_value(&claims));
        told.map(|told| told.unwrap().as_object().unwrap().clone())
    })
}

fn header(value: &str) -> Raw<'_> {
    Raw {
        query: None,
        authorization: Some(value),
        content_type: None,
        body: &[],
    }
}

fn with(people: &People, token: &str) -> Result<Map<String, Value>, BearerRefusal> {
    answer(people, &header(&format!("Bearer {token}")))
}

type Change = fn(&mut People);

#[test]
fn both_kinds_of_token_give_the_same() {
    for (api, profile) in [
        (true, Profile::Compat),
        (false, Profile::Compat),
        (true, Profile::Strict),
    ] {
        let (people, issued) = People::begun_with(profile, |p| {
            if !api {
                p.grant.audience = None;
            }
        });
        let claims = with(&people, &issued.access_token).unwrap();
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        let expected = [
            "sub",
            "name",
            "given_name",
            "family_name",
            "nickname",
            "picture",
            "gender",
            "birthdate",
            "updated_at",
            "email",
            "email_verified",
        ];
        assert_eq!(names, expected);
        assert_eq!(claims["sub"], JANE);
        let updated = match profile {
            Profile::Compat => json!("2027-01-15T08:00:00.000Z"), // T34
            Profile::Strict => json!(NOW.seconds()),
        };
        assert_eq!(claims["updated_at"], updated);
    }
}

/// USERINFO-05, and the user as it is now.
#[test]
fn scopes_filter_and_values_are_current() {
    let (mut people, issued) = People::begun_with(Profile::Compat, |p| {
        p.grant.scopes = Scopes::parse("openid email").unwrap();
    });
    people.user().email = Some("new@example.com".to_owned());
    let claims = with(&people, &issued.access_token).unwrap();
    let expected = json!({"sub": JANE, "email": "new@example.com", "email_verified": true});
    assert_eq!(Value::Object(claims), expected);
}

#[test]
fn claims_asked_for_by_name_come_too() {
    let (people, issued) = People::begun_with(Profile::Compat, |p| {
        p.grant.audience = None;
        p.grant.scopes = Scopes::parse("openid").unwrap();
        p.grant.claims.userinfo = vec!["birthdate".to_owned(), "password".to_owned()];
    });
    let claims = with(&people, &issued.access_token).unwrap();
    let expected = json!({"sub": JANE, "birthdate": "0000-10-31"});
    assert_eq!(Value::Object(claims), expected);
}

fn damage_all(people: &mut People) {
    for artefact in people.shelf.artefacts.values_mut() {
        artefact.body = Body::from_text("[]".to_owned());
    }
}

/// Rule, what is broken before the tokens are made, after that; status.
#[rustfmt::skip]
const ROWS: &[(&str, Change, Change, u16)] = &[
    ("A0-userinfo-audience", |p| p.grant.scopes = Scopes::parse("read:patients").unwrap(), |_| {}, 401), // JWT-20
    ("OIDC-5.3-openid", |p| { p.grant.audience = None; p.grant.scopes = Scopes::parse("profile").unwrap(); }, |_| {}, 403),
    ("RFC6750-3.1-token", |_| {}, |p| p.now = NOW.plus_seconds(86_400), 401), // JWT-24
    ("RFC6750-3.1-token", |p| p.grant.audience = None, |p| p.now = NOW.plus_seconds(86_400), 401),
    ("RFC6750-3.1-token", |p| p.grant.audience = None, |p| p.shelf.artefacts.clear(), 401),
    ("CARDEA-state-readable", |p| p.grant.audience = None, damage_all, 401),
    ("A0-user-blocked", |_| {}, |p| p.user().blocked = true, 401), // USERINFO-06
    ("CARDEA-user-exists", |_| {}, |p| p.jane = None, 401),
    ("A0-userinfo-audience", |p| { // HS256
        World::member(&mut p.world.api, "signing_alg", json!("HS256"));
        p.world.api.secrets.insert("signing_secret".to_owned(), Secret::new("0123456789abcdef0123".to_owned()));
    }, |_| {}, 401),
    ("RFC6750-3.1-token", |_| {}, |p| { // JWT-25: the key was revoked
        let key = p.world.others.iter_mut().find(|d| d.id == "k1").unwrap();
        World::member(key, "state", json!("revoked"));
    }, 401),
];

#[test]
fn every_single_fault_is_refused() {
    for (rule, before, after, status) in ROWS {
        let (mut people, issued) = People::begun_with(Profile::Compat, before);
        after(&mut people);
        let refusal = with(&people, &issued.access_token).unwrap_err();
        assert_eq!(refusal.rule.id(), *rule);
        assert_eq!(refusal.kind.status(), *status, "{rule}");
        assert!(refusal.challenge().starts_with("Bearer error="));
    }
}

/// Rule 2 of the product, JWT-17: an ID token is told what it is.
#[test]
fn an_id_token_opens_nothing_and_is_named() {
    let (people, issued) = People::begun(Profile::Compat);
    let refusal = with(&people, &issued.id_token.unwrap()).unwrap_err();
    assert_eq!(refusal.rule.id(), "CARDEA-id-token-at-api");
    assert!(refusal.why.contains("ID token"));
}

#[test]
fn where_a_token_may_stand() {
    let (people, issued) = People::begun(Profile::Compat);
    let token = &issued.access_token;
    let form = format!("access_token={token}");
    let twice = format!("{form}&{form}");
    let bearer = format!("Bearer {token}");
    let form_type = Some("application/x-www-form-urlencoded");
    let raw = |query, authorization, body| Raw {
        query,
        authorization,
        content_type: form_type,
        body,
    };
    let none: &[u8] = &[];
    let lower = format!("bearer {token}");
    let (dpop, basic) = (format!("DPoP {token}"), "Basic eDp5".to_owned());
    let rows = [
        ("header", raw(None, Some(&*bearer), none), None),
        ("lower case", raw(None, Some(&*lower), none), None), // USERINFO-03
        ("body", raw(None, None, form.as_bytes()), None),
        ("nothing", raw(None, None, none), Some(401)),
        ("query", raw(Some(&*form), None, none), Some(400)), // USERINFO-01
        (
            "both",
            raw(None, Some(&*bearer), form.as_bytes()),
            Some(400),
        ), // USERINFO-02
        ("twice", raw(None, None, twice.as_bytes()), Some(400)),
        ("another scheme", raw(None, Some(&*dpop), none), Some(401)),
        ("basic", raw(None, Some(&*basic), none), Some(401)),
    ];
    for (what, raw, status) in rows {
        let outcome = answer(&people, &raw);
        let got = outcome.as_ref().err().map(|refusal| refusal.kind.status());
        assert_eq!(got, status, "{what}: {outcome:?}");
        if status == Some(400) {
            assert_eq!(outcome.unwrap_err().rule.id(), "RFC6750-2-one-transport");
        }
    }
}

/// USERINFO-04, JWT-19, JWT-33: what else there is, and that none of it opens the door.
#[test]
fn other_kinds_of_token_open_nothing() {
    let (people, issued) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
    let refresh = issued.refresh_token.unwrap();
    let sign = |typ: &str, claims: Value| {
        rsa()
            .1
            .sign_jwt(typ, claims.to_string().as_bytes())
            .unwrap()
    };
    let common = json!({
        "iss": "https://login.example/", "aud": "https://login.example/userinfo", "sub": JANE,
        "exp": NOW.seconds() + 60, "iat": NOW.seconds(), "azp": "health-sync", "scope": "openid",
    });
    assert!(
        with(&people, &sign("JWT", common.clone())).is_ok(),
        "the good one"
    );
    let but = |name: &str, value: Value| {
        let mut claims = common.clone();
        claims[name] = value;
        claims
    };
    let opaque = &issued.access_token;
    let rows = [
        refresh,
        opaque.chars().take(42).collect(),
        format!("{opaque}x"),
        sign("logout+jwt", common.clone()),
        sign("JWT", but("events", json!({}))),
        sign("JWT", but("iss", json!("https://login.example"))),
        sign(
            "JWT",
            but("aud", json!(["https://login.example/userinfo/"])),
        ),
        sign("JWT", but("exp", json!("1900000000"))),
        sign("JWT", but("azp", json!("gone"))),
        sign("JWT", but("sub", json!("health-sync@clients"))),
        sign("JWT", but("nonce", json!("n"))),
    ];
    for token in rows {
        assert!(with(&people, &token).is_err(), "{token}");
    }
    let digest = sha256(opaque.as_bytes());
    assert!(
        people
            .shelf
            .artefacts
            .contains_key(&(ArtefactKind::Opaque, digest))
    );
}
