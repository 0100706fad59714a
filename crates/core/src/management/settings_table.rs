//! What a tenant's settings consist of.

use super::clients::QUOTA_FIELDS;
use super::format::{ACR, COUNTRY, EMAIL_OR_EMPTY, HTTPS_OR_EMPTY, URI_OR_EMPTY, URL_PLACEHOLDERS};
use super::schema::{
    BOOL, COUNT, Field, List, MAX_INTEGER, OPEN, Object, Rest, TEXT, Type, field, formed, limited,
    one_of, text,
};

/// The body of `PATCH /tenants/settings`.
pub(super) static SETTINGS: Object = Object {
    fields: SETTINGS_FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const LIFETIME: Type = Type::Integer(1, MAX_INTEGER);

const SETTINGS_FIELDS: &[Field] = &[
    field("change_password", Type::Object(&PAGE))
        .null()
        .merged(),
    field("device_flow", Type::Object(&DEVICE_FLOW))
        .null()
        .merged(),
    field("guardian_mfa_page", Type::Object(&PAGE))
        .null()
        .merged(),
    field("default_audience", text(0, 600)),
    field("default_directory", TEXT),
    field("error_page", Type::Object(&ERROR_PAGE)).null(),
    field("default_token_quota", Type::Object(&TOKEN_QUOTA)).null(),
    field("flags", Type::Object(&FLAGS)).merged(),
    field("friendly_name", TEXT),
    field("picture_url", formed(URI_OR_EMPTY)),
    field("support_email", formed(EMAIL_OR_EMPTY)),
    field("support_url", formed(URI_OR_EMPTY)),
    field(
        "allowed_logout_urls",
        Type::List(&List::of(formed(URL_PLACEHOLDERS))),
    ),
    field("session_lifetime", LIFETIME),
    field("session_lifetime_in_minutes", LIFETIME),
    field("idle_session_lifetime", LIFETIME),
    field("idle_session_lifetime_in_minutes", LIFETIME),
    field("ephemeral_session_lifetime", LIFETIME),
    field("idle_ephemeral_session_lifetime", LIFETIME),
    field("ephemeral_session_lifetime_in_minutes", LIFETIME),
    field("idle_ephemeral_session_lifetime_in_minutes", LIFETIME),
    field("sandbox_version", text(0, 8)),
    field("legacy_sandbox_version", text(0, 8)),
    field("default_redirection_uri", formed(HTTPS_OR_EMPTY)),
    field(
        "enabled_locales",
        Type::List(&List::of(one_of(LOCALES)).at_least(1)),
    ),
    field("security_headers", Type::Object(&SECURITY_HEADERS)).null(),
    field("session_cookie", Type::Object(&SESSION_COOKIE)).null(),
    field("sessions", Type::Object(&SESSIONS)).null(),
    field("oidc_logout", Type::Object(&OIDC_LOGOUT)),
    field("customize_mfa_in_postlogin_action", BOOL).null(),
    field("allow_organization_name_in_authentication_api", BOOL).null(),
    field("acr_values_supported", Type::List(&List::of(formed(ACR)))).null(),
    field("mtls", Type::Object(&MTLS)).null(),
    field("pushed_authorization_requests_supported", BOOL).null(),
    field("authorization_response_iss_parameter_supported", BOOL).null(),
    field("skip_non_verifiable_callback_uri_confirmation_prompt", BOOL).null(),
    field(
        "resource_parameter_profile",
        one_of(&["audience", "compatibility"]),
    ),
    field("client_id_metadata_document_supported", BOOL),
    field("enable_ai_guide", BOOL),
    field("phone_consolidated_experience", BOOL),
    field("include_session_metadata_in_tenant_logs", BOOL),
    field(
        "dynamic_client_registration_security_mode",
        one_of(&["strict", "permissive"]),
    ),
    field("country_codes", Type::Object(&COUNTRY_CODES)).null(),
    // sent by a tool; the contract does not have it
    field("universal_login", OPEN).null().merged(),
];

static PAGE: Object = Object::closed(&[field("enabled", BOOL), field("html", TEXT)]);

static DEVICE_FLOW: Object = Object::closed(&[
    field("charset", one_of(&["base20", "digits"])),
    field("mask", text(0, 20)),
]);

static ERROR_PAGE: Object = Object::closed(&[
    field("html", TEXT),
    field("show_log_link", BOOL),
    field("url", formed(URI_OR_EMPTY)),
]);

static TOKEN_QUOTA: Object = Object::closed(&[
    field("clients", Type::Object(&QUOTA)),
    field("organizations", Type::Object(&QUOTA)),
])
.at_least(1);

static QUOTA: Object = Object::open(QUOTA_FIELDS);

static FLAGS: Object = Object::closed(&[
    field("change_pwd_flow_v1", BOOL),
    field("enable_apis_section", BOOL),
    field("disable_impersonation", BOOL),
    field("enable_client_connections", BOOL),
    field("enable_pipeline2", BOOL),
    field("allow_legacy_delegation_grant_types", BOOL),
    field("allow_legacy_ro_grant_types", BOOL),
    field("allow_legacy_tokeninfo_endpoint", BOOL),
    field("enable_legacy_profile", BOOL),
    field("enable_idtoken_api2", BOOL),
    field("enable_public_signup_user_exists_error", BOOL),
    field("enable_sso", BOOL),
    field("allow_changing_enable_sso", BOOL),
    field("disable_clickjack_protection_headers", BOOL),
    field("no_disclose_enterprise_connections", BOOL),
    field("enforce_client_authentication_on_passwordless_start", BOOL),
    field("enable_adfs_waad_email_verification", BOOL),
    field("revoke_refresh_token_grant", BOOL),
    field("dashboard_log_streams_next", BOOL),
    field("dashboard_insights_view", BOOL),
    field("disable_fields_map_fix", BOOL),
    field("mfa_show_factor_list_on_enrollment", BOOL),
    field("remove_alg_from_jwks", BOOL),
    field("improved_signup_bot_detection_in_classic", BOOL),
    field("genai_trial", BOOL),
    field("enable_dynamic_client_registration", BOOL),
    field("disable_management_api_sms_obfuscation", BOOL),
    field("trust_azure_adfs_email_verified_connection_property", BOOL),
    field("custom_domains_provisioning", BOOL),
    // documented, and missing in the contract
    field("use_scope_descriptions_for_consent", BOOL),
]);

static SECURITY_HEADERS: Object = Object::closed(&[
    field(
        "content_security_policy",
        Type::Object(&CONTENT_SECURITY_POLICY),
    )
    .null(),
    field("x_xss_protection", Type::Object(&XSS_PROTECTION)).null(),
]);

static CONTENT_SECURITY_POLICY: Object = Object::closed(&[
    field("enabled", BOOL),
    field("policies", Type::List(&List::of(Type::Object(&POLICY)))),
    field("reporting_infrastructure", Type::Object(&REPORTING)).null(),
]);

static POLICY: Object = Object::closed(&[
    field("mode", one_of(&["enforcing", "reporting"])),
    field("directives", Type::Object(&DIRECTIVES)),
    field("flags", Type::List(&List::of(one_of(CSP_FLAGS)))),
    field("reporting", Type::Object(&REPORT_TARGET)).null(),
]);

const CSP_FLAGS: &[&str] = &["upgrade-insecure-requests", "block-all-mixed-content"];

static DIRECTIVES: Object = Object::each(Type::List(&List::of(text(0, 2048)))).at_most(30);

static REPORT_TARGET: Object =
    Object::closed(&[field("report_uri", TEXT), field("report_to_group", TEXT)]);

static REPORTING: Object = Object::closed(&[
    field("report_to", Type::Object(&REPORT_TO)).null(),
    field("reporting_endpoints", Type::Object(&Object::each(TEXT))),
]);

static REPORT_TO: Object = Object::closed(&[
    field("group", TEXT),
    field("max_age", COUNT),
    field("endpoints", Type::List(&List::of(Type::Object(&ENDPOINT)))),
]);

static ENDPOINT: Object = Object::closed(&[field("url", TEXT)]);

static XSS_PROTECTION: Object = Object::closed(&[
    field("enabled", BOOL),
    field("mode", one_of(&["block"])),
    field("report_uri", TEXT),
]);

static SESSION_COOKIE: Object =
    Object::closed(&[field("mode", one_of(&["persistent", "non-persistent"])).required()]);

static SESSIONS: Object = Object::closed(&[field("oidc_logout_prompt_enabled", BOOL)]);

static OIDC_LOGOUT: Object =
    Object::closed(&[field("rp_logout_end_session_endpoint_discovery", BOOL)]);

static MTLS: Object = Object::closed(&[field("enable_endpoint_aliases", BOOL)]);

static COUNTRY_CODES: Object = Object::closed(&[
    field("list", Type::List(&List::of(limited(2, 2, COUNTRY)))),
    field("mode", one_of(&["allow", "deny"])),
]);

#[rustfmt::skip]
pub(super) const LOCALES: &[&str] = &[
    "am", "ar", "ar-EG", "ar-SA", "az", "bg", "bn", "bs", "ca-ES", "cnr", "cs", "cy", "da", "de",
    "el", "en", "en-CA", "es", "es-419", "es-AR", "es-MX", "et", "eu-ES", "fa", "fi", "fr",
    "fr-CA", "fr-FR", "gl-ES", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka",
    "kk", "kn", "ko", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "nl", "nn", "no",
    "pa", "pl", "pt", "pt-BR", "pt-PT", "ro", "ru", "sk", "sl", "so", "sq", "sr", "sv", "sw",
    "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zgh", "zh-CN", "zh-HK", "zh-MO", "zh-TW",
];
