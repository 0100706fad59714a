//! Every reason for which the token endpoint refuses. `profile` gives each its wire form.

mod grant;

pub use grant::GrantRefusal;

use super::rules::Rule;
use crate::model::GrantType;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The body is neither a form nor a JSON object; says what is wrong.
    Body(&'static str),
    /// A parameter stands twice.
    Repeated(String),
    /// A known parameter is not text.
    NotText(&'static str),
    /// A required parameter is absent.
    Missing(&'static str),
    /// No such grant, or none that is served.
    UnsupportedGrantType(String),
    /// Credentials in the query string.
    CredentialsInUrl,
    /// Two ways of authenticating at once.
    SeveralMethods,
    /// Header, body and assertion name different clients.
    ClientMismatch,
    /// `Authorization` is not readable.
    BasicMalformed,
    /// Nobody says who the client is.
    ClientUnnamed,
    /// No such client.
    ClientUnknown,
    /// The client exists but cannot be used.
    ClientUnusable,
    /// Another method than the registered one.
    MethodNotRegistered,
    /// A wrong secret, or none where one is needed.
    SecretWrong,
    /// The assertion does not hold; says why.
    Assertion(Rule, &'static str),
    /// Nothing shows yet that the assertion is the client's; says why, in the log alone: the wire
    /// must not tell whether there is such a client (attack TOKEN-50).
    AssertionUnproven(Rule, &'static str),
    /// The token would be longer than anybody reads; its bytes.
    TokenTooLong(usize),
    /// The client may not use the grant.
    GrantTypeNotAllowed(GrantType),
    /// A public client that wants to act as itself.
    PublicClient,
    /// `audience` and `resource` name different APIs, or `resource` several.
    SeveralApis,
    /// `resource` is not an absolute URI without a fragment.
    ResourceMalformed,
    /// No API was named and there is no default.
    NoAudience,
    /// No API has this identifier.
    UnknownApi(String),
    /// The API takes no applications that act as themselves.
    ClientsDenied(String),
    /// An organization was named.
    NoOrganization(String),
    /// There is no client grant.
    NoClientGrant {
        /// The application.
        client: String,
        /// The API.
        audience: String,
    },
    /// The API gives users nothing (through this application).
    UsersDenied(String),
    /// There is no client grant for users.
    NoUserGrant {
        /// The application.
        client: String,
        /// The API.
        audience: String,
    },
    /// A strict third party that names no API.
    ThirdPartyNeedsApi,
    /// `scope` is too long, or holds too many words.
    ScopeTooLong,
    /// `scope` has a character that no scope can have.
    ScopeMalformed,
    /// Scopes that are not granted, in the order in which they were asked for.
    ScopesNotGranted(Vec<String>),
    /// The tenant has no key of the API's algorithm: an operator must act.
    NoSigningKey(&'static str),
    /// Too many failed attempts; seconds to wait.
    Throttled(i64),
    /// A grant with a user, a revocation or an introspection is refused.
    Grant(GrantRefusal),
}

impl Refusal {
    /// The rule that refused.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Body(_) => Rule::BodyReadable,
            Self::Repeated(_) => Rule::NoRepeat,
            Self::NotText(_) => Rule::ParameterIsText,
            Self::Missing(_) => Rule::GrantTypeRequired,
            Self::UnsupportedGrantType(_) => Rule::GrantTypeSupported,
            Self::CredentialsInUrl => Rule::NoCredentialsInUrl,
            Self::SeveralMethods => Rule::OneMethod,
            Self::ClientMismatch => Rule::OneClient,
            Self::BasicMalformed => Rule::BasicWellFormed,
            Self::ClientUnnamed => Rule::ClientNamed,
            Self::ClientUnknown => Rule::ClientKnown,
            Self::ClientUnusable => Rule::ClientUsable,
            Self::MethodNotRegistered => Rule::MethodRegistered,
            Self::SecretWrong | Self::Throttled(_) => Rule::SecretMatches,
            Self::Assertion(rule, _) | Self::AssertionUnproven(rule, _) => *rule,
            Self::TokenTooLong(_) => Rule::TokenSize,
            Self::GrantTypeNotAllowed(_) => Rule::GrantTypeAllowed,
            Self::PublicClient => Rule::NotPublic,
            Self::SeveralApis => Rule::OneApi,
            Self::ResourceMalformed => Rule::ResourceAsked,
            Self::NoAudience => Rule::AudienceRequired,
            Self::UnknownApi(_) => Rule::ApiKnown,
            Self::ClientsDenied(_) => Rule::ClientPolicy,
            Self::NoOrganization(_) => Rule::NoOrganization,
            Self::NoClientGrant { .. } => Rule::ClientGrantRequired,
            Self::UsersDenied(_) => Rule::UserPolicy,
            Self::NoUserGrant { .. } => Rule::UserClientGrant,
            Self::ThirdPartyNeedsApi => Rule::ThirdPartyNoIdentity,
            Self::ScopeTooLong => Rule::ScopeBounded,
            Self::ScopeMalformed => Rule::ScopeWellFormed,
            Self::ScopesNotGranted(_) => Rule::ScopeNotGranted,
            Self::NoSigningKey(_) => Rule::SigningKey,
            Self::Grant(refusal) => refusal.rule(),
        }
    }

    /// For the log: what exactly was wrong. Never on the wire where it would tell an attacker
    /// whether a client exists (attack TOKEN-50).
    pub fn why(&self) -> String {
        match self {
            Self::Body(why) | Self::Assertion(_, why) | Self::AssertionUnproven(_, why) => {
                (*why).to_owned()
            }
            Self::TokenTooLong(bytes) => format!("the token would have {bytes} bytes"),
            Self::Repeated(name) => format!("the parameter {name} stands twice"),
            Self::NotText(name) => format!("the parameter {name} is not text"),
            Self::Missing(name) => format!("the parameter {name} is missing"),
            Self::UnsupportedGrantType(name) => format!("the grant type {name} is not served"),
            Self::CredentialsInUrl => "credentials in the URL".to_owned(),
            Self::SeveralMethods => "two ways of authenticating at once".to_owned(),
            Self::ClientMismatch => "header, body and assertion name different clients".to_owned(),
            Self::BasicMalformed => "the Basic header is malformed".to_owned(),
            Self::ClientUnnamed => "no client is named".to_owned(),
            Self::ClientUnknown => "there is no such client".to_owned(),
            Self::ClientUnusable => "this entry is no client that can get tokens".to_owned(),
            Self::MethodNotRegistered => {
                "the client is registered for another way of authenticating".to_owned()
            }
            Self::SecretWrong => "the client secret is wrong or missing".to_owned(),
            Self::GrantTypeNotAllowed(grant) => {
                format!("the client's grant_types do not name {}", grant.as_str())
            }
            Self::PublicClient => "a public client cannot act as itself".to_owned(),
            Self::SeveralApis => "more than one API was asked for".to_owned(),
            Self::ResourceMalformed => "resource is no absolute URI without fragment".to_owned(),
            Self::NoAudience => "no API was named and the tenant has no default".to_owned(),
            Self::UnknownApi(api) => format!("no API has the identifier {api}"),
            Self::ClientsDenied(api) => format!("{api} takes no tokens of applications"),
            Self::NoOrganization(name) => format!("there is no organization {name}"),
            Self::NoClientGrant { client, audience } => {
                format!("the client {client} has no client grant for {audience}")
            }
            Self::UsersDenied(api) => format!("{api} gives users nothing by this application"),
            Self::NoUserGrant { client, audience } => {
                format!("the client {client} has no client grant for users of {audience}")
            }
            Self::ThirdPartyNeedsApi => "a strict third party must name an API".to_owned(),
            Self::ScopeTooLong => "scope is too long".to_owned(),
            Self::ScopeMalformed => "scope holds a character that no scope can have".to_owned(),
            Self::ScopesNotGranted(scopes) => format!("not granted: {}", scopes.join(", ")),
            Self::NoSigningKey(alg) => format!("the tenant has no {alg} key"),
            Self::Throttled(_) => "too many failed attempts".to_owned(),
            Self::Grant(refusal) => refusal.why(),
        }
    }
}
