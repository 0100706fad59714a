//! `/u/reset-password/request`: somebody has forgotten a password. The answer is the same whether
//! there is an account or not (attack PASSWORD-04).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::ArtefactKind;
use cardea_core::protocol::database::{ChangePassword, Refused};
use cardea_core::protocol::login::{LoginTransaction, Pending};
use http::{Method, Response, StatusCode};

use super::login;
use super::visit::{Fields, Visit};
use crate::app::App;
use crate::cookies::Cookie;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::{Done, Look, Page, Policy, Problem, ResetRequest, shown};
use crate::password::links;
use crate::password::said::Said;

/// `GET|POST /u/reset-password/request`.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let answer = answer(&visit, &form).await;
    visit.or_fault(answer)
}

async fn answer(visit: &Visit, form: &[u8]) -> Result<Response<Body>, Fault> {
    let fields = Fields::of(visit, form);
    let pending = from_login(visit, &fields).await?;
    let pending = pending.as_ref();
    if visit.method != Method::POST {
        let hinted = pending.and_then(|pending| pending.transaction.identifier.clone());
        let email = hinted.unwrap_or_default();
        return Ok(page(visit, pending, Problem::default(), &email));
    }
    if !visit.is_own_form() {
        return Ok(visit.foreign_form());
    }
    let look = look(visit, pending);
    let typed = fields.get("email").unwrap_or_default().trim();
    if typed.is_empty() || typed.len() > login::MAX_IDENTIFIER {
        let problem = Problem::new("email", look.say("error-email"));
        return Ok(page(visit, pending, problem, typed));
    }
    let asked = ChangePassword {
        client_id: pending.map(|pending| pending.transaction.client.to_string()),
        connection: connection(visit, pending),
        identifier: typed.to_owned(),
    };
    let said = Said::of(&visit.headers, asked.client_id.clone());
    if links::forgot(&visit.app, &visit.at, &asked, &said).await? == Err(Refused::TooMany) {
        let problem = Problem::new("", look.say("error-too-many"));
        let mut page = page(visit, pending, problem, typed);
        *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        return Ok(page);
    }
    let page = Done {
        good: true,
        title: look.say("reset-sent-title"),
        lead: look.with("reset-sent-lead", &[("email", &shown(typed))]),
        link: pending.map(|pending| (back(pending), look.say("back-to-login"))),
        look: &look,
    };
    Ok(Page::of(&page, Policy::of(&look)).answer())
}

/// The login from which the user came, if it is this browser's and still open.
async fn from_login(visit: &Visit, fields: &Fields) -> Result<Option<Pending>, Fault> {
    let Some(handle) = fields.get("state") else {
        return Ok(None);
    };
    let digest = LoginTransaction::digest_of(handle);
    let found = visit.artefact(ArtefactKind::Login, &digest).await?;
    let browser = visit.cookie(Cookie::Browser);
    Ok(Pending::open(handle, found.as_ref(), browser.as_deref(), visit.now).ok())
}

/// In the language of the login.
fn look(visit: &Visit, pending: Option<&Pending>) -> Look {
    visit.look(pending.and_then(|pending| pending.transaction.sent.get("ui_locales")))
}

/// The login's connection, or else the tenant's own.
fn connection(visit: &Visit, pending: Option<&Pending>) -> String {
    let loaded = visit.loaded();
    let view = &loaded.view;
    let of_login = pending.and_then(|pending| pending.transaction.connection.clone());
    let default = || view.settings.parsed.login.default_directory.clone();
    let first = || {
        let mut all = view.connections.values().map(|entry| &entry.parsed);
        all.find(|known| known.strategy == "auth0")
            .map(|known| known.name.clone())
    };
    of_login.or_else(default).or_else(first).unwrap_or_default()
}

fn back(pending: &Pending) -> String {
    format!("/u/login?state={}", pending.handle)
}

fn page(visit: &Visit, pending: Option<&Pending>, problem: Problem, email: &str) -> Response<Body> {
    let look = look(visit, pending);
    let status = if problem.is_there() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let page = ResetRequest {
        problem,
        state: pending.map_or("", |pending| &pending.handle),
        email,
        back: pending.map(back),
        look: &look,
    };
    let policy = Policy::of(&look);
    Page::of(&page, policy).status(status).answer()
}
