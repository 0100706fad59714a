use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use x509_parser::extensions::GeneralName;

use super::*;
use crate::clock::Clock;

fn verify(ca: &Ca, leaf: &CertificateDer<'_>, name: &str) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate.clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let now = u64::try_from(Clock::real_now().seconds()).unwrap();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
    verifier
        .verify_server_cert(leaf, &[], &name, &[], now)
        .map(|_| ())
}

#[test]
fn leaves_are_valid_for_their_names_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Ca::open(folder.path(), Clock::real_now()).unwrap();
    let (files, _) = ca.localhost(Clock::real_now()).unwrap();
    let leaf = CertificateDer::from_pem_file(&files.cert_file).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        verify(&ca, &leaf, name).unwrap();
    }
    for name in ["acme.localhost", "example.com", "127.0.0.2"] {
        verify(&ca, &leaf, name).unwrap_err();
    }
    let acme = ca.leaf("acme.localhost", Clock::real_now()).unwrap();
    let acme = acme.end_entity_cert().unwrap();
    verify(&ca, acme, "acme.localhost").unwrap();
    verify(&ca, acme, "localhost").unwrap_err();
}

#[test]
fn the_ca_can_certify_nothing_beyond_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Ca::open(folder.path(), Clock::real_now()).unwrap();
    for name in ["example.com", "localhost.example.com", "notlocalhost"] {
        let leaf = ca.leaf(name, Clock::real_now()).unwrap();
        let refused = verify(&ca, leaf.end_entity_cert().unwrap(), name).unwrap_err();
        assert!(
            matches!(&refused, rustls::Error::InvalidCertificate(CertificateError::Other(why))
                if why.to_string().contains("NameConstraint")),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn the_certificates_have_what_strict_readers_want() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::real_now();
    let ca = Ca::open(folder.path(), now).unwrap();
    let (_, parsed) = X509Certificate::from_der(&ca.certificate).unwrap();
    let basic = parsed.basic_constraints().unwrap().unwrap();
    assert!(basic.critical && basic.value.ca && basic.value.path_len_constraint == Some(0));
    let usage = parsed.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.key_cert_sign() && !usage.value.digital_signature());
    let constraints = parsed.name_constraints().unwrap().unwrap();
    assert!(constraints.critical);
    let permitted = constraints.value.permitted_subtrees.as_ref().unwrap();
    let names: Vec<String> = permitted
        .iter()
        .map(|subtree| {
            let base = &subtree.base;
            if let GeneralName::DNSName(name) = base {
                (*name).to_owned()
            } else if let GeneralName::IPAddress(bytes) = base {
                format!("{bytes:?}")
            } else {
                panic!("{base:?}")
            }
        })
        .collect();
    assert_eq!(names.len(), 3);
    assert_eq!(names[..2], ["localhost", "[127, 0, 0, 0, 255, 0, 0, 0]"]);
    assert_eq!(authority_key(&parsed), subject_key(&parsed));
    let days = (parsed.validity().not_after.timestamp() - now.seconds()) / DAY;
    assert_eq!(days, 730);

    let leaf = ca.leaf("acme.localhost", now).unwrap();
    let (_, leaf) = X509Certificate::from_der(leaf.end_entity_cert().unwrap()).unwrap();
    assert_eq!(authority_key(&leaf), subject_key(&parsed));
    assert!(subject_key(&leaf).is_some());
    assert!(!leaf.basic_constraints().unwrap().unwrap().value.ca);
    assert!(leaf.key_usage().unwrap().unwrap().value.digital_signature());
    assert!(
        leaf.extended_key_usage()
            .unwrap()
            .unwrap()
            .value
            .server_auth
    );
}

#[test]
fn files_are_kept_until_they_grow_old_and_keys_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::real_now();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let open = |at: Timestamp| {
        Ca::open(folder.path(), at)
            .unwrap()
            .localhost(at)
            .unwrap()
            .0
    };

    open(now);
    let (ca, leaf) = (read("dev-ca.pem"), read("localhost.pem"));
    for key in ["dev-ca.key", "localhost.key"] {
        let mode = fs::metadata(folder.path().join(key))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    open(now);
    assert_eq!((&ca, &leaf), (&read("dev-ca.pem"), &read("localhost.pem")));

    open(now.plus_seconds((LEAF_DAYS - RENEW_DAYS) * DAY + 60));
    assert_eq!(ca, read("dev-ca.pem"));
    assert_ne!(leaf, read("localhost.pem"));

    open(now.plus_seconds((CA_DAYS - RENEW_DAYS) * DAY + 60));
    assert_ne!(ca, read("dev-ca.pem"));

    // a CA that was replaced takes its leaf with it
    fs::remove_file(folder.path().join("dev-ca.key")).unwrap();
    let files = open(now);
    let ca = Ca::open(folder.path(), now).unwrap();
    let leaf = CertificateDer::from_pem_file(&files.cert_file).unwrap();
    verify(&ca, &leaf, "localhost").unwrap();
}
