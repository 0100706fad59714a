//! The published keys of `--deterministic`. They protect nothing.

use cardea_core::time::Timestamp;
use cardea_jose::{Algorithm, RsaBits, Secret};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

/// When they were "made": certificates must not depend on the day. 1 January 2026.
pub(crate) const MADE_AT: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// The `number`-th key (from 1) of this kind, if there is one, as PKCS#8.
pub(crate) fn pkcs8(algorithm: Algorithm, bits: RsaBits, number: usize) -> Option<Secret<Vec<u8>>> {
    let pem = match (algorithm, bits, number) {
        (Algorithm::Rs256, RsaBits::B2048, 1) => include_str!("keys/rs256-2048-1.pem"),
        (Algorithm::Rs256, RsaBits::B2048, 2) => include_str!("keys/rs256-2048-2.pem"),
        (Algorithm::Rs256, RsaBits::B3072, 1) => include_str!("keys/rs256-3072-1.pem"),
        (Algorithm::Rs256, RsaBits::B3072, 2) => include_str!("keys/rs256-3072-2.pem"),
        (Algorithm::Ps256, RsaBits::B2048, 1) => include_str!("keys/ps256-2048.pem"),
        (Algorithm::Ps256, RsaBits::B3072, 1) => include_str!("keys/ps256-3072.pem"),
        (Algorithm::Es256, _, 1) => include_str!("keys/es256.pem"),
        (Algorithm::EdDsa, _, 1) => include_str!("keys/eddsa.pem"),
        _ => return None,
    };
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    Some(Secret::new(key.secret_pkcs8_der().to_vec()))
}
