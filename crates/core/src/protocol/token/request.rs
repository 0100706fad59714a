//! What a token request asks for.

use super::super::client_auth::Presented;
use super::super::params::{Encoding, Params};
use super::super::refusal::Refusal;
use super::{authorization_code, client_credentials, device_code, password, refresh_token};
use crate::model::{EventType, GrantType};
pub use crate::protocol::raw::Raw;

/// A parsed request: who asks, for what.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// How the client says who it is.
    pub client: Presented,
    /// The grant and its own parameters.
    pub grant: Grant,
}

/// The grants that are served.
#[derive(Debug, Clone)]
pub enum Grant {
    /// RFC 6749 4.4.
    ClientCredentials(client_credentials::Asked),
    /// RFC 6749 4.1.3.
    AuthorizationCode(authorization_code::Asked),
    /// RFC 6749 6.
    RefreshToken(refresh_token::Asked),
    /// RFC 6749 4.3, and Auth0's form that names the connection.
    Password(password::Asked),
    /// RFC 8628 3.4.
    DeviceCode(device_code::Asked),
}

/// A request that does not parse, with what is known of it for the log.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// Why.
    pub refusal: Refusal,
    /// The client id that it names, unverified.
    pub client_id: Option<String>,
    /// Whether it came with HTTP Basic.
    pub basic: bool,
    /// The event that records it: that of its grant, as far as it says.
    pub event: EventType,
}

const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_id"];

impl Raw<'_> {
    /// Reads the parameters: none in the URL, all in a body of a known type.
    pub fn params(&self) -> Result<Params, Refusal> {
        let query = self.query.unwrap_or_default().as_bytes();
        if form_urlencoded::parse(query).any(|(name, _)| CREDENTIALS.contains(&name.as_ref())) {
            return Err(Refusal::CredentialsInUrl);
        }
        let encoding = Encoding::from_content_type(self.content_type)
            .ok_or(Refusal::Body("its Content-Type is neither form nor JSON"))?;
        Params::parse(encoding, self.body)
    }
}

impl TokenRequest {
    /// Reads a request. Nothing is looked up.
    pub fn parse(raw: Raw<'_>) -> Result<Self, Box<Unreadable>> {
        let basic = raw.authorization.is_some();
        let params = raw.params().map_err(|refusal| {
            Box::new(Unreadable {
                refusal,
                client_id: None,
                basic,
                event: EventType::TokenRefused,
            })
        })?;
        let late = |refusal| {
            Box::new(Unreadable {
                refusal,
                client_id: params.get("client_id").map(|id| printable(id, 255)),
                basic,
                event: refused_event(params.get("grant_type")),
            })
        };
        let grant = Grant::parse(&params).map_err(late)?;
        let client = Presented::parse(raw.authorization, &params).map_err(late)?;
        Ok(Self { client, grant })
    }
}

impl Grant {
    fn parse(params: &Params) -> Result<Self, Refusal> {
        let Some(name) = params.get("grant_type") else {
            return Err(Refusal::Missing("grant_type"));
        };
        match served(name) {
            Some(GrantType::ClientCredentials) => Ok(Self::ClientCredentials(
                client_credentials::Asked::from_params(params),
            )),
            Some(GrantType::AuthorizationCode) => {
                authorization_code::Asked::from_params(params).map(Self::AuthorizationCode)
            }
            Some(GrantType::RefreshToken) => {
                refresh_token::Asked::from_params(params).map(Self::RefreshToken)
            }
            Some(grant @ (GrantType::Password | GrantType::PasswordRealm)) => {
                password::Asked::from_params(grant, params).map(Self::Password)
            }
            Some(GrantType::DeviceCode) => {
                device_code::Asked::from_params(params).map(Self::DeviceCode)
            }
            Some(GrantType::Implicit) | None => {
                Err(Refusal::UnsupportedGrantType(printable(name, 100)))
            }
        }
    }

    /// The word of the grant.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode,
            Self::RefreshToken(_) => GrantType::RefreshToken,
            Self::Password(asked) => asked.grant,
            Self::DeviceCode(_) => GrantType::DeviceCode,
        }
    }
}

/// The grants of this endpoint by their words.
fn served(name: &str) -> Option<GrantType> {
    const ALL: [GrantType; 6] = [
        GrantType::ClientCredentials,
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::Password,
        GrantType::PasswordRealm,
        GrantType::DeviceCode,
    ];
    ALL.into_iter().find(|grant| grant.as_str() == name)
}

fn refused_event(name: Option<&str>) -> EventType {
    name.and_then(served)
        .map_or(EventType::TokenRefused, super::event::refused)
}

/// What a request named, for answers and logs: without control characters, and not without end
/// (attack LOG-01).
fn printable(text: &str, most: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(most)
        .collect()
}
