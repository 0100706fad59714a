//! What is remembered, and what people are shown.

use serde_json::json;

use super::{ConsentPage, ConsentRecord, display_name};
use crate::model::{ArtefactKind, Profile};
use crate::protocol::authorize::tests::world::{API, CLIENT, JANE, World};
use crate::protocol::authorize::{Outcome, Progress};
use crate::protocol::body::tests::{members_of, with_member};
use crate::scope::Scopes;
use crate::write::Write;

fn page(world: &World) -> ConsentPage {
    match world.decide().0 {
        Ok(Outcome::Consent(page)) => *page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_consent_is_stored_under_its_name_and_read_back() {
    let mut world = World::new(Profile::Compat);
    for audience in [API, ""] {
        world
            .send("audience", audience)
            .consents("openid read:patients");
        let record = world.consent.clone().unwrap();
        let artefact = record.to_artefact();
        assert_eq!(artefact.kind, ArtefactKind::Consent);
        let checked = world.check().unwrap();
        assert_eq!(artefact.digest, checked.consent_digest(&record.user));
        assert_eq!(ConsentRecord::from_artefact(&artefact).unwrap(), record);
        assert!(artefact.is_live(world.now.plus_seconds(100 * 365 * 86_400)));

        let mut broken = artefact.clone();
        broken.body = with_member(&broken.body, "scope", json!(1));
        assert!(ConsentRecord::from_artefact(&broken).is_err());
        broken = artefact;
        broken.user = None;
        assert!(ConsentRecord::from_artefact(&broken).is_err());
    }
}

#[test]
fn names_keep_users_applications_and_apis_apart() {
    let mut world = World::new(Profile::Compat);
    world.consents("openid");
    let record = world.consent.unwrap();
    let digest = |user: &str, client: &str, api: Option<&str>| {
        ConsentRecord::digest_of(
            &crate::id::UserId::parse(user).unwrap(),
            &crate::id::ClientId::parse(client).unwrap(),
            api.and_then(crate::id::ApiIdentifier::parse).as_ref(),
        )
    };
    let own = digest(JANE, CLIENT, Some(API));
    assert_eq!(own, record.to_artefact().digest);
    for other in [
        digest("auth0|sam", CLIENT, Some(API)),
        digest(JANE, "other", Some(API)),
        digest(JANE, CLIENT, Some("https://other.example")),
        digest(JANE, CLIENT, None),
    ] {
        assert_ne!(own, other);
    }
}

/// auth-semantics 5.4: asked again for the union.
#[test]
fn the_page_shows_what_was_given_and_what_is_new() {
    let mut world = World::new(Profile::Compat);
    world
        .third_party("permissive", "allow_always")
        .consents("openid email");
    let page = page(&world);
    assert_eq!(page.client_name, "Health Web");
    assert!(!page.first_party);
    assert_eq!(page.host.as_deref(), Some("app.example"));
    assert_eq!(page.api.as_deref(), Some("Health API"));
    let items: Vec<(&str, Option<&str>, bool, bool)> = page
        .items
        .iter()
        .map(|item| {
            (
                item.scope.as_str(),
                item.description.as_deref(),
                item.standard,
                item.given,
            )
        })
        .collect();
    assert_eq!(
        items,
        [
            ("profile", None, true, false),
            ("read:patients", Some("See your patients"), false, false),
            ("email", None, true, true),
        ]
    );
}

/// A0-consent-given: stored anew, or in its place; the rest of it stays.
#[test]
fn what_was_accepted_is_remembered_beside_what_was_there() {
    let mut world = World::new(Profile::Compat);
    world.third_party("permissive", "allow_always");
    world.progress = Progress {
        accepted: Some(Scopes::parse("openid profile read:patients write:patients").unwrap()),
        ..Progress::default()
    };
    let written = |world: &World| match world.decide().0 {
        Ok(Outcome::Issue(issue, writes)) => (issue.grant, writes.last().cloned().unwrap()),
        other => panic!("{other:?}"),
    };
    let (grant, write) = written(&world);
    let Write::Put(artefact) = write else {
        panic!("{write:?}")
    };
    // accepted, but not asked for: not given
    assert_eq!(
        members_of(&artefact.body)["scope"],
        "openid profile read:patients"
    );
    assert_eq!(grant.scopes.to_string(), "openid profile read:patients");
    assert_eq!(
        artefact.id.as_deref(),
        grant.consent.as_ref().map(crate::id::ConsentId::as_str)
    );

    world.consents("email");
    let Write::Replace(artefact) = written(&world).1 else {
        panic!()
    };
    assert_eq!(
        members_of(&artefact.body)["scope"],
        "email openid profile read:patients"
    );
    assert_eq!(artefact.revision, 1);
}

/// AUTHZ-47.
#[test]
fn a_name_cannot_pretend() {
    assert_eq!(display_name("Goo\u{202e}gle\u{200b}\n\u{7}"), "Google");
    assert_eq!(display_name(&"x".repeat(4096)).len(), 100);
    assert_eq!(
        display_name("B\u{fc}cher \u{1f4da}"),
        "B\u{fc}cher \u{1f4da}"
    );
}
