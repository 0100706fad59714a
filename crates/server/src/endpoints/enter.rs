//! Somebody proved who it is: a session of its own, whatever cookie came (attack SESSION-01), and
//! the login goes on.

use std::sync::Arc;

use axum::body::Body;
use cardea_core::model::User;
use cardea_core::protocol::login::{self, Input};
use cardea_core::protocol::session::{LoggedIn, SessionRecord};
use cardea_core::write::{UserWrite, Write};
use http::{HeaderValue, Response};

use super::flow::{self, Beside, TRIES};
use super::pending::{self, Open};
use super::visit::{Fields, Person, Visit};
use crate::cookies::Cookie;
use crate::fault::Fault;
use crate::tenants::Loaded;
use crate::wire;

/// Goes on with an open login as this user, as it was when its password was looked at.
pub(crate) async fn enter(
    visit: &Visit,
    first: Open,
    fields: &Fields,
    who: &User,
) -> Result<Response<Body>, Fault> {
    // whoever changed the user since conflicts with [`counted`], so it is read anew only then; a user
    // who is refused gets nothing that would have to rest on that
    let mut next = Some((first, Arc::new(who.clone())));
    for defeats in 0..=TRIES {
        let _turn = visit.at.tenant.turn_after(defeats).await;
        let (open, user) = match next.take() {
            Some(known) => known,
            None => match again(visit, fields, who).await? {
                Again::Open(open, user) => (*open, user),
                Again::Gone => continue,
                Again::Answer(answer) => return Ok(answer),
            },
        };
        if let Some(answer) = once(visit, open, user).await? {
            return Ok(answer);
        }
    }
    Err(Fault::Contended)
}

/// What there is after somebody else moved first.
enum Again {
    Open(Box<Open>, Arc<User>),
    /// The user was removed in this moment.
    Gone,
    /// The login is over, or asks for the password again.
    Answer(Response<Body>),
}

async fn again(visit: &Visit, fields: &Fields, who: &User) -> Result<Again, Fault> {
    let open = match pending::open(visit, fields).await? {
        Ok(open) => open,
        Err(answer) => return Ok(Again::Answer(answer)),
    };
    let Some(user) = visit.at.tenant.store.user(&who.id).await? else {
        return Ok(Again::Gone);
    };
    if has_another_password(&user, who) {
        let page = flow::page_of(&open.pending);
        return Ok(Again::Answer(wire::see_other(&page)));
    }
    Ok(Again::Open(Box::new(open), Arc::new(user)))
}

async fn once(visit: &Visit, open: Open, user: Arc<User>) -> Result<Option<Response<Body>>, Fault> {
    let Open {
        pending,
        checked,
        loaded,
    } = open;
    let consent = visit.consent(&checked.consent_digest(&user.id)).await?;
    let user = visit.at.tenant.store.with_rights(user).await?;
    let person = Person {
        session: visit.session().await?,
        user: Some(user.clone()),
        consent,
    };
    // what is short comes first
    tokio::task::yield_now().await;
    let before = person.session.as_ref();
    let connection = pending.transaction.connection.clone().unwrap_or_default();
    let (session, cookie) = session(visit, &loaded, (&connection, &user.user), before);
    let facts = person.facts(visit, &loaded);
    let input = Input::LoggedIn(Box::new(session));
    let random = &visit.app.random;
    let decided = random.with(|random| login::step(pending, input, &checked, facts, random));
    let mut beside = Beside {
        logged_in: true,
        ..Beside::default()
    };
    // a user who may not log in (a blocked one) gets no cookie and is not counted
    if decided.refused.is_none() {
        beside.cookies.push(cookie);
        beside.writes.push(counted(visit, &user.user));
    }
    let about = (&checked, Some(&user));
    flow::finish(visit, &loaded, about, decided, beside).await
}

/// Whether the password is another one than the one that was looked at: then it is asked for
/// again (attack SESSION-07).
pub(crate) fn has_another_password(now: &User, then: &User) -> bool {
    let hash = |user: &User| user.password.as_ref().map(|hash| hash.expose().clone());
    hash(now) != hash(then)
}

/// A new session with its cookie.
pub(crate) fn session(
    visit: &Visit,
    loaded: &Loaded,
    (connection, user): (&str, &User),
    before: Option<&SessionRecord>,
) -> (SessionRecord, HeaderValue) {
    let login = LoggedIn {
        user: user.id.clone(),
        connection: connection.to_owned(),
        method: "pwd",
        device: visit.device(),
    };
    let settings = &loaded.view.settings.parsed.login;
    let random = &visit.app.random;
    let (session, value) =
        random.with(|random| SessionRecord::new(login, before, settings, visit.now, random));
    let lifetime = session.expires_at.seconds() - visit.now.seconds();
    let seconds = session.persistent.then_some(lifetime);
    let cookie = visit.jar().set(Cookie::Session, &value, seconds);
    (session, cookie)
}

/// One login more.
pub(crate) fn counted(visit: &Visit, user: &User) -> Write {
    let mut user = user.clone();
    user.last_login = Some((visit.now, visit.at.ip.to_string()));
    user.logins_count += 1;
    Write::User(UserWrite::Login(Box::new(user)))
}
