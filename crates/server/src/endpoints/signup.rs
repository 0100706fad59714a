//! `/u/signup`: a new account, and in with it.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::protocol::database::{Refused, Signup};
use cardea_core::protocol::login::Step;
use cardea_jose::Secret;
use http::{Method, Response, StatusCode};
use serde_json::Map;

use super::enter::enter;
use super::flow::page_of;
use super::login_page::{offers_signup, signup_page};
use super::pending::{self, Open};
use super::visit::{Fields, Visit};
use super::{login, password_text};
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::{Look, Problem};
use crate::password::said::Said;
use crate::password::signup::sign_up;
use crate::wire;

/// `GET|POST /u/signup`.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let answer = if visit.method == Method::POST {
        post(&visit, &form).await
    } else {
        login::get(&visit, Step::Signup).await
    };
    visit.or_fault(answer)
}

async fn post(visit: &Visit, form: &[u8]) -> Result<Response<Body>, Fault> {
    if !visit.is_own_form() {
        return Ok(visit.foreign_form());
    }
    let fields = Fields::of(visit, form);
    let open = match pending::open(visit, &fields).await? {
        Ok(open) => open,
        Err(answer) => return Ok(answer),
    };
    let step = open.pending.transaction.step;
    // a second click: the first one was taken already
    if matches!(step, Step::Consent | Step::Confirm) || !offers_signup(&open) {
        return Ok(wire::see_other(&page_of(&open.pending)));
    }
    let look = visit.look(open.locales().as_deref());
    let signup = match read(&open, &fields, &look) {
        Ok(signup) => signup,
        Err(problem) => return Ok(again(visit, &open, &fields, problem)),
    };
    let said = Said::of(&visit.headers, signup.client_id.clone());
    match sign_up(&visit.app, &visit.at, &signup, &said).await? {
        Ok(user) => enter(visit, open, &fields, &user).await,
        Err(refused) => {
            let problem = said_of(&open, &refused, fields.get("password"), &look);
            let mut page = again(visit, &open, &fields, problem);
            if refused == Refused::TooMany {
                *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            }
            Ok(page)
        }
    }
}

/// The form, if nothing is missing.
fn read(open: &Open, fields: &Fields, look: &Look) -> Result<Signup, Problem> {
    let connection = open.connection();
    let email = fields.get("email").map(str::trim);
    let email = email.filter(|email| email.contains('@'));
    let email = email.ok_or_else(|| Problem::new("email", look.say("error-email")))?;
    let username = fields.get("username").map(str::trim);
    let needed = connection.is_some_and(|connection| connection.requires_username);
    if needed && username.is_none_or(str::is_empty) {
        return Err(Problem::new("username", look.say("error-username")));
    }
    let password = fields.get("password");
    let missing = || Problem::new("password", look.say("error-password-missing"));
    Ok(Signup {
        client_id: Some(open.checked.client.parsed.id.to_string()),
        connection: connection.map_or_else(String::new, |connection| connection.name.clone()),
        email: Some(email.to_owned()),
        username: username.filter(|_| needed).map(ToOwned::to_owned),
        phone_number: None,
        password: Secret::new(password.ok_or_else(missing)?.to_owned()),
        profile: Map::new(),
        user_metadata: Map::new(),
    })
}

/// Why not, in people's words. That somebody has the address is not said (attack PASSWORD-03).
fn said_of(open: &Open, refused: &Refused, typed: Option<&str>, look: &Look) -> Problem {
    match refused {
        Refused::Password(fault) => {
            let name = open.connection().map_or("", |connection| &connection.name);
            let rules = password_text::rules(&open.loaded.view, name);
            let typed = typed.unwrap_or_default();
            Problem::new(
                "password",
                password_text::problem(look, fault, typed, rules.as_ref()),
            )
        }
        Refused::Format("email") => Problem::new("email", look.say("error-email")),
        Refused::Format("username") | Refused::UsernameExists => {
            Problem::new("username", look.say("error-username"))
        }
        Refused::TooMany => Problem::new("", look.say("error-too-many")),
        Refused::Body(_)
        | Refused::Missing(_)
        | Refused::Type(_)
        | Refused::Format(_)
        | Refused::Unwanted(_)
        | Refused::Metadata
        | Refused::UnknownClient
        | Refused::UnknownConnection
        | Refused::SignupDisabled
        | Refused::ResetDisabled
        | Refused::UserExists => Problem::new("", look.say("error-signup")),
    }
}

fn again(visit: &Visit, open: &Open, fields: &Fields, problem: Problem) -> Response<Body> {
    let typed = |name| fields.get(name).unwrap_or_default();
    let mut page = signup_page(visit, open, problem, (typed("email"), typed("username")));
    *page.status_mut() = StatusCode::BAD_REQUEST;
    page
}
