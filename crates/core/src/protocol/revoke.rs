//! `POST /oauth/revoke` (RFC 7009; auth-semantics 2.4): a refresh token and all that came of it,
//! or an opaque access token. JWTs live until they expire.

use std::sync::Arc;

use super::client_auth::{self, Authenticated, Presented};
use super::raw::Raw;
use super::refusal::{GrantRefusal, Refusal};
use super::rules::Rule;
use super::token::facts::{FactKey, Facts};
use super::token::family::Family;
use super::token::refresh_value::RefreshValue;
use super::trace::{Subject, Trace, Verdict};
use super::user_scopes::Site;
use crate::id::UserId;
use crate::model::{ArtefactKind, Client, Entry, Revoke};
use crate::time::Timestamp;
use crate::write::Write;

/// A parsed request. The hint is not needed: digests find a token of either kind.
#[derive(Debug, Clone)]
pub struct RevokeRequest {
    /// How the client says who it is.
    pub client: Presented,
    /// The token, as a refresh token.
    pub token: RefreshValue,
}

impl RevokeRequest {
    /// Reads a request. Nothing is looked up.
    pub fn parse(raw: Raw<'_>) -> Result<Self, Refusal> {
        let params = raw.params()?;
        let token = params
            .get("token")
            .ok_or(Refusal::Grant(GrantRefusal::TokenAbsent))?;
        Ok(Self {
            client: Presented::parse(raw.authorization, &params)?,
            token: RefreshValue::of(token),
        })
    }

    /// The token, as a refresh token or an opaque one.
    pub fn wanted(&self, facts: &Facts) -> Vec<FactKey> {
        facts.missing(vec![
            FactKey::Artefact(ArtefactKind::Family, self.token.family),
            FactKey::Artefact(ArtefactKind::Opaque, self.token.token),
        ])
    }
}

/// A decision, with the way to it.
#[derive(Debug)]
pub struct Decided {
    /// Granted: 200 with an empty body, whether there was a token or not (trap T21).
    pub outcome: Result<Revoked, Refusal>,
    /// The client, once it is authenticated.
    pub client: Option<Arc<Entry<Client>>>,
    /// The steps.
    pub trace: Trace,
    /// What must be written. If it cannot be, the answer is no 200 (attack INTROSPECT-08).
    pub writes: Vec<Write>,
}

/// What was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// A refresh token, its family, and the opaque tokens that came of it.
    Family {
        /// The family's id.
        id: String,
        /// Whose.
        user: Option<UserId>,
    },
    /// An opaque access token.
    Opaque {
        /// Whose.
        user: Option<UserId>,
    },
    /// Nothing: no such token, or another client's.
    Nothing,
}

/// Decides.
pub fn decide(request: &RevokeRequest, facts: &Facts, site: Site<'_>, now: Timestamp) -> Decided {
    let mut trace = Trace::default();
    let Site { tenant, issuer } = site;
    let authenticated = client_auth::authenticate(&request.client, tenant, issuer, now, &mut trace);
    let Authenticated { client, write } = match authenticated {
        Ok(authenticated) => authenticated,
        Err(refusal) => {
            trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
            return Decided {
                outcome: Err(refusal),
                client: None,
                trace,
                writes: Vec::new(),
            };
        }
    };
    let mut writes: Vec<Write> = write.into_iter().collect();
    let outcome = revoke(request, &client.parsed, facts, site, &mut writes);
    let verdict = match &outcome {
        Ok(Revoked::Nothing) => Verdict::Dropped,
        Ok(_) => Verdict::Passed,
        Err(_) => Verdict::Refused,
    };
    trace.push(Rule::RevokeOwn, Subject::Request, verdict);
    Decided {
        outcome,
        client: Some(client),
        trace,
        writes,
    }
}

fn revoke(
    request: &RevokeRequest,
    client: &Client,
    facts: &Facts,
    site: Site<'_>,
    writes: &mut Vec<Write>,
) -> Result<Revoked, Refusal> {
    // attack INTROSPECT-06: what is another client's is as good as not there
    let own = |kind, digest| {
        let found = facts.artefact(kind, digest);
        found.filter(|found| found.client.as_ref() == Some(&client.id))
    };
    if let Some(family) = own(ArtefactKind::Family, request.token.family) {
        let id = family.id.clone().unwrap_or_default();
        if site.tenant.settings.parsed.login.revokes_consent_with_token {
            let family = Family::from_artefact(family);
            let family =
                family.map_err(|damaged| Refusal::Grant(GrantRefusal::Damaged(damaged.what)))?;
            let consent = family.grant.consent.map(|id| id.to_string());
            writes.extend(consent.map(|id| Write::Revoke(Revoke::Group(id))));
        }
        writes.push(Write::Revoke(Revoke::Group(id.clone())));
        let user = family.user.clone();
        return Ok(Revoked::Family { id, user });
    }
    if let Some(opaque) = own(ArtefactKind::Opaque, request.token.token) {
        let one = Revoke::One(ArtefactKind::Opaque, opaque.digest);
        writes.push(Write::Revoke(one));
        let user = opaque.user.clone();
        return Ok(Revoked::Opaque { user });
    }
    Ok(Revoked::Nothing)
}
