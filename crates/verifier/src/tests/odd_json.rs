//! JSON that readers understand differently: what is signed says nothing then.

use super::{Case, NOW, forge, good};
use crate::verify;

const RAW: &[(&str, &str, &str, &str)] = &[
    (
        "JWT-11 two alg",
        r#"{"alg":"ES256","alg":"none"}"#,
        "{}",
        "duplicate_member",
    ),
    (
        "JWT-11 escaped kid",
        r#"{"alg":"ES256","kid":"k1","k\u0069d":"k2"}"#,
        "{}",
        "duplicate_member",
    ),
    (
        "JWT-11 two aud",
        r#"{"alg":"ES256"}"#,
        r#"{"aud":"a","aud":"b"}"#,
        "duplicate_member",
    ),
    (
        "JWT-11 escaped sub",
        r#"{"alg":"ES256"}"#,
        r#"{"sub":"a","s\u0075b":"b"}"#,
        "duplicate_member",
    ),
    (
        "JWT-12 exp 1e309",
        r#"{"alg":"ES256"}"#,
        r#"{"exp":1e309}"#,
        "malformed",
    ),
    (
        "JWT-12 exp NaN",
        r#"{"alg":"ES256"}"#,
        r#"{"exp":NaN}"#,
        "malformed",
    ),
    (
        "JWT-12 claims array",
        r#"{"alg":"ES256"}"#,
        "[]",
        "malformed",
    ),
    (
        "JWT-12 trailing bytes",
        r#"{"alg":"ES256"}"#,
        "{} {}",
        "malformed",
    ),
    (
        "JWT-12 mark",
        r#"{"alg":"ES256"}"#,
        "\u{feff}{}",
        "malformed",
    ),
];

#[test]
fn every_odd_json_is_refused() {
    let Case {
        signer,
        policy,
        keys,
        ..
    } = good();
    let policy = policy.build().unwrap();
    for (row, header, claims, reason) in RAW {
        let refusal = verify(&forge(&signer, header, claims), &policy, &keys, NOW).unwrap_err();
        assert_eq!(refusal.reason(), *reason, "{row}");
    }
}
