//! `GET|POST /authorize` and `/authorize/resume` (RFC 6749 3.1, OIDC Core 3.1.2).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::Artefact;
use cardea_core::protocol::authorize::{self, Checked, Rejected, Sent};
use cardea_core::protocol::login::{self, Decided, Next};
use http::{Method, Response};

use super::flow::{self, Beside, TRIES};
use super::pending;
use super::visit::Visit;
use crate::app::App;
use crate::cookies::Cookie;
use crate::fault::Fault;
use crate::guard::At;
use crate::wire;

/// A query that every browser and proxy carries.
const MAX_QUERY: usize = 6 * 1024;

/// Parses, checks, decides; then a page or a response.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    if let Some(answer) = again_as_get(&visit, &form) {
        return answer;
    }
    let answer = answer(&visit, &form).await;
    visit.or_fault(answer)
}

async fn answer(visit: &Visit, form: &[u8]) -> Result<Response<Body>, Fault> {
    let form = (visit.method == Method::POST).then_some(form);
    let sent = Sent::parse(visit.uri.query(), form);
    for _ in 0..TRIES {
        let loaded = visit.loaded();
        let answer = match &sent {
            Ok(sent) => match authorize::check(sent, visit.site(&loaded)) {
                Ok(checked) => begin(visit, &loaded, &checked).await?,
                Err(rejected) => flow::reject(visit, &loaded, &rejected).await?,
            },
            Err(refused) => {
                let rejected = Rejected::unreadable(refused.clone(), &loaded.view);
                flow::reject(visit, &loaded, &rejected).await?
            }
        };
        if let Some(answer) = answer {
            return Ok(answer);
        }
    }
    Err(Fault::Contended)
}

async fn begin(
    visit: &Visit,
    loaded: &crate::tenants::Loaded,
    checked: &Checked,
) -> Result<Option<Response<Body>>, Fault> {
    let person = visit.person(Some(checked)).await?;
    let known = visit.cookie(Cookie::Browser);
    let browser = known.clone().unwrap_or_else(|| visit.secret());
    let digest = Artefact::name(&[&browser]);
    let facts = person.facts(visit, loaded);
    let random = &visit.app.random;
    let decided = random.with(|random| login::begin(checked, facts, digest, random));
    let cookie = (known.is_none() && has_page(&decided))
        .then(|| visit.jar().set(Cookie::Browser, &browser, None));
    let beside = Beside {
        cookies: cookie.into_iter().collect(),
        ..Beside::default()
    };
    flow::finish(
        visit,
        loaded,
        (checked, person.user.as_ref()),
        decided,
        beside,
    )
    .await
}

const fn has_page(decided: &Decided) -> bool {
    matches!(decided.next, Next::Login(_) | Next::Consent(..))
}

/// A form that another site posts here brings no `Lax` cookie along. Asked again by GET, the
/// browser brings them, and the session counts.
fn again_as_get(visit: &Visit, form: &[u8]) -> Option<Response<Body>> {
    let bare = visit.cookie(Cookie::Session).is_none() && visit.cookie(Cookie::Browser).is_none();
    let foreign = visit.headers.get("sec-fetch-site");
    let foreign = foreign.is_some_and(|site| site == "cross-site" || site == "same-site");
    if visit.method != Method::POST || !bare || !foreign || form.len() > MAX_QUERY {
        return None;
    }
    // what is no part of a URL cannot stand in one
    if !form.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let form = std::str::from_utf8(form).ok()?;
    let query = visit.uri.query().filter(|query| !query.is_empty());
    let query = query.map_or_else(String::new, |query| format!("{query}&"));
    Some(wire::see_other(&format!("/authorize?{query}{form}")))
}

/// `GET /authorize/resume`: goes on where a login stands. Nothing is given that was not proved
/// and allowed in it (attacks AUTHZ-33, AUTHZ-42).
pub(crate) async fn resume(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let answer = pending::step(&visit, &form, login::Input::Resume).await;
    visit.or_fault(answer)
}
