//! Logging in on the way to a device: the same page, the same check, a session as ever.

use axum::body::Body;
use cardea_core::model::{ArtefactKind, Connection, EventType, Revoke, User};
use cardea_core::protocol::authorize::{Refused, connection_of};
use cardea_core::write::Write;
use cardea_jose::Secret;
use http::{HeaderValue, Response, StatusCode};

use super::activate::{Desk, Waiting};
use super::enter;
use super::flow::{TRIES, blank, named};
use super::login;
use super::visit::{Person, with_cookie};
use crate::fault::Fault;
use crate::pages::{Login, Page, Policy, Problem, shown};
use crate::password::check::{self, Checked};

/// The login page; its form comes back to `/activate`.
pub(crate) fn page(desk: &Desk, waiting: &Waiting, problem: Problem) -> Response<Body> {
    let status = if problem.is_there() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let look = desk.visit.look(None);
    let code = &waiting.state.user_code;
    let connection = connection(waiting);
    let username_allowed = connection.is_some_and(|connection| connection.requires_username);
    let identifier = desk.fields.get("username").unwrap_or_default();
    let app = shown(&waiting.client.parsed.name);
    let page = Login {
        title: look.say("login-title"),
        lead: look.with("login-lead", &[("app", &app)]),
        action: "/activate".to_owned(),
        hidden: vec![
            ("user_code", code.clone()),
            ("state", desk.mark(code, "confirm")),
        ],
        identifier,
        identifier_label: look.say(if username_allowed {
            "identifier-or-username"
        } else {
            "identifier"
        }),
        username_allowed,
        asks_identifier: true,
        asks_password: true,
        focus: match problem.field {
            "" => "username",
            field => field,
        },
        button: "login",
        change: None,
        forgot: connection
            .is_some_and(|connection| connection.password_reset)
            .then(|| "/u/reset-password/request".to_owned()),
        signup: None,
        problem,
        look: &look,
    };
    Page::of(&page, Policy::of(&look)).status(status).answer()
}

fn connection(waiting: &Waiting) -> Option<&Connection> {
    connection_of(&waiting.loaded.view, &waiting.client.parsed, None)
}

/// Identifier and password came.
pub(crate) async fn post(desk: &Desk, code: &str) -> Result<Response<Body>, Fault> {
    let Some(waiting) = desk.waiting(code).await? else {
        return desk.unknown(code).await;
    };
    let say = |text: &str| desk.visit.look(None).say(text);
    let identifier = match login::named(&desk.fields) {
        Ok(identifier) => identifier,
        Err(text) => return Ok(page(desk, &waiting, Problem::new("username", say(text)))),
    };
    let Some(secret) = desk.fields.get("password") else {
        let problem = Problem::new("password", say("error-password-missing"));
        return Ok(page(desk, &waiting, problem));
    };
    let Some(connection) = connection(&waiting) else {
        return Ok(page(
            desk,
            &waiting,
            Problem::new("", say("error-credentials")),
        ));
    };
    let attempt = check::Login {
        connection: &connection.name,
        identifier,
        password: &Secret::new(secret.to_owned()),
    };
    let user = match check::check(&desk.visit.app, &desk.visit.at, &attempt).await? {
        Checked::Right(user) => user,
        Checked::Wrong(user) => {
            let about = (&*waiting.client, connection.name.as_str());
            login::wrong(&desk.visit, about, identifier, user.as_deref()).await?;
            let problem = Problem::new("password", say("error-credentials"));
            return Ok(page(desk, &waiting, problem));
        }
        Checked::TooMany(why, user) => {
            let about = (&*waiting.client, connection.name.as_str());
            login::stopped(&desk.visit, about, identifier, (why, user.as_deref())).await?;
            let problem = Problem::new("username", say(login::too_many(why)));
            let mut answer = page(desk, &waiting, problem);
            *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            return Ok(answer);
        }
    };
    let name = connection.name.clone();
    let (person, cookie) = match log_in(desk, &name, &user).await? {
        Entered::In(person, cookie) => (*person, cookie),
        Entered::Blocked => return desk.refused(&Refused::Blocked).await,
        Entered::PasswordChanged => {
            let problem = Problem::new("password", say("error-credentials"));
            return Ok(page(desk, &waiting, problem));
        }
    };
    for _ in 0..TRIES {
        let Some(waiting) = desk.waiting(code).await? else {
            return desk.unknown(code).await;
        };
        let person = desk.with_consent(&waiting, person.clone()).await?;
        if let Some(answer) = desk.decide(&waiting, &person).await? {
            return Ok(with_cookie(answer, cookie));
        }
    }
    Err(Fault::Contended)
}

/// What became of a right password.
enum Entered {
    /// A session, and its cookie.
    In(Box<Person>, HeaderValue),
    /// The user may not log in.
    Blocked,
    /// It is not the user's password any more.
    PasswordChanged,
}

/// A new session in the place of the browser's old one.
async fn log_in(desk: &Desk, connection: &str, user: &User) -> Result<Entered, Fault> {
    let visit = &desk.visit;
    for defeats in 0..=TRIES {
        let _turn = visit.at.tenant.turn_after(defeats).await;
        let loaded = visit.loaded();
        let Some(facts) = visit.at.tenant.store.user_facts(&user.id).await? else {
            continue;
        };
        if facts.user.blocked {
            return Ok(Entered::Blocked);
        }
        if enter::has_another_password(&facts.user, user) {
            return Ok(Entered::PasswordChanged);
        }
        let before = visit.session().await?;
        let about = (connection, &*facts.user);
        let (session, cookie) = enter::session(visit, &loaded, about, before.as_ref());
        let gone = before.map(|before| Revoke::One(ArtefactKind::Session, before.digest));
        let mut writes: Vec<Write> = gone.map(Write::Revoke).into_iter().collect();
        writes.push(session.put());
        writes.push(enter::counted(visit, &facts.user));
        let mut event = blank(
            visit,
            EventType::LoginSucceeded,
            "Successful login".to_owned(),
        );
        event.user = Some(named(&facts.user));
        if visit.commit(&loaded, writes, Some(event)).await? {
            let person = Person {
                session: Some(session),
                user: Some(facts),
                consent: None,
            };
            return Ok(Entered::In(Box::new(person), cookie));
        }
    }
    Err(Fault::Contended)
}
