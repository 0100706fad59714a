//! `/prompts/{prompt}/custom-text/{language}`: a tenant's own words on its pages.

use serde_json::{Map, Value};

use super::branding::{kept, stored};
use super::call::{Call, Reply};
use super::error::ApiError;
use super::schema::{Mode, Object, Type, text};
use super::settings_table::LOCALES;
use super::validate::{body, free_data, query};
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

/// The longest text.
const MAX_TEXT: usize = 1000;
/// The most that all texts of a tenant take: they are in memory (attack MGMT-15).
const MAX_ALL: usize = 256 * 1024;

/// Replaces the words of a prompt in a language; none takes them back.
pub(super) fn put(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let (prompt, language) = named(call)?;
    let texts = body(call, &SCREENS, Mode::Create)?;
    free_data(texts, "")?;
    let mut all = stored(call, CUSTOM_TEXT);
    let languages = all.entry(prompt).or_insert_with(|| Map::new().into());
    if let Some(languages) = languages.as_object_mut() {
        if texts.is_empty() {
            languages.shift_remove(language);
        } else {
            languages.insert(language.to_owned(), texts.clone().into());
        }
    }
    all.retain(|_, languages| languages.as_object().is_some_and(|known| !known.is_empty()));
    let bytes = Value::Object(all.clone()).to_string().len();
    if bytes > MAX_ALL {
        return Err(ApiError::body(format!(
            "All custom text together is too large ({bytes} bytes), maximum {MAX_ALL}"
        )));
    }
    let reply = kept(call, CUSTOM_TEXT, all);
    Ok(Reply {
        body: Some(texts.clone().into()),
        ..reply
    })
}

/// Screens by name, with their texts by name.
pub(super) static SCREENS: Object = Object::each(Type::Object(&TEXTS));
static TEXTS: Object = Object::each(text(0, MAX_TEXT));

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
