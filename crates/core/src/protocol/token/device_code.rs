//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 3.4, 3.5): a device asks
//! until its user has answered.

use cardea_jose::sha256;

use super::Request;
use super::facts::{FactKey, Facts};
use super::user::{self, Granted};
use crate::model::{ArtefactKind, GrantType};
use crate::protocol::device::{Answer, DeviceState, INTERVAL};
use crate::protocol::params::Params;
use crate::protocol::refusal::{GrantRefusal, Refusal};
use crate::protocol::rules::Rule;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_grant::UserGrant;
use crate::write::Write;

/// What the request brings.
#[derive(Debug, Clone)]
pub struct Asked {
    /// SHA-256 of the device code.
    pub digest: [u8; 32],
}

impl Asked {
    /// Reads the grant's own parameters.
    pub fn from_params(params: &Params) -> Result<Self, Refusal> {
        let code = params.get("device_code");
        let code = code.ok_or(Refusal::Grant(GrantRefusal::Absent("device_code")))?;
        Ok(Self {
            digest: sha256(code.as_bytes()),
        })
    }
}

/// The device code first; once it is approved, whose it is.
pub(super) fn wanted(asked: &Asked, facts: &Facts) -> Vec<FactKey> {
    let mut keys = vec![FactKey::Artefact(ArtefactKind::Device, asked.digest)];
    let found = facts.artefact(ArtefactKind::Device, asked.digest);
    let state = found.and_then(|found| DeviceState::from_artefact(found).ok());
    if let Some(Answer::Approved(grant)) = state.and_then(|state| state.answer) {
        if grant.has_offline_access() {
            keys.push(FactKey::Families(grant.user.clone(), grant.client.clone()));
        }
        keys.push(FactKey::Account(grant.user));
    }
    facts.missing(keys)
}

/// Decides.
pub(super) fn decide(
    asked: &Asked,
    request: &Request<'_>,
    trace: &mut Trace,
    writes: &mut Vec<Write>,
) -> Result<Granted, Refusal> {
    let client = &request.client.parsed;
    user::grant_allowed(client, GrantType::DeviceCode, trace)?;
    let found = request.facts.artefact(ArtefactKind::Device, asked.digest);
    let unknown = Refusal::Grant(GrantRefusal::DeviceCode(
        Rule::DeviceKnown,
        "there is no such device code",
    ));
    let state = DeviceState::from_artefact(found.ok_or(unknown)?).map_err(user::damaged)?;
    if state.client != client.id {
        let why = "the device code was issued to another client";
        return Err(Refusal::Grant(GrantRefusal::DeviceCode(
            Rule::DeviceClient,
            why,
        )));
    }
    trace.push(Rule::DeviceClient, Subject::Request, Verdict::Passed);
    if state.consumed_at.is_some() {
        let why = "the device code was redeemed before";
        return Err(Refusal::Grant(GrantRefusal::DeviceCode(
            Rule::DeviceKnown,
            why,
        )));
    }
    if state.expires_at <= request.now {
        // said once; after that the code is unknown (auth-semantics 2.5)
        writes.push(state.removed());
        return Err(Refusal::Grant(GrantRefusal::DeviceExpired));
    }
    match &state.answer {
        None => Err(wait(&state, request, writes)),
        Some(Answer::Denied) => Err(Refusal::Grant(GrantRefusal::DeviceDenied)),
        Some(Answer::Approved(grant)) => redeem(&state, grant, request, trace, writes),
    }
}

/// RFC 8628 3.5: who asks too early waits longer from then on.
fn wait(state: &DeviceState, request: &Request<'_>, writes: &mut Vec<Write>) -> Refusal {
    let now = request.now;
    let early = state
        .polled_at
        .is_some_and(|at| now < at.plus_seconds(state.interval));
    let longer = if early { INTERVAL } else { 0 };
    let next = DeviceState {
        polled_at: Some(now),
        interval: state.interval.saturating_add(longer),
        ..state.clone()
    };
    writes.push(Write::Replace(next.to_artefact()));
    if early {
        Refusal::Grant(GrantRefusal::DeviceSlowDown(state.interval))
    } else {
        Refusal::Grant(GrantRefusal::DevicePending)
    }
}

fn redeem(
    state: &DeviceState,
    grant: &UserGrant,
    request: &Request<'_>,
    trace: &mut Trace,
    writes: &mut Vec<Write>,
) -> Result<Granted, Refusal> {
    let gone = Refusal::Grant(GrantRefusal::DeviceCode(
        Rule::UserThere,
        "the user is gone",
    ));
    let code = (ArtefactKind::Device, state.digest);
    user::redeemed(grant.clone(), (code, gone), request, trace, writes)
}
