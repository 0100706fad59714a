//! What a password must be: the connection's options (management-api section 10), and what nobody
//! should choose.

mod common;
mod rules;
#[cfg(test)]
mod tests;

pub use rules::{Class, Complexity, Demand, Report, report};

use serde_json::{Map, Value, json};

use super::profile;
use crate::model::{Document, Profile, fold};

/// The longest password, in characters. Longer ones are refused before anything is computed, and
/// nothing is ever cut (attack PASSWORD-18).
pub const MOST_CHARACTERS: usize = 128;
/// Shorter pieces of what is known of a person are found in every password.
const SHORTEST_PIECE: usize = 4;

/// A connection's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Length and characters.
    pub complexity: Complexity,
    /// How many earlier passwords are remembered.
    pub history: usize,
    /// Words that are refused beside the common ones; `None`: common ones are not looked for.
    pub dictionary: Option<Vec<String>>,
    /// Members of the user that must not stand in the password; `None`: not looked for.
    pub personal: Option<Vec<String>>,
    /// The least [`Facts::score`].
    pub least_score: u8,
}

/// What is known when a password is chosen.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// `email`, `username`, `phone_number`, `name`, `nickname`, … of the user.
    pub user: Map<String, Value>,
    /// Words of the place: the tenant's name, the application's.
    pub words: Vec<&'a str>,
    /// How hard it is to guess, 0 to 4, where that was estimated (zxcvbn).
    pub score: Option<u8>,
    /// Whether it is the present one or one of the remembered.
    pub reused: bool,
}

/// Why a password cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordFault {
    /// It has more than [`MOST_CHARACTERS`].
    TooLong,
    /// It does not fit the rules; the report says which.
    Weak(Box<Report>),
    /// It is among those that are tried first.
    Common,
    /// It holds what is known of the user, or of the place.
    Personal,
    /// The user had it before.
    Reused,
    /// It fits the rules, but is easy to guess.
    Guessable,
}

impl Policy {
    /// Reads a connection's document. The profile adds its floor.
    pub fn of(connection: &Document, profile: Profile) -> Self {
        let floor = profile::password_floor(profile);
        let at = |path: &[&str]| connection.nested(path);
        let flag = |path: &[&str]| at(path).and_then(Value::as_bool);
        let size = |path: &[&str]| {
            let size = at(path).and_then(Value::as_u64);
            size.and_then(|size| usize::try_from(size).ok())
        };
        let words = |path: &[&str]| -> Vec<String> {
            let list = at(path).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(fold).collect()
        };
        let new = ["options", "password_options"];
        let [options, inner] = new;
        let history = if flag(&[options, inner, "history", "active"]) == Some(true) {
            size(&[options, inner, "history", "size"]).unwrap_or(3)
        } else if flag(&[options, "password_history", "enable"]) == Some(true) {
            size(&[options, "password_history", "size"]).unwrap_or(5)
        } else {
            0
        };
        let dictionary = if flag(&[options, inner, "dictionary", "active"]) == Some(true) {
            Some(words(&[options, inner, "dictionary", "custom"]))
        } else if flag(&[options, "password_dictionary", "enable"]) == Some(true) {
            Some(words(&[options, "password_dictionary", "dictionary"]))
        } else {
            floor.refuses_common.then(Vec::new)
        };
        let personal = if flag(&[options, inner, "profile_data", "active"]) == Some(true) {
            Some(words(&[options, inner, "profile_data", "blocked_fields"]))
        } else if flag(&[options, "password_no_personal_info", "enable"]) == Some(true)
            || floor.refuses_common
        {
            Some(Vec::new())
        } else {
            None
        };
        Self {
            complexity: Complexity::of(connection, floor.least_length),
            history: history.min(24),
            dictionary,
            personal,
            least_score: floor.least_score,
        }
    }

    /// Looks at a password that somebody wants to have. The order is Auth0's: rules, dictionary,
    /// personal data, history.
    pub fn check(&self, password: &str, facts: &Facts<'_>) -> Result<(), PasswordFault> {
        if password.chars().count() > MOST_CHARACTERS {
            return Err(PasswordFault::TooLong);
        }
        let report = report(&self.complexity, password);
        if !report.verified {
            return Err(PasswordFault::Weak(Box::new(report)));
        }
        let folded = password.to_lowercase();
        if let Some(words) = &self.dictionary
            && (common::is_common(&folded) || words.contains(&folded))
        {
            return Err(PasswordFault::Common);
        }
        if let Some(fields) = &self.personal
            && is_personal(&folded, fields, facts)
        {
            return Err(PasswordFault::Personal);
        }
        if facts.reused {
            return Err(PasswordFault::Reused);
        }
        if facts.score.is_some_and(|score| score < self.least_score) {
            return Err(PasswordFault::Guessable);
        }
        Ok(())
    }
}

/// Attack PASSWORD-17: what an attacker knows of the user is tried first.
fn is_personal(password: &str, fields: &[String], facts: &Facts<'_>) -> bool {
    let mut known: Vec<String> = facts.words.iter().map(|word| fold(word)).collect();
    for (name, value) in &facts.user {
        let wanted = fields.is_empty() || fields.iter().any(|field| field == name);
        if let Some(text) = value.as_str().filter(|_| wanted) {
            let text = fold(text);
            if let Some((local, _)) = text.split_once('@') {
                known.push(local.to_owned());
            }
            known.extend(text.split_whitespace().map(ToOwned::to_owned));
            known.push(text);
        }
        for (inner, value) in value.as_object().into_iter().flatten() {
            let path = format!("{name}.{inner}");
            if fields.contains(&path)
                && let Some(text) = value.as_str()
            {
                known.push(fold(text));
            }
        }
    }
    known
        .iter()
        .filter(|piece| piece.chars().count() >= SHORTEST_PIECE)
        .any(|piece| password.contains(piece.as_str()))
}

impl PasswordFault {
    /// For the log: nothing of the password.
    pub const fn why(&self) -> &'static str {
        match self {
            Self::TooLong => "the password is too long",
            Self::Weak(_) => "the password does not fit the rules",
            Self::Common => "the password is too common",
            Self::Personal => "the password holds what is known of the user",
            Self::Reused => "the user had this password before",
            Self::Guessable => "the password is easy to guess",
        }
    }

    /// The answer of `/dbconnections/signup` (auth-semantics 8.4).
    pub fn signup_body(&self) -> Value {
        match self {
            Self::Weak(report) => json!({
                "name": "PasswordStrengthError",
                "message": "Password is too weak",
                "code": "invalid_password",
                "description": report.to_json(),
                "policy": report.policy(),
                "statusCode": 400,
            }),
            Self::TooLong => strength("Password is too long"),
            Self::Guessable => strength("Password is too easy to guess"),
            Self::Common => json!({
                "name": "PasswordDictionaryError",
                "message": "Password is too common",
                "code": "password_dictionary_error",
                "description": "Password is not allowed, it might be too common.",
                "statusCode": 400,
            }),
            Self::Personal => json!({
                "name": "PasswordNoUserInfoError",
                "message": "Password contains user information",
                "code": "password_no_user_info_error",
                "description": "Password is not allowed, it contains user information.",
                "statusCode": 400,
            }),
            Self::Reused => json!({
                "name": "PasswordHistoryError",
                "message": "Password has previously been used",
                "code": "invalid_password",
                "description": "Password has previously been used",
                "statusCode": 400,
            }),
        }
    }

    /// The message of the Management API's error `PasswordStrengthError: …`.
    pub fn management_message(&self) -> String {
        let body = self.signup_body();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{}: {}", text("name"), text("message"))
    }
}

fn strength(message: &str) -> Value {
    json!({
        "name": "PasswordStrengthError",
        "message": message,
        "code": "password_strength_error",
        "description": message,
        "statusCode": 400,
    })
}
