//! `GET` and `POST /authorize` (RFC 6749 3.1, OIDC Core 3.1.2): parse, check, decide. What needs
//! the user goes on in `login`.

mod checks;
mod decide;
pub mod hint;
mod issue;
mod looked;
pub mod parameters;
pub mod redirect;
pub mod refusal;
pub mod request;
pub mod response;
mod rows;

#[cfg(test)]
pub(in crate::protocol) mod tests;

use std::sync::Arc;

pub use decide::{Facts, Issue, Outcome, Progress, decide};
pub use hint::{Hint, read as read_hint};
pub use issue::issue;
pub use looked::{Request, connection_of};
pub use parameters::{Prompt, ScreenHint};
pub use refusal::{AuthorizeError, Refused};
pub use request::Sent;
pub use response::{Channel, Made, MadeToken, Response, ResponseMode, ResponseType};

use super::profile;
use super::trace::{Subject, Trace, Verdict};
use super::user_scopes::{self, Asked, Site};
use crate::id::{ApiIdentifier, UserId};
use crate::model::{Api, Client, Entry, TenantView};

/// A request that holds, as far as it can be judged without the user.
#[derive(Debug, Clone)]
pub struct Checked {
    /// As it was sent.
    pub sent: Sent,
    /// As it was read.
    pub request: Request,
    /// Whose it is.
    pub client: Arc<Entry<Client>>,
    /// For which API.
    pub api: Option<Arc<Entry<Api>>>,
    /// The steps so far.
    pub trace: Trace,
}

/// An answer that nobody needs to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A page of ours.
    Page(ErrorPage),
    /// A response to the application.
    Redirect(Response),
}

/// An error that people see here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPage {
    /// The HTTP status.
    pub status: u16,
    /// The error.
    pub error: AuthorizeError,
    /// The application, as far as it is known.
    pub client_id: Option<String>,
    /// Its name.
    pub client_name: Option<String>,
}

/// A request that is refused.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Why.
    pub refused: Refused,
    /// What is answered.
    pub answer: Answer,
    /// Whose request it was, once that is known.
    pub client: Option<Arc<Entry<Client>>>,
    /// The steps, the refusing one included.
    pub trace: Trace,
}

impl Rejected {
    /// A request that could not even be read.
    pub fn unreadable(refused: Refused, tenant: &TenantView) -> Self {
        let mut trace = Trace::default();
        trace.push(refused.rule(), Subject::Request, Verdict::Refused);
        Self {
            answer: Answer::Page(page(&refused, None, tenant)),
            refused,
            client: None,
            trace,
        }
    }
}

/// Judges a request without the user. Cheap: it is done again at every step of a login, on the
/// tenant as it is then (attack AUTHZ-63).
pub fn check(sent: &Sent, site: Site<'_>) -> Result<Checked, Box<Rejected>> {
    let mut trace = Trace::default();
    let reject = |refused: Refused, answer, client, mut trace: Trace| {
        trace.push(refused.rule(), Subject::Request, Verdict::Refused);
        Box::new(Rejected {
            refused,
            answer,
            client,
            trace,
        })
    };
    let client = match checks::client(sent, site.tenant) {
        Ok(client) => client,
        Err(refused) => {
            let answer = Answer::Page(page(&refused, None, site.tenant));
            return Err(reject(refused, answer, None, trace));
        }
    };
    let id = client.parsed.id.to_string();
    trace.push(
        super::rules::Rule::AuthorizeClient,
        Subject::Client(id),
        Verdict::Passed,
    );
    let looked = looked::Looked {
        sent,
        client: &client,
        site,
    };
    let channel = match sent.device() {
        Some(_) => Ok(None),
        None => checks::channel(looked, &mut trace).map(Some),
    };
    let channel = match channel {
        Ok(channel) => channel,
        Err(refused) => {
            let answer = Answer::Page(page(&refused, Some(&client.parsed), site.tenant));
            return Err(reject(refused, answer, Some(client), trace));
        }
    };
    let request = match channel.clone() {
        Some(channel) => checks::run(looked, channel, &mut trace),
        None => checks::device(looked, &mut trace),
    };
    let judged = request.and_then(|request| {
        let asked = checks::asked(sent, request.response_type);
        let api = user_scopes::api(&asked, &client.parsed, site, &mut trace);
        Ok((request, api.map_err(Refused::Scopes)?))
    });
    match judged {
        Ok((request, api)) => Ok(Checked {
            sent: sent.clone(),
            request,
            client,
            api,
            trace,
        }),
        Err(refused) => {
            let answer = answer(&refused, &client.parsed, channel.as_ref(), site.tenant);
            Err(reject(refused, answer, Some(client), trace))
        }
    }
}

impl Checked {
    /// How it is answered if it is refused after all.
    pub fn refuse(&self, refused: &Refused, tenant: &TenantView) -> Answer {
        let channel = Some(&self.request.channel).filter(|_| self.device().is_none());
        answer(refused, &self.client.parsed, channel, tenant)
    }

    /// The API that it is about.
    pub fn audience(&self) -> Option<&ApiIdentifier> {
        self.api.as_ref().map(|api| &api.parsed.identifier)
    }

    /// The user code of the device that asks, if one does: what is issued then goes to
    /// `protocol::device`, never to a browser.
    pub fn device(&self) -> Option<&str> {
        self.sent.device()
    }

    /// Under which digest a user's consent for it is found.
    pub fn consent_digest(&self, user: &UserId) -> [u8; 32] {
        super::consent::ConsentRecord::digest_of(user, &self.client.parsed.id, self.audience())
    }

    fn asked(&self) -> Asked<'_> {
        checks::asked(&self.sent, self.request.response_type)
    }
}

/// To the application by its own channel, or on a page for those whose callback is not trusted
/// with errors (attack REDIR-22) and for devices, which have none.
fn answer(
    refused: &Refused,
    client: &Client,
    channel: Option<&Channel>,
    tenant: &TenantView,
) -> Answer {
    let Some(channel) = channel.filter(|_| !client.keeps_errors_on_page()) else {
        return Answer::Page(page(refused, Some(client), tenant));
    };
    let error = profile::authorize_error(refused, tenant.record.profile);
    Answer::Redirect(Response::error(channel, error))
}

fn page(refused: &Refused, client: Option<&Client>, tenant: &TenantView) -> ErrorPage {
    ErrorPage {
        status: profile::page_status(refused),
        error: profile::authorize_error(refused, tenant.record.profile),
        client_id: client.map(|client| client.id.to_string()),
        client_name: client.map(|client| super::consent::display_name(&client.name)),
    }
}
