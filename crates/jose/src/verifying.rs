//! Keys that verify.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{PublicKey as RsaPublicKey, PublicKeyComponents};
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, VerificationAlgorithm};

use crate::{Algorithm, Jwk, b64, spki, weak};

/// The shortest HMAC secret accepted at all. New secrets should have 32 bytes or more
/// (RFC 7518 3.2); 16 keeps the secrets of older deployments usable.
const MIN_HMAC_BYTES: usize = 16;

/// Why a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not a key, or not of the kind they claim to be.
    Malformed,
    /// The key is of another kind than the algorithm needs.
    WrongKind,
    /// The key names no algorithm, or one that is not supported.
    NoAlgorithm,
    /// The key is for encryption (`use`: `enc`), not for signatures.
    NotForSignatures,
    /// RSA below 2048 bits, or an HMAC secret below 16 bytes.
    TooShort,
    /// An RSA public exponent below 65537.
    WeakExponent,
    /// An RSA key of the Infineon library, which can be factored (CVE-2017-15361).
    Roca,
    /// The `kid` is empty or longer than 128 bytes.
    BadKeyId,
    /// The cryptographic library could not make a key.
    Unavailable,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a well-formed key",
            Self::WrongKind => "the key is of another kind than its algorithm needs",
            Self::NoAlgorithm => "the key names no supported signature algorithm",
            Self::NotForSignatures => "the key is not for signatures",
            Self::TooShort => "the key is too short",
            Self::WeakExponent => "the RSA public exponent is below 65537",
            Self::Roca => "the RSA key can be factored (CVE-2017-15361)",
            Self::BadKeyId => "the key id is empty or too long",
            Self::Unavailable => "the cryptographic library could not make a key",
        })
    }
}

impl std::error::Error for KeyError {}

/// The signature does not belong to this message and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not match")
    }
}

impl std::error::Error for BadSignature {}

/// A parsed key that verifies with exactly one algorithm. `Debug` shows its algorithm and name only.
///
/// ```
/// use cardea_jose::{SigningKey, VerifyingKey};
/// let secret = b"a secret that is long enough, 32 bytes or more";
/// let signature = SigningKey::hmac(secret)?.sign(b"message")?;
/// let key = VerifyingKey::hmac(secret)?;
/// assert!(key.verify(b"message", &signature).is_ok());
/// assert!(key.verify(b"massage", &signature).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<String>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Public(ParsedPublicKey),
    Shared(Arc<hmac::Key>),
}

impl VerifyingKey {
    /// From a JWK that names its algorithm, or whose curve does.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::of_jwk(jwk, None)
    }

    /// From a JWK; `default` counts when the key names no algorithm (as an RSA key may).
    ///
    /// ```
    /// use cardea_jose::{Algorithm, Jwk, RsaBits, SigningKey, VerifyingKey};
    /// let der = SigningKey::generate_pkcs8(Algorithm::Es256, RsaBits::B2048)?;
    /// let key = SigningKey::from_pkcs8(Algorithm::Es256, "k1", der.expose())?;
    /// let jwk = Jwk { alg: None, ..key.public_jwk().unwrap() };
    /// assert_eq!(VerifyingKey::from_jwk_or(&jwk, Algorithm::Es256)?.kid(), Some("k1"));
    /// // the default never overrules the kind of the key
    /// assert!(VerifyingKey::from_jwk_or(&jwk, Algorithm::Rs256).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_jwk_or(jwk: &Jwk, default: Algorithm) -> Result<Self, KeyError> {
        Self::of_jwk(jwk, Some(default))
    }

    fn of_jwk(jwk: &Jwk, default: Option<Algorithm>) -> Result<Self, KeyError> {
        if jwk.use_.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Err(KeyError::NotForSignatures);
        }
        let algorithm = match (&jwk.alg, default, jwk.crv.as_deref()) {
            (Some(name), _, _) => name.parse().map_err(|_| KeyError::NoAlgorithm)?,
            (None, Some(default), _) => default,
            (None, None, Some("P-256")) => Algorithm::Es256,
            (None, None, Some("P-384")) => Algorithm::Es384,
            (None, None, Some("Ed25519")) => Algorithm::EdDsa,
            (None, None, _) => return Err(KeyError::NoAlgorithm),
        };
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref(), algorithm) {
            ("RSA", None, _) if algorithm.is_rsa() => Self::from_rsa_components(
                algorithm,
                &member(jwk.n.as_deref())?,
                &member(jwk.e.as_deref())?,
            ),
            ("EC", Some("P-256"), Algorithm::Es256) => Self::from_point(algorithm, jwk, 32),
            ("EC", Some("P-384"), Algorithm::Es384) => Self::from_point(algorithm, jwk, 48),
            ("OKP", Some("Ed25519"), Algorithm::EdDsa) => {
                Self::from_bytes(algorithm, &exactly(member(jwk.x.as_deref())?, 32)?)
            }
            _ => Err(KeyError::WrongKind),
        }?;
        match &jwk.kid {
            Some(kid) => key.with_kid(kid),
            None => Ok(key),
        }
    }

    /// From PEM: `PUBLIC KEY` (RFC 5280 4.1.2.7), `RSA PUBLIC KEY` (RFC 8017 A.1.1) or the key of a
    /// `CERTIFICATE`, of which nothing else is looked at: neither its dates nor its signature.
    pub fn from_spki_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let der = spki::public_key_of_pem(pem).ok_or(KeyError::Malformed)?;
        if algorithm.is_rsa() {
            let key = RsaPublicKey::from_der(&der).map_err(|_| KeyError::WrongKind)?;
            let (n, e) = (key.modulus(), key.exponent());
            return Self::from_rsa_components(
                algorithm,
                n.big_endian_without_leading_zero(),
                e.big_endian_without_leading_zero(),
            );
        }
        Self::from_bytes(algorithm, &der)
    }

    /// The JWK of a key in PEM, once it is a sound key for `algorithm`.
    ///
    /// ```
    /// use cardea_jose::{Algorithm, VerifyingKey};
    /// let pem = "-----BEGIN PUBLIC KEY-----\n\
    ///     MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    ///     -----END PUBLIC KEY-----";
    /// let jwk = VerifyingKey::jwk_of_spki_pem(Algorithm::EdDsa, pem)?;
    /// assert_eq!(jwk.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"); // RFC 8037 A.3
    /// # Ok::<(), cardea_jose::KeyError>(())
    /// ```
    pub fn jwk_of_spki_pem(algorithm: Algorithm, pem: &str) -> Result<Jwk, KeyError> {
        Self::from_spki_pem(algorithm, pem)?; // sound, and of this algorithm's kind
        let der = spki::public_key_of_pem(pem).ok_or(KeyError::Malformed)?;
        if algorithm.is_rsa() {
            let key = RsaPublicKey::from_der(&der).map_err(|_| KeyError::WrongKind)?;
            return Ok(Jwk {
                kty: "RSA".to_owned(),
                n: Some(b64::encode(key.modulus().big_endian_without_leading_zero())),
                e: Some(b64::encode(
                    key.exponent().big_endian_without_leading_zero(),
                )),
                ..Jwk::default()
            });
        }
        // a SubjectPublicKeyInfo ends with the key itself (RFC 5280 4.1, RFC 5480 2.2, RFC 8410 4)
        let (kty, crv, coordinate, count) = match algorithm {
            Algorithm::Es256 => ("EC", "P-256", 32, 2),
            Algorithm::Es384 => ("EC", "P-384", 48, 2),
            Algorithm::EdDsa => ("OKP", "Ed25519", 32, 1),
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Hs256 => return Err(KeyError::WrongKind),
        };
        let (_, key) = der
            .split_at_checked(der.len().saturating_sub(coordinate * count))
            .ok_or(KeyError::Malformed)?;
        let (x, y) = key
            .split_at_checked(coordinate)
            .ok_or(KeyError::Malformed)?;
        Ok(Jwk {
            kty: kty.to_owned(),
            crv: Some(crv.to_owned()),
            x: Some(b64::encode(x)),
            y: (!y.is_empty()).then(|| b64::encode(y)),
            ..Jwk::default()
        })
    }

    /// HS256 with a shared secret of 16 bytes or more.
    pub fn hmac(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_HMAC_BYTES {
            return Err(KeyError::TooShort);
        }
        Ok(Self {
            algorithm: Algorithm::Hs256,
            kid: None,
            material: Material::Shared(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret))),
        })
    }

    /// The same key under a name: 1 to 128 bytes.
    pub fn with_kid(mut self, kid: &str) -> Result<Self, KeyError> {
        self.kid = Some(checked_kid(kid)?);
        Ok(self)
    }

    /// The one algorithm this key verifies.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's name.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Verifies. ECDSA signatures are `r || s` of fixed size (RFC 7518 3.4); DER is refused, and so
    /// are zero and too large values (CVE-2022-21449). `s` in the upper half is accepted, as JWS
    /// allows it: never take a signature for an identifier.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match &self.material {
            Material::Public(key) => key.verify_sig(message, signature),
            Material::Shared(key) => hmac::verify(key, message, signature),
        }
        .map_err(|_| BadSignature)
    }

    pub(crate) fn from_rsa_components(
        algorithm: Algorithm,
        n: &[u8],
        e: &[u8],
    ) -> Result<Self, KeyError> {
        weak::check_rsa(n, e)?;
        let parameters = rsa_parameters(algorithm).ok_or(KeyError::WrongKind)?;
        let key = PublicKeyComponents { n, e }
            .to_parsed_public_key(parameters)
            .map_err(|_| KeyError::Malformed)?;
        Ok(Self {
            algorithm,
            kid: None,
            material: Material::Public(key),
        })
    }

    fn from_point(algorithm: Algorithm, jwk: &Jwk, size: usize) -> Result<Self, KeyError> {
        // RFC 7518 6.2.1.2: the coordinates have full size; the library checks the curve equation
        let (x, y) = (
            exactly(member(jwk.x.as_deref())?, size)?,
            exactly(member(jwk.y.as_deref())?, size)?,
        );
        Self::from_bytes(algorithm, &[&[4], x.as_slice(), y.as_slice()].concat())
    }

    /// From an uncompressed point, a raw Ed25519 key, or a `SubjectPublicKeyInfo`.
    pub(crate) fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let scheme: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            Algorithm::EdDsa => &signature::ED25519,
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Hs256 => return Err(KeyError::WrongKind),
        };
        let key = ParsedPublicKey::new(scheme, bytes).map_err(|_| KeyError::Malformed)?;
        Ok(Self {
            algorithm,
            kid: None,
            material: Material::Public(key),
        })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

pub(crate) fn checked_kid(kid: &str) -> Result<String, KeyError> {
    if kid.is_empty() || kid.len() > crate::MAX_KID_BYTES {
        return Err(KeyError::BadKeyId);
    }
    Ok(kid.to_owned())
}

fn member(value: Option<&str>) -> Result<Vec<u8>, KeyError> {
    let text = value.ok_or(KeyError::Malformed)?;
    b64::decode(text).map_err(|_| KeyError::Malformed)
}

fn exactly(bytes: Vec<u8>, size: usize) -> Result<Vec<u8>, KeyError> {
    if bytes.len() == size {
        Ok(bytes)
    } else {
        Err(KeyError::Malformed)
    }
}

const fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa | Algorithm::Hs256 => None,
    }
}
