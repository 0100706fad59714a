//! What a user lets a device get (RFC 8628 3.3): decided as at the authorization endpoint, for
//! somebody who waits elsewhere. Nothing is given that was not shown here.

use std::sync::Arc;

use super::authorize::{Facts, Refused, connection_of};
use super::consent::{self, ConsentPage, ConsentRecord, Question};
use super::device::{Answer, DeviceState};
use super::rules::Rule;
use super::trace::{Subject, Trace, Verdict};
use super::user_grant::{ClaimsAsked, UserGrant};
use super::user_scopes::{self, Asked, Flow, Resolved, Site};
use crate::id::UserId;
use crate::model::{Client, Entry, GrantType, UserFacts};
use crate::random::Random;
use crate::scope::Scopes;
use crate::write::Write;

use super::session::SessionRecord;

/// What happens next.
#[derive(Debug)]
pub enum Outcome {
    /// The user must log in.
    Login,
    /// The user must consent.
    Consent(Box<ConsentPage>),
    /// The device gets what it asked for.
    Approved(Vec<Write>),
}

/// The application that waits, if it may still get anything this way.
pub fn client(device: &DeviceState, site: Site<'_>) -> Result<Arc<Entry<Client>>, Refused> {
    let known = site.tenant.clients.get(&device.client);
    let unknown = || Refused::UnknownClient(device.client.to_string());
    let client = known
        .filter(|entry| !entry.parsed.global)
        .ok_or_else(unknown)?;
    if !client.parsed.may_use(GrantType::DeviceCode) {
        return Err(Refused::GrantType(GrantType::DeviceCode));
    }
    Ok(Arc::clone(client))
}

/// Under which digest a user's consent for it is found.
pub fn consent_digest(
    device: &DeviceState,
    user: &UserId,
    site: Site<'_>,
) -> Result<[u8; 32], Refused> {
    let client = client(device, site)?;
    let api = user_scopes::api(&asked(device), &client.parsed, site, &mut Trace::default());
    let api = api.map_err(Refused::Scopes)?;
    let audience = api.as_ref().map(|api| &api.parsed.identifier);
    Ok(ConsentRecord::digest_of(user, &client.parsed.id, audience))
}

/// Decides for whoever is at the browser. `accepted` are the scopes that were shown and accepted.
pub fn decide(
    device: &DeviceState,
    facts: Facts<'_>,
    accepted: Option<&Scopes>,
    trace: &mut Trace,
    random: &mut dyn Random,
) -> Result<Outcome, Refused> {
    let client = client(device, facts.site)?;
    let settings = &facts.site.tenant.settings.parsed.login;
    let usable = |session: &&SessionRecord| {
        let name = Some(session.connection.as_str());
        session.is_usable(settings, facts.now)
            && connection_of(facts.site.tenant, &client.parsed, name).is_some()
    };
    let Some((session, user)) = facts.session.filter(usable).zip(facts.user) else {
        trace.push(Rule::SessionLive, Subject::Request, Verdict::Refused);
        return Ok(Outcome::Login);
    };
    trace.push(Rule::SessionLive, Subject::Request, Verdict::Passed);
    if user.user.blocked {
        return Err(Refused::Blocked);
    }
    trace.push(Rule::UserNotBlocked, Subject::Request, Verdict::Passed);
    let resolved = user_scopes::resolve(&asked(device), &client.parsed, facts.site, user, trace);
    let resolved = resolved.map_err(Refused::Scopes)?;
    let question = Question {
        client: &client.parsed,
        resolved: &resolved,
        stored: facts.consent,
        redirect_uri: None,
        asks_again: false,
    };
    if must_ask(question, accepted, trace) {
        return Ok(Outcome::Consent(Box::new(consent::page(question))));
    }
    trace.push(Rule::Issued, Subject::Request, Verdict::Granted);
    let giving = Giving {
        device,
        facts,
        client: &client.parsed,
        session,
        user,
        resolved,
    };
    Ok(Outcome::Approved(giving.writes(accepted.is_some(), random)))
}

fn asked(device: &DeviceState) -> Asked<'_> {
    Asked {
        scope: device.scope.as_deref(),
        audience: device.audience.as_deref(),
        resources: &device.resources,
        flow: Flow::Device,
    }
}

fn must_ask(question: Question<'_>, accepted: Option<&Scopes>, trace: &mut Trace) -> bool {
    let Some(accepted) = accepted else {
        return consent::is_needed(question, trace);
    };
    let covered = |scope: &str| {
        let stored = question
            .stored
            .is_some_and(|stored| stored.scopes.contains(scope));
        scope == "openid" || stored || accepted.contains(scope)
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

struct Giving<'a> {
    device: &'a DeviceState,
    facts: Facts<'a>,
    client: &'a Client,
    session: &'a SessionRecord,
    user: &'a UserFacts,
    resolved: Resolved,
}

impl Giving<'_> {
    fn writes(&self, accepted: bool, random: &mut dyn Random) -> Vec<Write> {
        let record = self.consent(accepted, random);
        let mut writes = Vec::new();
        let stored = self.facts.consent;
        let is_new =
            |record: &&ConsentRecord| stored.is_none_or(|stored| stored.scopes != record.scopes);
        writes.extend(record.as_ref().filter(is_new).map(ConsentRecord::write));
        // in any case: nothing is given that a session gives which ends in this moment
        let settings = &self.facts.site.tenant.settings.parsed.login;
        let mut session = self.session.clone();
        session.touch(&self.client.id, settings, self.facts.now);
        writes.push(session.replace());
        let grant = Box::new(self.grant(record.as_ref()));
        let answered = self
            .device
            .answered(Answer::Approved(grant), self.facts.now);
        writes.extend(answered.into_iter().flatten());
        writes
    }

    /// Refresh tokens always rest on a consent, so that it can be taken back.
    fn consent(&self, accepted: bool, random: &mut dyn Random) -> Option<ConsentRecord> {
        let stored = self.facts.consent;
        if !accepted && !self.resolved.scopes.contains("offline_access") {
            return stored.cloned();
        }
        let audience = self.resolved.api.as_ref();
        let audience = audience.map(|api| api.parsed.identifier.clone());
        let record = stored.cloned().unwrap_or_else(|| {
            let (user, client) = (self.user.user.id.clone(), self.client.id.clone());
            ConsentRecord::new(user, client, audience, self.facts.now, random)
        });
        Some(record.with(&self.resolved.scopes))
    }

    fn grant(&self, record: Option<&ConsentRecord>) -> UserGrant {
        let audience = self.resolved.api.as_ref();
        UserGrant {
            client: self.client.id.clone(),
            user: self.user.user.id.clone(),
            connection: self.session.connection.clone(),
            session: None, // the device has none: logging out here leaves it alone
            audience: audience.map(|api| api.parsed.identifier.clone()),
            scopes: self.resolved.scopes.clone(),
            permissions: self.resolved.permissions.clone(),
            auth_time: self.session.authenticated_at,
            shows_auth_time: false,
            nonce: None,
            acr: None,
            amr: Vec::new(),
            redirect_uri: None,
            challenge: None,
            claims: ClaimsAsked::default(),
            consent: record.map(|record| record.id.clone()),
        }
    }
}
