//! Reads what a decision at the token endpoint and its neighbours must know.

use std::sync::Arc;

use cardea_core::id::UserId;
use cardea_core::model::{Artefact, ArtefactKind, User};
use cardea_core::protocol::token::facts::MAX_FAMILIES;
use cardea_core::protocol::token::{Fact, FactKey, Facts, PasswordVerdict};
use cardea_core::time::Timestamp;
use cardea_core::write::ArtefactQuery;
use cardea_jose::Secret;

use crate::app::App;
use crate::brute_force::TooMany;
use crate::fault::Fault;
use crate::guard::At;
use crate::password::check::{self, Checked, Login};

/// The password of a request and whose it is said to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The connection's name.
    pub(crate) connection: &'a str,
    /// As it was typed.
    pub(crate) identifier: &'a str,
    /// As it was typed.
    pub(crate) password: &'a Secret<String>,
}

/// Where facts are read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) app: &'a App,
    pub(crate) at: &'a At,
    pub(crate) said: Option<Said<'a>>,
    pub(crate) now: Timestamp,
}

impl Reader<'_> {
    /// Reads until nothing more is wanted. Each key is read once.
    pub(crate) async fn all(
        &self,
        mut wanted: impl FnMut(&Facts) -> Vec<FactKey>,
    ) -> Result<Facts, Fault> {
        let mut facts = Facts::default();
        loop {
            let keys = facts.missing(wanted(&facts));
            if keys.is_empty() {
                return Ok(facts);
            }
            for key in keys {
                let fact = if let FactKey::Artefact(ArtefactKind::Code, digest) = key {
                    self.code(digest, &mut facts).await?
                } else if let FactKey::Artefact(
                    kind @ (ArtefactKind::Opaque | ArtefactKind::Family),
                    digest,
                ) = key
                {
                    self.owned(kind, digest, &mut facts).await?
                } else {
                    self.one(&key, &facts).await?
                };
                facts.put(key, fact);
            }
        }
    }

    /// What belongs to a user, and the user, who is wanted next, with it.
    async fn owned(
        &self,
        kind: ArtefactKind,
        digest: [u8; 32],
        facts: &mut Facts,
    ) -> Result<Fact, Fault> {
        let store = &self.at.tenant.store;
        let found = store.artefact_with_user(kind, &digest).await?;
        let artefact = found.map(|(artefact, user)| with_user(artefact, user, facts));
        Ok(Fact::Artefact(artefact))
    }

    /// The same of a code, and the session that it was issued in.
    async fn code(&self, digest: [u8; 32], facts: &mut Facts) -> Result<Fact, Fault> {
        let found = self.at.tenant.store.code(&digest).await?;
        let code = found.map(|(code, user, session)| {
            if let Some(id) = code.group.clone() {
                let session = Fact::Artefact(session.map(Box::new));
                facts.put(FactKey::ById(ArtefactKind::Session, id), session);
            }
            with_user(code, user, facts)
        });
        Ok(Fact::Artefact(code))
    }

    async fn one(&self, key: &FactKey, known: &Facts) -> Result<Fact, Fault> {
        let store = &self.at.tenant.store;
        Ok(match key {
            FactKey::Artefact(kind, digest) => {
                Fact::Artefact(store.artefact(*kind, digest).await?.map(Box::new))
            }
            FactKey::ById(kind, id) => {
                Fact::Artefact(store.artefact_by_id(*kind, id).await?.map(Box::new))
            }
            FactKey::Account(id) => Fact::Account(store.user(id).await?.map(Arc::new)),
            FactKey::User(id) => match known.account(id) {
                Some(user) => {
                    Fact::User(Some(Box::new(store.with_rights(Arc::clone(user)).await?)))
                }
                None => Fact::User(store.user_facts(id).await?.map(Box::new)),
            },
            FactKey::Identified {
                connection,
                identifier,
            } => {
                let found = Box::pin(check::find(store, connection, identifier)).await?;
                let facts = match found.map(Arc::new) {
                    Some(user) => Some(store.with_rights(user).await?),
                    None => None,
                };
                Fact::User(facts.map(Box::new))
            }
            FactKey::Families(user, client) => {
                let query = ArtefactQuery {
                    kind: ArtefactKind::Family,
                    user: Some(user.clone()),
                    client: Some(client.clone()),
                    group: None,
                    live_at: self.now,
                    after: None,
                    take: i64::try_from(MAX_FAMILIES).unwrap_or(i64::MAX),
                };
                Fact::Families(store.artefacts(&query).await?)
            }
            FactKey::Password(user) => {
                Fact::Password(Box::pin(self.password(user.as_ref())).await?)
            }
        })
    }

    /// Right is a password that is this user's: what the password was looked up by could name
    /// somebody else by now.
    async fn password(&self, user: Option<&UserId>) -> Result<PasswordVerdict, Fault> {
        let Some(said) = self.said else {
            return Ok(PasswordVerdict::Wrong);
        };
        let login = Login {
            connection: said.connection,
            identifier: said.identifier,
            password: said.password,
        };
        Ok(match check::check(self.app, self.at, &login).await? {
            Checked::Right(found) if Some(&found.id) == user => PasswordVerdict::Right,
            Checked::Right(_) | Checked::Wrong(_) => PasswordVerdict::Wrong,
            Checked::TooMany(TooMany::Account, _) => PasswordVerdict::TooMany,
            Checked::TooMany(TooMany::Address, _) => PasswordVerdict::TooManyFromAddress,
        })
    }
}

fn with_user(artefact: Artefact, user: Option<User>, facts: &mut Facts) -> Box<Artefact> {
    if let Some(id) = artefact.user.clone() {
        facts.put(FactKey::Account(id), Fact::Account(user.map(Arc::new)));
    }
    Box::new(artefact)
}
