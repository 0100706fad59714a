//! The tenant's published keys (RFC 7517; trap T18).

use cardea_jose::{Algorithm, Jwk};
use serde::Serialize;

use crate::model::{KeyState, TenantView};

/// `{"keys": […]}`.
#[derive(Debug, Serialize)]
pub struct Jwks {
    /// Public keys alone.
    pub keys: Vec<Jwk>,
}

/// RS256 keys always; keys of another algorithm only once an API or an application signs with
/// it, since some SDKs read every key as RSA. Revoked ones never.
pub fn jwks(tenant: &TenantView) -> Jwks {
    let without_alg = tenant.settings.parsed.remove_alg_from_jwks;
    let published = tenant.keys.iter().filter(|entry| {
        entry.parsed.state != KeyState::Revoked && is_used(tenant, entry.parsed.algorithm)
    });
    let keys = published
        .filter_map(|entry| entry.parsed.jwk())
        .map(|mut jwk| {
            if without_alg {
                jwk.alg = None;
            }
            jwk
        })
        .collect();
    Jwks { keys }
}

/// Whether anything of the tenant signs with `algorithm`.
pub fn is_used(tenant: &TenantView, algorithm: Algorithm) -> bool {
    algorithm == Algorithm::Rs256
        || tenant
            .apis
            .values()
            .any(|entry| entry.parsed.signing_alg == algorithm)
        || tenant
            .clients
            .values()
            .any(|entry| entry.parsed.id_token_alg == Some(algorithm))
}
