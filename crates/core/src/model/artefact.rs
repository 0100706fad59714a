//! Protocol state that lives for a while: sessions, codes, tokens, tickets, logins in progress.
//!
//! All share one table: a digest that finds them, an expiry, a mark when they are used up, and a
//! revision. What makes each safe is its guard: consumed once, replaced only as it was read.

use super::Body;
use crate::id::{ClientId, UserId};
use crate::time::Timestamp;

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArtefactKind {
    /// A login in progress; found by its handle in the page's `state`.
    Login,
    /// A browser session; found by the cookie.
    Session,
    /// An authorization code (RFC 6749 4.1.2).
    Code,
    /// What a user consented to for an application and an API; found by [`super::Artefact::name`].
    Consent,
    /// A refresh token family; found by the handle that its tokens share.
    Family,
    /// An opaque access token, good at `/userinfo` alone.
    Opaque,
    /// A link in a mail: reset, verify, unblock.
    Ticket,
    /// A device code (RFC 8628).
    Device,
    /// A user code, which leads to its device code.
    UserCode,
}

impl ArtefactKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Login,
        Self::Session,
        Self::Code,
        Self::Consent,
        Self::Family,
        Self::Opaque,
        Self::Ticket,
        Self::Device,
        Self::UserCode,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Session => "session",
            Self::Code => "code",
            Self::Consent => "consent",
            Self::Family => "family",
            Self::Opaque => "opaque",
            Self::Ticket => "ticket",
            Self::Device => "device",
            Self::UserCode => "user_code",
        }
    }

    /// Whether its id, its group, its user and its client stay what they were at first.
    pub const fn keeps_its_owner(self) -> bool {
        matches!(self, Self::Session | Self::Family)
    }

    /// Reads the database's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One of them. The value that was handed out is never stored, only its digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    /// What it is.
    pub kind: ArtefactKind,
    /// SHA-256 of the value that finds it.
    pub digest: [u8; 32],
    /// Its public id, where it has one (a session's `sid`, a consent's id, a family's id).
    pub id: Option<String>,
    /// What it belongs to and dies with: a family to its consent, an opaque token to its family.
    pub group: Option<String>,
    /// Whose.
    pub user: Option<UserId>,
    /// For which application.
    pub client: Option<ClientId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is as good as gone.
    pub expires_at: Timestamp,
    /// When it was used up.
    pub consumed_at: Option<Timestamp>,
    /// Counts changes from 1.
    pub revision: i64,
    /// What it says.
    pub body: Body,
}

impl Artefact {
    /// The digest of a value that was handed out, or of a name made of parts: the parts are
    /// joined by a byte that none of them holds.
    pub fn name(parts: &[&str]) -> [u8; 32] {
        cardea_jose::sha256(parts.join("\u{1f}").as_bytes())
    }

    /// Whether it can still be used.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.consumed_at.is_none() && now < self.expires_at
    }
}

/// Which artefacts a revocation takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// Everything of this group, and the family, session or consent whose id it is.
    Group(String),
    /// This one.
    One(ArtefactKind, [u8; 32]),
    /// All of a kind that belong to a user (and to an application of it).
    OfUser(ArtefactKind, UserId, Option<ClientId>),
    /// All of a kind that belong to an application.
    OfClient(ArtefactKind, ClientId),
}
