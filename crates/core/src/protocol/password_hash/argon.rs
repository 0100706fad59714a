//! The PHC string of Argon2 (RFC 9106): `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{HashCost, MOST_MEMORY_KIB};

/// Which Argon2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// `argon2d`.
    D,
    /// `argon2i`.
    I,
    /// `argon2id`.
    Id,
}

impl Variant {
    const ALL: [(Self, &'static str); 3] = [
        (Self::D, "argon2d"),
        (Self::I, "argon2i"),
        (Self::Id, "argon2id"),
    ];
}

/// A hash with all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argon2Hash {
    /// Which Argon2.
    pub variant: Variant,
    /// Version 1.3 (`v=19`), else 1.0.
    pub version_13: bool,
    /// Its parameters.
    pub cost: HashCost,
    /// The salt.
    pub salt: Vec<u8>,
    /// The hash.
    pub hash: Vec<u8>,
}

impl Argon2Hash {
    /// Reads a PHC string. Parameters beyond any sense are refused (attack PASSWORD-21).
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let name = parts.next()?;
        let (variant, _) = Variant::ALL.into_iter().find(|(_, word)| *word == name)?;
        let mut part = parts.next()?;
        let version_13 = match part.strip_prefix("v=") {
            Some("19") => true,
            Some("16") | None => false,
            Some(_) => return None,
        };
        if part.starts_with("v=") {
            part = parts.next()?;
        }
        let cost = cost(part)?;
        let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let hash = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let fits = (8..=64).contains(&salt.len()) && (10..=128).contains(&hash.len());
        (fits && parts.next().is_none()).then_some(Self {
            variant,
            version_13,
            cost,
            salt,
            hash,
        })
    }
}

fn cost(text: &str) -> Option<HashCost> {
    let mut cost = HashCost {
        memory_kib: 0,
        passes: 0,
        lanes: 0,
    };
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=')?;
        let value: u32 = value.parse().ok()?;
        match name {
            "m" => cost.memory_kib = value,
            "t" => cost.passes = value,
            "p" => cost.lanes = value,
            _ => return None,
        }
    }
    let HashCost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    let sane = (1..=16).contains(&lanes)
        && (1..=16).contains(&passes)
        && memory_kib >= 8 * lanes
        && memory_kib <= MOST_MEMORY_KIB
        // all in all not more than four times the highest cost of our own
        && u64::from(memory_kib) * u64::from(passes) <= 4 * 3 * 64 * 1024;
    sane.then_some(cost)
}

impl fmt::Display for Argon2Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Variant::ALL
            .into_iter()
            .find(|(variant, _)| *variant == self.variant);
        let HashCost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        write!(
            f,
            "${}$v={}$m={memory_kib},t={passes},p={lanes}${}${}",
            name.map_or("argon2id", |(_, word)| word),
            if self.version_13 { 19 } else { 16 },
            STANDARD_NO_PAD.encode(&self.salt),
            STANDARD_NO_PAD.encode(&self.hash),
        )
    }
}
