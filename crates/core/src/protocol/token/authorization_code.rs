//! `grant_type=authorization_code` (RFC 6749 4.1.3, RFC 7636 4.6, RFC 9700 2.1.1).

use cardea_jose::{Secret, b64, constant_time_eq, sha256};

use super::Request;
use super::facts::{FactKey, Facts};
use super::user::{self, Granted};
use crate::model::{Artefact, ArtefactKind, GrantType, Revoke};
use crate::protocol::params::Params;
use crate::protocol::refusal::{GrantRefusal, Refusal};
use crate::protocol::rules::Rule;
use crate::protocol::session::SessionRecord;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_grant::UserGrant;
use crate::time::Timestamp;
use crate::write::Write;

/// A verifier has 43 to 128 unreserved characters (RFC 7636 4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// What the request brings.
#[derive(Debug, Clone)]
pub struct Asked {
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub verifier: Option<Secret<String>>,
}

impl Asked {
    /// Reads the grant's own parameters.
    pub fn from_params(params: &Params) -> Result<Self, Refusal> {
        let code = params
            .get("code")
            .ok_or(Refusal::Grant(GrantRefusal::Absent("code")))?;
        let verifier = params.get("code_verifier");
        Ok(Self {
            digest: sha256(code.as_bytes()),
            redirect_uri: params.get("redirect_uri").map(ToOwned::to_owned),
            verifier: verifier.map(|text| Secret::new(text.to_owned())),
        })
    }
}

/// The code first; then whose it is, in which session, and how many refresh tokens it has.
pub(super) fn wanted(asked: &Asked, facts: &Facts) -> Vec<FactKey> {
    let code = FactKey::Artefact(ArtefactKind::Code, asked.digest);
    let mut keys = vec![code];
    let found = facts.artefact(ArtefactKind::Code, asked.digest);
    let live = found.filter(|code| code.consumed_at.is_none());
    if let Some(code) = live
        && let (Some(user), Some(client)) = (&code.user, &code.client)
    {
        let session = code.group.clone();
        keys.extend(session.map(|id| FactKey::ById(ArtefactKind::Session, id)));
        if UserGrant::may_have_offline_access(&code.body) {
            keys.push(FactKey::Families(user.clone(), client.clone()));
        }
        keys.push(FactKey::Account(user.clone()));
    }
    facts.missing(keys)
}

/// Decides. What is least telling is checked first.
pub(super) fn decide(
    asked: &Asked,
    request: &Request<'_>,
    trace: &mut Trace,
    writes: &mut Vec<Write>,
) -> Result<Granted, Refusal> {
    let client = &request.client.parsed;
    user::grant_allowed(client, GrantType::AuthorizationCode, trace)?;
    let code = request.facts.artefact(ArtefactKind::Code, asked.digest);
    let code = code.ok_or(Refusal::Grant(GrantRefusal::Code(
        Rule::CodeKnown,
        "there is no such code",
    )))?;
    // RFC 6749 4.1.3: a code stolen by another client must be useless to it, and it was stolen
    if code.client.as_ref() != Some(&client.id) {
        writes.extend(burn(code, request.now, trace));
        let why = "the code was issued to another client";
        return Err(Refusal::Grant(GrantRefusal::Code(Rule::CodeClient, why)));
    }
    trace.push(Rule::CodeClient, Subject::Request, Verdict::Passed);
    // RFC 6749 4.1.2: a second use revokes what the first one issued
    if code.consumed_at.is_some() {
        let family = user::family_of(&code.digest);
        writes.push(Write::Revoke(Revoke::Group(family)));
        return Err(Refusal::Grant(GrantRefusal::Code(
            Rule::CodeOnce,
            "the code was used before",
        )));
    }
    if code.expires_at <= request.now {
        return Err(Refusal::Grant(GrantRefusal::Code(
            Rule::CodeAlive,
            "the code has expired",
        )));
    }
    let grant = UserGrant::from_body(&code.body).map_err(user::damaged)?;
    let bound =
        same_redirect_uri(asked, &grant, trace).and_then(|()| verifier_fits(asked, &grant, trace));
    if let Err(refusal) = bound {
        writes.extend(burn(code, request.now, trace));
        return Err(refusal);
    }
    redeem(code, grant, request, trace, writes)
}

/// `CARDEA-code-burned`: whoever brings a code without what it is bound to did not begin the flow.
/// There is one try, so nobody goes on guessing with a code that leaked.
fn burn(code: &Artefact, now: Timestamp, trace: &mut Trace) -> Option<Write> {
    if !code.is_live(now) {
        return None;
    }
    trace.push(Rule::CodeBurned, Subject::Request, Verdict::Dropped);
    Some(Write::Consume(ArtefactKind::Code, code.digest, now))
}

/// RFC 6749 4.1.3: repeated if and only if it was sent, and then the same.
fn same_redirect_uri(asked: &Asked, grant: &UserGrant, trace: &mut Trace) -> Result<(), Refusal> {
    if asked.redirect_uri != grant.redirect_uri {
        return Err(Refusal::Grant(GrantRefusal::RedirectUriDiffers {
            sent: origin(asked.redirect_uri.as_deref()),
            expected: origin(grant.redirect_uri.as_deref()),
        }));
    }
    trace.push(Rule::RedirectUriRepeated, Subject::Request, Verdict::Passed);
    Ok(())
}

/// Only the origin is shown (trap T44).
fn origin(uri: Option<&str>) -> String {
    let Some(uri) = uri else {
        return "none".to_owned();
    };
    let clean = uri.chars().filter(|c| !c.is_control()).take(255);
    let clean: String = clean.collect();
    match clean.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            format!("{scheme}://{host}")
        }
        None => clean,
    }
}

/// RFC 7636 4.6; RFC 9700 2.1.1: a verifier without a challenge is a downgrade.
fn verifier_fits(asked: &Asked, grant: &UserGrant, trace: &mut Trace) -> Result<(), Refusal> {
    let refuse = |why| Err(Refusal::Grant(GrantRefusal::Verifier(why)));
    match (&grant.challenge, &asked.verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse("a verifier, but there was no challenge"),
        (Some(_), None) => refuse("there was a challenge, but no verifier came"),
        (Some(challenge), Some(verifier)) => {
            let verifier = verifier.expose();
            let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            if !VERIFIER.contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
                return refuse("the verifier is malformed");
            }
            let digest = b64::encode(&sha256(verifier.as_bytes()));
            if !constant_time_eq(digest.as_bytes(), challenge.as_bytes()) {
                return refuse("the verifier does not fit the challenge");
            }
            trace.push(Rule::PkceVerifier, Subject::Request, Verdict::Passed);
            Ok(())
        }
    }
}

fn redeem(
    code: &Artefact,
    grant: UserGrant,
    request: &Request<'_>,
    trace: &mut Trace,
    writes: &mut Vec<Write>,
) -> Result<Granted, Refusal> {
    let Request {
        facts, site, now, ..
    } = *request;
    // attack LOGOUT-10: who has logged out in between gets nothing
    if let Some(session) = &grant.session {
        let found = facts.by_id(ArtefactKind::Session, session.as_str());
        let found = found.filter(|session| session.user.as_ref() == Some(&grant.user));
        let settings = &site.tenant.settings.parsed.login;
        let usable = found.map(|session| SessionRecord::stored_is_usable(session, settings, now));
        if usable.transpose().map_err(user::damaged)? != Some(true) {
            let why = "the session has ended";
            return Err(Refusal::Grant(GrantRefusal::Code(Rule::CodeSession, why)));
        }
        trace.push(Rule::CodeSession, Subject::Request, Verdict::Passed);
    }
    let gone = Refusal::Grant(GrantRefusal::Code(Rule::UserThere, "the user is gone"));
    let code = (ArtefactKind::Code, code.digest);
    user::redeemed(grant, (code, gone), request, trace, writes)
}
