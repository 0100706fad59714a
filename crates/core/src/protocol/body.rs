//! Reading what protocol state says: a member is there as it must be, or the state is damaged.

#[cfg(test)]
pub(in crate::protocol) mod tests;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::Body;
pub use crate::model::Writer;
use crate::scope::Scopes;
use crate::time::Timestamp;

/// Stored protocol state that does not say what it must: never replaced by a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// What it should have been.
    pub what: &'static str,
    /// The member that is missing or of the wrong type; empty where it is no object at all.
    pub member: &'static str,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, member } = self;
        write!(f, "the stored {what} is damaged: member {member:?}")
    }
}

impl std::error::Error for Damaged {}

/// The members of one piece of state, read in place: each value stays text until it is asked for.
#[derive(Debug)]
pub struct Members<'a> {
    what: &'static str,
    listed: Vec<(&'a str, &'a RawValue)>,
}

/// More than a user grant has: the list is made once.
const USUAL: usize = 20;

impl<'a> Members<'a> {
    /// The members of `what`.
    pub fn of(what: &'static str, body: &'a Body) -> Result<Self, Damaged> {
        Self::in_text(what, "", body.as_str())
    }

    fn in_text(what: &'static str, member: &'static str, text: &'a str) -> Result<Self, Damaged> {
        match serde_json::from_str(text) {
            Ok(Listed(listed)) => Ok(Self { what, listed }),
            Err(_) => Err(Damaged { what, member }),
        }
    }

    /// This member is not what it must be.
    pub const fn damaged(&self, member: &'static str) -> Damaged {
        Damaged {
            what: self.what,
            member,
        }
    }

    fn raw(&self, member: &'static str) -> Option<&'a str> {
        let found = self.listed.iter().find(|(name, _)| *name == member);
        found.map(|(_, value)| value.get())
    }

    /// A member that may be absent.
    pub fn get_or_none<T: Deserialize<'a>>(
        &self,
        member: &'static str,
    ) -> Result<Option<T>, Damaged> {
        let value = self.raw(member).map(serde_json::from_str);
        value.transpose().map_err(|_| self.damaged(member))
    }

    /// A member that must be there.
    pub fn get<T: Deserialize<'a>>(&self, member: &'static str) -> Result<T, Damaged> {
        let value = self.get_or_none(member)?;
        value.ok_or_else(|| self.damaged(member))
    }

    /// Something that is made of text.
    pub fn parsed<T>(
        &self,
        member: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Damaged> {
        let value = self.parsed_or_none(member, parse)?;
        value.ok_or_else(|| self.damaged(member))
    }

    /// Something that is made of text, or nothing.
    pub fn parsed_or_none<T>(
        &self,
        member: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Damaged> {
        let text = self.get_or_none(member)?;
        text.map(|Text(text)| parse(&text).ok_or_else(|| self.damaged(member)))
            .transpose()
    }

    /// Scopes.
    pub fn scopes(&self, member: &'static str) -> Result<Scopes, Damaged> {
        self.parsed(member, |text| Scopes::parse(text).ok())
    }

    /// Scopes, or nothing.
    pub fn scopes_or_none(&self, member: &'static str) -> Result<Option<Scopes>, Damaged> {
        self.parsed_or_none(member, |text| Scopes::parse(text).ok())
    }

    /// A flag; absent is `false`, and the only way to say it.
    pub fn flag(&self, member: &'static str) -> Result<bool, Damaged> {
        Ok(self.get_or_none(member)?.unwrap_or(false))
    }

    /// A moment.
    pub fn time(&self, member: &'static str) -> Result<Timestamp, Damaged> {
        self.get(member).map(Timestamp::from_millis)
    }

    /// A moment, or nothing.
    pub fn time_or_none(&self, member: &'static str) -> Result<Option<Timestamp>, Damaged> {
        Ok(self.get_or_none(member)?.map(Timestamp::from_millis))
    }

    /// A list; absent is empty.
    pub fn list<T: Deserialize<'a>>(&self, member: &'static str) -> Result<Vec<T>, Damaged> {
        Ok(self.get_or_none(member)?.unwrap_or_default())
    }

    /// The members of one that is an object itself: of `what`.
    pub fn object(&self, member: &'static str, what: &'static str) -> Result<Self, Damaged> {
        let text = self.raw(member).ok_or_else(|| self.damaged(member))?;
        Self::in_text(self.what, member, text).map(|inner| Members { what, ..inner })
    }
}

/// Members as they stand. Their names are ours, so none is written with an escape.
struct Listed<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'de> Deserialize<'de> for Listed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Listed<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut listed = Vec::with_capacity(USUAL);
                while let Some(member) = map.next_entry()? {
                    listed.push(member);
                }
                Ok(Listed(listed))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// Text, in its place where no character of it is escaped.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
