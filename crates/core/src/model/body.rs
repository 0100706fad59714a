//! What protocol state says, and how it is written.

use std::fmt;

use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::time::Timestamp;

/// What protocol state says: the JSON text of one object. It stays text, since most of it is
/// carried from one place to another, and who looks inside wants a few of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    /// Takes the text as it was written or stored. Whether it can be read shows when it is read.
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, for whoever stores it.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// Writes members; what is absent is left out.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Default for Writer {
    fn default() -> Self {
        Self::with_room_for(512)
    }
}

impl Writer {
    /// For so many bytes, or more.
    pub fn with_room_for(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes);
        text.push(b'{');
        Self(text)
    }

    /// A value.
    #[must_use]
    pub fn put<T: Serialize + ?Sized>(mut self, member: &'static str, value: &T) -> Self {
        self.name(member);
        self.value(member, value);
        self
    }

    /// A value, or nothing.
    #[must_use]
    pub fn put_some<T: Serialize + ?Sized>(self, member: &'static str, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.put(member, value),
            None => self,
        }
    }

    /// Text as it is.
    #[must_use]
    pub fn string(mut self, member: &'static str, text: &str) -> Self {
        self.name(member);
        // most text has nothing to escape: to see that of all of it at once takes a fraction of
        // looking at each character
        let special = |b: u8| b < b' ' || b == b'"' || b == b'\\';
        if text.bytes().fold(false, |found, b| found | special(b)) {
            self.value(member, text);
        } else {
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        }
        self
    }

    /// Text as it is, or nothing.
    #[must_use]
    pub fn string_some(self, member: &'static str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.string(member, text),
            None => self,
        }
    }

    /// Something with a text.
    #[must_use]
    pub fn text(self, member: &'static str, value: &impl fmt::Display) -> Self {
        self.put(member, &Shown(value))
    }

    /// Something with a text, or nothing.
    #[must_use]
    pub fn text_some(self, member: &'static str, value: Option<&impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.text(member, value),
            None => self,
        }
    }

    /// A moment.
    #[must_use]
    pub fn time(self, member: &'static str, at: Timestamp) -> Self {
        self.put(member, &at.millis())
    }

    /// A moment, or nothing.
    #[must_use]
    pub fn time_some(self, member: &'static str, at: Option<Timestamp>) -> Self {
        match at {
            Some(at) => self.time(member, at),
            None => self,
        }
    }

    /// `true`, or nothing.
    #[must_use]
    pub fn flag(self, member: &'static str, set: bool) -> Self {
        if set { self.put(member, &true) } else { self }
    }

    /// A list, left out when it is empty.
    #[must_use]
    pub fn list<T: Serialize>(self, member: &'static str, items: &[T]) -> Self {
        if items.is_empty() {
            self
        } else {
            self.put(member, items)
        }
    }

    /// What says something itself.
    #[must_use]
    pub fn object(self, member: &'static str, body: &Body) -> Self {
        self.json(member, body.as_str())
    }

    /// What is JSON already: nothing of it is escaped.
    #[must_use]
    pub(crate) fn json(mut self, member: &'static str, text: &str) -> Self {
        self.name(member);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// All members of something.
    #[must_use]
    pub fn entries(mut self, members: &Map<String, Value>) -> Self {
        for (name, value) in members {
            let name = Value::from(name.as_str()).to_string();
            self.separate();
            self.0.extend_from_slice(name.as_bytes());
            self.0.push(b':');
            self.value(name.as_str(), value);
        }
        self
    }

    /// What says something itself, or nothing.
    #[must_use]
    pub fn object_some(self, member: &'static str, body: Option<&Body>) -> Self {
        match body {
            Some(body) => self.object(member, body),
            None => self,
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, member: &str, value: &T) {
        let before = self.0.len();
        let written = serde_json::to_writer(&mut self.0, value);
        debug_assert!(
            written.is_ok(),
            "{member}: only a map whose keys are no text fails"
        );
        if written.is_err() {
            self.0.truncate(before);
            self.0.extend_from_slice(b"null");
        }
    }

    fn separate(&mut self) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
    }

    fn name(&mut self, member: &'static str) {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(member.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// All of it.
    pub fn finish(mut self) -> Body {
        self.0.push(b'}');
        let text = String::from_utf8(self.0);
        debug_assert!(text.is_ok(), "JSON is text");
        Body::from_text(text.unwrap_or_default())
    }
}

/// Written as its text.
struct Shown<'a, T>(&'a T);

impl<T: fmt::Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}
