//! Reading requests, and parameters with a grammar of their own.

use proptest::prelude::*;

use super::super::parameters::{ClaimsParameter, is_s256};
use super::super::{Refused, ResponseType, Sent};
use super::world::CHALLENGE;
use crate::protocol::body::{Members, Writer};

/// The request of a stored login.
pub(in crate::protocol) fn read_back(sent: &Sent) -> Sent {
    let login = Writer::default()
        .object("request", &sent.to_body())
        .finish();
    let members = Members::of("login", &login).unwrap();
    Sent::inside(&members, "request").unwrap()
}

#[test]
fn query_and_form_are_one_request() {
    let sent = Sent::parse(
        Some("client_id=a&state="),
        Some(b"scope=openid+x&resource=r&resource=s"),
    );
    let sent = sent.unwrap();
    assert_eq!(sent.get("client_id"), Some("a"));
    assert_eq!(sent.get("scope"), Some("openid x"));
    assert_eq!(sent.get("state"), None);
    assert_eq!(sent.resources(), ["r", "s"]);
    assert_eq!(sent.repeated(), None);
}

#[test]
fn what_stands_twice_is_known_wherever_it_stands() {
    type Row = (&'static str, &'static str, Option<&'static str>);
    #[rustfmt::skip]
    let rows: [Row; 5] = [
        ("state=a&state=a", "", Some("state")),
        ("state=a", "state=b", Some("state")),
        ("state=&state=b", "", Some("state")),
        ("foo=a&foo=b", "", None),
        ("ext-a=1&ext-a=2", "", Some("ext-a")),
    ];
    for (query, form, repeated) in rows {
        let sent = Sent::parse(Some(query), Some(form.as_bytes())).unwrap();
        assert_eq!(sent.repeated(), repeated, "{query} {form}");
    }
}

/// OIDC-3.1.2.1-readable: a byte that is no UTF-8 is never replaced.
#[test]
fn bytes_that_are_no_text_are_refused() {
    for query in ["state=%ff", "state=%c3%28", "%ff=1"] {
        assert!(
            matches!(Sent::parse(Some(query), None), Err(Refused::Unreadable(_))),
            "{query}"
        );
    }
    let sent = Sent::parse(Some("state=%00%0d%0a%3Cscript%3E%E2%82%AC"), None).unwrap();
    assert_eq!(sent.get("state"), Some("\u{0}\r\n<script>\u{20ac}"));
}

#[test]
fn extensions_are_kept_for_the_pages() {
    let sent = Sent::parse(Some("ext-theme=dark&foo=1&ext-a=b"), None).unwrap();
    assert_eq!(
        sent.extensions().collect::<Vec<_>>(),
        [("ext-a", "b"), ("ext-theme", "dark")]
    );
}

#[test]
fn response_types_are_sets_of_three_words() {
    let due = |code, token, id_token| {
        Some(ResponseType {
            code,
            token,
            id_token,
        })
    };
    for (text, expected) in [
        ("code", due(true, false, false)),
        ("token  id_token", due(false, true, true)),
        ("id_token token code", due(true, true, true)),
        ("", None),
        (" ", None),
        ("none", None),
        ("code code", None),
        ("Code", None),
        ("code\tid_token", None),
    ] {
        assert_eq!(ResponseType::parse(text), expected, "{text:?}");
    }
}

#[test]
fn a_challenge_is_a_digest() {
    assert!(is_s256(CHALLENGE));
    let longer = format!("{CHALLENGE}A");
    let shorter = CHALLENGE.trim_start_matches('E');
    let padded = format!("{CHALLENGE}=");
    for bad in [
        "",
        "a",
        shorter,
        &longer,
        &padded,
        &CHALLENGE.replace('-', "+"),
    ] {
        assert!(!is_s256(bad), "{bad}");
    }
}

/// OIDC-5.5-claims; AUTHZ-52.
#[test]
fn claims_are_the_known_ones() {
    let text = r#"{"id_token": {"email": null, "password_hash": null, "app_metadata": {"essential": true},
        "auth_time": {"essential": true}, "sub": {"value": "auth0|jane"}},
        "userinfo": {"name": {"essential": true}, "acr": {"value": "x"}}}"#;
    let claims = ClaimsParameter::parse(text).unwrap();
    assert_eq!(claims.asked.id_token, ["email", "auth_time"]);
    assert_eq!(claims.asked.userinfo, ["name", "acr"]);
    assert_eq!(claims.user.unwrap().as_str(), "auth0|jane");
    assert_eq!(claims.essential_acr, None);

    let essential = r#"{"id_token": {"acr": {"essential": true, "values": ["a", "b"]}}}"#;
    let claims = ClaimsParameter::parse(essential).unwrap();
    assert_eq!(claims.essential_acr.unwrap(), ["a", "b"]);
    let any = ClaimsParameter::parse(r#"{"id_token": {"acr": {"essential": true}}}"#).unwrap();
    assert_eq!(any.essential_acr, None);

    let deep = format!(
        "{{\"userinfo\": {}1{}}}",
        "{\"a\":".repeat(9),
        "}".repeat(9)
    );
    let deepest = format!(
        "{{\"userinfo\": {}1{}}}",
        "[".repeat(2000),
        "]".repeat(2000)
    );
    for bad in [
        "",
        "1",
        "{",
        &deep,
        &deepest,
        r#"{"id_token": {}, "id_token": {}}"#,
    ] {
        assert!(ClaimsParameter::parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_request_reads_or_fails_and_is_stored_without_loss(query in ".{0,200}", form in ".{0,50}") {
        if let Ok(sent) = Sent::parse(Some(&query), Some(form.as_bytes())) {
            prop_assert_eq!(read_back(&sent), sent);
        }
    }

    #[test]
    fn state_comes_through_as_it_is(state in "[^\\u{0}]{1,50}") {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &state)
            .finish();
        let sent = Sent::parse(Some(&query), None).unwrap();
        prop_assert_eq!(sent.get("state"), Some(state.as_str()));
    }
}
