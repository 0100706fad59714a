//! As much DER as the answers need: a certificate's last date, and a certificate in a
//! PKCS #7 envelope.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::time::Timestamp;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const CONTEXT_0: u8 = 0xa0;

/// Standard base64, as certificates use it.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// PEM (RFC 7468) with lines that end as the reference ends them.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\r\n");
    for (position, letter) in text.chars().enumerate() {
        if position > 0 && position % 64 == 0 {
            pem.push_str("\r\n");
        }
        pem.push(letter);
    }
    pem + "\r\n-----END " + label + "-----"
}

/// The degenerate, certificates-only form of PKCS #7's `SignedData` (RFC 2315 9.1).
pub(super) fn pkcs7(certificate: &[u8]) -> Vec<u8> {
    const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    let content = element(SEQUENCE, &[element(OID, &[DATA.to_vec()])]);
    let signed = element(
        SEQUENCE,
        &[
            element(INTEGER, &[vec![1]]),
            element(SET, &[]),
            content,
            element(CONTEXT_0, &[certificate.to_vec()]),
            element(SET, &[]),
        ],
    );
    element(
        SEQUENCE,
        &[
            element(OID, &[SIGNED_DATA.to_vec()]),
            element(CONTEXT_0, &[signed]),
        ],
    )
}

pub(super) fn element(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    if let Ok(short @ 0..=0x7f) = u8::try_from(content.len()) {
        out.push(short);
    } else {
        let bytes = content.len().to_be_bytes();
        let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(0));
        out.extend(significant);
    }
    out.extend(content);
    out
}

/// Until when a certificate in PEM is good (RFC 5280 4.1). Its signature is not looked at: the
/// caller vouches for it.
pub(super) fn not_after(pem: &str) -> Option<Timestamp> {
    let body = pem
        .trim()
        .strip_prefix("-----BEGIN CERTIFICATE-----")?
        .strip_suffix("-----END CERTIFICATE-----")?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = from_base64(&body)?;
    let (certificate, _) = value(&der, SEQUENCE)?;
    let (mut fields, _) = value(certificate, SEQUENCE)?;
    if let Some((_, rest)) = value(fields, CONTEXT_0) {
        fields = rest;
    }
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        fields = value(fields, tag)?.1;
    }
    let (validity, _) = value(fields, SEQUENCE)?;
    let not_before = time(validity)?.1;
    Some(time(not_before)?.0)
}

/// RFC 5280 4.1.2.5: two digits of a year below 50 are of this century.
fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let ((text, rest), century) = match value(der, UTC_TIME) {
        Some(found) => (found, true),
        None => (value(der, GENERALIZED_TIME)?, false),
    };
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match (century, text.get(..2)?) {
        (false, _) => text.to_owned(),
        (true, year) if year < "50" => format!("20{text}"),
        (true, _) => format!("19{text}"),
    };
    let part = |from: usize, to: usize| text.get(from..to);
    let date = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
    );
    Some((Timestamp::parse(&date)?, rest))
}

/// One element: its contents and what follows.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let fits = bytes.len() <= 4;
        let length = bytes
            .iter()
            .take(4)
            .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        (fits.then_some(length)?, rest)
    };
    rest.split_at_checked(length)
}
