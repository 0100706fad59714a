//! By which names people are known, and what the reference makes of them.

use md5::{Digest as _, Md5};
use serde_json::Value;

use crate::model::{Document, User, fold};

/// Names of people who run things: nobody signs up as one of them (attack SIGNUP-05).
const RESERVED: [&str; 14] = [
    "admin",
    "administrator",
    "root",
    "system",
    "support",
    "security",
    "postmaster",
    "webmaster",
    "hostmaster",
    "abuse",
    "help",
    "info",
    "noreply",
    "null",
];

/// One `@` between a name and a host, nothing that could end a header or a command (attack
/// SIGNUP-07; RFC 5321 4.5.3.1: 254 characters).
pub fn is_email(text: &str) -> bool {
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>,;:\\\"[]".contains(c);
    let host = |host: &str| host.split('.').all(|label| !label.is_empty());
    text.len() <= 254
        && text.chars().all(legal)
        && text.split_once('@').is_some_and(|(user, at)| {
            !user.is_empty() && user.len() <= 64 && !at.contains('@') && host(at)
        })
}

/// E.164.
pub fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Why a username cannot be chosen.
pub fn username_fault(connection: &Document, name: &str) -> Option<&'static str> {
    let reserved = || {
        RESERVED
            .contains(&fold(name).as_str())
            .then_some("it is reserved")
    };
    username_flaw(connection, name).or_else(reserved)
}

/// Why a username cannot be given, whoever gives it. ASCII alone, so that no two look the same; and
/// none that reads as an address or a number, which could be another user's (attack SIGNUP-05).
pub fn username_flaw(connection: &Document, name: &str) -> Option<&'static str> {
    let limit = |classic: &str, attribute: &str, default: usize| {
        let found = connection
            .nested(&["options", "validation", "username", classic])
            .or_else(|| {
                let path = ["options", "attributes", "username", "validation", attribute];
                connection.nested(&path)
            });
        let found = found.and_then(Value::as_u64);
        found
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(default)
    };
    let length = name.chars().count();
    if length < limit("min", "min_length", 1) || length > limit("max", "max_length", 15) {
        return Some("its length");
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || "_+-.!#$'^`~@".contains(c);
    if !name.chars().all(legal) {
        return Some("its characters");
    }
    if is_email(name) || is_phone(name) {
        return Some("it reads as an address or a number");
    }
    None
}

/// What the reference fills in: a name, a nickname and a picture.
pub fn fill_profile(user: &mut User) {
    let names = [&user.email, &user.username, &user.phone_number];
    let identifier = names.into_iter().find_map(Clone::clone).unwrap_or_default();
    let local = identifier.split('@').next().unwrap_or_default();
    let picture = picture(&identifier);
    let mut put = |name: &str, value: &str| {
        if !user.profile.contains_key(name) {
            user.profile.insert(name.to_owned(), value.into());
        }
    };
    put("name", &identifier);
    put("nickname", local);
    put("picture", &picture);
}

/// The reference's default picture. MD5 names a picture there and protects nothing.
fn picture(identifier: &str) -> String {
    let folded = fold(identifier);
    let digest = Md5::digest(folded.as_bytes());
    let hex = digest.iter().fold(String::new(), |mut hex, byte| {
        hex.extend(
            [byte >> 4, byte & 15]
                .map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or_default()),
        );
        hex
    });
    let letters: String = folded
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(2)
        .collect();
    format!(
        "https://s.gravatar.com/avatar/{hex}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F{letters}.png"
    )
}
