//! Keys, JWS, JWT, JWK and sealing for Cardea.
//!
//! Three ideas hold this crate together:
//!
//! * **A key fixes its algorithm.** The header of a token never chooses how it is verified
//!   (RFC 8725 3.1); it may only agree with the key. There is no `none`.
//! * **One text, one meaning.** Base64url is canonical, JSON objects have no duplicate members,
//!   and only the compact serialisation is read (RFC 8725 2.6).
//! * **Keys are parsed once.** [`SigningKey`] and [`VerifyingKey`] are built when they are loaded
//!   and are cheap to use afterwards.
//!
//! The crate has no clock, no network and no policy: who may use a token is decided elsewhere.
//!
//! ```
//! use cardea_jose::{Algorithm, Compact, RsaBits, SigningKey};
//!
//! let pkcs8 = SigningKey::generate_pkcs8(Algorithm::Es256, RsaBits::B3072)?;
//! let key = SigningKey::from_pkcs8(Algorithm::Es256, "2026-11", pkcs8.expose())?;
//! let token = key.sign_jwt("at+jwt", br#"{"sub":"auth0|jane"}"#)?;
//!
//! let jws = Compact::parse(&token)?;
//! jws.verify(&key.verifying_key())?;
//! assert_eq!(jws.claims()?["sub"], "auth0|jane");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod algorithm;
pub mod b64;
mod compact;
mod digest;
mod json;
mod jwk;
mod seal;
mod secret;
mod signing;
mod spki;
mod verifying;
mod weak;

pub use algorithm::{Algorithm, RsaBits, UnknownAlgorithm};
pub use compact::{Compact, Header, MAX_KID_BYTES, MAX_TOKEN_BYTES, Malformed, Refused};
pub use digest::{constant_time_eq, hmac_sha256, sha1, sha256};
pub use json::{JsonError, MAX_DEPTH, strict_object};
pub use jwk::Jwk;
pub use seal::{SealError, SealingKey};
pub use secret::Secret;
pub use signing::{SignError, SigningKey};
pub use verifying::{BadSignature, KeyError, VerifyingKey};

#[cfg(test)]
mod tests;
