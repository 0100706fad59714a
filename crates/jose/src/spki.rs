//! Public keys out of PEM, with a DER walk that knows five shapes and no more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;

/// The `SubjectPublicKeyInfo` or `RSAPublicKey` of one PEM block; `None` for anything else.
pub(crate) fn public_key_of_pem(pem: &str) -> Option<Vec<u8>> {
    let (label, rest) = pem
        .trim()
        .strip_prefix("-----BEGIN ")?
        .split_once("-----")?;
    let body = rest.strip_suffix(&format!("-----END {label}-----"))?;
    let text: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(text).ok()?;
    match label {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Some(der),
        "CERTIFICATE" => spki_of_certificate(&der).map(<[u8]>::to_vec),
        _ => None, // a private key above all
    }
}

/// RFC 5280 4.1: `SEQUENCE { tbs SEQUENCE { [0] version, serial, signature, issuer, validity,
/// subject, subjectPublicKeyInfo, … }, … }`.
fn spki_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (certificate, rest) = value(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let (mut fields, _) = value(certificate, SEQUENCE)?;
    for tag in [VERSION, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        if tag == VERSION && fields.first() != Some(&VERSION) {
            continue; // version 1 is not written
        }
        fields = value(fields, tag)?.1;
    }
    let (_, after) = value(fields, SEQUENCE)?;
    fields.get(..fields.len().checked_sub(after.len())?)
}

/// One element: its contents and what follows. Lengths are minimal, as DER wants.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let len = match *bytes {
            [a] if a >= 0x80 => usize::from(a),
            [a, b] if a > 0 => usize::from(u16::from_be_bytes([a, b])),
            _ => return None, // no certificate has 64 KiB
        };
        (len, rest)
    };
    rest.split_at_checked(len)
}
