use std::collections::BTreeSet;

use cardea_jose::SigningKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{API, Case, ISSUER, NOW, access_claims, forge, good, jwks, signing_key};
use crate::{Algorithm, KeySet, Policy, PolicyError, Refusal, Typ, verify};

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

type Break = fn(&mut Case);

const ACCEPTED: &[(&str, Break)] = &[
    ("aud as a string", |c| {
        c.claims["aud"] = json!(API);
    }),
    ("a second audience of the API", |c| {
        c.policy = c.policy.clone().audience("https://old.test/");
        c.claims["aud"] = json!("https://old.test/");
    }),
    ("RFC 9068", |c| {
        c.header["typ"] = json!("at+jwt");
        c.claims = json!({"iss": ISSUER, "sub": "auth0|jane", "aud": API, "client_id": "spa",
            "iat": NOW, "exp": NOW + 60, "jti": "1", "scope": "read:patients"});
        c.policy = c.policy.clone().require_typ(Typ::AtJwt);
    }),
    ("no typ", |c| without(&mut c.header, "typ")),
    ("an application without scopes", |c| {
        c.claims = json!({"iss": ISSUER, "sub": "sync@clients", "aud": API, "azp": "sync",
            "gty": "client-credentials", "iat": NOW, "exp": NOW + 60});
    }),
    ("a user without scopes", |c| without(&mut c.claims, "scope")),
    ("profile claims by an Action", |c| {
        c.claims["email"] = json!("jane@example.com");
    }),
    ("JWT-24 exp within the leeway", |c| {
        c.claims["exp"] = json!(NOW - 14);
    }),
    ("JWT-24 nbf within the leeway", |c| {
        c.claims["nbf"] = json!(NOW + 10);
    }),
    ("JWT-24 no iat", |c| without(&mut c.claims, "iat")),
    ("JWT-07 no kid, one key", |c| without(&mut c.header, "kid")),
    ("JWT-07 no kid, one key of the algorithm among many", |c| {
        let others = ["a", "b", "c", "d"].map(|kid| signing_key(Algorithm::EdDsa, kid));
        let mut keys: Vec<_> = others.iter().collect();
        keys.push(&c.signer);
        c.keys = KeySet::from_jwks(&jwks(&keys)).unwrap();
        without(&mut c.header, "kid");
    }),
    ("JWT-08 jku is ignored", |c| {
        c.header["jku"] = json!("https://attacker.test/jwks.json");
    }),
];

#[test]
fn every_good_token_is_accepted() {
    for (row, change) in ACCEPTED {
        let mut case = good();
        change(&mut case);
        let judged = case.judge();
        assert!(judged.is_ok(), "{row}: {judged:?}");
    }
}

fn without(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name);
}

fn header(case: &mut Case, name: &str, value: Value) {
    case.header[name] = value;
}

const REFUSALS: &[(&str, Break, &str)] = &[
    // form
    (
        "JWT-33 an opaque token",
        |c| c.rewrite = |_| "qSz1~opaque_token-43".into(),
        "opaque",
    ),
    (
        "JWT-16 an encrypted token",
        |c| c.rewrite = |_| "e30..AA.AA.AA".into(),
        "opaque",
    ),
    (
        "JWT-02 two parts",
        |c| c.rewrite = |t| t.rsplit_once('.').unwrap().0.into(),
        "malformed",
    ),
    (
        "JWT-13 JSON serialisation",
        |c| c.rewrite = |t| json!({"payload": t.replace('.', "")}).to_string(),
        "malformed",
    ),
    (
        "JWT-14 a million dots",
        |c| c.rewrite = |_| ".".repeat(1_000_000),
        "malformed",
    ),
    (
        "JWT-14 a megabyte",
        |c| c.rewrite = |t| t.repeat(4000),
        "malformed",
    ),
    (
        "JWT-02 padding",
        |c| c.rewrite = |t| t + "==",
        "non_canonical_base64",
    ),
    (
        "JWT-10 crit",
        |c| header(c, "crit", json!(["exp"])),
        "critical_header",
    ),
    (
        "JWT-10 b64",
        |c| header(c, "b64", json!(false)),
        "critical_header",
    ),
    (
        "JWT-05 kid array",
        |c| header(c, "kid", json!(["k1"])),
        "malformed",
    ),
    (
        "JWT-05 kid overlong",
        |c| header(c, "kid", json!("k".repeat(129))),
        "malformed",
    ),
    // algorithm and key
    (
        "JWT-01 none",
        |c| header(c, "alg", json!("none")),
        "algorithm_none",
    ),
    (
        "JWT-01 nOnE",
        |c| header(c, "alg", json!("nOnE")),
        "algorithm_none",
    ),
    (
        "JWT-01 none, unsigned",
        |c| {
            header(c, "alg", json!("NONE"));
            c.rewrite = |t| format!("{}.", t.rsplit_once('.').unwrap().0);
        },
        "algorithm_none",
    ),
    (
        "JWT-01 empty",
        |c| header(c, "alg", json!("")),
        "algorithm_not_allowed",
    ),
    (
        "JWT-01 missing",
        |c| without(&mut c.header, "alg"),
        "malformed",
    ),
    (
        "JWT-03 HS256 is not on the list",
        |c| header(c, "alg", json!("HS256")),
        "algorithm_not_allowed",
    ),
    (
        "JWT-03 HS256 on the list, the key is ES256",
        |c| {
            header(c, "alg", json!("HS256"));
            c.policy = c.policy.clone().algorithms(Algorithm::ALL);
        },
        "algorithm_not_allowed",
    ),
    (
        "8725-3.1 not on the list",
        |c| {
            c.policy = c.policy.clone().algorithms([Algorithm::Rs256]);
        },
        "algorithm_not_allowed",
    ),
    (
        "8725-3.1 another algorithm than the key's",
        |c| header(c, "alg", json!("RS256")),
        "algorithm_not_allowed",
    ),
    (
        "JWT-05 kid path",
        |c| header(c, "kid", json!("../../dev/null")),
        "unknown_key",
    ),
    (
        "JWT-05 kid SQL",
        |c| header(c, "kid", json!("' OR 1=1--")),
        "unknown_key",
    ),
    (
        "JWT-05 kid command",
        |c| header(c, "kid", json!("|id")),
        "unknown_key",
    ),
    (
        "JWT-05 kid NUL",
        |c| header(c, "kid", json!("k1\0")),
        "unknown_key",
    ),
    (
        "JWT-05 kid empty",
        |c| header(c, "kid", json!("")),
        "unknown_key",
    ),
    (
        "JWT-06 another tenant's key",
        |c| {
            c.signer = signing_key(Algorithm::Es256, "k2");
            header(c, "kid", json!("k2"));
        },
        "unknown_key",
    ),
    (
        "JWT-06 another tenant's key under our kid",
        |c| {
            c.signer = signing_key(Algorithm::Es256, "k1");
        },
        "bad_signature",
    ),
    (
        "JWT-07 no kid, four keys",
        |c| {
            let keys = ["a", "b", "c", "d"].map(|kid| signing_key(Algorithm::Es256, kid));
            c.keys = KeySet::from_jwks(&jwks(&keys.each_ref())).unwrap();
            c.header.as_object_mut().unwrap().remove("kid");
        },
        "ambiguous_key",
    ),
    (
        "no keys at all",
        |c| c.keys = KeySet::default(),
        "unknown_key",
    ),
    (
        "JWT-02 altered",
        |c| c.rewrite = |t| t.replacen(".ey", ".fy", 1),
        "bad_signature",
    ),
    (
        "JWT-02 signature empty",
        |c| {
            c.rewrite = |t| format!("{}.", t.rsplit_once('.').unwrap().0);
        },
        "bad_signature",
    ),
    (
        "JWT-09 a key of its own",
        |c| {
            let attacker = signing_key(Algorithm::Es256, "k1");
            header(
                c,
                "jwk",
                serde_json::to_value(attacker.public_jwk()).unwrap(),
            );
            c.signer = attacker;
        },
        "bad_signature",
    ),
    // issuer
    (
        "JWT-22 no slash",
        |c| {
            c.claims["iss"] = json!("https://login.test");
        },
        "wrong_issuer",
    ),
    (
        "JWT-22 http",
        |c| {
            c.claims["iss"] = json!("http://login.test/");
        },
        "wrong_issuer",
    ),
    (
        "JWT-22 upper case",
        |c| {
            c.claims["iss"] = json!("https://LOGIN.test/");
        },
        "wrong_issuer",
    ),
    (
        "JWT-22 port",
        |c| {
            c.claims["iss"] = json!("https://login.test:443/");
        },
        "wrong_issuer",
    ),
    (
        "JWT-22 array",
        |c| {
            c.claims["iss"] = json!([ISSUER]);
        },
        "wrong_issuer",
    ),
    (
        "JWT-22 none",
        |c| without(&mut c.claims, "iss"),
        "wrong_issuer",
    ),
    // kind
    (
        "JWT-19 a logout token",
        |c| header(c, "typ", json!("logout+jwt")),
        "wrong_token_type",
    ),
    (
        "JWT-19 a security event",
        |c| {
            c.claims["events"] = json!({});
        },
        "wrong_token_type",
    ),
    (
        "JWT-19 a request object",
        |c| header(c, "typ", json!("oauth-authz-req+jwt")),
        "wrong_token_type",
    ),
    (
        "9068-4 typ required",
        |c| c.policy = c.policy.clone().require_typ(Typ::AtJwt),
        "wrong_token_type",
    ),
    (
        "9449-7.2 bound token",
        |c| {
            c.claims["cnf"] = json!({"jkt": "x"});
        },
        "sender_constrained",
    ),
    (
        "8705-3 bound token",
        |c| {
            c.claims["cnf"] = json!({"x5t#S256": "x"});
        },
        "sender_constrained",
    ),
    // audience
    (
        "JWT-20 another API",
        |c| {
            c.claims["aud"] = json!("https://other.test/");
        },
        "wrong_audience",
    ),
    (
        "JWT-20 userinfo only",
        |c| {
            c.claims["aud"] = json!("https://login.test/userinfo");
        },
        "wrong_audience",
    ),
    (
        "JWT-21 object",
        |c| {
            c.claims["aud"] = json!({ API: true });
        },
        "wrong_audience",
    ),
    (
        "JWT-21 empty array",
        |c| {
            c.claims["aud"] = json!([]);
        },
        "wrong_audience",
    ),
    (
        "JWT-21 null",
        |c| {
            c.claims["aud"] = json!(null);
        },
        "wrong_audience",
    ),
    (
        "JWT-21 empty string",
        |c| {
            c.claims["aud"] = json!("");
        },
        "wrong_audience",
    ),
    (
        "JWT-21 nested array",
        |c| {
            c.claims["aud"] = json!([[API]]);
        },
        "wrong_audience",
    ),
    (
        "JWT-21 mixed array",
        |c| {
            c.claims["aud"] = json!([API, 1]);
        },
        "wrong_audience",
    ),
    (
        "JWT-21 prefix",
        |c| {
            c.claims["aud"] = json!("https://api.test");
        },
        "wrong_audience",
    ),
    (
        "JWT-21 longer",
        |c| {
            c.claims["aud"] = json!("https://api.test/x");
        },
        "wrong_audience",
    ),
    (
        "JWT-21 upper case",
        |c| {
            c.claims["aud"] = json!("https://API.test/");
        },
        "wrong_audience",
    ),
    (
        "JWT-21 list in a string",
        |c| {
            c.claims["aud"] = json!(format!("{API} x"));
        },
        "wrong_audience",
    ),
    (
        "JWT-21 missing",
        |c| without(&mut c.claims, "aud"),
        "wrong_audience",
    ),
    // time
    (
        "JWT-24 exp 1 s ago, strict",
        |c| {
            c.policy = c.policy.clone().leeway_s(0);
            c.claims["exp"] = json!(NOW - 1);
        },
        "expired",
    ),
    (
        "JWT-24 exp now, strict",
        |c| {
            c.policy = c.policy.clone().leeway_s(0);
            c.claims["exp"] = json!(NOW);
        },
        "expired",
    ),
    (
        "JWT-24 exp 15 s ago",
        |c| {
            c.claims["exp"] = json!(NOW - 15);
        },
        "expired",
    ),
    (
        "JWT-24 exp 61 s ago, widest leeway",
        |c| {
            c.policy = c.policy.clone().leeway_s(60);
            c.claims["exp"] = json!(NOW - 61);
        },
        "expired",
    ),
    (
        "JWT-24 nbf 61 s ahead",
        |c| {
            c.claims["nbf"] = json!(NOW + 61);
        },
        "not_yet_valid",
    ),
    (
        "JWT-24 nbf 10 s ahead, strict",
        |c| {
            c.policy = c.policy.clone().leeway_s(0);
            c.claims["nbf"] = json!(NOW + 10);
        },
        "not_yet_valid",
    ),
    (
        "JWT-24 iat 10 min ahead",
        |c| {
            c.claims["iat"] = json!(NOW + 600);
        },
        "not_yet_valid",
    ),
    (
        "JWT-24 no exp",
        |c| without(&mut c.claims, "exp"),
        "no_expiry",
    ),
    (
        "JWT-12 exp string",
        |c| {
            c.claims["exp"] = json!("1900000000");
        },
        "bad_time",
    ),
    (
        "JWT-12 exp float",
        |c| {
            c.claims["exp"] = json!(1_900_000_000.5);
        },
        "bad_time",
    ),
    (
        "JWT-12 exp array",
        |c| {
            c.claims["exp"] = json!([1_900_000_000]);
        },
        "bad_time",
    ),
    (
        "JWT-12 exp null",
        |c| {
            c.claims["exp"] = json!(null);
        },
        "bad_time",
    ),
    (
        "JWT-12 exp 2^53 + 1",
        |c| {
            c.claims["exp"] = json!(9_007_199_254_740_993_i64);
        },
        "bad_time",
    ),
    (
        "JWT-12 exp 2^64 - 1",
        |c| {
            c.claims["exp"] = json!(u64::MAX);
        },
        "bad_time",
    ),
    (
        "JWT-12 exp negative",
        |c| {
            c.claims["exp"] = json!(-1);
        },
        "bad_time",
    ),
    (
        "JWT-12 exp -0",
        |c| {
            c.claims["exp"] = json!(-0.0);
        },
        "bad_time",
    ),
    (
        "JWT-12 nbf string",
        |c| {
            c.claims["nbf"] = json!("0");
        },
        "bad_time",
    ),
    (
        "JWT-12 iat bool",
        |c| {
            c.claims["iat"] = json!(true);
        },
        "bad_time",
    ),
    // claims
    (
        "7519-4.1.2 no sub",
        |c| without(&mut c.claims, "sub"),
        "bad_claim",
    ),
    (
        "7519-4.1.2 empty sub",
        |c| {
            c.claims["sub"] = json!("");
        },
        "bad_claim",
    ),
    (
        "7519-4.1.2 sub number",
        |c| {
            c.claims["sub"] = json!(1);
        },
        "bad_claim",
    ),
    (
        "6749-3.3 scope array",
        |c| {
            c.claims["scope"] = json!(["read:patients"]);
        },
        "bad_claim",
    ),
    (
        "azp object",
        |c| {
            c.claims["azp"] = json!({});
        },
        "bad_claim",
    ),
    (
        "permissions string",
        |c| {
            c.claims["permissions"] = json!("read:patients");
        },
        "bad_claim",
    ),
    (
        "permissions of numbers",
        |c| {
            c.claims["permissions"] = json!([1]);
        },
        "bad_claim",
    ),
];

#[test]
fn every_single_fault_is_refused() {
    for (row, break_it, reason) in REFUSALS {
        let mut case = good();
        break_it(&mut case);
        let refusal = case.judge().unwrap_err();
        assert_eq!(refusal.reason(), *reason, "{row}: {refusal}");
        assert_eq!(refusal.status(), 401, "{row}");
    }
}

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
