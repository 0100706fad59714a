//! Parameters of an authorization request with a grammar of their own.

use std::collections::BTreeSet;

use cardea_jose::strict_object;
use serde_json::{Map, Value};

use super::refusal::Refused;
use crate::id::UserId;
use crate::protocol::user_grant::ClaimsAsked;

/// A value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// Nothing may be shown.
    None,
    /// Log in again.
    Login,
    /// Consent again.
    Consent,
    /// Choose the account again.
    SelectAccount,
}

/// Reads `prompt`. Words that nobody knows are left out; `none` stands alone (attack AUTHZ-32).
pub fn prompt(text: &str) -> Result<BTreeSet<Prompt>, Refused> {
    let words: BTreeSet<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    if words.contains("none") && words.len() > 1 {
        return Err(Refused::PromptNone);
    }
    let known = words.into_iter().filter_map(|word| match word {
        "none" => Some(Prompt::None),
        "login" => Some(Prompt::Login),
        "consent" => Some(Prompt::Consent),
        "select_account" => Some(Prompt::SelectAccount),
        _ => None,
    });
    Ok(known.collect())
}

/// Reads `max_age`: seconds, digits alone (attack AUTHZ-34).
pub fn max_age(text: &str) -> Result<i64, Refused> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = digits.then(|| text.parse().ok()).flatten();
    seconds.ok_or(Refused::Invalid("max_age"))
}

/// `screen_hint`: where a person who is not logged in begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenHint {
    /// At the login.
    Login,
    /// At the sign-up.
    Signup,
    /// Where a forgotten password is reset.
    ResetPassword,
}

impl ScreenHint {
    /// Reads `screen_hint`; words that nobody knows are no hint.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "login" => Some(Self::Login),
            "signup" => Some(Self::Signup),
            "reset-password" => Some(Self::ResetPassword),
            _ => None,
        }
    }
}

/// Whether it is a challenge that S256 can give: 32 bytes in base64url (RFC 7636 4.2).
pub fn is_s256(challenge: &str) -> bool {
    cardea_jose::b64::decode(challenge).is_ok_and(|digest| digest.len() == 32)
}

/// The longest `claims`, in bytes (attack AUTHZ-52).
const MAX_CLAIMS: usize = 8192;

/// Claims that can be asked for by name, each with the scope that covers it. Nothing else is
/// ever released (attack AUTHZ-52).
pub const CLAIMS: [(&str, &str); 22] = [
    ("name", "profile"),
    ("family_name", "profile"),
    ("given_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("address", "address"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
    ("auth_time", "openid"),
    ("acr", "openid"),
    ("amr", "openid"),
];

/// The `claims` parameter (OIDC Core 5.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimsParameter {
    /// The claims by name.
    pub asked: ClaimsAsked,
    /// `sub` with a value: the user that it must be.
    pub user: Option<UserId>,
    /// The authentication contexts of which one is essential.
    pub essential_acr: Option<Vec<String>>,
}

impl ClaimsParameter {
    /// Reads it. Claims that nobody knows are left out.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        if text.len() > MAX_CLAIMS {
            return Err(Refused::TooLong("claims"));
        }
        let invalid = || Refused::Invalid("claims");
        let object = strict_object(text.as_bytes()).map_err(|_| invalid())?;
        if object.values().any(|value| depth(value) > 7) {
            return Err(invalid());
        }
        let part = |name: &str| match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(invalid()),
        };
        let (id_token, userinfo) = (part("id_token")?, part("userinfo")?);
        let both = || [id_token, userinfo].into_iter().flatten();
        let sub = both().find_map(|claims| claims.get("sub")?.get("value")?.as_str());
        Ok(Self {
            user: sub
                .map(|sub| UserId::parse(sub).ok_or_else(invalid))
                .transpose()?,
            essential_acr: both().find_map(essential_acr),
            asked: ClaimsAsked {
                id_token: id_token.map(names).unwrap_or_default(),
                userinfo: userinfo.map(names).unwrap_or_default(),
            },
        })
    }
}

fn names(claims: &Map<String, Value>) -> Vec<String> {
    let known = |name: &&String| CLAIMS.iter().any(|(claim, _)| claim == name);
    claims.keys().filter(known).cloned().collect()
}

fn essential_acr(claims: &Map<String, Value>) -> Option<Vec<String>> {
    let acr = claims.get("acr")?;
    if acr.get("essential").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let values = acr.get("values").and_then(Value::as_array);
    let all = values.into_iter().flatten().chain(acr.get("value"));
    let texts: Vec<String> = all
        .filter_map(|value| value.as_str().map(ToOwned::to_owned))
        .collect();
    // an essential acr without a value is satisfied by any
    (!texts.is_empty()).then_some(texts)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
