//! What happens with a request that holds, for whoever is at the browser: log in, consent,
//! confirm, or get what was asked for.

use std::sync::Arc;

use super::Checked;
use super::looked::connection_of;
use super::parameters::{CLAIMS, Prompt};
use super::refusal::Refused;
use super::response::{Channel, ResponseType};
use crate::id::UserId;
use crate::model::{Api, Client, Entry, UserFacts};
use crate::protocol::consent::{self, ConsentPage, ConsentRecord, Question};
use crate::protocol::rules::Rule;
use crate::protocol::session::SessionRecord;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_grant::{ClaimsAsked, UserGrant};
use crate::protocol::user_scopes::{self, Resolved, Site};
use crate::random::Random;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::write::{UserWrite, Write};

/// What is known of whoever is at the browser.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The tenant, as the host that was asked shows it.
    pub site: Site<'a>,
    /// The session of the browser's cookie.
    pub session: Option<&'a SessionRecord>,
    /// The session's user; `None` if it is gone.
    pub user: Option<&'a UserFacts>,
    /// The consent of that user for this request, by [`Checked::consent_digest`].
    pub consent: Option<&'a ConsentRecord>,
    /// Now.
    pub now: Timestamp,
}

/// What the user did in this login so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Who proved in it who it is.
    pub authenticated: Option<UserId>,
    /// The scopes to which the user said yes in it.
    pub accepted: Option<Scopes>,
    /// Whether the user confirmed the callback in it.
    pub confirmed: bool,
}

/// What happens next.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The user must log in.
    Login,
    /// The user must consent.
    Consent(Box<ConsentPage>),
    /// The user must confirm the callback.
    Confirm(Box<ConsentPage>),
    /// What was asked for is given, and this is written with it.
    Issue(Box<Issue>, Vec<Write>),
}

/// What is given.
#[derive(Debug, Clone)]
pub struct Issue {
    /// What the user let the application get.
    pub grant: UserGrant,
    /// In which form it is due.
    pub due: ResponseType,
    /// Where it goes.
    pub channel: Channel,
    /// To whom.
    pub client: Arc<Entry<Client>>,
    /// For which API.
    pub api: Option<Arc<Entry<Api>>>,
}

/// Decides. Nothing that is asked of the user twice is asked of the facts once.
pub fn decide(
    checked: &Checked,
    facts: Facts<'_>,
    progress: &Progress,
    trace: &mut Trace,
    random: &mut dyn Random,
) -> Result<Outcome, Refused> {
    let silent = checked.request.is_silent();
    let (session, user) = match whom(checked, facts, progress)? {
        Ok(found) => found,
        Err(rule) => {
            trace.push(rule, Subject::Request, Verdict::Refused);
            let needed = if silent {
                Err(Refused::LoginRequired)
            } else {
                Ok(Outcome::Login)
            };
            return needed;
        }
    };
    trace.push(Rule::SessionLive, Subject::Request, Verdict::Passed);
    if user.user.blocked {
        return Err(Refused::Blocked);
    }
    trace.push(Rule::UserNotBlocked, Subject::Request, Verdict::Passed);

    let resolved = user_scopes::grant(
        &checked.asked(),
        &checked.client.parsed,
        checked.api.clone(),
        (facts.site.tenant, user),
        trace,
    )
    .map_err(Refused::Scopes)?;
    let question = Question {
        client: &checked.client.parsed,
        resolved: &resolved,
        stored: facts.consent,
        redirect_uri: match checked.device() {
            Some(_) => None,
            None => Some(&checked.request.channel.redirect_uri),
        },
        asks_again: checked.request.prompt.contains(&Prompt::Consent),
    };
    if must_ask(question, progress, trace) {
        if silent {
            return Err(Refused::ConsentRequired);
        }
        return Ok(Outcome::Consent(Box::new(consent::page(question))));
    }
    if must_confirm(question, facts, progress) {
        trace.push(Rule::CallbackConfirmed, Subject::Request, Verdict::Refused);
        if silent {
            return Err(Refused::InteractionRequired);
        }
        let page = ConsentPage {
            items: Vec::new(),
            ..consent::page(question)
        };
        return Ok(Outcome::Confirm(Box::new(page)));
    }
    let giving = Giving {
        checked,
        facts,
        session,
        user,
        resolved,
    };
    Ok(giving.issue(progress, trace, random))
}

/// The session that counts with its user, or the rule by which somebody must log in.
type Whom<'a> = Result<(&'a SessionRecord, &'a UserFacts), Rule>;

fn whom<'a>(checked: &Checked, facts: Facts<'a>, progress: &Progress) -> Result<Whom<'a>, Refused> {
    let request = &checked.request;
    let settings = &facts.site.tenant.settings.parsed.login;
    let usable = facts
        .session
        .filter(|session| session.is_usable(settings, facts.now));
    let Some((session, user)) = usable.zip(facts.user) else {
        return Ok(Err(Rule::SessionLive));
    };
    // attack AUTHZ-40: another tab logged somebody else in meanwhile
    let here = progress.authenticated.as_ref();
    if here.is_some_and(|here| *here != session.user) {
        return Ok(Err(Rule::SameUser));
    }
    let fresh = here.is_some();
    // attack AUTHZ-33: only a login in this transaction answers prompt=login
    let again = [Prompt::Login, Prompt::SelectAccount];
    if !fresh && again.iter().any(|prompt| request.prompt.contains(prompt)) {
        return Ok(Err(Rule::PromptLogin));
    }
    let old =
        |max_age: i64| max_age == 0 || facts.now > session.authenticated_at.plus_seconds(max_age);
    if !fresh && request.max_age.is_some_and(old) {
        return Ok(Err(Rule::MaxAge));
    }
    let wanted = request.connection.as_deref();
    let other = wanted.is_some_and(|name| name != session.connection);
    let client = &checked.client.parsed;
    if other || connection_of(facts.site.tenant, client, Some(&session.connection)).is_none() {
        return Ok(Err(Rule::SessionConnection));
    }
    let hinted = request.hint.as_ref().map(|hint| &hint.user);
    let hinted = hinted.or(request.claims.user.as_ref());
    if hinted.is_some_and(|hinted| *hinted != session.user) {
        let late = if fresh {
            Err(Refused::OtherUser)
        } else {
            Ok(Err(Rule::HintUser))
        };
        return late;
    }
    Ok(Ok((session, user)))
}

/// Whether the consent page is due, after what was accepted in this login.
fn must_ask(question: Question<'_>, progress: &Progress, trace: &mut Trace) -> bool {
    let Some(accepted) = &progress.accepted else {
        return consent::is_needed(question, trace);
    };
    let covered = |scope: &str| {
        let stored = question
            .stored
            .is_some_and(|stored| stored.scopes.contains(scope));
        stored || accepted.contains(scope)
    };
    let all = question.resolved.scopes.iter().all(covered);
    let verdict = if all {
        Verdict::Passed
    } else {
        Verdict::Refused
    };
    trace.push(Rule::ConsentGiven, Subject::Request, verdict);
    !all
}

/// Only where nothing else was shown in this login (auth-semantics 5.5).
fn must_confirm(question: Question<'_>, facts: Facts<'_>, progress: &Progress) -> bool {
    let shown = progress.authenticated.is_some() || progress.accepted.is_some();
    let settings = &facts.site.tenant.settings.parsed;
    let asks = question
        .redirect_uri
        .is_some_and(|uri| consent::needs_confirmation(question.client, settings, uri));
    asks && !shown && !progress.confirmed
}

struct Giving<'a> {
    checked: &'a Checked,
    facts: Facts<'a>,
    session: &'a SessionRecord,
    user: &'a UserFacts,
    resolved: Resolved,
}

impl Giving<'_> {
    fn issue(&self, progress: &Progress, trace: &mut Trace, random: &mut dyn Random) -> Outcome {
        trace.push(Rule::Issued, Subject::Request, Verdict::Granted);
        let request = &self.checked.request;
        let record = self.consent(progress, random);
        let news = record.as_ref().filter(|record| self.is_new(record));
        let lasts = news.is_some() || request.response_type.is_front_channel();
        let mut writes: Vec<Write> = self.rests_on(lasts).into_iter().collect();
        writes.extend(news.map(ConsentRecord::write));
        let issue = Issue {
            grant: self.grant(record.as_ref()),
            due: request.response_type,
            channel: request.channel.clone(),
            client: Arc::clone(&self.checked.client),
            api: self.checked.api.clone(),
        };
        Outcome::Issue(Box::new(issue), writes)
    }

    fn grant(&self, record: Option<&ConsentRecord>) -> UserGrant {
        let request = &self.checked.request;
        UserGrant {
            client: self.checked.client.parsed.id.clone(),
            user: self.session.user.clone(),
            connection: self.session.connection.clone(),
            session: Some(self.session.id.clone()),
            audience: self.checked.audience().cloned(),
            scopes: self.resolved.scopes.clone(),
            permissions: self.resolved.permissions.clone(),
            auth_time: self.session.authenticated_at,
            shows_auth_time: self.shows_auth_time(),
            nonce: request.nonce.clone(),
            acr: None,
            amr: Vec::new(),
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            claims: self.claims(),
            consent: record.map(|record| record.id.clone()),
        }
    }

    /// auth-semantics 3.2: where a login was asked for by time, or the claim by name.
    fn shows_auth_time(&self) -> bool {
        let request = &self.checked.request;
        let named = request
            .claims
            .asked
            .id_token
            .iter()
            .any(|claim| claim == "auth_time");
        named || request.max_age.is_some() || request.prompt.contains(&Prompt::Login)
    }

    /// A third party gets no claim by name whose scope the user was not asked for.
    fn claims(&self) -> ClaimsAsked {
        let asked = &self.checked.request.claims.asked;
        let first_party = self.checked.client.parsed.first_party;
        let covered = |name: &&String| {
            let scope = CLAIMS
                .iter()
                .find(|(claim, _)| claim == name)
                .map(|(_, scope)| *scope);
            first_party || scope.is_some_and(|scope| self.resolved.scopes.contains(scope))
        };
        let kept = |names: &[String]| names.iter().filter(covered).cloned().collect();
        ClaimsAsked {
            id_token: kept(&asked.id_token),
            userinfo: kept(&asked.userinfo),
        }
    }

    /// The consent that the grant rests on: what was given now is added. Refresh tokens always
    /// rest on one, so that it can be taken back (auth-semantics 5.12).
    fn consent(&self, progress: &Progress, random: &mut dyn Random) -> Option<ConsentRecord> {
        let stored = self.facts.consent;
        let lasting = self.resolved.scopes.contains("offline_access");
        if progress.accepted.is_none() && !lasting {
            return stored.cloned();
        }
        let record = stored.cloned().unwrap_or_else(|| {
            let client = self.checked.client.parsed.id.clone();
            let audience = self.checked.audience().cloned();
            let user = self.session.user.clone();
            ConsentRecord::new(user, client, audience, self.facts.now, random)
        });
        Some(record.with(&self.resolved.scopes))
    }

    fn is_new(&self, record: &ConsentRecord) -> bool {
        self.facts
            .consent
            .is_none_or(|stored| stored.scopes != record.scopes)
    }

    /// The session is used, which rests on it as it was read. Where that says nothing new, what
    /// nobody looks at again before it is good, as at a code, rests on the user as it was read
    /// (attack SESSION-07).
    fn rests_on(&self, lasts: bool) -> Option<Write> {
        let settings = &self.facts.site.tenant.settings.parsed.login;
        let client = &self.checked.client.parsed.id;
        if self.session.needs_touch(client, settings, self.facts.now) {
            let mut session = self.session.clone();
            session.touch(client, settings, self.facts.now);
            return Some(session.replace());
        }
        lasts.then(|| Write::User(UserWrite::same(&self.user.user)))
    }
}
