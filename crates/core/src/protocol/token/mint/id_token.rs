//! The ID token (OIDC Core 2; auth-semantics 3.1, 3.2): for the application, and nobody else.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cardea_jose::{Algorithm, SigningKey};
use serde_json::Value;

use super::{Mint, sign};
use crate::model::{Client, ClientFlag, Entry};
use crate::protocol::claims::{self, Claims};
use crate::protocol::refusal::Refusal;
use crate::protocol::token::user::UserTokens;

/// What is handed out in the same answer, and so is hashed into the ID token.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// `at_hash` (OIDC Core 3.1.3.6).
    pub access_token: Option<&'a str>,
    /// `c_hash` (OIDC Core 3.3.2.11).
    pub code: Option<&'a str>,
}

/// A key of the tenant, or one made of the client's secret.
enum Key<'a> {
    Tenant(&'a SigningKey),
    Secret(Box<SigningKey>),
}

impl Mint<'_> {
    /// The ID token.
    pub fn id_token(&self, tokens: &UserTokens, beside: Beside<'_>) -> Result<String, Refusal> {
        let client = &tokens.client.parsed;
        let key = self.id_token_key(&tokens.client, tokens.front_channel)?;
        let key = match &key {
            Key::Tenant(key) => key,
            Key::Secret(key) => &**key,
        };
        // OIDC Core 5.4: with an access token, a minimal ID token leaves claims to /userinfo
        let minimal = client.has(ClientFlag::MinimalIdToken) && beside.access_token.is_some();
        let mut claims = Claims::new();
        let (user, wire) = (&tokens.user, self.tenant.record.profile);
        if !minimal {
            claims::standard(&mut claims, user, &tokens.grant.scopes, wire);
        }
        let asked = &tokens.grant.claims.id_token;
        claims::asked(&mut claims, user, asked, wire);
        let iat = self.now.seconds();
        claims.put("iss", self.issuer.as_str());
        claims.put("aud", client.id.as_str());
        claims.put("sub", tokens.user.id.as_str());
        claims.put("iat", iat);
        let exp = iat.saturating_add(client.id_token_lifetime);
        claims.put("exp", exp);
        let login = &tokens.grant;
        if let Some(sid) = &login.session {
            claims.put("sid", sid.as_str());
        }
        if login.shows_auth_time {
            claims.put("auth_time", login.auth_time.seconds());
        }
        if let Some(nonce) = &login.nonce {
            claims.put("nonce", nonce.as_str());
        }
        if let Some(acr) = &login.acr {
            claims.put("acr", acr.as_str());
        }
        if !login.amr.is_empty() {
            claims.put(
                "amr",
                login.amr.iter().map(String::as_str).collect::<Value>(),
            );
        }
        let algorithm = key.algorithm();
        if let Some(token) = beside.access_token {
            claims.put("at_hash", Value::from(algorithm.half_hash(token)));
        }
        if let Some(code) = beside.code {
            claims.put("c_hash", Value::from(algorithm.half_hash(code)));
        }
        sign(key, "JWT", &claims.to_body()).ok_or(Refusal::NoSigningKey(algorithm.as_str()))
    }

    /// HS256 only for who can keep the secret, and where it can be read; RS256 for public
    /// clients and whatever comes by the front channel (trap T9).
    fn id_token_key(&self, client: &Entry<Client>, front: bool) -> Result<Key<'_>, Refusal> {
        let wanted = client.parsed.id_token_alg.unwrap_or(Algorithm::Hs256);
        let algorithm = if wanted.is_symmetric() {
            if !front
                && !client.parsed.is_public()
                && let Some(key) = secret_key(client)
            {
                return Ok(Key::Secret(Box::new(key)));
            }
            Algorithm::Rs256
        } else {
            wanted
        };
        let current = self.tenant.keys.current(algorithm);
        current
            .and_then(|key| key.signing.as_ref())
            .map(Key::Tenant)
            .ok_or(Refusal::NoSigningKey(algorithm.as_str()))
    }
}

/// The client's secret as an HMAC key: its text, or what its base64 says (`secret_encoded`).
fn secret_key(client: &Entry<Client>) -> Option<SigningKey> {
    let secret = client.document.secrets.get("client_secret")?.expose();
    let encoded = client
        .document
        .nested(&["jwt_configuration", "secret_encoded"])
        .and_then(Value::as_bool);
    if encoded == Some(true) {
        let text = secret.trim_end_matches('=');
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .or_else(|_| STANDARD.decode(secret));
        return SigningKey::hmac(&bytes.ok()?).ok();
    }
    SigningKey::hmac(secret.as_bytes()).ok()
}
