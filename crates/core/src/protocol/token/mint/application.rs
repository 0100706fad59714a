//! An access token of an application that acts as itself (auth-semantics 3.3 d, e, g; RFC 9068).

use serde::Serialize;

use super::{Issued, Mint, sign};
use crate::model::Dialect;
use crate::protocol::refusal::Refusal;
use crate::protocol::token::client_credentials::Granted;
use crate::random::{self, Random};

/// Auth0's own claims, in its order.
#[derive(Serialize)]
struct Auth0Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    gty: &'static str,
    azp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<&'a str>>,
}

/// RFC 9068 2.2.
#[derive(Serialize)]
struct Rfc9068Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<&'a str>>,
}

impl Mint<'_> {
    pub(super) fn application(
        &self,
        granted: &Granted,
        random: &mut dyn Random,
    ) -> Result<Issued, Refusal> {
        let api = &granted.api.parsed;
        let key = self.api_key(api)?;
        let client_id = granted.client.parsed.id.as_str();
        let sub = format!("{client_id}@clients");
        let (iss, aud) = (self.issuer.as_str(), api.identifier.as_str());
        let iat = self.now.seconds();
        let exp = iat.saturating_add(api.token_lifetime);
        let scope = (!granted.scopes.is_empty()).then(|| granted.scopes.to_string());
        let permissions = granted.permissions.as_ref().map(|all| all.iter().collect());

        let signed = match api.dialect {
            Dialect::AccessToken | Dialect::AccessTokenAuthz => {
                let claims = Auth0Claims {
                    iss,
                    sub: &sub,
                    aud,
                    iat,
                    exp,
                    scope: scope.as_deref(),
                    gty: "client-credentials",
                    azp: client_id,
                    permissions,
                };
                sign(key, "JWT", &claims)
            }
            Dialect::Rfc9068 | Dialect::Rfc9068Authz => {
                let jti = random::base62(random, 22);
                let claims = Rfc9068Claims {
                    iss,
                    sub: &sub,
                    aud,
                    client_id,
                    iat,
                    exp,
                    jti: &jti,
                    scope: scope.as_deref(),
                    permissions,
                };
                sign(key, "at+jwt", &claims)
            }
        };
        let access_token = signed.ok_or(Refusal::NoSigningKey(api.signing_alg.as_str()))?;
        let access_token = super::readable(access_token)?;
        Ok(Issued {
            access_token,
            refresh_token: None,
            id_token: None,
            scope,
            expires_in: api.token_lifetime,
            token_type: "Bearer",
        })
    }
}
