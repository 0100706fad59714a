//! What a decision must know beyond the tenant in memory, and what was read of it.
//!
//! The caller asks [`super::wanted`] until it wants nothing more, reading what it names, and then
//! decides. A fact that was read and is not there is a fact too.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, User, UserFacts};

/// How many families [`FactKey::Families`] reads at most: as many as one user may have with one
/// application (auth-semantics 1.8).
pub const MAX_FAMILIES: usize = 200;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKey {
    /// The artefact with this digest, expired or used up or not: [`Fact::Artefact`].
    Artefact(ArtefactKind, [u8; 32]),
    /// The artefact with this public id: [`Fact::Artefact`].
    ById(ArtefactKind, String),
    /// A user with its roles and permissions: [`Fact::User`].
    User(UserId),
    /// A user alone, where what it may do is decided already: [`Fact::Account`].
    Account(UserId),
    /// The user of a connection whose address, username or number is the (folded) identifier:
    /// [`Fact::User`].
    Identified {
        /// The connection's name.
        connection: String,
        /// Folded.
        identifier: String,
    },
    /// The live families of a user with an application, oldest first, [`MAX_FAMILIES`] at most:
    /// [`Fact::Families`].
    Families(UserId, ClientId),
    /// Whether the password of the request is this user's: [`Fact::Password`]. `None` is nobody:
    /// the hash is computed all the same, so that the time tells nothing.
    Password(Option<UserId>),
}

/// What was read.
#[derive(Debug, Clone)]
pub enum Fact {
    /// An artefact, if there is one.
    Artefact(Option<Box<Artefact>>),
    /// A user with what it may do, if there is one.
    User(Option<Box<UserFacts>>),
    /// A user, if there is one.
    Account(Option<Arc<User>>),
    /// Families, oldest first.
    Families(Vec<Artefact>),
    /// The verdict on a password.
    Password(PasswordVerdict),
}

/// What became of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordVerdict {
    /// It is the user's.
    Right,
    /// It is not, or there is no user.
    Wrong,
    /// It was not looked at: too many wrong ones before (brute-force protection).
    TooMany,
    /// It was not looked at: too many wrong ones for whatever accounts from this address.
    TooManyFromAddress,
}

/// The facts read so far.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    known: BTreeMap<FactKey, Fact>,
}

impl Facts {
    /// Takes a fact in.
    pub fn put(&mut self, key: FactKey, fact: Fact) {
        self.known.insert(key, fact);
    }

    /// Whether it was read.
    pub fn has(&self, key: &FactKey) -> bool {
        self.known.contains_key(key)
    }

    /// Those of `keys` that were not read.
    pub fn missing(&self, keys: impl IntoIterator<Item = FactKey>) -> Vec<FactKey> {
        keys.into_iter().filter(|key| !self.has(key)).collect()
    }

    /// An artefact that was read and is there.
    pub fn artefact(&self, kind: ArtefactKind, digest: [u8; 32]) -> Option<&Artefact> {
        self.found(&FactKey::Artefact(kind, digest))
    }

    /// An artefact that was read by its id and is there.
    pub fn by_id(&self, kind: ArtefactKind, id: &str) -> Option<&Artefact> {
        self.found(&FactKey::ById(kind, id.to_owned()))
    }

    /// A user that was read and is there.
    pub fn user(&self, id: &UserId) -> Option<&UserFacts> {
        self.person(&FactKey::User(id.clone()))
    }

    /// A user that was read alone and is there.
    pub fn account(&self, id: &UserId) -> Option<&Arc<User>> {
        match self.known.get(&FactKey::Account(id.clone())) {
            Some(Fact::Account(found)) => found.as_ref(),
            _ => None,
        }
    }

    /// A user that was read by its identifier and is there.
    pub fn identified(&self, connection: &str, identifier: &str) -> Option<&UserFacts> {
        self.person(&FactKey::Identified {
            connection: connection.to_owned(),
            identifier: identifier.to_owned(),
        })
    }

    /// The families that were read.
    pub fn families(&self, user: &UserId, client: &ClientId) -> &[Artefact] {
        match self
            .known
            .get(&FactKey::Families(user.clone(), client.clone()))
        {
            Some(Fact::Families(families)) => families,
            _ => &[],
        }
    }

    /// The verdict on the request's password.
    pub fn password(&self, user: Option<&UserId>) -> Option<PasswordVerdict> {
        match self.known.get(&FactKey::Password(user.cloned())) {
            Some(Fact::Password(verdict)) => Some(*verdict),
            _ => None,
        }
    }

    fn found(&self, key: &FactKey) -> Option<&Artefact> {
        match self.known.get(key) {
            Some(Fact::Artefact(found)) => found.as_deref(),
            _ => None,
        }
    }

    fn person(&self, key: &FactKey) -> Option<&UserFacts> {
        match self.known.get(key) {
            Some(Fact::User(found)) => found.as_deref(),
            _ => None,
        }
    }
}
