//! The words in which a resource's fields are written down.
//!
//! A table of these is the only description of a resource: what a body may hold, what `PATCH`
//! may remove, which members it merges, and what is compared with the published contract.

use super::format::Rule;

/// Which body is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `POST`: required members must be there.
    Create,
    /// `PATCH`: absent keeps, null removes.
    Patch,
}

/// Where a member may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Null {
    Never,
    Patch,
    Always,
}

/// One member of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    /// On create at the top, always further down.
    pub(super) required: bool,
    pub(super) null: Null,
    /// The only body that may hold it, if not both.
    pub(super) only: Option<Mode>,
    /// Whether `PATCH` merges it one level deep instead of replacing it.
    pub(super) merged: bool,
}

/// A member's type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    /// Anything, within the limits for free data.
    Any,
    Bool,
    /// Between the two, both included.
    Integer(i64, i64),
    Text(Text),
    List(&'static List),
    Object(&'static Object),
    /// A string, or a list of them.
    TextOrList(&'static List),
    /// A string, or an object.
    TextOrObject(Text, &'static Object),
}

/// What a string must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) one_of: &'static [&'static str],
    pub(super) rule: Option<Rule>,
}

/// What an array must be.
#[derive(Debug)]
pub(super) struct List {
    pub(super) item: Type,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) unique: bool,
}

/// What an object must be.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) fields: &'static [Field],
    pub(super) rest: Rest,
    pub(super) min: usize,
    pub(super) max: usize,
}

/// Members that the table does not name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rest {
    /// None.
    Closed,
    /// Any, within the limits for free data.
    Open,
    /// Of this type, under any name.
    Each(Type),
}

/// The longest string where the contract names no limit: pages of HTML are the longest ones.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// The longest array where the contract names no limit.
const MAX_ITEMS: usize = 1000;
/// The largest number where the contract names no limit: sums and products of two stay exact.
pub(super) const MAX_INTEGER: i64 = i32::MAX as i64;

pub(super) const BOOL: Type = Type::Bool;
pub(super) const TEXT: Type = text(0, MAX_TEXT);
pub(super) const WORD: Type = text(1, MAX_TEXT);
pub(super) const COUNT: Type = Type::Integer(0, MAX_INTEGER);
pub(super) const OPEN: Type = Type::Object(&Object::open(&[]));
/// A list of strings that are not empty.
pub(super) const WORDS: Type = Type::List(&List::of(WORD));

pub(super) const fn text(min: usize, max: usize) -> Type {
    Type::Text(Text {
        min,
        max,
        one_of: &[],
        rule: None,
    })
}

pub(super) const fn one_of(words: &'static [&'static str]) -> Type {
    Type::Text(Text {
        min: 0,
        max: MAX_TEXT,
        one_of: words,
        rule: None,
    })
}

pub(super) const fn formed(rule: Rule) -> Type {
    limited(0, MAX_TEXT, rule)
}

pub(super) const fn limited(min: usize, max: usize, rule: Rule) -> Type {
    Type::Text(string(min, max, rule))
}

pub(super) const fn string(min: usize, max: usize, rule: Rule) -> Text {
    Text {
        min,
        max,
        one_of: &[],
        rule: Some(rule),
    }
}

pub(super) const fn field(name: &'static str, kind: Type) -> Field {
    Field {
        name,
        kind,
        required: false,
        null: Null::Never,
        only: None,
        merged: false,
    }
}

impl Field {
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn null(mut self) -> Self {
        self.null = Null::Always;
        self
    }

    pub(super) const fn null_on_patch(mut self) -> Self {
        self.null = Null::Patch;
        self
    }

    pub(super) const fn only(mut self, mode: Mode) -> Self {
        self.only = Some(mode);
        self
    }

    pub(super) const fn merged(mut self) -> Self {
        self.merged = true;
        self
    }

    pub(super) const fn may_be_null(&self, mode: Mode) -> bool {
        match self.null {
            Null::Always => true,
            Null::Patch => matches!(mode, Mode::Patch),
            Null::Never => false,
        }
    }

    pub(super) fn is_in(&self, mode: Mode) -> bool {
        self.only.is_none_or(|only| only == mode)
    }
}

impl List {
    pub(super) const fn of(item: Type) -> Self {
        Self {
            item,
            min: 0,
            max: MAX_ITEMS,
            unique: false,
        }
    }

    pub(super) const fn at_least(mut self, min: usize) -> Self {
        self.min = min;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
}

impl Object {
    pub(super) const fn closed(fields: &'static [Field]) -> Self {
        Self {
            fields,
            rest: Rest::Closed,
            min: 0,
            max: usize::MAX,
        }
    }

    pub(super) const fn open(fields: &'static [Field]) -> Self {
        Self {
            fields,
            rest: Rest::Open,
            min: 0,
            max: usize::MAX,
        }
    }

    pub(super) const fn each(kind: Type) -> Self {
        Self {
            fields: &[],
            rest: Rest::Each(kind),
            min: 0,
            max: usize::MAX,
        }
    }

    pub(super) const fn at_least(mut self, members: usize) -> Self {
        self.min = members;
        self
    }

    pub(super) const fn at_most(mut self, members: usize) -> Self {
        self.max = members;
        self
    }

    /// The field `name` of a body in `mode`.
    pub(super) fn field(&self, name: &str, mode: Mode) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name == name && field.is_in(mode))
    }
}
