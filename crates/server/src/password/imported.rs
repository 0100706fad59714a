//! Hashes that other systems made.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use cardea_core::protocol::password_hash::{
    Custom, Expected, Method, Pbkdf2, Salt, StoredHash, Sum,
};
use cardea_jose::constant_time_eq;
use md5::{Digest as _, Md5};

use super::argon::Buffers;

/// bcrypt looks at so many bytes.
const BCRYPT_BYTES: usize = 72;
const MD5_BLOCK: usize = 64;

/// Whether the password has this hash.
pub(super) fn matches(hash: &StoredHash, password: &str, buffers: &Buffers) -> bool {
    match hash {
        StoredHash::Argon2(hash) => buffers.argon2_matches(hash, password.as_bytes()),
        StoredHash::Bcrypt(text) => bcrypt::verify(password, text).unwrap_or(false),
        StoredHash::Pbkdf2(hash) => pbkdf2_matches(hash, password.as_bytes()),
        StoredHash::Custom(custom) => custom_matches(custom, password, buffers),
    }
}

/// Whether bcrypt has looked at a part of the password only: then others match it too, and which
/// of them is the user's is not known.
pub(super) fn is_cut(hash: &StoredHash, password: &str) -> bool {
    match hash {
        StoredHash::Bcrypt(_) => password.len() > BCRYPT_BYTES,
        StoredHash::Custom(custom) => match &custom.method {
            Method::Bcrypt(salt) => password.len() + salt.value.len() > BCRYPT_BYTES,
            Method::Sum(..) | Method::Hmac(..) | Method::Scrypt { .. } => false,
        },
        StoredHash::Argon2(_) | StoredHash::Pbkdf2(_) => false,
    }
}

fn pbkdf2_matches(hash: &Pbkdf2, password: &[u8]) -> bool {
    let algorithm = match hash.sum {
        Sum::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Sum::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Sum::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Sum::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        Sum::Md5 | Sum::Sha224 => return false,
    };
    NonZeroU32::new(hash.iterations).is_some_and(|rounds| {
        pbkdf2::verify(algorithm, rounds, &hash.salt, password, &hash.hash).is_ok()
    })
}

fn custom_matches(custom: &Custom, password: &str, buffers: &Buffers) -> bool {
    let text = custom.text.encode(password);
    let computed = match &custom.method {
        Method::Sum(sum, salt) => summed(*sum, &Salt::mix(salt.as_ref(), text)),
        Method::Hmac(sum, key, salt) => keyed(*sum, key, &Salt::mix(salt.as_ref(), text)),
        Method::Bcrypt(salt) => {
            let Expected::Bytes(hash) = &custom.expected else {
                return false;
            };
            let hash = String::from_utf8_lossy(hash);
            let mixed = Salt::mix(Some(salt), text);
            return bcrypt::verify(mixed, &hash).unwrap_or(false);
        }
        Method::Scrypt {
            log_n,
            block_size,
            lanes,
            salt,
            length,
        } => {
            let Ok(params) = scrypt::Params::new(*log_n, *block_size, *lanes) else {
                return false;
            };
            let mut out = vec![0; *length];
            if scrypt::scrypt(&text, salt, &params, &mut out).is_err() {
                return false;
            }
            out
        }
    };
    match &custom.expected {
        Expected::Bytes(bytes) => constant_time_eq(&computed, bytes),
        Expected::Hashed(hash) => buffers.argon2_matches(hash, &computed),
    }
}

fn summed(sum: Sum, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match sum {
        Sum::Md5 => return Md5::digest(bytes).to_vec(),
        Sum::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Sum::Sha224 => &digest::SHA224,
        Sum::Sha256 => &digest::SHA256,
        Sum::Sha384 => &digest::SHA384,
        Sum::Sha512 => &digest::SHA512,
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

fn keyed(sum: Sum, key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let algorithm = match sum {
        Sum::Md5 => return hmac_md5(key, bytes),
        Sum::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Sum::Sha224 => hmac::HMAC_SHA224,
        Sum::Sha256 => hmac::HMAC_SHA256,
        Sum::Sha384 => hmac::HMAC_SHA384,
        Sum::Sha512 => hmac::HMAC_SHA512,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, key), bytes);
    tag.as_ref().to_vec()
}

/// RFC 2104 over MD5, which the library does not have.
fn hmac_md5(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let key = if key.len() > MD5_BLOCK {
        Md5::digest(key).to_vec()
    } else {
        key.to_vec()
    };
    let pad = |with: u8| -> Vec<u8> {
        let filled = key.iter().copied().chain(std::iter::repeat(0));
        filled.take(MD5_BLOCK).map(|byte| byte ^ with).collect()
    };
    let inner = Md5::new_with_prefix(pad(0x36))
        .chain_update(bytes)
        .finalize();
    let outer = Md5::new_with_prefix(pad(0x5c)).chain_update(inner);
    outer.finalize().to_vec()
}
