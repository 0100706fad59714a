//! The one error envelope of the Management API, and every text it carries.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::model::Kind;
use crate::protocol::password_policy::PasswordFault;
use crate::write::Conflict;

/// A refusal: `{"statusCode", "error", "message", "errorCode"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status; the body repeats it, since one SDK reads it from there.
    pub status: u16,
    /// The status's phrase.
    pub error: &'static str,
    /// The sentence. Some tools match on it.
    pub message: Cow<'static, str>,
    /// The machine-readable code, where the reference has one.
    pub error_code: Option<&'static str>,
}

impl ApiError {
    /// Any refusal. The phrase follows from the status.
    pub fn new(
        status: u16,
        message: impl Into<Cow<'static, str>>,
        error_code: Option<&'static str>,
    ) -> Self {
        Self {
            status,
            error: phrase(status),
            message: message.into(),
            error_code,
        }
    }

    /// The body.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "statusCode": self.status,
            "error": self.error,
            "message": self.message,
        });
        if let Value::Object(members) = &mut body {
            if let Some(code) = self.error_code {
                members.insert("errorCode".to_owned(), code.into());
            }
            if self.status == 401 {
                let attributes = json!({ "error": self.message });
                members.insert("attributes".to_owned(), attributes);
            }
        }
        body
    }

    // --- before an operation runs -----------------------------------------------------------

    /// No operation has this method and path.
    pub fn route_not_found() -> Self {
        Self::new(404, "Not Found", None)
    }

    /// No `Authorization` header.
    pub fn missing_authentication() -> Self {
        Self::new(401, "Missing authentication", None)
    }

    /// An `Authorization` header that is not `Bearer` and a compact JWS.
    pub fn bad_authentication_header() -> Self {
        Self::new(400, "Bad HTTP authentication header format", Some("Bearer"))
    }

    /// A token that is not an access token for this API; says nothing about why.
    pub fn invalid_token() -> Self {
        Self::new(401, "Invalid token", None)
    }

    /// A token past its `exp`.
    pub fn expired_token() -> Self {
        Self::new(
            401,
            "Expired token received for JSON Web Token validation",
            None,
        )
    }

    /// A token whose signature does not verify.
    pub fn invalid_signature() -> Self {
        Self::new(
            401,
            "Invalid signature received for JSON Web Token validation",
            None,
        )
    }

    /// The token lacks the operation's scopes. Tools split the text at the colon.
    pub fn insufficient_scope(any_of: &[&str]) -> Self {
        Self::insufficient_scopes(any_of.join(","))
    }

    pub(super) fn insufficient_scopes(scopes: impl AsRef<str>) -> Self {
        let message = format!("Insufficient scope, expected any of: {}", scopes.as_ref());
        Self::new(403, message, Some("insufficient_scope"))
    }

    /// A rate limit is reached.
    pub fn too_many_requests() -> Self {
        Self::new(
            429,
            "Global limit has been reached",
            Some("too_many_requests"),
        )
    }

    /// A body longer than `limit` bytes.
    pub fn payload_too_large(limit: usize) -> Self {
        let message = format!("Payload content length greater than maximum allowed: {limit}");
        Self::new(413, message, None)
    }

    /// A body that did not arrive whole.
    pub fn broken_payload(status: u16, message: String) -> Self {
        Self::new(status, message, None)
    }

    /// A `Content-Type` that is neither JSON nor a form.
    pub fn unsupported_media_type() -> Self {
        Self::new(415, "Unsupported Media Type", None)
    }

    /// A body that is not JSON.
    pub fn invalid_json() -> Self {
        Self::new(400, "Invalid request payload JSON format", None)
    }

    /// The server's fault; says nothing.
    pub fn internal() -> Self {
        Self::new(500, "An internal server error occurred", None)
    }

    /// A password that the user had before.
    pub fn password_reused() -> Self {
        Self::body(PasswordFault::Reused.management_message())
    }

    // --- validation -------------------------------------------------------------------------

    /// A body that breaks its schema. `what` is the text between the quotes.
    pub(super) fn payload(what: &str, property: &str) -> Self {
        Self::new(
            400,
            located("Payload", what, property),
            Some("invalid_body"),
        )
    }

    /// A query that breaks its schema.
    pub(super) fn query(what: &str, property: &str) -> Self {
        Self::new(
            400,
            located("Query", what, property),
            Some("invalid_query_string"),
        )
    }

    /// A path that names what nothing is called (recorded for prompts).
    pub(super) fn path(value: &str, property: &str) -> Self {
        let value: String = value.chars().take(200).collect();
        let what = format!("Invalid value \"{value}\"");
        Self::new(400, located("Path", &what, property), Some("bad_request"))
    }

    /// A body that keeps its schema and still says something impossible.
    pub(super) fn body(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, message, Some("invalid_body"))
    }

    // --- things that are not there, or may not be done -----------------------------------------

    pub(super) fn no_client() -> Self {
        Self::new(404, "The client does not exist", Some("inexistent_client"))
    }

    pub(super) fn no_credential() -> Self {
        Self::new(
            404,
            "Credential does not exist",
            Some("inexistent_credential"),
        )
    }

    pub(super) fn no_api() -> Self {
        Self::new(
            404,
            "The resource server does not exist",
            Some("inexistent_resource_server"),
        )
    }

    pub(super) fn no_grant() -> Self {
        Self::new(
            404,
            "The grant does not exist.",
            Some("inexistent_client_grant"),
        )
    }

    pub(super) fn no_user() -> Self {
        Self::new(404, "The user does not exist.", Some("inexistent_user"))
    }

    pub(super) fn no_connection() -> Self {
        Self::new(
            404,
            "The connection does not exist",
            Some("inexistent_connection"),
        )
    }

    pub(super) fn no_role() -> Self {
        Self::new(404, "The role does not exist.", None)
    }

    pub(super) fn no_session() -> Self {
        Self::new(404, "The session does not exist.", None)
    }

    pub(super) fn no_refresh_token() -> Self {
        Self::new(404, "The refresh token does not exist.", None)
    }

    /// A token for one's own account, used at another's.
    pub(super) fn another_user() -> Self {
        let message = "User to be acted on does not match subject in bearer token.";
        Self::new(403, message, Some("insufficient_scope"))
    }

    pub(super) fn no_key() -> Self {
        Self::new(404, "Signing key not found.", None)
    }

    pub(super) fn too_many_keys(most: usize) -> Self {
        let message = format!("There are {most} previous signing keys. Revoke some of them first.");
        Self::new(403, message, Some("operation_not_supported"))
    }

    pub(super) fn no_log() -> Self {
        Self::new(404, "Log not found.", None)
    }

    /// Something that the contract has and this server does not do yet.
    pub(super) fn not_enabled() -> Self {
        let message = "This feature is not enabled for this tenant.";
        Self::new(403, message, Some("feature_not_enabled"))
    }

    pub(super) fn fields_not_readable(fields: &str) -> Self {
        let message = format!(
            "Some fields cannot be read with the permissions granted by the bearer token scopes: {fields}"
        );
        Self::new(403, message, Some("insufficient_scope"))
    }

    pub(super) fn fields_not_writable(fields: &str) -> Self {
        let message = format!(
            "Some fields cannot be updated with the permissions granted by the bearer token scopes: {fields}"
        );
        Self::new(403, message, Some("insufficient_scope"))
    }

    pub(super) fn api_exists() -> Self {
        let message = "A resource server with the same identifier already exists.";
        Self::new(409, message, Some("conflict"))
    }

    pub(super) fn user_exists() -> Self {
        Self::new(409, "The user already exists.", Some("auth0_idp_error"))
    }

    pub(super) fn connection_exists() -> Self {
        let message = "A connection with the same name already exists";
        Self::new(409, message, Some("conflict"))
    }

    pub(super) fn role_exists() -> Self {
        Self::new(409, "The role already exists.", None)
    }

    pub(super) fn grant_exists(client: Option<&str>, audience: &str) -> Self {
        let client = client.unwrap_or("third_party_clients");
        let message = format!("A client grant already exists between {client} and {audience}");
        Self::new(409, message, Some("conflict"))
    }
}

/// What a commit's conflict means to the caller, when running the operation again on the
/// tenant's new state did not settle it. `Conflict::TenantMoved` and `Moved` are for the server
/// to retry; after its last try they are a 409 too, which SDKs retry.
pub fn conflict(conflict: Conflict) -> ApiError {
    match conflict {
        Conflict::Exists(Kind::Api) => ApiError::api_exists(),
        Conflict::Exists(Kind::ClientGrant) => {
            ApiError::new(409, "A client grant already exists", Some("conflict"))
        }
        Conflict::UserExists => ApiError::user_exists(),
        Conflict::Exists(Kind::Connection) => ApiError::connection_exists(),
        Conflict::Exists(Kind::Role) => ApiError::role_exists(),
        Conflict::Exists(Kind::Settings | Kind::Client | Kind::Credential | Kind::SigningKey) => {
            ApiError::new(
                409,
                "An entity with the same id already exists.",
                Some("conflict"),
            )
        }
        Conflict::Moved(_)
        | Conflict::Replayed
        | Conflict::TenantMoved
        | Conflict::ArtefactExists(_)
        | Conflict::ArtefactMoved(_)
        | Conflict::Consumed(_)
        | Conflict::UserMoved => ApiError::new(
            409,
            "The entity was changed by another request at the same time.",
            Some("conflict"),
        ),
    }
}

fn located(part: &str, what: &str, property: &str) -> String {
    match property {
        "" => format!("{part} validation error: '{what}'."),
        property => format!("{part} validation error: '{what}' on property {property}."),
    }
}

const fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
