//! `/prompts/{prompt}/custom-text/{language}`: a tenant's own words on its pages.

use serde_json::{Map, Value};

use super::branding::stored;
use super::call::{Call, Reply};
use super::error::ApiError;
use super::settings_table::LOCALES;
use super::validate::query;
use crate::model::CUSTOM_TEXT;
use crate::random::Random;

/// The groups of screens that have words.
#[rustfmt::skip]
const PROMPTS: &[&str] = &[
    "login", "login-id", "login-password", "login-passwordless", "login-email-verification",
    "signup", "signup-id", "signup-password", "phone-identifier-enrollment",
    "phone-identifier-challenge", "email-identifier-challenge", "reset-password", "custom-form",
    "consent", "customized-consent", "logout", "mfa-push", "mfa-otp", "mfa-voice", "mfa-phone",
    "mfa-webauthn", "mfa-sms", "mfa-email", "mfa-recovery-code", "mfa", "status", "device-flow",
    "email-verification", "email-otp-challenge", "organizations", "invitation", "common",
    "passkeys", "captcha", "brute-force-protection", "async-approval-flow", "confirmation",
];

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let (prompt, language) = named(call)?;
    let all = stored(call, CUSTOM_TEXT);
    let texts = all.get(prompt).and_then(|prompt| prompt.get(language));
    let texts = texts.and_then(Value::as_object).cloned();
    Ok(Reply::ok(texts.unwrap_or_else(Map::new)))
}

fn named<'c>(call: &'c Call<'_>) -> Result<(&'c str, &'c str), ApiError> {
    let (prompt, language) = (call.path.get("prompt"), call.path.get("language"));
    if !PROMPTS.contains(&prompt) {
        return Err(ApiError::path(prompt, "prompt (Name of the prompt)"));
    }
    if !LOCALES.contains(&language) {
        return Err(ApiError::path(language, "language (Language to update)"));
    }
    Ok((prompt, language))
}
