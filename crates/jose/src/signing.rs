//! Keys that sign.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
};

use crate::verifying::checked_kid;
use crate::{Algorithm, Jwk, KeyError, RsaBits, Secret, VerifyingKey, b64};

/// The cryptographic library could not sign. It does not happen with a key that was accepted; it
/// is an error so that nothing panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignError;

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message could not be signed")
    }
}

impl std::error::Error for SignError {}

/// A parsed private key or shared secret with its one algorithm and its name. `Debug` shows those
/// two only; share it behind an `Arc`.
///
/// ```
/// use cardea_jose::{Algorithm, RsaBits, SigningKey};
/// let der = SigningKey::generate_pkcs8(Algorithm::EdDsa, RsaBits::B3072)?;
/// let key = SigningKey::from_pkcs8(Algorithm::EdDsa, "k1", der.expose())?;
/// assert!(key.sign_jwt("JWT", br#"{"sub":"jane"}"#)?.starts_with("eyJhbGciOiJFZERTQSIs"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SigningKey {
    material: Material,
    /// `base64url(header) + "."` for the two types of every day.
    jwt_header: String,
    access_token_header: String,
    public_jwk: Option<Jwk>,
    verifying: VerifyingKey,
}

enum Material {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Box<hmac::Key>),
}

impl SigningKey {
    /// Makes a new private key as PKCS#8 DER. `rsa_bits` counts for RSA only; HS256 has no such form.
    pub fn generate_pkcs8(
        algorithm: Algorithm,
        rsa_bits: RsaBits,
    ) -> Result<Secret<Vec<u8>>, KeyError> {
        let unavailable = |_| KeyError::Unavailable;
        let rng = SystemRandom::new();
        let document = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384 => {
                let size = match rsa_bits {
                    RsaBits::B2048 => KeySize::Rsa2048,
                    RsaBits::B3072 => KeySize::Rsa3072,
                    RsaBits::B4096 => KeySize::Rsa4096,
                };
                let key = RsaKeyPair::generate(size).map_err(unavailable)?;
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(unavailable)?;
                return Ok(Secret::new(der.as_ref().to_vec()));
            }
            Algorithm::Es256 | Algorithm::Es384 => {
                let scheme = ecdsa(algorithm).ok_or(KeyError::WrongKind)?;
                EcdsaKeyPair::generate_pkcs8(scheme, &rng).map_err(unavailable)?
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&rng).map_err(unavailable)?,
            Algorithm::Hs256 => return Err(KeyError::WrongKind),
        };
        Ok(Secret::new(document.as_ref().to_vec()))
    }

    /// Parses a private key and fixes its algorithm and name.
    pub fn from_pkcs8(algorithm: Algorithm, kid: &str, der: &[u8]) -> Result<Self, KeyError> {
        let kid = checked_kid(kid)?;
        let (material, verifying, mut jwk) = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384 => rsa(algorithm, der)?,
            Algorithm::Es256 => elliptic(algorithm, der, "P-256")?,
            Algorithm::Es384 => elliptic(algorithm, der, "P-384")?,
            Algorithm::EdDsa => edwards(der)?,
            Algorithm::Hs256 => return Err(KeyError::WrongKind),
        };
        jwk.use_ = Some("sig".to_owned());
        jwk.alg = Some(algorithm.as_str().to_owned());
        jwk.kid = Some(kid.clone());
        Ok(Self::assemble(
            material,
            verifying.with_kid(&kid)?,
            Some(jwk),
        ))
    }

    /// HS256 with a shared secret of 16 bytes or more, and no name: the verifier knows the secret
    /// by whose token it is.
    pub fn hmac(secret: &[u8]) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::hmac(secret)?;
        let material = Material::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)));
        Ok(Self::assemble(material, verifying, None))
    }

    fn assemble(material: Material, verifying: VerifyingKey, public_jwk: Option<Jwk>) -> Self {
        let header = |typ| encoded_header(verifying.algorithm(), typ, verifying.kid());
        let (jwt_header, access_token_header) = (header("JWT"), header("at+jwt"));
        Self {
            material,
            jwt_header,
            access_token_header,
            public_jwk,
            verifying,
        }
    }

    /// The one algorithm this key signs with.
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The key's name; an HMAC key has none.
    pub fn kid(&self) -> Option<&str> {
        self.verifying.kid()
    }

    /// The public half, to be listed in the JWKS; `None` for HMAC, which is never listed.
    pub fn public_jwk(&self) -> Option<Jwk> {
        self.public_jwk.clone()
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }

    /// The same, borrowed.
    pub const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs; ECDSA gives `r || s` of fixed size (RFC 7518 3.4).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let rng = SystemRandom::new();
        match &self.material {
            Material::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &rng, message, &mut signature)
                    .map_err(|_| SignError)?;
                Ok(signature)
            }
            Material::Ecdsa(key) => {
                let signature = key.sign(&rng, message).map_err(|_| SignError)?;
                Ok(signature.as_ref().to_vec())
            }
            Material::Ed25519(key) => {
                let signature = key.try_sign(message).map_err(|_| SignError)?;
                Ok(signature.as_ref().to_vec())
            }
            Material::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }

    /// A compact JWS (RFC 7515 3.1) over `claims_json`, with the header `{"alg","typ","kid"}` in
    /// this order. The claims are taken as they are.
    pub fn sign_jwt(&self, typ: &str, claims_json: &[u8]) -> Result<String, SignError> {
        const LONGEST_USUAL_SIGNATURE: usize = 512; // RSA 4096
        let other;
        let header = match typ {
            "JWT" => &self.jwt_header,
            "at+jwt" => &self.access_token_header,
            _ => {
                other = encoded_header(self.algorithm(), typ, self.kid());
                &other
            }
        };

        let capacity = header.len()
            + b64::encoded_len(claims_json.len())
            + 1
            + b64::encoded_len(LONGEST_USUAL_SIGNATURE);
        let mut token = String::with_capacity(capacity);
        token.push_str(header);
        b64::append(claims_json, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        b64::append(&signature, &mut token);
        Ok(token)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

fn encoded_header(algorithm: Algorithm, typ: &str, kid: Option<&str>) -> String {
    let quoted = serde_json::Value::from; // escapes what has to be
    let kid = kid.map_or_else(String::new, |kid| format!(",\"kid\":{}", quoted(kid)));
    let header = format!("{{\"alg\":\"{algorithm}\",\"typ\":{}{kid}}}", quoted(typ));
    let mut encoded = b64::encode(header.as_bytes());
    encoded.push('.');
    encoded
}

type Parsed = (Material, VerifyingKey, Jwk);

fn rsa(algorithm: Algorithm, der: &[u8]) -> Result<Parsed, KeyError> {
    let encoding: &'static dyn RsaEncoding = match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa | Algorithm::Hs256 => {
            return Err(KeyError::WrongKind);
        }
    };
    let key = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
    let public = key.public_key();
    let (n, e) = (public.modulus(), public.exponent());
    let (n, e) = (
        n.big_endian_without_leading_zero(),
        e.big_endian_without_leading_zero(),
    );
    let verifying = VerifyingKey::from_rsa_components(algorithm, n, e)?;
    let jwk = Jwk {
        kty: "RSA".to_owned(),
        n: Some(b64::encode(n)),
        e: Some(b64::encode(e)),
        ..Jwk::default()
    };
    Ok((Material::Rsa(key, encoding), verifying, jwk))
}

fn elliptic(algorithm: Algorithm, der: &[u8], crv: &str) -> Result<Parsed, KeyError> {
    let scheme = ecdsa(algorithm).ok_or(KeyError::WrongKind)?;
    let key = EcdsaKeyPair::from_pkcs8(scheme, der).map_err(|_| KeyError::Malformed)?;
    let point = key.public_key().as_ref();
    let verifying = VerifyingKey::from_bytes(algorithm, point)?;
    // SEC 1 2.3.3: 0x04 || x || y
    let coordinates = point.strip_prefix(&[4]).ok_or(KeyError::Malformed)?;
    let (x, y) = coordinates
        .split_at_checked(coordinates.len() / 2)
        .ok_or(KeyError::Malformed)?;
    let jwk = Jwk {
        kty: "EC".to_owned(),
        crv: Some(crv.to_owned()),
        x: Some(b64::encode(x)),
        y: Some(b64::encode(y)),
        ..Jwk::default()
    };
    Ok((Material::Ecdsa(key), verifying, jwk))
}

fn edwards(der: &[u8]) -> Result<Parsed, KeyError> {
    let key = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
    let public = key.public_key().as_ref();
    let verifying = VerifyingKey::from_bytes(Algorithm::EdDsa, public)?;
    let jwk = Jwk {
        kty: "OKP".to_owned(),
        crv: Some("Ed25519".to_owned()),
        x: Some(b64::encode(public)),
        ..Jwk::default()
    };
    Ok((Material::Ed25519(key), verifying, jwk))
}

const fn ecdsa(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::EdDsa
        | Algorithm::Hs256 => None,
    }
}
