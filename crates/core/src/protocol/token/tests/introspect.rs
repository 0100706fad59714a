//! `/oauth/introspect` (RFC 7662).

use serde_json::{Value, json};

use super::people::{JANE, People};
use super::world::{API, CLIENT, ISSUER, NOW, SECRET, World};
use crate::model::{Document, Kind, Profile};
use crate::protocol::body::tests::with_member;
use crate::protocol::introspect::{self, IntrospectRequest};
use crate::protocol::profile;
use crate::protocol::refusal::Refusal;

fn ask(people: &People, body: &str) -> Result<Value, Refusal> {
    let request = IntrospectRequest::parse(People::raw(body))?;
    people.with_site(|site| {
        let token = request.open(site, people.now);
        let facts = people.facts(|facts| introspect::wanted(&request, token.as_ref(), facts));
        let decided = introspect::decide(&request, token.as_ref(), &facts, site, people.now);
        decided.outcome.map(Value::Object)
    })
}

fn own(people: &People, token: &str) -> Value {
    ask(people, &People::form("token", token)).unwrap()
}

#[test]
fn own_tokens_are_described() {
    let (people, issued) = People::begun(Profile::Compat);
    let scope = "openid profile email read:patients offline_access";
    let expected = json!({
        "active": true, "client_id": CLIENT, "token_type": "Bearer", "scope": scope, "sub": JANE,
        "iss": ISSUER, "iat": NOW.seconds(), "exp": NOW.seconds() + 86_400,
        "aud": [API, "https://login.example/userinfo"],
    });
    assert_eq!(own(&people, &issued.access_token), expected);
    let expected = json!({
        "active": true, "scope": scope, "client_id": CLIENT, "sub": JANE, "iss": ISSUER,
        "iat": NOW.seconds(), "exp": NOW.seconds() + 1_296_000,
    });
    assert_eq!(own(&people, &issued.refresh_token.unwrap()), expected);

    let (people, issued) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
    let answer = own(&people, &issued.access_token);
    assert_eq!(answer["active"], true);
    assert_eq!(answer["aud"], "https://login.example/userinfo");
}

type Change = fn(&mut People);

/// INTROSPECT-04, JWT-17: rule `RFC7662-2.2-active`. Which token, what happens to it.
#[test]
fn what_is_not_live_is_not_active_and_says_no_more() {
    let rows: [(&str, Change); 5] = [
        ("expired", |p| p.now = NOW.plus_seconds(40 * 86_400)),
        ("blocked", |p| p.user().blocked = true),
        ("gone", |p| p.jane = None),
        ("revoked", |p| p.shelf.artefacts.clear()),
        ("rotated", |p| drop(p.ask().unwrap())),
    ];
    for (what, change) in rows {
        let (mut people, issued) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
        change(&mut people);
        assert_eq!(
            own(&people, &issued.refresh_token.unwrap()),
            json!({"active": false}),
            "{what}"
        );
        if what != "rotated" {
            assert_eq!(
                own(&people, &issued.access_token),
                json!({"active": false}),
                "{what}"
            );
        }
    }
    let (people, issued) = People::begun(Profile::Compat);
    for token in [issued.id_token.as_deref().unwrap(), "a.b.c", "nothing"] {
        assert_eq!(own(&people, token), json!({"active": false}), "{token}");
    }
}

/// What is damaged is no token that has ended: somebody must look at it.
#[test]
fn damage_is_not_taken_for_the_end() {
    for member in ["scope", "claims", "grant"] {
        let (mut people, issued) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
        for artefact in people.shelf.artefacts.values_mut() {
            artefact.body = with_member(&artefact.body, member, json!(1));
        }
        let token = match member {
            "grant" => issued.refresh_token.unwrap(),
            _ => issued.access_token,
        };
        let refusal = ask(&people, &People::form("token", &token)).unwrap_err();
        assert_eq!(refusal.rule().id(), "CARDEA-state-readable", "{member}");
        assert_eq!(profile::wire_registered(&refusal).status, 500);
    }
}

/// INTROSPECT-02: rule `RFC7662-4-own`. Another client sees tokens of the API linked to it.
#[test]
fn another_client_sees_what_is_for_its_api() {
    for (linked, active) in [(false, false), (true, true)] {
        let (mut people, issued) = People::begun(Profile::Compat);
        let mut other = Document::new(Kind::Client, "api-client", 0);
        other.body = people.world.client.body.clone();
        other.secrets = people.world.client.secrets.clone();
        people.world.others.push(other);
        if linked {
            World::member(&mut people.world.api, "client_id", json!("api-client"));
        }
        let refresh = issued.refresh_token.unwrap();
        for (token, expected) in [(&issued.access_token, active), (&refresh, false)] {
            let body = format!("client_id=api-client&client_secret={SECRET}&token={token}");
            assert_eq!(ask(&people, &body).unwrap()["active"], expected, "{linked}");
        }
    }
}

/// INTROSPECT-01.
#[test]
fn who_asks_proves_who_it_is() {
    let (people, issued) = People::begun_with(Profile::Compat, |p| {
        World::member(
            &mut p.world.client,
            "token_endpoint_auth_method",
            json!("none"),
        );
        p.world.send("client_secret", "");
    });
    let body = format!("client_id={CLIENT}&token={}", issued.access_token);
    let refusal = ask(&people, &body).unwrap_err();
    assert_eq!(refusal.rule().id(), "RFC7662-2.1-authenticated");
    assert_eq!(profile::wire_registered(&refusal).status, 401);
    let refusal = ask(&people, "client_id=x&client_secret=y&token=z").unwrap_err();
    assert_eq!(profile::wire_registered(&refusal).error, "invalid_client");
}
