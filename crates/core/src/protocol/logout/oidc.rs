//! `GET|POST /oidc/logout` (OIDC RP-Initiated Logout 1.0 2, 3; auth-semantics 2.9): an exact
//! match, and a question first where nobody proved to want it (attack LOGOUT-01).

use std::sync::Arc;

use cardea_jose::Compact;
use serde_json::Value;

use super::url;
use super::{Decided, LogoutRefusal, Next, end, filled, known, parameters};
use crate::model::{Client, Entry};
use crate::protocol::authorize::hint::{self, Hint};
use crate::protocol::rules::Rule;
use crate::protocol::session::SessionRecord;
use crate::protocol::target::shorten;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_scopes::Site;

/// What the request asks for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `id_token_hint`.
    pub id_token_hint: Option<String>,
    /// `logout_hint`: the `sid` of an ID token.
    pub logout_hint: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `state`, given back as it is.
    pub state: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// Whether the user has confirmed it. The page says so, never the request.
    pub confirmed: bool,
}

/// The hint is a token: it is not shown.
impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

impl Asked {
    /// Reads a query or a form.
    pub fn parse(text: &[u8]) -> Result<Self, LogoutRefusal> {
        let names = [
            "id_token_hint",
            "logout_hint",
            "client_id",
            "post_logout_redirect_uri",
            "state",
            "ui_locales",
        ];
        let [token, hint, client_id, redirect_uri, state, locales] = parameters(text, names)?;
        Ok(Self {
            id_token_hint: filled(token),
            logout_hint: filled(hint),
            client_id: filled(client_id),
            redirect_uri: filled(redirect_uri),
            state: filled(state),
            ui_locales: filled(locales),
            confirmed: false,
        })
    }
}

/// Decides. `session` is the browser's, if it has a live one. A refused request ends nothing.
pub fn decide(asked: &Asked, site: Site<'_>, session: Option<&SessionRecord>) -> Decided {
    let mut trace = Trace::default();
    let mut writes = Vec::new();
    let mut client = None;
    let outcome = steps(asked, site, session, &mut trace).map(|known| {
        client = known.client.map(|entry| entry.parsed.id.clone());
        let asks = site.tenant.settings.parsed.login.logout_prompt;
        if session.is_some() && asks && !known.proved && !asked.confirmed {
            trace.push(Rule::LogoutConfirmed, Subject::Request, Verdict::Dropped);
            return Next::Confirm {
                client: client.clone(),
            };
        }
        trace.push(Rule::LogoutConfirmed, Subject::Request, Verdict::Passed);
        let ended = session.map(|session| {
            let (ended, write) = end(session);
            writes.push(write);
            ended
        });
        Next::Done {
            to: known.to,
            ended,
        }
    });
    if let Err(refusal) = &outcome {
        trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
    }
    Decided {
        outcome,
        client,
        trace,
        writes,
    }
}

/// What the request turned out to be.
struct Known {
    client: Option<Arc<Entry<Client>>>,
    to: Option<String>,
    /// Whether who asks knows this very session.
    proved: bool,
}

fn steps(
    asked: &Asked,
    site: Site<'_>,
    session: Option<&SessionRecord>,
    trace: &mut Trace,
) -> Result<Known, LogoutRefusal> {
    let named = asked
        .client_id
        .as_deref()
        .map(|id| known(id, site.tenant))
        .transpose()?;
    let hint = asked.id_token_hint.as_deref().map(|jwt| read(jwt, site));
    if let Some(hint) = &hint {
        let verdict = if hint.is_some() {
            Verdict::Passed
        } else {
            Verdict::Dropped
        };
        trace.push(Rule::LogoutHint, Subject::Request, verdict);
    }
    let is_bad = hint.as_ref().is_some_and(Option::is_none);
    let hint = hint.flatten();
    if let (Some(named), Some((of, _))) = (&named, &hint)
        && named.parsed.id != of.parsed.id
    {
        let why = "The parameters client_id and id_token_hint are of different applications.";
        return Err(LogoutRefusal::Disagree(why));
    }
    let proved = session.is_some_and(|session| proves(asked, hint.as_ref(), session));
    let client = named.or_else(|| hint.map(|(client, _)| client));
    // attack JWT-18: behind a hint that is none stands nobody, so nobody is sent anywhere
    let to = if is_bad {
        None
    } else {
        destination(asked, client.as_deref(), site, trace)?
    };
    Ok(Known { client, to, proved })
}

type Read = (Arc<Entry<Client>>, Hint);

/// An ID token of ours, expired or not; which application it is for, it says itself.
fn read(jwt: &str, site: Site<'_>) -> Option<Read> {
    let claims = Compact::parse(jwt).ok()?.claims().ok()?;
    let audience = match claims.get("aud")? {
        Value::String(one) => one.as_str(),
        Value::Array(several) => several.first()?.as_str()?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    let client = known(audience, site.tenant).ok()?;
    let hint = hint::read(jwt, &client, site)?;
    Some((client, hint))
}

/// A hint proves what it names: this session, or where it names none, this user (attack
/// LOGOUT-03).
fn proves(asked: &Asked, hint: Option<&Read>, session: &SessionRecord) -> bool {
    if let Some((_, hint)) = hint {
        let same = hint.user == session.user;
        return same && hint.session.as_ref().is_none_or(|id| *id == session.id);
    }
    asked.logout_hint.as_deref() == Some(session.id.as_str())
}

/// By the client's list where one is known, else by the tenant's.
fn destination(
    asked: &Asked,
    client: Option<&Entry<Client>>,
    site: Site<'_>,
    trace: &mut Trace,
) -> Result<Option<String>, LogoutRefusal> {
    let Some(wanted) = &asked.redirect_uri else {
        return Ok(None);
    };
    let allowed = client.map_or_else(
        || &site.tenant.settings.parsed.login.allowed_logout_urls,
        |client| &client.parsed.allowed_logout_urls,
    );
    if !url::is_exactly(wanted, allowed) {
        return Err(LogoutRefusal::Url {
            parameter: "post_logout_redirect_uri",
            url: shorten(wanted),
        });
    }
    trace.push(Rule::LogoutUrl, Subject::Request, Verdict::Passed);
    Ok(Some(with_state(wanted, asked.state.as_deref())))
}

fn with_state(url: &str, state: Option<&str>) -> String {
    let Some(state) = state else {
        return url.to_owned();
    };
    let (base, fragment) = match url.split_once('#') {
        Some((base, fragment)) => (base, Some(fragment)),
        None => (url, None),
    };
    let sign = if base.contains('?') { '&' } else { '?' };
    let mut pair = form_urlencoded::Serializer::new(String::new());
    pair.append_pair("state", state);
    let fragment = fragment.map_or_else(String::new, |text| format!("#{text}"));
    format!("{base}{sign}{}{fragment}", pair.finish())
}
