use std::collections::BTreeSet;

use cardea_jose::SigningKey;
use proptest::prelude::*;
use serde_json::json;

use super::{API, Case, ISSUER, NOW, access_claims, forge, good, jwks, signing_key};
use crate::{Algorithm, KeySet, Policy, PolicyError, Refusal, verify};

#[test]
fn a_good_token_says_who_and_what() {
    let token = good().judge().unwrap();
    assert_eq!(token.subject, "auth0|jane");
    assert_eq!(token.client_id.as_deref(), Some("spa"));
    assert!(token.has_scope("read:patients") && !token.has_scope("read"));
    assert_eq!(token.permissions, None);
    assert!(!token.has_permission("read:patients"));
    assert_eq!(token.audience, [API, "https://login.test/userinfo"]);
    assert_eq!(
        (token.issued_at, token.expires_at),
        (Some(NOW - 10), NOW + 3600)
    );
    assert_eq!(token.claims["iss"], ISSUER);
}

#[test]
fn jwt_12_integers_with_an_exponent_are_not_integers() {
    let Case {
        signer,
        policy,
        keys,
        ..
    } = good();
    let mut claims = access_claims();
    claims.remove("exp");
    for exp in ["19e8", "1900000000.0", "1.9E+9"] {
        let text =
            serde_json::to_string(&claims)
                .unwrap()
                .replacen('{', &format!("{{\"exp\":{exp},"), 1);
        let token = forge(&signer, r#"{"alg":"ES256","kid":"k1"}"#, &text);
        let refusal = verify(&token, &policy.clone().build().unwrap(), &keys, NOW).unwrap_err();
        assert_eq!(refusal, Refusal::BadTime { claim: "exp" }, "{exp}");
    }
}

#[test]
fn jwt_29_an_hs256_api_takes_hs256_only() {
    let secret = [7; 32];
    let policy = Policy::builder(ISSUER)
        .audience(API)
        .algorithms([Algorithm::Hs256])
        .build()
        .unwrap();
    let keys = KeySet::hs256(&secret).unwrap();
    let claims = serde_json::to_vec(&access_claims()).unwrap();
    let token = SigningKey::hmac(&secret)
        .unwrap()
        .sign_jwt("JWT", &claims)
        .unwrap();
    assert!(verify(&token, &policy, &keys, NOW).is_ok());
    let other = SigningKey::hmac(&[8; 32])
        .unwrap()
        .sign_jwt("JWT", &claims)
        .unwrap();
    assert_eq!(
        verify(&other, &policy, &keys, NOW),
        Err(Refusal::BadSignature)
    );
    let rsa = signing_key(Algorithm::Rs256, "k1")
        .sign_jwt("JWT", &claims)
        .unwrap();
    assert_eq!(
        verify(&rsa, &policy, &keys, NOW).unwrap_err().reason(),
        "algorithm_not_allowed"
    );
}

#[test]
fn every_asymmetric_algorithm_is_taken() {
    let policy = Policy::builder(ISSUER).audience(API).build().unwrap();
    let claims = serde_json::to_vec(&access_claims()).unwrap();
    for algorithm in Algorithm::ALL.into_iter().filter(|a| !a.is_symmetric()) {
        let key = signing_key(algorithm, "k1");
        let keys = KeySet::from_jwks(&jwks(&[&key])).unwrap();
        let token = key.sign_jwt("JWT", &claims).unwrap();
        assert!(verify(&token, &policy, &keys, NOW).is_ok(), "{algorithm}");
    }
}

#[test]
fn wrong_audience_says_both() {
    let mut case = good();
    case.claims["aud"] = json!(["https://other.test/"]);
    let refusal = case.judge().unwrap_err();
    assert_eq!(
        refusal,
        Refusal::WrongAudience {
            expected: vec![API.into()],
            got: vec!["https://other.test/".into()]
        }
    );
    assert!(
        refusal
            .to_string()
            .contains("expected https://api.test/, got https://other.test/")
    );
}

#[test]
fn policies_without_a_wall_are_not_built() {
    let policy = || Policy::builder(ISSUER).audience(API);
    for (builder, error) in [
        (Policy::builder("").audience(API), PolicyError::NoIssuer),
        (Policy::builder(ISSUER), PolicyError::NoAudience),
        (policy().audience(""), PolicyError::NoAudience),
        (policy().algorithms([]), PolicyError::NoAlgorithm),
        (policy().leeway_s(61), PolicyError::LeewayTooLong),
    ] {
        assert_eq!(builder.build().unwrap_err(), error);
    }
}

#[test]
fn permissions_and_scopes_guard_separately() {
    let mut case = good();
    case.claims["permissions"] = json!(["read:patients", "read:admin"]);
    let token = case.judge().unwrap();
    assert!(token.require_permission("read:admin").is_ok());
    assert!(token.require_scope("read:patients").is_ok());
    let refusal = token.require_scope("read:admin").unwrap_err();
    assert_eq!(
        (refusal.status(), refusal.reason()),
        (403, "insufficient_scope")
    );
    let refusal = token.require_permission("write:patients").unwrap_err();
    assert_eq!(
        (refusal.status(), refusal.reason()),
        (403, "insufficient_permission")
    );
}

#[test]
fn challenges_are_those_of_rfc_6750() {
    let challenge = |refusal: Refusal| refusal.www_authenticate("a\"b\\\r\nc");
    assert_eq!(challenge(Refusal::Missing), "Bearer realm=\"a'b'''c\"");
    let needed = "read:a read:b".to_owned();
    assert_eq!(
        challenge(Refusal::InsufficientScope {
            needed,
            got: vec!["x".into()]
        }),
        "Bearer realm=\"a'b'''c\", error=\"insufficient_scope\", error_description=\"the \
         application was not granted the scope that this needs (needs read:a read:b, has x)\", \
         scope=\"read:a read:b\""
    );
    // a header can't be split by what a token brings
    let evil = Refusal::UnknownKey {
        kid: Some("x\"\r\nSet-Cookie: a=b".into()),
    };
    let evil = challenge(evil);
    assert!(
        evil.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{evil}"
    );
    assert_eq!(evil.matches('"').count(), 6);
    for (refusal, status, error) in [
        (Refusal::Missing, 401, None),
        (Refusal::NotBearer, 401, None),
        (Refusal::NotInHeader, 401, None),
        (Refusal::SeveralCredentials, 400, Some("invalid_request")),
        (Refusal::MalformedHeader, 400, Some("invalid_request")),
        (Refusal::IdToken, 401, Some("invalid_token")),
        (Refusal::KeysUnavailable { why: String::new() }, 503, None),
    ] {
        assert_eq!(
            (refusal.status(), refusal.error()),
            (status, error),
            "{refusal}"
        );
    }
}

#[test]
fn scopes_are_names_not_prefixes() {
    let mut case = good();
    case.claims["scope"] = json!("read:patients  admin ");
    let expected: BTreeSet<String> = ["admin", "read:patients"].map(String::from).into();
    assert_eq!(case.judge().unwrap().scopes, expected);
}

proptest! {
    #[test]
    fn jwt_02_any_flipped_bit_is_refused(position in any::<prop::sample::Index>(), bit in 0..7_u8) {
        let case = good();
        let mut bytes = case.token().into_bytes();
        let at = position.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let token = String::from_utf8(bytes).unwrap();
        let policy = case.policy.build().unwrap();
        prop_assert!(verify(&token, &policy, &case.keys, NOW).is_err());
    }

    #[test]
    fn random_text_never_panics(text in any::<String>()) {
        let policy = Policy::builder(ISSUER).audience(API).build().unwrap();
        prop_assert!(verify(&text, &policy, &KeySet::default(), NOW).is_err());
    }

    #[test]
    fn random_claims_never_panic(
        name in "aud|exp|nbf|iat|scope|sub|azp|permissions|iss|typ|events",
        value in r#"null|true|-?[1-9][0-9]{0,24}|[0-9]\.[0-9]e[0-9]{1,2}|"[a-z ]{0,9}"|\[("a",){0,2}1\]|\{"a":\{\}\}"#,
    ) {
        let mut case = good();
        case.claims[name] = value.parse().unwrap();
        let _ = case.judge();
    }
}
