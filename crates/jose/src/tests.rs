//! Tables: one good case, each row breaks one thing and names its attack.

mod confusion;
mod json;
mod jws;
mod keys;
mod seal;

use std::sync::OnceLock;

use crate::{Algorithm, RsaBits, SigningKey};

/// One RSA key for all tests: making one takes time.
fn rsa_der() -> &'static [u8] {
    static DER: OnceLock<Vec<u8>> = OnceLock::new();
    DER.get_or_init(|| {
        let der = SigningKey::generate_pkcs8(Algorithm::Rs256, RsaBits::B2048).unwrap();
        der.expose().clone()
    })
}

fn key(algorithm: Algorithm) -> SigningKey {
    if algorithm.is_symmetric() {
        SigningKey::hmac(&[7; 32]).unwrap()
    } else if algorithm.is_rsa() {
        SigningKey::from_pkcs8(algorithm, "k1", rsa_der()).unwrap()
    } else {
        let der = SigningKey::generate_pkcs8(algorithm, RsaBits::B2048).unwrap();
        SigningKey::from_pkcs8(algorithm, "k1", der.expose()).unwrap()
    }
}
