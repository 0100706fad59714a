//! What a token holds (auth-semantics 3.3 d, e, g).

use cardea_jose::{Algorithm, Compact, Secret, VerifyingKey, b64};
use serde_json::{Value, json};

use super::super::{Circumstances, Facts, Issued, event, mint};
use super::world::{API, CLIENT, ISSUER, NOW, SECRET, World, made, rsa};
use crate::id::LogId;
use crate::model::{Document, Kind, Profile};
use crate::protocol::body::tests::members_of;
use crate::random::Seeded;

fn minted(world: &World) -> (Value, Value, Issued) {
    let decided = world.decide();
    let tenant = world.tenant();
    let mut random = Seeded::new("claims");
    let issued = mint(
        &decided.outcome.unwrap(),
        &tenant,
        &World::issuer(),
        NOW,
        &mut random,
    )
    .unwrap()
    .issued;
    let part = |n| {
        let part: &str = issued.access_token.split('.').nth(n).unwrap();
        serde_json::from_slice(&b64::decode(part).unwrap()).unwrap()
    };
    (part(0), part(1), issued)
}

#[test]
fn auth0s_dialect() {
    let (header, claims, issued) = minted(&World::new(Profile::Compat));
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    let expected = json!({
        "iss": ISSUER,
        "sub": format!("{CLIENT}@clients"), // TOKEN-47, T36
        "aud": API,                         // T8: a string
        "iat": NOW.seconds(),
        "exp": NOW.seconds() + 86_400,
        "scope": "read:patients write:patients",
        "gty": "client-credentials",
        "azp": CLIENT,
    });
    assert_eq!(
        claims.to_string(),
        expected.to_string(),
        "members and their order"
    );
    let answer = Value::from(members_of(&issued.to_body()));
    assert_eq!(answer["token_type"], "Bearer"); // T17
    assert_eq!(answer["expires_in"], 86_400);
    assert_eq!(answer["scope"], "read:patients write:patients");
    let compact = Compact::parse(&issued.access_token).unwrap();
    assert!(compact.verify(&rsa().1.verifying_key()).is_ok());
}

#[test]
fn an_answer_has_auth0s_order_and_nothing_that_is_absent() {
    let text = |text: &str| Some(text.to_owned());
    let mut issued = Issued {
        access_token: "a.b.c".to_owned(),
        refresh_token: text("r"),
        id_token: text("i"),
        scope: text("a b"),
        expires_in: 7,
        token_type: "Bearer",
    };
    assert_eq!(
        issued.to_body().as_str(),
        concat!(
            r#"{"access_token":"a.b.c","refresh_token":"r","id_token":"i","scope":"a b","#,
            r#""expires_in":7,"token_type":"Bearer"}"#
        )
    );
    issued.refresh_token = None;
    issued.id_token = None;
    issued.scope = None;
    assert_eq!(
        issued.to_body().as_str(),
        r#"{"access_token":"a.b.c","expires_in":7,"token_type":"Bearer"}"#
    );
}

#[test]
fn without_scopes_there_is_no_scope_claim() {
    let mut world = World::new(Profile::Compat);
    World::member(world.grant.as_mut().unwrap(), "scope", json!([]));
    let (_, claims, issued) = minted(&world);
    assert_eq!(claims.get("scope"), None);
    assert_eq!(issued.scope, None);
}

#[test]
fn rfc9068s_dialect() {
    let mut world = World::new(Profile::Strict);
    World::member(&mut world.api, "token_dialect", json!("rfc9068_profile")); // T27
    let (header, claims, _) = minted(&world);
    assert_eq!(header["typ"], "at+jwt");
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "iss",
            "sub",
            "aud",
            "client_id",
            "iat",
            "exp",
            "jti",
            "scope"
        ]
    );
    assert_eq!(claims["client_id"], CLIENT);
}

#[test]
fn permissions_stand_in_authz_dialects_under_rbac_alone() {
    for (dialect, rbac, expected) in [
        ("access_token", true, None),
        ("access_token_authz", false, None),
        (
            "access_token_authz",
            true,
            Some(json!(["read:patients", "write:patients"])),
        ),
        (
            "rfc9068_profile_authz",
            true,
            Some(json!(["read:patients", "write:patients"])),
        ),
    ] {
        let mut world = World::new(Profile::Compat);
        World::member(&mut world.api, "token_dialect", json!(dialect));
        World::member(&mut world.api, "enforce_policies", json!(rbac));
        let (_, claims, _) = minted(&world);
        assert_eq!(
            claims.get("permissions"),
            expected.as_ref(),
            "{dialect} {rbac}"
        );
        let trace = world.decide().trace.to_text().as_str().to_owned();
        assert_eq!(
            trace.contains("A0-permissions-m2m"),
            expected.is_some(),
            "{trace}"
        );
    }
}

#[test]
fn each_algorithm_signs_with_its_own_key() {
    for algorithm in [Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let (pkcs8, key) = made(algorithm);
        let mut world = World::new(Profile::Compat);
        World::member(&mut world.api, "signing_alg", json!(algorithm.as_str()));
        let mut document = Document::new(Kind::SigningKey, "k2", 0);
        document.body = json!({"alg": algorithm.as_str(), "state": "current", "since": 0})
            .as_object()
            .unwrap()
            .clone();
        document
            .secrets
            .insert("pkcs8".to_owned(), Secret::new(pkcs8));
        world.others.push(document);
        let (header, _, issued) = minted(&world);
        assert_eq!(header["alg"], algorithm.as_str());
        assert_eq!(header["kid"], "k2");
        let compact = Compact::parse(&issued.access_token).unwrap();
        assert!(
            compact.verify(&key.verifying_key()).is_ok(),
            "{algorithm:?}"
        );
    }
}

#[test]
fn an_hs256_api_signs_with_its_own_secret() {
    let mut world = World::new(Profile::Compat);
    World::member(&mut world.api, "signing_alg", json!("HS256"));
    let secret = "the-signing-secret-of-the-api";
    world
        .api
        .secrets
        .insert("signing_secret".to_owned(), Secret::new(secret.to_owned()));
    let (header, _, issued) = minted(&world);
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"})); // no kid
    let compact = Compact::parse(&issued.access_token).unwrap();
    assert!(
        compact
            .verify(&VerifyingKey::hmac(secret.as_bytes()).unwrap())
            .is_ok()
    );
    // T9: never the client's secret
    assert!(
        compact
            .verify(&VerifyingKey::hmac(SECRET.as_bytes()).unwrap())
            .is_err()
    );
}

#[test]
fn a_tenant_without_the_key_refuses() {
    let mut world = World::new(Profile::Compat);
    World::member(&mut world.api, "signing_alg", json!("ES256"));
    let granted = world.decide().outcome.unwrap();
    let tenant = world.tenant();
    let refused = mint(
        &granted,
        &tenant,
        &World::issuer(),
        NOW,
        &mut Seeded::new("x"),
    );
    assert_eq!(refused.unwrap_err().rule().id(), "RFC9068-2.1-signing-key");
}

#[test]
fn log_02_the_event_holds_no_secret_and_no_token() {
    let mut world = World::new(Profile::Compat);
    for wrong in [false, true] {
        if wrong {
            world.send("client_secret", "canary-secret-value");
        }
        let request = world.request().unwrap();
        let decided = world.decide();
        let circumstances = Circumstances {
            id: LogId::new(NOW, 1, 1),
            at: NOW,
            ip: "192.0.2.1".to_owned(),
            user_agent: None,
            hostname: "login.example".to_owned(),
        };
        let event = event(&request, &decided, &Facts::default(), circumstances);
        let stored = event.stored().into_text();
        assert!(!stored.contains("canary-secret-value") && !stored.contains(SECRET));
        assert_eq!(event.event.code(), if wrong { "feccft" } else { "seccft" });
        assert_eq!(event.client_id.as_deref(), Some(CLIENT));
        assert!(stored.contains("\"trace\":[{\"rule\":"));
    }
}
