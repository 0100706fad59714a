//! `addons`: settings of integrations. They are stored and shown; nothing acts on them yet.

use super::super::format::{AZURE_ACCOUNT, AZURE_BLOB, AZURE_CONTAINER, AZURE_KEY, URL};
use super::super::schema::{
    BOOL, COUNT, Field, List, MAX_INTEGER, OPEN, Object, TEXT, Type, WORDS, field, formed,
};

const INTEGER: Type = Type::Integer(-MAX_INTEGER, MAX_INTEGER);

const fn open(fields: &'static [Field]) -> Object {
    Object::open(fields)
}

pub(super) static ADDONS: Object = Object::closed(&[
    field("aws", Type::Object(&AWS)),
    field("azure_blob", Type::Object(&AZURE_BLOB_ADDON)),
    field("azure_sb", Type::Object(&AZURE_SB)),
    field("rms", Type::Object(&WITH_URL)),
    field("mscrm", Type::Object(&WITH_URL)),
    field("slack", Type::Object(&SLACK)),
    field("sentry", Type::Object(&SENTRY)),
    field("box", OPEN),
    field("cloudbees", OPEN),
    field("concur", OPEN),
    field("dropbox", OPEN),
    field("echosign", Type::Object(&WITH_DOMAIN)),
    field("egnyte", Type::Object(&WITH_DOMAIN)),
    field("firebase", Type::Object(&FIREBASE)),
    field("newrelic", Type::Object(&WITH_ACCOUNT)),
    field("office365", Type::Object(&OFFICE)),
    field("salesforce", Type::Object(&SALESFORCE)),
    field("salesforce_api", Type::Object(&SALESFORCE_API)),
    field("salesforce_sandbox_api", Type::Object(&SALESFORCE_API)),
    field("samlp", Type::Object(&SAMLP)),
    field("layer", Type::Object(&LAYER)),
    field("sap_api", Type::Object(&SAP)),
    field("sharepoint", Type::Object(&SHAREPOINT)),
    field("springcm", Type::Object(&SPRINGCM)),
    field("wams", Type::Object(&WAMS)),
    field("wsfed", OPEN),
    field("zendesk", Type::Object(&ZENDESK)),
    field("zoom", Type::Object(&WITH_ACCOUNT)),
    field("sso_integration", Type::Object(&SSO_INTEGRATION)),
    field("oag", Type::Object(&NOTHING)).null(),
]);

static NOTHING: Object = Object::closed(&[]);
static WITH_URL: Object = open(&[field("url", formed(URL)).required()]);
static WITH_DOMAIN: Object = open(&[field("domain", TEXT)]);
static WITH_ACCOUNT: Object = open(&[field("account", TEXT)]);
static SLACK: Object = open(&[field("team", TEXT).required()]);
static SENTRY: Object = open(&[field("org_slug", TEXT), field("base_url", TEXT)]);
static OFFICE: Object = open(&[field("domain", TEXT), field("connection", TEXT)]);
static SALESFORCE: Object = open(&[field("entity_id", formed(URL))]);
static SPRINGCM: Object = open(&[field("acsurl", TEXT)]);
static WAMS: Object = open(&[field("masterkey", TEXT)]);
static ZENDESK: Object = open(&[field("accountName", TEXT)]);
static SSO_INTEGRATION: Object = open(&[field("name", TEXT), field("version", TEXT)]);

static AWS: Object = open(&[
    field("principal", TEXT),
    field("role", TEXT),
    field("lifetime_in_seconds", Type::Integer(900, 43_200)),
]);

static AZURE_BLOB_ADDON: Object = open(&[
    field("accountName", formed(AZURE_ACCOUNT)),
    field("storageAccessKey", formed(AZURE_KEY)),
    field("containerName", formed(AZURE_CONTAINER)),
    field("blobName", formed(AZURE_BLOB)),
    field("expiration", COUNT),
    field("signedIdentifier", TEXT),
    field("blob_read", BOOL),
    field("blob_write", BOOL),
    field("blob_delete", BOOL),
    field("container_read", BOOL),
    field("container_write", BOOL),
    field("container_delete", BOOL),
    field("container_list", BOOL),
]);

static AZURE_SB: Object = open(&[
    field("namespace", TEXT),
    field("sasKeyName", TEXT),
    field("sasKey", TEXT),
    field("entityPath", TEXT),
    field("expiration", INTEGER),
]);

static FIREBASE: Object = open(&[
    field("secret", TEXT),
    field("private_key_id", TEXT),
    field("private_key", TEXT),
    field("client_email", TEXT),
    field("lifetime_in_seconds", INTEGER),
]);

static SALESFORCE_API: Object = open(&[
    field("clientid", TEXT),
    field("principal", TEXT),
    field("communityName", TEXT),
    field("community_url_section", TEXT),
]);

static SAMLP: Object = open(&[
    field("mappings", OPEN),
    field("audience", TEXT),
    field("recipient", TEXT),
    field("createUpnClaim", BOOL),
    field("mapUnknownClaimsAsIs", BOOL),
    field("passthroughClaimsWithNoMapping", BOOL),
    field("mapIdentities", BOOL),
    field("signatureAlgorithm", TEXT),
    field("digestAlgorithm", TEXT),
    field("issuer", TEXT),
    field("destination", TEXT),
    field("lifetimeInSeconds", INTEGER),
    field("signResponse", BOOL),
    field("nameIdentifierFormat", TEXT),
    field("nameIdentifierProbes", WORDS),
    field("authnContextClassRef", TEXT),
]);

static LAYER: Object = open(&[
    field("providerId", TEXT).required(),
    field("keyId", TEXT).required(),
    field("privateKey", TEXT).required(),
    field("principal", TEXT),
    field("expiration", COUNT),
]);

static SAP: Object = open(&[
    field("clientid", TEXT),
    field("usernameAttribute", TEXT),
    field("tokenEndpointUrl", formed(URL)),
    field("scope", TEXT),
    field("servicePassword", TEXT),
    field("nameIdentifierFormat", TEXT),
]);

static SHAREPOINT: Object = open(&[
    field("url", TEXT),
    field("external_url", Type::TextOrList(&List::of(TEXT))),
]);
