//! What a user let an application get. It stands in the body of a code, a device code or a
//! refresh token family until it is redeemed.

#[cfg(test)]
mod tests;

use super::body::{Damaged, Members, Writer};
use crate::id::{ApiIdentifier, ClientId, ConsentId, SessionId, UserId};
use crate::model::Body;
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

    /// Whether the one that is stored may have it, without reading it: no letter of the word is
    /// ever escaped.
    pub fn may_have_offline_access(body: &Body) -> bool {
        body.as_str().contains("offline_access")
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

    /// As it is stored.
    pub fn to_body(&self) -> Body {
        Writer::default()
            .text("client", &self.client)
            .text("user", &self.user)
            .put("connection", &self.connection)
            .text_some("session", self.session.as_ref())
            .text_some("audience", self.audience.as_ref())
            .text("scope", &self.scopes)
            .text_some("permissions", self.permissions.as_ref())
            .time("auth_time", self.auth_time)
            .flag("shows_auth_time", self.shows_auth_time)
            .put_some("nonce", self.nonce.as_ref())
            .put_some("acr", self.acr.as_ref())
            .list("amr", &self.amr)
            .put_some("redirect_uri", self.redirect_uri.as_ref())
            .put_some("challenge", self.challenge.as_ref())
            .list("id_token_claims", &self.claims.id_token)
            .list("userinfo_claims", &self.claims.userinfo)
            .text_some("consent", self.consent.as_ref())
            .finish()
    }

    /// Reads what [`Self::to_body`] wrote.
    pub fn from_body(body: &Body) -> Result<Self, Damaged> {
        Self::from_members(&Members::of(WHAT, body)?)
    }

    /// The same, where it is a member of something else.
    pub fn inside(members: &Members<'_>, member: &'static str) -> Result<Self, Damaged> {
        Self::from_members(&members.object(member, WHAT)?)
    }

    fn from_members(body: &Members<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            client: body.parsed("client", ClientId::parse)?,
            user: body.parsed("user", UserId::parse)?,
            connection: body.get("connection")?,
            session: body.parsed_or_none("session", SessionId::parse)?,
            audience: body.parsed_or_none("audience", ApiIdentifier::parse)?,
            scopes: body.scopes("scope")?,
            permissions: body.scopes_or_none("permissions")?,
            auth_time: body.time("auth_time")?,
            shows_auth_time: body.flag("shows_auth_time")?,
            nonce: body.get_or_none("nonce")?,
            acr: body.get_or_none("acr")?,
            amr: body.list("amr")?,
            redirect_uri: body.get_or_none("redirect_uri")?,
            challenge: body.get_or_none("challenge")?,
            claims: ClaimsAsked {
                id_token: body.list("id_token_claims")?,
                userinfo: body.list("userinfo_claims")?,
            },
            consent: body.parsed_or_none("consent", ConsentId::parse)?,
        })
    }
}
