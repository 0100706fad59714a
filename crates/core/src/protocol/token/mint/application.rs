//! An access token of an application that acts as itself (auth-semantics 3.3 d, e, g; RFC 9068).

use super::{Issued, Mint, USUAL, sign};
use crate::model::{Dialect, Writer};
use crate::protocol::refusal::Refusal;
use crate::protocol::token::client_credentials::Granted;
use crate::random::{self, Random};

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
        let permissions = granted.permissions.as_ref();
        let permissions: Option<Vec<&str>> = permissions.map(|all| all.iter().collect());

        let claims = Writer::with_room_for(USUAL)
            .string("iss", iss)
            .string("sub", &sub)
            .string("aud", aud);
        let signed = match api.dialect {
            Dialect::AccessToken | Dialect::AccessTokenAuthz => {
                // Auth0's own claims, in its order
                let claims = claims
                    .put("iat", &iat)
                    .put("exp", &exp)
                    .string_some("scope", scope.as_deref())
                    .string("gty", "client-credentials")
                    .string("azp", client_id)
                    .put_some("permissions", permissions.as_ref())
                    .finish();
                sign(key, "JWT", &claims)
            }
            Dialect::Rfc9068 | Dialect::Rfc9068Authz => {
                let jti = random::base62(random, 22);
                // RFC 9068 2.2
                let claims = claims
                    .string("client_id", client_id)
                    .put("iat", &iat)
                    .put("exp", &exp)
                    .string("jti", &jti)
                    .string_some("scope", scope.as_deref())
                    .put_some("permissions", permissions.as_ref())
                    .finish();
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
