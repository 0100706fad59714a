//! The development CA: one per data folder, random, and good for this machine only.
//!
//! A CA that a developer trusts is a danger if its key leaks: this one may only certify
//! `localhost`, names below it, and loopback addresses, and its key never leaves the folder.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use cardea_core::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::config::write_private;
use crate::tls::{PemFiles, certified_key};

const DAY: i64 = 86_400;
const CA_DAYS: i64 = 2 * 365;
/// Some readers refuse certificates of more than 398 days.
const LEAF_DAYS: i64 = 397;
/// Renewed when they have less than this.
const RENEW_DAYS: i64 = 30;
/// Clocks of containers and virtual machines are late by minutes.
const SLACK_SECONDS: i64 = 3600;

/// The CA of a data folder.
#[derive(Debug)]
pub(crate) struct Ca {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    name: String,
    not_after: Timestamp,
}

impl Ca {
    /// Opens the folder's CA; makes one where there is none, or it will soon expire.
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Self, CaError> {
        if let Some(ca) = Self::load(folder)
            && ca.not_after > now.plus_seconds(RENEW_DAYS * DAY)
        {
            return Ok(ca);
        }
        Self::make(folder, now)
    }

    /// `None` for files that are missing or of no use: they are made anew.
    fn load(folder: &Path) -> Option<Self> {
        if !key_file(folder).exists() {
            return None;
        }
        let certificate = CertificateDer::from_pem_file(cert_file(folder)).ok()?;
        let (name, not_after) = {
            let (_, parsed) = X509Certificate::from_der(&certificate).ok()?;
            let name = parsed
                .subject()
                .iter_common_name()
                .next()?
                .as_str()
                .ok()?
                .to_owned();
            (name, parsed.validity().not_after.timestamp())
        };
        let not_after = Timestamp::from_seconds(not_after);
        Some(Self {
            folder: folder.to_owned(),
            certificate,
            name,
            not_after,
        })
    }

    fn make(folder: &Path, now: Timestamp) -> Result<Self, CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        // each CA has its own name: a store that trusts two of them must not mix them up
        let [a, b, c, ..] = cardea_jose::sha256(key.public_key_raw());
        let name = format!("Cardea development CA {a:02x}{b:02x}{c:02x}");
        let not_after = now.plus_seconds(CA_DAYS * DAY);

        let mut params = ca_params(&name);
        params.not_before = date(now.plus_seconds(-SLACK_SECONDS))?;
        params.not_after = date(not_after)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![
                // RFC 5280 4.2.1.10: the name itself and every name below it
                GeneralSubtree::DnsName("localhost".to_owned()),
                GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
                GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                    Ipv6Addr::LOCALHOST.octets(),
                    128,
                )),
            ],
            excluded_subtrees: Vec::new(),
        });
        params.use_authority_key_identifier_extension = true;
        let certificate = params.self_signed(&key)?;

        write_private(&key_file(folder), key.serialize_pem().as_bytes())?;
        fs::write(cert_file(folder), certificate.pem())?;
        let certificate = certificate.der().clone();
        Ok(Self {
            folder: folder.to_owned(),
            certificate,
            name,
            not_after,
        })
    }

    /// The file that clients trust.
    pub(crate) fn file(&self) -> PathBuf {
        cert_file(&self.folder)
    }

    /// The files of the leaf for `localhost`, `127.0.0.1` and `::1`, made or renewed as needed.
    pub(crate) fn localhost(&self, now: Timestamp) -> Result<(PemFiles, CertifiedKey), CaError> {
        let files = PemFiles {
            cert_file: self.folder.join("localhost.pem"),
            key_file: self.folder.join("localhost.key"),
        };
        if let Ok(leaf) = files.load()
            && self.is_fresh(&leaf, now)
        {
            return Ok((files, leaf));
        }
        let names = [
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ];
        let (certificate, key) = self.issue("localhost", &names, now)?;
        write_private(&files.key_file, key.serialize_pem().as_bytes())?;
        fs::write(&files.cert_file, certificate.pem())?;
        Ok((files, served(&certificate, &key)?))
    }

    /// A leaf for one name below `localhost`, kept in memory.
    pub(crate) fn leaf(&self, name: &str, now: Timestamp) -> Result<CertifiedKey, CaError> {
        let san = SanType::DnsName(name.try_into()?);
        let (certificate, key) = self.issue(name, &[san], now)?;
        Ok(served(&certificate, &key)?)
    }

    fn issue(
        &self,
        name: &str,
        names: &[SanType],
        now: Timestamp,
    ) -> Result<(rcgen::Certificate, KeyPair), CaError> {
        let pem = fs::read_to_string(key_file(&self.folder))?;
        let ca_key = KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_ECDSA_P256_SHA256)?;
        let issuer = Issuer::new(ca_params(&self.name), ca_key);

        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = names.to_vec();
        params.not_before = date(now.plus_seconds(-SLACK_SECONDS))?;
        params.not_after = date(self.not_after.min(now.plus_seconds(LEAF_DAYS * DAY)))?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok((params.signed_by(&key, &issuer)?, key))
    }

    /// Whether the leaf was issued by this CA and has some time left.
    fn is_fresh(&self, leaf: &CertifiedKey, now: Timestamp) -> bool {
        let Ok(leaf) = leaf.end_entity_cert() else {
            return false;
        };
        let (Ok((_, leaf)), Ok((_, ca))) = (
            X509Certificate::from_der(leaf),
            X509Certificate::from_der(&self.certificate),
        ) else {
            return false;
        };
        let issued_here = match (authority_key(&leaf), subject_key(&ca)) {
            (Some(authority), Some(subject)) => authority == subject,
            _ => false,
        };
        let left = leaf
            .validity()
            .not_after
            .timestamp()
            .saturating_sub(now.seconds());
        issued_here && left > RENEW_DAYS * DAY
    }
}

fn served(certificate: &rcgen::Certificate, key: &KeyPair) -> Result<CertifiedKey, rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    certified_key(vec![certificate.der().clone()], key)
}

/// What the CA's certificate and the issuer of leaves have in common.
fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn authority_key<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    certificate.extensions().iter().find_map(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        id.key_identifier.as_ref().map(|id| id.0)
    })
}

fn subject_key<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    certificate.extensions().iter().find_map(|extension| {
        let ParsedExtension::SubjectKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        Some(id.0)
    })
}

fn cert_file(folder: &Path) -> PathBuf {
    folder.join("dev-ca.pem")
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("dev-ca.key")
}

fn date(at: Timestamp) -> Result<OffsetDateTime, CaError> {
    OffsetDateTime::from_unix_timestamp(at.seconds())
        .map_err(|_| CaError("the system's clock is outside of the calendar".to_owned()))
}

/// A certificate could not be made.
#[derive(Debug)]
pub(crate) struct CaError(String);

impl fmt::Display for CaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the development certificate could not be made: {}",
            self.0
        )
    }
}

impl std::error::Error for CaError {}

impl From<rcgen::Error> for CaError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<rustls::Error> for CaError {
    fn from(error: rustls::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for CaError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests;
