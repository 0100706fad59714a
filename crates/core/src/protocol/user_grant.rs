//! What a user let an application get. It stands in the body of a code, a device code or a
//! refresh token family until it is redeemed.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::body::{Body, Damaged, Writer};
use crate::id::{ApiIdentifier, ClientId, ConsentId, SessionId, UserId};
use crate::scope::Scopes;
use crate::time::Timestamp;

/// What a user let an application get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserGrant {
    /// For which application.
    pub client: ClientId,
    /// Whose.
    pub user: UserId,
    /// The name of the connection through which the user came.
    pub connection: String,
    /// In which browser session; none for password grants.
    pub session: Option<SessionId>,
    /// For which API; `None` for an opaque token that opens `/userinfo` alone.
    pub audience: Option<ApiIdentifier>,
    /// The granted scopes, OIDC's and the API's, in the order in which they were asked for.
    pub scopes: Scopes,
    /// Every permission that the user has at the API, where the API's tokens carry them
    /// (trap T26). Never the requested ones alone.
    pub permissions: Option<Scopes>,
    /// When the user proved who it is.
    pub auth_time: Timestamp,
    /// Whether the ID token says so (`max_age`, `prompt=login`, or `claims` asked for it).
    pub shows_auth_time: bool,
    /// To be repeated in the first ID token (trap T5: in no later one).
    pub nonce: Option<String>,
    /// The authentication context that was reached.
    pub acr: Option<String>,
    /// How, where the ID token says (trap T42: in the first one alone).
    pub amr: Vec<String>,
    /// `redirect_uri` as the request gave it; `None` if it gave none (RFC 6749 4.1.3).
    pub redirect_uri: Option<String>,
    /// The S256 challenge (RFC 7636 4.2).
    pub challenge: Option<String>,
    /// Single claims that were asked for by name.
    pub claims: ClaimsAsked,
    /// The stored consent that it rests on, where there is one: revoking that ends its refresh
    /// tokens.
    pub consent: Option<ConsentId>,
}

/// Claims asked for by name (OIDC Core 5.5), known ones alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimsAsked {
    /// For the ID token.
    pub id_token: Vec<String>,
    /// For `/userinfo`.
    pub userinfo: Vec<String>,
}

impl ClaimsAsked {
    /// Whether nothing was asked for.
    pub const fn is_empty(&self) -> bool {
        self.id_token.is_empty() && self.userinfo.is_empty()
    }
}

const WHAT: &str = "user grant";

impl UserGrant {
    /// Whether an ID token belongs to it.
    pub fn has_openid(&self) -> bool {
        self.scopes.contains("openid")
    }

    /// Whether a refresh token belongs to it.
    pub fn has_offline_access(&self) -> bool {
        self.scopes.contains("offline_access")
    }

    /// The same of its JSON, which need not be read for it.
    pub fn stored_has_offline_access(members: &Map<String, Value>) -> bool {
        let scope = members.get("scope").and_then(Value::as_str);
        let mut words = scope.unwrap_or_default().split(' ');
        words.any(|word| word == "offline_access")
    }

    /// What later tokens are made from: without what belongs to the first ones alone.
    #[must_use]
    pub fn for_refresh(mut self) -> Self {
        self.nonce = None;
        self.challenge = None;
        self.redirect_uri = None;
        self.acr = None;
        self.amr.clear();
        self
    }

    /// Its JSON. [`Self::from_json`] reads exactly this.
    pub fn to_json(&self) -> Map<String, Value> {
        Writer::default()
            .text("client", &self.client)
            .text("user", &self.user)
            .put("connection", self.connection.as_str())
            .text_some("session", self.session.as_ref())
            .text_some("audience", self.audience.as_ref())
            .text("scope", &self.scopes)
            .text_some("permissions", self.permissions.as_ref())
            .time("auth_time", self.auth_time)
            .flag("shows_auth_time", self.shows_auth_time)
            .text_some("nonce", self.nonce.as_ref())
            .text_some("acr", self.acr.as_ref())
            .texts("amr", &self.amr)
            .text_some("redirect_uri", self.redirect_uri.as_ref())
            .text_some("challenge", self.challenge.as_ref())
            .texts("id_token_claims", &self.claims.id_token)
            .texts("userinfo_claims", &self.claims.userinfo)
            .text_some("consent", self.consent.as_ref())
            .finish()
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(members: &Map<String, Value>) -> Result<Self, Damaged> {
        let body = Body::new(WHAT, members);
        Ok(Self {
            client: body.parsed("client", ClientId::parse)?,
            user: body.parsed("user", UserId::parse)?,
            connection: body.text("connection")?.to_owned(),
            session: body.parsed_or_none("session", SessionId::parse)?,
            audience: body.parsed_or_none("audience", ApiIdentifier::parse)?,
            scopes: body.parsed("scope", |text| Scopes::parse(text).ok())?,
            permissions: body.scopes_or_none("permissions")?,
            auth_time: body.time("auth_time")?,
            shows_auth_time: body.flag("shows_auth_time")?,
            nonce: body.string_or_none("nonce")?,
            acr: body.string_or_none("acr")?,
            amr: body.texts("amr")?,
            redirect_uri: body.string_or_none("redirect_uri")?,
            challenge: body.string_or_none("challenge")?,
            claims: ClaimsAsked {
                id_token: body.texts("id_token_claims")?,
                userinfo: body.texts("userinfo_claims")?,
            },
            consent: body.parsed_or_none("consent", ConsentId::parse)?,
        })
    }
}
