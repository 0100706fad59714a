//! What protocol state says.

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
}
