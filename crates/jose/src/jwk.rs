//! Public JSON Web Keys (RFC 7517, RFC 7518 6, RFC 8037 2).

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{b64, sha256};

/// A public key as JSON. The type has no private member, and reading a key that carries one is an
/// error: a private or symmetric key in a JWKS is a leak, not a key to use (RFC 7517 9.2).
///
/// ```
/// use cardea_jose::Jwk;
/// let ok = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// assert_eq!(
///     serde_json::from_str::<Jwk>(ok)?.thumbprint(), // RFC 8037 A.3
///     "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
/// );
/// assert!(serde_json::from_str::<Jwk>(r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The key type: `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// What the key is for: `sig` or `enc`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
    /// RSA: the modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// RSA: the public exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// EC and OKP: the curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// EC and OKP: the x coordinate, or the public key itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// EC: the y coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The key's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The SHA-1 thumbprint of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// The certificate chain, each in standard base64 (not base64url) of its DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x5c: Option<Vec<String>>,
    /// The only algorithm the key may be used with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
}

impl Jwk {
    /// The SHA-256 thumbprint (RFC 7638 3): the digest of the required members in the order of
    /// their names. Written by hand, since the order of a JSON map depends on cargo features.
    /// Meaningful for a key that [`crate::VerifyingKey::from_jwk`] accepts.
    pub fn thumbprint(&self) -> String {
        let members: &[(&str, Option<&str>)] = &[
            ("crv", self.crv.as_deref()),
            ("e", self.e.as_deref()),
            ("kty", Some(&self.kty)),
            ("n", self.n.as_deref()),
            ("x", self.x.as_deref()),
            ("y", self.y.as_deref()),
        ];
        let required: &[&str] = match self.kty.as_str() {
            "RSA" => &["e", "kty", "n"],
            "EC" => &["crv", "kty", "x", "y"],
            "OKP" => &["crv", "kty", "x"],
            _ => &["kty"],
        };

        let written: Vec<String> = members
            .iter()
            .filter(|(name, _)| required.contains(name))
            .map(|(name, value)| {
                let value = serde_json::Value::from(value.unwrap_or_default()); // quotes, escapes
                format!("\"{name}\":{value}")
            })
            .collect();
        b64::encode(&sha256(format!("{{{}}}", written.join(",")).as_bytes()))
    }
}

/// What may stand in the JSON. The private members are named so that they can be refused.
#[derive(Deserialize)]
struct Wire {
    kty: String,
    #[serde(rename = "use")]
    use_: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    kid: Option<String>,
    x5t: Option<String>,
    x5c: Option<Vec<String>>,
    alg: Option<String>,
    #[serde(default)]
    d: Present,
    #[serde(default)]
    p: Present,
    #[serde(default)]
    q: Present,
    #[serde(default)]
    dp: Present,
    #[serde(default)]
    dq: Present,
    #[serde(default)]
    qi: Present,
    #[serde(default)]
    oth: Present,
    #[serde(default)]
    k: Present,
}

/// Whether a member is there, whatever its value, `null` included.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire {
            kty,
            use_,
            n,
            e,
            crv,
            x,
            y,
            kid,
            x5t,
            x5c,
            alg,
            d,
            p,
            q,
            dp,
            dq,
            qi,
            oth,
            k,
        } = Wire::deserialize(deserializer)?;
        if [d, p, q, dp, dq, qi, oth, k].iter().any(|member| member.0) {
            return Err(de::Error::custom(
                "the key has a private or symmetric member",
            ));
        }
        Ok(Self {
            kty,
            use_,
            n,
            e,
            crv,
            x,
            y,
            kid,
            x5t,
            x5c,
            alg,
        })
    }
}
