//! Logging out: `/v2/logout` (auth-semantics 2.8) and `/oidc/logout` (OIDC RP-Initiated Logout 1.0;
//! auth-semantics 2.9). Ending a session ends what belongs to it; refresh tokens for
//! `offline_access` do not (auth-semantics 6.9).

mod oidc;
mod url;
mod v2;

#[cfg(test)]
mod tests;

pub use oidc::{Asked as OidcAsked, decide as decide_oidc};
pub use v2::{Asked as V2Asked, decide as decide_v2};

use std::sync::Arc;

use super::rules::Rule;
use super::session::SessionRecord;
use super::trace::Trace;
use crate::id::{ClientId, SessionId, UserId};
use crate::model::{Client, Entry, Revoke, TenantView};
use crate::write::Write;

/// A decision, with the way to it.
#[derive(Debug)]
pub struct Decided {
    /// What comes next, or why not.
    pub outcome: Result<Next, LogoutRefusal>,
    /// The application that is known to ask.
    pub client: Option<ClientId>,
    /// The steps.
    pub trace: Trace,
    /// What must be written: the session and what belongs to it removed.
    pub writes: Vec<Write>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Logged out (or nobody was logged in): on to this URL, or a page that says so.
    Done {
        /// Where to.
        to: Option<String>,
        /// The session that ended.
        ended: Option<Ended>,
    },
    /// The user is asked first: nobody proved to want it.
    Confirm {
        /// On whose behalf.
        client: Option<ClientId>,
    },
}

/// A session that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its `sid`.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// The applications that it was used for.
    pub clients: Vec<ClientId>,
}

/// Why a logout is not done. A page says so; nobody is sent anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutRefusal {
    /// The client is not known.
    UnknownClient(String),
    /// The URL is not one that was registered: of `returnTo` or of `post_logout_redirect_uri`.
    Url {
        /// The parameter.
        parameter: &'static str,
        /// What it held.
        url: String,
    },
    /// The hints are of different applications.
    Disagree(&'static str),
    /// A parameter stands twice.
    Repeated(String),
}

impl LogoutRefusal {
    /// The rule that refused.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::UnknownClient(_) => Rule::ClientKnown,
            Self::Url { .. } => Rule::LogoutUrl,
            Self::Disagree(_) => Rule::LogoutAgrees,
            Self::Repeated(_) => Rule::NoRepeat,
        }
    }

    /// The sentence on the page. What was sent is text, to be escaped (attack LOGOUT-04).
    pub fn description(&self) -> String {
        match self {
            Self::UnknownClient(id) => format!("Unknown client: {id}"),
            Self::Url { parameter, url } => format!(
                "The \"{parameter}\" querystring parameter \"{url}\" is not defined as a valid URL \
                 in \"Allowed Logout URLs\""
            ),
            Self::Disagree(why) => (*why).to_owned(),
            Self::Repeated(name) => format!("The parameter '{name}' is repeated."),
        }
    }
}

/// Ends a session: the record, and what belongs to it.
fn end(session: &SessionRecord) -> (Ended, Write) {
    let ended = Ended {
        session: session.id.clone(),
        user: session.user.clone(),
        clients: session.clients.clone(),
    };
    (ended, Write::Revoke(Revoke::Group(session.id.to_string())))
}

fn known(id: &str, tenant: &TenantView) -> Result<Arc<Entry<Client>>, LogoutRefusal> {
    let found = ClientId::parse(id).and_then(|id| tenant.clients.get(&id).cloned());
    let usable = found.filter(|entry| !entry.parsed.global);
    usable.ok_or_else(|| LogoutRefusal::UnknownClient(super::target::shorten(id)))
}

/// Reads the parameters of a query or a form: each known one once.
fn parameters<const N: usize>(
    text: &[u8],
    names: [&'static str; N],
) -> Result<[Option<String>; N], LogoutRefusal> {
    let mut values = [const { None }; N];
    for (name, value) in form_urlencoded::parse(text) {
        let at = names.iter().position(|known| *known == name);
        let Some(slot) = at.and_then(|at| values.get_mut(at)) else {
            continue;
        };
        if slot.is_some() {
            return Err(LogoutRefusal::Repeated(name.into_owned()));
        }
        *slot = Some(value.into_owned());
    }
    Ok(values)
}

/// An empty parameter is an absent one.
fn filled(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}
