//! A stored resource: its JSON as the Management API shows it, its secrets apart.

use std::fmt;

use cardea_jose::Secret;
use serde_json::{Map, Value};

/// What a document is. One table holds them all; a new kind is no migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The tenant's settings; exactly one, with the id `settings`.
    Settings,
    /// An application.
    Client,
    /// A public key of an application, for `private_key_jwt`. Belongs to a client (`parent`).
    Credential,
    /// An API.
    Api,
    /// What an application may get for an API.
    ClientGrant,
    /// A tenant's signing key.
    SigningKey,
    /// A connection: where users come from.
    Connection,
    /// A role: a name for permissions.
    Role,
}

impl Kind {
    /// Every kind, in the order in which a tenant is assembled from them.
    pub const ALL: [Self; 8] = [
        Self::Settings,
        Self::SigningKey,
        Self::Client,
        Self::Credential,
        Self::Api,
        Self::ClientGrant,
        Self::Connection,
        Self::Role,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Client => "client",
            Self::Credential => "credential",
            Self::Api => "api",
            Self::ClientGrant => "client_grant",
            Self::SigningKey => "signing_key",
            Self::Connection => "connection",
            Self::Role => "role",
        }
    }

    /// Reads the database's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One resource of one tenant.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Its id, unique within tenant and kind.
    pub id: String,
    /// The id of the document it belongs to; it dies with it.
    pub parent: Option<String>,
    /// A second name that must be unique within tenant and kind (an API's identifier, a
    /// grant's triple).
    pub unique: Option<String>,
    /// When it was made; lists are in this order, then by id.
    pub created_at: i64,
    /// Counts its changes from 1; an update names the revision it read.
    pub revision: i64,
    /// The public members. Secrets are never among them.
    pub body: Map<String, Value>,
    /// Secret members by name; the store seals them, bound to this row.
    pub secrets: Secrets,
}

/// Secret members of a document by name. Empty for most.
pub type Secrets = std::collections::BTreeMap<String, Secret<String>>;

impl Document {
    /// A new document (revision 1).
    pub fn new(kind: Kind, id: impl Into<String>, created_at: i64) -> Self {
        Self {
            kind,
            id: id.into(),
            parent: None,
            unique: None,
            created_at,
            revision: 1,
            body: Map::new(),
            secrets: Secrets::new(),
        }
    }

    /// A member that must be a string.
    pub fn text(&self, member: &'static str) -> Result<&str, Corrupt> {
        self.body
            .get(member)
            .and_then(Value::as_str)
            .ok_or_else(|| self.corrupt(member))
    }

    /// A member that is a string, or absent or null.
    pub fn text_or_none(&self, member: &'static str) -> Result<Option<&str>, Corrupt> {
        match self.body.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| self.corrupt(member)),
        }
    }

    /// A member that is a boolean, or absent or null (then `default`).
    pub fn flag(&self, member: &'static str, default: bool) -> Result<bool, Corrupt> {
        match self.body.get(member) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.corrupt(member)),
        }
    }

    /// A member that is an integer, or absent or null (then `default`).
    pub fn integer(&self, member: &'static str, default: i64) -> Result<i64, Corrupt> {
        match self.body.get(member) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_i64().ok_or_else(|| self.corrupt(member)),
        }
    }

    /// A member that is an array of strings, or absent or null (then empty).
    pub fn texts(&self, member: &'static str) -> Result<Vec<&str>, Corrupt> {
        match self.body.get(member) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(|| self.corrupt(member)))
                .collect(),
            Some(_) => Err(self.corrupt(member)),
        }
    }

    /// A nested member: `path` of object members.
    pub fn nested(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.body.get(*first)?, |value, member| value.get(member))
    }

    /// This document does not say what its kind must say.
    pub fn corrupt(&self, member: &'static str) -> Corrupt {
        Corrupt {
            kind: self.kind,
            id: self.id.clone(),
            member,
        }
    }
}

/// A stored document that does not parse: never replaced by a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrupt {
    /// What it should have been.
    pub kind: Kind,
    /// Which one.
    pub id: String,
    /// The member that is missing or of the wrong type.
    pub member: &'static str,
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the stored {} {:?} is damaged: member {:?}",
            self.kind, self.id, self.member
        )
    }
}

impl std::error::Error for Corrupt {}
