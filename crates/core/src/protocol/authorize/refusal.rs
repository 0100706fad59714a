//! Why an authorization request is refused. `profile` gives each its wire form.

use super::super::refusal::Refusal;
use super::super::rules::Rule;
use crate::model::GrantType;

/// An error as it stands in a response or on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizeError {
    /// `error`.
    pub error: &'static str,
    /// `error_description`.
    pub description: String,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The parameters cannot be read; says why.
    Unreadable(&'static str),
    /// A parameter stands twice.
    Repeated(String),
    /// A required parameter is absent.
    Missing(&'static str),
    /// No such application, or one that cannot be used.
    UnknownClient(String),
    /// `redirect_uri` is not one of the application's.
    RedirectMismatch(String),
    /// A parameter that a strict third party may not send.
    ForeignParameter(String),
    /// A parameter with a value that it cannot have; says which.
    Invalid(&'static str),
    /// A parameter that is longer than it may be.
    TooLong(&'static str),
    /// A response type that is not served (to this application).
    ResponseType(String),
    /// A response mode that is not served, or not for this response type.
    ResponseMode(String),
    /// The callback's origin is none of the application's `web_origins`.
    WebOrigin(String),
    /// The application's `grant_types` do not name what the response type needs.
    GrantType(GrantType),
    /// Tokens at the authorization endpoint, which this application has no flag for.
    FrontChannel(String),
    /// An ID token at the authorization endpoint without `nonce`.
    NonceMissing,
    /// An ID token at the authorization endpoint without the scope `openid`.
    OpenidMissing,
    /// PKCE is required and not there.
    PkceMissing,
    /// A challenge method other than `S256`.
    PkceMethod,
    /// A challenge that no S256 digest can be.
    PkceChallenge,
    /// `prompt=none` beside another value.
    PromptNone,
    /// `request` is not served.
    RequestObject,
    /// `request_uri` is not served.
    RequestUri,
    /// `authorization_details` are not served.
    AuthorizationDetails,
    /// An organization was named; there are none yet.
    Organization(String),
    /// No such connection, or not for this application.
    Connection,
    /// None of `acr_values` is supported.
    AcrValues,
    /// An authentication context is essential and out of reach (attack AUTHZ-35).
    AcrUnmet,
    /// `id_token_hint` is no ID token of ours for this application.
    Hint,
    /// The API, the client grant or `scope`: as at the token endpoint.
    Scopes(Refusal),
    /// `prompt=none`, and nobody is logged in (recently enough, or the right one).
    LoginRequired,
    /// `prompt=none`, and the user has not consented.
    ConsentRequired,
    /// `prompt=none`, and the user must confirm.
    InteractionRequired,
    /// Somebody else logged in than the hint names.
    OtherUser,
    /// The user is blocked.
    Blocked,
    /// The user said no.
    Denied,
}

impl Refused {
    /// The rule that refused.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Unreadable(_) => Rule::QueryReadable,
            Self::Repeated(_) => Rule::NoRepeatAuthorize,
            Self::Missing(_) => Rule::AuthorizeRequired,
            Self::UnknownClient(_) => Rule::AuthorizeClient,
            Self::RedirectMismatch(_) => Rule::RedirectExact,
            Self::ForeignParameter(_) => Rule::ThirdPartyParameters,
            Self::Invalid(_) => Rule::AuthorizeValue,
            Self::TooLong(_) => Rule::AuthorizeLength,
            Self::ResponseType(_) => Rule::ResponseTypeServed,
            Self::ResponseMode(_) => Rule::ResponseModeServed,
            Self::WebOrigin(_) => Rule::WebMessageOrigin,
            Self::GrantType(_) => Rule::ResponseTypeGrant,
            Self::FrontChannel(_) => Rule::FrontChannel,
            Self::NonceMissing => Rule::NonceRequired,
            Self::OpenidMissing => Rule::OpenidRequired,
            Self::PkceMissing => Rule::PkceRequired,
            Self::PkceMethod => Rule::PkceS256,
            Self::PkceChallenge => Rule::PkceChallenge,
            Self::PromptNone => Rule::PromptNoneAlone,
            Self::RequestObject => Rule::RequestObject,
            Self::RequestUri => Rule::RequestUri,
            Self::AuthorizationDetails => Rule::AuthorizationDetails,
            Self::Organization(_) => Rule::NoOrganization,
            Self::Connection => Rule::ConnectionEnabled,
            Self::AcrValues => Rule::AcrValues,
            Self::AcrUnmet => Rule::AcrEssential,
            Self::Hint => Rule::IdTokenHint,
            Self::Scopes(refusal) => refusal.rule(),
            Self::LoginRequired => Rule::PromptNoneLogin,
            Self::ConsentRequired => Rule::PromptNoneConsent,
            Self::InteractionRequired => Rule::PromptNoneConfirm,
            Self::OtherUser => Rule::HintUser,
            Self::Blocked => Rule::UserNotBlocked,
            Self::Denied => Rule::ConsentDenied,
        }
    }

    /// For the log: what exactly was wrong.
    pub fn why(&self) -> String {
        let text = match self {
            Self::Unreadable(why) => why,
            Self::Repeated(name) => return format!("the parameter {name} stands twice"),
            Self::Missing(name) => return format!("the parameter {name} is missing"),
            Self::UnknownClient(id) => return format!("there is no application {id}"),
            Self::RedirectMismatch(uri) => {
                return format!("the application has no callback {uri}");
            }
            Self::ForeignParameter(name) => {
                return format!("a third party may not send {name}");
            }
            Self::Invalid(name) => return format!("the parameter {name} has no value it can have"),
            Self::TooLong(name) => return format!("the parameter {name} is too long"),
            Self::ResponseType(name) => {
                return format!("the response type {name} is not served");
            }
            Self::ResponseMode(name) => {
                return format!("the response mode {name} is not served for this response type");
            }
            Self::WebOrigin(origin) => {
                return format!("{origin} is none of the application's web_origins");
            }
            Self::GrantType(grant) => {
                return format!("the client's grant_types do not name {}", grant.as_str());
            }
            Self::FrontChannel(_) => "the application has no flag front_channel_tokens",
            Self::NonceMissing => "an ID token from this endpoint needs a nonce",
            Self::OpenidMissing => "an ID token needs the scope openid",
            Self::PkceMissing => "PKCE is required",
            Self::PkceMethod => "the challenge method is not S256",
            Self::PkceChallenge => "the challenge is no S256 digest",
            Self::PromptNone => "prompt=none stands beside another value",
            Self::RequestObject => "request objects are not served",
            Self::RequestUri => "request_uri is not served",
            Self::AuthorizationDetails => "authorization_details are not served",
            Self::Organization(name) => return format!("there is no organization {name}"),
            Self::Connection => "there is no such connection for this application",
            Self::AcrValues => "none of acr_values is supported",
            Self::AcrUnmet => "the essential authentication context is out of reach",
            Self::Hint => "id_token_hint is no ID token of this issuer for this application",
            Self::Scopes(refusal) => return refusal.why(),
            Self::LoginRequired => "prompt=none, but the user must log in",
            Self::ConsentRequired => "prompt=none, but the user must consent",
            Self::InteractionRequired => "prompt=none, but the user must confirm",
            Self::OtherUser => "another user logged in than id_token_hint names",
            Self::Blocked => "the user is blocked",
            Self::Denied => "the user did not consent",
        };
        text.to_owned()
    }
}
