//! Keys and signatures that are passed off as others.

use super::jws::{CLAIMS, forge, judge};
use super::key;
use crate::{Algorithm, SigningKey, VerifyingKey, b64};

/// Twelve texts of one public key that a library might take for an HMAC secret.
fn public_key_texts(key: &SigningKey) -> Vec<Vec<u8>> {
    let jwk = key.public_jwk().unwrap();
    let n = jwk.n.clone().unwrap();
    let modulus = b64::decode(&n).unwrap();
    let pkcs1 = [
        b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00".as_slice(),
        &modulus,
        b"\x02\x03\x01\x00\x01",
    ]
    .concat();
    let spki = [
        b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00".as_slice(),
        &pkcs1,
    ]
    .concat();
    let pem = |label: &str, der: &[u8]| {
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = (0..body.len())
            .step_by(64)
            .map(|i| body.get(i..body.len().min(i + 64)).unwrap())
            .collect();
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----",
            lines.join("\n")
        )
    };
    let (spki_pem, pkcs1_pem) = (pem("PUBLIC KEY", &spki), pem("RSA PUBLIC KEY", &pkcs1));
    // the forms are real: the key itself can be read from them
    assert!(VerifyingKey::from_spki_pem(Algorithm::Rs256, &spki_pem).is_ok());
    assert!(VerifyingKey::from_spki_pem(Algorithm::Rs256, &pkcs1_pem).is_ok());
    vec![
        format!("{spki_pem}\n").into_bytes(),
        format!("{spki_pem}\r\n").into_bytes(),
        spki_pem.replace('\n', "\r\n").into_bytes(),
        spki_pem.replace('\n', "").into_bytes(),
        spki_pem.into_bytes(),
        format!("{pkcs1_pem}\n").into_bytes(),
        pkcs1_pem.into_bytes(),
        spki,
        pkcs1,
        serde_json::to_vec(&jwk).unwrap(),
        n.into_bytes(),
        modulus,
    ]
}

#[test]
fn jwt_03_a_public_key_is_no_hmac_secret() {
    let key = key(Algorithm::Rs256);
    let texts = public_key_texts(&key);
    assert_eq!(texts.len(), 12);
    for text in texts {
        let forged = SigningKey::hmac(&text).unwrap();
        for header in [
            r#"{"alg":"HS256","kid":"k1"}"#,
            r#"{"alg":"RS256","kid":"k1"}"#,
        ] {
            let token = forge(&forged, header, CLAIMS);
            assert!(judge(&token, &key.verifying_key()).is_err());
        }
    }
}

#[test]
fn jwt_04_weak_ecdsa_signatures_are_refused() {
    /// The order of P-256.
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let key = key(Algorithm::Es256);
    let good = key.sign(b"message").unwrap();
    let (r, s) = good.split_at(32);
    let der = {
        let integer = |v: &[u8]| [&[2, 33, 0], v].concat();
        let body = [integer(r), integer(s)].concat();
        [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
    };
    let rows: [(&str, Vec<u8>); 9] = [
        ("r = 0, s = 0", vec![0; 64]),
        ("r = 0", [[0; 32].as_slice(), s].concat()),
        ("s = 0", [r, &[0; 32]].concat()),
        ("r = n", [N.as_slice(), s].concat()),
        ("s = n", [r, N.as_slice()].concat()),
        ("r = n, s = n", [N, N].concat()),
        ("DER", der),
        ("63 bytes", good[..63].to_vec()),
        ("65 bytes", [good.as_slice(), &[0]].concat()),
    ];
    for (row, signature) in rows {
        assert!(
            key.verifying_key().verify(b"message", &signature).is_err(),
            "JWT-04 {row}"
        );
    }
    // documented: the other root, n - s, verifies as well
    let mut borrow = 0_i16;
    let mut other = [0_u8; 32];
    for i in (0..32).rev() {
        let value = i16::from(N[i]) - i16::from(s[i]) - borrow;
        borrow = i16::from(value < 0);
        other[i] = u8::try_from(value.rem_euclid(256)).unwrap();
    }
    assert!(
        key.verifying_key()
            .verify(b"message", &[r, &other].concat())
            .is_ok()
    );
}
