//! The decision: one token, one policy, one answer.

use cardea_jose::{Compact, Malformed};
use serde_json::{Map, Value};

use crate::kind::{Kind, kind_of};
use crate::{AccessToken, Algorithm, JsonError, KeySet, Policy, Refusal, Typ, claims};

/// Verifies a token. `now_s` is the time in seconds since 1970.
///
/// Nothing that the token says is believed before its signature is verified, and the first check
/// that fails is the answer: form, algorithm, key, signature, issuer, kind, audience, time.
///
/// ```
/// use cardea_jose::SigningKey;
/// use cardea_verifier::{Algorithm, KeySet, Policy, verify};
///
/// let secret = b"the signing secret of an HS256 API";
/// let token = SigningKey::hmac(secret)?.sign_jwt("JWT", br#"{
///     "iss":"https://login.example.com/", "sub":"auth0|jane", "aud":"https://api.example.com/",
///     "azp":"spa", "scope":"read:patients", "iat":1800000000, "exp":1800086400}"#)?;
///
/// let policy = Policy::builder("https://login.example.com/")
///     .audience("https://api.example.com/")
///     .algorithms([Algorithm::Hs256])
///     .build()?;
/// let token = verify(&token, &policy, &KeySet::hs256(secret)?, 1_800_000_001)?;
/// assert_eq!(token.subject, "auth0|jane");
/// assert!(token.has_scope("read:patients"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(
    token: &str,
    policy: &Policy,
    keys: &KeySet,
    now_s: i64,
) -> Result<AccessToken, Refusal> {
    Candidate::parse(token, policy)?.judge(policy, keys, now_s)
}

/// A token whose form and algorithm are acceptable: worth fetching keys for.
pub(crate) struct Candidate<'a> {
    token: &'a str,
    jws: Compact<'a>,
    algorithm: Algorithm,
}

impl<'a> Candidate<'a> {
    pub(crate) fn parse(token: &'a str, policy: &Policy) -> Result<Self, Refusal> {
        let jws = Compact::parse(token).map_err(|why| refusal_of(why, token))?;
        let algorithm = allowed_algorithm(&jws, policy)?;
        Ok(Self {
            token,
            jws,
            algorithm,
        })
    }

    pub(crate) fn judge(
        &self,
        policy: &Policy,
        keys: &KeySet,
        now_s: i64,
    ) -> Result<AccessToken, Refusal> {
        keys.verify(&self.jws, self.algorithm)?;
        let claims = self
            .jws
            .claims()
            .map_err(|why| refusal_of(why, self.token))?;
        check_kind(&self.jws, &claims, policy)?;
        check_audience(&claims, policy)?;
        check_times(&claims, policy, now_s)?;
        read(claims)
    }
}

/// The issuer's access tokens only, and of those the ones that can be used without more proof.
fn check_kind(
    jws: &Compact<'_>,
    claims: &Map<String, Value>,
    policy: &Policy,
) -> Result<(), Refusal> {
    check_issuer(claims, policy)?;
    match kind_of(jws.header(), claims) {
        Kind::Access => {}
        Kind::Id => return Err(Refusal::IdToken),
        Kind::Other => return Err(Refusal::WrongTokenType),
    }
    if policy.typ == Typ::AtJwt && !jws.header().is_typ("at+jwt") {
        return Err(Refusal::WrongTokenType);
    }
    // RFC 9449 7.2, RFC 8705 3: a bound token without the proof of its key may be a stolen one
    if claims.contains_key("cnf") {
        return Err(Refusal::SenderConstrained);
    }
    Ok(())
}

/// RFC 8725 3.1: only what the API's owner allowed, whatever the header says.
fn allowed_algorithm(jws: &Compact<'_>, policy: &Policy) -> Result<Algorithm, Refusal> {
    let header = jws.header();
    if header.is_unsigned() {
        return Err(Refusal::AlgorithmNone);
    }
    let named: Option<Algorithm> = header.alg.parse().ok();
    named
        .filter(|algorithm| policy.algorithms.contains(algorithm))
        .ok_or(Refusal::AlgorithmNotAllowed { got: named })
}

/// RFC 8725 3.8: byte for byte; another host, case or slash is another issuer.
fn check_issuer(claims: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
    let issuer = claims.get("iss").and_then(Value::as_str);
    if issuer == Some(policy.issuer.as_str()) {
        return Ok(());
    }
    Err(Refusal::WrongIssuer {
        expected: policy.issuer.clone(),
        got: issuer.unwrap_or_default().to_owned(),
    })
}

/// RFC 8725 3.9, RFC 9068 4: a token for another API must not open this one.
fn check_audience(claims: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
    let got = claims::audience(claims);
    if policy
        .audiences
        .iter()
        .any(|mine| got.contains(&mine.as_str()))
    {
        return Ok(());
    }
    Err(Refusal::WrongAudience {
        expected: policy.audiences.clone(),
        got: got.into_iter().map(str::to_owned).collect(),
    })
}

/// RFC 7519 4.1.4 to 4.1.6. A token issued in the future comes from a wrong clock or a forger.
fn check_times(claims: &Map<String, Value>, policy: &Policy, now_s: i64) -> Result<(), Refusal> {
    let exp = claims::time(claims, "exp")?.ok_or(Refusal::NoExpiry)?;
    let nbf = claims::time(claims, "nbf")?.unwrap_or(0);
    let iat = claims::time(claims, "iat")?.unwrap_or(0);
    if now_s >= exp.saturating_add(policy.leeway_s) {
        return Err(Refusal::Expired { at: exp });
    }
    let starts = nbf.max(iat);
    if now_s < starts.saturating_sub(policy.leeway_s) {
        return Err(Refusal::NotYetValid { at: starts });
    }
    Ok(())
}

fn read(claims: Map<String, Value>) -> Result<AccessToken, Refusal> {
    let owned = |claim| claims::text(&claims, claim).map(|text| text.map(str::to_owned));
    let subject = owned("sub")?.filter(|subject| !subject.is_empty());
    let azp = owned("azp")?;
    let client_id = owned("client_id")?;
    Ok(AccessToken {
        subject: subject.ok_or(Refusal::BadClaim { claim: "sub" })?,
        client_id: azp.or(client_id),
        scopes: claims::scopes(&claims)?,
        permissions: claims::permissions(&claims)?,
        audience: claims::audience(&claims)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        expires_at: claims::time(&claims, "exp")?.ok_or(Refusal::NoExpiry)?,
        issued_at: claims::time(&claims, "iat")?,
        claims,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others have no name of their own"
)]
fn refusal_of(why: Malformed, token: &str) -> Refusal {
    match why {
        // one part is a handle, five are encrypted for the server: both are for /userinfo only
        Malformed::NotCompact if looks_opaque(token) => Refusal::Opaque,
        Malformed::NotBase64Url => Refusal::NonCanonicalBase64,
        Malformed::Critical => Refusal::CriticalHeader,
        Malformed::Header(JsonError::DuplicateMember)
        | Malformed::Claims(JsonError::DuplicateMember) => Refusal::DuplicateMember,
        other => Refusal::Malformed(other),
    }
}

/// Of the characters of a token (RFC 6750 2.1), and either no part of a JWT or encrypted.
fn looks_opaque(token: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let shape = match token.bytes().filter(|byte| *byte == b'.').count() {
        0 | 1 => !token.starts_with("eyJ"), // `{"`, as every JWT starts
        dots => dots == 4,
    };
    shape && !token.is_empty() && token.bytes().all(plain)
}
