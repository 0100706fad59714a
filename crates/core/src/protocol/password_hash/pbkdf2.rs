//! The PHC string of PBKDF2: `$pbkdf2-sha256$i=100000,l=32$salt$hash`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Sum;

/// More rounds would take seconds (attack PASSWORD-21).
const MOST_ITERATIONS: u32 = 1_000_000;

/// A hash with all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pbkdf2 {
    /// The HMAC's digest.
    pub sum: Sum,
    /// Rounds.
    pub iterations: u32,
    /// The salt.
    pub salt: Vec<u8>,
    /// The derived key.
    pub hash: Vec<u8>,
}

impl Pbkdf2 {
    /// Reads a PHC string.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$pbkdf2-")?.split('$');
        let sum = Sum::parse(parts.next()?)?;
        let (mut iterations, mut length) = (None, None);
        for pair in parts.next()?.split(',') {
            let (name, value) = pair.split_once('=')?;
            match name {
                "i" => iterations = Some(value.parse().ok()?),
                "l" => length = Some(value.parse::<usize>().ok()?),
                _ => return None,
            }
        }
        let iterations: u32 = iterations?;
        let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let hash = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let fits = (1..=MOST_ITERATIONS).contains(&iterations)
            && (16..=128).contains(&hash.len())
            && length.is_none_or(|length| length == hash.len())
            && salt.len() <= 128
            && sum != Sum::Md5
            && parts.next().is_none();
        fits.then_some(Self {
            sum,
            iterations,
            salt,
            hash,
        })
    }
}
