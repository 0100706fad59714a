//! `/oauth/revoke` (RFC 7009).

use serde_json::json;

use super::people::People;
use super::world::{CLIENT, World};
use crate::id::ClientId;
use crate::model::{ArtefactKind, Profile};
use crate::protocol::profile;
use crate::protocol::revoke::{self, Decided, RevokeRequest, Revoked};

fn decide(people: &People, body: &str) -> Decided {
    let request = RevokeRequest::parse(People::raw(body)).unwrap();
    people.with_site(|site| {
        let facts = people.facts(|facts| request.wanted(facts));
        revoke::decide(&request, &facts, site, people.now)
    })
}

/// INTROSPECT-07: the family, its tokens, and the opaque access token that came of it.
#[test]
fn a_refresh_token_takes_everything_along() {
    let (mut people, issued) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
    let decided = decide(
        &people,
        &People::form("token", &issued.refresh_token.unwrap()),
    );
    assert!(matches!(
        decided.outcome,
        Ok(Revoked::Family { user: Some(_), .. })
    ));
    assert!(people.shelf.commit(&decided.writes, people.now));
    for kind in [ArtefactKind::Family, ArtefactKind::Opaque] {
        assert!(people.shelf.of(kind).is_empty(), "{kind:?}");
    }
    assert_eq!(
        people.ask().unwrap_err().rule().id(),
        "RFC6749-6-refresh-token"
    );
}

#[test]
fn an_opaque_token_goes_alone() {
    let (mut people, issued) = People::begun_with(Profile::Compat, |p| p.grant.audience = None);
    let decided = decide(&people, &People::form("token", &issued.access_token));
    assert!(matches!(decided.outcome, Ok(Revoked::Opaque { .. })));
    assert!(people.shelf.commit(&decided.writes, people.now));
    assert!(people.shelf.of(ArtefactKind::Opaque).is_empty());
    assert!(people.ask().is_ok());
}

#[test]
fn the_consent_goes_too_where_the_tenant_says_so() {
    for (flag, writes) in [(false, 1), (true, 2)] {
        let (people, issued) = People::begun_with(Profile::Compat, |p| {
            let flags = json!({"revoke_refresh_token_grant": flag});
            World::member(&mut p.world.settings, "flags", flags);
        });
        let decided = decide(
            &people,
            &People::form("token", &issued.refresh_token.unwrap()),
        );
        assert_eq!(decided.writes.len(), writes);
    }
}

/// `RFC7009-2.1-own`, T21, INTROSPECT-06: 200 without effect.
#[test]
fn what_is_not_there_or_not_ones_own_is_revoked_without_effect() {
    let (mut people, issued) = People::begun(Profile::Compat);
    let token = issued.refresh_token.unwrap();
    for leaf in people.shelf.artefacts.values_mut() {
        leaf.client = ClientId::parse("other");
    }
    for token in [token.as_str(), "v1.unknown", issued.access_token.as_str()] {
        let decided = decide(&people, &People::form("token", token));
        assert_eq!(decided.outcome, Ok(Revoked::Nothing), "{token}");
        assert!(decided.writes.is_empty());
        assert_eq!(
            decided.trace.steps().last().unwrap().rule.id(),
            "RFC7009-2.1-own"
        );
    }
}

#[test]
fn who_asks_says_who_it_is_and_what_it_means() {
    let nothing = RevokeRequest::parse(People::raw(&People::form("x", "y"))).unwrap_err();
    assert_eq!(nothing.rule().id(), "RFC7009-2.1-token");
    let wire = profile::wire_registered(&nothing);
    assert_eq!((wire.status, wire.error), (400, "invalid_request"));
    assert_eq!(wire.description, "Missing required parameter: token");

    // INTROSPECT-10
    let (people, issued) = People::begun(Profile::Compat);
    let token = issued.refresh_token.unwrap();
    let decided = decide(&people, &format!("client_id={CLIENT}&token={token}"));
    let wire = profile::wire_registered(&decided.outcome.unwrap_err());
    assert_eq!((wire.status, wire.error), (401, "invalid_client"));
    assert!(decided.writes.is_empty());
}

#[test]
fn a_public_client_revokes_its_own() {
    let (people, issued) = People::begun_with(Profile::Compat, |p| {
        World::member(
            &mut p.world.client,
            "token_endpoint_auth_method",
            json!("none"),
        );
        p.world.send("client_secret", "");
    });
    let token = issued.refresh_token.unwrap();
    let body = format!("client_id={CLIENT}&token={token}&token_type_hint=refresh_token");
    assert!(matches!(
        decide(&people, &body).outcome,
        Ok(Revoked::Family { .. })
    ));
}
