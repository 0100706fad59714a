//! OIDC-3.1.2.1-id-token-hint: what is an ID token of ours, and what is not.

use cardea_jose::SigningKey;
use serde_json::{Value, json};

use super::world::{API, CLIENT, ISSUER, JANE, SECRET, World, rsa};
use crate::model::Profile;

fn good() -> Value {
    json!({"iss": ISSUER, "sub": JANE, "aud": CLIENT, "sid": "s1", "iat": 1, "exp": 2})
}

fn signed(key: &SigningKey, typ: &str, claims: &Value) -> String {
    key.sign_jwt(typ, claims.to_string().as_bytes()).unwrap()
}

fn takes(token: &str) -> bool {
    let mut world = World::new(Profile::Compat);
    world.send("id_token_hint", token);
    let Ok(checked) = world.check() else {
        return false;
    };
    let hint = checked.request.hint.unwrap();
    assert_eq!(hint.user.as_str(), JANE);
    assert_eq!(hint.session.unwrap().as_str(), "s1");
    true
}

#[test]
fn an_expired_id_token_of_ours_is_a_hint() {
    assert!(takes(&signed(&rsa().1, "JWT", &good())));
    let several = json!({"iss": ISSUER, "sub": JANE, "aud": ["x", CLIENT], "sid": "s1"});
    assert!(takes(&signed(&rsa().1, "JWT", &several)));
    let own = SigningKey::hmac(SECRET.as_bytes()).unwrap();
    assert!(takes(&signed(&own, "JWT", &good())));
}

#[test]
fn nothing_else_is() {
    let with = |member: &str, value: Value| {
        let mut claims = good();
        claims[member] = value;
        signed(&rsa().1, "JWT", &claims)
    };
    let foreign = SigningKey::hmac(b"another secret that is long enough, surely").unwrap();
    let token = signed(&rsa().1, "JWT", &good());
    let (start, signature) = token.rsplit_once('.').unwrap();
    #[rustfmt::skip]
    let rows: [(&str, String); 10] = [
        ("an access token by its type", signed(&rsa().1, "at+jwt", &good())),
        ("an access token by its scope", with("scope", json!("openid"))),
        ("an access token of RFC 9068", with("client_id", json!(CLIENT))),
        ("another application's", with("aud", json!("other"))),
        ("an API's", with("aud", json!([API]))),
        ("another issuer's", with("iss", json!("https://login.example"))),
        ("nobody's", with("sub", json!(""))),
        ("another secret's", signed(&foreign, "JWT", &good())),
        ("a changed signature", format!("{start}.A{signature}")),
        ("without a signature", "eyJhbGciOiJub25lIn0.e30.".to_owned()),
    ];
    for (what, token) in rows {
        assert!(!takes(&token), "{what}");
    }
}
