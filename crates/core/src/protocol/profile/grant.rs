//! The table of errors for grants with a user, revocation and introspection.

use crate::protocol::refusal::GrantRefusal;

/// A status and its code.
type Code = (u16, &'static str);

/// Status and code: compat, strict.
pub(super) const fn codes(refusal: &GrantRefusal) -> (Code, Code) {
    const BAD: Code = (400, "invalid_request");
    const CLIENT: Code = (401, "invalid_client");
    const GRANT: (Code, Code) = ((403, "invalid_grant"), (400, "invalid_grant"));
    match refusal {
        GrantRefusal::Absent(_) | GrantRefusal::TokenAbsent | GrantRefusal::Connection(..) => {
            (BAD, BAD)
        }
        GrantRefusal::IntrospectPublic => (CLIENT, CLIENT),
        GrantRefusal::Code(..)
        | GrantRefusal::Verifier(_)
        | GrantRefusal::RefreshToken(..)
        | GrantRefusal::UserGone
        | GrantRefusal::WrongPassword
        | GrantRefusal::DeviceCode(..) => GRANT,
        GrantRefusal::RedirectUriDiffers { .. } => {
            ((403, "unauthorized_client"), (400, "invalid_grant"))
        }
        GrantRefusal::UserBlocked => ((403, "unauthorized"), (400, "invalid_grant")),
        GrantRefusal::TooManyPasswords | GrantRefusal::TooManyFromAddress => {
            ((429, "too_many_attempts"), (429, "too_many_attempts"))
        }
        GrantRefusal::NoDefaultConnection | GrantRefusal::Damaged(_) => {
            ((500, "server_error"), (500, "server_error"))
        }
        GrantRefusal::AudienceNotRefreshable(_) => {
            ((403, "access_denied"), (400, "invalid_target"))
        }
        GrantRefusal::ScopesNotRefreshable(_) => ((403, "invalid_scope"), (400, "invalid_scope")),
        GrantRefusal::DevicePending => (
            (403, "authorization_pending"),
            (400, "authorization_pending"),
        ),
        GrantRefusal::DeviceSlowDown(_) => ((429, "slow_down"), (400, "slow_down")),
        GrantRefusal::DeviceExpired => ((403, "expired_token"), (400, "expired_token")),
        GrantRefusal::DeviceDenied => ((403, "access_denied"), (400, "access_denied")),
    }
}

/// The sentences, the same in both profiles. SDKs match some of them (trap T7), and none tells
/// why a code or a token is bad (attack TOKEN-50).
pub(super) fn describe(refusal: &GrantRefusal) -> String {
    let sentence = match refusal {
        GrantRefusal::Absent(name) => return format!("Missing required parameter: {name}"),
        GrantRefusal::RedirectUriDiffers { sent, expected } => {
            return format!(
                "The redirect URI is wrong. You sent {sent}, and we expected {expected}"
            );
        }
        GrantRefusal::AudienceNotRefreshable(api) => {
            return format!("The refresh token is not good for the audience {api}.");
        }
        GrantRefusal::ScopesNotRefreshable(scopes) => {
            let scopes = scopes.join(", ");
            return format!("The refresh token does not have the scopes: {scopes}");
        }
        GrantRefusal::DeviceSlowDown(seconds) => {
            return format!(
                "You are polling faster than the specified interval of {seconds} seconds."
            );
        }
        GrantRefusal::Connection(_, why) => why,
        GrantRefusal::Code(..) => "Invalid authorization code",
        GrantRefusal::Verifier(_) => "Failed to verify code verifier",
        GrantRefusal::RefreshToken(..) => "Unknown or invalid refresh token.",
        GrantRefusal::UserGone => {
            "The refresh_token was generated for a user who doesn't exist anymore."
        }
        GrantRefusal::UserBlocked => "user is blocked",
        GrantRefusal::WrongPassword => "Wrong email or password.",
        GrantRefusal::TooManyPasswords => {
            "Your account has been blocked after multiple consecutive login attempts. We've sent \
             you a notification via your preferred contact method with instructions on how to \
             unblock it."
        }
        GrantRefusal::TooManyFromAddress => {
            "We have detected suspicious login behavior and further attempts will be blocked. \
             Please contact the administrator."
        }
        GrantRefusal::NoDefaultConnection => {
            "Authorization server not configured with default connection."
        }
        GrantRefusal::DeviceCode(..) => "Invalid or expired device code.",
        GrantRefusal::DevicePending => "User has yet to authorize device code.",
        GrantRefusal::DeviceExpired => "The device code has expired.",
        GrantRefusal::DeviceDenied => "User cancelled the confirmation prompt.",
        GrantRefusal::TokenAbsent => "Missing required parameter: token",
        GrantRefusal::IntrospectPublic => "Client authentication failed.",
        GrantRefusal::Damaged(_) => "Something is wrong on this side. Try again later.",
    };
    sentence.to_owned()
}
