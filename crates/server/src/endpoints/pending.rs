//! A login in progress, opened for the browser in which it began.

use std::sync::Arc;

use axum::body::Body;
use cardea_core::model::ArtefactKind;
use cardea_core::protocol::authorize::{self, Checked};
use cardea_core::protocol::login::{self, Closed, Input, LoginTransaction, Pending};
use http::{Method, Response, StatusCode};

use super::away::{Goal, away};
use super::flow::{self, Beside, TRIES};
use super::visit::{Fields, Visit};
use crate::cookies::Cookie;
use crate::fault::Fault;
use crate::pages::{ErrorPage, Page, Policy};
use crate::tenants::Loaded;

/// An open login with its request, checked anew on the tenant as it is now (attack AUTHZ-63).
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) pending: Pending,
    pub(crate) checked: Checked,
    pub(crate) loaded: Arc<Loaded>,
}

/// Opens the login that `state` names; or says why that is not possible.
pub(crate) async fn open(
    visit: &Visit,
    fields: &Fields,
) -> Result<Result<Open, Response<Body>>, Fault> {
    let Some(handle) = fields.get("state") else {
        return Ok(Err(lost(visit)));
    };
    let digest = LoginTransaction::digest_of(handle);
    let found = visit.artefact(ArtefactKind::Login, &digest).await?;
    let browser = visit.cookie(Cookie::Browser);
    let opened = Pending::open(handle, found.as_ref(), browser.as_deref(), visit.now);
    let pending = match opened {
        Ok(pending) => pending,
        Err(closed) => {
            let transaction = found.as_ref().map(LoginTransaction::from_artefact);
            return Ok(Err(is_closed(
                visit,
                closed,
                transaction.and_then(Result::ok),
            )));
        }
    };
    let loaded = visit.loaded();
    match authorize::check(&pending.transaction.sent, visit.site(&loaded)) {
        Ok(checked) => Ok(Ok(Open {
            pending,
            checked,
            loaded,
        })),
        Err(rejected) => {
            let answer = flow::reject(visit, &loaded, &rejected).await?;
            Ok(Err(answer.unwrap_or_else(|| visit.fault(&Fault::Contended))))
        }
    }
}

/// Opens the login and makes one step of it.
pub(crate) async fn step(
    visit: &Visit,
    form: &[u8],
    input: Input,
) -> Result<Response<Body>, Fault> {
    let fields = Fields::of(visit, form);
    for _ in 0..TRIES {
        let open = match open(visit, &fields).await? {
            Ok(open) => open,
            Err(answer) => return Ok(answer),
        };
        if let Some(answer) = go(visit, open, input.clone()).await? {
            return Ok(answer);
        }
    }
    Err(Fault::Contended)
}

/// One step of an open login. `None`: somebody else moved first.
pub(crate) async fn go(
    visit: &Visit,
    open: Open,
    input: Input,
) -> Result<Option<Response<Body>>, Fault> {
    let Open {
        pending,
        checked,
        loaded,
    } = open;
    let person = visit.person(Some(&checked)).await?;
    let facts = person.facts(visit, &loaded);
    let random = &visit.app.random;
    let decided = random.with(|random| login::step(pending, input, &checked, facts, random));
    let beside = Beside::default();
    flow::finish(
        visit,
        &loaded,
        (&checked, person.user.as_ref()),
        decided,
        beside,
    )
    .await
}

/// Why a login cannot go on, in words; with a way out where there is one.
fn is_closed(
    visit: &Visit,
    closed: Closed,
    transaction: Option<LoginTransaction>,
) -> Response<Body> {
    if let Closed::Damaged(damaged) = closed {
        tracing::error!(%damaged, "a login cannot be read");
    }
    match (closed, transaction) {
        (Closed::OtherBrowser, _) => {
            let lead = "error-other-browser-lead";
            visit.problem(StatusCode::FORBIDDEN, "error-other-browser-title", lead)
        }
        // a second click on the button: the first answer never arrived, so it is asked for again
        (Closed::Ended, Some(transaction)) if visit.method == Method::POST => {
            let loaded = visit.loaded();
            let client = loaded.view.clients.get(&transaction.client);
            let url = format!("/authorize?{}", query(&transaction));
            away(visit, &url, Goal::of(client.map(AsRef::as_ref)))
        }
        (Closed::Ended | Closed::Expired, Some(transaction)) => {
            too_old(visit, way_out(visit, &transaction))
        }
        (Closed::Ended | Closed::Expired | Closed::Damaged(_), _) => lost(visit),
    }
}

/// There is no such login.
fn lost(visit: &Visit) -> Response<Body> {
    let url = visit
        .loaded()
        .view
        .settings
        .parsed
        .login
        .default_redirection_uri
        .clone();
    too_old(visit, url)
}

fn too_old(visit: &Visit, restart: Option<String>) -> Response<Body> {
    let look = visit.look(None);
    let page = ErrorPage {
        title: look.say("error-expired-title"),
        lead: look.say("error-expired-lead"),
        link: restart.map(|url| (url, look.say("error-restart"))),
        error: "",
        description: "",
        why: None,
        request_id: visit.id.as_str(),
        look: &look,
    };
    let policy = Policy::of(&look);
    Page::of(&page, policy)
        .status(StatusCode::BAD_REQUEST)
        .answer()
}

/// Where a login of this application begins, or else where the tenant wants such people.
fn way_out(visit: &Visit, transaction: &LoginTransaction) -> Option<String> {
    let loaded = visit.loaded();
    let client = loaded.view.clients.get(&transaction.client);
    let own = client.and_then(|client| client.parsed.initiate_login_uri.clone());
    let tenants = &loaded.view.settings.parsed.login.default_redirection_uri;
    own.or_else(|| tenants.clone())
}

/// The request of a login as it was sent.
fn query(transaction: &LoginTransaction) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(transaction.sent.values());
    for resource in transaction.sent.resources() {
        query.append_pair("resource", resource);
    }
    query.finish()
}
