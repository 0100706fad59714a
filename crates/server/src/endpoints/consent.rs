//! `/u/consent`: what an application would get, and whether the user wants that.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::protocol::consent::{ConsentItem, ConsentPage};
use cardea_core::protocol::login::{self, Input, Next, Pending, Step};
use http::{Method, Response};

use super::flow::{self, Beside, TRIES, page_of};
use super::pending::{self, Open};
use super::visit::{Fields, Person, Visit};
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::{Consent, Look, Page, shown};
use crate::wire;

/// `GET|POST /u/consent`.
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
        get(&visit).await
    };
    visit.or_fault(answer)
}

/// Decides anew what is to be asked, and asks it.
async fn get(visit: &Visit) -> Result<Response<Body>, Fault> {
    let fields = Fields::of(visit, &[]);
    for _ in 0..TRIES {
        let open = match pending::open(visit, &fields).await? {
            Ok(open) => open,
            Err(answer) => return Ok(answer),
        };
        if !matches!(open.pending.transaction.step, Step::Consent | Step::Confirm) {
            return Ok(wire::redirect(&page_of(&open.pending)));
        }
        if let Some(answer) = show(visit, open).await? {
            return Ok(answer);
        }
    }
    Err(Fault::Contended)
}

async fn show(visit: &Visit, open: Open) -> Result<Option<Response<Body>>, Fault> {
    let person = visit.person(Some(&open.checked)).await?;
    let facts = person.facts(visit, &open.loaded);
    let (pending, checked) = (open.pending.clone(), &open.checked);
    let random = &visit.app.random;
    let decided = random.with(|random| login::step(pending, Input::Resume, checked, facts, random));
    if let Next::Consent(pending, page) = &decided.next {
        let answer = page_answer(visit, &open, pending, (page, &person));
        let committed = visit.commit(&open.loaded, decided.writes, None).await?;
        return Ok(committed.then_some(answer));
    }
    let about = (checked, person.user.as_ref());
    flow::finish(visit, &open.loaded, about, decided, Beside::default()).await
}

async fn post(visit: &Visit, form: &[u8]) -> Result<Response<Body>, Fault> {
    if !visit.is_own_form() {
        return Ok(visit.foreign_form());
    }
    let fields = Fields::of(visit, form);
    let input = match fields.get("action") {
        Some("accept") => Input::Accept,
        Some("deny") => Input::Deny,
        Some(_) | None => Input::Resume, // asks again
    };
    pending::step(visit, form, input).await
}

fn page_answer(
    visit: &Visit,
    open: &Open,
    pending: &Pending,
    (page, person): (&ConsentPage, &Person),
) -> Response<Body> {
    let look = visit.look(open.locales().as_deref());
    let app = page.client_name.as_str();
    let app = [("app", app)];
    let confirms = pending.transaction.step == Step::Confirm;
    let (title, lead) = if confirms {
        ("confirm-title", "confirm-lead")
    } else {
        ("consent-title", "consent-lead")
    };
    let callback = &open.checked.request.channel.redirect_uri;
    let host = page.host.clone().unwrap_or_else(|| {
        let scheme = callback.split(':').next().unwrap_or_default();
        format!("{scheme}:")
    });
    let user = person.user.as_ref().map(|facts| &facts.user);
    let user = user.and_then(|user| user.email.clone().or_else(|| user.username.clone()));
    let user = shown(&user.unwrap_or_default());
    let shown_page = Consent {
        title: look.with(title, &app),
        lead: look.with(lead, &app),
        warning: (!page.first_party).then(|| look.with("consent-unverified", &app)),
        will: look.with("consent-will", &app),
        lines: if confirms {
            Vec::new()
        } else {
            consent_lines(&page.items, &look)
        },
        action: format!("/u/consent?state={}", pending.handle),
        hidden: vec![("state", pending.handle.clone())],
        accept: look.say(if confirms { "log-in" } else { "allow" }),
        deny: look.say(if confirms { "cancel" } else { "deny" }),
        user_line: look.with("consent-as", &[("user", &user)]),
        leave: look.say("log-out"),
        host_line: look.with("consent-goes-to", &[("host", &host)]),
        look: &look,
    };
    Page::of(&shown_page, open.policy(&look)).answer()
}

/// In people's words: standard scopes in ours, an API's in its own, `action:resource` grouped by
/// resource where it has none (auth-semantics 5.10).
pub(crate) fn consent_lines(items: &[ConsentItem], look: &Look) -> Vec<String> {
    let mut lines = Vec::new();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        if let Some(text) = standard(&item.scope).filter(|_| item.standard) {
            lines.push(look.say(text));
        } else if let Some(description) = &item.description {
            lines.push(shown(description));
        } else if let Some((action, resource)) = item.scope.split_once(':') {
            let (action, resource) = (shown(action), capital(&shown(resource)));
            if let Some(line) = groups.get(&resource).and_then(|at| lines.get_mut(*at)) {
                line.push_str(", ");
                line.push_str(&action);
            } else {
                groups.insert(resource.clone(), lines.len());
                let parts = [("resource", resource.as_str()), ("actions", &action)];
                lines.push(look.with("consent-group", &parts));
            }
        } else {
            lines.push(shown(&item.scope));
        }
    }
    if lines.is_empty() {
        lines.push(look.say("consent-openid"));
    }
    lines
}

fn standard(scope: &str) -> Option<&'static str> {
    match scope {
        "openid" => Some("consent-openid"),
        "profile" => Some("consent-profile"),
        "email" => Some("consent-email"),
        "phone" => Some("consent-phone"),
        "address" => Some("consent-address"),
        "offline_access" => Some("consent-offline"),
        _ => None,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
