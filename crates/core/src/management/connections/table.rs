//! What a connection consists of.

use super::super::format::{CLIENT_ID, CONNECTION_NAME};
use super::super::schema::{
    BOOL, Field, List, MAX_INTEGER, Mode, OPEN, Object, Rest, TEXT, Type, WORD, field, formed,
    limited, one_of, text,
};

/// Where users can come from, in the contract's words. Databases (`auth0`) alone are served.
pub(in super::super) const STRATEGIES: &[&str] = &[
    "ad",
    "adfs",
    "amazon",
    "apple",
    "dropbox",
    "bitbucket",
    "auth0-oidc",
    "auth0",
    "baidu",
    "bitly",
    "box",
    "custom",
    "daccount",
    "dwolla",
    "email",
    "evernote-sandbox",
    "evernote",
    "exact",
    "facebook",
    "fitbit",
    "github",
    "google-apps",
    "google-oauth2",
    "instagram",
    "ip",
    "line",
    "linkedin",
    "oauth1",
    "oauth2",
    "office365",
    "oidc",
    "okta",
    "paypal",
    "paypal-sandbox",
    "pingfederate",
    "planningcenter",
    "salesforce-community",
    "salesforce-sandbox",
    "salesforce",
    "samlp",
    "sharepoint",
    "shopify",
    "shop",
    "sms",
    "soundcloud",
    "thirtysevensignals",
    "twitter",
    "untappd",
    "vkontakte",
    "waad",
    "weibo",
    "windowslive",
    "wordpress",
    "yahoo",
    "yandex",
];

/// The body of `POST /connections` and `PATCH /connections/{id}`.
pub(in super::super) static CONNECTION: Object = Object {
    fields: FIELDS,
    rest: Rest::Closed,
    min: 1,
    max: usize::MAX,
};

const CREATE: Mode = Mode::Create;

const FIELDS: &[Field] = &[
    field("name", limited(1, 128, CONNECTION_NAME))
        .required()
        .only(CREATE),
    field("strategy", one_of(STRATEGIES))
        .required()
        .only(CREATE),
    field("display_name", text(0, 128)),
    field("options", Type::Object(&OPTIONS)).null_on_patch(),
    field("enabled_clients", Type::List(&CLIENTS)).null_on_patch(),
    field("is_domain_connection", BOOL),
    field("show_as_button", BOOL),
    field("realms", Type::List(&List::of(text(1, 255)))),
    field("metadata", Type::Object(&METADATA)).merged(),
    field("authentication", Type::Object(&ACTIVE)),
    field("connected_accounts", Type::Object(&CONNECTED_ACCOUNTS)),
    field("cross_app_access_requesting_app", Type::Object(&ACTIVE)),
    // sent by a tool; the contract does not have it
    field("cross_app_access_resource_app", OPEN),
];

static CLIENTS: List = List::of(formed(CLIENT_ID));
static METADATA: Object = Object::each(text(0, 255)).at_most(10);
static ACTIVE: Object = Object::closed(&[field("active", BOOL).required()]);
static CONNECTED_ACCOUNTS: Object = Object::closed(&[
    field("active", BOOL).required(),
    field("cross_app_access", BOOL),
]);

/// The body of `PATCH /connections/{id}/clients`.
pub(in super::super) static CLIENT_STATUS: List = List::of(Type::Object(&Object::closed(&[
    field("client_id", formed(CLIENT_ID)).required(),
    field("status", BOOL).required(),
])))
.at_least(1);

/// Options of every strategy; those that say nothing to a database are kept as they are.
static OPTIONS: Object = Object::open(OPTION_FIELDS);

const OPTION_FIELDS: &[Field] = &[
    field("validation", Type::Object(&VALIDATION)).null(),
    field("non_persistent_attrs", Type::List(&TEXTS)).null(),
    field("precedence", Type::List(&PRECEDENCE)),
    field("attributes", Type::Object(&ATTRIBUTES)),
    field("enable_script_context", BOOL),
    field("enabledDatabaseCustomization", BOOL),
    field("import_mode", BOOL),
    field("configuration", Type::Object(&CONFIGURATION)).null(),
    field("customScripts", Type::Object(&SCRIPTS)),
    field("authentication_methods", Type::Object(&METHODS)).null(),
    field("passkey_options", Type::Object(&PASSKEYS)).null(),
    field("passwordPolicy", one_of(POLICIES)).null(),
    field("password_complexity_options", Type::Object(&MIN_LENGTH)).null(),
    field("password_history", Type::Object(&HISTORY)).null(),
    field("password_no_personal_info", Type::Object(&ENABLE)).null(),
    field("password_dictionary", Type::Object(&DICTIONARY)).null(),
    // read by decisions; the contract has them among the strategy's own options
    field("requires_username", BOOL),
    field("brute_force_protection", BOOL),
    field("disable_signup", BOOL),
    field("api_enable_users", BOOL),
    field("api_enable_groups", BOOL),
    field("basic_profile", BOOL),
    field("ext_admin", BOOL),
    field("ext_is_suspended", BOOL),
    field("ext_agreed_terms", BOOL),
    field("ext_groups", BOOL),
    field("ext_assigned_plans", BOOL),
    field("ext_profile", BOOL),
    field("disable_self_service_change_password", BOOL),
    field("upstream_params", OPEN).null(),
    field(
        "set_user_root_attributes",
        one_of(&["on_each_login", "on_first_login", "never_on_login"]),
    ),
    field("gateway_authentication", Type::Object(&GATEWAY)).null(),
    field(
        "federated_connections_access_tokens",
        Type::Object(&Object::closed(&[field("active", BOOL)])),
    )
    .null(),
    field("password_options", Type::Object(&PASSWORD_OPTIONS)),
    field("assertion_decryption_settings", Type::Object(&DECRYPTION)),
    field("id_token_signed_response_algs", Type::List(&ALGORITHMS)).null(),
    field(
        "dpop_signing_alg",
        one_of(&["ES256", "ES384", "ES512", "Ed25519"]),
    ),
    field(
        "token_endpoint_auth_method",
        one_of(&["client_secret_post", "private_key_jwt"]),
    )
    .null(),
    field("token_endpoint_auth_signing_alg", ALGORITHM).null(),
    field(
        "token_endpoint_jwtca_aud_format",
        one_of(&["issuer", "token_endpoint"]),
    ),
    field("id_token_session_expiry_supported", BOOL),
];

static TEXTS: List = List::of(TEXT);
const IDENTIFIER: Type = one_of(&["email", "phone_number", "username"]);
static PRECEDENCE: List = List::of(IDENTIFIER).at_least(3);
const ALGORITHM: Type = one_of(&[
    "ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512",
]);
static ALGORITHMS: List = List::of(ALGORITHM);
const POLICIES: &[&str] = &["none", "low", "fair", "good", "excellent", "None"];

static VALIDATION: Object =
    Object::closed(&[field("username", Type::Object(&USERNAME_LENGTH)).null()]);
static USERNAME_LENGTH: Object = Object::closed(&[
    field("min", Type::Integer(1, MAX_INTEGER)).required(),
    field("max", Type::Integer(1, 128)).required(),
]);

static ATTRIBUTES: Object = Object::closed(&[
    field("email", Type::Object(&EMAIL)),
    field("phone_number", Type::Object(&PHONE_NUMBER)),
    field("username", Type::Object(&USERNAME)),
])
.at_least(1);

static EMAIL: Object = Object::closed(&[
    field(
        "identifier",
        Type::Object(&Object::closed(&[
            field("active", BOOL),
            field("default_method", one_of(&["password", "email_otp"])),
        ])),
    ),
    field("unique", BOOL),
    field("profile_required", BOOL),
    field("verification_method", one_of(&["link", "otp"])),
    field("signup", Type::Object(&VERIFIED_SIGNUP)),
]);
static PHONE_NUMBER: Object = Object::closed(&[
    field(
        "identifier",
        Type::Object(&Object::closed(&[
            field("active", BOOL),
            field("default_method", one_of(&["password", "phone_otp"])),
        ])),
    ),
    field("profile_required", BOOL),
    field("signup", Type::Object(&VERIFIED_SIGNUP)),
]);
static USERNAME: Object = Object::closed(&[
    field(
        "identifier",
        Type::Object(&Object::closed(&[field("active", BOOL)])),
    ),
    field("profile_required", BOOL),
    field(
        "signup",
        Type::Object(&Object::closed(&[field("status", SIGNUP)])),
    ),
    field(
        "validation",
        Type::Object(&Object::closed(&[
            field("min_length", Type::Integer(1, 128)),
            field("max_length", Type::Integer(1, 128)),
            field(
                "allowed_types",
                Type::Object(&Object::closed(&[
                    field("email", BOOL),
                    field("phone_number", BOOL),
                ])),
            ),
        ])),
    ),
]);
const SIGNUP: Type = one_of(&["required", "optional", "inactive"]);
static VERIFIED_SIGNUP: Object = Object::closed(&[
    field("status", SIGNUP),
    field(
        "verification",
        Type::Object(&Object::closed(&[field("active", BOOL)])),
    ),
]);

static CONFIGURATION: Object = Object::each(TEXT);
static SCRIPTS: Object = Object::open(&[
    field("login", WORD),
    field("get_user", WORD),
    field("delete", WORD),
    field("change_password", WORD),
    field("verify", WORD),
    field("create", WORD),
    field("change_username", WORD),
    field("change_email", WORD),
    field("change_phone_number", WORD),
]);

static METHODS: Object = Object::closed(&[
    field(
        "password",
        Type::Object(&Object::closed(&[
            field("enabled", BOOL),
            field("api_behavior", one_of(&["required", "optional"])),
            field("signup_behavior", one_of(&["allow", "block"])),
        ])),
    ),
    field("passkey", Type::Object(&ENABLED)),
    field("email_otp", Type::Object(&ENABLED)),
    field("phone_otp", Type::Object(&ENABLED)),
]);
static ENABLED: Object = Object::closed(&[field("enabled", BOOL)]);

static PASSKEYS: Object = Object::closed(&[
    field("challenge_ui", one_of(&["both", "autofill", "button"])),
    field("progressive_enrollment_enabled", BOOL),
    field("local_enrollment_enabled", BOOL),
]);

static MIN_LENGTH: Object = Object::closed(&[field("min_length", Type::Integer(1, 128))]);
static HISTORY: Object = Object::closed(&[
    field("enable", BOOL).required(),
    field("size", Type::Integer(0, 24)),
]);
static ENABLE: Object = Object::closed(&[field("enable", BOOL).required()]);
static DICTIONARY: Object = Object::closed(&[
    field("enable", BOOL).required(),
    field("dictionary", Type::List(&ENTRIES)),
]);
static ENTRIES: List = List::of(text(0, 50));

static GATEWAY: Object = Object::open(&[
    field("method", TEXT).required(),
    field("subject", TEXT),
    field("audience", TEXT).required(),
    field("secret", TEXT).required(),
    field("secret_base64_encoded", BOOL),
]);

static PASSWORD_OPTIONS: Object = Object::closed(&[
    field("complexity", Type::Object(&COMPLEXITY)),
    field(
        "dictionary",
        Type::Object(&Object::closed(&[
            field("active", BOOL),
            field("custom", Type::List(&ENTRIES)),
            field("default", one_of(&["en_10k", "en_100k"])),
        ])),
    ),
    field(
        "history",
        Type::Object(&Object::closed(&[
            field("active", BOOL),
            field("size", Type::Integer(1, 24)),
        ])),
    ),
    field(
        "profile_data",
        Type::Object(&Object::closed(&[
            field("active", BOOL),
            field("blocked_fields", Type::List(&BLOCKED)),
        ])),
    ),
]);
static BLOCKED: List = List::of(text(0, 100));

const ALLOW: Type = one_of(&["allow", "block"]);
static COMPLEXITY: Object = Object::closed(&[
    field("min_length", Type::Integer(1, 72)),
    field("character_types", Type::List(&CHARACTER_TYPES)),
    field("character_type_rule", one_of(&["all", "three_of_four"])),
    field("identical_characters", ALLOW),
    field("sequential_characters", ALLOW),
    field("max_length_exceeded", one_of(&["truncate", "error"])),
]);
static CHARACTER_TYPES: List = List::of(one_of(&["uppercase", "lowercase", "number", "special"]));

static DECRYPTION: Object = Object::closed(&[
    field("algorithm_profile", one_of(&["v2026-1"])).required(),
    field("algorithm_exceptions", Type::List(&List::of(text(1, 100)))),
]);
