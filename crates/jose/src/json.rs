//! JSON objects with one meaning (RFC 8725 2.6: two parsers must not read two different objects).

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep objects and arrays may nest; the outermost object counts as one.
pub const MAX_DEPTH: usize = 16;

/// Why a text is not a strict JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// The bytes are not UTF-8 (RFC 8259 8.1).
    NotUtf8,
    /// The text starts with a byte order mark (RFC 8259 8.1).
    ByteOrderMark,
    /// A member name occurs twice in one object, be it written with escapes (RFC 8725 2.6).
    DuplicateMember,
    /// Objects and arrays nest deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The text is JSON, but not an object.
    NotAnObject,
    /// Not JSON: bad syntax, trailing bytes, a lone surrogate, or a number that has no finite value.
    Syntax,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "the JSON text is not UTF-8",
            Self::ByteOrderMark => "the JSON text starts with a byte order mark",
            Self::DuplicateMember => "a JSON object has a member twice",
            Self::TooDeep => "the JSON text nests too deeply",
            Self::NotAnObject => "the JSON text is not an object",
            Self::Syntax => "the text is not JSON",
        })
    }
}

impl std::error::Error for JsonError {}

/// Reads one JSON object and refuses what two parsers could read differently.
///
/// ```
/// use cardea_jose::{JsonError, strict_object};
/// assert_eq!(strict_object(br#"{"sub":"jane"}"#)?["sub"], "jane");
/// assert_eq!(strict_object(br#"{"sub":1,"s\u0075b":2}"#), Err(JsonError::DuplicateMember));
/// # Ok::<(), JsonError>(())
/// ```
pub fn strict_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::ByteOrderMark);
    }

    let why = Cell::new(JsonError::Syntax);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Strict {
        depth: MAX_DEPTH,
        // a member of a token has about so many characters
        room: (text.len() / 32).min(16),
        why: &why,
    }
    .deserialize(&mut json)
    .map_err(|_| why.get())?;
    json.end().map_err(|_| JsonError::Syntax)?;
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(JsonError::NotAnObject)
        }
    }
}

/// Builds a value, counting the depth down. `why` carries the cause past serde's text-only errors.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    /// How many members the next object may have without being moved.
    room: usize,
    why: &'a Cell<JsonError>,
}

impl Strict<'_> {
    fn refuse<T, E: de::Error>(self, why: JsonError) -> Result<T, E> {
        self.why.set(why);
        Err(E::custom(why))
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self {
                depth,
                room: 0,
                ..self
            }),
            None => self.refuse(JsonError::TooDeep),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::with_capacity(self.room);
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return self.refuse(JsonError::DuplicateMember);
            }
        }
        Ok(Value::Object(object))
    }
}
