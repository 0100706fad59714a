//! `/v2/logout`, `/oidc/logout`, and the question between (auth-semantics 2.8, 2.9; OIDC
//! RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::{Artefact, EventType, EventUser, LogEvent};
use cardea_core::protocol::logout::{
    self, Decided, Ended, LogoutRefusal, Next, OidcAsked, V2Asked,
};
use cardea_core::protocol::session::SessionRecord;
use cardea_jose::{b64, constant_time_eq};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::Value;

use super::away::{Goal, away};
use super::flow::{TRIES, blank, details};
use super::visit::{Fields, Visit, with_cookie};
use crate::app::{App, Scheme};
use crate::cookies::Cookie;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::{Done, ErrorPage, Logout, Page, Policy, shown};
use crate::tenants::Loaded;

/// `GET /v2/logout`.
pub(crate) async fn v2(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, _) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    if visit.is_embedded() {
        return visit.foreign_form();
    }
    let asked = V2Asked::parse(visit.uri.query());
    let answer = finish(&visit, None, |loaded, session| match &asked {
        Ok(asked) => Ok(logout::decide_v2(asked, &loaded.view, session)),
        Err(refusal) => Err(refusal.clone()),
    });
    let answer = answer.await;
    visit.or_fault(answer)
}

/// `GET|POST /oidc/logout`.
pub(crate) async fn oidc(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    if visit.is_embedded() {
        return visit.foreign_form();
    }
    let asked = if visit.method == Method::POST {
        OidcAsked::parse(&form)
    } else {
        OidcAsked::parse(visit.uri.query().unwrap_or_default().as_bytes())
    };
    let answer = oidc_answer(&visit, asked).await;
    visit.or_fault(answer)
}

/// `POST /u/logout`: the answer to the question.
pub(crate) async fn confirmed(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let fields = Fields::of(&visit, &form);
    let token = fields.get("_csrf").unwrap_or_default();
    let expected = csrf(&visit).unwrap_or_default();
    let known = !expected.is_empty() && constant_time_eq(token.as_bytes(), expected.as_bytes());
    if visit.cookie(Cookie::Session).is_some() && (!known || !visit.is_own_form()) {
        return visit.foreign_form();
    }
    if fields.get("action") != Some("accept") {
        return done(&visit, None, "logout-kept-title", "logout-kept-lead");
    }
    let asked = OidcAsked::parse(&form).map(|asked| OidcAsked {
        confirmed: true,
        ..asked
    });
    let answer = oidc_answer(&visit, asked).await;
    visit.or_fault(answer)
}

async fn oidc_answer(
    visit: &Visit,
    asked: Result<OidcAsked, LogoutRefusal>,
) -> Result<Response<Body>, Fault> {
    let again = asked.as_ref().ok();
    finish(visit, again, |loaded, session| match &asked {
        Ok(asked) => Ok(logout::decide_oidc(asked, visit.site(loaded), session)),
        Err(refusal) => Err(refusal.clone()),
    })
    .await
}

/// Reads the session, decides, commits, answers.
async fn finish(
    visit: &Visit,
    asked: Option<&OidcAsked>,
    decide: impl Fn(&Loaded, Option<&SessionRecord>) -> Result<Decided, LogoutRefusal>,
) -> Result<Response<Body>, Fault> {
    for _ in 0..TRIES {
        let loaded = visit.loaded();
        let settings = &loaded.view.settings.parsed.login;
        let session = visit.session().await?;
        let live = session.filter(|session| session.is_usable(settings, visit.now));
        let decided = match decide(&loaded, live.as_ref()) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(refused(visit, &refusal)),
        };
        let event = event(visit, &loaded, &decided);
        if !visit.commit(&loaded, decided.writes, event).await? {
            continue;
        }
        return Ok(match decided.outcome {
            Ok(Next::Done { to, .. }) => logged_out(visit, asked, to.as_deref()),
            Ok(Next::Confirm { .. }) => question(visit, asked, live.as_ref()).await?,
            Err(refusal) => refused(visit, &refusal),
        });
    }
    Err(Fault::Contended)
}

fn logged_out(visit: &Visit, asked: Option<&OidcAsked>, to: Option<&str>) -> Response<Body> {
    let answer = match to {
        Some(to) => away(visit, &visit.sealed(to.to_owned()), Goal::Web),
        None => done(visit, asked, "logged-out-title", "logged-out-lead"),
    };
    if visit.cookie(Cookie::Session).is_none() {
        return answer;
    }
    let mut answer = with_cookie(answer, visit.jar().clear(Cookie::Session));
    if visit.app.scheme == Scheme::Https {
        // attack LOGOUT-09. Not "cookies": those of all neighbours would go too (decision 0005)
        let what = HeaderValue::from_static("\"storage\"");
        answer.headers_mut().insert("clear-site-data", what);
    }
    answer
}

fn done(visit: &Visit, asked: Option<&OidcAsked>, title: &str, lead: &str) -> Response<Body> {
    let look = visit.look(asked.and_then(|asked| asked.ui_locales.as_deref()));
    let page = Done {
        good: true,
        title: look.say(title),
        lead: look.say(lead),
        link: None,
        look: &look,
    };
    Page::of(&page, Policy::of(&look)).answer()
}

/// Asks whether to log out; the request goes along to be judged again.
async fn question(
    visit: &Visit,
    asked: Option<&OidcAsked>,
    session: Option<&SessionRecord>,
) -> Result<Response<Body>, Fault> {
    let look = visit.look(asked.and_then(|asked| asked.ui_locales.as_deref()));
    let user = match session {
        Some(session) => visit.at.tenant.store.user(&session.user).await?,
        None => None,
    };
    let name = user.and_then(|user| user.email.or(user.username));
    let fields = asked.map(fields_of).unwrap_or_default();
    let csrf = csrf(visit).unwrap_or_default();
    let page = Logout {
        lead: match &name {
            Some(name) => look.with("logout-lead", &[("user", &shown(name))]),
            None => look.say("logout-lead-plain"),
        },
        csrf: &csrf,
        fields: &fields,
        look: &look,
    };
    let mut policy = Policy::of(&look);
    if let Some(url) = asked.and_then(|asked| asked.redirect_uri.as_deref()) {
        policy = policy.form_to(url);
    }
    Ok(Page::of(&page, policy).answer())
}

fn fields_of(asked: &OidcAsked) -> Vec<(&'static str, String)> {
    let all = [
        ("id_token_hint", &asked.id_token_hint),
        ("logout_hint", &asked.logout_hint),
        ("client_id", &asked.client_id),
        ("post_logout_redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
        ("ui_locales", &asked.ui_locales),
    ];
    let given = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)));
    given.collect()
}

/// What only a page of ours in this browser knows.
fn csrf(visit: &Visit) -> Option<String> {
    let cookie = visit.cookie(Cookie::Session)?;
    Some(b64::encode(&Artefact::name(&["logout", &cookie])))
}

fn refused(visit: &Visit, refusal: &LogoutRefusal) -> Response<Body> {
    let look = visit.look(None);
    let description = refusal.description();
    let page = ErrorPage {
        title: look.say("error-title"),
        lead: look.say(match refusal {
            LogoutRefusal::UnknownClient(_) => "error-client",
            LogoutRefusal::Url { .. } => "error-logout-url",
            LogoutRefusal::Disagree(_) | LogoutRefusal::Repeated(_) => "error-lead",
        }),
        link: None,
        error: "invalid_request",
        description: &description,
        why: None,
        request_id: visit.id.as_str(),
        look: &look,
    };
    let policy = Policy::of(&look);
    Page::of(&page, policy)
        .status(StatusCode::BAD_REQUEST)
        .answer()
}

/// `slo` and `flo`; a question is no event, and neither is a logout of nobody.
fn event(visit: &Visit, loaded: &Loaded, decided: &Decided) -> Option<LogEvent> {
    let client = decided.client.as_ref();
    let client = client.and_then(|id| loaded.view.clients.get(id));
    let mut event = match &decided.outcome {
        Ok(Next::Done {
            to,
            ended: Some(ended),
        }) => {
            let text = "User successfully logged out".to_owned();
            let mut event = blank(visit, EventType::LoggedOut, text);
            event.details = details(None, &decided.trace);
            event
                .details
                .insert("session_id".to_owned(), ended.session.as_str().into());
            event
                .details
                .insert("return_to".to_owned(), Value::from(to.clone()));
            event.user = Some(user(ended));
            event
        }
        Ok(Next::Done { ended: None, .. } | Next::Confirm { .. }) => return None,
        Err(refusal) => {
            let mut event = blank(visit, EventType::LogoutRefused, refusal.description());
            event.details = details(Some(refusal.rule().id()), &decided.trace);
            event
        }
    };
    event.client_id = client.map(|client| client.parsed.id.to_string());
    event.client_name = client.map(|client| client.parsed.name.clone());
    Some(event)
}

fn user(ended: &Ended) -> EventUser {
    EventUser {
        id: Some(ended.user.to_string()),
        ..EventUser::default()
    }
}
