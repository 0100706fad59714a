//! Every default, and everything else that differs between the profiles `compat` and `strict`.
//! No other file of this module asks for the profile.

use serde_json::{Map, Value, json};

use crate::model::Profile;

/// Whether a secret can be read again after it was made. `strict` keeps a client secret as a
/// digest alone, so it cannot.
pub(super) const fn secrets_are_readable(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Whether an ID token may be signed with the client's secret: `strict` does not keep it.
pub(super) const fn id_tokens_may_use_hs256(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// The shortest `signing_secret` (the contract's 16; RFC 7518 3.2 asks for 32 bytes).
pub(super) const fn min_signing_secret(profile: Profile) -> usize {
    match profile {
        Profile::Compat => 16,
        Profile::Strict => 32,
    }
}

/// The shortest `client_secret` that may be chosen by hand. A shorter one could be guessed from
/// its digest, so the contract's minimum of 1 is followed in neither profile.
pub(super) const fn min_client_secret(profile: Profile) -> usize {
    match profile {
        Profile::Compat => 16,
        Profile::Strict => 32,
    }
}

/// Whether a native application may have a scheme of its own that no domain stands for: Auth0's
/// samples register `demo://…`; RFC 8252 7.1 asks for a reversed domain.
pub(super) const fn takes_undotted_schemes(profile: Profile) -> bool {
    matches!(profile, Profile::Compat)
}

/// Fills in what a new client's body leaves out. The order is the reference's.
pub(super) fn fill_client(profile: Profile, body: &mut Map<String, Value>) {
    let strict = profile == Profile::Strict;
    let app_type = text(body, "app_type");
    let third_party = body.get("is_first_party").and_then(Value::as_bool) == Some(false);
    let own_api = app_type == "resource_server";
    if matches!(app_type.as_str(), "spa" | "native")
        && !body.contains_key("client_authentication_methods")
    {
        put(body, "token_endpoint_auth_method", json!("none"));
    }
    put(body, "is_token_endpoint_ip_header_trusted", json!(false));
    put(body, "is_first_party", json!(true));
    put(
        body,
        "oidc_conformant",
        json!(strict || third_party || own_api),
    );
    put(body, "sso_disabled", json!(false));
    put(body, "cross_origin_authentication", json!(false));
    let refresh = refresh_token(profile, body, third_party && app_type == "spa");
    body.insert("refresh_token".to_owned(), refresh);
    let jwt = jwt_configuration(profile, body, own_api);
    body.insert("jwt_configuration".to_owned(), jwt);
    let grants = grant_types(
        profile,
        &app_type,
        &text(body, "token_endpoint_auth_method"),
    );
    put(body, "grant_types", json!(grants));
    put(body, "custom_login_page_on", json!(true));
}

/// What a `refresh_token` that was sent (or not) leaves out.
fn refresh_token(profile: Profile, body: &Map<String, Value>, third_party_spa: bool) -> Value {
    let method = text(body, "token_endpoint_auth_method");
    let rotating = match profile {
        Profile::Compat => third_party_spa,
        Profile::Strict => method == "none",
    };
    let sent = body.get("refresh_token").and_then(Value::as_object);
    let mut members = sent.cloned().unwrap_or_default();
    members.retain(|_, value| !value.is_null());
    let expiring = rotating || profile == Profile::Strict;
    put(
        &mut members,
        "expiration_type",
        json!(if expiring { "expiring" } else { "non-expiring" }),
    );
    // recorded: the longer lifetimes come with exactly this method, whatever the type
    let (token, idle) = if method == "client_secret_post" {
        (31_557_600, 2_592_000)
    } else {
        (2_592_000, 1_296_000)
    };
    let endless = text(&members, "expiration_type") == "non-expiring";
    put(&mut members, "leeway", json!(0));
    put(&mut members, "infinite_token_lifetime", json!(endless));
    put(&mut members, "infinite_idle_token_lifetime", json!(endless));
    put(&mut members, "token_lifetime", json!(token));
    put(&mut members, "idle_token_lifetime", json!(idle));
    put(
        &mut members,
        "rotation_type",
        json!(if rotating { "rotating" } else { "non-rotating" }),
    );
    Value::Object(members)
}

fn jwt_configuration(profile: Profile, body: &Map<String, Value>, own_api: bool) -> Value {
    let sent = body.get("jwt_configuration").and_then(Value::as_object);
    let mut members = sent.cloned().unwrap_or_default();
    let lifetime = match profile {
        Profile::Compat => 36_000,
        Profile::Strict => 3600,
    };
    put(&mut members, "lifetime_in_seconds", json!(lifetime));
    put(&mut members, "secret_encoded", json!(false));
    let signed_assertions = body.contains_key("client_authentication_methods");
    if own_api || signed_assertions || !id_tokens_may_use_hs256(profile) {
        put(&mut members, "alg", json!("RS256"));
    }
    Value::Object(members)
}

fn grant_types(profile: Profile, app_type: &str, method: &str) -> &'static [&'static str] {
    match (profile, app_type) {
        (_, "resource_server") => &[],
        (_, "express_configuration") => &["authorization_code", "client_credentials"],
        (Profile::Compat, _) if method == "none" => {
            &["authorization_code", "implicit", "refresh_token"]
        }
        (Profile::Compat, _) => &[
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
        ],
        (Profile::Strict, "non_interactive") => &["client_credentials"],
        (Profile::Strict, "spa" | "native" | "regular_web") => {
            &["authorization_code", "refresh_token"]
        }
        (Profile::Strict, _) if method == "none" => &["authorization_code", "refresh_token"],
        (Profile::Strict, _) => &["authorization_code", "refresh_token", "client_credentials"],
    }
}

/// Fills in what a new API's body leaves out.
pub(super) fn fill_api(profile: Profile, body: &mut Map<String, Value>) {
    let (lifetime, web) = match profile {
        Profile::Compat => (86_400, 7200),
        Profile::Strict => (3600, 3600),
    };
    put(body, "allow_offline_access", json!(false));
    put(
        body,
        "skip_consent_for_verifiable_first_party_clients",
        json!(false),
    );
    put(body, "subject_type_authorization", json!({}));
    if let Some(Value::Object(policies)) = body.get_mut("subject_type_authorization") {
        put(
            policies,
            "client",
            json!({ "policy": "require_client_grant" }),
        );
        put(policies, "user", json!({ "policy": "allow_all" }));
    }
    put(body, "token_lifetime", json!(lifetime));
    let lifetime = body
        .get("token_lifetime")
        .and_then(Value::as_i64)
        .unwrap_or(lifetime);
    put(body, "token_lifetime_for_web", json!(web.min(lifetime)));
    put(body, "signing_alg", json!("RS256"));
    if profile == Profile::Strict {
        put(body, "token_dialect", json!("rfc9068_profile"));
    }
}

/// Fills in what a new database's body leaves out. Both profiles begin with the same one.
pub(super) fn fill_connection(body: &mut Map<String, Value>) {
    let sent = body.get("options").and_then(Value::as_object);
    let mut options = sent.cloned().unwrap_or_default();
    put(
        &mut options,
        "mfa",
        json!({ "active": true, "return_enroll_settings": true }),
    );
    put(&mut options, "brute_force_protection", json!(true));
    put(&mut options, "strategy_version", json!(2));
    // the older words for the same thing are not mixed with the newer ones
    let older = ["passwordPolicy", "password_complexity_options"];
    if !older.iter().any(|name| options.contains_key(*name)) {
        put(&mut options, "password_options", password_options());
    }
    put(
        &mut options,
        "authentication_methods",
        json!({
            "password": { "enabled": true, "api_behavior": "required", "signup_behavior": "allow" },
            "passkey": { "enabled": false },
        }),
    );
    put(
        &mut options,
        "passkey_options",
        json!({
            "challenge_ui": "both",
            "progressive_enrollment_enabled": true,
            "local_enrollment_enabled": true,
        }),
    );
    body.insert("options".to_owned(), options.into());
    put(body, "is_domain_connection", json!(false));
    put(body, "authentication", json!({ "active": true }));
    put(body, "connected_accounts", json!({ "active": false }));
    let realm = text(body, "name");
    put(body, "realms", json!([realm]));
}

fn password_options() -> Value {
    json!({
        "complexity": {
            "character_type_rule": "all",
            "identical_characters": "allow",
            "sequential_characters": "allow",
            "max_length_exceeded": "error",
            "min_length": 15,
            "character_types": [],
        },
        "profile_data": {
            "active": false,
            "blocked_fields": [
                "name",
                "username",
                "nickname",
                "email",
                "phone_number",
                "user_metadata.name",
                "user_metadata.first",
                "user_metadata.last",
            ],
        },
        "history": { "active": false, "size": 3 },
        "dictionary": { "active": false, "custom": [], "default": "en_100k" },
    })
}

/// The seconds for which a token for the Management API is good.
pub(super) const fn management_token_lifetime(profile: Profile) -> i64 {
    match profile {
        Profile::Compat => 86_400,
        Profile::Strict => 600,
    }
}

/// A new tenant's settings.
pub(super) fn settings(profile: Profile) -> Map<String, Value> {
    let strict = profile == Profile::Strict;
    let settings = json!({
        "default_audience": "",
        "default_directory": "",
        "friendly_name": "My Company",
        "picture_url": "",
        "support_email": "",
        "support_url": "",
        "enabled_locales": ["en"],
        "flags": {
            "allow_changing_enable_sso": true,
            "disable_clickjack_protection_headers": false,
            "disable_impersonation": true,
            "enable_dynamic_client_registration": false,
            "enable_public_signup_user_exists_error": false,
            "enable_sso": true,
            "remove_alg_from_jwks": false,
            "revoke_refresh_token_grant": false,
            "use_scope_descriptions_for_consent": false,
        },
        "sandbox_version": "22",
        "session_lifetime": 168,
        "idle_session_lifetime": 72,
        "ephemeral_session_lifetime": 72,
        "idle_ephemeral_session_lifetime": 24,
        "session_cookie": { "mode": "persistent" },
        "sessions": { "oidc_logout_prompt_enabled": true },
        "oidc_logout": { "rp_logout_end_session_endpoint_discovery": true },
        "allowed_logout_urls": [],
        "device_flow": { "charset": "base20", "mask": "****-****" },
        "allow_organization_name_in_authentication_api": false,
        "pushed_authorization_requests_supported": false,
        "authorization_response_iss_parameter_supported": strict,
        "mtls": { "enable_endpoint_aliases": false },
        "resource_parameter_profile": "compatibility",
        "client_id_metadata_document_supported": false,
        "dynamic_client_registration_security_mode": "strict",
    });
    settings.as_object().cloned().unwrap_or_default()
}

fn put(body: &mut Map<String, Value>, name: &str, value: Value) {
    if !body.contains_key(name) {
        body.insert(name.to_owned(), value);
    }
}

fn text(body: &Map<String, Value>, name: &str) -> String {
    body.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
