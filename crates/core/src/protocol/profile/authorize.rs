//! The errors of the authorization endpoint (auth-semantics 8.2, RFC 6749 4.1.2.1).

use super::super::authorize::refusal::{AuthorizeError, Refused};
use super::super::refusal::Refusal;
use crate::model::Profile;

/// The status of a page that shows the error.
pub const fn page_status(refused: &Refused) -> u16 {
    let denied = matches!(
        refused,
        Refused::LoginRequired
            | Refused::ConsentRequired
            | Refused::InteractionRequired
            | Refused::Blocked
            | Refused::Denied
    );
    if denied { 403 } else { 400 }
}

/// The wire form of a refusal.
pub fn authorize_error(refused: &Refused, profile: Profile) -> AuthorizeError {
    AuthorizeError {
        error: code(refused, profile),
        description: legal(&describe(refused, profile), profile),
    }
}

/// `error`: where the profiles differ, the compat one stands first.
const fn code(refused: &Refused, profile: Profile) -> &'static str {
    let (compat, strict) = match refused {
        Refused::Unreadable(_)
        | Refused::Repeated(_)
        | Refused::Missing(_)
        | Refused::UnknownClient(_)
        | Refused::RedirectMismatch(_)
        | Refused::ForeignParameter(_)
        | Refused::Invalid(_)
        | Refused::TooLong(_)
        | Refused::ResponseMode(_)
        | Refused::WebOrigin(_)
        | Refused::NonceMissing
        | Refused::OpenidMissing
        | Refused::PkceMissing
        | Refused::PkceMethod
        | Refused::PkceChallenge
        | Refused::PromptNone
        | Refused::Organization(_)
        | Refused::Connection
        | Refused::AcrValues
        | Refused::Hint => return "invalid_request",
        Refused::ResponseType(_) | Refused::FrontChannel(_) => return "unsupported_response_type",
        Refused::GrantType(_) => return "unauthorized_client",
        Refused::RequestObject => return "request_not_supported",
        Refused::RequestUri => return "request_uri_not_supported",
        Refused::AuthorizationDetails => return "invalid_authorization_details",
        Refused::AcrUnmet => return "unmet_authentication_requirements",
        Refused::LoginRequired | Refused::OtherUser => return "login_required",
        Refused::ConsentRequired => return "consent_required",
        Refused::InteractionRequired => return "interaction_required",
        Refused::Denied => return "access_denied",
        Refused::Blocked => ("unauthorized", "access_denied"),
        Refused::Scopes(refusal) => scope_codes(refusal),
    };
    match profile {
        Profile::Compat => compat,
        Profile::Strict => strict,
    }
}

/// What the token endpoint refuses too: compat, strict.
const fn scope_codes(refusal: &Refusal) -> (&'static str, &'static str) {
    if matches!(refusal, Refusal::UnknownApi(_)) {
        ("access_denied", "invalid_target")
    } else if matches!(refusal, Refusal::SeveralApis | Refusal::ResourceMalformed) {
        ("invalid_target", "invalid_target")
    } else if matches!(refusal, Refusal::ThirdPartyNeedsApi) {
        ("unauthorized_client", "unauthorized_client")
    } else if matches!(refusal, Refusal::ScopeMalformed | Refusal::ScopeTooLong) {
        ("invalid_scope", "invalid_scope")
    } else {
        // no client grant, or none that counts
        ("invalid_request", "unauthorized_client")
    }
}

fn describe(refused: &Refused, profile: Profile) -> String {
    let text = match refused {
        Refused::Unreadable(why) => return format!("The request cannot be read: {why}."),
        Refused::Repeated(name) => return format!("The parameter '{name}' is repeated."),
        Refused::Missing(name) => return format!("Missing required parameter: {name}"),
        Refused::UnknownClient(id) => return format!("Unknown client: {id}"),
        Refused::RedirectMismatch(_) => {
            "Callback URL mismatch. The provided redirect_uri is not in the list of allowed \
             callback URLs."
        }
        Refused::ForeignParameter(name) => {
            return format!("The parameter '{name}' is not allowed for third-party clients.");
        }
        Refused::Invalid(name) => return format!("The parameter '{name}' has an invalid value."),
        Refused::TooLong(name) => return format!("The parameter '{name}' is too long."),
        Refused::ResponseType(name) => return format!("Unsupported response type: {name}"),
        Refused::ResponseMode(name) => {
            return format!("The response mode '{name}' cannot be used with this response type.");
        }
        Refused::WebOrigin(origin) => {
            return format!("The origin {origin} is not in the client's allowed web origins.");
        }
        Refused::GrantType(grant) => {
            return format!(
                "Grant type '{}' not allowed for the client.",
                grant.as_str()
            );
        }
        Refused::FrontChannel(name) => {
            return format!("The response type '{name}' is not allowed for this client.");
        }
        Refused::NonceMissing => "Missing required parameter: nonce",
        Refused::OpenidMissing => "The scope openid is required for this response type.",
        Refused::PkceMissing => "Missing required parameter: code_challenge",
        Refused::PkceMethod => "The code_challenge_method must be S256.",
        Refused::PkceChallenge => "The code_challenge must be a base64url SHA-256 digest.",
        Refused::PromptNone => "The prompt 'none' cannot be combined with others.",
        Refused::RequestObject => "The parameter 'request' is not supported.",
        Refused::RequestUri => "The parameter 'request_uri' is not supported.",
        Refused::AuthorizationDetails => "The parameter 'authorization_details' is not supported.",
        Refused::Organization(name) => {
            return format!("parameter organization is invalid: {name}");
        }
        Refused::Connection => "the connection was not found",
        Refused::AcrValues => "None of the requested acr_values is supported.",
        Refused::AcrUnmet => "The requested authentication context cannot be reached.",
        Refused::Hint => "The id_token_hint is not valid.",
        Refused::Scopes(refusal) => return describe_scopes(refusal, profile),
        // spa-js and its relatives match these (auth-semantics 6.4)
        Refused::LoginRequired => "Login required",
        Refused::OtherUser => "Login required for the user of the id_token_hint",
        Refused::ConsentRequired => "Consent required",
        Refused::InteractionRequired => "Interaction required",
        // trap T7
        Refused::Blocked => "user is blocked",
        Refused::Denied => "User did not authorize the request",
    };
    text.to_owned()
}

fn describe_scopes(refusal: &Refusal, profile: Profile) -> String {
    if let Refusal::UnknownApi(api) = refusal {
        return format!("Service not found: {api}");
    }
    super::wire(refusal, profile).description
}

/// RFC 6749 4.1.2.1: visible ASCII and the space, without `"` and `\`. Auth0 has the quotation
/// mark in one sentence.
fn legal(text: &str, profile: Profile) -> String {
    let quote = match profile {
        Profile::Compat => '"',
        Profile::Strict => '\'',
    };
    let one = |c: char| match c {
        '"' => quote,
        ' '..='[' | ']'..='~' => c,
        _ => '?',
    };
    text.chars().map(one).take(800).collect()
}
