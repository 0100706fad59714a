//! The example tenant of the documentation.

use cardea_core::management::system_scopes;
use serde_json::{Map, Value, json};

use super::{MANAGEMENT_AUDIENCE, MANAGEMENT_NAME, Seed};

const HEALTH_API: &str = "https://example.com/health-api";

impl Seed {
    /// A health service: two APIs, six applications, two users.
    pub(crate) fn example() -> Self {
        Self {
            settings: object(json!({
                "friendly_name": "Health Service",
                "enabled_locales": ["en", "de"],
                "default_directory": "Username-Password-Authentication",
            })),
            apis: objects(apis()),
            clients: objects(clients())
                .into_iter()
                .chain([management_client()])
                .collect(),
            grants: objects(grants())
                .into_iter()
                .chain([management_grant()])
                .collect(),
            roles: objects(roles()),
            users: objects(users()),
        }
    }
}

fn apis() -> Value {
    json!([
        {
            "name": "Health API",
            "identifier": HEALTH_API,
            "signing_alg": "RS256",
            "scopes": [
                { "value": "read:patients", "description": "Read patient records" },
                { "value": "write:patients", "description": "Write patient records" },
                { "value": "read:admin", "description": "Read administrative data" },
            ],
            "allow_offline_access": true,
            "skip_consent_for_verifiable_first_party_clients": true,
            "enforce_policies": true,
            "token_dialect": "access_token",
        },
        {
            "name": "Legacy Health API",
            "identifier": "https://example.com/legacy-health-api",
            "signing_alg": "HS256",
            "scopes": [{ "value": "read:patients", "description": "Read patient records" }],
            "skip_consent_for_verifiable_first_party_clients": true,
            "enforce_policies": false,
        },
    ])
}

fn clients() -> Value {
    json!([
        {
            "name": "Health SPA",
            "app_type": "spa",
            "callbacks": ["https://localhost:3000", "http://localhost:3000"],
            "web_origins": ["https://localhost:3000", "http://localhost:3000"],
            "grant_types": ["authorization_code", "refresh_token", "implicit"],
            "token_endpoint_auth_method": "none",
            "oidc_conformant": true,
            "jwt_configuration": { "alg": "RS256" },
            "refresh_token": {
                "rotation_type": "rotating",
                "expiration_type": "expiring",
                "leeway": 0,
            },
        },
        {
            "name": "Health Web",
            "app_type": "regular_web",
            "callbacks": ["https://localhost:3001/callback", "http://localhost:3001/callback"],
            "allowed_logout_urls": ["https://localhost:3001/"],
            "grant_types":
                ["authorization_code", "refresh_token", "implicit", "client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
            "oidc_conformant": true,
            "jwt_configuration": { "alg": "RS256" },
        },
        {
            "name": "Health CLI",
            "app_type": "native",
            "callbacks": ["http://127.0.0.1/callback"],
            "grant_types": [
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "token_endpoint_auth_method": "none",
            "oidc_conformant": true,
            "jwt_configuration": { "alg": "RS256" },
        },
        {
            "name": "Health Sync",
            "app_type": "non_interactive",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
            "oidc_conformant": true,
            "jwt_configuration": { "alg": "RS256" },
        },
        {
            "name": "Partner Portal",
            "app_type": "regular_web",
            "is_first_party": false,
            "third_party_security_mode": "permissive",
            "redirection_policy": "allow_always",
            "callbacks": ["https://localhost:3002/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post",
            "oidc_conformant": true,
            "jwt_configuration": { "alg": "RS256" },
        },
    ])
}

fn grants() -> Value {
    json!([
        { "client_id": "Health Sync", "audience": HEALTH_API, "scope": ["read:patients"] },
        {
            "client_id": "Partner Portal",
            "audience": HEALTH_API,
            "scope": ["read:patients", "read:admin"],
            "subject_type": "user",
        },
    ])
}

fn roles() -> Value {
    let permission =
        |scope: &str| json!({ "permission_name": scope, "resource_server_identifier": HEALTH_API });
    json!([
        {
            "name": "Administrator",
            "description": "Runs the health service",
            "permissions": [permission("read:patients"), permission("read:admin")],
        },
        {
            "name": "Clinician",
            "description": "Cares for patients",
            "permissions": [permission("read:patients"), permission("write:patients")],
        },
    ])
}

/// Jane is the user of the documentation's ID token.
fn users() -> Value {
    json!([
        {
            "email": "jane@example.com",
            "email_verified": true,
            "name": "Jane Doe",
            "given_name": "Jane",
            "family_name": "Doe",
            "nickname": "jane",
            "gender": "female",
            "birthdate": "0000-10-31",
            "picture": "https://example.com/janedoe/me.jpg",
            "roles": ["Administrator"],
        },
        {
            "email": "sam@example.com",
            "email_verified": true,
            "name": "Sam Roe",
            "given_name": "Sam",
            "family_name": "Roe",
            "nickname": "sam",
            "roles": ["Clinician"],
        },
    ])
}

/// The application that may administer the tenant.
pub(super) fn management_client() -> Map<String, Value> {
    object(json!({
        "name": MANAGEMENT_NAME,
        "app_type": "non_interactive",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
        "oidc_conformant": true,
        "jwt_configuration": { "alg": "RS256" },
    }))
}

pub(super) fn management_grant() -> Map<String, Value> {
    let scopes: Vec<&str> = system_scopes().iter().map(|(scope, _)| *scope).collect();
    object(json!({
        "client_id": MANAGEMENT_NAME,
        "audience": MANAGEMENT_AUDIENCE,
        "scope": scopes,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value {
        members
    } else {
        Map::new()
    }
}

fn objects(value: Value) -> Vec<Map<String, Value>> {
    if let Value::Array(items) = value {
        return items.into_iter().map(object).collect();
    }
    Vec::new()
}
