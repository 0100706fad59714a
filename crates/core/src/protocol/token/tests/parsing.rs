//! Bodies: forms, JSON, and what is neither.

use super::super::request::{Grant, Raw, TokenRequest};
use proptest::prelude::*;

fn parse(content_type: Option<&str>, body: &str) -> Result<TokenRequest, String> {
    let raw = Raw {
        query: None,
        authorization: None,
        content_type,
        body: body.as_bytes(),
    };
    TokenRequest::parse(raw).map_err(|unreadable| unreadable.refusal.rule().id().to_owned())
}

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");
const JSON: Option<&str> = Some("application/json");
const GOOD: &str = "grant_type=client_credentials&client_id=c&client_secret=s";

#[test]
fn what_is_read() {
    // T16: JSON null and "" mean absent; unknown members are ignored, whatever they hold
    let rows = [
        (FORM, format!("{GOOD}&audience=a&scope=&foo=1&foo=2")),
        (None, format!("{GOOD}&audience=a")),
        (
            JSON,
            r#"{"grant_type":"client_credentials","client_id":"c","client_secret":"s",
            "audience":"a","organization":null,"scope":"","realm":null,"x":{"y":[1]}}"#
                .to_owned(),
        ),
    ];
    for (content_type, body) in rows {
        let request = parse(content_type, &body).unwrap();
        let Grant::ClientCredentials(asked) = request.grant else {
            panic!("another grant");
        };
        assert_eq!(asked.audience.as_deref(), Some("a"));
        assert_eq!((asked.scope, asked.organization), (None, None));
    }
}

#[test]
fn what_is_refused() {
    let many = "&p=".repeat(101);
    // TOKEN-19, TOKEN-51, HTTP-04
    let rows = [
        (
            FORM,
            format!("{GOOD}&grant_type=client_credentials"),
            "RFC6749-3.2-no-repeat",
        ),
        (
            FORM,
            format!("{GOOD}&scope=&scope=a"),
            "RFC6749-3.2-no-repeat",
        ),
        (FORM, format!("{GOOD}{many}"), "RFC6749-3.2-body"),
        (Some("text/plain"), GOOD.to_owned(), "RFC6749-3.2-body"),
        (
            Some("application/jsonx"),
            GOOD.to_owned(),
            "RFC6749-3.2-body",
        ),
        (JSON, GOOD.to_owned(), "RFC6749-3.2-body"),
        (
            JSON,
            r#"{"grant_type":"a","grant_type":"b"}"#.to_owned(),
            "RFC6749-3.2-body",
        ),
        (
            JSON,
            r#"[{"grant_type":"a"}]"#.to_owned(),
            "RFC6749-3.2-body",
        ),
        (
            JSON,
            r#"{"grant_type":["client_credentials"]}"#.to_owned(),
            "CARDEA-parameter-is-text",
        ),
        (
            JSON,
            r#"{"grant_type":{}}"#.to_owned(),
            "CARDEA-parameter-is-text",
        ),
        (
            JSON,
            r#"{"grant_type":7}"#.to_owned(),
            "CARDEA-parameter-is-text",
        ),
        (
            JSON,
            r#"{"grant_type":null}"#.to_owned(),
            "RFC6749-4.4.2-grant-type",
        ),
        (FORM, String::new(), "RFC6749-4.4.2-grant-type"),
        (
            FORM,
            "grant_type=client_credentials&client_id=c&client_assertion=x".to_owned(),
            "RFC7523-2.2-type",
        ),
    ];
    for (content_type, body, rule) in rows {
        assert_eq!(parse(content_type, &body).unwrap_err(), rule, "{body}");
    }
    let raw = Raw {
        query: None,
        authorization: None,
        content_type: FORM,
        body: &[0xff, b'='],
    };
    assert!(TokenRequest::parse(raw).is_err());
}

#[test]
fn basic_is_form_decoded_once() {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode("a%3Ab:s%2Bt+u%2525"); // TOKEN-05
    let header = format!("Basic {encoded}");
    let raw = Raw {
        query: None,
        authorization: Some(&header),
        content_type: FORM,
        body: b"grant_type=client_credentials",
    };
    let request = TokenRequest::parse(raw).unwrap();
    let super::super::super::client_auth::Presented::Basic(id, secret) = request.client else {
        panic!("not basic");
    };
    assert_eq!((id.as_str(), secret.expose().as_str()), ("a:b", "s+t u%25"));
}

proptest! {
    /// HTTP-08: no body makes the parser panic.
    #[test]
    fn any_bytes_are_read_or_refused(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        authorization in "[ -~]{0,60}",
        json in any::<bool>(),
    ) {
        let raw = Raw {
            query: None,
            authorization: Some(&authorization),
            content_type: if json { JSON } else { FORM },
            body: &body,
        };
        drop(TokenRequest::parse(raw));
    }
}
