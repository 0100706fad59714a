//! Links in mails: sent, looked at, and used.

use cardea_core::model::{ArtefactKind, EventType, EventUser, User};
use cardea_core::protocol::attempts;
use cardea_core::protocol::database::{self, ChangePassword, Refused};
use cardea_core::protocol::password_policy::{Facts, PasswordFault, Policy};
use cardea_core::protocol::profile;
use cardea_core::protocol::tickets::{self, Proved, Purpose, TicketRefusal};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_jose::Secret;
use cardea_store::{StoreError, TenantStore};
use serde_json::Value;

use super::said::{Said, called, known};
use super::strength;
use crate::app::App;
use crate::brute_force;
use crate::fault::Fault;
use crate::guard::At;
use crate::mail::{Kind, Letter, Outgoing};

/// How often something is tried anew when somebody else moved first.
const TRIES: usize = 4;

/// Sends a link to choose a new password, if there is anybody to send it to. The answer does not
/// wait for it, and does not depend on it (attack PASSWORD-04).
pub(crate) async fn forgot(
    app: &App,
    at: &At,
    asked: &ChangePassword,
    said: &Said,
) -> Result<Result<(), Refused>, Fault> {
    let now = app.clock.now();
    if let Err(refused) = asked.check(&at.tenant.loaded().view) {
        return Ok(Err(refused));
    }
    let counter = attempts::mails(&asked.connection, &asked.identifier);
    if !brute_force::has_room(app, &at.tenant.store, &counter, now).await? {
        return Ok(Err(Refused::TooMany));
    }
    let (at, asked, said) = (at.clone(), asked.clone(), said.clone());
    app.do_aside(|app| async move {
        if let Err(fault) = send_reset(&app, &at, &asked, &said).await {
            fault.report();
        }
    });
    Ok(Ok(()))
}

async fn send_reset(app: &App, at: &At, asked: &ChangePassword, said: &Said) -> Result<(), Fault> {
    let store = &at.tenant.store;
    let found = store
        .user_by_identifier(Some(&asked.connection), &asked.folded())
        .await?;
    if let Some(user) = found.into_iter().next()
        && send(app, at, (Purpose::ResetPassword, &user), said).await?
    {
        return Ok(());
    }
    let now = app.clock.now();
    let event = said.event(
        (app, at, now),
        (
            EventType::PasswordLinkRefused,
            "There is nobody to send a link to.".to_owned(),
        ),
        called(Some(&asked.identifier), &asked.connection),
    );
    commit_log(store, event, now).await?;
    Ok(())
}

/// Sends a link to a user, without anybody waiting for it.
pub(crate) fn send_aside(app: &App, at: &At, (purpose, user): (Purpose, User), said: &Said) {
    let (at, said) = (at.clone(), said.clone());
    app.do_aside(|app| async move {
        if let Err(fault) = send(&app, &at, (purpose, &user), &said).await {
            fault.report();
        }
    });
}

/// Makes a ticket and sends its link; whether there was anything to send.
async fn send(
    app: &App,
    at: &At,
    (purpose, user): (Purpose, &User),
    said: &Said,
) -> Result<bool, Fault> {
    let now = app.clock.now();
    let client = said.client_id.as_deref();
    // the issuer is one of the tenant's configured hosts: no header can make it another (attack
    // PASSWORD-23)
    let made = app
        .random
        .with(|random| database::invite(purpose, user, client, (&at.issuer, now), random));
    let (Some(made), Some(to)) = (made, user.email.as_deref()) else {
        return Ok(false);
    };
    let mut writes = made.writes;
    if purpose == Purpose::ResetPassword {
        let text = ChangePassword::ANSWER.to_owned();
        let event = (EventType::PasswordLinkSent, text);
        writes.push(said.event((app, at, now), event, known(user)));
    }
    let kind = match purpose {
        Purpose::ResetPassword => Kind::ResetPassword,
        Purpose::VerifyEmail => Kind::VerifyEmail,
        Purpose::Unblock => Kind::Blocked,
    };
    let letter = Letter::new(kind, to, &at.tenant.loaded().view).link(made.link);
    let outgoing = app.mail.write(&letter.in_language(said.languages()));
    writes.extend(outgoing.write());
    let commit = Commit {
        decided_at: None,
        writes,
    };
    at.tenant.store.commit(commit, now).await?;
    app.mail.committed(outgoing);
    Ok(true)
}

/// Looks at the ticket of a link: for its page, which changes nothing (attack PASSWORD-25).
pub(crate) async fn look(
    app: &App,
    at: &At,
    (value, purpose): (&str, Purpose),
) -> Result<Result<Proved, TicketRefusal>, Fault> {
    let store = &at.tenant.store;
    let digest = tickets::digest_of(value);
    let stored = store.artefact(ArtefactKind::Ticket, &digest).await?;
    let id = stored.as_ref().and_then(|stored| stored.user.as_ref());
    let user = match id {
        Some(id) => store.user(id).await?,
        None => None,
    };
    let found = (stored.as_ref(), user.as_ref());
    Ok(tickets::prove(value, purpose, found, app.clock.now()))
}

/// Why a new password was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotChanged {
    /// The link leads nowhere.
    Ticket(TicketRefusal),
    /// Another password, please: the ticket is still good.
    Password(PasswordFault),
}

/// Uses a ticket to change its user's password. Sessions and tokens end, and the user is told.
pub(crate) async fn reset(
    app: &App,
    at: &At,
    (value, password): (&str, &Secret<String>),
    said: &Said,
) -> Result<Result<Proved, NotChanged>, Fault> {
    let mut hash: Option<String> = None;
    for _ in 0..TRIES {
        let now = app.clock.now();
        let proved = match look(app, at, (value, Purpose::ResetPassword)).await? {
            Ok(proved) => proved,
            Err(refusal) => {
                let event = (EventType::PasswordChangeRefused, refusal.to_string());
                let event = said.event((app, at, now), event, EventUser::default());
                commit_log(&at.tenant.store, event, now).await?;
                return Ok(Err(NotChanged::Ticket(refusal)));
            }
        };
        let view = &at.tenant.loaded().view;
        let cost = profile::password_cost(view.record.profile);
        let connection = view.connection(&proved.user().connection);
        let policy = connection.map(|entry| Policy::of(&entry.document, view.record.profile));
        let history = policy.as_ref().map_or(0, |policy| policy.history);
        if let Some(policy) = &policy {
            let facts = facts(
                app,
                (proved.user(), password),
                policy,
                &view.record.name,
                cost,
            );
            if let Err(fault) = policy.check(password.expose(), &facts.await?) {
                return Ok(Err(NotChanged::Password(fault)));
            }
        }
        let hash = match &hash {
            Some(hash) => hash,
            None => hash.insert(app.passwords.hash(cost, password, &app.random).await?),
        };
        let Some(mut writes) = proved.clone().new_password(hash, history) else {
            return Ok(Err(NotChanged::Ticket(TicketRefusal::OtherPurpose)));
        };
        let event = (EventType::PasswordChanged, "Password changed".to_owned());
        writes.push(said.event((app, at, now), event, known(proved.user())));
        let outgoing = tell_changed(app, at, proved.user(), said);
        writes.extend(outgoing.iter().filter_map(Outgoing::write));
        match commit(at, writes, now).await? {
            Some(Conflict::Consumed(_)) => {
                return Ok(Err(NotChanged::Ticket(TicketRefusal::Used)));
            }
            Some(_) => {} // somebody moved first: look again
            None => {
                if let Some(outgoing) = outgoing {
                    app.mail.committed(outgoing);
                }
                return Ok(Ok(proved));
            }
        }
    }
    Err(Fault::Contended)
}

async fn facts<'a>(
    app: &App,
    (user, password): (&User, &Secret<String>),
    policy: &Policy,
    tenant: &'a str,
    cost: cardea_core::protocol::password_hash::HashCost,
) -> Result<Facts<'a>, Fault> {
    let mut known = user.profile.clone();
    let named = [
        ("email", &user.email),
        ("username", &user.username),
        ("phone_number", &user.phone_number),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            known.insert(name.to_owned(), value.as_str().into());
        }
    }
    // the address of a picture holds words that nobody chose
    known.remove("picture");
    known.insert(
        "user_metadata".to_owned(),
        user.user_metadata.clone().into(),
    );
    let score = if policy.least_score == 0 {
        None
    } else {
        let words = known.values().filter_map(Value::as_str);
        let words = words.map(ToOwned::to_owned).collect();
        strength::score_aside(password, words).await
    };
    let reused = match &user.password {
        Some(stored) if policy.history > 0 => {
            let remembered = (stored, policy.history + 1);
            app.passwords.is_reused(cost, remembered, password).await?
        }
        Some(_) | None => false,
    };
    Ok(Facts {
        user: known,
        words: vec![tenant],
        score,
        reused,
    })
}

/// The user learns of another password, at the address that the account has (attack PASSWORD-35).
fn tell_changed(app: &App, at: &At, user: &User, said: &Said) -> Option<Outgoing> {
    let to = user.email.as_deref()?;
    let letter = Letter::new(Kind::PasswordChanged, to, &at.tenant.loaded().view);
    Some(app.mail.write(&letter.in_language(said.languages())))
}

/// Uses a ticket to prove its user's address.
pub(crate) async fn verify_email(
    app: &App,
    at: &At,
    value: &str,
    said: &Said,
) -> Result<Result<Proved, TicketRefusal>, Fault> {
    let events = (
        EventType::EmailVerified,
        EventType::EmailVerificationRefused,
    );
    let texts = "Your email address has been verified.";
    use_up(
        app,
        at,
        (value, Purpose::VerifyEmail),
        (events, texts, said),
    )
    .await
}

/// Uses a ticket to lift the block of its user.
pub(crate) async fn unblock(
    app: &App,
    at: &At,
    value: &str,
    said: &Said,
) -> Result<Result<Proved, TicketRefusal>, Fault> {
    let events = (EventType::Unblocked, EventType::TokenRefused);
    let text = "The user lifted the block.";
    use_up(app, at, (value, Purpose::Unblock), (events, text, said)).await
}

async fn use_up(
    app: &App,
    at: &At,
    (value, purpose): (&str, Purpose),
    ((done, failed), text, said): ((EventType, EventType), &str, &Said),
) -> Result<Result<Proved, TicketRefusal>, Fault> {
    for _ in 0..TRIES {
        let now = app.clock.now();
        let proved = match look(app, at, (value, purpose)).await? {
            Ok(proved) => proved,
            Err(refusal) => {
                let event = (failed, refusal.to_string());
                let event = said.event((app, at, now), event, EventUser::default());
                commit_log(&at.tenant.store, event, now).await?;
                return Ok(Err(refusal));
            }
        };
        let writes = match purpose {
            Purpose::VerifyEmail => proved.clone().verified_email(),
            Purpose::Unblock => proved.clone().unblocked(),
            Purpose::ResetPassword => None,
        };
        let Some(mut writes) = writes else {
            return Ok(Err(TicketRefusal::OtherPurpose));
        };
        let event = (done, text.to_owned());
        writes.push(said.event((app, at, now), event, known(proved.user())));
        match commit(at, writes, now).await? {
            Some(Conflict::Consumed(_)) => return Ok(Err(TicketRefusal::Used)),
            Some(_) => {}
            None => return Ok(Ok(proved)),
        }
    }
    Err(Fault::Contended)
}

/// Commits; a guard that did not hold is an answer.
async fn commit(
    at: &At,
    writes: Vec<Write>,
    now: Timestamp,
) -> Result<Option<Conflict>, StoreError> {
    let commit = Commit {
        decided_at: None,
        writes,
    };
    match at.tenant.store.commit(commit, now).await {
        Ok(_) => Ok(None),
        Err(StoreError::Conflict(conflict)) => Ok(Some(conflict)),
        Err(error) => Err(error),
    }
}

/// Records an event and nothing else.
pub(super) async fn commit_log(
    store: &TenantStore,
    event: Write,
    now: Timestamp,
) -> Result<(), StoreError> {
    let commit = Commit {
        decided_at: None,
        writes: vec![event],
    };
    store.commit(commit, now).await.map(drop)
}
