//! An API (RFC 6749's resource server): who receives tokens.

use std::collections::BTreeMap;

use cardea_jose::{Algorithm, SigningKey};

use super::{Corrupt, Document};
use crate::id::{ApiId, ApiIdentifier};
use crate::scope::Scopes;

/// What an API's access tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Auth0's own claims.
    AccessToken,
    /// Auth0's own claims and `permissions`.
    AccessTokenAuthz,
    /// RFC 9068.
    Rfc9068,
    /// RFC 9068 and `permissions`.
    Rfc9068Authz,
}

impl Dialect {
    /// The contract's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::AccessTokenAuthz => "access_token_authz",
            Self::Rfc9068 => "rfc9068_profile",
            Self::Rfc9068Authz => "rfc9068_profile_authz",
        }
    }

    /// Reads the contract's word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::AccessToken,
            Self::AccessTokenAuthz,
            Self::Rfc9068,
            Self::Rfc9068Authz,
        ]
        .into_iter()
        .find(|dialect| dialect.as_str() == word)
    }

    /// Whether tokens carry `permissions`.
    pub const fn has_permissions(self) -> bool {
        matches!(self, Self::AccessTokenAuthz | Self::Rfc9068Authz)
    }
}

/// Who may get tokens for an API, for one kind of subject
/// (`subject_type_authorization`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectPolicy {
    /// Anyone; not possible for applications that act as themselves.
    AllowAll,
    /// Only with a client grant.
    RequireClientGrant,
    /// Nobody.
    DenyAll,
}

impl SubjectPolicy {
    /// Reads the contract's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "allow_all" => Some(Self::AllowAll),
            "require_client_grant" => Some(Self::RequireClientGrant),
            "deny_all" => Some(Self::DenyAll),
            _ => None,
        }
    }
}

/// APIs that every tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemApi {
    /// The Management API.
    Management,
}

impl SystemApi {
    /// What follows the issuer in its identifier.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Management => "api/v2/",
        }
    }
}

/// The parsed API document.
#[derive(Debug)]
pub struct Api {
    /// The database id.
    pub id: ApiId,
    /// The audience; immutable.
    pub identifier: ApiIdentifier,
    /// Shown in lists; may be absent.
    pub name: Option<String>,
    /// The scopes it defines.
    pub scopes: Scopes,
    /// How its tokens are signed.
    pub signing_alg: Algorithm,
    /// The key of an HS256 API: its own `signing_secret`, never a client's.
    pub hs256: Option<SigningKey>,
    /// Seconds.
    pub token_lifetime: i64,
    /// Role-based access control (`enforce_policies`).
    pub enforce_policies: bool,
    /// What its tokens look like.
    pub dialect: Dialect,
    /// Policy for applications that act as themselves.
    pub client_policy: SubjectPolicy,
    /// Policy for users.
    pub user_policy: SubjectPolicy,
    /// Whether it is one of the tenant's own.
    pub system: Option<SystemApi>,
    /// Seconds, for tokens that come from the authorization endpoint.
    pub token_lifetime_for_web: i64,
    /// Whether `offline_access` is given.
    pub allow_offline_access: bool,
    /// Whether first-party applications get tokens without asking the user.
    pub skip_consent: bool,
    /// What its scopes mean, in people's words, where it says.
    pub descriptions: BTreeMap<Box<str>, String>,
}

impl Api {
    /// Reads the document. `signing_secret` is among its secrets when it signs with HS256.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let word = |member| document.text_or_none(member);
        let policy = |subject: &str, default| match document.nested(&[
            "subject_type_authorization",
            subject,
            "policy",
        ]) {
            None => Ok(default),
            Some(value) => value
                .as_str()
                .and_then(SubjectPolicy::parse)
                .ok_or_else(|| document.corrupt("subject_type_authorization")),
        };
        let signing_alg = match word("signing_alg")? {
            None => Algorithm::Rs256,
            Some(name) => name.parse().map_err(|_| document.corrupt("signing_alg"))?,
        };
        Ok(Self {
            id: ApiId::parse(&document.id).ok_or_else(|| document.corrupt("id"))?,
            identifier: ApiIdentifier::parse(document.text("identifier")?)
                .ok_or_else(|| document.corrupt("identifier"))?,
            name: word("name")?.map(ToOwned::to_owned),
            scopes: scopes(document)?,
            signing_alg,
            hs256: hs256(document, signing_alg)?,
            token_lifetime: document.integer("token_lifetime", 86_400)?,
            enforce_policies: document.flag("enforce_policies", false)?,
            dialect: match word("token_dialect")? {
                None => Dialect::AccessToken,
                Some(name) => {
                    Dialect::parse(name).ok_or_else(|| document.corrupt("token_dialect"))?
                }
            },
            client_policy: policy("client", SubjectPolicy::RequireClientGrant)?,
            user_policy: policy("user", SubjectPolicy::AllowAll)?,
            system: match word("system")? {
                None => None,
                Some("management") => Some(SystemApi::Management),
                Some(_) => return Err(document.corrupt("system")),
            },
            token_lifetime_for_web: document.integer("token_lifetime_for_web", 7_200)?,
            allow_offline_access: document.flag("allow_offline_access", false)?,
            skip_consent: document
                .flag("skip_consent_for_verifiable_first_party_clients", false)?,
            descriptions: descriptions(document),
        })
    }
}

/// `scopes[].description`, where it is not empty.
fn descriptions(document: &Document) -> BTreeMap<Box<str>, String> {
    let listed = document.body.get("scopes").and_then(|list| list.as_array());
    let text = |scope: &serde_json::Value, name: &str| {
        let text = scope.get(name).and_then(|value| value.as_str());
        text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    };
    let described = |scope| Some((text(scope, "value")?.into(), text(scope, "description")?));
    listed.into_iter().flatten().filter_map(described).collect()
}

fn scopes(document: &Document) -> Result<Scopes, Corrupt> {
    let corrupt = || document.corrupt("scopes");
    let Some(list) = document.body.get("scopes") else {
        return Ok(Scopes::default());
    };
    list.as_array()
        .ok_or_else(corrupt)?
        .iter()
        .map(|scope| {
            scope
                .get("value")
                .and_then(|value| value.as_str())
                .ok_or_else(corrupt)
        })
        .collect()
}

fn hs256(document: &Document, alg: Algorithm) -> Result<Option<SigningKey>, Corrupt> {
    if !alg.is_symmetric() {
        return Ok(None);
    }
    let secret = document.secrets.get("signing_secret");
    let key = secret.and_then(|secret| SigningKey::hmac(secret.expose().as_bytes()).ok());
    key.map(Some)
        .ok_or_else(|| document.corrupt("signing_secret"))
}
