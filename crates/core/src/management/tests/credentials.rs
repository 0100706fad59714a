//! Public keys of applications.

use serde_json::{Value, json};

use super::super::der;
use super::{World, certificate_pem, keys_of, public_pem, rsa_pkcs8, spki_of};
use cardea_jose::{Algorithm, SigningKey};

fn key() -> Value {
    json!({ "credential_type": "public_key", "pem": public_pem(), "name": "k1" })
}

fn inline() -> Value {
    json!({
        "name": "a",
        "client_authentication_methods": { "private_key_jwt": { "credentials": [key()] } },
    })
}

#[test]
fn a_key_is_made_listed_changed_and_removed() {
    let mut world = World::compat();
    let id = world.client(json!({ "name": "a" }));
    let base = format!("/clients/{id}/credentials");
    let (status, made) = world.post(&base, key());
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        keys_of(&made),
        [
            "id",
            "credential_type",
            "kid",
            "alg",
            "name",
            "created_at",
            "updated_at"
        ]
    );
    let signing = SigningKey::from_pkcs8(Algorithm::Rs256, "k", rsa_pkcs8()).unwrap();
    assert_eq!(
        made["kid"],
        signing.public_jwk().unwrap().thumbprint(),
        "RFC 7638"
    );
    assert_eq!(
        (&made["alg"], made["created_at"].as_str()),
        (&json!("RS256"), Some("2026-04-22T17:49:56.000Z"))
    );
    assert!(made["id"].as_str().unwrap().starts_with("cred_"));

    let one = format!("{base}/{}", made["id"].as_str().unwrap());
    assert_eq!(world.get(&one), (200, made.clone()));
    let (_, list) = world.get(&format!("{base}?include_totals=true&per_page=50"));
    assert_eq!(list, json!([made]));

    world.now = world.now.plus_seconds(60);
    let later = json!({ "expires_at": "2050-05-13T09:33:13Z" });
    let (status, changed) = world.patch(&one, later);
    assert_eq!(
        (status, &changed["expires_at"]),
        (200, &json!("2050-05-13T09:33:13.000Z"))
    );
    assert_ne!(changed["updated_at"], changed["created_at"]);
    let changed = world.ok("PATCH", &one, json!({ "expires_at": null }));
    assert_eq!(changed.get("expires_at"), None);

    let (status, body) = world.post(&base, key());
    assert_eq!(status, 409, "the same key again: {body}");
    let methods = json!({ "private_key_jwt": { "credentials": [{ "id": made["id"] }] } });
    let answer = world.ok(
        "PATCH",
        &format!("/clients/{id}"),
        json!({ "client_authentication_methods": methods }),
    );
    assert_eq!(answer["client_authentication_methods"], methods);
    assert_eq!(
        world
            .post(&format!("/clients/{id}/rotate-secret"), json!({}))
            .0,
        400
    );

    assert_eq!(world.delete(&one), (204, Value::Null));
    let (_, client) = world.get(&format!("/clients/{id}"));
    let list = &client["client_authentication_methods"]["private_key_jwt"]["credentials"];
    assert_eq!(list, &json!([]), "nothing names it any more");
    assert_eq!(world.delete(&one).0, 204, "again");
    let (status, body) = world.get(&one);
    assert_eq!(
        (status, body["message"].as_str()),
        (404, Some("Credential does not exist"))
    );
}

#[test]
fn a_new_application_may_bring_its_keys() {
    let mut world = World::compat();
    let made = world.ok("POST", "/clients", inline());
    let list = &made["client_authentication_methods"]["private_key_jwt"]["credentials"];
    assert_eq!(keys_of(&list[0]), ["id"]);
    assert_eq!(made["jwt_configuration"]["alg"], "RS256");
    assert!(!made.to_string().contains("PUBLIC KEY"));
    let id = made["client_id"].as_str().unwrap();
    assert_eq!(
        world
            .get(&format!("/clients/{id}/credentials"))
            .1
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.limited("create:clients");
    assert_eq!(
        world.post("/clients", inline()).0,
        403,
        "create:client_credentials"
    );
}

#[test]
fn the_end_of_a_key_may_come_from_its_certificate() {
    let mut world = World::compat();
    let id = world.client(json!({ "name": "a" }));
    let base = format!("/clients/{id}/credentials");
    let sent = |pem: String| json!({ "credential_type": "public_key", "pem": pem, "parse_expiry_from_cert": true });
    let (status, made) = world.post(&base, sent(certificate_pem("300102030405Z")));
    assert_eq!(
        (status, &made["expires_at"]),
        (201, &json!("2030-01-02T03:04:05.000Z")),
        "{made}"
    );
    let message = "parse_expiry_from_cert needs a certificate that is not expired.";
    let table = [
        (
            "expired",
            sent(certificate_pem("210102030405Z")),
            400,
            message,
        ),
        ("no certificate", sent(public_pem()), 400, message),
    ];
    world.refuses("POST", &base, &table);
}

#[test]
fn weak_and_wrong_keys_are_refused() {
    let mut world = World::compat();
    let id = world.client(json!({ "name": "a" }));
    let base = format!("/clients/{id}/credentials");
    let number = |bytes: &[u8]| der::element(0x02, &[bytes.to_vec()]);
    let mut short = vec![0x55; 128];
    short[127] = 0x57;
    let mut fine = vec![0x55; 256];
    fine[255] = 0x57;
    let pem = |n: &[u8], e: &[u8]| der::pem("PUBLIC KEY", &spki_of(number(n), number(e)));
    let sent = |pem: String| json!({ "credential_type": "public_key", "pem": pem });
    let weak = "The public key is not valid, or too weak to be used.";
    let table = [
        ("JWT-28 1024 bits", sent(pem(&short, &[1, 0, 1])), 400, weak),
        ("JWT-28 e=1", sent(pem(&fine, &[1])), 400, weak),
        ("JWT-28 e=3", sent(pem(&fine, &[3])), 400, weak),
        ("not PEM", sent("x".to_owned()), 400, weak),
        (
            "a private key",
            sent(der::pem("PRIVATE KEY", rsa_pkcs8())),
            400,
            weak,
        ),
        (
            "no pem",
            json!({ "credential_type": "public_key" }),
            400,
            "Payload validation error: 'Missing required property: pem'.",
        ),
        (
            "short kid",
            json!({ "credential_type": "public_key", "pem": "x", "kid": "x" }),
            400,
            "Payload validation error: 'String is too short (1 chars), minimum 10' on property kid.",
        ),
        (
            "mutual TLS",
            json!({ "credential_type": "x509_cert", "pem": "x" }),
            403,
            "This feature is not enabled for this tenant.",
        ),
        (
            "past",
            json!({ "credential_type": "public_key", "pem": public_pem(), "expires_at": "2020-01-01T00:00:00Z" }),
            400,
            "expires_at must be in the future",
        ),
        (
            "no date",
            json!({ "credential_type": "public_key", "pem": "x", "expires_at": "soon" }),
            400,
            "Payload validation error: 'Object didn't pass validation for format date-time: soon' on property expires_at.",
        ),
    ];
    world.refuses("POST", &base, &table);
    let (status, body) = world.post("/clients/none/credentials", key());
    assert_eq!(
        (status, &body["errorCode"]),
        (404, &json!("inexistent_client"))
    );
}
