//! Reading what protocol state says: a member is there as it must be, or the state is damaged.

use std::fmt;

use serde_json::{Map, Value};

use crate::scope::Scopes;
use crate::time::Timestamp;

/// Stored protocol state that does not say what it must: never replaced by a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// What it should have been.
    pub what: &'static str,
    /// The member that is missing or of the wrong type.
    pub member: &'static str,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, member } = self;
        write!(f, "the stored {what} is damaged: member {member:?}")
    }
}

impl std::error::Error for Damaged {}

/// The members of one piece of state.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    what: &'static str,
    members: &'a Map<String, Value>,
}

impl<'a> Body<'a> {
    /// The members of `what`.
    pub const fn new(what: &'static str, members: &'a Map<String, Value>) -> Self {
        Self { what, members }
    }

    /// This member is not what it must be.
    pub const fn damaged(&self, member: &'static str) -> Damaged {
        Damaged {
            what: self.what,
            member,
        }
    }

    /// A member that must be there.
    pub fn value(&self, member: &'static str) -> Result<&'a Value, Damaged> {
        self.members.get(member).ok_or_else(|| self.damaged(member))
    }

    /// Text.
    pub fn text(&self, member: &'static str) -> Result<&'a str, Damaged> {
        let text = self.value(member)?.as_str();
        text.ok_or_else(|| self.damaged(member))
    }

    /// Text, or nothing.
    pub fn text_or_none(&self, member: &'static str) -> Result<Option<&'a str>, Damaged> {
        match self.members.get(member) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| self.damaged(member)),
        }
    }

    /// Owned text, or nothing.
    pub fn string_or_none(&self, member: &'static str) -> Result<Option<String>, Damaged> {
        Ok(self.text_or_none(member)?.map(ToOwned::to_owned))
    }

    /// Something that is made of text.
    pub fn parsed<T>(
        &self,
        member: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Damaged> {
        parse(self.text(member)?).ok_or_else(|| self.damaged(member))
    }

    /// Something that is made of text, or nothing.
    pub fn parsed_or_none<T>(
        &self,
        member: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Damaged> {
        let text = self.text_or_none(member)?;
        text.map(|text| parse(text).ok_or_else(|| self.damaged(member)))
            .transpose()
    }

    /// Scopes, or nothing.
    pub fn scopes_or_none(&self, member: &'static str) -> Result<Option<Scopes>, Damaged> {
        self.parsed_or_none(member, |text| Scopes::parse(text).ok())
    }

    /// A flag; absent is `false`, and the only way to say it.
    pub fn flag(&self, member: &'static str) -> Result<bool, Damaged> {
        match self.members.get(member) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| self.damaged(member)),
        }
    }

    /// A moment.
    pub fn time(&self, member: &'static str) -> Result<Timestamp, Damaged> {
        let millis = self.value(member)?.as_i64();
        let at = millis.map(Timestamp::from_millis);
        at.ok_or_else(|| self.damaged(member))
    }

    /// A moment, or nothing.
    pub fn time_or_none(&self, member: &'static str) -> Result<Option<Timestamp>, Damaged> {
        match self.members.get(member) {
            None => Ok(None),
            Some(_) => self.time(member).map(Some),
        }
    }

    /// A list; absent is empty.
    pub fn list(&self, member: &'static str) -> Result<&'a [Value], Damaged> {
        match self.members.get(member) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.damaged(member)),
        }
    }

    /// A list of texts; absent is empty.
    pub fn texts(&self, member: &'static str) -> Result<Vec<String>, Damaged> {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let texts = self.list(member)?.iter().map(text);
        texts
            .collect::<Option<_>>()
            .ok_or_else(|| self.damaged(member))
    }

    /// An object that must be there.
    pub fn object(&self, member: &'static str) -> Result<&'a Map<String, Value>, Damaged> {
        let object = self.value(member)?.as_object();
        object.ok_or_else(|| self.damaged(member))
    }

    /// An object, or nothing.
    pub fn object_or_none(
        &self,
        member: &'static str,
    ) -> Result<Option<&'a Map<String, Value>>, Damaged> {
        match self.members.get(member) {
            None => Ok(None),
            Some(_) => self.object(member).map(Some),
        }
    }
}

/// Writes members; what is absent is left out.
#[derive(Debug, Default)]
pub struct Writer(Map<String, Value>);

impl Writer {
    /// A value.
    #[must_use]
    pub fn put(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }

    /// A value, or nothing.
    #[must_use]
    pub fn put_some(self, member: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(member, value),
            None => self,
        }
    }

    /// Something with a text.
    #[must_use]
    pub fn text(self, member: &'static str, value: &impl fmt::Display) -> Self {
        self.put(member, value.to_string())
    }

    /// Something with a text, or nothing.
    #[must_use]
    pub fn text_some(self, member: &'static str, value: Option<&impl fmt::Display>) -> Self {
        self.put_some(member, value.map(ToString::to_string))
    }

    /// A moment.
    #[must_use]
    pub fn time(self, member: &'static str, at: Timestamp) -> Self {
        self.put(member, at.millis())
    }

    /// `true`, or nothing.
    #[must_use]
    pub fn flag(self, member: &'static str, set: bool) -> Self {
        if set { self.put(member, true) } else { self }
    }

    /// A list, left out when it is empty.
    #[must_use]
    pub fn list(self, member: &'static str, items: Vec<Value>) -> Self {
        if items.is_empty() {
            self
        } else {
            self.put(member, items)
        }
    }

    /// Texts, left out when there are none.
    #[must_use]
    pub fn texts(self, member: &'static str, items: &[String]) -> Self {
        self.list(
            member,
            items
                .iter()
                .map(|text| Value::from(text.as_str()))
                .collect(),
        )
    }

    /// The members.
    pub fn finish(self) -> Map<String, Value> {
        self.0
    }
}
