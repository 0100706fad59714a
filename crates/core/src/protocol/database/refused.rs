//! Why a sign-up or a request for a link is refused, and what is said of it (auth-semantics 8.4).

use serde_json::{Value, json};

use crate::protocol::password_policy::PasswordFault;

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The body cannot be read.
    Body(&'static str),
    /// A member that is needed is not there.
    Missing(&'static str),
    /// A member is not of its type.
    Type(&'static str),
    /// A member does not have its form.
    Format(&'static str),
    /// The connection's users have no such identifier.
    Unwanted(&'static str),
    /// `user_metadata` is too much.
    Metadata,
    /// No application has this id.
    UnknownClient,
    /// There is no such connection for this application.
    UnknownConnection,
    /// Nobody may sign up.
    SignupDisabled,
    /// Nobody may ask for a new password.
    ResetDisabled,
    /// The password cannot be chosen.
    Password(PasswordFault),
    /// Somebody has the address or the number.
    UserExists,
    /// Somebody has the username.
    UsernameExists,
    /// Too many from one address, or to one.
    TooMany,
}

impl Refused {
    /// The status.
    pub const fn status(&self) -> u16 {
        if matches!(self, Self::TooMany) {
            429
        } else {
            400
        }
    }

    /// For the log.
    pub fn why(&self) -> String {
        match self {
            Self::Password(fault) => fault.why().to_owned(),
            Self::UserExists => "the user exists".to_owned(),
            Self::UsernameExists => "the username exists".to_owned(),
            Self::Body(_)
            | Self::Missing(_)
            | Self::Type(_)
            | Self::Format(_)
            | Self::Unwanted(_)
            | Self::Metadata
            | Self::UnknownClient
            | Self::UnknownConnection
            | Self::SignupDisabled
            | Self::ResetDisabled
            | Self::TooMany => self.description(),
        }
    }

    /// The body. `tells` is the tenant's flag `enable_public_signup_user_exists_error`: without
    /// it nobody learns who has an account (attack PASSWORD-03).
    pub fn body(&self, tells: bool) -> Value {
        let code = match self {
            Self::Password(fault) => return fault.signup_body(),
            Self::UserExists if tells => "user_exists",
            Self::UsernameExists if tells => "username_exists",
            Self::UserExists | Self::UsernameExists => {
                return bad_request(400, "invalid_signup", "Invalid sign up");
            }
            Self::SignupDisabled => "public_signup_disabled",
            Self::UnknownClient => "unauthorized",
            Self::UnknownConnection => "invalid_connection",
            Self::TooMany => "too_many_requests",
            Self::Body(_)
            | Self::Missing(_)
            | Self::Type(_)
            | Self::Format(_)
            | Self::Unwanted(_)
            | Self::Metadata
            | Self::ResetDisabled => "invalid_request",
        };
        bad_request(self.status(), code, &self.description())
    }

    fn description(&self) -> String {
        match self {
            Self::Body(why) => (*why).to_owned(),
            Self::Missing(name) => format!("Missing required property: {name}"),
            Self::Type(name) => format!("The property {name} does not have the right type."),
            Self::Format(name) => format!("error in {name} - {name} format validation failed"),
            Self::Unwanted(name) => format!("The connection does not use {name}."),
            Self::Metadata => {
                "user_metadata: at most 10 properties, names of 100 characters, texts of 500."
                    .to_owned()
            }
            Self::UnknownClient => "Unknown client.".to_owned(),
            Self::UnknownConnection => "The connection was not found.".to_owned(),
            Self::SignupDisabled => "Public signup is disabled".to_owned(),
            Self::ResetDisabled => {
                "Users of this connection cannot change their passwords themselves.".to_owned()
            }
            Self::Password(_) => "Invalid password".to_owned(),
            Self::UserExists => "The user already exists.".to_owned(),
            Self::UsernameExists => "The username provided is in use already.".to_owned(),
            Self::TooMany => "Too many requests. Try again later.".to_owned(),
        }
    }
}

fn bad_request(status: u16, code: &str, description: &str) -> Value {
    json!({
        "name": if status == 429 { "TooManyRequestsError" } else { "BadRequestError" },
        "code": code,
        "description": description,
        "statusCode": status,
    })
}
