//! Base64url without padding, canonical (RFC 7515 2, RFC 4648 3.5).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not canonical base64url: a foreign character, padding, an impossible length, or
/// unused bits that are not zero (two texts would then be one value).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCanonical;

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not canonical base64url without padding")
    }
}

impl std::error::Error for NotCanonical {}

/// Encodes without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes; accepts only the one text that [`encode`] would have written.
///
/// ```
/// use cardea_jose::b64;
/// assert_eq!(b64::decode("AQ"), Ok(vec![1]));
/// assert!(b64::decode("AR").is_err()); // unused bits
/// assert!(b64::decode("AQ==").is_err()); // padding
/// ```
pub fn decode(text: &str) -> Result<Vec<u8>, NotCanonical> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotCanonical)
}

/// Appends the encoding of `bytes` to `out`.
pub(crate) fn append(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// The length of the encoding of `bytes` bytes.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes.saturating_mul(4).div_ceil(3)
}
