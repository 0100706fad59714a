//! Tables: one good case, each row breaks one thing and names its attack.

mod accepted;
#[cfg(feature = "axum")]
mod axum_layer;
mod bearer;
mod core;
#[cfg(feature = "discovery")]
mod discovery;
mod faults;
mod keys;
mod kinds;
mod odd_json;

use std::sync::OnceLock;

use cardea_jose::{RsaBits, SigningKey, b64};
use serde_json::{Map, Value, json};

use crate::{AccessToken, Algorithm, KeySet, Policy, PolicyBuilder, Refusal, verify};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://login.test/";
const API: &str = "https://api.test/";

/// A key of the tests' own for each algorithm; the RSA key is made once.
fn signing_key(algorithm: Algorithm, kid: &str) -> SigningKey {
    static RSA: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let der = SigningKey::generate_pkcs8(algorithm, RsaBits::B2048).unwrap();
        der.expose().clone()
    };
    let der = if algorithm.is_rsa() {
        RSA.get_or_init(make).clone()
    } else {
        make()
    };
    SigningKey::from_pkcs8(algorithm, kid, &der).unwrap()
}

fn jwks(keys: &[&SigningKey]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    serde_json::to_vec(&json!({ "keys": keys })).unwrap()
}

/// The claims of an access token in Auth0's dialect.
fn access_claims() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER, "sub": "auth0|jane", "aud": [API, "https://login.test/userinfo"],
        "azp": "spa", "scope": "openid read:patients", "iat": NOW - 10, "exp": NOW + 3600,
    });
    claims.as_object().unwrap().clone()
}

/// Everything that goes into one decision.
struct Case {
    signer: SigningKey,
    header: Value,
    claims: Value,
    /// Changes the finished token.
    rewrite: fn(String) -> String,
    policy: PolicyBuilder,
    keys: KeySet,
    now_s: i64,
}

fn good() -> Case {
    let signer = signing_key(Algorithm::Es256, "k1");
    Case {
        header: json!({"alg": "ES256", "typ": "JWT", "kid": "k1"}),
        claims: access_claims().into(),
        rewrite: |token| token,
        policy: Policy::builder(ISSUER).audience(API),
        keys: KeySet::from_jwks(&jwks(&[&signer])).unwrap(),
        now_s: NOW,
        signer,
    }
}

impl Case {
    fn token(&self) -> String {
        (self.rewrite)(forge(
            &self.signer,
            &self.header.to_string(),
            &self.claims.to_string(),
        ))
    }

    fn judge(&self) -> Result<AccessToken, Refusal> {
        verify(
            &self.token(),
            &self.policy.clone().build().unwrap(),
            &self.keys,
            self.now_s,
        )
    }
}

/// A token with any header, signed by `key` whatever the header says.
fn forge(key: &SigningKey, header: &str, claims: &str) -> String {
    let input = format!(
        "{}.{}",
        b64::encode(header.as_bytes()),
        b64::encode(claims.as_bytes())
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", b64::encode(&signature))
}
