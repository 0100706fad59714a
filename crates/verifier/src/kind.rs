//! What a token with a good signature is: an access token, an ID token, or something else.
//!
//! Auth0's dialect gives ID tokens and access tokens the same `typ`, so the claims must tell. The
//! rules, first match wins:
//!
//! 1. `typ` is `at+jwt`: an access token (RFC 9068 2.1). Any other type than that, `JWT` or none
//!    is another kind of token, e.g. `logout+jwt`, and so is one with `events` (RFC 8417 2.2).
//! 2. `nonce`, `at_hash`, `c_hash` or `s_hash`: an ID token (OIDC Core 2, 3.3.2.11). The server
//!    keeps custom claims from these names, so no access token has them.
//! 3. `scope`, `gty` or `permissions`: an access token; no ID token has them.
//! 4. `azp` or `client_id` names an application that is not the audience: an access token, unless
//!    `sid` is there, which stands in ID tokens only.
//! 5. Everything else: an ID token. Its audience is the application itself.

use serde_json::{Map, Value};

use crate::claims::names_audience;
use cardea_jose::Header;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Access,
    Id,
    Other,
}

pub(crate) fn kind_of(header: &Header, claims: &Map<String, Value>) -> Kind {
    let has = |name: &&str| claims.contains_key(*name);
    if header.is_typ("at+jwt") {
        return Kind::Access;
    }
    if (header.typ.is_some() && !header.is_typ("JWT")) || has(&"events") {
        return Kind::Other;
    }
    if ["nonce", "at_hash", "c_hash", "s_hash"].iter().any(has) {
        return Kind::Id;
    }
    if ["scope", "gty", "permissions"].iter().any(has) {
        return Kind::Access;
    }
    let client = claims
        .get("azp")
        .or_else(|| claims.get("client_id"))
        .and_then(Value::as_str);
    match client {
        Some(client) if !has(&"sid") && !names_audience(claims, client) => Kind::Access,
        Some(_) | None => Kind::Id,
    }
}
