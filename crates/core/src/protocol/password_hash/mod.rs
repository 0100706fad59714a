//! How a password is stored: one line per hash, the present one first, earlier ones after it (as
//! many as the connection's history asks for). Parsing only; the process computes.
//!
//! A line is a PHC string of Argon2 or PBKDF2, a bcrypt string, or, for what else can be imported
//! (management-api section 12), one JSON object: the `custom_password_hash` that was sent. Fast
//! digests are not kept: their value is replaced by an Argon2id hash of it (`argon2`).

mod argon;
mod custom;
mod import;
mod pbkdf2;
#[cfg(test)]
mod tests;

pub use argon::{Argon2Hash, Variant};
pub use custom::{Custom, Expected, Method, Salt, Sum, TextCoding};
pub use import::{Imported, Unusable, import};
pub use pbkdf2::Pbkdf2;

use cardea_jose::Secret;

/// What one hash costs: the parameters of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// The most that a stored hash may cost: a hash that was imported must not stop the server
/// (attack PASSWORD-21).
pub const MOST_MEMORY_KIB: u32 = 256 * 1024;

/// One line, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredHash {
    /// Ours, or an imported one of the same family.
    Argon2(Argon2Hash),
    /// `$2a$`, `$2b$`, `$2y$`.
    Bcrypt(String),
    /// `$pbkdf2-…`.
    Pbkdf2(Pbkdf2),
    /// Anything else that can be imported.
    Custom(Box<Custom>),
}

impl StoredHash {
    /// Reads one line.
    pub fn parse(line: &str) -> Option<Self> {
        if line.starts_with("$argon2") {
            return Argon2Hash::parse(line).map(Self::Argon2);
        }
        if line.starts_with("$2") {
            return import::is_bcrypt(line).then(|| Self::Bcrypt(line.to_owned()));
        }
        if line.starts_with("$pbkdf2-") {
            return Pbkdf2::parse(line).map(Self::Pbkdf2);
        }
        let object = cardea_jose::strict_object(line.as_bytes()).ok()?;
        Custom::parse(&object).ok().map(Box::new).map(Self::Custom)
    }

    /// Whether a login with this hash should store another one: it is not Argon2id of this cost.
    pub fn is_outdated(&self, cost: HashCost) -> bool {
        match self {
            Self::Argon2(hash) => hash.variant != Variant::Id || hash.cost != cost,
            Self::Bcrypt(_) | Self::Pbkdf2(_) | Self::Custom(_) => true,
        }
    }
}

/// The hashes of one user: the present one, then earlier ones, newest first.
pub fn lines(stored: &Secret<String>) -> impl Iterator<Item = &str> {
    stored.expose().lines()
}

/// What to store for a new hash: earlier ones stay as far as the history remembers them.
pub fn replaced(before: Option<&Secret<String>>, hash: &str, history: usize) -> Secret<String> {
    let mut kept = hash.to_owned();
    for line in before.into_iter().flat_map(lines).take(history) {
        kept.push('\n');
        kept.push_str(line);
    }
    Secret::new(kept)
}

/// What to store for the same password hashed anew: the history stays as it is.
pub fn rehashed(before: &Secret<String>, hash: &str) -> Secret<String> {
    let mut kept = hash.to_owned();
    for line in lines(before).skip(1) {
        kept.push('\n');
        kept.push_str(line);
    }
    Secret::new(kept)
}
