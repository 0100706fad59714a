//! A password at a login: counted, looked at, and taken back when it was right.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::pin::pin;

use cardea_core::model::{Document, TenantView, User, fold};
use cardea_core::protocol::attempts::{Attacker, Protection};
use cardea_core::protocol::{password_hash, profile};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, UserWrite, Write};
use cardea_jose::Secret;
use cardea_store::{StoreError, TenantStore};

use super::{Busy, HashTurn, Verdict};
use crate::app::App;
use crate::brute_force::{self, TooMany};
use crate::fault::Fault;
use crate::guard::At;

/// Who says what.
#[derive(Debug)]
pub(crate) struct Login<'a> {
    /// The connection.
    pub(crate) connection: &'a str,
    /// What was typed as a name.
    pub(crate) identifier: &'a str,
    /// What was typed as a password.
    pub(crate) password: &'a Secret<String>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Checked {
    /// It is the user's password. Whether the user may log in is not said: a blocked one learns it
    /// only now (attack PASSWORD-01).
    Right(Box<User>),
    /// It is not, or there is nobody of that name; who is meant is for the log alone.
    Wrong(Option<Box<User>>),
    /// It was not looked at.
    TooMany(TooMany, Option<Box<User>>),
}

/// Checks a password. Everything that asks for one goes through here: the page, the password
/// grants, and a change of password (attacks PASSWORD-31 and -06).
pub(crate) async fn check(app: &App, at: &At, login: &Login<'_>) -> Result<Checked, Fault> {
    let now = app.clock.now();
    let loaded = at.tenant.loaded();
    let view = &loaded.view;
    let store = &at.tenant.store;
    let cost = profile::password_cost(view.record.profile);
    let place = app.passwords.queue(cost)?;
    // what is short comes first, here and below: a login is the longest thing that is done
    tokio::task::yield_now().await;
    let user = find(store, login.connection, login.identifier).await?;
    let attacker = who(login, user.as_ref(), at.ip);
    let protection = protection(view, login.connection);
    let counted = brute_force::before(app, at, &attacker, &protection, now);
    let verdict = match counted_first(store, counted, app.passwords.turn(place)).await? {
        Gate::Open(turn) => {
            let turn = (cost, turn);
            let verdict = app.passwords.verify(turn, user.as_ref(), login.password);
            verdict.await
        }
        Gate::Busy => Err(Busy),
        Gate::Shut(too_many) => return Ok(Checked::TooMany(too_many, user.map(Box::new))),
    };
    tokio::task::yield_now().await;
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(busy) => {
            // it was not looked at: that is not an attempt
            brute_force::take_back(store, &attacker, &protection)?;
            return Err(busy.into());
        }
    };
    match (verdict, user.clone()) {
        (Verdict::Matches { rehash }, Some(user)) => {
            brute_force::take_back(store, &attacker, &protection)?;
            let user = if rehash {
                renew(app, store, (user, login.password), view, now).await?
            } else {
                user
            };
            Ok(Checked::Right(Box::new(user)))
        }
        (Verdict::Matches { .. } | Verdict::Wrong, user) => {
            brute_force::wrong(store, &attacker, &protection, now).await?;
            Ok(Checked::Wrong(user.map(Box::new)))
        }
    }
}

/// What an attempt meets that has been counted.
enum Gate {
    /// Its password may be looked at.
    Open(HashTurn),
    /// There were too many before it.
    Shut(TooMany),
    /// Its turn did not come in time.
    Busy,
}

impl From<Result<HashTurn, Busy>> for Gate {
    fn from(turn: Result<HashTurn, Busy>) -> Self {
        turn.map_or(Self::Busy, Self::Open)
    }
}

/// The turn of an attempt that has been counted. Who waits for a turn does not hurry the count: it
/// shares the commit of somebody who had one. A turn that comes first is kept while the count is
/// committed.
async fn counted_first(
    store: &TenantStore,
    counted: impl Future<Output = Result<Option<TooMany>, Fault>>,
    turn: impl Future<Output = Result<HashTurn, Busy>>,
) -> Result<Gate, Fault> {
    let (mut counted, mut turn) = (pin!(counted), pin!(turn));
    tokio::select! {
        biased;
        too_many = &mut counted => match too_many? {
            Some(too_many) => Ok(Gate::Shut(too_many)),
            None => Ok(turn.await.into()),
        },
        turn = &mut turn => {
            store.hurry()?;
            Ok(counted.await?.map_or_else(|| turn.into(), Gate::Shut))
        }
    }
}

/// Who is meant by a name. Whoever asks that for a password asks here, so that it is one user.
pub(crate) async fn find(
    store: &TenantStore,
    connection: &str,
    identifier: &str,
) -> Result<Option<User>, StoreError> {
    let folded = fold(identifier);
    if folded.is_empty() {
        return Ok(None);
    }
    let found = store.user_by_identifier(Some(connection), &folded).await?;
    // one's address comes before another's username that reads like it
    let (mut by_email, by_name): (Vec<User>, Vec<User>) = found
        .into_iter()
        .partition(|user| user.email.as_deref().map(fold).as_ref() == Some(&folded));
    by_email.extend(by_name);
    Ok(by_email.into_iter().next())
}

const fn who<'a>(login: &'a Login<'_>, user: Option<&'a User>, ip: IpAddr) -> Attacker<'a> {
    Attacker {
        connection: login.connection,
        identifier: login.identifier,
        user,
        ip,
    }
}

/// What the tenant wants counted for a connection.
pub(crate) fn protection(view: &TenantView, connection: &str) -> Protection {
    let counts = view.connection(connection);
    let counts = counts.is_none_or(|entry| entry.parsed.brute_force_protection);
    let settings: &Document = &view.settings.document;
    Protection::of(settings, counts)
}

/// The same password hashed as the tenant wants it now. Somebody who changed the user meanwhile
/// comes first: then the next login does it.
async fn renew(
    app: &App,
    store: &TenantStore,
    (user, password): (User, &Secret<String>),
    view: &TenantView,
    now: Timestamp,
) -> Result<User, Fault> {
    let cost = profile::password_cost(view.record.profile);
    let (Ok(hash), Some(before)) = (
        app.passwords.hash(cost, password, &app.random).await,
        user.password.as_ref(),
    ) else {
        return Ok(user);
    };
    let mut renewed = user.clone();
    renewed.password = Some(password_hash::rehashed(before, &hash));
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::User(UserWrite::Update(Box::new(renewed.clone())))],
    };
    match store.commit(commit, now).await {
        Ok(_) => {
            renewed.revision += 1;
            Ok(renewed)
        }
        Err(StoreError::Conflict(_)) => Ok(user),
        Err(error) => Err(error.into()),
    }
}
