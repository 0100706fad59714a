//! `private_key_jwt` (auth-semantics 2.2).

use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_jose::{Algorithm, SigningKey, b64};
use serde_json::{Value, json};

use super::world::{CLIENT, ISSUER, NOW, World, made, rsa};
use crate::model::{Document, Kind, Profile};
use crate::write::Write;

struct Case {
    claims: Value,
    sign_with: Option<SigningKey>,
    world: World,
}

/// The public key of the tests' RSA key, as `RSA PUBLIC KEY` (RFC 8017 A.1.1).
fn pem() -> String {
    let pkcs8 = b64::decode(&rsa().0).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
    let der = STANDARD.encode(pair.public_key().as_ref());
    format!("-----BEGIN RSA PUBLIC KEY-----\n{der}\n-----END RSA PUBLIC KEY-----\n")
}

/// A client with an RSA key, and an assertion that holds.
fn good(profile: Profile) -> Case {
    let mut world = World::new(profile);
    World::member(
        &mut world.client,
        "client_authentication_methods",
        json!({"private_key_jwt": {"credentials": [{"id": "cred_1"}]}}),
    );
    let mut credential = Document::new(Kind::Credential, "cred_1", 0);
    credential.body = json!({"kid": "k1", "alg": "RS256", "pem": pem()})
        .as_object()
        .unwrap()
        .clone();
    world.others.push(credential);
    world.send("client_secret", "").send("client_id", "");
    let claims = json!({
        "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "j-1",
        "iat": NOW.seconds(), "exp": NOW.seconds() + 120,
    });
    Case {
        claims,
        sign_with: None,
        world,
    }
}

impl Case {
    fn claim(&mut self, name: &str, value: Value) {
        self.claims[name] = value;
    }

    fn without(&mut self, name: &str) {
        self.claims.as_object_mut().unwrap().remove(name);
    }

    fn send(&mut self) {
        let key = self.sign_with.as_ref().unwrap_or_else(|| &rsa().1);
        let jwt = key
            .sign_jwt("JWT", self.claims.to_string().as_bytes())
            .unwrap();
        self.world.send("client_assertion", &jwt).send(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        );
    }
}

type Break = fn(&mut Case);

#[rustfmt::skip]
const ROWS: &[(&str, Break)] = &[
    ("RFC7523-3-1-2-iss-sub", |c| c.claim("iss", json!("other"))),
    ("RFC7523-3-1-2-iss-sub", |c| c.without("iss")),
    ("RFC7523-3-jwt", |c| c.without("sub")),
    ("RFC6749-3.2.1-client-known", |c| { c.claim("iss", json!("other")); c.claim("sub", json!("other")); }),
    // TOKEN-10
    ("RFC7523-3-3-aud", |c| c.claim("aud", json!("https://login.example"))),
    ("RFC7523-3-3-aud", |c| c.claim("aud", json!("https://evil.example/"))),
    ("RFC7523-3-3-aud", |c| c.claim("aud", json!([ISSUER, "https://evil.example/"]))),
    ("RFC7523-3-3-aud", |c| c.claim("aud", json!([]))),
    ("RFC7523-3-3-aud", |c| c.without("aud")),
    // TOKEN-11, TOKEN-09
    ("RFC7523-3-4-exp", |c| c.without("exp")),
    ("RFC7523-3-4-exp", |c| c.claim("exp", json!(NOW.seconds() - 11))),
    ("RFC7523-3-4-exp", |c| c.claim("exp", json!(NOW.seconds() + 301))),
    ("RFC7523-3-4-exp", |c| { c.without("iat"); c.claim("exp", json!(NOW.seconds() + 301)); }),
    ("RFC7523-3-4-exp", |c| { c.claim("iat", json!(NOW.seconds() + 400)); c.claim("exp", json!(NOW.seconds() + 500)); }),
    ("RFC7523-3-4-exp", |c| c.claim("exp", json!(1.5e9))),
    ("RFC7523-3-4-exp", |c| c.claim("exp", json!("1800000100"))),
    ("RFC7523-3-4-exp", |c| c.claim("iat", json!(NOW.seconds() + 11))),
    ("RFC7523-3-4-exp", |c| c.claim("nbf", json!(NOW.seconds() + 61))),
    ("RFC7523-3-7-jti", |c| c.without("jti")),
    ("RFC7523-3-7-jti", |c| c.claim("jti", json!("j".repeat(65)))),
    ("RFC7523-3-7-jti", |c| c.claim("jti", json!(1))),
    ("RFC7523-3-jwt", |c| c.claim("pad", json!("x".repeat(2048)))),
    // TOKEN-12
    ("RFC7523-3-9-signature", |c| c.sign_with = Some(made(Algorithm::Rs256).1)),
    ("RFC7523-3-9-signature", |c| c.sign_with = Some(made(Algorithm::Es256).1)),
    ("RFC7523-3-9-signature", |c| c.sign_with = Some(SigningKey::hmac(pem().as_bytes()).unwrap())),
    // TOKEN-13
    ("RFC7523-3-9-signature", |c| {
        let expired = json!("2027-01-15T07:59:59.000Z");
        let credential = c.world.others.iter_mut().find(|d| d.kind == Kind::Credential).unwrap();
        World::member(credential, "expires_at", expired);
    }),
    ("RFC7523-3-9-signature", |c| World::member(&mut c.world.client, "client_authentication_methods",
        json!({"private_key_jwt": {"credentials": []}}))),
    ("RFC6749-2.3-registered-method", |c| { c.world.client.body.remove("client_authentication_methods"); }),
];

#[test]
fn one_good_assertion_and_each_single_fault() {
    for profile in [Profile::Compat, Profile::Strict] {
        let mut case = good(profile);
        case.send();
        let decided = case.world.decide();
        assert!(decided.outcome.is_ok(), "{:?}", decided.outcome);
        assert!(matches!(
            decided.writes.as_slice(),
            [Write::ConsumeAssertion { .. }]
        )); // TOKEN-08

        for (rule, break_it) in ROWS {
            let mut case = good(profile);
            break_it(&mut case);
            case.send();
            assert_eq!(case.world.refusal().rule().id(), *rule, "{}", case.claims);
        }
    }
}

#[test]
fn what_only_compat_takes() {
    let rows: [(Break, bool, bool); 5] = [
        // TOKEN-10: compat, strict
        (
            |c| c.claim("aud", json!("https://login.example/oauth/token")),
            true,
            false,
        ),
        (|c| c.claim("aud", json!([ISSUER])), true, false),
        (|c| c.claim("nbf", json!(NOW.seconds() + 8)), true, true),
        (|c| c.claim("exp", json!(NOW.seconds() + 300)), true, true),
        (|c| c.without("iat"), true, true),
    ];
    for (change, compat, strict) in rows {
        for (profile, taken) in [(Profile::Compat, compat), (Profile::Strict, strict)] {
            let mut case = good(profile);
            change(&mut case);
            case.send();
            assert_eq!(
                case.world.decide().outcome.is_ok(),
                taken,
                "{profile:?} {}",
                case.claims
            );
        }
    }
}

#[test]
fn a_refused_grant_still_uses_the_assertion_up() {
    let mut case = good(Profile::Compat);
    case.world.grant = None;
    case.send();
    let decided = case.world.decide();
    assert!(decided.outcome.is_err());
    assert_eq!(decided.writes.len(), 1);
}

#[test]
fn a_client_id_beside_the_assertion_must_agree() {
    let mut case = good(Profile::Compat);
    case.world.send("client_id", "other"); // TOKEN-02
    case.send();
    assert_eq!(case.world.refusal().rule().id(), "CARDEA-one-client-id");
}
