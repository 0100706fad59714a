//! `grant_type=client_credentials` (RFC 6749 4.4; auth-semantics 4.6, 4.7): an application acts
//! as itself, and gets exactly what its client grant gives it.

use std::sync::Arc;

use super::super::params::Params;
use super::super::refusal::Refusal;
use super::super::rules::Rule;
use super::super::target::{self, shorten};
use super::super::trace::{Subject, Trace, Verdict};
use crate::model::{
    Api, AuthMethod, Client, ClientGrant, Entry, GrantType, SubjectPolicy, SubjectType, TenantView,
};
use crate::scope::Scopes;

/// What the request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `audience`.
    pub audience: Option<String>,
    /// RFC 8707 `resource`.
    pub resources: Vec<String>,
    /// `scope`, unparsed.
    pub scope: Option<String>,
    /// `organization`.
    pub organization: Option<String>,
}

impl Asked {
    /// Reads the grant's own parameters.
    pub fn from_params(params: &Params) -> Self {
        let text = |name| params.get(name).map(ToOwned::to_owned);
        Self {
            audience: text("audience"),
            resources: params.resources().to_vec(),
            scope: text("scope"),
            organization: text("organization"),
        }
    }
}

/// A token that may be minted.
#[derive(Debug)]
pub struct Granted {
    /// For whom.
    pub client: Arc<Entry<Client>>,
    /// For which API.
    pub api: Arc<Entry<Api>>,
    /// With which scopes.
    pub scopes: Scopes,
    /// The `permissions` claim, where the API's dialect has one.
    pub permissions: Option<Scopes>,
}

/// A refusal with what the refusing rule looked at.
type Refused = (Subject, Refusal);

/// Decides. Each step and each scope stands in the trace.
pub fn decide(
    asked: &Asked,
    client: &Arc<Entry<Client>>,
    tenant: &TenantView,
    trace: &mut Trace,
) -> Result<Granted, Refusal> {
    match steps(asked, client, tenant, trace) {
        Ok((api, scopes)) => {
            let permissions = permissions(&api.parsed, &scopes, trace);
            Ok(Granted {
                client: Arc::clone(client),
                api,
                scopes,
                permissions,
            })
        }
        Err((subject, refusal)) => {
            // refused scopes are in the trace already, one step each
            if !matches!(refusal, Refusal::ScopesNotGranted(_)) {
                trace.push(refusal.rule(), subject, Verdict::Refused);
            }
            Err(refusal)
        }
    }
}

fn steps(
    asked: &Asked,
    client: &Entry<Client>,
    tenant: &TenantView,
    trace: &mut Trace,
) -> Result<(Arc<Entry<Api>>, Scopes), Refused> {
    let subject = Subject::Client(client.parsed.id.to_string());
    // RFC 6749 4.4: who cannot prove who it is cannot act as itself (attack TOKEN-46)
    if client.parsed.auth_method == AuthMethod::None {
        return Err((subject, Refusal::PublicClient));
    }
    if !client.parsed.may_use(GrantType::ClientCredentials) {
        return Err((
            subject,
            Refusal::GrantTypeNotAllowed(GrantType::ClientCredentials),
        ));
    }
    trace.push(Rule::GrantTypeAllowed, subject, Verdict::Passed);
    let api = find_api(asked, tenant, trace)?;
    let scopes = grant_scopes(asked, &client.parsed, &api.parsed, tenant, trace)?;
    Ok((api, scopes))
}

/// Which API: `audience`, else `resource`, else the tenant's default (auth-semantics 4).
fn find_api(
    asked: &Asked,
    tenant: &TenantView,
    trace: &mut Trace,
) -> Result<Arc<Entry<Api>>, Refused> {
    let refuse = |refusal| (Subject::Request, refusal);
    if let Some(organization) = &asked.organization {
        return Err(refuse(Refusal::NoOrganization(shorten(organization))));
    }
    let named = target::named(asked.audience.as_deref(), &asked.resources, tenant);
    let named = named.map_err(refuse)?;
    let (rule, identifier) = named.ok_or_else(|| refuse(Refusal::NoAudience))?;
    let subject = Subject::Audience(shorten(identifier));
    trace.push(rule, subject.clone(), Verdict::Passed);
    match tenant.api(identifier) {
        Some(api) => {
            trace.push(Rule::ApiKnown, subject, Verdict::Passed);
            Ok(Arc::clone(api))
        }
        None => Err((subject, Refusal::UnknownApi(shorten(identifier)))),
    }
}

/// What the client grant gives, of what was asked.
fn grant_scopes(
    asked: &Asked,
    client: &Client,
    api: &Api,
    tenant: &TenantView,
    trace: &mut Trace,
) -> Result<Scopes, Refused> {
    let subject = || Subject::Audience(api.identifier.to_string());
    if api.client_policy == SubjectPolicy::DenyAll {
        return Err((
            subject(),
            Refusal::ClientsDenied(api.identifier.to_string()),
        ));
    }
    trace.push(Rule::ClientPolicy, subject(), Verdict::Passed);
    let grant = tenant
        .grant(&client.id, &api.identifier, SubjectType::Client)
        .ok_or_else(|| {
            let (client, audience) = (client.id.to_string(), api.identifier.to_string());
            (subject(), Refusal::NoClientGrant { client, audience })
        })?;
    trace.push(Rule::ClientGrantRequired, subject(), Verdict::Passed);
    match &asked.scope {
        None => Ok(all_granted(&grant.parsed, api, trace)),
        Some(scope) => {
            let scopes =
                Scopes::parse(scope).map_err(|_| (Subject::Request, Refusal::ScopeMalformed))?;
            if scopes.is_empty() {
                return Ok(all_granted(&grant.parsed, api, trace));
            }
            requested(scopes, &grant.parsed, api, trace)
        }
    }
}

/// No `scope`: everything granted that the API still defines (trap T3).
fn all_granted(grant: &ClientGrant, api: &Api, trace: &mut Trace) -> Scopes {
    let granted = if grant.allow_all_scopes {
        &api.scopes
    } else {
        &grant.scopes
    };
    granted
        .iter()
        .filter(|scope| {
            let defined = api.scopes.contains(scope);
            let (rule, verdict) = if defined {
                (Rule::AllGranted, Verdict::Granted)
            } else {
                (Rule::ScopeUndefined, Verdict::Dropped)
            };
            trace.push(rule, Subject::Scope((*scope).into()), verdict);
            defined
        })
        .collect()
}

/// `scope` is given whole or refused whole (trap T2).
fn requested(
    scopes: Scopes,
    grant: &ClientGrant,
    api: &Api,
    trace: &mut Trace,
) -> Result<Scopes, Refused> {
    let mut missing = Vec::new();
    for scope in scopes.iter() {
        let (rule, verdict) = if !api.scopes.contains(scope) {
            (Rule::ScopeUndefined, Verdict::Refused)
        } else if grant.allow_all_scopes || grant.scopes.contains(scope) {
            (Rule::ScopeGranted, Verdict::Granted)
        } else {
            (Rule::ScopeNotGranted, Verdict::Refused)
        };
        trace.push(rule, Subject::Scope(scope.into()), verdict);
        if verdict == Verdict::Refused {
            missing.push(shorten(scope));
        }
    }
    if missing.is_empty() {
        Ok(scopes)
    } else {
        Err((Subject::Request, Refusal::ScopesNotGranted(missing)))
    }
}

fn permissions(api: &Api, scopes: &Scopes, trace: &mut Trace) -> Option<Scopes> {
    let has = api.enforce_policies && api.dialect.has_permissions();
    has.then(|| {
        trace.push(
            Rule::Permissions,
            Subject::Claim("permissions"),
            Verdict::Granted,
        );
        scopes.clone()
    })
}
