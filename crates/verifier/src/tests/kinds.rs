//! JWT-17: an ID token opens no API, and is called what it is.

use serde_json::{Value, json};

use super::{API, ISSUER, NOW, good};
use crate::Refusal;

/// What every ID token has; `aud` is the application.
fn id_token(more: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "auth0|jane", "aud": "spa", "iat": NOW - 10, "exp": NOW + 36000,
    });
    let members = more.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(members);
    claims
}

#[test]
fn jwt_17_id_tokens_are_named() {
    for (row, more) in [
        ("the barest", json!({})),
        ("OIDC Core 2 nonce", json!({"nonce": "n"})),
        (
            "OIDC Core 3.3.2.11 hashes",
            json!({"at_hash": "h", "c_hash": "h"}),
        ),
        ("with a session", json!({"sid": "s"})),
        (
            "with a profile",
            json!({"name": "Jane", "email": "jane@example.com", "sid": "s"}),
        ),
        (
            "with several audiences and azp",
            json!({"aud": ["spa", "other"], "azp": "spa"}),
        ),
        (
            "with azp and the API among the audiences",
            json!({"aud": ["spa", API], "azp": "spa"}),
        ),
        (
            "azp of another application, with a session",
            json!({"azp": "other", "sid": "s"}),
        ),
        ("of a user without application", json!({"aud": API})),
        (
            "audience is the API, with a nonce",
            json!({"aud": API, "azp": "spa", "nonce": "n"}),
        ),
        (
            "a custom claim scope can't hide a nonce",
            json!({"nonce": "n", "scope": "read:patients"}),
        ),
        ("expired", json!({"exp": NOW - 3600})),
        ("of an organization", json!({"org_id": "org_1", "sid": "s"})),
    ] {
        let mut case = good();
        case.claims = id_token(&more);
        assert_eq!(case.judge(), Err(Refusal::IdToken), "{row}");
    }
}

#[test]
fn jwt_20_access_tokens_of_other_apis_are_not_called_id_tokens() {
    let other = "https://other.test/";
    for (row, more) in [
        (
            "of a user",
            json!({"aud": other, "azp": "spa", "scope": "openid"}),
        ),
        (
            "of a user without scope",
            json!({"aud": other, "azp": "spa"}),
        ),
        (
            "of an application",
            json!({"aud": other, "azp": "sync", "gty": "client-credentials"}),
        ),
        (
            "with RBAC",
            json!({"aud": other, "azp": "spa", "permissions": []}),
        ),
        (
            "RFC 9068 claims",
            json!({"aud": other, "client_id": "spa", "jti": "1"}),
        ),
    ] {
        let mut case = good();
        case.claims = id_token(&more);
        assert_eq!(
            case.judge().unwrap_err().reason(),
            "wrong_audience",
            "{row}"
        );
    }
}

#[test]
fn rfc_9068_may_carry_what_an_id_token_has() {
    let mut case = good();
    case.header["typ"] = json!("application/at+jwt");
    case.claims = id_token(&json!({"aud": API, "client_id": "spa", "auth_time": NOW, "sid": "s"}));
    assert!(case.judge().is_ok());
}
