use serde_json::{Value, json};

use super::{jwks, signing_key};
use crate::{Algorithm, JsonError, JwksError, KeySet};

#[test]
fn bad_keys_are_skipped_and_remembered() {
    let good = signing_key(Algorithm::Es256, "good");
    let rsa = serde_json::to_value(signing_key(Algorithm::Rs256, "rsa").public_jwk()).unwrap();
    let with = |name: &str, value: Value| {
        let mut key = rsa.clone();
        key[name] = value;
        key
    };
    let document = json!({"keys": [
        good.public_jwk(),
        with("d", json!("AQAB")),               // JWT-27
        with("k", json!("AQAB")),               // JWT-27
        {"kty": "oct", "k": "AyM1SysPpbyDfg"},  // JWT-27
        with("e", json!("Aw")),                 // JWT-28
        with("n", json!("AQAB")),               // JWT-28
        with("use", json!("enc")),
        with("alg", json!("none")),             // JWT-01
        with("alg", json!("HS256")),            // JWT-03
        with("kid", json!(["k"])),              // JWT-05
        {"kty": "EC", "crv": "P-192", "x": "AA", "y": "AA"}, // JWT-28
        "text",
        null,
    ]});
    let set = KeySet::from_jwks(document.to_string().as_bytes()).unwrap();
    assert_eq!((set.len(), set.skipped().len()), (1, 12));
    assert!(set.skipped().iter().all(|skipped| !skipped.why.is_empty()));
    assert_eq!(set.skipped()[0].kid.as_deref(), Some("rsa"));
}

#[test]
fn a_jwks_that_could_mean_two_things_is_refused() {
    for (row, text, error) in [
        (
            "JWT-11 two lists",
            r#"{"keys":[],"keys":[]}"#,
            JwksError::Json(JsonError::DuplicateMember),
        ),
        (
            "JWT-11 two n",
            r#"{"keys":[{"n":"a","n":"b"}]}"#,
            JwksError::Json(JsonError::DuplicateMember),
        ),
        ("no list", "{}", JwksError::NoKeys),
        ("not a list", r#"{"keys":{}}"#, JwksError::NoKeys),
        (
            "a page of HTML",
            "<html>",
            JwksError::Json(JsonError::Syntax),
        ),
    ] {
        assert_eq!(
            KeySet::from_jwks(text.as_bytes()).unwrap_err(),
            error,
            "{row}"
        );
    }
}

#[test]
fn an_rsa_key_without_alg_is_rs256_and_no_more() {
    let mut jwk = signing_key(Algorithm::Rs256, "k1").public_jwk().unwrap();
    jwk.alg = None;
    let text = serde_json::to_vec(&json!({"keys": [jwk]})).unwrap();
    let set = KeySet::from_jwks(&text).unwrap();
    assert_eq!((set.len(), set.is_empty()), (1, false));
}

#[test]
fn the_number_of_keys_is_bounded() {
    let key = signing_key(Algorithm::EdDsa, "k1");
    let set = KeySet::from_jwks(&jwks(&[&key; 103])).unwrap();
    assert_eq!((set.len(), set.skipped().len()), (100, 3));
}
