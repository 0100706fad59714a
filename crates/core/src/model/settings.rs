//! Tenant settings, as far as a decision reads them.

use serde_json::Value;

use super::{Brand, Corrupt, Document};
use crate::id::ApiIdentifier;

/// Which request parameter names the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceParameter {
    /// `audience` alone.
    Audience,
    /// `audience`, or RFC 8707's `resource` where it is absent.
    Compatibility,
}

/// How long sessions live, in seconds. The contract has hours, which may be fractions, and
/// minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// From login to the end.
    pub absolute: i64,
    /// Without use to the end.
    pub idle: i64,
}

/// `error_page`: where people see errors that no application gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorPageSettings {
    /// A page elsewhere that gets the error in its query.
    pub url: Option<String>,
    /// Whether our page links to the log.
    pub show_log_link: bool,
}

/// What the tenant says of logins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the contract"
)]
pub struct LoginSettings {
    /// Sessions whose cookie outlives the browser.
    pub persistent: SessionLifetimes,
    /// Sessions that end with the browser.
    pub ephemeral: SessionLifetimes,
    /// `session_cookie.mode`: which of the two is made.
    pub persistent_cookie: bool,
    /// Whether the identifier is asked before the password.
    pub identifier_first: bool,
    /// `default_directory`: the connection of the password grant.
    pub default_directory: Option<String>,
    /// `default_redirection_uri`: where a login that has lost its way is sent.
    pub default_redirection_uri: Option<String>,
    /// `skip_non_verifiable_callback_uri_confirmation_prompt`.
    pub skip_confirmation: Option<bool>,
    /// `flags.use_scope_descriptions_for_consent`.
    pub describes_scopes: bool,
    /// `sessions.oidc_logout_prompt_enabled`.
    pub logout_prompt: bool,
    /// `allowed_logout_urls`: where a logout without an application may lead.
    pub allowed_logout_urls: Vec<String>,
    /// `flags.revoke_refresh_token_grant`.
    pub revokes_consent_with_token: bool,
    /// `enabled_locales`; the first is the default.
    pub locales: Vec<String>,
    /// The error page.
    pub error_page: ErrorPageSettings,
}

/// The parsed settings document.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Used where a request names no API.
    pub default_audience: Option<ApiIdentifier>,
    /// How RFC 8707's `resource` is read.
    pub resource_parameter: ResourceParameter,
    /// Whether `iss` stands in authorization responses (RFC 9207).
    pub authorization_response_iss: bool,
    /// Whether JWKS entries leave `alg` out.
    pub remove_alg_from_jwks: bool,
    /// `acr_values_supported` for discovery.
    pub acr_values_supported: Vec<String>,
    /// Whether discovery names an `end_session_endpoint`.
    pub end_session_discovery: bool,
    /// What concerns logins.
    pub login: LoginSettings,
    /// How pages look.
    pub brand: Brand,
}

impl Settings {
    /// The document's id.
    pub const ID: &'static str = "settings";

    /// Reads the document.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let audience = document
            .text_or_none("default_audience")?
            .filter(|text| !text.is_empty());
        let profile = document.text_or_none("resource_parameter_profile")?;
        Ok(Self {
            default_audience: audience
                .map(|text| {
                    ApiIdentifier::parse(text).ok_or_else(|| document.corrupt("default_audience"))
                })
                .transpose()?,
            resource_parameter: match profile {
                None | Some("compatibility") => ResourceParameter::Compatibility,
                Some("audience") => ResourceParameter::Audience,
                Some(_) => return Err(document.corrupt("resource_parameter_profile")),
            },
            authorization_response_iss: document
                .flag("authorization_response_iss_parameter_supported", false)?,
            remove_alg_from_jwks: bool_at(document, &["flags", "remove_alg_from_jwks"], false),
            acr_values_supported: document
                .texts("acr_values_supported")?
                .into_iter()
                .map(ToOwned::to_owned)
                .collect(),
            end_session_discovery: bool_at(
                document,
                &["oidc_logout", "rp_logout_end_session_endpoint_discovery"],
                true,
            ),
            login: login(document)?,
            brand: Brand::from_settings(document)?,
        })
    }
}

fn login(document: &Document) -> Result<LoginSettings, Corrupt> {
    let text = |path: &[&str]| {
        let value = document.nested(path).and_then(Value::as_str);
        value.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    };
    let list = |member| -> Result<Vec<String>, Corrupt> {
        let texts = document.texts(member)?;
        Ok(texts.into_iter().map(ToOwned::to_owned).collect())
    };
    Ok(LoginSettings {
        persistent: SessionLifetimes {
            absolute: lifetime(document, "session_lifetime", 168)?,
            idle: lifetime(document, "idle_session_lifetime", 72)?,
        },
        ephemeral: SessionLifetimes {
            absolute: lifetime(document, "ephemeral_session_lifetime", 72)?,
            idle: lifetime(document, "idle_ephemeral_session_lifetime", 24)?,
        },
        persistent_cookie: text(&["session_cookie", "mode"]).as_deref() != Some("non-persistent"),
        identifier_first: bool_at(document, &["prompts", "identifier_first"], false),
        default_directory: text(&["default_directory"]),
        default_redirection_uri: text(&["default_redirection_uri"]),
        skip_confirmation: document
            .nested(&["skip_non_verifiable_callback_uri_confirmation_prompt"])
            .and_then(Value::as_bool),
        describes_scopes: bool_at(
            document,
            &["flags", "use_scope_descriptions_for_consent"],
            false,
        ),
        logout_prompt: bool_at(document, &["sessions", "oidc_logout_prompt_enabled"], true),
        allowed_logout_urls: list("allowed_logout_urls")?,
        revokes_consent_with_token: bool_at(
            document,
            &["flags", "revoke_refresh_token_grant"],
            false,
        ),
        locales: list("enabled_locales")?,
        error_page: ErrorPageSettings {
            url: text(&["error_page", "url"]),
            show_log_link: bool_at(document, &["error_page", "show_log_link"], false),
        },
    })
}

/// Minutes where `<member>_in_minutes` is there, else hours; both may be fractions.
fn lifetime(document: &Document, member: &'static str, hours: u32) -> Result<i64, Corrupt> {
    let figure = |name: &str, unit: f64| {
        let value = document.body.get(name).filter(|value| !value.is_null());
        value.map(|value| {
            let seconds = value.as_f64().and_then(|figure| seconds(figure * unit));
            seconds.ok_or_else(|| document.corrupt(member))
        })
    };
    figure(&format!("{member}_in_minutes"), 60.0)
        .or_else(|| figure(member, 3600.0))
        .unwrap_or_else(|| Ok(i64::from(hours) * 3600))
}

/// A positive figure that a lifetime can be, in whole seconds.
fn seconds(figure: f64) -> Option<i64> {
    const TEN_YEARS: f64 = 315_360_000.0;
    let whole = figure.round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and between one and ten years of seconds"
    )]
    (1.0..=TEN_YEARS).contains(&whole).then_some(whole as i64)
}

fn bool_at(document: &Document, path: &[&str], default: bool) -> bool {
    document
        .nested(path)
        .and_then(Value::as_bool)
        .unwrap_or(default)
}
