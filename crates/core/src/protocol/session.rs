//! A browser session: who is logged in, since when, until when (auth-semantics section 6).

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{Damaged, Members, Writer};
use crate::id::{ClientId, SessionId, UserId};
use crate::model::{Artefact, ArtefactKind, Body, LoginSettings, SessionLifetimes};
use crate::random::{self, Random};
use crate::time::Timestamp;
use crate::write::Write;

/// A way in which the user proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// `pwd`, `mfa`, …
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// From where a session was used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The peer's address.
    pub ip: String,
    /// `User-Agent`.
    pub user_agent: Option<String>,
}

/// A browser session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of the cookie's value.
    pub digest: [u8; 32],
    /// Its public id: `sid` in ID tokens, the same for every application (trap T29).
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// The name of the connection through which it came.
    pub connection: String,
    /// When the user last proved who it is.
    pub authenticated_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// Without use it ends then.
    pub idle_expires_at: Timestamp,
    /// It ends then.
    pub expires_at: Timestamp,
    /// Whether the cookie outlives the browser.
    pub persistent: bool,
    /// The applications that it was used for.
    pub clients: Vec<ClientId>,
    /// Where it began.
    pub first_device: Device,
    /// Where it was last used.
    pub last_device: Device,
    /// How the user proved who it is.
    pub methods: Vec<Method>,
    /// `session_metadata`: the Management API's to set.
    pub metadata: Option<Map<String, Value>>,
    /// The stored revision.
    pub revision: i64,
}

/// A login that just succeeded.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// Who.
    pub user: UserId,
    /// The name of the connection.
    pub connection: String,
    /// `pwd`, …
    pub method: &'static str,
    /// From where.
    pub device: Device,
}

const WHAT: &str = "session";

impl SessionRecord {
    /// A new session and the value of its cookie. A session of the same user in the same browser
    /// keeps its `sid`, but never its cookie (attack SESSION: fixation).
    pub fn new(
        login: LoggedIn,
        before: Option<&Self>,
        settings: &LoginSettings,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> (Self, String) {
        let cookie = random::url_safe(random, 43);
        let persistent = settings.persistent_cookie;
        let lifetimes = lifetimes(settings, persistent);
        let same = before.filter(|before| before.user == login.user);
        let record = Self {
            digest: Artefact::name(&[&cookie]),
            id: same.map_or_else(|| SessionId::new(random), |before| before.id.clone()),
            user: login.user,
            connection: login.connection,
            authenticated_at: now,
            created_at: now,
            last_used_at: now,
            idle_expires_at: now.plus_seconds(lifetimes.idle),
            expires_at: now.plus_seconds(lifetimes.absolute),
            persistent,
            clients: same.map_or_else(Vec::new, |before| before.clients.clone()),
            first_device: login.device.clone(),
            last_device: login.device,
            methods: vec![Method {
                name: login.method.to_owned(),
                at: now,
            }],
            metadata: same.and_then(|before| before.metadata.clone()),
            revision: 1,
        };
        (record, cookie)
    }

    /// The digest under which the session of a cookie is found.
    pub fn digest_of(cookie: &str) -> [u8; 32] {
        Artefact::name(&[cookie])
    }

    /// Whether it can still be used. A lifetime that was lowered counts at once, one that was
    /// raised for later sessions alone (auth-semantics 6.2).
    pub fn is_usable(&self, settings: &LoginSettings, now: Timestamp) -> bool {
        let life = Life {
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            idle_expires_at: self.idle_expires_at,
            expires_at: self.expires_at,
            persistent: self.persistent,
        };
        life.goes_on(settings, now)
    }

    /// The same of one that is stored. Nothing else of it is read, nor need it be sound.
    pub fn stored_is_usable(
        artefact: &Artefact,
        settings: &LoginSettings,
        now: Timestamp,
    ) -> Result<bool, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        Ok(Life::read(artefact, &body)?.goes_on(settings, now))
    }

    /// Used for `client`: the idle time begins again. The absolute end stays.
    pub fn touch(&mut self, client: &ClientId, settings: &LoginSettings, now: Timestamp) {
        self.last_used_at = now.max(self.last_used_at);
        let idle = lifetimes(settings, self.persistent).idle;
        let end = self.last_used_at.plus_seconds(idle);
        self.idle_expires_at = end.min(self.expires_at);
        if !self.clients.contains(client) {
            self.clients.push(client.clone());
        }
    }

    /// Whether using it for `client` now says something new. Uses within a moment count as one,
    /// so that a page with many frames does not fight over one row.
    pub fn needs_touch(&self, client: &ClientId, settings: &LoginSettings, now: Timestamp) -> bool {
        let moment = (lifetimes(settings, self.persistent).idle / 10).min(60);
        let stale = now >= self.last_used_at.plus_seconds(moment);
        stale || !self.clients.contains(client)
    }

    /// Stored anew.
    pub fn put(&self) -> Write {
        Write::Put(self.to_artefact())
    }

    /// Stored in its place, as it was read.
    pub fn replace(&self) -> Write {
        Write::Replace(self.to_artefact())
    }

    /// As it is stored.
    pub fn to_artefact(&self) -> Artefact {
        let clients: Vec<&str> = self.clients.iter().map(ClientId::as_str).collect();
        let methods = self.methods.iter().map(|method| StoredMethod {
            name: Cow::Borrowed(&method.name),
            at: method.at.millis(),
        });
        let body = Writer::default()
            .put("connection", &self.connection)
            .time("authenticated_at", self.authenticated_at)
            .time("last_used_at", self.last_used_at)
            .time("idle_expires_at", self.idle_expires_at)
            .time("expires_at", self.expires_at)
            .flag("persistent", self.persistent)
            .list("clients", &clients)
            .object("first_device", &device_body(&self.first_device))
            .object("last_device", &device_body(&self.last_device))
            .list("methods", &methods.collect::<Vec<_>>())
            .put_some("metadata", self.metadata.as_ref())
            .finish();
        Artefact {
            kind: ArtefactKind::Session,
            digest: self.digest,
            id: Some(self.id.to_string()),
            group: None,
            user: Some(self.user.clone()),
            client: None,
            created_at: self.created_at,
            expires_at: self.idle_expires_at.min(self.expires_at),
            consumed_at: None,
            revision: self.revision,
            body,
        }
    }

    /// Reads what was stored.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        let id = artefact.id.as_deref().and_then(SessionId::parse);
        let clients = body.list::<Cow<'_, str>>("clients")?.into_iter();
        let clients = clients.map(|id| ClientId::parse(&id));
        let methods = body.list::<StoredMethod<'_>>("methods")?.into_iter();
        let life = Life::read(artefact, &body)?;
        Ok(Self {
            digest: artefact.digest,
            id: id.ok_or_else(|| body.damaged("id"))?,
            user: artefact.user.clone().ok_or_else(|| body.damaged("user"))?,
            connection: body.get("connection")?,
            authenticated_at: body.time("authenticated_at")?,
            created_at: life.created_at,
            last_used_at: life.last_used_at,
            idle_expires_at: life.idle_expires_at,
            expires_at: life.expires_at,
            persistent: life.persistent,
            clients: clients
                .collect::<Option<_>>()
                .ok_or_else(|| body.damaged("clients"))?,
            first_device: device(&body, "first_device")?,
            last_device: device(&body, "last_device")?,
            methods: methods.map(Method::from).collect(),
            metadata: body.get_or_none("metadata")?,
            revision: artefact.revision,
        })
    }
}

/// What decides how long a session goes on.
struct Life {
    created_at: Timestamp,
    last_used_at: Timestamp,
    idle_expires_at: Timestamp,
    expires_at: Timestamp,
    persistent: bool,
}

impl Life {
    fn read(artefact: &Artefact, body: &Members<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            created_at: artefact.created_at,
            last_used_at: body.time("last_used_at")?,
            idle_expires_at: body.time("idle_expires_at")?,
            expires_at: body.time("expires_at")?,
            persistent: body.flag("persistent")?,
        })
    }

    fn goes_on(&self, settings: &LoginSettings, now: Timestamp) -> bool {
        let lifetimes = lifetimes(settings, self.persistent);
        let by_settings = now < self.created_at.plus_seconds(lifetimes.absolute)
            && now < self.last_used_at.plus_seconds(lifetimes.idle);
        by_settings && now < self.expires_at && now < self.idle_expires_at
    }
}

const fn lifetimes(settings: &LoginSettings, persistent: bool) -> SessionLifetimes {
    if persistent {
        settings.persistent
    } else {
        settings.ephemeral
    }
}

/// A [`Method`] as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredMethod<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    at: i64,
}

impl From<StoredMethod<'_>> for Method {
    fn from(stored: StoredMethod<'_>) -> Self {
        Self {
            name: stored.name.into_owned(),
            at: Timestamp::from_millis(stored.at),
        }
    }
}

fn device_body(device: &Device) -> Body {
    Writer::default()
        .put("ip", &device.ip)
        .put_some("user_agent", device.user_agent.as_ref())
        .finish()
}

fn device(members: &Members<'_>, member: &'static str) -> Result<Device, Damaged> {
    let body = members.object(member, WHAT)?;
    Ok(Device {
        ip: body.get("ip")?,
        user_agent: body.get_or_none("user_agent")?,
    })
}
