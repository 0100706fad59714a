//! Minting what was granted: access tokens (signed or opaque), ID tokens, refresh tokens. One
//! file a kind; randomness enters here.

mod access;
mod application;
mod id_token;
mod opaque;
mod refresh;

pub use access::Access;
pub use id_token::Beside;

use super::Granted;
use super::user::{self, UserTokens};
use crate::model::{Body, Issuer, TenantView, Writer};
use crate::protocol::refusal::Refusal;
use crate::random::{self, Random};
use crate::time::Timestamp;
use crate::write::Write;

/// The answer (RFC 6749 5.1, OIDC Core 3.1.3.3), in Auth0's order.
#[derive(Debug, Clone)]
pub struct Issued {
    /// A JWT for an API, or an opaque token for `/userinfo`.
    pub access_token: String,
    /// A new refresh token, where there is one.
    pub refresh_token: Option<String>,
    /// Where `openid` was granted.
    pub id_token: Option<String>,
    /// Left out where no scope was granted.
    pub scope: Option<String>,
    /// Seconds.
    pub expires_in: i64,
    /// Always `Bearer`.
    pub token_type: &'static str,
}

impl Issued {
    /// As it is sent.
    pub fn to_body(&self) -> Body {
        const USUAL: usize = 3072; // two tokens and what is said of them
        Writer::with_room_for(USUAL)
            .string("access_token", &self.access_token)
            .string_some("refresh_token", self.refresh_token.as_deref())
            .string_some("id_token", self.id_token.as_deref())
            .string_some("scope", self.scope.as_deref())
            .put("expires_in", &self.expires_in)
            .string("token_type", self.token_type)
            .finish()
    }
}

/// What was minted, and what must be written with it.
#[derive(Debug)]
pub struct Minted {
    /// The answer.
    pub issued: Issued,
    /// Tokens to be remembered, after the writes of the decision.
    pub writes: Vec<Write>,
}

/// What minting reads: one tenant version, one issuer, one moment.
#[derive(Debug, Clone, Copy)]
pub struct Mint<'a> {
    /// Its keys and its profile.
    pub tenant: &'a TenantView,
    /// `iss`.
    pub issuer: &'a Issuer,
    /// `iat`.
    pub now: Timestamp,
}

/// Mints what was granted.
pub fn mint(
    granted: &Granted,
    tenant: &TenantView,
    issuer: &Issuer,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Minted, Refusal> {
    let mint = Mint {
        tenant,
        issuer,
        now,
    };
    match granted {
        Granted::Application(granted) => Ok(Minted {
            issued: mint.application(granted, random)?,
            writes: Vec::new(),
        }),
        Granted::User(granted) => mint.with_refresh(granted, random),
    }
}

impl Mint<'_> {
    fn with_refresh(
        &self,
        granted: &user::Granted,
        random: &mut dyn Random,
    ) -> Result<Minted, Refusal> {
        let Some(plan) = &granted.refresh else {
            return self.user(&granted.tokens, random);
        };
        let known = plan.family().id.clone();
        let id = known.unwrap_or_else(|| random::url_safe(random, 24));
        // an opaque token dies with its family
        let fresh = granted.tokens.group.is_none().then(|| UserTokens {
            group: Some(id.clone()),
            ..granted.tokens.clone()
        });
        let mut minted = self.user(fresh.as_ref().unwrap_or(&granted.tokens), random)?;
        let (token, write) = Self::refresh(plan, &id, random);
        minted.issued.refresh_token = Some(token);
        minted.writes.push(write);
        Ok(minted)
    }

    /// A user's tokens of the token endpoint: the access token, and the ID token where `openid`
    /// was granted.
    pub fn user(&self, tokens: &UserTokens, random: &mut dyn Random) -> Result<Minted, Refusal> {
        let Access {
            token: access_token,
            expires_in,
            write,
        } = self.access(tokens, random)?;
        let beside = Beside {
            access_token: Some(&access_token),
            code: None,
        };
        let id_token = tokens
            .is_openid()
            .then(|| self.id_token(tokens, beside))
            .transpose()?;
        let issued = Issued {
            access_token,
            refresh_token: None,
            id_token,
            scope: (!tokens.grant.scopes.is_empty()).then(|| tokens.grant.scopes.to_string()),
            expires_in,
            token_type: "Bearer",
        };
        Ok(Minted {
            issued,
            writes: write.into_iter().collect(),
        })
    }
}

/// The verifier, and most servers' heads, take no longer token (attacks JWT-14, JWT-32).
fn readable(token: String) -> Result<String, Refusal> {
    if token.len() > cardea_jose::MAX_TOKEN_BYTES {
        return Err(Refusal::TokenTooLong(token.len()));
    }
    Ok(token)
}

/// More than most tokens say.
const USUAL: usize = 1024;

/// `None` where the key cannot sign.
fn sign(key: &cardea_jose::SigningKey, typ: &str, claims: &Body) -> Option<String> {
    key.sign_jwt(typ, claims.as_str().as_bytes()).ok()
}
