//! Randomness is passed in, so that a test can seed it.

/// A source of random bytes. The process has one implementation over its cryptographic
/// generator; tests and `--deterministic` have a seeded one.
pub trait Random: Send {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

const BASE62: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8; 16] = b"0123456789abcdef";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `length` characters of base62 (5.95 bits each).
pub fn base62(random: &mut dyn Random, length: usize) -> String {
    pick(random, BASE62, length)
}

/// `length` lower-case hexadecimal digits (4 bits each).
pub fn hex(random: &mut dyn Random, length: usize) -> String {
    pick(random, HEX, length)
}

/// `length` characters of the base64url alphabet (6 bits each).
pub fn url_safe(random: &mut dyn Random, length: usize) -> String {
    pick(random, URL_SAFE, length)
}

/// Draws by rejection, so that every letter is equally likely.
fn pick(random: &mut dyn Random, alphabet: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut pool = [0_u8; 64];
    while text.len() < length {
        random.fill(&mut pool);
        let letters = pool
            .iter()
            .filter_map(|byte| alphabet.get(usize::from(byte & 0x3f)));
        for letter in letters.take(length - text.len()) {
            text.push(char::from(*letter));
        }
    }
    text
}

/// A generator for tests: the same seed gives the same bytes. Never for production.
#[derive(Debug, Clone)]
pub struct Seeded {
    seed: [u8; 32],
    counter: u64,
}

impl Seeded {
    /// A generator whose stream depends on `label` alone.
    pub fn new(label: &str) -> Self {
        Self {
            seed: cardea_jose::sha256(label.as_bytes()),
            counter: 0,
        }
    }
}

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = cardea_jose::hmac_sha256(&self.seed, &self.counter.to_be_bytes());
            self.counter += 1;
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_text_and_another_does_not() {
        let (mut a, mut b, mut c) = (Seeded::new("a"), Seeded::new("a"), Seeded::new("c"));
        let text = base62(&mut a, 32);
        assert_eq!(text, base62(&mut b, 32));
        assert_ne!(text, base62(&mut c, 32));
        assert_eq!(text.len(), 32);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
