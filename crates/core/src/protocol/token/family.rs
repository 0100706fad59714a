//! A refresh token family (RFC 9700 4.14.2; auth-semantics 2.3): the grant, and which of its
//! tokens is the live one. Order is a counter's, never a clock's (attack TOKEN-23).

use cardea_jose::{b64, sha256};
use serde_json::{Map, Value};

use super::refresh_value::RefreshValue;
use crate::model::{Artefact, ArtefactKind, RefreshPolicy};
use crate::protocol::body::{Damaged, Members, Writer};
use crate::protocol::user_grant::UserGrant;
use crate::time::Timestamp;

/// The end of what has none: 9999-12-31.
pub const NEVER: Timestamp = Timestamp::from_seconds(253_402_300_799);
/// How many exchanged tokens are remembered for the leeway.
const MAX_SPENT: usize = 16;
/// Uses of a token that stays are recorded once in so many seconds, so that they need not wait
/// for each other.
const TOUCH: i64 = 60;
const WHAT: &str = "refresh token family";

/// A family.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Its public id; `None` until one is drawn.
    pub id: Option<String>,
    /// What later tokens are made from.
    pub grant: UserGrant,
    /// The digest that finds it, made of the handle; zeros until its first token is drawn.
    pub handle: [u8; 32],
    /// SHA-256 of the live token.
    pub token: [u8; 32],
    /// The number of the live token, from 1.
    pub generation: u64,
    /// When the live token was made.
    pub issued_at: Timestamp,
    /// Tokens that were exchanged last: the leeway may take them again.
    pub spent: Vec<Spent>,
    /// Whether its tokens rotated at the last use.
    pub rotating: bool,
    /// `refresh_token_metadata`: the Management API's to set.
    pub metadata: Option<Map<String, Value>>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends however much it is used.
    pub ends_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
    /// When it ends if it is not used again.
    pub expires_at: Timestamp,
    /// Counts changes from 1.
    pub revision: i64,
}

/// A token that was exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// SHA-256 of it.
    pub token: [u8; 32],
    /// Its number.
    pub generation: u64,
    /// When.
    pub at: Timestamp,
}

/// Where a token stands in its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the live one.
    Current,
    /// It was exchanged a moment ago.
    Leeway,
    /// It was exchanged, and comes again: somebody has a copy.
    Reused,
}

/// A refresh token that is due.
#[derive(Debug, Clone)]
pub enum Plan {
    /// The first one of a new family.
    Start(Family),
    /// The next one of a family that was read, after this one.
    Rotate(Family, RefreshValue),
}

impl Plan {
    /// The family, as it will be.
    pub const fn family(&self) -> &Family {
        match self {
            Self::Start(family) | Self::Rotate(family, _) => family,
        }
    }
}

/// The family id that follows from the digest of a code.
pub(super) fn id_from(digest: &[u8; 32]) -> String {
    let mut bytes = b"family".to_vec();
    bytes.extend(digest);
    let name = sha256(&bytes);
    b64::encode(name.get(..18).unwrap_or(&name))
}

impl Family {
    /// A new family.
    pub fn start(
        grant: UserGrant,
        id: Option<String>,
        policy: &RefreshPolicy,
        now: Timestamp,
    ) -> Self {
        let ends_at = policy.lifetime.map_or(NEVER, |life| now.plus_seconds(life));
        Self {
            id,
            grant,
            handle: [0; 32],
            token: [0; 32],
            generation: 1,
            issued_at: now,
            spent: Vec::new(),
            rotating: policy.rotating,
            metadata: None,
            started_at: now,
            ends_at,
            used_at: now,
            expires_at: idle_end(ends_at, policy, now),
            revision: 1,
        }
    }

    /// Where a token with this family's handle stands. One that is not known any more was exchanged
    /// long ago: whoever has the handle has or had a token.
    pub fn standing(&self, token: &[u8; 32], leeway: i64, now: Timestamp) -> Standing {
        if *token == self.token {
            return Standing::Current;
        }
        let within = |spent: &Spent| {
            spent.token == *token && leeway > 0 && now <= spent.at.plus_seconds(leeway)
        };
        if self.spent.iter().any(within) {
            Standing::Leeway
        } else {
            Standing::Reused
        }
    }

    /// The family after `token`, which may be exchanged, was: one live token, the next, which
    /// is yet to be drawn.
    #[must_use]
    pub fn rotated(mut self, token: &[u8; 32], policy: &RefreshPolicy, now: Timestamp) -> Self {
        if *token == self.token {
            self.spent.clear();
        } else {
            let live = |spent: &Spent| now <= spent.at.plus_seconds(policy.leeway);
            self.spent.retain(live);
        }
        self.spent.push(Spent {
            token: self.token,
            generation: self.generation,
            at: now,
        });
        let excess = self.spent.len().saturating_sub(MAX_SPENT);
        self.spent.drain(..excess);
        self.generation = self.generation.saturating_add(1);
        self.rotating = true;
        self.issued_at = now;
        self.used_at = now;
        self.expires_at = idle_end(self.ends_at, policy, now);
        self
    }

    /// The family with its live token, now that it is drawn.
    #[must_use]
    pub(super) const fn with_token(mut self, value: &RefreshValue) -> Self {
        self.handle = value.family;
        self.token = value.token;
        self
    }

    /// The family after a use that changes no token; `None` where recording it can wait.
    #[must_use]
    pub fn touched(mut self, policy: &RefreshPolicy, now: Timestamp) -> Option<Self> {
        let wait = policy
            .idle_lifetime
            .map_or(TOUCH, |idle| TOUCH.min(idle / 10));
        if now < self.used_at.plus_seconds(wait) {
            return None;
        }
        self.rotating = false;
        self.used_at = now;
        self.expires_at = idle_end(self.ends_at, policy, now);
        Some(self)
    }

    /// As it is stored. It dies with the consent that it rests on.
    pub fn to_artefact(&self, id: &str) -> Artefact {
        let spent = self.spent.iter();
        let spent = spent.map(|one| (one.generation, b64::encode(&one.token), one.at.millis()));
        Artefact {
            kind: ArtefactKind::Family,
            digest: self.handle,
            id: Some(id.to_owned()),
            group: self.grant.consent.as_ref().map(ToString::to_string),
            user: Some(self.grant.user.clone()),
            client: Some(self.grant.client.clone()),
            created_at: self.started_at,
            expires_at: self.expires_at,
            consumed_at: None,
            revision: self.revision,
            body: Writer::default()
                .object("grant", &self.grant.to_body())
                .put("token", &b64::encode(&self.token))
                .put("generation", &self.generation)
                .time("issued_at", self.issued_at)
                .list("spent", &spent.collect::<Vec<_>>())
                .flag("rotating", self.rotating)
                .put_some("metadata", self.metadata.as_ref())
                .time("ends_at", self.ends_at)
                .time("used_at", self.used_at)
                .finish(),
        }
    }

    /// The number of `token`, as far as it is remembered, and that of the live one. Nothing else of
    /// the stored family is read.
    pub fn numbers(artefact: &Artefact, token: &[u8; 32]) -> Result<(Option<u64>, u64), Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        let latest = body.get("generation")?;
        if body.parsed("token", digest)? == *token {
            return Ok((Some(latest), latest));
        }
        let spent = spent(&body)?;
        let spent = spent.iter().find(|spent| spent.token == *token);
        Ok((spent.map(|spent| spent.generation), latest))
    }

    /// Reads what [`Self::to_artefact`] wrote.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        Ok(Self {
            id: artefact.id.clone(),
            grant: UserGrant::inside(&body, "grant")?,
            handle: artefact.digest,
            token: body.parsed("token", digest)?,
            generation: body.get("generation")?,
            issued_at: body.time("issued_at")?,
            spent: spent(&body)?,
            rotating: body.flag("rotating")?,
            metadata: body.get_or_none("metadata")?,
            started_at: artefact.created_at,
            ends_at: body.time("ends_at")?,
            used_at: body.time("used_at")?,
            expires_at: artefact.expires_at,
            revision: artefact.revision,
        })
    }
}

fn spent(body: &Members<'_>) -> Result<Vec<Spent>, Damaged> {
    let spent = body.list("spent")?.into_iter();
    let spent = spent.map(|one| spent_one(one).ok_or_else(|| body.damaged("spent")));
    spent.collect()
}

fn spent_one((generation, token, at): (u64, String, i64)) -> Option<Spent> {
    Some(Spent {
        generation,
        token: digest(&token)?,
        at: Timestamp::from_millis(at),
    })
}

fn digest(text: &str) -> Option<[u8; 32]> {
    b64::decode(text).ok()?.try_into().ok()
}

fn idle_end(ends_at: Timestamp, policy: &RefreshPolicy, now: Timestamp) -> Timestamp {
    let idle = policy
        .idle_lifetime
        .map_or(NEVER, |idle| now.plus_seconds(idle));
    idle.min(ends_at)
}
