//! Why a grant with a user is refused, a revocation or an introspection.

use crate::protocol::body::Damaged;
use crate::protocol::rules::Rule;

/// Why it was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantRefusal {
    /// A parameter that the grant needs is absent.
    Absent(&'static str),
    /// The code cannot be redeemed; says why.
    Code(Rule, &'static str),
    /// The code verifier does not fit the challenge, or only one of them is there.
    Verifier(&'static str),
    /// `redirect_uri` is not the one of the authorization request.
    RedirectUriDiffers {
        /// What was sent, cut to its origin.
        sent: String,
        /// What was expected, cut to its origin.
        expected: String,
    },
    /// The refresh token cannot be used; says why.
    RefreshToken(Rule, &'static str),
    /// The refresh token's user is gone.
    UserGone,
    /// The user is blocked.
    UserBlocked,
    /// A wrong password, or nobody has the name.
    WrongPassword,
    /// Too many wrong passwords before this one.
    TooManyPasswords,
    /// Too many wrong passwords from this address.
    TooManyFromAddress,
    /// A password grant without a connection, and the tenant has no default.
    NoDefaultConnection,
    /// The connection cannot be used; says why.
    Connection(Rule, &'static str),
    /// The refresh token is not good for this API.
    AudienceNotRefreshable(String),
    /// More scopes than the refresh token has, in the order in which they were asked for.
    ScopesNotRefreshable(Vec<String>),
    /// The device code cannot be used; says why.
    DeviceCode(Rule, &'static str),
    /// Nobody has said yes or no yet.
    DevicePending,
    /// Asked again too early; the seconds to wait between two questions.
    DeviceSlowDown(i64),
    /// The device code has expired, and this is the first time it is said.
    DeviceExpired,
    /// The user said no.
    DeviceDenied,
    /// What is stored does not say what it must: the operator must look.
    Damaged(&'static str),
    /// A revocation or an introspection names no token.
    TokenAbsent,
    /// A public client asks about tokens.
    IntrospectPublic,
}

impl From<Damaged> for GrantRefusal {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged.what)
    }
}

impl GrantRefusal {
    /// The rule that refused.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Absent(_) => Rule::ParameterRequired,
            Self::Code(rule, _)
            | Self::RefreshToken(rule, _)
            | Self::Connection(rule, _)
            | Self::DeviceCode(rule, _) => *rule,
            Self::Verifier(_) => Rule::PkceVerifier,
            Self::RedirectUriDiffers { .. } => Rule::RedirectUriRepeated,
            Self::UserGone => Rule::UserThere,
            Self::UserBlocked => Rule::UserNotBlocked,
            Self::WrongPassword => Rule::PasswordRight,
            Self::TooManyPasswords | Self::TooManyFromAddress => Rule::PasswordAttempts,
            Self::NoDefaultConnection => Rule::DefaultDirectory,
            Self::AudienceNotRefreshable(_) => Rule::RefreshAudience,
            Self::ScopesNotRefreshable(_) => Rule::RefreshScopeNarrows,
            Self::DevicePending => Rule::DevicePending,
            Self::DeviceSlowDown(_) => Rule::DeviceInterval,
            Self::DeviceExpired => Rule::DeviceAlive,
            Self::DeviceDenied => Rule::DeviceDenied,
            Self::Damaged(_) => Rule::StateReadable,
            Self::TokenAbsent => Rule::RevokeToken,
            Self::IntrospectPublic => Rule::IntrospectAuthenticated,
        }
    }

    /// For the log: what exactly was wrong.
    pub fn why(&self) -> String {
        match self {
            Self::Code(_, why)
            | Self::Verifier(why)
            | Self::RefreshToken(_, why)
            | Self::Connection(_, why)
            | Self::DeviceCode(_, why) => (*why).to_owned(),
            Self::Absent(name) => format!("the parameter {name} is missing"),
            Self::RedirectUriDiffers { sent, expected } => {
                format!("redirect_uri is of {sent}, the authorization request's of {expected}")
            }
            Self::UserGone => "the user is gone".to_owned(),
            Self::UserBlocked => "the user is blocked".to_owned(),
            Self::WrongPassword => "wrong password, or nobody has the name".to_owned(),
            Self::TooManyPasswords => "too many wrong passwords before".to_owned(),
            Self::TooManyFromAddress => "too many wrong passwords from this address".to_owned(),
            Self::NoDefaultConnection => "the tenant has no default_directory".to_owned(),
            Self::AudienceNotRefreshable(api) => {
                format!("no policy lets the refresh token get tokens for {api}")
            }
            Self::ScopesNotRefreshable(scopes) => {
                format!("not in the refresh token: {}", scopes.join(", "))
            }
            Self::DevicePending => "nobody has answered yet".to_owned(),
            Self::DeviceSlowDown(_) => "asked again too early".to_owned(),
            Self::DeviceExpired => "the device code has expired".to_owned(),
            Self::DeviceDenied => "the user said no".to_owned(),
            Self::Damaged(what) => format!("the stored {what} is damaged"),
            Self::TokenAbsent => "no token is named".to_owned(),
            Self::IntrospectPublic => "a public client cannot ask about tokens".to_owned(),
        }
    }
}
