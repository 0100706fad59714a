//! A refresh token family (RFC 9700 4.14.2; auth-semantics 2.3): the grant, and which of its
//! tokens is the live one. Order is a counter's, never a clock's (attack TOKEN-23).

use cardea_jose::{b64, sha256};
use serde_json::{Map, Value, json};

use crate::model::{Artefact, ArtefactKind, RefreshPolicy};
use crate::protocol::body::{Body, Damaged, Writer};
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
    /// The number of the live token, from 1.
    pub generation: u64,
    /// Tokens that were exchanged, and when: the leeway may take them again.
    pub spent: Vec<(u64, Timestamp)>,
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
    /// The next one of a family that was read.
    Rotate(Family),
}

impl Plan {
    /// The family, as it will be.
    pub const fn family(&self) -> &Family {
        match self {
            Self::Start(family) | Self::Rotate(family) => family,
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
            generation: 1,
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

    /// Where the token of this generation stands.
    pub fn standing(&self, generation: u64, leeway: i64, now: Timestamp) -> Standing {
        if generation == self.generation {
            return Standing::Current;
        }
        let within = |(spent, at): &(u64, Timestamp)| {
            *spent == generation && leeway > 0 && now <= at.plus_seconds(leeway)
        };
        if self.spent.iter().any(within) {
            Standing::Leeway
        } else {
            Standing::Reused
        }
    }

    /// The family after `generation`, which may be exchanged, was: one live token, the next.
    #[must_use]
    pub fn rotated(mut self, generation: u64, policy: &RefreshPolicy, now: Timestamp) -> Self {
        if generation == self.generation {
            self.spent.clear();
        } else {
            let live = |(_, at): &(u64, Timestamp)| now <= at.plus_seconds(policy.leeway);
            self.spent.retain(live);
        }
        self.spent.push((self.generation, now));
        let excess = self.spent.len().saturating_sub(MAX_SPENT);
        self.spent.drain(..excess);
        self.generation = self.generation.saturating_add(1);
        self.rotating = true;
        self.used_at = now;
        self.expires_at = idle_end(self.ends_at, policy, now);
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
        let spent = self.spent.iter().map(|(n, at)| json!([n, at.millis()]));
        Artefact {
            kind: ArtefactKind::Family,
            digest: Artefact::name(&[id]),
            id: Some(id.to_owned()),
            group: self.grant.consent.as_ref().map(ToString::to_string),
            user: Some(self.grant.user.clone()),
            client: Some(self.grant.client.clone()),
            created_at: self.started_at,
            expires_at: self.expires_at,
            consumed_at: None,
            revision: self.revision,
            body: Writer::default()
                .put("grant", self.grant.to_json())
                .put("generation", self.generation)
                .list("spent", spent.collect())
                .flag("rotating", self.rotating)
                .put_some("metadata", self.metadata.clone())
                .time("ends_at", self.ends_at)
                .time("used_at", self.used_at)
                .finish(),
        }
    }

    /// Reads what [`Self::to_artefact`] wrote.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Body::new(WHAT, &artefact.body);
        let spent = body.list("spent")?.iter().map(|pair| {
            let number = pair.get(0).and_then(Value::as_u64);
            let at = pair.get(1).and_then(Value::as_i64);
            let pair = number.zip(at.map(Timestamp::from_millis));
            pair.ok_or_else(|| body.damaged("spent"))
        });
        Ok(Self {
            id: artefact.id.clone(),
            grant: UserGrant::from_json(body.object("grant")?)?,
            generation: number(&body, "generation")?,
            spent: spent.collect::<Result<_, Damaged>>()?,
            rotating: body.flag("rotating")?,
            metadata: body.object_or_none("metadata")?.cloned(),
            started_at: artefact.created_at,
            ends_at: body.time("ends_at")?,
            used_at: body.time("used_at")?,
            expires_at: artefact.expires_at,
            revision: artefact.revision,
        })
    }
}

fn number(body: &Body<'_>, member: &'static str) -> Result<u64, Damaged> {
    let number = body.value(member)?.as_u64();
    number.ok_or_else(|| body.damaged(member))
}

fn idle_end(ends_at: Timestamp, policy: &RefreshPolicy, now: Timestamp) -> Timestamp {
    let idle = policy
        .idle_lifetime
        .map_or(NEVER, |idle| now.plus_seconds(idle));
    idle.min(ends_at)
}

/// The body of one token.
pub(super) fn leaf_body(generation: u64) -> Map<String, Value> {
    Writer::default().put("generation", generation).finish()
}

/// Which token of its family it is.
pub fn generation_of(leaf: &Artefact) -> Result<u64, Damaged> {
    number(&Body::new("refresh token", &leaf.body), "generation")
}
