//! Digests, HMAC and the comparison that does not leak where two secrets differ.

use aws_lc_rs::{constant_time, digest, hmac};

/// SHA-256.
///
/// ```
/// assert_eq!(cardea_jose::sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
/// ```
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    fixed(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-1, for `x5t` (RFC 7517 4.8) and nothing else.
///
/// ```
/// assert_eq!(cardea_jose::sha1(b"abc")[..4], [0xa9, 0x99, 0x3e, 0x36]);
/// ```
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    fixed(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// HMAC-SHA-256 (RFC 2104), for digests of secrets and for derived values.
///
/// ```
/// let a = cardea_jose::hmac_sha256(b"key", b"message");
/// assert_ne!(a, cardea_jose::hmac_sha256(b"other key", b"message"));
/// ```
pub fn hmac_sha256(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    fixed(hmac::sign(&key, bytes).as_ref())
}

/// Compares in a time that depends on the lengths alone.
///
/// ```
/// assert!(cardea_jose::constant_time_eq(b"secret", b"secret"));
/// assert!(!cardea_jose::constant_time_eq(b"secret", b"Secret"));
/// ```
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// The digest's length is its algorithm's, so nothing is cut or filled up here.
fn fixed<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = *from;
    }
    out
}
