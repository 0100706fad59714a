//! What a device asked for (RFC 8628) is answered like any other request, but for the way back.

use super::*;
use crate::protocol::authorize::tests::parsing::read_back;
use crate::protocol::authorize::{Sent, check};
use crate::protocol::user_scopes::Site;

fn decided(prepare: Prepare, client: &str) -> Result<Decided, Refused> {
    let mut world = World::new(Profile::Strict);
    world.native("http://127.0.0.1/cb");
    world.set(
        "grant_types",
        json!([
            "urn:ietf:params:oauth:grant-type:device_code",
            "refresh_token"
        ]),
    );
    prepare(&mut world);
    let asked = [
        ("client_id", Some(client)),
        (
            "scope",
            Some("openid offline_access read:patients write:patients"),
        ),
        (
            "audience",
            Some(crate::protocol::authorize::tests::world::API),
        ),
    ];
    let sent = Sent::for_device("QTZL-MCBW", asked, &[]);
    assert_eq!(read_back(&sent), sent);
    let (tenant, issuer) = (world.tenant(), World::issuer());
    let site = Site {
        tenant: &tenant,
        issuer: &issuer,
    };
    let checked = check(&sent, site).map_err(|rejected| {
        assert!(matches!(rejected.answer, Answer::Page(_)));
        rejected.refused
    })?;
    assert_eq!(checked.device(), Some("QTZL-MCBW"));
    let facts = world.facts(&tenant, &issuer);
    Ok(begin(&checked, facts, [0; 32], &mut Seeded::new("device")))
}

const CLIENT: &str = crate::protocol::authorize::tests::world::CLIENT;

#[test]
fn a_user_answers_a_device() {
    type Row = (Prepare, &'static str);
    #[rustfmt::skip]
    let rows: [Row; 4] = [
        (|_| {}, "issue"),
        (|w| w.session = None, "login"),
        (third_party, "consent"),
        // nobody can tell one device from another
        (|w| { third_party(w); w.consents("openid offline_access read:patients"); }, "consent"),
    ];
    for (prepare, expected) in rows {
        let decided = decided(prepare, CLIENT).unwrap();
        assert_eq!(at(&decided), expected);
        if let Next::Issue(issue) = decided.next {
            let grant = issue.grant;
            assert_eq!(
                grant.scopes.to_string(),
                "openid offline_access read:patients"
            );
            assert_eq!((grant.redirect_uri, grant.challenge), (None, None));
            assert!(!issue.due.code && !issue.due.is_front_channel());
        }
    }
}

/// A0-response-type-grant.
#[test]
fn what_is_wrong_with_it_stays_on_a_page() {
    let rule = |prepare: Prepare, client| decided(prepare, client).unwrap_err().rule().id();
    assert_eq!(rule(|_| {}, "nobody"), "RFC6749-4.1.2.1-client");
    let bare: Prepare = |w| {
        w.set("grant_types", json!(["authorization_code"]));
    };
    assert_eq!(rule(bare, CLIENT), "A0-response-type-grant");
    let denied: Prepare = |w| {
        w.set_api(
            "subject_type_authorization",
            json!({"user": {"policy": "deny_all"}}),
        );
    };
    assert_eq!(rule(denied, CLIENT), "A0-subject-type-user");
}
