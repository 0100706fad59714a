//! One good token; each row changes one thing, and it stays good.

use serde_json::json;

use super::faults::{Break, without};
use super::{API, ISSUER, NOW, good, jwks, signing_key};
use crate::{Algorithm, KeySet, Typ};

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
