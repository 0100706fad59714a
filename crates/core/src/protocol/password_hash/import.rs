//! Hashes of other systems, as `users-imports` takes them (management-api section 12).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Argon2Hash, Custom, Expected, Method, Pbkdf2, Salt, Sum, TextCoding};

/// Costs beyond are refused: 31 would take days (attack PASSWORD-21).
const MOST_BCRYPT_COST: u32 = 14;

/// A hash that cannot be imported; says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable(pub &'static str);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unusable {}

/// A hash that can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The line to store.
    Line(String),
    /// A fast digest: the process hashes its value ([`Custom::hashed`]) before it is stored.
    Weak(Box<Custom>),
}

/// Reads `password_hash` (text: bcrypt) or `custom_password_hash` (an object).
pub fn import(value: &Value) -> Result<Imported, Unusable> {
    match value {
        Value::String(text) => bcrypt(text),
        Value::Object(object) => {
            let algorithm = object.get("algorithm").and_then(Value::as_str);
            let hash = value.pointer("/hash/value").and_then(Value::as_str);
            let hash = hash.ok_or(Unusable("hash.value is missing"))?;
            let has_salt = object.get("salt").is_some_and(|salt| !salt.is_null());
            let encoding = value.pointer("/password/encoding").and_then(Value::as_str);
            let coding = TextCoding::parse(encoding)?;
            match algorithm {
                Some("argon2" | "pbkdf2") if has_salt => Err(Unusable("salt is not allowed here")),
                Some("argon2" | "pbkdf2" | "bcrypt") if coding != TextCoding::Utf8 => {
                    Err(Unusable("password.encoding must be utf8 here"))
                }
                Some("argon2") => {
                    let parsed = Argon2Hash::parse(hash);
                    let parsed =
                        parsed.ok_or(Unusable("hash.value is no Argon2 string of sane cost"))?;
                    Ok(Imported::Line(parsed.to_string()))
                }
                Some("pbkdf2") => match Pbkdf2::parse(hash) {
                    Some(_) => Ok(Imported::Line(hash.to_owned())),
                    None => Err(Unusable("hash.value is no PBKDF2 string that is supported")),
                },
                Some("bcrypt") if !has_salt => bcrypt(hash),
                Some("ldap") => ldap(hash, coding),
                Some(_) | None => {
                    if algorithm == Some("bcrypt") {
                        bcrypt(hash)?;
                    }
                    let custom = Custom::parse(object)?;
                    Ok(if custom.is_weak() {
                        Imported::Weak(Box::new(custom))
                    } else {
                        Imported::Line(custom.line())
                    })
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(Unusable("the hash is neither a text nor an object"))
        }
    }
}

fn bcrypt(text: &str) -> Result<Imported, Unusable> {
    if is_bcrypt(text) {
        Ok(Imported::Line(text.to_owned()))
    } else {
        Err(Unusable(
            "the hash is no bcrypt string of a cost from 4 to 14",
        ))
    }
}

/// `$2b$10$` and 53 characters.
pub(super) fn is_bcrypt(text: &str) -> bool {
    let rest = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let Some((cost, rest)) = rest.and_then(|rest| rest.split_once('$')) else {
        return false;
    };
    let cost = cost.parse::<u32>().ok().filter(|_| cost.len() == 2);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    cost.is_some_and(|cost| (4..=MOST_BCRYPT_COST).contains(&cost))
        && rest.len() == 53
        && rest.bytes().all(legal)
}

/// RFC 2307: `{SSHA}` and the base64 of the digest and the salt after it.
fn ldap(text: &str, coding: TextCoding) -> Result<Imported, Unusable> {
    let bad = Unusable("hash.value is no LDAP password that is supported");
    let scheme = text.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let (name, value) = scheme.ok_or(bad)?;
    let name = name.to_ascii_lowercase();
    let (salted, sum) = match name.as_str() {
        "sha" => (false, Some(Sum::Sha1)),
        "ssha" => (true, Some(Sum::Sha1)),
        "smd5" => (true, Some(Sum::Md5)),
        plain => match plain
            .strip_prefix('s')
            .and_then(|rest| rest.strip_prefix("sha"))
        {
            Some(bits) => (true, Sum::parse(&format!("sha{bits}"))),
            None => (false, Sum::parse(plain)),
        },
    };
    let sum = sum.ok_or(bad)?;
    let mut digest = STANDARD.decode(value).map_err(|_| bad)?;
    if digest.len() < sum.length() || salted == (digest.len() == sum.length()) {
        return Err(bad);
    }
    let salt = digest.split_off(sum.length());
    if salt.len() > 128 {
        return Err(bad);
    }
    Ok(Imported::Weak(Box::new(Custom {
        method: Method::Sum(
            sum,
            salted.then_some(Salt {
                value: salt,
                after: true,
            }),
        ),
        text: coding,
        expected: Expected::Bytes(digest),
    })))
}
