//! One good token; each row breaks one thing and names its attack.

use serde_json::{Value, json};

use super::{API, Case, ISSUER, NOW, good, jwks, signing_key};
use crate::{Algorithm, KeySet, Typ};

pub(super) type Break = fn(&mut Case);

pub(super) fn without(object: &mut Value, name: &str) {
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
