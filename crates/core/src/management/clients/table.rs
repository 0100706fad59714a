//! What an application consists of.

use super::super::format::{
    CALLBACK, CLIENT_ID, CONNECTION_PROFILE_ID, CREDENTIAL_ID, DATE_TIME,
    HTTPS_PLACEHOLDERS_OR_EMPTY, IP_OR_CIDR, KID, LOGIN_TEMPLATE, NAME, ORGANIZATION_ID,
    URI_OR_EMPTY, URL, URL_OR_NULL, URL_PLACEHOLDERS, USER_ATTRIBUTE_PROFILE_ID,
};
use super::super::schema::{
    BOOL, COUNT, Field, List, MAX_INTEGER, Mode, OPEN, Object, Rest, TEXT, Type, WORD, WORDS,
    field, formed, limited, one_of, text,
};
use super::addons::ADDONS;

const PATCH: Mode = Mode::Patch;
const CREATE: Mode = Mode::Create;

const fn strings(list: &'static List) -> Type {
    Type::List(list)
}

static CALLBACKS: List = List::of(formed(CALLBACK));
static ORIGINS: List = List::of(formed(URL_PLACEHOLDERS));

/// The body of `POST /clients` and `PATCH /clients/{id}`.
pub(in super::super) static CLIENT: Object = Object {
    fields: FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const FIELDS: &[Field] = &[
    field("name", formed(NAME)).required(),
    field("description", text(0, 140)),
    field("client_secret", WORD).only(PATCH),
    field("logo_uri", formed(URI_OR_EMPTY)),
    field("callbacks", strings(&CALLBACKS)),
    field("oidc_logout", Type::Object(&LOGOUT)),
    field("oidc_backchannel_logout", Type::Object(&LOGOUT)),
    field("session_transfer", Type::Object(&SESSION_TRANSFER))
        .null()
        .merged(),
    field("allowed_origins", strings(&ORIGINS)),
    field("web_origins", strings(&ORIGINS)),
    field("client_aliases", WORDS),
    field("allowed_clients", WORDS),
    field("allowed_logout_urls", strings(&ORIGINS)),
    field("grant_types", WORDS),
    field("token_endpoint_auth_method", one_of(AUTH_METHODS)).null_on_patch(),
    field("is_token_endpoint_ip_header_trusted", BOOL),
    field("app_type", one_of(APP_TYPES)),
    field("is_first_party", BOOL),
    field("oidc_conformant", BOOL),
    field("jwt_configuration", Type::Object(&JWT)).merged(),
    field("encryption_key", Type::Object(&ENCRYPTION_KEY)).null(),
    field("sso", BOOL),
    field("cross_origin_authentication", BOOL),
    field("cross_origin_loc", formed(URL)).only(CREATE),
    field("cross_origin_loc", formed(URL_OR_NULL))
        .only(PATCH)
        .null(),
    field("sso_disabled", BOOL),
    field("custom_login_page_on", BOOL),
    field("custom_login_page", TEXT),
    field("custom_login_page_preview", TEXT),
    field("form_template", TEXT),
    // recorded: the whole member is removed by null
    field("addons", Type::Object(&ADDONS)).null_on_patch(),
    field("client_metadata", Type::Object(&METADATA)).merged(),
    field("mobile", Type::Object(&MOBILE)).merged(),
    field("initiate_login_uri", formed(HTTPS_PLACEHOLDERS_OR_EMPTY)),
    field("native_social_login", Type::Object(&NATIVE_SOCIAL))
        .null_on_patch()
        .merged(),
    field("fedcm_login", Type::Object(&FEDCM)).null_on_patch(),
    field("refresh_token", Type::Object(&REFRESH_TOKEN))
        .null()
        .merged(),
    field("default_organization", Type::Object(&DEFAULT_ORGANIZATION)).null(),
    field("organization_usage", one_of(&["deny", "allow", "require"])).null_on_patch(),
    field("organization_require_behavior", one_of(REQUIRE_BEHAVIOR)).null_on_patch(),
    field("organization_discovery_methods", strings(&DISCOVERY)).null_on_patch(),
    field("client_authentication_methods", Type::Object(&NEW_METHODS)).only(CREATE),
    field("client_authentication_methods", Type::Object(&METHODS))
        .only(PATCH)
        .null(),
    field("require_pushed_authorization_requests", BOOL),
    field("require_proof_of_possession", BOOL),
    field("signed_request_object", Type::Object(&NEW_REQUEST_OBJECT)).only(CREATE),
    field("signed_request_object", Type::Object(&REQUEST_OBJECT))
        .only(PATCH)
        .null(),
    field("token_vault_privileged_access", Type::Object(&NEW_VAULT)).only(CREATE),
    field("token_vault_privileged_access", Type::Object(&VAULT))
        .only(PATCH)
        .null(),
    field("compliance_level", one_of(COMPLIANCE)).null(),
    field("skip_non_verifiable_callback_uri_confirmation_prompt", BOOL).null_on_patch(),
    field("token_exchange", Type::Object(&TOKEN_EXCHANGE)).null_on_patch(),
    field("par_request_expiry", Type::Integer(10, 600)).null(),
    field("token_quota", Type::Object(&TOKEN_QUOTA)).null_on_patch(),
    field("resource_server_identifier", text(1, 600)).only(CREATE),
    field(
        "third_party_security_mode",
        one_of(&["strict", "permissive"]),
    ),
    field(
        "redirection_policy",
        one_of(&["allow_always", "open_redirect_protection"]),
    ),
    field("express_configuration", Type::Object(&EXPRESS)).null_on_patch(),
    field(
        "my_organization_configuration",
        Type::Object(&MY_ORGANIZATION),
    )
    .null_on_patch(),
    field("async_approval_notification_channels", strings(&CHANNELS)).null_on_patch(),
    // sent by a tool; the contract does not have it
    field("identity_assertion_authorization_grant", OPEN).null(),
    // ours
    field("cardea_flags", Type::Object(&CARDEA_FLAGS))
        .null()
        .merged(),
];

/// Named exceptions of one application ([`crate::model::ClientFlag`]), and what limits it.
pub(in super::super) static CARDEA_FLAGS: Object = Object::closed(&[
    field("pkce", one_of(&["optional"])).null(),
    field("front_channel_tokens", BOOL).null(),
    field("password_grant", BOOL).null(),
    field("wildcard_callbacks", BOOL).null(),
    field("id_token_claims", one_of(&["minimal"])).null(),
    field("response_modes", strings(&RESPONSE_MODES)).null(),
]);

static RESPONSE_MODES: List =
    List::of(one_of(&["query", "fragment", "form_post", "web_message"])).at_least(1);

const AUTH_METHODS: &[&str] = &["none", "client_secret_post", "client_secret_basic"];
const REQUIRE_BEHAVIOR: &[&str] = &["no_prompt", "pre_login_prompt", "post_login_prompt"];
const COMPLIANCE: &[&str] = &[
    "none",
    "fapi1_adv_pkj_par",
    "fapi1_adv_mtls_par",
    "fapi2_sp_pkj_mtls",
    "fapi2_sp_mtls_mtls",
];
const APP_TYPES: &[&str] = &[
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
];

static LOGOUT: Object = Object::open(&[
    field(
        "backchannel_logout_urls",
        strings(&List::of(formed(HTTPS_PLACEHOLDERS_OR_EMPTY))),
    ),
    field("backchannel_logout_initiators", Type::Object(&INITIATORS)),
    field(
        "backchannel_logout_session_metadata",
        Type::Object(&Object::open(&[field("include", BOOL)])),
    )
    .null(),
]);

static INITIATORS: Object = Object::open(&[
    field("mode", one_of(&["custom", "all"])),
    field(
        "selected_initiators",
        strings(&List::of(one_of(LOGOUT_INITIATORS))),
    ),
]);

const LOGOUT_INITIATORS: &[&str] = &[
    "rp-logout",
    "idp-logout",
    "password-changed",
    "session-expired",
    "session-revoked",
    "account-deleted",
    "email-identifier-changed",
    "mfa-phone-unenrolled",
    "account-deactivated",
];

static SESSION_TRANSFER: Object = Object::closed(&[
    field("can_create_session_transfer_token", BOOL),
    field("enforce_cascade_revocation", BOOL),
    field(
        "allowed_authentication_methods",
        strings(&List::of(one_of(&["cookie", "query"]))),
    )
    .null(),
    field("enforce_device_binding", one_of(&["ip", "asn", "none"])),
    field("allow_refresh_token", BOOL),
    field("enforce_online_refresh_tokens", BOOL),
    field("delegation", Type::Object(&DELEGATION)).null(),
]);

static DELEGATION: Object = Object::closed(&[
    field("allow_delegated_access", BOOL),
    field("enforce_device_binding", one_of(&["ip", "asn"])),
]);

static JWT: Object = Object::open(&[
    field("lifetime_in_seconds", Type::Integer(1, MAX_INTEGER)),
    field("secret_encoded", BOOL),
    field("scopes", OPEN),
    field("alg", one_of(&["HS256", "RS256", "RS512", "PS256"])),
]);

static ENCRYPTION_KEY: Object = Object::open(&[
    field("pub", TEXT),
    field("cert", TEXT),
    field("subject", TEXT),
]);

static METADATA: Object = Object {
    fields: &[],
    rest: Rest::Each(text(0, 255)),
    min: 0,
    max: MAX_METADATA,
};

/// How many members `client_metadata` may have, before and after a merge.
pub(super) const MAX_METADATA: usize = 10;

static MOBILE: Object = Object::open(&[
    field("android", Type::Object(&ANDROID)).null_on_patch(),
    field("ios", Type::Object(&IOS)).null_on_patch(),
]);

static ANDROID: Object = Object::open(&[
    field("app_package_name", TEXT),
    field(
        "sha256_cert_fingerprints",
        strings(&List::of(WORD).at_least(1)),
    ),
]);

static IOS: Object = Object::open(&[field("team_id", TEXT), field("app_bundle_identifier", TEXT)]);

static SOCIAL: Object = Object::closed(&[field("enabled", BOOL)]).at_least(1);

static NATIVE_SOCIAL: Object = Object::closed(&[
    field("apple", Type::Object(&SOCIAL)).null_on_patch(),
    field("facebook", Type::Object(&SOCIAL)).null_on_patch(),
    field("google", Type::Object(&SOCIAL)).null_on_patch(),
])
.at_least(1);

static FEDCM: Object = Object::closed(&[field(
    "google",
    Type::Object(&Object::closed(&[field("is_enabled", BOOL)]).at_least(1)),
)
.null_on_patch()])
.at_least(1);

static REFRESH_TOKEN: Object = Object::closed(&[
    field("rotation_type", one_of(&["rotating", "non-rotating"])).required(),
    field("expiration_type", one_of(&["expiring", "non-expiring"])).required(),
    field("leeway", COUNT),
    field("token_lifetime", Type::Integer(1, 157_788_000)),
    field("infinite_token_lifetime", BOOL),
    field("idle_token_lifetime", Type::Integer(1, MAX_INTEGER)),
    field("infinite_idle_token_lifetime", BOOL),
    field(
        "policies",
        strings(&List::of(Type::Object(&REFRESH_POLICY)).at_least(1)),
    )
    .null(),
]);

static REFRESH_POLICY: Object = Object::closed(&[
    field("audience", text(1, 600)).required(),
    field("scope", strings(&List::of(text(1, 280)))).required(),
]);

static DEFAULT_ORGANIZATION: Object = Object::closed(&[
    field("organization_id", formed(ORGANIZATION_ID)).required(),
    field("flows", strings(&List::of(one_of(&["client_credentials"])))).required(),
]);

static DISCOVERY: List = List::of(one_of(&["email", "organization_name"])).at_least(1);
static CHANNELS: List = List::of(one_of(&["guardian-push", "email"])).at_least(1);

/// The ways to authenticate that have credentials.
pub(super) const METHOD_NAMES: [&str; 3] = [
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];

static METHODS: Object = Object::closed(&[
    field("private_key_jwt", Type::Object(&CREDENTIAL_IDS)),
    field("tls_client_auth", Type::Object(&CREDENTIAL_IDS)),
    field("self_signed_tls_client_auth", Type::Object(&CREDENTIAL_IDS)),
])
.at_least(1)
.at_most(1);

static NEW_METHODS: Object = Object::closed(&[
    field("private_key_jwt", Type::Object(&NEW_PUBLIC_KEYS)),
    field("tls_client_auth", Type::Object(&NEW_SUBJECTS)),
    field(
        "self_signed_tls_client_auth",
        Type::Object(&NEW_CERTIFICATES),
    ),
])
.at_least(1)
.at_most(1);

static ID_LIST: List = List::of(Type::Object(&CREDENTIAL_REF)).unique();
static CREDENTIAL_REF: Object = Object::closed(&[field("id", formed(CREDENTIAL_ID)).required()]);
static CREDENTIAL_IDS: Object =
    Object::closed(&[field("credentials", strings(&ID_LIST)).required()]);
static PUBLIC_KEYS: List = List::of(Type::Object(&NEW_PUBLIC_KEY));
static NEW_PUBLIC_KEYS: Object =
    Object::closed(&[field("credentials", strings(&PUBLIC_KEYS)).required()]);
static NEW_SUBJECTS: Object = Object::closed(&[field(
    "credentials",
    strings(&List::of(Type::Object(&NEW_SUBJECT))),
)
.required()]);
static NEW_CERTIFICATES: Object = Object::closed(&[field(
    "credentials",
    strings(&List::of(Type::Object(&NEW_CERTIFICATE))),
)
.required()]);

const CREDENTIAL_NAME: Type = text(0, 128);
const PEM: Type = text(1, 16_384);
/// The contract's, then ours: discovery names them all.
const ASSERTION_ALGS: Type = one_of(&["RS256", "RS384", "PS256", "PS384", "ES256", "ES384"]);

static NEW_PUBLIC_KEY: Object = Object::closed(&[
    field("credential_type", one_of(&["public_key"])).required(),
    field("name", CREDENTIAL_NAME),
    field("pem", PEM).required(),
    field("alg", ASSERTION_ALGS),
    field("parse_expiry_from_cert", BOOL),
    field("expires_at", formed(DATE_TIME)),
    field("kid", limited(10, 64, KID)),
]);

static NEW_SUBJECT: Object = Object::closed(&[
    field("credential_type", one_of(&["cert_subject_dn"])).required(),
    field("name", CREDENTIAL_NAME),
    field("subject_dn", text(1, 256)),
    field("pem", PEM),
]);

static NEW_CERTIFICATE: Object = Object::closed(&[
    field("credential_type", one_of(&["x509_cert"])).required(),
    field("name", CREDENTIAL_NAME),
    field("pem", PEM).required(),
]);

/// The body of `POST /clients/{client_id}/credentials`.
pub(in super::super) static NEW_CREDENTIAL: Object = Object::closed(&[
    field(
        "credential_type",
        one_of(&["public_key", "cert_subject_dn", "x509_cert"]),
    )
    .required(),
    field("name", CREDENTIAL_NAME),
    field("subject_dn", text(1, 256)),
    field("pem", PEM),
    field("alg", ASSERTION_ALGS),
    field("parse_expiry_from_cert", BOOL),
    field("expires_at", formed(DATE_TIME)),
    field("kid", limited(10, 64, KID)),
]);

/// The body of `PATCH /clients/{client_id}/credentials/{credential_id}`.
pub(in super::super) static PATCH_CREDENTIAL: Object =
    Object::closed(&[field("expires_at", formed(DATE_TIME)).null()]).at_least(1);

static REQUEST_OBJECT: Object = Object::closed(&[
    field("required", BOOL),
    field("credentials", strings(&ID_LIST)),
]);
static NEW_REQUEST_OBJECT: Object = Object::closed(&[
    field("required", BOOL),
    field("credentials", strings(&PUBLIC_KEYS)),
]);
static IP_ALLOWLIST: List = List::of(formed(IP_OR_CIDR));
static VAULT: Object = Object::closed(&[
    field("credentials", strings(&ID_LIST)).required(),
    field("ip_allowlist", strings(&IP_ALLOWLIST)),
]);
static NEW_VAULT: Object = Object::closed(&[
    field("credentials", strings(&PUBLIC_KEYS)).required(),
    field("ip_allowlist", strings(&IP_ALLOWLIST)),
]);

static TOKEN_EXCHANGE: Object = Object::closed(&[field(
    "allow_any_profile_of_type",
    strings(&List::of(one_of(&[
        "custom_authentication",
        "on_behalf_of_token_exchange",
    ]))),
)]);

/// `token_quota`, and each part of the tenant's `default_token_quota`.
pub(in super::super) const QUOTA_FIELDS: &[Field] = &[field(
    "client_credentials",
    Type::Object(
        &Object::closed(&[
            field("enforce", BOOL),
            field("per_day", Type::Integer(1, MAX_INTEGER)),
            field("per_hour", Type::Integer(1, MAX_INTEGER)),
        ])
        .at_least(1),
    ),
)
.required()];

static TOKEN_QUOTA: Object = Object::closed(QUOTA_FIELDS);

static EXPRESS: Object = Object::closed(&[
    field("initiate_login_uri_template", formed(LOGIN_TEMPLATE)).required(),
    field(
        "user_attribute_profile_id",
        formed(USER_ATTRIBUTE_PROFILE_ID),
    )
    .required(),
    field("connection_profile_id", formed(CONNECTION_PROFILE_ID)).required(),
    field("enable_client", BOOL).required(),
    field("enable_organization", BOOL).required(),
    field(
        "linked_clients",
        strings(&List::of(Type::Object(&LINKED_CLIENT))),
    ),
    field("okta_oin_client_id", formed(CLIENT_ID)).required(),
    field("admin_login_domain", WORD).required(),
    field("oin_submission_id", text(1, 200)),
]);

static LINKED_CLIENT: Object = Object::closed(&[field("client_id", formed(CLIENT_ID)).required()]);

static MY_ORGANIZATION: Object = Object::closed(&[
    field("connection_profile_id", formed(CONNECTION_PROFILE_ID)),
    field(
        "user_attribute_profile_id",
        formed(USER_ATTRIBUTE_PROFILE_ID),
    ),
    field("allowed_strategies", strings(&List::of(one_of(STRATEGIES)))).required(),
    field(
        "connection_deletion_behavior",
        one_of(&["allow", "allow_if_empty"]),
    )
    .required(),
    field("invitation_landing_client_id", formed(CLIENT_ID)),
]);

const STRATEGIES: &[&str] = &[
    "pingfederate",
    "adfs",
    "waad",
    "google-apps",
    "okta",
    "oidc",
    "samlp",
];
