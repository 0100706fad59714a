//! `/u/login`, `/u/login/identifier`, `/u/login/password`, and the page of `/u/signup`: identifier
//! and password, on one page or on two.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::{Client, Entry, EventType, EventUser, LogEvent, User};
use cardea_core::protocol::login::{Input, Step};
use cardea_core::write::{Commit, Write};
use cardea_jose::Secret;
use http::{Method, Response, StatusCode};

use super::enter::enter;
use super::flow::{TRIES, blank, named as named_in_log, page_of};
use super::login_page::{login_page, offers_signup, signup_page};
use super::pending::{self, Open};
use super::visit::{Fields, Visit};
use crate::app::App;
use crate::brute_force::TooMany;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::Problem;
use crate::password::check::{self, Checked};
use crate::wire;

/// The longest address or username (RFC 5321 4.5.3.1).
pub(crate) const MAX_IDENTIFIER: usize = 320;

/// `GET|POST /u/login`.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    at_door(Step::Login, (app, at, request)).await
}

/// `GET|POST /u/login/identifier`.
pub(crate) async fn identifier_first(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    at_door(Step::Identifier, (app, at, request)).await
}

/// `GET|POST /u/login/password`.
pub(crate) async fn then_password(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    at_door(Step::Password, (app, at, request)).await
}

async fn at_door(door: Step, (app, at, request): (Arc<App>, At, Request)) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let answer = if visit.method == Method::POST {
        Box::pin(post(&visit, &form, door)).await
    } else {
        get(&visit, door).await
    };
    visit.or_fault(answer)
}

/// Shows the page of the login's step; a page that it is not at leads to the one that it is.
pub(crate) async fn get(visit: &Visit, wanted: Step) -> Result<Response<Body>, Fault> {
    let fields = Fields::of(visit, &[]);
    for _ in 0..TRIES {
        let open = match pending::open(visit, &fields).await? {
            Ok(open) => open,
            Err(answer) => return Ok(answer),
        };
        let step = open.pending.transaction.step;
        let input = match (step, wanted) {
            (Step::Consent | Step::Confirm, _) => {
                return Ok(wire::redirect(&page_of(&open.pending)));
            }
            (Step::Signup, Step::Signup) => {
                return Ok(signup_page(visit, &open, Problem::default(), ("", "")));
            }
            (_, Step::Signup) if offers_signup(&open) => Input::Signup,
            (_, Step::Signup) => return Ok(wire::redirect(&page_of(&open.pending))),
            (Step::Signup, _) => Input::Login,
            // the link "change", or the browser's way back
            (Step::Password, Step::Identifier) => Input::Back,
            (step, wanted) if step == wanted => {
                return Ok(login_page(visit, &open, Problem::default(), None));
            }
            (Step::Login | Step::Identifier | Step::Password, _) => {
                return Ok(wire::redirect(&page_of(&open.pending)));
            }
        };
        if let Some(answer) = pending::go(visit, open, input).await? {
            return Ok(answer);
        }
    }
    Err(Fault::Contended)
}

async fn post(visit: &Visit, form: &[u8], door: Step) -> Result<Response<Body>, Fault> {
    if !visit.is_own_form() {
        return Ok(visit.foreign_form());
    }
    let fields = Fields::of(visit, form);
    for _ in 0..TRIES {
        let mut open = match pending::open(visit, &fields).await? {
            Ok(open) => open,
            Err(answer) => return Ok(answer),
        };
        let answer = match (open.pending.transaction.step, door) {
            // a second click: the first one was taken already
            (Step::Consent | Step::Confirm, _) | (Step::Login | Step::Signup, Step::Identifier) => {
                Some(wire::see_other(&page_of(&open.pending)))
            }
            (Step::Identifier | Step::Password, Step::Identifier)
            | (Step::Identifier, Step::Login) => identifier(visit, open, &fields).await?,
            (step, _) => {
                if step == Step::Identifier {
                    // another tab went back; this one has asked for the password already
                    open.pending.transaction.step = Step::Password;
                }
                password(visit, open, &fields).await?
            }
        };
        if let Some(answer) = answer {
            return Ok(answer);
        }
    }
    Err(Fault::Contended)
}

/// The first page of two. Whether the identifier is anybody's is not told (attack PASSWORD-01).
async fn identifier(
    visit: &Visit,
    open: Open,
    fields: &Fields,
) -> Result<Option<Response<Body>>, Fault> {
    match named(fields) {
        Ok(identifier) => {
            let input = Input::Identifier(identifier.to_owned());
            pending::go(visit, open, input).await
        }
        Err(text) => Ok(Some(again(visit, &open, ("username", text), None))),
    }
}

/// The identifier of a form, or what is wrong with it.
pub(crate) fn named(fields: &Fields) -> Result<&str, &'static str> {
    let identifier = fields.get("username").map(str::trim);
    match identifier.filter(|text| !text.is_empty()) {
        None => Err("error-identifier-missing"),
        Some(text) if text.len() > MAX_IDENTIFIER || text.contains(char::is_control) => {
            Err("error-identifier-long")
        }
        Some(text) => Ok(text),
    }
}

async fn password(
    visit: &Visit,
    open: Open,
    fields: &Fields,
) -> Result<Option<Response<Body>>, Fault> {
    let stored = open.pending.transaction.identifier.clone();
    // the page that was sent says for whom: what is stored may be another tab's
    let typed = match (fields.get("username"), stored) {
        (None, Some(stored)) if open.pending.transaction.step == Step::Password => Ok(stored),
        _ => named(fields).map(ToOwned::to_owned),
    };
    let identifier = match typed {
        Ok(identifier) => identifier,
        Err(text) => return Ok(Some(again(visit, &open, ("username", text), None))),
    };
    let Some(secret) = fields.get("password") else {
        let problem = ("password", "error-password-missing");
        return Ok(Some(again(visit, &open, problem, Some(&identifier))));
    };
    let connection = open.pending.transaction.connection.clone();
    let attempt = check::Login {
        connection: connection.as_deref().unwrap_or_default(),
        identifier: &identifier,
        password: &Secret::new(secret.to_owned()),
    };
    match check::check(&visit.app, &visit.at, &attempt).await? {
        Checked::Right(user) => enter(visit, open, fields, &user).await.map(Some),
        Checked::Wrong(user) => {
            let name = connection.as_deref().unwrap_or_default();
            let about = (&*open.checked.client, name);
            wrong(visit, about, &identifier, user.as_deref()).await?;
            let problem = ("password", "error-credentials");
            Ok(Some(again(visit, &open, problem, Some(&identifier))))
        }
        Checked::TooMany(why, user) => {
            let name = connection.as_deref().unwrap_or_default();
            let about = (&*open.checked.client, name);
            stopped(visit, about, &identifier, (why, user.as_deref())).await?;
            let problem = ("username", too_many(why));
            let mut page = again(visit, &open, problem, Some(&identifier));
            *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            Ok(Some(page))
        }
    }
}

/// The page once more, with what was wrong.
fn again(
    visit: &Visit,
    open: &Open,
    (field, text): (&'static str, &str),
    identifier: Option<&str>,
) -> Response<Body> {
    let look = visit.look(open.locales().as_deref());
    let problem = Problem::new(field, look.say(text));
    let mut page = login_page(visit, open, problem, identifier);
    *page.status_mut() = StatusCode::BAD_REQUEST;
    page
}

/// What people are told who have to wait.
pub(crate) const fn too_many(why: TooMany) -> &'static str {
    match why {
        TooMany::Account => "error-blocked-login",
        TooMany::Address => "error-too-many",
    }
}

/// The event of a password that was not looked at.
pub(crate) async fn stopped(
    visit: &Visit,
    about: (&Entry<Client>, &str),
    identifier: &str,
    (why, user): (TooMany, Option<&User>),
) -> Result<(), Fault> {
    let event = blank(visit, EventType::LoginFailed, why.text().to_owned());
    record(visit, event, about, (identifier, user)).await
}

/// The event of a wrong password: `fp` for somebody's, `fu` for nobody's.
pub(crate) async fn wrong(
    visit: &Visit,
    about: (&Entry<Client>, &str),
    identifier: &str,
    user: Option<&User>,
) -> Result<(), Fault> {
    let event = match user {
        Some(_) => EventType::PasswordWrong,
        None => EventType::UserUnknown,
    };
    let event = blank(visit, event, "Wrong email or password.".to_owned());
    record(visit, event, about, (identifier, user)).await
}

async fn record(
    visit: &Visit,
    mut event: LogEvent,
    (client, connection): (&Entry<Client>, &str),
    (identifier, user): (&str, Option<&User>),
) -> Result<(), Fault> {
    event.client_id = Some(client.parsed.id.to_string());
    event.client_name = Some(client.parsed.name.clone());
    event.user = Some(user.map_or_else(
        || EventUser {
            id: None,
            name: Some(identifier.chars().take(MAX_IDENTIFIER).collect()),
            connection: Some(connection.to_owned()),
        },
        named_in_log,
    ));
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::Log(event)],
    };
    visit.at.tenant.store.commit(commit, visit.now).await?;
    Ok(())
}
