//! A client grant: what an application may get for an API.

use super::{Corrupt, Document};
use crate::id::{ApiIdentifier, ClientId, GrantId};
use crate::scope::Scopes;

/// For whom a grant speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectType {
    /// The application acting as itself.
    Client,
    /// A user through the application.
    User,
}

impl SubjectType {
    /// The contract's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
        }
    }

    /// Reads the contract's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "client" => Some(Self::Client),
            "user" => Some(Self::User),
            _ => None,
        }
    }
}

/// What makes a grant unique. `client` is `None` for a default grant of third-party
/// applications.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantKey {
    /// The application.
    pub client: Option<ClientId>,
    /// The API.
    pub audience: ApiIdentifier,
    /// For whom.
    pub subject: SubjectType,
}

impl GrantKey {
    /// The unique name of the stored row.
    pub fn unique(&self) -> String {
        let client = self.client.as_ref().map_or("", ClientId::as_str);
        format!("{client} {} {}", self.subject.as_str(), self.audience)
    }
}

/// The parsed grant document.
#[derive(Debug, Clone)]
pub struct ClientGrant {
    /// Its id.
    pub id: GrantId,
    /// Application, API, subject.
    pub key: GrantKey,
    /// The granted scopes.
    pub scopes: Scopes,
    /// Whether every scope that the API defines, now and later, is granted.
    pub allow_all_scopes: bool,
}

impl ClientGrant {
    /// Reads the document.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let client = document.text_or_none("client_id")?;
        let subject = document.text_or_none("subject_type")?.unwrap_or("client");
        Ok(Self {
            id: GrantId::parse(&document.id).ok_or_else(|| document.corrupt("id"))?,
            key: GrantKey {
                client: client
                    .map(|id| ClientId::parse(id).ok_or_else(|| document.corrupt("client_id")))
                    .transpose()?,
                audience: ApiIdentifier::parse(document.text("audience")?)
                    .ok_or_else(|| document.corrupt("audience"))?,
                subject: SubjectType::parse(subject)
                    .ok_or_else(|| document.corrupt("subject_type"))?,
            },
            scopes: document.texts("scope")?.into_iter().collect(),
            allow_all_scopes: document.flag("allow_all_scopes", false)?,
        })
    }
}
