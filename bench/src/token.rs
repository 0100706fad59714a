//! Looks into issued tokens, without any of the server's code: a fast wrong answer is no answer.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::failure::{Context as _, Outcome, fail};
use crate::raw::Algorithm;

/// What every token of a point must say.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) client: String,
    pub(crate) scope: String,
}

impl Wanted {
    /// Checks answers of the token endpoint: the claims and the signature; that the tokens were
    /// not made before `since`; and, where the dialect has a `jti`, that none comes twice.
    pub(crate) fn check(&self, answers: &[Vec<u8>], jwks: &Value, since: i64) -> Outcome {
        let mut seen = Vec::new();
        for answer in answers {
            let answer: Value = serde_json::from_slice(answer).context("a token answer")?;
            let token = text(&answer, "access_token")?;
            let claims = verified(token, self.algorithm, jwks)?;
            self.check_claims(&claims)?;
            check_age(&claims, since)?;
            if let Some(id) = claims.get("jti") {
                if seen.contains(id) {
                    return fail("two tokens have the same jti");
                }
                seen.push(id.clone());
            }
        }
        if answers.is_empty() {
            return fail("no token was looked into");
        }
        Ok(())
    }

    /// Checks the ID tokens of the same answers.
    pub(crate) fn check_id_tokens(&self, answers: &[Vec<u8>], jwks: &Value, since: i64) -> Outcome {
        for answer in answers {
            let answer: Value = serde_json::from_slice(answer).context("a token answer")?;
            let claims = verified(text(&answer, "id_token")?, self.algorithm, jwks)?;
            check_age(&claims, since)?;
            let holds = text(&claims, "iss")? == self.issuer
                && text(&claims, "aud")? == self.client
                && claims.get("at_hash").is_some()
                && claims.get("email").is_some();
            if !holds {
                return fail(format!("an ID token has wrong claims: {claims}"));
            }
        }
        Ok(())
    }

    fn check_claims(&self, claims: &Value) -> Outcome {
        let client = claims.get("azp").or_else(|| claims.get("client_id"));
        let is_for = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(|one| one == self.audience.as_str()),
            Some(one) => one == self.audience.as_str(),
            None => false,
        };
        let time = |name: &str| claims.get(name).and_then(Value::as_i64).context(name);
        let holds = text(claims, "iss")? == self.issuer
            && is_for
            && client.and_then(Value::as_str) == Some(&self.client)
            && text(claims, "scope")? == self.scope
            && time("exp")? > time("iat")?;
        if holds {
            Ok(())
        } else {
            fail(format!("a token has wrong claims: {claims}"))
        }
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> Outcome<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.context("the clock")?.as_secs()).context("the clock")
}

fn check_age(claims: &Value, since: i64) -> Outcome {
    match claims.get("iat").and_then(Value::as_i64) {
        Some(at) if at >= since => Ok(()),
        Some(_) | None => fail(format!("a token is not new: {claims}")),
    }
}

/// The claims of a token whose signature holds.
fn verified(token: &str, algorithm: Algorithm, jwks: &Value) -> Outcome<Value> {
    let (signed, signature) = token.rsplit_once('.').context("the signature")?;
    let (head, claims) = signed.split_once('.').context("the claims")?;
    let head = json(head)?;
    if text(&head, "alg")? != algorithm.name() {
        return fail(format!("a token is signed otherwise: {head}"));
    }
    let kid = text(&head, "kid")?;
    let keys = jwks.get("keys").and_then(Value::as_array).context("keys")?;
    let key = keys
        .iter()
        .find(|key| key.get("kid").is_some_and(|found| found == kid));
    let key = key.context("the token's key in the JWKS")?;
    let member = |name: &str| bytes(text(key, name)?);
    let (message, signature) = (signed.as_bytes(), bytes(signature)?);
    let holds = match algorithm {
        Algorithm::Rs256 => RsaPublicKeyComponents {
            n: member("n")?,
            e: member("e")?,
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature),
        Algorithm::Es256 => {
            let point = [vec![4], member("x")?, member("y")?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
        }
        Algorithm::EdDsa => {
            UnparsedPublicKey::new(&ED25519, member("x")?).verify(message, &signature)
        }
    };
    holds.context("a token's signature")?;
    json(claims)
}

fn json(encoded: &str) -> Outcome<Value> {
    serde_json::from_slice(&bytes(encoded)?).context("a part of a token")
}

fn bytes(encoded: &str) -> Outcome<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(encoded).context("base64 in a token")
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> Outcome<&'a str> {
    value.get(member).and_then(Value::as_str).context(member)
}
