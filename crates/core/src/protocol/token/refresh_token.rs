//! `grant_type=refresh_token` (RFC 6749 6, RFC 9700 4.14; auth-semantics 2.3): what the user let
//! the application get, as far as it still holds.

use std::sync::Arc;

use super::Request;
use super::facts::{FactKey, Facts};
use super::family::{Family, Plan, Standing};
use super::refresh_value::RefreshValue;
use super::user::{self, Granted, UserTokens};
use crate::model::{Api, ArtefactKind, Client, Entry, GrantType, Revoke};
use crate::protocol::params::Params;
use crate::protocol::profile;
use crate::protocol::refusal::{GrantRefusal, Refusal};
use crate::protocol::rules::Rule;
use crate::protocol::target::{self, shorten};
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_grant::UserGrant;
use crate::protocol::user_scopes::{self, Flow, Resolved, STANDARD};
use crate::protocol::userinfo;
use crate::scope::Scopes;
use crate::write::Write;

/// What the request brings.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The refresh token.
    pub token: RefreshValue,
    /// `scope`, unparsed.
    pub scope: Option<String>,
    /// `audience`.
    pub audience: Option<String>,
    /// RFC 8707 `resource`.
    pub resources: Vec<String>,
}

impl Asked {
    /// Reads the grant's own parameters.
    pub fn from_params(params: &Params) -> Result<Self, Refusal> {
        let token = params.get("refresh_token");
        let token = token.ok_or(Refusal::Grant(GrantRefusal::Absent("refresh_token")))?;
        Ok(Self {
            token: RefreshValue::of(token),
            scope: params.get("scope").map(ToOwned::to_owned),
            audience: params.get("audience").map(ToOwned::to_owned),
            resources: params.resources().to_vec(),
        })
    }
}

/// The family first; then whose it is.
pub(super) fn wanted(asked: &Asked, facts: &Facts) -> Vec<FactKey> {
    let mut keys = vec![FactKey::Artefact(ArtefactKind::Family, asked.token.family)];
    let family = facts.artefact(ArtefactKind::Family, asked.token.family);
    keys.extend(family.and_then(|family| family.user.clone().map(FactKey::User)));
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
    user::grant_allowed(client, GrantType::RefreshToken, trace)?;
    let family = find(asked, request, writes)?;
    trace.push(Rule::RefreshClient, Subject::Request, Verdict::Passed);
    let id = family.id.clone().unwrap_or_default();
    if family.expires_at <= request.now {
        let why = "the refresh token has expired";
        return Err(Refusal::Grant(GrantRefusal::RefreshToken(
            Rule::RefreshAlive,
            why,
        )));
    }
    trace.push(Rule::RefreshAlive, Subject::Request, Verdict::Passed);
    let token = &asked.token.token;
    match family.standing(token, client.refresh.leeway, request.now) {
        Standing::Current => {}
        Standing::Leeway => trace.push(Rule::RefreshLeeway, Subject::Request, Verdict::Passed),
        Standing::Reused => {
            // trap T20: somebody has a copy, so neither is believed any more
            writes.push(Write::Revoke(Revoke::Group(id)));
            let consent = family.grant.consent.as_ref().map(ToString::to_string);
            writes.extend(consent.map(|consent| Write::Revoke(Revoke::Group(consent))));
            let why = "the refresh token was exchanged before";
            return Err(Refusal::Grant(GrantRefusal::RefreshToken(
                Rule::RefreshReuse,
                why,
            )));
        }
    }
    let user = request.facts.user(&family.grant.user);
    let user = user.ok_or(Refusal::Grant(GrantRefusal::UserGone))?;
    trace.push(
        Rule::UserThere,
        Subject::User(user.user.id.to_string()),
        Verdict::Passed,
    );
    user::may_act(&user.user, trace)?;
    let resolved = resolve(asked, &family.grant, request, trace)?;
    let tokens = UserTokens {
        grant: UserGrant {
            audience: resolved
                .api
                .as_ref()
                .map(|api| api.parsed.identifier.clone()),
            scopes: resolved.scopes,
            permissions: resolved.permissions,
            ..family.grant.clone()
        },
        client: Arc::clone(request.client),
        api: resolved.api,
        user: Arc::clone(&user.user),
        gty: Some("refresh_token"),
        front_channel: false,
        group: Some(id.clone()),
    };
    let refresh = if client.refresh.rotating {
        trace.push(Rule::RefreshRotated, Subject::Request, Verdict::Granted);
        let next = family.rotated(token, &client.refresh, request.now);
        Some(Plan::Rotate(next, asked.token.clone()))
    } else {
        // a token that stays lives on: its idle time begins again
        let touched = family.touched(&client.refresh, request.now);
        writes.extend(touched.map(|family| Write::Replace(family.to_artefact(&id))));
        None
    };
    Ok(Granted { tokens, refresh })
}

/// The token's family, if it is there and this client's.
fn find(asked: &Asked, request: &Request<'_>, writes: &mut Vec<Write>) -> Result<Family, Refusal> {
    let unknown = |why| Refusal::Grant(GrantRefusal::RefreshToken(Rule::RefreshKnown, why));
    let family = request
        .facts
        .artefact(ArtefactKind::Family, asked.token.family);
    let family = family.filter(|family| family.consumed_at.is_none());
    let family =
        family.ok_or_else(|| unknown("there is no such refresh token, or it was revoked"))?;
    // attack TOKEN-26: another client has it, so somebody stole it
    if family.client.as_ref() != Some(&request.client.parsed.id) {
        let id = family.id.clone().unwrap_or_default();
        writes.push(Write::Revoke(Revoke::Group(id)));
        let why = "the refresh token was issued to another client";
        return Err(Refusal::Grant(GrantRefusal::RefreshToken(
            Rule::RefreshClient,
            why,
        )));
    }
    Family::from_artefact(family).map_err(user::damaged)
}

/// For which API, with which scopes: never more than the user gave and still holds.
fn resolve(
    asked: &Asked,
    grant: &UserGrant,
    request: &Request<'_>,
    trace: &mut Trace,
) -> Result<Resolved, Refusal> {
    let client = &request.client.parsed;
    let site = request.site;
    let (audience, candidates) = candidates(asked, grant, request, trace)?;
    let mut scopes = candidates;
    if let Some(text) = &asked.scope {
        let wished = user_scopes::words(Some(text))?;
        if !wished.is_empty() {
            scopes = narrow(&wished, &scopes, request, trace)?;
        }
    }
    // the API is named, so that a default audience of the tenant changes nothing
    let userinfo = userinfo::audience(site.tenant, site.issuer);
    let about = user_scopes::Asked {
        scope: None,
        audience: Some(audience.as_deref().unwrap_or(&userinfo)),
        resources: &[],
        flow: Flow::Device,
    };
    let api = user_scopes::api(&about, client, site, trace)?;
    let user = request
        .facts
        .user(&grant.user)
        .ok_or(Refusal::Grant(GrantRefusal::UserGone))?;
    let whose = (site.tenant, user);
    Ok(user_scopes::held(&scopes, client, api, whose, trace))
}

/// The API that is meant, and all that may be had for it (auth-semantics 2.3: without `audience`
/// what was granted and what a policy adds; with another one what its policy gives).
fn candidates(
    asked: &Asked,
    grant: &UserGrant,
    request: &Request<'_>,
    trace: &mut Trace,
) -> Result<(Option<String>, Scopes), Refusal> {
    let client = &request.client.parsed;
    let site = request.site;
    let own = grant.audience.as_ref().map(ToString::to_string);
    let resource = target::resource(&asked.resources)?;
    let named = asked.audience.as_deref().or(resource);
    let userinfo = userinfo::audience(site.tenant, site.issuer);
    let own_name = own.as_deref().unwrap_or(&userinfo);
    let other = named.filter(|name| *name != own_name);
    let mut scopes = Scopes::default();
    let Some(other) = other else {
        let added = own.as_deref().and_then(|own| policy(own, client, request));
        for scope in grant
            .scopes
            .iter()
            .chain(added.into_iter().flat_map(Scopes::iter))
        {
            scopes.insert(scope);
        }
        return Ok((own, scopes));
    };
    let subject = Subject::Audience(shorten(other));
    let Some(added) = policy(other, client, request) else {
        return Err(Refusal::Grant(GrantRefusal::AudienceNotRefreshable(
            shorten(other),
        )));
    };
    trace.push(Rule::RefreshAudience, subject, Verdict::Granted);
    let identity = |scope: &&str| STANDARD.contains(scope) || *scope == "offline_access";
    for scope in grant.scopes.iter().filter(identity).chain(added.iter()) {
        scopes.insert(scope);
    }
    Ok((Some(other.to_owned()), scopes))
}

/// What a policy of the client gives for an API: only first parties, only where nobody would be
/// asked, never at the tenant's own APIs.
fn policy<'a>(name: &str, client: &'a Client, request: &Request<'_>) -> Option<&'a Scopes> {
    let usable = |api: &Entry<Api>| api.parsed.system.is_none() && api.parsed.skip_consent;
    let api = request.site.tenant.api(name)?;
    let policies = client.refresh.policies.iter();
    let policy = policies
        .filter(|_| client.first_party && usable(api))
        .find(|(audience, _)| audience.as_str() == name);
    policy.map(|(_, scopes)| scopes)
}

/// RFC 6749 6: `scope` never asks for more than there is. The refresh token keeps what it has
/// (trap T43).
fn narrow(
    wished: &Scopes,
    candidates: &Scopes,
    request: &Request<'_>,
    trace: &mut Trace,
) -> Result<Scopes, Refusal> {
    let drops = profile::refresh_drops_scopes(request.site.tenant.record.profile);
    let missing: Vec<&str> = wished
        .iter()
        .filter(|scope| !candidates.contains(scope))
        .collect();
    let verdict = if drops {
        Verdict::Dropped
    } else {
        Verdict::Refused
    };
    for scope in &missing {
        trace.push(
            Rule::RefreshScopeNarrows,
            Subject::Scope((*scope).into()),
            verdict,
        );
    }
    if missing.is_empty() || drops {
        return Ok(wished.intersect(candidates));
    }
    let missing = missing.into_iter().map(shorten).collect();
    Err(Refusal::Grant(GrantRefusal::ScopesNotRefreshable(missing)))
}
