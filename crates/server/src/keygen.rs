//! New signing keys for tenants.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_core::id::{Host, KeyId};
use cardea_core::management::key_document;
use cardea_core::model::{Document, KeyState, Profile, TenantView};
use cardea_core::random::Random;
use cardea_core::time::Timestamp;
use cardea_jose::{Algorithm, RsaBits, Secret, SigningKey, b64};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use time::OffsetDateTime;

use crate::dev::fixed_keys;
use crate::random::SharedRandom;

/// Ten years: a certificate in a JWKS carries the key for old software, nobody judges its age.
const VALIDITY_SECONDS: i64 = 10 * 365 * 86_400;

/// Which key is wanted.
#[derive(Debug, Clone)]
pub struct KeyPlan {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Where it begins its life.
    pub state: KeyState,
    /// Decides the length of RSA keys.
    pub profile: Profile,
    /// The tenant's host, for the certificate.
    pub host: Host,
    /// When it is made.
    pub now: Timestamp,
}

impl KeyPlan {
    /// A key for `tenant`.
    pub fn new(tenant: &TenantView, algorithm: Algorithm, state: KeyState, now: Timestamp) -> Self {
        let record = &tenant.record;
        Self {
            algorithm,
            state,
            profile: record.profile,
            host: record.host.clone(),
            now,
        }
    }

    const fn bits(&self) -> RsaBits {
        match self.profile {
            Profile::Compat => RsaBits::B2048,
            Profile::Strict => RsaBits::B3072,
        }
    }

    /// Makes it. An RSA key costs a processor 0.1 to 1 s: see [`KeyPlan::make_beside`].
    pub fn make(&self, random: &SharedRandom) -> Result<Document, KeygenError> {
        let pkcs8 =
            SigningKey::generate_pkcs8(self.algorithm, self.bits()).map_err(KeygenError::new)?;
        random.with(|random| self.document(&pkcs8, self.now, random))
    }

    /// Makes it on a thread for work, not for requests.
    pub async fn make_beside(self, random: SharedRandom) -> Result<Document, KeygenError> {
        let made = tokio::task::spawn_blocking(move || self.make(&random)).await;
        made.unwrap_or_else(|error| Err(KeygenError::new(error)))
    }

    /// One of the published test keys of `dev --deterministic`, with a certificate that is the
    /// same each time. `None` if there is none for this algorithm.
    pub fn fixed(
        &self,
        number: usize,
        random: &mut dyn Random,
    ) -> Result<Option<Document>, KeygenError> {
        let Some(pkcs8) = fixed_keys::pkcs8(self.algorithm, self.bits(), number) else {
            return Ok(None);
        };
        self.document(&pkcs8, fixed_keys::MADE_AT, random).map(Some)
    }

    fn document(
        &self,
        pkcs8: &Secret<Vec<u8>>,
        made_at: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Document, KeygenError> {
        let kid = KeyId::new(random);
        let mut serial = [0; 16];
        random.fill(&mut serial);
        let certificate = if self.algorithm.is_rsa() {
            Some(certificate(pkcs8, &self.host, made_at, serial)?)
        } else {
            None
        };
        let secret = Secret::new(b64::encode(pkcs8.expose()));
        let mut document = key_document(
            &kid,
            self.algorithm,
            certificate.as_deref(),
            secret,
            self.now,
        );
        document
            .body
            .insert("state".to_owned(), self.state.as_str().into());
        Ok(document)
    }
}

/// The current key that `algorithm` lacks in this tenant, if it lacks one. The caller commits
/// its insertion.
pub async fn ensure_key(
    tenant: &TenantView,
    algorithm: Algorithm,
    now: Timestamp,
    random: &SharedRandom,
) -> Result<Option<Document>, KeygenError> {
    if algorithm.is_symmetric() || tenant.keys.current(algorithm).is_some() {
        return Ok(None);
    }
    let plan = KeyPlan::new(tenant, algorithm, KeyState::Current, now);
    let is_first = tenant
        .keys
        .iter()
        .all(|key| key.parsed.algorithm != algorithm);
    if is_first
        && random.is_seeded()
        && let Some(key) = random.with(|random| plan.fixed(1, random))?
    {
        return Ok(Some(key));
    }
    plan.make_beside(random.clone()).await.map(Some)
}

/// A self-signed certificate for the key's public half, DER in base64.
fn certificate(
    pkcs8: &Secret<Vec<u8>>,
    host: &Host,
    made_at: Timestamp,
    mut serial: [u8; 16],
) -> Result<String, KeygenError> {
    let failed = |error: rcgen::Error| KeygenError::new(error);
    let key = PrivatePkcs8KeyDer::from(pkcs8.expose().as_slice());
    let key =
        KeyPair::from_pkcs8_der_and_sign_algo(&key, &rcgen::PKCS_RSA_SHA256).map_err(failed)?;

    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, host.name());
    params.not_before = date(made_at)?;
    params.not_after = date(made_at.plus_seconds(VALIDITY_SECONDS))?;
    // RFC 5280 4.1.2.2: positive, and never 0
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(STANDARD.encode(certificate.der()))
}

fn date(at: Timestamp) -> Result<OffsetDateTime, KeygenError> {
    OffsetDateTime::from_unix_timestamp(at.seconds())
        .map_err(|_| KeygenError("the clock is outside of the calendar".to_owned()))
}

/// A key could not be made.
#[derive(Debug)]
pub struct KeygenError(String);

impl KeygenError {
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for KeygenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a signing key could not be made: {}", self.0)
    }
}

impl std::error::Error for KeygenError {}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use cardea_core::model::TenantKey;
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;

    fn plan(algorithm: Algorithm, profile: Profile) -> KeyPlan {
        KeyPlan {
            algorithm,
            state: KeyState::Current,
            profile,
            host: Host::from_header("acme.localhost:8443").unwrap(),
            now: Timestamp::from_seconds(1_800_000_000),
        }
    }

    #[test]
    fn an_rsa_key_has_a_certificate_of_its_own_key() {
        let document = plan(Algorithm::Rs256, Profile::Compat)
            .make(&SharedRandom::system())
            .unwrap();
        let key = TenantKey::from_document(&document).unwrap();
        let der = STANDARD.decode(key.certificate.as_ref().unwrap()).unwrap();
        let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
        assert!(rest.is_empty());
        let (tbs, key_bits) = (
            certificate.tbs_certificate.as_ref(),
            &certificate.public_key().subject_public_key,
        );
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key_bits.data)
            .verify(tbs, &certificate.signature_value.data)
            .unwrap();
        assert_eq!(certificate.subject().to_string(), "CN=acme.localhost");
        assert_eq!(certificate.validity().not_before.timestamp(), 1_800_000_000);
        let n = b64::decode(&key.jwk().unwrap().n.unwrap()).unwrap();
        assert_eq!(n.len(), 256);
        assert!(der.windows(n.len()).any(|window| window == n));
    }

    #[test]
    fn other_keys_have_none() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let document = plan(algorithm, Profile::Strict)
                .make(&SharedRandom::system())
                .unwrap();
            let key = TenantKey::from_document(&document).unwrap();
            assert_eq!((key.certificate, key.algorithm), (None, algorithm));
        }
    }

    #[test]
    fn fixed_keys_are_the_same_each_time_and_differ_from_each_other() {
        let mut seen = std::collections::BTreeSet::new();
        for (algorithm, profile, number) in [
            (Algorithm::Rs256, Profile::Compat, 1),
            (Algorithm::Rs256, Profile::Compat, 2),
            (Algorithm::Rs256, Profile::Strict, 1),
            (Algorithm::Rs256, Profile::Strict, 2),
            (Algorithm::Ps256, Profile::Compat, 1),
            (Algorithm::Ps256, Profile::Strict, 1),
            (Algorithm::Es256, Profile::Compat, 1),
            (Algorithm::EdDsa, Profile::Compat, 1),
        ] {
            let make = || {
                let random = SharedRandom::seeded("fixed");
                let made = random.with(|random| plan(algorithm, profile).fixed(number, random));
                TenantKey::from_document(&made.unwrap().unwrap())
                    .unwrap()
                    .jwk()
                    .unwrap()
            };
            let jwk = make();
            assert_eq!(jwk, make());
            assert!(seen.insert(jwk.thumbprint()));
        }
    }
}
