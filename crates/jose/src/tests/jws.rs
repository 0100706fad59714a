use proptest::prelude::*;

use super::key;
use crate::{
    Algorithm, Compact, JsonError, MAX_TOKEN_BYTES, Malformed, Refused, SigningKey, VerifyingKey,
    b64,
};

pub(super) const CLAIMS: &[u8] = br#"{"iss":"https://issuer.test/","sub":"jane"}"#;

/// A token with any header, signed by `key` whatever the header says.
pub(super) fn forge(key: &SigningKey, header: &str, claims: &[u8]) -> String {
    let input = format!("{}.{}", b64::encode(header.as_bytes()), b64::encode(claims));
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", b64::encode(&signature))
}

pub(super) fn judge(token: &str, key: &VerifyingKey) -> Result<(), String> {
    let jws = Compact::parse(token).map_err(|e| format!("{e:?}"))?;
    jws.verify(key).map_err(|e| format!("{e:?}"))?;
    jws.claims().map(|_| ()).map_err(|e| format!("{e:?}"))
}

#[test]
fn every_algorithm_signs_a_token_that_verifies() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        for typ in ["JWT", "at+jwt", "logout+jwt"] {
            let token = key.sign_jwt(typ, CLAIMS).unwrap();
            let jws = Compact::parse(&token).unwrap();
            assert_eq!(jws.header().alg, algorithm.as_str());
            assert_eq!(jws.header().kid.as_deref(), key.kid());
            assert!(jws.header().is_typ(typ));
            assert_eq!(jws.payload(), CLAIMS);
            assert_eq!(jws.verify(&key.verifying_key()), Ok(()), "{algorithm}");
        }
    }
}

#[test]
fn the_header_is_the_one_that_clients_know() {
    let header = |key: &SigningKey, typ| {
        let token = key.sign_jwt(typ, CLAIMS).unwrap();
        String::from_utf8(b64::decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    assert_eq!(
        header(&key(Algorithm::Es256), "JWT"),
        r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#
    );
    assert_eq!(
        header(&key(Algorithm::Hs256), "at+jwt"),
        r#"{"alg":"HS256","typ":"at+jwt"}"#
    );
    // a name with a quote can't break out of the header
    let der = SigningKey::generate_pkcs8(Algorithm::EdDsa, crate::RsaBits::B2048).unwrap();
    let odd = SigningKey::from_pkcs8(Algorithm::EdDsa, "a\",\"alg\":\"none", der.expose()).unwrap();
    let token = odd.sign_jwt("JWT", CLAIMS).unwrap();
    assert_eq!(
        Compact::parse(&token).unwrap().header().kid.as_deref(),
        odd.kid()
    );
}

const HEADERS: &[(&str, &str, &str)] = &[
    ("JWT-01 none", r#"{"alg":"none"}"#, "AlgorithmNone"),
    ("JWT-01 None", r#"{"alg":"None"}"#, "AlgorithmNone"),
    ("JWT-01 nOnE", r#"{"alg":"nOnE"}"#, "AlgorithmNone"),
    ("JWT-01 NONE", r#"{"alg":"NONE"}"#, "AlgorithmNone"),
    (
        "JWT-01 empty",
        r#"{"alg":""}"#,
        "AlgorithmMismatch { key: Es256 }",
    ),
    (
        "JWT-01 space",
        r#"{"alg":"none "}"#,
        "AlgorithmMismatch { key: Es256 }",
    ),
    (
        "JWT-01 missing",
        r#"{"typ":"JWT"}"#,
        "HeaderMember(\"alg\")",
    ),
    ("JWT-01 null", r#"{"alg":null}"#, "HeaderMember(\"alg\")"),
    (
        "JWT-01 array",
        r#"{"alg":["ES256"]}"#,
        "HeaderMember(\"alg\")",
    ),
    (
        "JWT-01 lower case",
        r#"{"alg":"es256"}"#,
        "AlgorithmMismatch { key: Es256 }",
    ),
    (
        "JWT-03 another algorithm",
        r#"{"alg":"HS256"}"#,
        "AlgorithmMismatch { key: Es256 }",
    ),
    (
        "JWT-05 kid array",
        r#"{"alg":"ES256","kid":["k1"]}"#,
        "HeaderMember(\"kid\")",
    ),
    (
        "JWT-05 kid number",
        r#"{"alg":"ES256","kid":1}"#,
        "HeaderMember(\"kid\")",
    ),
    (
        "JWT-05 kid null",
        r#"{"alg":"ES256","kid":null}"#,
        "HeaderMember(\"kid\")",
    ),
    (
        "7515-4.1.9 typ number",
        r#"{"alg":"ES256","typ":1}"#,
        "HeaderMember(\"typ\")",
    ),
    (
        "JWT-10 crit exp",
        r#"{"alg":"ES256","crit":["exp"]}"#,
        "Critical",
    ),
    (
        "JWT-10 crit b64",
        r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
        "Critical",
    ),
    (
        "JWT-10 b64 false",
        r#"{"alg":"ES256","b64":false}"#,
        "Critical",
    ),
    (
        "JWT-10 crit empty",
        r#"{"alg":"ES256","crit":[]}"#,
        "Critical",
    ),
    (
        "JWT-10 crit null",
        r#"{"alg":"ES256","crit":null}"#,
        "Critical",
    ),
    (
        "JWT-10 crit escaped",
        r#"{"alg":"ES256","cr\u0069t":[]}"#,
        "Critical",
    ),
    (
        "JWT-11 two alg",
        r#"{"alg":"ES256","alg":"none"}"#,
        "Header(DuplicateMember)",
    ),
    (
        "JWT-11 two kid",
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        "Header(DuplicateMember)",
    ),
    (
        "JWT-11 escaped",
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        "Header(DuplicateMember)",
    ),
    (
        "JWT-12 mark",
        "\u{feff}{\"alg\":\"ES256\"}",
        "Header(ByteOrderMark)",
    ),
    ("JWT-12 trailing", r#"{"alg":"ES256"} x"#, "Header(Syntax)"),
    ("JWT-12 array", r#"["ES256"]"#, "Header(NotAnObject)"),
];

#[test]
fn every_bad_header_is_refused() {
    let key = key(Algorithm::Es256);
    for (row, header, error) in HEADERS {
        let token = forge(&key, header, CLAIMS);
        assert_eq!(
            judge(&token, &key.verifying_key()).unwrap_err(),
            *error,
            "{row}"
        );
        // and without a signature
        let (input, _) = token.rsplit_once('.').unwrap();
        assert!(
            judge(&format!("{input}."), &key.verifying_key()).is_err(),
            "{row} unsigned"
        );
        assert_eq!(
            judge(input, &key.verifying_key()).unwrap_err(),
            "NotCompact",
            "{row} two parts"
        );
    }
}

#[test]
fn jwt_05_an_overlong_kid_is_refused() {
    let key = key(Algorithm::Es256);
    for (len, ok) in [(128, true), (129, false)] {
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(len));
        assert_eq!(
            judge(&forge(&key, &header, CLAIMS), &key.verifying_key()).is_ok(),
            ok
        );
    }
}

#[test]
fn jwt_08_09_keys_in_the_header_are_not_used() {
    let attacker = key(Algorithm::Es256);
    let jwk = serde_json::to_string(&attacker.public_jwk().unwrap()).unwrap();
    let header = format!(
        r#"{{"alg":"ES256","kid":"k1","jwk":{jwk},"jku":"https://attacker.test/","x5u":"https://attacker.test/","x5c":["AA=="]}}"#
    );
    let token = forge(&attacker, &header, CLAIMS);
    let ours = key(Algorithm::Es256);
    assert_eq!(
        judge(&token, &ours.verifying_key()).unwrap_err(),
        "BadSignature"
    );
}

type Rewrite = fn(&str) -> String;

const TEXTS: &[(&str, Rewrite, &str)] = &[
    (
        "JWT-02 signature part removed",
        |t| t.rsplit_once('.').unwrap().0.into(),
        "NotCompact",
    ),
    (
        "JWT-02 signature empty",
        |t| format!("{}.", t.rsplit_once('.').unwrap().0),
        "BadSignature",
    ),
    ("JWT-02 padding", |t| format!("{t}=="), "NotBase64Url"),
    ("JWT-02 a byte more", |t| format!("{t}AA"), "BadSignature"),
    (
        "JWT-02 non-canonical last character",
        non_canonical,
        "NotBase64Url",
    ),
    (
        "JWT-02 standard alphabet",
        |t| t.split_at(t.len() - 1).0.to_owned() + "+",
        "NotBase64Url",
    ),
    ("JWT-02 newline", |t| format!("{t}\n"), "NotBase64Url"),
    ("JWT-02 space before", |t| format!(" {t}"), "NotBase64Url"),
    ("JWT-02 NUL", |t| format!("{t}\0"), "NotBase64Url"),
    (
        "JWT-13 flattened JSON",
        |t| json_form(t, false),
        "NotCompact",
    ),
    ("JWT-13 general JSON", |t| json_form(t, true), "NotCompact"),
    ("JWT-14 a fourth part", |t| format!("{t}.AA"), "NotCompact"),
    ("JWT-14 no dots", |t| t.replace('.', ""), "NotCompact"),
    ("JWT-14 empty", |_| String::new(), "NotCompact"),
    (
        "JWT-14 a million dots",
        |_| ".".repeat(1_000_000),
        "TooLong",
    ),
    (
        "JWT-14 a megabyte",
        |t| format!("{t}{}", "A".repeat(1_000_000)),
        "TooLong",
    ),
    (
        "JWT-16 encrypted",
        |_| "e30.e30.e30.e30.e30".into(),
        "NotCompact",
    ),
];

/// 64 bytes end in a character with four unused bits: any but A, Q, g, w is not canonical.
fn non_canonical(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    let next = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    format!("{rest}{next}")
}

fn json_form(token: &str, general: bool) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let signed = format!(r#""protected":"{}","signature":"{}""#, parts[0], parts[2]);
    let signed = if general {
        format!(r#""signatures":[{{{signed}}}]"#)
    } else {
        signed
    };
    format!(r#"{{"payload":"{}",{signed}}}"#, parts[1])
}

#[test]
fn every_other_text_is_refused() {
    let key = key(Algorithm::Es256);
    let token = key.sign_jwt("JWT", CLAIMS).unwrap();
    for (row, break_it, error) in TEXTS {
        assert_eq!(
            judge(&break_it(&token), &key.verifying_key()).unwrap_err(),
            *error,
            "{row}"
        );
    }
}

#[test]
fn jwt_14_the_limit_is_exact_and_can_be_raised() {
    let key = key(Algorithm::Hs256);
    let claims = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_TOKEN_BYTES));
    let token = key.sign_jwt("JWT", claims.as_bytes()).unwrap();
    assert_eq!(Compact::parse(&token).unwrap_err(), Malformed::TooLong);
    assert!(Compact::parse_within(&token, token.len()).is_ok());
    assert!(Compact::parse_within(&token, token.len() - 1).is_err());
}

#[test]
fn claims_are_read_as_strictly_as_headers() {
    let key = key(Algorithm::Es256);
    for (row, claims, error) in [
        (
            "JWT-11 two aud",
            br#"{"aud":"a","aud":"b"}"#.as_slice(),
            JsonError::DuplicateMember,
        ),
        ("JWT-12 1e309", br#"{"exp":1e309}"#, JsonError::Syntax),
        ("JWT-12 array", b"[]", JsonError::NotAnObject),
        ("JWT-12 nothing", b"", JsonError::Syntax),
    ] {
        let token = forge(&key, r#"{"alg":"ES256"}"#, claims);
        let jws = Compact::parse(&token).unwrap();
        assert_eq!(jws.claims(), Err(Malformed::Claims(error)), "{row}");
    }
}

#[test]
fn typ_is_compared_as_a_media_type() {
    let key = key(Algorithm::Hs256);
    for (typ, same) in [
        ("at+jwt", true),
        ("AT+JWT", true),
        ("application/at+jwt", true),
        ("Application/AT+jwt", true),
        ("JWT", false),
        ("at+jwt ", false),
        ("é", false),
        ("text/at+jwt", false),
    ] {
        let token = key.sign_jwt(typ, CLAIMS).unwrap();
        assert_eq!(
            Compact::parse(&token).unwrap().header().is_typ("at+jwt"),
            same,
            "{typ}"
        );
    }
}

#[test]
fn names_of_algorithms_are_exact() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        let json = serde_json::to_string(&algorithm).unwrap();
        assert_eq!(json, format!("\"{algorithm}\""));
        assert_eq!(serde_json::from_str::<Algorithm>(&json).unwrap(), algorithm);
    }
    for name in ["none", "", "rs256", "RS256 ", "HS512", "ES256K", "EDDSA"] {
        assert!(name.parse::<Algorithm>().is_err(), "{name}");
    }
}

#[test]
fn refusals_name_the_cause() {
    let key = key(Algorithm::Es256);
    let token = forge(&key, r#"{"alg":"none"}"#, CLAIMS);
    let refused = Compact::parse(&token).unwrap().verify(&key.verifying_key());
    assert_eq!(refused, Err(Refused::AlgorithmNone));
}

proptest! {
    #[test]
    fn jwt_02_any_flipped_bit_is_refused(position in any::<prop::sample::Index>(), bit in 0..7_u8) {
        for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Rs256] {
            let key = key(algorithm);
            let mut bytes = key.sign_jwt("JWT", CLAIMS).unwrap().into_bytes();
            let at = position.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let token = String::from_utf8(bytes).unwrap();
            prop_assert!(judge(&token, &key.verifying_key()).is_err(), "{}", token);
        }
    }

    #[test]
    fn random_text_never_panics(text in any::<String>()) {
        let _ = Compact::parse(&text);
    }

    #[test]
    fn random_parts_never_panic(
        header in proptest::collection::vec(any::<u8>(), 0..60),
        payload in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let token = format!("{}.{}.AA", b64::encode(&header), b64::encode(&payload));
        if let Ok(jws) = Compact::parse(&token) {
            let _ = jws.claims();
        }
    }

    #[test]
    fn base64url_has_one_text_per_value(text in "[A-Za-z0-9_-]{0,20}") {
        if let Ok(bytes) = b64::decode(&text) {
            prop_assert_eq!(b64::encode(&bytes), text);
        }
    }
}
