use proptest::prelude::*;

use crate::{JsonError, strict_object};

type Row = (&'static str, &'static [u8], JsonError);

const REFUSALS: &[Row] = &[
    (
        "JWT-11 two sub",
        br#"{"sub":"a","sub":"b"}"#,
        JsonError::DuplicateMember,
    ),
    (
        "JWT-11 escaped name",
        br#"{"sub":"a","s\u0075b":"b"}"#,
        JsonError::DuplicateMember,
    ),
    (
        "JWT-11 nested",
        br#"{"a":[{"x":1,"x":1}]}"#,
        JsonError::DuplicateMember,
    ),
    (
        "JWT-12 UTF-16",
        b"\xff\xfe{\0\"\0a\0\"\0:\x001\0}\0",
        JsonError::NotUtf8,
    ),
    ("JWT-12 UTF-16 without mark", b"{\0}\0", JsonError::Syntax),
    ("JWT-12 UTF-32", b"{\0\0\0}\0\0\0", JsonError::Syntax),
    (
        "JWT-12 byte order mark",
        b"\xef\xbb\xbf{}",
        JsonError::ByteOrderMark,
    ),
    (
        "JWT-12 overlong UTF-8",
        b"{\"a\":\"\xc0\xaf\"}",
        JsonError::NotUtf8,
    ),
    ("JWT-12 NaN", br#"{"exp":NaN}"#, JsonError::Syntax),
    ("JWT-12 Infinity", br#"{"exp":Infinity}"#, JsonError::Syntax),
    ("JWT-12 1e309", br#"{"exp":1e309}"#, JsonError::Syntax),
    ("JWT-12 leading zero", br#"{"exp":01}"#, JsonError::Syntax),
    ("JWT-12 trailing comma", br#"{"exp":1,}"#, JsonError::Syntax),
    ("JWT-12 trailing bytes", br"{}x", JsonError::Syntax),
    ("JWT-12 two objects", br"{}{}", JsonError::Syntax),
    ("JWT-12 trailing NUL", b"{}\0", JsonError::Syntax),
    (
        "JWT-12 lone high surrogate",
        br#"{"a":"\ud800"}"#,
        JsonError::Syntax,
    ),
    (
        "JWT-12 lone low surrogate",
        br#"{"a":"\udc00"}"#,
        JsonError::Syntax,
    ),
    (
        "JWT-12 control character",
        b"{\"a\":\"\n\"}",
        JsonError::Syntax,
    ),
    ("JWT-12 array", b"[]", JsonError::NotAnObject),
    ("JWT-12 null", b"null", JsonError::NotAnObject),
    ("JWT-12 string", br#""x""#, JsonError::NotAnObject),
    ("JWT-12 empty", b"", JsonError::Syntax),
];

#[test]
fn every_odd_text_is_refused() {
    for (row, text, error) in REFUSALS {
        assert_eq!(strict_object(text), Err(*error), "{row}");
    }
}

#[test]
fn jwt_12_depth_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(strict_object(nested(16).as_bytes()).is_ok());
    assert_eq!(
        strict_object(nested(17).as_bytes()),
        Err(JsonError::TooDeep)
    );
    assert_eq!(
        strict_object(nested(10_000).as_bytes()),
        Err(JsonError::TooDeep)
    );
    assert_eq!(
        strict_object(format!("{{\"a\":{}", "[".repeat(10_000)).as_bytes()),
        Err(JsonError::TooDeep)
    );
}

#[test]
fn what_is_plain_json_is_read_as_it_stands() {
    let text = r#"{"z":[1,-2,2.5,true,null],"a":{"é":"😀"},"m":9007199254740993}"#;
    let object = strict_object(format!(" {text}\r\n").as_bytes()).unwrap();
    assert_eq!(
        serde_json::Value::from(object),
        text.parse::<serde_json::Value>().unwrap()
    );
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = strict_object(&bytes);
    }

    #[test]
    fn random_json_like_text_never_panics(text in r#"[{}\[\]",:0-9eE+.\\ua-f-]{0,60}"#) {
        let _ = strict_object(text.as_bytes());
    }
}
