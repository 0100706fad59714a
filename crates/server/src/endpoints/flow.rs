//! How a step of a login ends: mint, commit, answer.

use std::sync::Arc;

use axum::body::Body;
use cardea_core::model::{EventType, EventUser, LogEvent, User, UserFacts};
use cardea_core::protocol::authorize::{
    self, AuthorizeError, Checked, Facts, Rejected, Response as Due,
};
use cardea_core::protocol::login::{Decided, Next, Pending, Step};
use cardea_core::protocol::trace::Trace;
use cardea_core::write::Write;
use http::{HeaderValue, Method, Response};
use serde_json::{Map, Value};

use super::away::Goal;
use super::respond;
use super::visit::{Person, Visit, with_cookie};
use crate::challenges;
use crate::fault::Fault;
use crate::tenants::Loaded;
use crate::wire;

/// How often a decision is made anew when somebody else moved first.
pub(crate) const TRIES: usize = 4;

/// What is done beside what was decided.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Writes of the login itself.
    pub(crate) writes: Vec<Write>,
    /// Cookies for the answer.
    pub(crate) cookies: Vec<HeaderValue>,
    /// Whether a password was just given.
    pub(crate) logged_in: bool,
}

impl Person {
    /// As decisions read it.
    pub(crate) fn facts<'a>(&'a self, visit: &'a Visit, loaded: &'a Loaded) -> Facts<'a> {
        Facts {
            site: visit.site(loaded),
            session: self.session.as_ref(),
            user: self.user.as_ref(),
            consent: self.consent.as_ref(),
            now: visit.now,
        }
    }
}

/// Mints, commits and answers. `None`: somebody else moved first, decide anew.
pub(crate) async fn finish(
    visit: &Visit,
    loaded: &Loaded,
    (checked, user): (&Checked, Option<&UserFacts>),
    decided: Decided,
    beside: Beside,
) -> Result<Option<Response<Body>>, Fault> {
    let mut event = event(visit, checked, user, &decided, beside.logged_in);
    let challenge = challenge(visit, &decided);
    if let (Some(challenge), Some(event)) = (&challenge, &mut event)
        && visit.app.challenges.has(challenge)
    {
        let told = Value::from(true);
        event
            .details
            .insert("pkce_challenge_reused".to_owned(), told);
    }
    // in this order: what was decided may rest on the user as it was before its login was counted
    let mut writes = decided.writes;
    writes.extend(beside.writes);
    let answer = match decided.next {
        Next::Issue(issue) => {
            let user = &user.ok_or(Fault::Contended)?.user;
            let due = made(visit, loaded, &issue, user, &mut writes);
            Answer::Send(due)
        }
        Next::Answer(answer) => Answer::Refuse(answer),
        Next::Login(pending) | Next::Consent(pending, _) => Answer::Page(page_of(&pending)),
    };
    if !visit.commit(loaded, writes, event).await? {
        return Ok(None);
    }
    if let Some(challenge) = challenge {
        visit.app.challenges.add(challenge, visit.now);
    }
    let goal = Goal::of(Some(&checked.client));
    let answer = match answer {
        Answer::Send(due) => respond::send(visit, &due, goal),
        Answer::Refuse(answer) => respond::answer(visit, &answer, decided.refused.as_ref(), goal),
        Answer::Page(path) if visit.method == Method::POST => wire::see_other(&path),
        Answer::Page(path) => wire::redirect(&path),
    };
    Ok(Some(beside.cookies.into_iter().fold(answer, with_cookie)))
}

/// The challenge of a code that is given (attack AUTHZ-06).
fn challenge(visit: &Visit, decided: &Decided) -> Option<[u8; 32]> {
    let Next::Issue(issue) = &decided.next else {
        return None;
    };
    let challenge = issue.grant.challenge.as_deref()?;
    let client = issue.client.parsed.id.as_str();
    let tenant = visit.at.issuer.as_str();
    Some(challenges::named(tenant, client, challenge))
}

enum Answer {
    Send(Due),
    Refuse(authorize::Answer),
    Page(String),
}

/// Mints what is due. That a key is missing is told to the application.
fn made(
    visit: &Visit,
    loaded: &Loaded,
    issue: &authorize::Issue,
    user: &Arc<User>,
    writes: &mut Vec<Write>,
) -> Due {
    let site = visit.site(loaded);
    let made = visit
        .app
        .random
        .with(|random| authorize::issue(issue, user, site, visit.now, random));
    match made {
        Ok((due, remembered)) => {
            writes.extend(remembered);
            due
        }
        Err(refusal) => {
            let description = refusal.why();
            tracing::error!(%description, "an authorization response cannot be made");
            let error = AuthorizeError {
                error: "server_error",
                description: "The response cannot be made. Try again in a moment.".to_owned(),
            };
            Due::error(&issue.channel, error)
        }
    }
}

/// The page of a login's step.
pub(crate) fn page_of(pending: &Pending) -> String {
    let page = match pending.transaction.step {
        Step::Login => "/u/login",
        Step::Identifier => "/u/login/identifier",
        Step::Password => "/u/login/password",
        Step::Signup => "/u/signup",
        Step::Consent | Step::Confirm => "/u/consent",
    };
    format!("{page}?state={}", pending.handle)
}

/// A request that was refused before anybody was looked at.
pub(crate) async fn reject(
    visit: &Visit,
    loaded: &Loaded,
    rejected: &Rejected,
) -> Result<Option<Response<Body>>, Fault> {
    let event = LogEvent {
        client_id: rejected
            .client
            .as_ref()
            .map(|client| client.parsed.id.to_string()),
        client_name: rejected
            .client
            .as_ref()
            .map(|client| client.parsed.name.clone()),
        details: details(Some(rejected.refused.rule().id()), &rejected.trace),
        ..blank(visit, EventType::LoginFailed, rejected.refused.why())
    };
    if !visit.commit(loaded, Vec::new(), Some(event)).await? {
        return Ok(None);
    }
    let goal = Goal::of(rejected.client.as_deref());
    let answer = respond::answer(visit, &rejected.answer, Some(&rejected.refused), goal);
    Ok(Some(answer))
}

/// The event of a step that ends something; a page that is shown is none.
fn event(
    visit: &Visit,
    checked: &Checked,
    user: Option<&UserFacts>,
    decided: &Decided,
    logged_in: bool,
) -> Option<LogEvent> {
    let silent = checked.request.is_silent();
    let (event, text) = match (&decided.next, &decided.refused) {
        (_, Some(refused)) if silent => (EventType::SilentFailed, refused.why()),
        (_, Some(refused)) => (EventType::LoginFailed, refused.why()),
        (Next::Issue(_) | Next::Consent(..), None) if logged_in => {
            (EventType::LoginSucceeded, "Successful login".to_owned())
        }
        (Next::Issue(_), None) => {
            let text = "Successful silent authentication".to_owned();
            (EventType::SilentSucceeded, text)
        }
        (Next::Login(_) | Next::Consent(..) | Next::Answer(_), None) => return None,
    };
    let rule = decided.refused.as_ref().map(|refused| refused.rule().id());
    let client = &checked.client.parsed;
    let scope = match &decided.next {
        Next::Issue(issue) => Some(issue.grant.scopes.to_string()),
        Next::Answer(_) | Next::Login(_) | Next::Consent(..) => None,
    };
    Some(LogEvent {
        client_id: Some(client.id.to_string()),
        client_name: Some(client.name.clone()),
        audience: checked.audience().map(ToString::to_string),
        scope: scope.filter(|scope| !scope.is_empty()),
        user: user.map(|facts| named(&facts.user)),
        details: details(rule, &decided.trace),
        ..blank(visit, event, text)
    })
}

/// A user as the log names it.
pub(crate) fn named(user: &User) -> EventUser {
    EventUser {
        id: Some(user.id.to_string()),
        name: user.email.clone().or_else(|| user.username.clone()),
        connection: Some(user.connection.clone()),
    }
}

/// An event that says nothing but when, where and what.
pub(crate) fn blank(visit: &Visit, event: EventType, description: String) -> LogEvent {
    let circumstances = visit.circumstances();
    LogEvent {
        id: circumstances.id,
        at: circumstances.at,
        event,
        description,
        client_id: None,
        client_name: None,
        ip: circumstances.ip,
        user_agent: circumstances.user_agent,
        hostname: circumstances.hostname,
        audience: None,
        scope: None,
        user: None,
        details: Map::new(),
        trace: None,
    }
}

/// The trace, and the rule that refused.
pub(crate) fn details(rule: Option<&'static str>, trace: &Trace) -> Map<String, Value> {
    let rule = rule.map(|rule| ("rule".to_owned(), Value::from(rule)));
    let trace = ("trace".to_owned(), trace.to_json());
    rule.into_iter().chain([trace]).collect()
}
