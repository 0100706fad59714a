//! Sealing: what the database keeps but must not be able to read (keys, client secrets).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;

use crate::{Secret, hmac_sha256};

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
const KEY_ID_LABEL: &[u8] = b"cardea sealing key id";

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The bytes are not a sealed value: too short, or of an unknown version.
    NotSealed,
    /// Sealed with another key, whose id this is.
    OtherKey([u8; KEY_ID_LEN]),
    /// The value was altered, or stands at a place it was not sealed for (other associated data).
    /// GCM can't tell the two apart.
    Altered,
    /// The cryptographic library could not seal.
    Unavailable,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSealed => f.write_str("not a sealed value"),
            Self::OtherKey(id) => {
                f.write_str("sealed with another key: ")?;
                id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Altered => f.write_str("the sealed value was altered or moved"),
            Self::Unavailable => f.write_str("the value could not be sealed"),
        }
    }
}

impl std::error::Error for SealError {}

/// An AES-256-GCM key with its id. A sealed value is
/// `version 1 | 8-byte key id | 12-byte nonce | ciphertext and tag`; the first two are authenticated
/// too. Nonces are random, so one key is good for 2^32 values (NIST SP 800-38D 8.3).
///
/// ```
/// use cardea_jose::{SealError, SealingKey};
/// let key = SealingKey::generate();
/// let sealed = key.seal(b"secret", b"tenant 1, client 2")?;
/// assert_eq!(key.open(&sealed, b"tenant 1, client 2")?.expose(), b"secret");
/// assert_eq!(key.open(&sealed, b"tenant 1, client 3"), Err(SealError::Altered));
/// # Ok::<(), SealError>(())
/// ```
#[derive(Clone)]
pub struct SealingKey {
    key: Secret<[u8; 32]>,
    id: [u8; KEY_ID_LEN],
    /// The key's schedule: to make it takes longer than to open a value. `None`: the cryptographic
    /// library could not make it.
    cipher: Option<Arc<LessSafeKey>>,
}

impl SealingKey {
    /// From the key's bytes.
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        let mut id = [0; KEY_ID_LEN];
        for (to, from) in id.iter_mut().zip(hmac_sha256(key, KEY_ID_LABEL)) {
            *to = from;
        }
        Self {
            key: Secret::new(*key),
            id,
            cipher: UnboundKey::new(&AES_256_GCM, key)
                .ok()
                .map(|key| Arc::new(LessSafeKey::new(key))),
        }
    }

    /// A new random key.
    pub fn generate() -> Self {
        let mut key = Secret::new([0; 32]);
        // AWS-LC ends the process when the system has no randomness, so this never turns round;
        // if it ever reported an error instead, no key of zeros may come out
        while rand::fill(key.expose_mut()).is_err() {}
        Self::from_bytes(key.expose())
    }

    /// A name of the key that tells nothing about it.
    pub const fn key_id(&self) -> [u8; KEY_ID_LEN] {
        self.id
    }

    /// The key's bytes, to be kept somewhere safe.
    pub fn to_bytes(&self) -> Secret<[u8; 32]> {
        self.key.clone()
    }

    /// Seals `plain` for the place that `aad` names: it opens with the same `aad` only.
    pub fn seal(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealError> {
        let unavailable = |_| SealError::Unavailable;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(unavailable)?;

        let mut body = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(self.bound(aad)),
                &mut body,
            )
            .map_err(unavailable)?;
        Ok([&[VERSION], self.id.as_slice(), &nonce, &body].concat())
    }

    /// Opens what [`SealingKey::seal`] made.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError::NotSealed)?;
        let (id, rest) = rest
            .split_first_chunk::<KEY_ID_LEN>()
            .ok_or(SealError::NotSealed)?;
        let (nonce, body) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::NotSealed)?;
        if version != VERSION || body.len() < AES_256_GCM.tag_len() {
            return Err(SealError::NotSealed);
        }
        if *id != self.id {
            return Err(SealError::OtherKey(*id));
        }

        let mut plain = Secret::new(body.to_vec());
        let aad = Aad::from(self.bound(aad));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let len = self
            .cipher()?
            .open_in_place(nonce, aad, plain.expose_mut())
            .map_err(|_| SealError::Altered)?
            .len();
        plain.expose_mut().truncate(len);
        Ok(plain)
    }

    /// What a value is bound to: its own head, and its place.
    fn bound(&self, aad: &[u8]) -> Vec<u8> {
        [&[VERSION], self.id.as_slice(), aad].concat()
    }

    fn cipher(&self) -> Result<&LessSafeKey, SealError> {
        self.cipher.as_deref().ok_or(SealError::Unavailable)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
