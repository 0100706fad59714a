//! A login in progress: from the authorization request to its response, by pages. Each post of a
//! page is one [`step`].

mod transaction;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use transaction::{Closed, LoginTransaction, Pending, Step};

use super::authorize::{
    self, Answer, Checked, Facts, Issue, Outcome, Progress, Refused, ScreenHint, connection_of,
};
use super::consent::ConsentPage;
use super::session::SessionRecord;
use super::trace::{Subject, Trace, Verdict};
use crate::model::{Artefact, ArtefactKind, Client, Entry, Revoke};
use crate::random::{self, Random};
use crate::scope::Scopes;
use crate::write::Write;

/// What the server does next.
#[derive(Debug)]
pub enum Next {
    /// Shows an error, or sends one to the application.
    Answer(Answer),
    /// Shows the page of the transaction's step: identifier, password, sign-up.
    Login(Box<Pending>),
    /// Shows the consent page. Without items, the user only confirms where the response goes.
    Consent(Box<Pending>, Box<ConsentPage>),
    /// Makes what is due, and sends it to the application.
    Issue(Box<Issue>),
}

/// A decision, with the way to it.
#[derive(Debug)]
pub struct Decided {
    /// What happens next.
    pub next: Next,
    /// Why it was refused, if it was.
    pub refused: Option<Refused>,
    /// Whose request it is.
    pub client: Arc<Entry<Client>>,
    /// The steps.
    pub trace: Trace,
    /// What must be written, in one commit.
    pub writes: Vec<Write>,
}

/// What a person did.
#[derive(Debug, Clone)]
pub enum Input {
    /// Gave an identifier, on a page of its own.
    Identifier(String),
    /// Wants another identifier.
    Back,
    /// Wants to sign up.
    Signup,
    /// Wants to log in after all.
    Login,
    /// Proved who it is. The session is new and not stored yet.
    LoggedIn(Box<SessionRecord>),
    /// Came back, or looks at the page again.
    Resume,
    /// Said yes.
    Accept,
    /// Said no.
    Deny,
}

/// A request that holds arrives at a browser. `browser` is the digest of the cookie that binds
/// a login to it (attack AUTHZ-39).
pub fn begin(
    checked: &Checked,
    facts: Facts<'_>,
    browser: [u8; 32],
    random: &mut dyn Random,
) -> Decided {
    let handle = random::url_safe(random, 43);
    let connection = connection_of(
        facts.site.tenant,
        &checked.client.parsed,
        checked.request.connection.as_deref(),
    );
    let transaction = LoginTransaction {
        digest: Artefact::name(&[&handle]),
        client: checked.client.parsed.id.clone(),
        sent: checked.sent.clone(),
        browser,
        step: Step::Login,
        connection: connection.map(|connection| connection.name.clone()),
        identifier: checked.request.login_hint.clone(),
        progress: Progress::default(),
        shown: None,
        created_at: facts.now,
        expires_at: facts.now.plus_seconds(LoginTransaction::LIFETIME),
        revision: 0,
    };
    let pending = Pending {
        handle,
        transaction,
    };
    go_on(pending, checked, facts, Vec::new(), random)
}

/// A person did something in a login. The caller has opened `pending` ([`Pending::open`]) and
/// checked its request anew ([`authorize::check`]). With [`Input::LoggedIn`], `facts.user` and
/// `facts.consent` are those of the new session's user, and `facts.session` is the browser's
/// session from before.
pub fn step(
    mut pending: Pending,
    input: Input,
    checked: &Checked,
    facts: Facts<'_>,
    random: &mut dyn Random,
) -> Decided {
    let transaction = &mut pending.transaction;
    let answered = transaction.is_shown_to(facts.session.map(|session| &session.user));
    match input {
        Input::Identifier(identifier) => {
            transaction.identifier = Some(identifier);
            return turn(pending, Step::Password, checked);
        }
        Input::Back => return turn(pending, Step::Identifier, checked),
        Input::Signup => return turn(pending, Step::Signup, checked),
        Input::Login => {
            let first = first_step(facts);
            return turn(pending, first, checked);
        }
        Input::LoggedIn(session) => return logged_in(pending, *session, checked, facts, random),
        Input::Deny if answered => return deny(&pending, checked, facts),
        Input::Accept if answered => transaction.accept(),
        // attack AUTHZ-42: nobody was asked, so nobody can have answered
        Input::Accept | Input::Deny | Input::Resume => {}
    }
    go_on(pending, checked, facts, Vec::new(), random)
}

/// Another page of the login.
fn turn(mut pending: Pending, step: Step, checked: &Checked) -> Decided {
    pending.transaction.step = step;
    let writes = vec![pending.transaction.write()];
    Decided {
        next: Next::Login(Box::new(pending)),
        refused: None,
        client: Arc::clone(&checked.client),
        trace: checked.trace.clone(),
        writes,
    }
}

/// The page on which a login begins.
fn first_step(facts: Facts<'_>) -> Step {
    if facts.site.tenant.settings.parsed.login.identifier_first {
        Step::Identifier
    } else {
        Step::Login
    }
}

fn logged_in(
    mut pending: Pending,
    mut session: SessionRecord,
    checked: &Checked,
    facts: Facts<'_>,
    random: &mut dyn Random,
) -> Decided {
    let settings = &facts.site.tenant.settings.parsed.login;
    session.touch(&checked.client.parsed.id, settings, facts.now);
    // the browser's session from before is over, whosever it was (auth-semantics 6.11)
    let before = facts
        .session
        .map(|before| Write::Revoke(Revoke::One(ArtefactKind::Session, before.digest)));
    let writes = before.into_iter().chain([session.put()]).collect();
    pending.transaction.progress = Progress {
        authenticated: Some(session.user.clone()),
        ..Progress::default()
    };
    let facts = Facts {
        session: Some(&session),
        ..facts
    };
    go_on(pending, checked, facts, writes, random)
}

fn deny(pending: &Pending, checked: &Checked, facts: Facts<'_>) -> Decided {
    let trace = checked.trace.clone();
    let writes = pending.transaction.end(facts.now).into_iter().collect();
    refuse(Refused::Denied, checked, facts, trace, writes)
}

/// Decides on what there is now.
fn go_on(
    pending: Pending,
    checked: &Checked,
    facts: Facts<'_>,
    mut writes: Vec<Write>,
    random: &mut dyn Random,
) -> Decided {
    let mut trace = checked.trace.clone();
    let progress = &pending.transaction.progress;
    let outcome = authorize::decide(checked, facts, progress, &mut trace, random);
    let next = match outcome {
        Err(refused) => {
            writes.extend(pending.transaction.end(facts.now));
            return refuse(refused, checked, facts, trace, writes);
        }
        Ok(Outcome::Issue(issue, issued)) => {
            writes.extend(pending.transaction.end(facts.now));
            writes.extend(issued);
            Next::Issue(issue)
        }
        Ok(Outcome::Login) if pending.transaction.connection.is_none() => {
            // nobody can log in to an application without a connection
            writes.extend(pending.transaction.end(facts.now));
            return refuse(Refused::Connection, checked, facts, trace, writes);
        }
        Ok(Outcome::Login) => Next::Login(Box::new(to_login(pending, checked, facts, &mut writes))),
        Ok(Outcome::Consent(page)) => {
            let pending = to_ask(pending, Step::Consent, &page, facts, &mut writes);
            Next::Consent(Box::new(pending), page)
        }
        Ok(Outcome::Confirm(page)) => {
            let pending = to_ask(pending, Step::Confirm, &page, facts, &mut writes);
            Next::Consent(Box::new(pending), page)
        }
    };
    Decided {
        next,
        refused: None,
        client: Arc::clone(&checked.client),
        trace,
        writes,
    }
}

fn to_login(
    mut pending: Pending,
    checked: &Checked,
    facts: Facts<'_>,
    writes: &mut Vec<Write>,
) -> Pending {
    let before = pending.transaction.clone();
    let transaction = &mut pending.transaction;
    let new = transaction.revision == 0;
    if new && checked.request.screen_hint == Some(ScreenHint::Signup) {
        transaction.step = Step::Signup;
    } else if new || matches!(transaction.step, Step::Consent | Step::Confirm) {
        transaction.step = first_step(facts);
    }
    // whoever comes next is asked anew: what somebody else said does not count
    transaction.progress = Progress::default();
    transaction.shown = None;
    store(transaction, &before, writes);
    pending
}

fn to_ask(
    mut pending: Pending,
    step: Step,
    page: &ConsentPage,
    facts: Facts<'_>,
    writes: &mut Vec<Write>,
) -> Pending {
    let before = pending.transaction.clone();
    let scopes: Scopes = page.items.iter().map(|item| item.scope.as_str()).collect();
    let transaction = &mut pending.transaction;
    transaction.step = step;
    transaction.progress.accepted = None;
    transaction.shown = facts.session.map(|session| (session.user.clone(), scopes));
    store(transaction, &before, writes);
    pending
}

fn store(transaction: &LoginTransaction, before: &LoginTransaction, writes: &mut Vec<Write>) {
    if transaction != before || transaction.revision == 0 {
        writes.push(transaction.write());
    }
}

fn refuse(
    refused: Refused,
    checked: &Checked,
    facts: Facts<'_>,
    mut trace: Trace,
    writes: Vec<Write>,
) -> Decided {
    trace.push(refused.rule(), Subject::Request, Verdict::Refused);
    Decided {
        next: Next::Answer(checked.refuse(&refused, facts.site.tenant)),
        refused: Some(refused),
        client: Arc::clone(&checked.client),
        trace,
        writes,
    }
}
