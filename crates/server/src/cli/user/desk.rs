//! The installation, the tenant and the connection that a command is about.

use cardea_core::id::{LogId, UserId};
use cardea_core::model::{
    Connection, Entry, EventType, EventUser, Issuer, LogEvent, TenantView, User, fold,
};
use cardea_core::protocol::password_policy::{Facts, Policy};
use cardea_core::protocol::profile;
use cardea_core::protocol::tickets::{self, NewTicket, Purpose};
use cardea_core::write::{Commit, Write};
use cardea_jose::Secret;
use cardea_store::{StoreError, TenantStore};
use serde_json::{Map, json};

use super::super::Failure;
use super::super::place::Opened;
use super::Where;
use crate::password::Hasher;
use crate::random::SharedRandom;

/// A link that the operator passes on by hand is good for a day.
const LINK_SECONDS: i64 = 86_400;

/// A tenant, and one of its databases of users.
pub(super) struct Desk {
    pub(super) opened: Opened,
    pub(super) view: TenantView,
    connection: String,
    pub(super) random: SharedRandom,
}

impl Desk {
    pub(super) async fn open(at: &Where) -> Result<Self, Failure> {
        let opened = at.place.find()?.open().await?;
        let (view, _) = opened.load(at.tenant.as_deref()).await?;
        let names: Vec<&str> = view
            .connections
            .values()
            .filter(|entry| entry.parsed.strategy == "auth0")
            .map(|entry| entry.parsed.name.as_str())
            .collect();
        let connection = match (&at.connection, names.as_slice()) {
            (Some(name), names) if names.contains(&name.as_str()) => name.clone(),
            (None, [only]) => (*only).to_owned(),
            (_, []) => return Err(Failure::new("the tenant has no database connection")),
            (_, names) => {
                let names = names.join(", ");
                return Err(Failure::new(format!("--connection is one of: {names}")));
            }
        };
        Ok(Self {
            opened,
            view,
            connection,
            random: SharedRandom::system(),
        })
    }

    fn store(&self) -> TenantStore {
        self.opened.store.tenant(&self.view.record.id)
    }

    pub(super) fn connection(&self) -> Result<&Entry<Connection>, Failure> {
        let found = self.view.connection(&self.connection);
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| Failure::new("the connection is gone"))
    }

    /// A user by id, else by what it is called in the connection.
    pub(super) async fn user(&self, named: &str) -> Result<User, Failure> {
        let store = self.store();
        let by_id = match UserId::parse(named) {
            Some(id) => store.user(&id).await?,
            None => None,
        };
        if let Some(user) = by_id {
            return Ok(user);
        }
        let found = store
            .user_by_identifier(Some(&self.connection), &fold(named))
            .await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Failure::new(format!("there is no user {named} in {}", self.connection)))
    }

    /// A hash of a password that the connection's policy takes.
    pub(super) fn hash(&self, user: &User, password: &Secret<String>) -> Result<String, Failure> {
        let profile = self.view.record.profile;
        let policy = Policy::of(&self.connection()?.document, profile);
        let mut known = Map::new();
        for (name, value) in [("email", &user.email), ("username", &user.username)] {
            if let Some(value) = value {
                known.insert(name.to_owned(), value.as_str().into());
            }
        }
        let facts = Facts {
            user: known,
            words: vec![self.view.record.name.as_str()],
            ..Facts::default()
        };
        policy
            .check(password.expose(), &facts)
            .map_err(|fault| Failure::new(fault.why()))?;
        let cost = profile::password_cost(profile);
        let hash = |random: &mut dyn cardea_core::random::Random| {
            Hasher::default().hash(cost, password.expose(), random)
        };
        Ok(self.random.with(hash))
    }

    /// A link for the user, and what it is made of.
    pub(super) fn link(&self, user: &User) -> (String, Vec<Write>) {
        let issuer = Issuer::new(self.opened.scheme.as_str(), &self.view.record.host);
        let new = NewTicket {
            mailed: false,
            lifetime: Some(LINK_SECONDS),
            ..NewTicket::mailed(Purpose::ResetPassword, user, None)
        };
        let now = self.opened.now;
        let made = self
            .random
            .with(|random| tickets::make(new, &issuer, now, random));
        (made.link, made.writes)
    }

    /// Makes the writes, with the event that says so (attack LOG-04).
    pub(super) async fn commit(
        &self,
        mut writes: Vec<Write>,
        (event, user): (&str, &User),
    ) -> Result<(), StoreError> {
        let node = self.random.with(|random| {
            let mut bytes = [0; 8];
            random.fill(&mut bytes);
            u64::from_be_bytes(bytes)
        });
        let now = self.opened.now;
        let details = json!({"operator": true});
        writes.push(Write::Log(LogEvent {
            id: LogId::new(now, 0, node),
            at: now,
            event: EventType::ManagementWrite,
            description: event.to_owned(),
            client_id: None,
            client_name: None,
            ip: String::new(),
            user_agent: Some("cardea (command line)".to_owned()),
            hostname: self.view.record.host.to_string(),
            audience: None,
            scope: None,
            user: Some(EventUser {
                id: Some(user.id.to_string()),
                name: user.email.clone(),
                connection: Some(user.connection.clone()),
            }),
            details: details.as_object().cloned().unwrap_or_default(),
            trace: None,
        }));
        let commit = Commit {
            decided_at: None,
            writes,
        };
        self.store().commit(commit, now).await.map(drop)
    }
}
