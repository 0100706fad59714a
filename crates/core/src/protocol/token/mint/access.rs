//! A user's access token: a JWT for one API (auth-semantics 3.3 b, c, e, f, g), or an opaque one.

use cardea_jose::SigningKey;
use serde::Serialize;

use super::{Mint, USUAL, sign};
use crate::model::{Api, Dialect, Writer};
use crate::protocol::refusal::Refusal;
use crate::protocol::token::user::UserTokens;
use crate::protocol::userinfo;
use crate::random::{self, Random};
use crate::write::Write;

/// A minted access token.
#[derive(Debug)]
pub struct Access {
    /// Its value.
    pub token: String,
    /// Seconds.
    pub expires_in: i64,
    /// An opaque token is remembered.
    pub write: Option<Write>,
}

/// One audience is a string, two are an array with the API first (traps T8, T9).
#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Two((&'a str, String)),
}

impl Mint<'_> {
    /// The access token. Without an API it is opaque and opens `/userinfo` alone (trap T10).
    pub fn access(&self, tokens: &UserTokens, random: &mut dyn Random) -> Result<Access, Refusal> {
        match &tokens.api {
            None => Ok(self.opaque(tokens, random)),
            Some(api) => self.signed(tokens, &api.parsed, random),
        }
    }

    fn signed(
        &self,
        tokens: &UserTokens,
        api: &Api,
        random: &mut dyn Random,
    ) -> Result<Access, Refusal> {
        let key = self.api_key(api)?;
        // T12: the shorter life is for tokens from the front channel alone
        let expires_in = if tokens.front_channel {
            api.token_lifetime_for_web.min(api.token_lifetime)
        } else {
            api.token_lifetime
        };
        let aud = self.audience(tokens, api);
        let (iss, sub) = (self.issuer.as_str(), tokens.user.id.as_str());
        let client = tokens.client.parsed.id.as_str();
        let iat = self.now.seconds();
        let exp = iat.saturating_add(expires_in);
        let scope = (!tokens.grant.scopes.is_empty()).then(|| tokens.grant.scopes.to_string());
        let scope = scope.as_deref();
        let permissions = tokens.grant.permissions.as_ref();
        let permissions: Option<Vec<&str>> = permissions.map(|all| all.iter().collect());

        let claims = Writer::with_room_for(USUAL)
            .string("iss", iss)
            .string("sub", sub)
            .put("aud", &aud);
        let signed = match api.dialect {
            Dialect::AccessToken | Dialect::AccessTokenAuthz => {
                // Auth0's own claims, in its order
                let claims = claims
                    .put("iat", &iat)
                    .put("exp", &exp)
                    .string_some("scope", scope)
                    .string_some("gty", tokens.gty)
                    .string("azp", client)
                    .put_some("permissions", permissions.as_ref())
                    .finish();
                sign(key, "JWT", &claims)
            }
            Dialect::Rfc9068 | Dialect::Rfc9068Authz => {
                let jti = random::base62(random, 22);
                // RFC 9068 2.2: no `azp`, no `gty` (trap T27)
                let claims = claims
                    .string("client_id", client)
                    .put("iat", &iat)
                    .put("exp", &exp)
                    .string("jti", &jti)
                    .string_some("scope", scope)
                    .put_some("permissions", permissions.as_ref())
                    .finish();
                sign(key, "at+jwt", &claims)
            }
        };
        Ok(Access {
            token: super::readable(signed.ok_or(Refusal::NoSigningKey(api.signing_alg.as_str()))?)?,
            expires_in,
            write: None,
        })
    }

    /// The API, and `/userinfo` where the token opens that too (auth-semantics 0.4).
    fn audience<'a>(&self, tokens: &UserTokens, api: &'a Api) -> Audience<'a> {
        let identifier = api.identifier.as_str();
        if tokens.is_openid() && !api.signing_alg.is_symmetric() {
            let userinfo = userinfo::audience(self.tenant, self.issuer);
            Audience::Two((identifier, userinfo))
        } else {
            Audience::One(identifier)
        }
    }

    /// An HS256 API's own secret, never a client's (trap T9); else the tenant's current key.
    pub(super) fn api_key<'a>(&'a self, api: &'a Api) -> Result<&'a SigningKey, Refusal> {
        let tenant_key = || {
            let current = self.tenant.keys.current(api.signing_alg);
            current.and_then(|key| key.signing.as_ref())
        };
        api.hs256
            .as_ref()
            .or_else(tenant_key)
            .ok_or(Refusal::NoSigningKey(api.signing_alg.as_str()))
    }
}
