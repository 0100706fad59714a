//! A grant is what it was.

use proptest::option::of;
use proptest::prelude::*;
use serde_json::json;

use super::{ClaimsAsked, UserGrant};
use crate::id::{ApiIdentifier, ClientId, ConsentId, SessionId, UserId};
use crate::protocol::body::tests::{with_member, without_member};
use crate::scope::Scopes;
use crate::time::Timestamp;

fn grant() -> UserGrant {
    UserGrant {
        client: ClientId::parse("c").unwrap(),
        user: UserId::parse("auth0|jane").unwrap(),
        connection: "Users".to_owned(),
        session: SessionId::parse("s"),
        audience: ApiIdentifier::parse("https://api"),
        scopes: Scopes::parse("openid read:x offline_access").unwrap(),
        permissions: Some(Scopes::default()),
        auth_time: Timestamp::from_millis(1_234_567),
        shows_auth_time: true,
        nonce: Some("n".to_owned()),
        acr: Some("mfa".to_owned()),
        amr: vec!["mfa".to_owned()],
        redirect_uri: Some("https://app/cb".to_owned()),
        challenge: Some("abc".to_owned()),
        claims: ClaimsAsked {
            id_token: vec!["email".to_owned()],
            userinfo: Vec::new(),
        },
        consent: ConsentId::parse("abc"),
    }
}

proptest! {
    #[test]
    fn writing_and_reading_keeps_everything(
        scopes in "[a-c:]{1,3}( [a-c:]{1,3}){0,4}",
        permissions in of("[a-c]{0,3}"),
        texts in proptest::array::uniform4(of(".{0,20}")),
        list in proptest::collection::vec(".{0,9}", 0..3),
        (time, shows, whole) in (any::<i64>(), any::<bool>(), any::<bool>()),
    ) {
        let [nonce, acr, redirect_uri, challenge] = texts;
        let before = UserGrant {
            scopes: Scopes::parse(&scopes).unwrap(),
            permissions: permissions.map(|text| Scopes::parse(&text).unwrap()),
            auth_time: Timestamp::from_millis(time),
            shows_auth_time: shows,
            nonce, acr, redirect_uri, challenge,
            amr: list.clone(),
            claims: ClaimsAsked { id_token: Vec::new(), userinfo: list },
            session: grant().session.filter(|_| whole),
            audience: grant().audience.filter(|_| whole),
            consent: grant().consent.filter(|_| whole),
            ..grant()
        };
        prop_assert_eq!(UserGrant::from_body(&before.to_body()).unwrap(), before);
    }
}

#[test]
fn no_permissions_are_not_the_same_as_no_claim() {
    let with = grant();
    let without = UserGrant {
        permissions: None,
        ..grant()
    };
    assert_ne!(with.to_body(), without.to_body());
}

#[test]
fn what_is_damaged_is_never_replaced_by_a_default() {
    for member in ["client", "user", "connection", "scope", "auth_time"] {
        let body = without_member(&grant().to_body(), member);
        assert_eq!(UserGrant::from_body(&body).unwrap_err().member, member);
    }
    for (member, value) in [
        ("user", json!("")),
        ("scope", json!("a\"b")),
        ("permissions", json!(["a"])),
        ("auth_time", json!("now")),
        ("shows_auth_time", json!("yes")),
        ("session", json!(null)),
        ("amr", json!([1])),
        ("consent", json!(7)),
    ] {
        let body = with_member(&grant().to_body(), member, value);
        let damaged = UserGrant::from_body(&body).unwrap_err();
        assert_eq!(damaged.member, member);
        assert!(damaged.to_string().contains("user grant"));
    }
}

/// Traps T5 and T42.
#[test]
fn later_tokens_are_made_without_what_belongs_to_the_first_ones() {
    let later = grant().for_refresh();
    assert_eq!(
        (later.nonce, later.challenge, later.redirect_uri),
        (None, None, None)
    );
    assert!(later.acr.is_none() && later.amr.is_empty());
    assert_eq!(later.scopes, grant().scopes);
    assert_eq!(later.session, grant().session);
}
