//! What has no string form of its own, as one JSON object.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::{Map, Value, json};

use super::{Argon2Hash, Unusable};

/// Tools write base64 with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// What scrypt may cost: eight times the usual `2^14 * 8` (attack PASSWORD-21).
const MOST_SCRYPT: u64 = 1 << 20;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Sum {
    const ALL: [(Self, &'static str, usize); 6] = [
        (Self::Md5, "md5", 16),
        (Self::Sha1, "sha1", 20),
        (Self::Sha224, "sha224", 28),
        (Self::Sha256, "sha256", 32),
        (Self::Sha384, "sha384", 48),
        (Self::Sha512, "sha512", 64),
    ];

    /// Reads `sha256` and the like.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase().replace('-', "");
        let found = Self::ALL.into_iter().find(|(_, name, _)| *name == word);
        found.map(|(sum, ..)| sum)
    }

    fn entry(self) -> (&'static str, usize) {
        let found = Self::ALL.into_iter().find(|(sum, ..)| *sum == self);
        found.map_or(("sha256", 32), |(_, name, length)| (name, length))
    }

    /// How many bytes it gives.
    pub fn length(self) -> usize {
        self.entry().1
    }
}

/// How a password becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextCoding {
    /// `utf8`.
    Utf8,
    /// `utf16le`, `ucs2`.
    Utf16le,
    /// `latin1`, `binary`, `ascii`: the low byte of each UTF-16 unit.
    Latin1,
}

impl TextCoding {
    /// Reads `password.encoding`.
    pub fn parse(word: Option<&str>) -> Result<Self, Unusable> {
        match word {
            None | Some("utf8") => Ok(Self::Utf8),
            Some("utf16le" | "ucs2") => Ok(Self::Utf16le),
            Some("latin1" | "binary" | "ascii") => Ok(Self::Latin1),
            Some(_) => Err(Unusable("password.encoding is not known")),
        }
    }

    /// The password's bytes.
    pub fn encode(self, password: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => password.as_bytes().to_vec(),
            Self::Utf16le => password.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Latin1 => password
                .encode_utf16()
                .map(|unit| unit.to_le_bytes()[0])
                .collect(),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Utf16le => "utf16le",
            Self::Latin1 => "latin1",
        }
    }
}

/// What is mixed with the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salt {
    /// Its bytes.
    pub value: Vec<u8>,
    /// Whether it stands after the password.
    pub after: bool,
}

impl Salt {
    /// The password with its salt.
    pub fn mix(salt: Option<&Self>, mut password: Vec<u8>) -> Vec<u8> {
        match salt {
            None => password,
            Some(salt) if salt.after => {
                password.extend_from_slice(&salt.value);
                password
            }
            Some(salt) => [salt.value.as_slice(), &password].concat(),
        }
    }
}

/// How it is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// One digest.
    Sum(Sum, Option<Salt>),
    /// HMAC with this key.
    Hmac(Sum, Vec<u8>, Option<Salt>),
    /// bcrypt of a password with a further salt.
    Bcrypt(Salt),
    /// scrypt.
    Scrypt {
        /// log2 of the cost.
        log_n: u8,
        /// Block size.
        block_size: u32,
        /// Parallelization.
        lanes: u32,
        /// The salt.
        salt: Vec<u8>,
        /// Bytes of the result.
        length: usize,
    },
}

/// What must come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// These bytes (a bcrypt string is its own).
    Bytes(Vec<u8>),
    /// Bytes with this Argon2id hash: so a fast digest does not lie in the database.
    Hashed(Argon2Hash),
}

/// A hash in a form of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// How it is computed.
    pub method: Method,
    /// How the password becomes bytes.
    pub text: TextCoding,
    /// What must come out.
    pub expected: Expected,
}

impl Custom {
    /// Reads the object: as it was sent, or as [`Custom::hashed`] wrote it.
    pub fn parse(object: &Map<String, Value>) -> Result<Self, Unusable> {
        let text = |path: &[&str]| find(object, path).and_then(Value::as_str);
        let coding = TextCoding::parse(text(&["password", "encoding"]))?;
        let salt = salt(object)?;
        let algorithm = text(&["algorithm"]).ok_or(Unusable("algorithm is missing"))?;
        let method = match algorithm {
            "hmac" => {
                let digest = text(&["hash", "digest"]).and_then(Sum::parse);
                let digest = digest.ok_or(Unusable("hash.digest is not supported"))?;
                let key = bytes(object, &["hash", "key"], "utf8")?;
                Method::Hmac(digest, key.ok_or(Unusable("hash.key is missing"))?, salt)
            }
            "scrypt" => scrypt(object, salt)?,
            "bcrypt" => Method::Bcrypt(salt.ok_or(Unusable("salt is missing"))?),
            sum => Method::Sum(
                Sum::parse(sum).ok_or(Unusable("the algorithm is not supported"))?,
                salt,
            ),
        };
        let expected = if let Some(hash) = text(&["argon2"]) {
            let hash = Argon2Hash::parse(hash).ok_or(Unusable("argon2 is damaged"))?;
            Expected::Hashed(hash)
        } else {
            let coding = if algorithm == "bcrypt" { "utf8" } else { "hex" };
            let value = bytes(object, &["hash"], coding)?;
            Expected::Bytes(value.ok_or(Unusable("hash.value is missing"))?)
        };
        let length = match &method {
            Method::Sum(sum, _) | Method::Hmac(sum, ..) => Some(sum.length()),
            Method::Scrypt { length, .. } => Some(*length),
            Method::Bcrypt(_) => None,
        };
        if let (Expected::Bytes(value), Some(length)) = (&expected, length)
            && value.len() != length
        {
            return Err(Unusable("hash.value does not have the digest's length"));
        }
        Ok(Self {
            method,
            text: coding,
            expected,
        })
    }

    /// Whether it is so fast to compute that it must not be stored as it is (attack PASSWORD-21).
    pub const fn is_weak(&self) -> bool {
        matches!(self.method, Method::Sum(..) | Method::Hmac(..))
            && matches!(self.expected, Expected::Bytes(_))
    }

    /// The line to store, with the Argon2id hash of the expected bytes in their place.
    pub fn hashed(&self, hash: &Argon2Hash) -> String {
        let mut object = self.object();
        object.insert("argon2".to_owned(), hash.to_string().into());
        if let Some(Value::Object(members)) = object.get_mut("hash") {
            members.remove("value");
        }
        Value::Object(object).to_string()
    }

    /// The line to store as it is.
    pub fn line(&self) -> String {
        Value::Object(self.object()).to_string()
    }

    fn object(&self) -> Map<String, Value> {
        let encoded = |bytes: &[u8]| -> Map<String, Value> {
            let pairs = [
                ("value", STANDARD.encode(bytes)),
                ("encoding", "base64".to_owned()),
            ];
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.into()));
            pairs.into_iter().collect()
        };
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        let mut hash = match &self.expected {
            Expected::Bytes(bytes) => encoded(bytes),
            Expected::Hashed(_) => Map::new(),
        };
        let salt = match &self.method {
            Method::Sum(sum, salt) => {
                put("algorithm", sum.entry().0.into());
                salt.clone()
            }
            Method::Hmac(sum, key, salt) => {
                put("algorithm", "hmac".into());
                hash.insert("digest".to_owned(), sum.entry().0.into());
                hash.insert("key".to_owned(), encoded(key).into());
                salt.clone()
            }
            Method::Bcrypt(salt) => {
                put("algorithm", "bcrypt".into());
                Some(salt.clone())
            }
            Method::Scrypt {
                log_n,
                block_size,
                lanes,
                salt,
                length,
            } => {
                put("algorithm", "scrypt".into());
                put("cost", (1_u64 << log_n).into());
                put("blockSize", (*block_size).into());
                put("parallelization", (*lanes).into());
                put("keylen", (*length).into());
                Some(Salt {
                    value: salt.clone(),
                    after: false,
                })
            }
        };
        put("hash", hash.into());
        if let Some(salt) = salt {
            let mut value = encoded(&salt.value);
            let position = if salt.after { "suffix" } else { "prefix" };
            value.insert("position".to_owned(), position.into());
            put("salt", value.into());
        }
        put("password", json!({"encoding": self.text.word()}));
        object
    }
}

fn scrypt(object: &Map<String, Value>, salt: Option<Salt>) -> Result<Method, Unusable> {
    let number = |name: &str, default: Option<u64>| {
        let value = object.get(name).filter(|value| !value.is_null());
        value.map_or(default, Value::as_u64)
    };
    let bad = Unusable("scrypt: keylen, cost, blockSize or parallelization does not fit");
    let cost = number("cost", Some(16_384)).filter(|cost| cost.is_power_of_two() && *cost > 1);
    let (Some(cost), Some(size), Some(lanes), Some(length)) = (
        cost,
        number("blockSize", Some(8)),
        number("parallelization", Some(1)),
        number("keylen", None),
    ) else {
        return Err(bad);
    };
    let work = cost
        .checked_mul(size)
        .and_then(|work| work.checked_mul(lanes));
    let sane = work.is_some_and(|work| (1..=MOST_SCRYPT).contains(&work));
    let small = |number: u64| u32::try_from(number).ok();
    let (Some(block_size), Some(lanes), Ok(length), Ok(log_n)) = (
        small(size),
        small(lanes),
        usize::try_from(length),
        u8::try_from(cost.trailing_zeros()),
    ) else {
        return Err(bad);
    };
    if !sane || !(16..=128).contains(&length) {
        return Err(bad);
    }
    Ok(Method::Scrypt {
        log_n,
        block_size,
        lanes,
        salt: salt.ok_or(Unusable("salt is missing"))?.value,
        length,
    })
}

fn salt(object: &Map<String, Value>) -> Result<Option<Salt>, Unusable> {
    let position = find(object, &["salt", "position"]).and_then(Value::as_str);
    let after = match position {
        None | Some("prefix") => false,
        Some("suffix") => true,
        Some(_) => return Err(Unusable("salt.position is neither prefix nor suffix")),
    };
    let value = bytes(object, &["salt"], "utf8")?;
    Ok(value.map(|value| Salt { value, after }))
}

/// `value` of a member, by its `encoding`.
fn bytes(
    object: &Map<String, Value>,
    path: &[&str],
    default: &str,
) -> Result<Option<Vec<u8>>, Unusable> {
    let member = find(object, path).filter(|value| !value.is_null());
    let Some(member) = member else {
        return Ok(None);
    };
    let Some(value) = member.get("value").and_then(Value::as_str) else {
        return Ok(None);
    };
    let coding = member.get("encoding").and_then(Value::as_str);
    let decoded = match coding.unwrap_or(default) {
        "utf8" | "ascii" => Some(value.as_bytes().to_vec()),
        "latin1" | "binary" => Some(TextCoding::Latin1.encode(value)),
        "utf16le" | "ucs2" => Some(TextCoding::Utf16le.encode(value)),
        "hex" => unhex(value),
        "base64" => LENIENT.decode(value).ok(),
        _ => None,
    };
    let decoded = decoded.filter(|bytes| bytes.len() <= 1024);
    decoded
        .map(Some)
        .ok_or(Unusable("a value does not have its encoding"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = text.chars().map(|digit| digit.to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}

fn find<'a>(object: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(object.get(*first)?, |value, name| value.get(name))
}
