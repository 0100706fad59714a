//! Where the profiles differ: the one table of errors. Nothing else asks which profile it is,
//! but for `management::defaults`, the one table of defaults.

mod authorize;
mod grant;

pub use authorize::{authorize_error, page_status};

use cardea_jose::MAX_TOKEN_BYTES;
use serde_json::Value;

use super::password_hash::HashCost;
use super::refusal::Refusal;
use crate::model::Profile;
use crate::time::Timestamp;

/// An error of the token endpoint as it stands on the wire (RFC 6749 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    /// The HTTP status.
    pub status: u16,
    /// `error`.
    pub error: &'static str,
    /// `error_description`.
    pub description: String,
    /// `error_uri`, where Auth0 sends one.
    pub uri: Option<&'static str>,
}

const GRANT_TYPES_URI: &str = "https://auth0.com/docs/clients/client-grant-types";
const CLIENT_GRANT_HINT: &str = "You need to create a \"client-grant\" associated to this API. \
    See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants";

/// The wire form of a refusal.
pub fn wire(refusal: &Refusal, profile: Profile) -> WireError {
    let (compat, strict) = codes(refusal);
    let (status, error) = match profile {
        Profile::Compat => compat,
        Profile::Strict => strict,
    };
    let uri = match (refusal, profile) {
        (Refusal::GrantTypeNotAllowed(_) | Refusal::PublicClient, Profile::Compat) => {
            Some(GRANT_TYPES_URI)
        }
        _ => None,
    };
    WireError {
        status,
        error,
        description: describe(refusal, profile),
        uri,
    }
}

/// The wire form at endpoints where Auth0 too sends registered codes: revocation, and those that
/// it does not have (auth-semantics 2.4).
pub fn wire_registered(refusal: &Refusal) -> WireError {
    wire(refusal, Profile::Strict)
}

/// Whether an error after HTTP Basic carries `WWW-Authenticate` (RFC 6749 5.2). Auth0 sends
/// none, and oauth4webapi would read it instead of the body (trap T19).
pub const fn challenges_basic(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// Whether a secret may come by another way than the registered one (attack TOKEN-03). Auth0's
/// clients in Go try Basic first, whatever is registered.
pub const fn tolerates_either_secret_method(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether a Management API token is good only for what its application is granted now, not for
/// what it was granted when the token was minted (attack MGMT-28).
pub const fn management_follows_grants(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// What hashing a password costs: OWASP's floor, or what an attacker with graphics cards feels
/// (attack PASSWORD-20).
pub const fn password_cost(profile: Profile) -> HashCost {
    let (memory_kib, passes) = match profile {
        Profile::Compat => (19_456, 2),
        Profile::Strict => (65_536, 3),
    };
    HashCost {
        memory_kib,
        passes,
        lanes: 1,
    }
}

/// What a password must be, whatever its connection says (attacks PASSWORD-16 to 19). Auth0 has
/// no floor: with `passwordPolicy: none` one character will do.
pub const fn password_floor(profile: Profile) -> PasswordFloor {
    match profile {
        Profile::Compat => PasswordFloor {
            least_length: 1,
            refuses_common: false,
            least_score: 0,
        },
        Profile::Strict => PasswordFloor {
            least_length: 8,
            refuses_common: true,
            least_score: 2,
        },
    }
}

/// The least that a password must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordFloor {
    /// In characters.
    pub least_length: usize,
    /// Whether common passwords, and what is known of the user, are refused in every connection.
    pub refuses_common: bool,
    /// Of 4: how hard it must be to guess.
    pub least_score: u8,
}

/// Whether an assertion's audience may also be the token endpoint's URL, or stand in an array
/// (attack TOKEN-10).
pub const fn tolerates_token_url_audience(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether scopes that a refresh token does not have are left out, as Auth0 does, or refused
/// (RFC 6749 6, attack TOKEN-27).
pub const fn refresh_drops_scopes(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether passwords at the token endpoint need a flag of the application beside its
/// `grant_types` (RFC 9700 2.4, attack TOKEN-42).
pub const fn password_needs_flag(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// `updated_at`: text as Auth0 writes it (trap T34), or a number (OIDC Core 5.1).
pub fn updated_at(at: Timestamp, profile: Profile) -> Value {
    match profile {
        Profile::Compat => Value::from(at.to_string()),
        Profile::Strict => Value::from(at.seconds()),
    }
}

/// Whether `resource` next to a different `audience` is ignored, as Auth0 does.
pub const fn audience_beats_resource(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether a request without `redirect_uri` goes to the only callback (attack REDIR-20).
pub const fn defaults_redirect_uri(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether an application's flag lets its callbacks hold a wildcard (attack REDIR-15).
pub const fn takes_wildcard_callbacks(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether every code needs PKCE, but for an application's flag; otherwise those of public and
/// of strict third-party applications do (attack AUTHZ-01).
pub const fn requires_pkce(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// Whether a redirect carries a fragment of its own, which a browser would otherwise take over from
/// the page before (RFC 9700 4.1.3, attack AUTHZ-58). Auth0's redirects do not.
pub const fn seals_fragments(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// Whether a block ends refresh tokens, or only suspends them: Auth0 says "user is blocked" of one
/// (trap T7), so it is still known.
pub const fn block_ends_refresh_tokens(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// Seconds that a device code lives: Auth0's figure (auth-semantics 3.4), or ten minutes (attack
/// TOKEN-37).
pub const fn device_code_lifetime(profile: Profile) -> i64 {
    match profile {
        Profile::Compat => 900,
        Profile::Strict => 600,
    }
}

/// Whether `grant_types` alone allow tokens at the authorization endpoint, or a flag of the
/// application must too (attack AUTHZ-18).
pub const fn front_channel_by_grant_type(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether every authorization response says who issued it (RFC 9207, attack AUTHZ-14);
/// otherwise the tenant's setting decides.
pub const fn always_sends_iss(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

/// Whether the session's cookie goes along with requests from other sites (`SameSite=None`), as
/// silent renewal in a frame needs.
pub const fn session_cookie_goes_everywhere(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether a form must say by `Origin` or `Sec-Fetch-Site` that it comes from a page of ours
/// (attack SESSION-12). Every browser does; scripts that log in at Auth0 do not.
pub const fn forms_name_their_origin(profile: Profile) -> bool {
    matches!(profile, Profile::Strict)
}

type Code = (u16, &'static str);

/// Status and code: compat, strict.
const fn codes(refusal: &Refusal) -> (Code, Code) {
    const BAD: Code = (400, "invalid_request");
    const CLIENT: Code = (401, "invalid_client");
    const DENIED: Code = (403, "access_denied");
    match refusal {
        Refusal::Body(_)
        | Refusal::Repeated(_)
        | Refusal::NotText(_)
        | Refusal::Missing(_)
        | Refusal::CredentialsInUrl
        | Refusal::SeveralMethods
        | Refusal::NoOrganization(_) => (BAD, BAD),
        Refusal::UnsupportedGrantType(_) => (
            (403, "unsupported_grant_type"),
            (400, "unsupported_grant_type"),
        ),
        Refusal::ClientUnnamed
        | Refusal::ClientUnknown
        | Refusal::ClientUnusable
        | Refusal::SecretWrong
        | Refusal::BasicMalformed
        | Refusal::MethodNotRegistered => ((401, "access_denied"), CLIENT),
        Refusal::ClientMismatch | Refusal::Assertion(..) | Refusal::AssertionUnproven(..) => {
            (CLIENT, CLIENT)
        }
        Refusal::GrantTypeNotAllowed(_) | Refusal::PublicClient => {
            ((403, "unauthorized_client"), (400, "unauthorized_client"))
        }
        Refusal::SeveralApis | Refusal::ResourceMalformed => {
            ((400, "invalid_target"), (400, "invalid_target"))
        }
        Refusal::NoAudience | Refusal::UnknownApi(_) => (DENIED, (400, "invalid_target")),
        Refusal::ClientsDenied(_)
        | Refusal::NoClientGrant { .. }
        | Refusal::UsersDenied(_)
        | Refusal::NoUserGrant { .. }
        | Refusal::ThirdPartyNeedsApi => (DENIED, (400, "unauthorized_client")),
        Refusal::ScopeMalformed | Refusal::ScopeTooLong | Refusal::TokenTooLong(_) => {
            ((400, "invalid_scope"), (400, "invalid_scope"))
        }
        Refusal::ScopesNotGranted(_) => (DENIED, (400, "invalid_scope")),
        Refusal::NoSigningKey(_) => (
            (503, "temporarily_unavailable"),
            (503, "temporarily_unavailable"),
        ),
        Refusal::Throttled(_) => ((429, "too_many_attempts"), (429, "too_many_attempts")),
        Refusal::Grant(refusal) => grant::codes(refusal),
    }
}

/// The sentence. It names what was asked and what is missing, but never tells an unknown client
/// from a wrong secret (attack TOKEN-50).
#[expect(clippy::too_many_lines, reason = "one table, one refusal a row")]
fn describe(refusal: &Refusal, profile: Profile) -> String {
    match refusal {
        Refusal::ClientUnnamed
        | Refusal::ClientUnknown
        | Refusal::ClientUnusable
        | Refusal::SecretWrong
        | Refusal::BasicMalformed
        | Refusal::MethodNotRegistered => match profile {
            Profile::Compat => "Unauthorized".to_owned(),
            Profile::Strict => "Client authentication failed.".to_owned(),
        },
        Refusal::Body(why) => format!("The request body cannot be read: {why}."),
        Refusal::Repeated(name) => format!("The parameter '{name}' is repeated."),
        Refusal::NotText(name) => format!("The parameter '{name}' must be a string."),
        Refusal::Missing(name) => format!("Missing required parameter: {name}"),
        Refusal::UnsupportedGrantType(name) => format!("Unsupported grant type: {name}"),
        Refusal::CredentialsInUrl => {
            "Client credentials must not be sent in the URL. Send them in the body.".to_owned()
        }
        Refusal::SeveralMethods => {
            "The request authenticates the client in more than one way.".to_owned()
        }
        Refusal::ClientMismatch => "The request names more than one client.".to_owned(),
        Refusal::Assertion(_, why) => format!("The client assertion is refused: {why}."),
        Refusal::AssertionUnproven(..) => {
            "The client assertion is refused: no key that is registered for its subject signed it."
                .to_owned()
        }
        Refusal::TokenTooLong(bytes) => format!(
            "The token would have {bytes} bytes, more than {MAX_TOKEN_BYTES}. Ask for fewer scopes."
        ),
        Refusal::GrantTypeNotAllowed(grant) => grant_not_allowed(grant.as_str()),
        Refusal::PublicClient => grant_not_allowed("client_credentials"),
        Refusal::SeveralApis => {
            "One token is for one API: name it once, by 'audience' or by 'resource'.".to_owned()
        }
        Refusal::ResourceMalformed => {
            "The parameter 'resource' must be an absolute URI without a fragment.".to_owned()
        }
        Refusal::NoAudience => "No audience parameter was provided, and no default audience has \
                                been configured"
            .to_owned(),
        Refusal::UnknownApi(api) => format!("Service not enabled within domain: {api}"),
        Refusal::ClientsDenied(api) => {
            format!(
                "Client is not authorized to access \"{api}\": the API's client policy is deny_all."
            )
        }
        Refusal::NoOrganization(name) => format!("parameter organization is invalid: {name}"),
        Refusal::NoClientGrant { audience, .. } => {
            format!("Client is not authorized to access \"{audience}\". {CLIENT_GRANT_HINT}")
        }
        Refusal::UsersDenied(api) => format!("Users get no tokens for \"{api}\" by this client."),
        Refusal::NoUserGrant { client, audience } => {
            format!(
                "Client \"{client}\" is not authorized to access resource server \"{audience}\"."
            )
        }
        Refusal::ThirdPartyNeedsApi => "A third-party client must name an API.".to_owned(),
        Refusal::ScopeTooLong => "The parameter 'scope' is too long.".to_owned(),
        Refusal::ScopeMalformed => {
            "The parameter 'scope' holds a character that no scope can have.".to_owned()
        }
        Refusal::ScopesNotGranted(scopes) => {
            format!("Client has not been granted scopes: {}", scopes.join(", "))
        }
        Refusal::NoSigningKey(alg) => {
            format!("The tenant has no {alg} signing key yet. Try again in a moment.")
        }
        Refusal::Throttled(_) => {
            "Too many failed attempts to authenticate this client. Try again later.".to_owned()
        }
        Refusal::Grant(refusal) => grant::describe(refusal),
    }
}

fn grant_not_allowed(grant: &str) -> String {
    format!("Grant type '{grant}' not allowed for the client.")
}
