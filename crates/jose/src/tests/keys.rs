use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{key, rsa_der};
use crate::{Algorithm, Jwk, KeyError, RsaBits, SigningKey, VerifyingKey, b64};

const ASYMMETRIC: [Algorithm; 8] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

#[test]
fn every_key_verifies_what_it_signed_and_its_jwk_does_too() {
    for algorithm in ASYMMETRIC {
        let key = key(algorithm);
        let signature = key.sign(b"message").unwrap();
        let jwk = key.public_jwk().unwrap();
        let read: Jwk = serde_json::from_str(&serde_json::to_string(&jwk).unwrap()).unwrap();
        assert_eq!(read, jwk, "{algorithm}");
        let public = VerifyingKey::from_jwk(&read).unwrap();
        assert_eq!((public.algorithm(), public.kid()), (algorithm, Some("k1")));
        for verifying in [key.verifying_key(), public] {
            assert!(
                verifying.verify(b"message", &signature).is_ok(),
                "{algorithm}"
            );
            assert!(
                verifying.verify(b"massage", &signature).is_err(),
                "{algorithm}"
            );
            assert!(verifying.verify(b"message", b"").is_err(), "{algorithm}");
        }
    }
}

#[test]
fn rfc_7638_3_1_thumbprint() {
    let jwk: Jwk = serde_json::from_str(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    )
    .unwrap();
    assert_eq!(
        jwk.thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(
        VerifyingKey::from_jwk(&jwk).unwrap().algorithm(),
        Algorithm::Rs256
    );
}

#[test]
fn members_stand_in_the_order_that_clients_know() {
    let order = |algorithm| {
        let jwk = Jwk {
            x5t: Some("t".into()),
            x5c: Some(vec!["c".into()]),
            ..key(algorithm).public_jwk().unwrap()
        };
        let text = serde_json::to_string(&jwk).unwrap();
        let object = crate::strict_object(text.as_bytes()).unwrap();
        let mut names: Vec<(usize, String)> = object
            .keys()
            .map(|name| (text.find(&format!("\"{name}\":")).unwrap(), name.clone()))
            .collect();
        names.sort();
        names
            .into_iter()
            .map(|(_, name)| name)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(order(Algorithm::Rs256), "kty use n e kid x5t x5c alg");
    assert_eq!(order(Algorithm::Es256), "kty use crv x y kid x5t x5c alg");
    assert_eq!(order(Algorithm::EdDsa), "kty use crv x kid x5t x5c alg");
}

#[test]
fn jwt_27_private_members_are_refused_and_never_written() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in ["\"AQAB\"", "null", "[]"] {
            let text = format!(r#"{{"kty":"RSA","n":"AQ","e":"AQAB","{member}":{value}}}"#);
            assert!(
                serde_json::from_str::<Jwk>(&text).is_err(),
                "{member} {value}"
            );
        }
    }
    let public: BTreeSet<&str> = ["kty", "use", "n", "e", "crv", "x", "y", "kid", "alg"]
        .into_iter()
        .collect();
    for algorithm in ASYMMETRIC {
        let jwk = serde_json::to_value(key(algorithm).public_jwk().unwrap()).unwrap();
        assert!(
            jwk.as_object()
                .unwrap()
                .keys()
                .all(|name| public.contains(name.as_str()))
        );
    }
    assert_eq!(SigningKey::hmac(&[1; 32]).unwrap().public_jwk(), None);
}

type Break = fn(&mut Jwk);

const WEAK_RSA: &[(&str, Break, KeyError)] = &[
    (
        "JWT-28 1024 bits",
        |k| k.n = Some(b64::encode(&[0xff; 128])),
        KeyError::TooShort,
    ),
    (
        "JWT-28 2040 bits",
        |k| k.n = Some(b64::encode(&[0xff; 255])),
        KeyError::TooShort,
    ),
    (
        "JWT-28 2047 bits",
        |k| k.n = Some(b64::encode(&[&[0x7f], [0xff; 255].as_slice()].concat())),
        KeyError::TooShort,
    ),
    (
        "JWT-28 even modulus",
        |k| k.n = Some(b64::encode(&[0xfe; 256])),
        KeyError::Malformed,
    ),
    (
        "JWT-28 16384 bits",
        |k| k.n = Some(b64::encode(&[0xff; 2048])),
        KeyError::Malformed,
    ),
    (
        "JWT-28 e = 1",
        |k| k.e = Some("AQ".into()),
        KeyError::WeakExponent,
    ),
    (
        "JWT-28 e = 3",
        |k| k.e = Some("Aw".into()),
        KeyError::WeakExponent,
    ),
    (
        "JWT-28 e even",
        |k| k.e = Some("AQAC".into()),
        KeyError::WeakExponent,
    ),
    (
        "JWT-28 e = 0",
        |k| k.e = Some("AA".into()),
        KeyError::Malformed,
    ),
    (
        "JWT-28 e of 72 bits",
        |k| k.e = Some(b64::encode(&[1; 9])),
        KeyError::WeakExponent,
    ),
    (
        "7518-6.3.1.1 leading zero",
        |k| k.n = Some(b64::encode(&[0; 257])),
        KeyError::Malformed,
    ),
    ("7518-6.3.1 no modulus", |k| k.n = None, KeyError::Malformed),
    (
        "JWT-02 n not canonical",
        |k| k.n.as_mut().unwrap().push('='),
        KeyError::Malformed,
    ),
    (
        "7517-4.2 for encryption",
        |k| k.use_ = Some("enc".into()),
        KeyError::NotForSignatures,
    ),
    (
        "7517-4.4 alg for encryption",
        |k| k.alg = Some("RSA-OAEP".into()),
        KeyError::NoAlgorithm,
    ),
    (
        "JWT-01 alg none",
        |k| k.alg = Some("none".into()),
        KeyError::NoAlgorithm,
    ),
    (
        "JWT-03 alg HS256",
        |k| k.alg = Some("HS256".into()),
        KeyError::WrongKind,
    ),
    (
        "8725-3.1 alg of another kind",
        |k| k.alg = Some("ES256".into()),
        KeyError::WrongKind,
    ),
    ("8725-3.1 no alg", |k| k.alg = None, KeyError::NoAlgorithm),
    (
        "JWT-05 kid overlong",
        |k| k.kid = Some("k".repeat(129)),
        KeyError::BadKeyId,
    ),
];

#[test]
fn every_weak_rsa_key_is_refused() {
    for (row, break_it, error) in WEAK_RSA {
        let mut jwk = key(Algorithm::Rs256).public_jwk().unwrap();
        break_it(&mut jwk);
        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), *error, "{row}");
    }
}

const WEAK_EC: &[(&str, Break, KeyError)] = &[
    (
        "JWT-28 P-192",
        |k| k.crv = Some("P-192".into()),
        KeyError::WrongKind,
    ),
    (
        "JWT-28 secp256k1",
        |k| k.crv = Some("secp256k1".into()),
        KeyError::WrongKind,
    ),
    (
        "7518-6.2.1.1 another curve",
        |k| k.crv = Some("P-384".into()),
        KeyError::WrongKind,
    ),
    (
        "7518-6.2.1.2 not on the curve",
        |k| k.x = Some(b64::encode(&[1; 32])),
        KeyError::Malformed,
    ),
    (
        "7518-6.2.1.2 origin",
        |k| {
            k.x = Some(b64::encode(&[0; 32]));
            k.y = Some(b64::encode(&[0; 32]));
        },
        KeyError::Malformed,
    ),
    (
        "7518-6.2.1.2 short coordinate",
        |k| k.y = Some(b64::encode(&[1; 31])),
        KeyError::Malformed,
    ),
    ("7518-6.2.1 no y", |k| k.y = None, KeyError::Malformed),
];

#[test]
fn every_weak_curve_key_is_refused() {
    for (row, break_it, error) in WEAK_EC {
        let mut jwk = key(Algorithm::Es256).public_jwk().unwrap();
        break_it(&mut jwk);
        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), *error, "{row}");
    }
}

#[test]
fn jwt_28_short_secrets_are_refused() {
    assert_eq!(
        VerifyingKey::hmac(&[1; 15]).unwrap_err(),
        KeyError::TooShort
    );
    assert_eq!(SigningKey::hmac(&[1; 8]).unwrap_err(), KeyError::TooShort);
    assert!(SigningKey::hmac(&[1; 16]).is_ok());
}

#[test]
fn a_private_key_serves_its_own_kind_only() {
    let ec = SigningKey::generate_pkcs8(Algorithm::Es256, RsaBits::B2048).unwrap();
    for algorithm in [Algorithm::Rs256, Algorithm::Es384, Algorithm::EdDsa] {
        assert_eq!(
            SigningKey::from_pkcs8(algorithm, "k", ec.expose()).unwrap_err(),
            KeyError::Malformed
        );
    }
    let hmac = SigningKey::from_pkcs8(Algorithm::Hs256, "k", rsa_der());
    assert_eq!(hmac.unwrap_err(), KeyError::WrongKind);
    let unnamed = SigningKey::from_pkcs8(Algorithm::Rs256, "", rsa_der());
    assert_eq!(unnamed.unwrap_err(), KeyError::BadKeyId);
    assert!(SigningKey::generate_pkcs8(Algorithm::Hs256, RsaBits::B2048).is_err());
}

#[test]
fn jwt_34_no_ecdsa_nonce_occurs_twice() {
    let key = key(Algorithm::Es256);
    let mut seen = BTreeSet::new();
    for _ in 0..2_000 {
        assert!(seen.insert(key.sign(b"the same message").unwrap()[..32].to_vec()));
    }
}

#[test]
fn debug_shows_algorithm_and_name_only() {
    let text = format!(
        "{:?} {:?}",
        key(Algorithm::Rs256),
        key(Algorithm::Hs256).verifying_key()
    );
    assert_eq!(
        text,
        "SigningKey { algorithm: Rs256, kid: Some(\"k1\"), .. } \
         VerifyingKey { algorithm: Hs256, kid: None, .. }"
    );
}

/// Made by OpenSSL: `req -x509 -newkey ec`, and its key by `x509 -pubkey`.
const CERTIFICATE: &str = include_str!("certificate.pem");
const PUBLIC_KEY: &str = include_str!("public-key.pem");

#[test]
fn pem_gives_the_same_key_in_every_wrapping() {
    let spki = crate::spki::public_key_of_pem(PUBLIC_KEY).unwrap();
    assert_eq!(crate::spki::public_key_of_pem(CERTIFICATE), Some(spki));
    for pem in [CERTIFICATE, PUBLIC_KEY] {
        assert!(VerifyingKey::from_spki_pem(Algorithm::Es256, pem).is_ok());
        let crlf = pem.replace('\n', "\r\n");
        assert!(VerifyingKey::from_spki_pem(Algorithm::Es256, &crlf).is_ok());
        for other in [
            Algorithm::Rs256,
            Algorithm::Es384,
            Algorithm::EdDsa,
            Algorithm::Hs256,
        ] {
            assert!(
                VerifyingKey::from_spki_pem(other, pem).is_err(),
                "JWT-03 {other}"
            );
        }
    }
}

/// `RSAPublicKey ::= SEQUENCE { n INTEGER, e INTEGER }` of the tests' RSA key.
fn rsa_public_key_pem() -> String {
    let jwk = key(Algorithm::Rs256).public_jwk().unwrap();
    let n = b64::decode(&jwk.n.unwrap()).unwrap();
    let der = [
        b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00".as_slice(),
        &n,
        b"\x02\x03\x01\x00\x01",
    ]
    .concat();
    let body = STANDARD.encode(der);
    format!("-----BEGIN RSA PUBLIC KEY-----\n{body}\n-----END RSA PUBLIC KEY-----\n")
}

#[test]
fn pem_of_rsa_verifies() {
    let signature = key(Algorithm::Ps256).sign(b"message").unwrap();
    let public = VerifyingKey::from_spki_pem(Algorithm::Ps256, &rsa_public_key_pem()).unwrap();
    assert!(public.verify(b"message", &signature).is_ok());
}

#[test]
fn pem_that_is_not_a_public_key_is_refused() {
    let broken = [
        String::new(),
        PUBLIC_KEY.replace("PUBLIC", "PRIVATE"),
        PUBLIC_KEY.replace("-----END PUBLIC KEY-----", ""),
        PUBLIC_KEY.replace("BEGIN PUBLIC", "BEGIN RSA PUBLIC"),
        format!("{PUBLIC_KEY}{PUBLIC_KEY}"),
        CERTIFICATE.replace("MII", "MIJ"),
    ];
    for pem in broken {
        assert!(
            VerifyingKey::from_spki_pem(Algorithm::Es256, &pem).is_err(),
            "{pem}"
        );
    }
    // cut anywhere or with a byte more, a certificate gives no key, and nothing panics
    let der = STANDARD
        .decode(
            CERTIFICATE
                .lines()
                .filter(|l| !l.starts_with('-'))
                .collect::<String>(),
        )
        .unwrap();
    let mut longer = der.clone();
    longer.push(0);
    let cuts = (0..der.len()).map(|len| &der[..len]);
    for der in cuts.chain([longer.as_slice()]) {
        let body = STANDARD.encode(der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----");
        assert!(VerifyingKey::from_spki_pem(Algorithm::Es256, &pem).is_err());
    }
}
