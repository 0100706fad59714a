//! Signing keys.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{World, keys_of};

fn states(world: &mut World) -> Vec<(String, &'static str)> {
    let (_, list) = world.get("/keys/signing");
    let state = |key: &Value| {
        ["current", "next", "previous", "revoked"]
            .into_iter()
            .find(|name| key[*name] == true)
    };
    list.as_array()
        .unwrap()
        .iter()
        .map(|key| (key["kid"].as_str().unwrap().to_owned(), state(key).unwrap()))
        .collect()
}

fn pairs(list: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    list.iter()
        .map(|(kid, state)| ((*kid).to_owned(), *state))
        .collect()
}

#[test]
fn keys_are_shown_without_their_private_half() {
    let mut world = World::compat();
    let (status, key) = world.get("/keys/signing/kid-current");
    assert_eq!(status, 200);
    assert_eq!(
        keys_of(&key),
        [
            "kid",
            "alg",
            "cert",
            "pkcs7",
            "current",
            "next",
            "previous",
            "current_since",
            "fingerprint",
            "thumbprint",
            "revoked"
        ]
    );
    let digest = cardea_jose::sha1(&[0x30, 0x82, 0x01, 0x01]);
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(key["fingerprint"], hex.join(":"));
    assert_eq!(key["thumbprint"], hex.concat());
    let pkcs7 = key["pkcs7"].as_str().unwrap();
    assert!(
        pkcs7.starts_with("-----BEGIN PKCS7-----\r\n") && pkcs7.ends_with("-----END PKCS7-----")
    );
    let text: String = pkcs7
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    let expected = [
        0x30, 0x29, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x1c, 0x30, 0x1a,
        2, 1, 1, 0x31, 0, 0x30, 0x0b, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0,
        4, 0x30, 0x82, 1, 1, 0x31, 0,
    ];
    assert_eq!(der, expected, "RFC 2315 9.1, certificates only");
    assert!(!key.to_string().contains("pkcs8"));
    assert_eq!(world.get("/keys/signing/none").0, 404);
}

#[test]
fn a_rotation_moves_every_algorithm_on_by_one() {
    let mut world = World::compat();
    world.ok(
        "POST",
        "/resource-servers",
        json!({ "identifier": "x", "signing_alg": "ES256" }),
    );
    let (status, next) = world.post("/keys/signing/rotate", json!({}));
    assert_eq!((status, &next["next"]), (201, &json!(true)));
    assert_eq!(
        states(&mut world),
        pairs(&[
            ("kid-next", "current"),
            (next["kid"].as_str().unwrap(), "next"),
            ("kid-current", "previous"),
            ("fresh-2-1", "current"),
            ("fresh-2-2", "next"),
            ("made-ES256", "previous"),
        ]),
        "ES256 had no next key, so it got two"
    );
    world.post("/keys/signing/rotate", json!({}));
    let previous = states(&mut world)
        .iter()
        .filter(|(_, state)| *state == "previous")
        .count();
    assert_eq!(previous, 4, "a previous key stays until it is revoked");
    let (_, key) = world.get("/keys/signing/kid-current");
    assert_eq!(key["current_until"], "2026-04-22T17:49:56.000Z");
}

#[test]
fn revoking_takes_the_private_half_away() {
    let mut world = World::compat();
    let revoke = |world: &mut World, kid: &str| {
        world.call("PUT", &format!("/keys/signing/{kid}/revoke"), None)
    };
    let (status, answer) = revoke(&mut world, "kid-current");
    assert_eq!((status, &answer["revoked"]), (200, &json!(true)));
    assert_eq!(answer["revoked_at"], "2026-04-22T17:49:56.000Z");
    assert_eq!(
        states(&mut world),
        pairs(&[
            ("kid-next", "current"),
            ("fresh-1-0", "next"),
            ("kid-current", "revoked")
        ])
    );
    let stored = world
        .documents
        .iter()
        .find(|document| document.id == "kid-current")
        .unwrap();
    assert!(stored.secrets.is_empty());
    let version = world.documents.len();
    assert_eq!(revoke(&mut world, "kid-current").0, 200, "again");
    assert_eq!(world.documents.len(), version);

    revoke(&mut world, "fresh-1-0");
    let next = states(&mut world)
        .into_iter()
        .find(|(_, state)| *state == "next");
    assert!(
        next.is_some_and(|(kid, _)| kid != "fresh-1-0"),
        "there is another next key"
    );
    world.post("/keys/signing/rotate", json!({}));
    assert_eq!(
        revoke(&mut world, "kid-next").0,
        200,
        "a previous key, directly"
    );
    assert_eq!(revoke(&mut world, "none").0, 404);
}
