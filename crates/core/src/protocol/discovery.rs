//! The metadata document (OpenID Connect Discovery 1.0, RFC 8414): what is there today, and
//! nothing that is not.

use cardea_jose::Algorithm;
use serde::Serialize;

use super::authorize::parameters::CLAIMS;
use super::jwks::is_used;
use super::profile;
use super::user_scopes::STANDARD;
use crate::model::{Issuer, TenantView};

/// Members in the order in which Auth0 writes them.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "members of the document")]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    code_challenge_methods_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    subject_types_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    claims_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    request_parameter_supported: bool,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acr_values_supported: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    authorization_response_iss_parameter_supported: bool,
}

/// The document for the host that was asked: `issuer` is that host's, byte for byte.
pub fn metadata(tenant: &TenantView, issuer: &Issuer) -> Metadata {
    let settings = &tenant.settings.parsed;
    let always = profile::always_sends_iss(tenant.record.profile);
    Metadata {
        issuer: issuer.as_str().to_owned(),
        authorization_endpoint: issuer.join("authorize"),
        token_endpoint: issuer.join("oauth/token"),
        device_authorization_endpoint: issuer.join("oauth/device/code"),
        userinfo_endpoint: issuer.join("userinfo"),
        jwks_uri: issuer.join(".well-known/jwks.json"),
        revocation_endpoint: issuer.join("oauth/revoke"),
        introspection_endpoint: issuer.join("oauth/introspect"),
        scopes_supported: STANDARD.into_iter().chain(["offline_access"]).collect(),
        response_types_supported: vec![
            "code",
            "token",
            "id_token",
            "code token",
            "code id_token",
            "token id_token",
            "code token id_token",
        ],
        // Auth0 lists plain too, and takes it nowhere (attack AUTHZ-02)
        code_challenge_methods_supported: vec!["S256"],
        response_modes_supported: vec!["query", "fragment", "form_post"],
        subject_types_supported: vec!["public"],
        grant_types_supported: vec![
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            "password",
            "http://auth0.com/oauth/grant-type/password-realm",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        token_endpoint_auth_methods_supported: vec![
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "none",
        ],
        token_endpoint_auth_signing_alg_values_supported: vec![
            "RS256", "RS384", "PS256", "PS384", "ES256", "ES384",
        ],
        claims_supported: claims(),
        claims_parameter_supported: true,
        request_uri_parameter_supported: false,
        request_parameter_supported: false,
        id_token_signing_alg_values_supported: algorithms(tenant),
        acr_values_supported: settings.acr_values_supported.clone(),
        end_session_endpoint: settings
            .end_session_discovery
            .then(|| issuer.join("oidc/logout")),
        authorization_response_iss_parameter_supported: always
            || settings.authorization_response_iss,
    }
}

fn claims() -> Vec<&'static str> {
    let own = ["aud", "exp", "iat", "iss", "sid", "sub"];
    own.into_iter()
        .chain(CLAIMS.into_iter().map(|(claim, _)| claim))
        .filter(|claim| !matches!(*claim, "acr" | "amr"))
        .collect()
}

fn algorithms(tenant: &TenantView) -> Vec<&'static str> {
    let mut algorithms = vec!["HS256", "RS256", "PS256"];
    let extensions = [Algorithm::Es256, Algorithm::EdDsa];
    algorithms.extend(
        extensions
            .into_iter()
            .filter(|a| is_used(tenant, *a))
            .map(Algorithm::as_str),
    );
    algorithms
}
