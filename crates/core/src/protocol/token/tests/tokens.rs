//! What a user's tokens hold (auth-semantics 3.1 to 3.4).

use cardea_jose::{Algorithm, Compact, Secret, VerifyingKey};
use serde_json::{Value, json};

use super::people::{JANE, People, parts};
use super::world::{API, CLIENT, ISSUER, NOW, SECRET, World, rsa};
use crate::model::{ArtefactKind, Profile};
use crate::protocol::token::mint::Beside;
use crate::protocol::token::{Granted, Issued, Mint, UserTokens};
use crate::random::Seeded;
use crate::scope::Scopes;

fn issued(profile: Profile, change: impl FnOnce(&mut People)) -> (People, Issued) {
    People::begun_with(profile, change)
}

fn scopes(people: &mut People, text: &str) {
    people.grant.scopes = Scopes::parse(text).unwrap();
}

#[test]
fn an_access_token_of_auth0s_dialect() {
    let (_, issued) = issued(Profile::Compat, |p| scopes(p, "openid read:patients"));
    let (header, claims) = parts(&issued.access_token);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    let expected = json!({
        "iss": ISSUER,
        "sub": JANE,
        "aud": [API, "https://login.example/userinfo"], // T8
        "iat": NOW.seconds(),
        "exp": NOW.seconds() + 86_400,
        "scope": "openid read:patients",
        "azp": CLIENT,
    });
    assert_eq!(
        claims.to_string(),
        expected.to_string(),
        "members and order"
    );
}

#[test]
fn the_id_token() {
    let (_, issued) = issued(Profile::Compat, |_| {});
    let jwt = issued.id_token.unwrap();
    let (header, claims) = parts(&jwt);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    assert!(
        Compact::parse(&jwt)
            .unwrap()
            .verify(&rsa().1.verifying_key())
            .is_ok()
    );
    let names: Vec<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "name",
        "given_name",
        "family_name",
        "nickname",
        "picture",
        "gender",
        "birthdate",
        "updated_at",
        "email",
        "email_verified",
        "iss",
        "aud",
        "sub",
        "iat",
        "exp",
        "sid",
        "nonce",
        "at_hash",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(ISSUER), &json!(CLIENT))
    );
    assert_eq!(claims["exp"], NOW.seconds() + 36_000);
    assert_eq!(claims["updated_at"], "2027-01-15T08:00:00.000Z"); // T34
    let hash = Algorithm::Rs256.half_hash(&issued.access_token);
    assert_eq!(claims["at_hash"], hash); // JWT-30
}

#[test]
fn strict_writes_numbers() {
    let (_, issued) = issued(Profile::Strict, |_| {});
    let (_, claims) = parts(&issued.id_token.unwrap());
    assert_eq!(claims["updated_at"], NOW.seconds());
}

/// `OIDC-5.4-claims`: scopes, and the claims of them.
#[test]
fn claims_come_by_scope() {
    let profile = [
        "name",
        "given_name",
        "family_name",
        "nickname",
        "picture",
        "gender",
        "birthdate",
        "updated_at",
    ];
    let rows: [(&str, &[&str]); 6] = [
        ("openid", &[]),
        ("openid profile", &profile),
        ("openid email", &["email", "email_verified"]),
        ("openid phone", &["phone_number", "phone_number_verified"]),
        ("openid address", &[]),
        ("openid read:patients offline_access", &[]),
    ];
    let common = ["iss", "aud", "sub", "iat", "exp", "sid", "nonce", "at_hash"];
    for (scope, expected) in rows {
        let (_, issued) = issued(Profile::Compat, |p| scopes(p, scope));
        let (_, claims) = parts(&issued.id_token.unwrap());
        let names = claims.as_object().unwrap().keys().map(String::as_str);
        let names: Vec<&str> = names.filter(|name| !common.contains(name)).collect();
        assert_eq!(names, expected, "{scope}");
    }
}

#[test]
fn no_id_token_without_openid() {
    let (_, issued) = issued(Profile::Compat, |p| scopes(p, "read:patients"));
    assert_eq!(issued.id_token, None);
    assert_eq!(parts(&issued.access_token).1["aud"], API); // T8
}

#[test]
fn a_minimal_id_token_leaves_claims_to_userinfo() {
    let (_, issued) = issued(Profile::Compat, |p| {
        let flags = json!({"id_token_claims": "minimal"});
        World::member(&mut p.world.client, "cardea_flags", flags);
        p.grant.claims.id_token = vec!["email".to_owned(), "sub".to_owned(), "x".to_owned()];
    });
    let (_, claims) = parts(&issued.id_token.unwrap());
    assert_eq!(claims.get("name"), None);
    assert_eq!(claims["email"], "jane@example.com"); // asked for by name
}

#[test]
fn what_belongs_to_the_login() {
    let (mut people, issued) = issued(Profile::Compat, |p| {
        p.grant.shows_auth_time = true;
        p.grant.acr = Some("http://schemas.openid.net/pape/policies/2007/06/multi-factor".into());
        p.grant.amr = vec!["mfa".to_owned()];
    });
    let (_, claims) = parts(&issued.id_token.unwrap());
    assert_eq!(claims["auth_time"], NOW.seconds() - 60);
    assert_eq!(claims["amr"], json!(["mfa"]));
    assert!(claims.get("acr").is_some());
    // T42: not in later ones
    let later = people.ask().unwrap();
    let (_, claims) = parts(&later.id_token.unwrap());
    assert_eq!(
        (claims.get("amr"), claims.get("acr"), claims.get("nonce")),
        (None, None, None)
    );
    assert_eq!(claims["auth_time"], NOW.seconds() - 60);
}

/// T9: what is configured, for whom, and what signs.
#[test]
fn hs256_is_for_who_keeps_a_secret() {
    type Row = (&'static str, fn(&mut People), &'static str);
    let hs256 = |p: &mut People| {
        World::member(
            &mut p.world.client,
            "jwt_configuration",
            json!({"alg": "HS256"}),
        );
    };
    let rows: [Row; 4] = [
        ("confidential", |_| {}, "HS256"),
        (
            "public",
            |p| {
                World::member(
                    &mut p.world.client,
                    "token_endpoint_auth_method",
                    json!("none"),
                );
            },
            "RS256",
        ),
        (
            "the secret cannot be read",
            |p| {
                let digest = crate::model::SecretDigest::of(SECRET).to_text();
                p.world.client.secrets.clear();
                World::member(&mut p.world.client, "client_secret_digest", json!(digest));
            },
            "RS256",
        ),
        (
            "no algorithm is configured",
            |p| {
                p.world.client.body.remove("jwt_configuration");
            },
            "HS256",
        ),
    ];
    for (what, change, expected) in rows {
        let (_, issued) = issued(Profile::Compat, |p| {
            hs256(p);
            change(p);
        });
        let jwt = issued.id_token.unwrap();
        let (header, claims) = parts(&jwt);
        assert_eq!(header["alg"], expected, "{what}");
        let hash = Algorithm::Rs256.half_hash(&issued.access_token);
        assert_eq!(claims["at_hash"], hash);
        if expected == "HS256" {
            assert_eq!(header.get("kid"), None);
            let key = VerifyingKey::hmac(SECRET.as_bytes()).unwrap();
            assert!(Compact::parse(&jwt).unwrap().verify(&key).is_ok());
        }
    }
}

#[test]
fn an_encoded_secret_is_decoded() {
    let bytes = b"sixteen bytes and more";
    let text = cardea_jose::b64::encode(bytes);
    let (_, issued) = issued(Profile::Compat, |p| {
        let settings = json!({"alg": "HS256", "secret_encoded": true});
        World::member(&mut p.world.client, "jwt_configuration", settings);
        let secrets = &mut p.world.client.secrets;
        secrets.insert("client_secret".to_owned(), Secret::new(text.clone()));
        p.world.send("client_secret", &text);
    });
    let jwt = issued.id_token.unwrap();
    let key = VerifyingKey::hmac(bytes).unwrap();
    assert!(Compact::parse(&jwt).unwrap().verify(&key).is_ok());
}

#[test]
fn an_hs256_api_never_opens_userinfo() {
    let secret = "the-signing-secret-of-the-api";
    let (_, issued) = issued(Profile::Compat, |p| {
        World::member(&mut p.world.api, "signing_alg", json!("HS256"));
        let secrets = &mut p.world.api.secrets;
        secrets.insert("signing_secret".to_owned(), Secret::new(secret.to_owned()));
    });
    let (header, claims) = parts(&issued.access_token);
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(claims["aud"], API);
}

#[test]
fn rfc9068s_dialects() {
    for (dialect, permissions) in [("rfc9068_profile", false), ("rfc9068_profile_authz", true)] {
        let (_, issued) = issued(Profile::Strict, |p| {
            World::member(&mut p.world.api, "token_dialect", json!(dialect));
            p.grant.permissions = permissions.then(Scopes::default);
        });
        let (header, claims) = parts(&issued.access_token);
        assert_eq!(header["typ"], "at+jwt"); // T27
        let names: Vec<&str> = claims
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = vec![
            "iss",
            "sub",
            "aud",
            "client_id",
            "iat",
            "exp",
            "jti",
            "scope",
        ];
        if permissions {
            expected.push("permissions");
            assert_eq!(claims["permissions"], json!([])); // T26
        }
        assert_eq!(names, expected);
    }
}

#[test]
fn without_an_api_the_token_is_opaque_and_only_its_digest_is_kept() {
    let (people, issued) = issued(Profile::Compat, |p| p.grant.audience = None);
    assert_eq!(issued.access_token.len(), 43);
    assert_eq!(issued.expires_in, 86_400);
    let stored = people.shelf.of(ArtefactKind::Opaque)[0];
    let digest = cardea_jose::sha256(issued.access_token.as_bytes());
    assert_eq!(stored.digest, digest);
    assert!(!format!("{stored:?}").contains(&issued.access_token));
    let family = people.shelf.of(ArtefactKind::Family)[0];
    assert_eq!(stored.group, family.id); // INTROSPECT-07
}

fn front(people: &mut People, api: bool) -> UserTokens {
    people.issue_code();
    let (decided, _) = people.decide();
    let Ok(Granted::User(granted)) = decided.outcome else {
        panic!("{:?}", decided.outcome);
    };
    let mut tokens = granted.tokens;
    tokens.front_channel = true;
    if !api {
        tokens.api = None;
    }
    tokens
}

/// T12, T9: from the front channel tokens live shorter, and ID tokens are RS256.
#[test]
fn the_front_channel() {
    for (api, lifetime) in [(true, 7_200), (false, 7_200)] {
        let mut people = People::new(Profile::Compat);
        World::member(
            &mut people.world.client,
            "jwt_configuration",
            json!({"alg": "HS256"}),
        );
        let tokens = front(&mut people, api);
        let (tenant, issuer) = (people.tenant(), People::issuer());
        let mint = Mint {
            tenant: &tenant,
            issuer: &issuer,
            now: NOW,
        };
        let access = mint.access(&tokens, &mut Seeded::new("front")).unwrap();
        assert_eq!(access.expires_in, lifetime);
        assert_eq!(access.write.is_some(), !api);
        let beside = Beside {
            access_token: Some(&access.token),
            code: Some("the-code"),
        };
        let jwt = mint.id_token(&tokens, beside).unwrap();
        let (header, claims) = parts(&jwt);
        assert_eq!(header["alg"], "RS256");
        let hash = |text| Value::from(Algorithm::Rs256.half_hash(text));
        assert_eq!(claims["c_hash"], hash("the-code"));
        assert_eq!(claims["at_hash"], hash(&access.token));
    }
}
