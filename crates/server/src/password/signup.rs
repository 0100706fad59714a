//! Signing up: at `/dbconnections/signup` and on the page.

use cardea_core::model::{EventType, User};
use cardea_core::protocol::attempts;
use cardea_core::protocol::database::{self, Refused, Signup};
use cardea_core::protocol::tickets::Purpose;
use cardea_core::protocol::{password_policy::Policy, profile};
use cardea_core::write::{Commit, Conflict};
use cardea_store::StoreError;
use serde_json::Value;

use super::check::protection;
use super::links::{self, commit_log};
use super::said::{Said, called, known};
use super::strength;
use crate::app::App;
use crate::brute_force;
use crate::fault::Fault;
use crate::guard::At;
use crate::mail::{Kind, Letter};

/// How often it is tried anew when the tenant changed meanwhile.
const TRIES: usize = 4;

/// Signs somebody up. What takes time is the same whether the address has an account or not: the
/// rules and the hash come first, and the mail is written aside (attack PASSWORD-03).
pub(crate) async fn sign_up(
    app: &App,
    at: &At,
    signup: &Signup,
    said: &Said,
) -> Result<Result<User, Refused>, Fault> {
    let now = app.clock.now();
    let store = &at.tenant.store;
    let outcome = signed_up(app, at, signup, said).await?;
    if let Err(refused) = &outcome {
        let name = signup.email.as_deref().or(signup.username.as_deref());
        let event = said.event(
            (app, at, now),
            (EventType::SignupRefused, refused.why()),
            called(name, &signup.connection),
        );
        commit_log(store, event, now).await?;
    }
    match &outcome {
        Ok(user) => links::send_aside(app, at, (Purpose::VerifyEmail, user.clone()), said),
        Err(Refused::UserExists) => tell_aside(app, at, signup, said),
        Err(_) => {}
    }
    Ok(outcome)
}

async fn signed_up(
    app: &App,
    at: &At,
    signup: &Signup,
    said: &Said,
) -> Result<Result<User, Refused>, Fault> {
    let now = app.clock.now();
    let store = &at.tenant.store;
    let mut loaded = at.tenant.loaded();
    let limits = protection(&loaded.view, &signup.connection);
    let from_here = attempts::signups(&limits, at.ip);
    if limits.signup.enabled && !brute_force::has_room(app, store, &from_here, now).await? {
        return Ok(Err(Refused::TooMany));
    }
    let mut hash: Option<String> = None;
    for _ in 0..TRIES {
        let view = &loaded.view;
        let guesses = score(view, signup).await;
        if let Err(refused) = signup.check(view, guesses) {
            return Ok(Err(refused));
        }
        let hash = if let Some(hash) = &hash {
            hash
        } else {
            let cost = profile::password_cost(view.record.profile);
            let fresh = app.passwords.hash(cost, &signup.password, &app.random);
            hash.insert(fresh.await?)
        };
        let user = app.random.with(|random| signup.user(hash, now, random));
        let Some(user) = user else {
            return Err(Fault::Contended);
        };
        let event = said.event(
            (app, at, now),
            (EventType::SignedUp, "Success Signup".to_owned()),
            known(&user),
        );
        let commit = Commit {
            decided_at: Some(view.version),
            writes: vec![database::insert(&user), event],
        };
        match store.commit(commit, now).await {
            Ok(_) => return Ok(Ok(user)),
            Err(StoreError::Conflict(Conflict::UserExists)) => {
                return Ok(Err(who_exists(at, signup).await?));
            }
            Err(StoreError::Conflict(_)) => {
                loaded = at.tenant.newer_than(loaded.view.version).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Contended)
}

/// How hard the password is to guess, where that is asked for. It is estimated beside the threads
/// that answer requests.
async fn score(view: &cardea_core::model::TenantView, signup: &Signup) -> Option<u8> {
    let connection = view.connection(&signup.connection)?;
    let policy = Policy::of(&connection.document, view.record.profile);
    if policy.least_score == 0 {
        return None;
    }
    let known = signup.facts(view, None).user;
    let known: Vec<String> = known
        .values()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect();
    strength::score_aside(&signup.password, known).await
}

/// Which of the names is taken.
async fn who_exists(at: &At, signup: &Signup) -> Result<Refused, StoreError> {
    let taken = |name: Option<&String>| {
        let folded = name.map(|name| cardea_core::model::fold(name));
        async move {
            let Some(folded) = folded else {
                return Ok(false);
            };
            let found = at
                .tenant
                .store
                .user_by_identifier(Some(&signup.connection), &folded);
            Ok::<_, StoreError>(!found.await?.is_empty())
        }
    };
    // both are looked for, so that neither takes longer
    let email = taken(signup.email.as_ref()).await?;
    let username = taken(signup.username.as_ref()).await?;
    Ok(if username && !email {
        Refused::UsernameExists
    } else {
        Refused::UserExists
    })
}

/// The owner of the address learns that somebody wanted to sign up with it.
fn tell_aside(app: &App, at: &At, signup: &Signup, said: &Said) {
    let Some(email) = signup.email.clone() else {
        return;
    };
    let (at, said) = (at.clone(), said.clone());
    let connection = signup.connection.clone();
    app.do_aside(|app| async move {
        let now = app.clock.now();
        let counter = attempts::mails(&connection, &email);
        let store = &at.tenant.store;
        let told = match brute_force::has_room(&app, store, &counter, now).await {
            Ok(true) => tell_owner(&app, &at, &email, &said).await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tracing::error!(%error, "a mail was not written");
        }
    });
}

async fn tell_owner(app: &App, at: &At, email: &str, said: &Said) -> Result<(), StoreError> {
    let letter = Letter::new(Kind::AlreadyRegistered, email, &at.tenant.loaded().view);
    let outgoing = app.mail.write(&letter.in_language(said.languages()));
    let commit = Commit {
        decided_at: None,
        writes: outgoing.write().into_iter().collect(),
    };
    at.tenant.store.commit(commit, app.clock.now()).await?;
    app.mail.committed(outgoing);
    Ok(())
}
