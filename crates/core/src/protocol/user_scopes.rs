//! What a user may let an application get (auth-semantics section 4): the one decision of every
//! flow with a user. The API comes first, then each scope by its own rule.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::refusal::Refusal;
use super::rules::Rule;
use super::target::{self, shorten};
use super::trace::{Subject, Trace, Verdict};
use crate::model::{
    Api, Client, ClientGrant, Entry, GrantType, Issuer, SubjectPolicy, TenantView, UserFacts,
};
use crate::scope::Scopes;

/// The scopes of OpenID Connect that give claims (OIDC Core 5.4), in its order.
pub const STANDARD: [&str; 5] = ["openid", "profile", "email", "address", "phone"];

/// What a user may get for itself at the Management API (attack AUTHZ-51).
pub const CURRENT_USER: [&str; 7] = [
    "read:current_user",
    "update:current_user_identities",
    "create:current_user_metadata",
    "update:current_user_metadata",
    "delete:current_user_metadata",
    "create:current_user_device_credentials",
    "delete:current_user_device_credentials",
];

/// The longest `scope`, in bytes and in words (attack AUTHZ-49).
const MAX_SCOPE: usize = 4096;
const MAX_WORDS: usize = 100;

/// By which way the user comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The authorization endpoint. `code` says whether a code is due: without one there is
    /// never a refresh token (trap T23).
    Authorize {
        /// Whether a code is due.
        code: bool,
    },
    /// A password grant: no API scope asked means all of them (trap T3).
    Password,
    /// A device code.
    Device,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `scope`, unparsed.
    pub scope: Option<&'a str>,
    /// `audience`.
    pub audience: Option<&'a str>,
    /// RFC 8707 `resource`.
    pub resources: &'a [String],
    /// The flow.
    pub flow: Flow,
}

/// Where it is asked: a tenant as one of its hosts shows it.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The tenant at one version.
    pub tenant: &'a TenantView,
    /// The issuer of the host that was asked.
    pub issuer: &'a Issuer,
}

/// What the user may let the application get.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The API; `None` for an opaque token that opens `/userinfo` alone.
    pub api: Option<Arc<Entry<Api>>>,
    /// The granted scopes, in the order in which they were asked for.
    pub scopes: Scopes,
    /// All of the user's permissions at the API, where its tokens carry them (trap T26).
    pub permissions: Option<Scopes>,
}

/// Decides the whole.
pub fn resolve(
    asked: &Asked<'_>,
    client: &Client,
    site: Site<'_>,
    user: &UserFacts,
    trace: &mut Trace,
) -> Result<Resolved, Refusal> {
    let api = api(asked, client, site, trace)?;
    grant(asked, client, api, (site.tenant, user), trace)
}

/// Which API it is for, and whether the application may be used with it at all. The user does
/// not matter yet.
pub fn api(
    asked: &Asked<'_>,
    client: &Client,
    site: Site<'_>,
    trace: &mut Trace,
) -> Result<Option<Arc<Entry<Api>>>, Refusal> {
    let named = target::named(asked.audience, asked.resources, site.tenant)?;
    let named = named.filter(|(_, name)| !is_userinfo(name, site));
    let Some((rule, name)) = named else {
        // auth-semantics 4.4: a strict third party gets no identity, so it needs an API
        if client.is_strict_third_party() {
            return Err(Refusal::ThirdPartyNeedsApi);
        }
        trace.push(Rule::UserinfoAlone, Subject::Request, Verdict::Passed);
        return Ok(None);
    };
    let subject = Subject::Audience(shorten(name));
    trace.push(rule, subject.clone(), Verdict::Passed);
    let api = site.tenant.api(name);
    let api = api.ok_or_else(|| Refusal::UnknownApi(shorten(name)))?;
    trace.push(Rule::ApiKnown, subject.clone(), Verdict::Passed);
    policy(&api.parsed, client, site.tenant)?;
    trace.push(Rule::UserPolicy, subject, Verdict::Passed);
    Ok(Some(Arc::clone(api)))
}

/// Trap T10: `/userinfo` as an audience is no audience.
fn is_userinfo(name: &str, site: Site<'_>) -> bool {
    let scheme = site.issuer.as_str().split_once("://");
    let canonical =
        scheme.map(|(scheme, _)| Issuer::new(scheme, &site.tenant.record.host).join("userinfo"));
    name == site.issuer.join("userinfo") || canonical.is_some_and(|canonical| name == canonical)
}

/// `subject_type_authorization.user`, and what third parties need beyond it.
fn policy(api: &Api, client: &Client, tenant: &TenantView) -> Result<(), Refusal> {
    let name = || api.identifier.to_string();
    if api.user_policy == SubjectPolicy::DenyAll || (api.system.is_some() && !client.first_party) {
        return Err(Refusal::UsersDenied(name()));
    }
    if needs_grant(api, client) && tenant.user_grant(client, &api.identifier).is_none() {
        let (client, audience) = (client.id.to_string(), name());
        return Err(Refusal::NoUserGrant { client, audience });
    }
    Ok(())
}

fn needs_grant(api: &Api, client: &Client) -> bool {
    api.user_policy == SubjectPolicy::RequireClientGrant || !client.first_party
}

/// Decides each scope for this user.
pub fn grant(
    asked: &Asked<'_>,
    client: &Client,
    api: Option<Arc<Entry<Api>>>,
    (tenant, user): (&TenantView, &UserFacts),
    trace: &mut Trace,
) -> Result<Resolved, Refusal> {
    let requested = words(asked.scope)?;
    let about = About::new(asked, client, api.as_deref(), tenant, user);
    let mut scopes = Scopes::default();
    for scope in requested.iter() {
        about.decide(scope, &mut scopes, trace);
    }
    if asked.flow == Flow::Password {
        about.add_unasked(&requested, &mut scopes, trace);
    }
    let permissions = about.permissions_claim(trace);
    Ok(Resolved {
        api,
        scopes,
        permissions,
    })
}

/// Decides each scope anew, for a token that is made later from what was granted once.
pub fn held(
    granted: &Scopes,
    client: &Client,
    api: Option<Arc<Entry<Api>>>,
    (tenant, user): (&TenantView, &UserFacts),
    trace: &mut Trace,
) -> Resolved {
    let later = Asked {
        scope: None,
        audience: None,
        resources: &[],
        flow: Flow::Device,
    };
    let about = About::new(&later, client, api.as_deref(), tenant, user);
    let mut scopes = Scopes::default();
    for scope in granted.iter() {
        about.decide(scope, &mut scopes, trace);
    }
    let permissions = about.permissions_claim(trace);
    Resolved {
        api,
        scopes,
        permissions,
    }
}

/// Reads `scope` within its bounds.
pub fn words(scope: Option<&str>) -> Result<Scopes, Refusal> {
    let text = scope.unwrap_or_default();
    if text.len() > MAX_SCOPE {
        return Err(Refusal::ScopeTooLong);
    }
    let words = Scopes::parse(text).map_err(|_| Refusal::ScopeMalformed)?;
    if words.len() > MAX_WORDS {
        return Err(Refusal::ScopeTooLong);
    }
    Ok(words)
}

/// Every permission that a user has at an API: by its roles, then directly, as far as the API
/// still defines them.
pub fn permissions(api: &Api, tenant: &TenantView, user: &UserFacts) -> Scopes {
    let roles = user.roles.iter().filter_map(|id| tenant.roles.get(id));
    let by_role = roles.flat_map(|role| role.parsed.permissions.iter());
    by_role
        .chain(user.permissions.iter())
        .filter(|held| held.api == api.identifier && api.scopes.contains(&held.name))
        .map(|held| held.name.as_str())
        .collect()
}

/// What every scope is looked at with.
struct About<'a> {
    client: &'a Client,
    flow: Flow,
    api: Option<&'a Api>,
    /// What the client grant gives, where one is needed.
    grant: Option<&'a ClientGrant>,
    held: Scopes,
}

impl<'a> About<'a> {
    fn new(
        asked: &Asked<'_>,
        client: &'a Client,
        api: Option<&'a Entry<Api>>,
        tenant: &'a TenantView,
        user: &UserFacts,
    ) -> Self {
        let api = api.map(|entry| &entry.parsed);
        let grant = api
            .filter(|api| needs_grant(api, client))
            .and_then(|api| tenant.user_grant(client, &api.identifier))
            .map(|entry| &entry.parsed);
        Self {
            client,
            flow: asked.flow,
            api,
            grant,
            held: api.map_or_else(Scopes::default, |api| permissions(api, tenant, user)),
        }
    }

    fn decide(&self, scope: &str, scopes: &mut Scopes, trace: &mut Trace) {
        let (rule, verdict) = if scope == "offline_access" {
            (Rule::OfflineAccess, given(self.may_refresh()))
        } else if STANDARD.contains(&scope) {
            if self.client.is_strict_third_party() {
                (Rule::ThirdPartyNoIdentity, Verdict::Dropped)
            } else {
                (Rule::StandardScope, Verdict::Granted)
            }
        } else {
            self.of_api(scope)
        };
        trace.push(rule, Subject::Scope(scope.into()), verdict);
        if verdict == Verdict::Granted {
            scopes.insert(scope);
        }
    }

    /// One scope of the API: defined, granted to the application, held by the user.
    fn of_api(&self, scope: &str) -> (Rule, Verdict) {
        let Some(api) = self.api.filter(|api| api.scopes.contains(scope)) else {
            return (Rule::ScopeUndefined, Verdict::Dropped);
        };
        if api.system.is_some() {
            let own = CURRENT_USER.contains(&scope);
            return (Rule::CurrentUserOnly, given(own));
        }
        let within = |grant: &ClientGrant| grant.allow_all_scopes || grant.scopes.contains(scope);
        if !self.grant.is_none_or(within) {
            return (Rule::UserGrantScope, Verdict::Dropped);
        }
        if api.enforce_policies {
            (Rule::RbacIntersect, given(self.held.contains(scope)))
        } else {
            (Rule::RbacOff, Verdict::Granted)
        }
    }

    /// Trap T22.
    fn may_refresh(&self) -> bool {
        let code = self.flow != Flow::Authorize { code: false };
        let allowed = self.api.is_none_or(|api| api.allow_offline_access);
        code && allowed && self.client.may_use(GrantType::RefreshToken)
    }

    /// Trap T3: a password grant without an API scope gets all of them; one that asks for
    /// nothing but `openid` gets all standard scopes.
    fn add_unasked(&self, requested: &Scopes, scopes: &mut Scopes, trace: &mut Trace) {
        let mut add = |scope: &str, verdict| {
            if requested.contains(scope) {
                return;
            }
            trace.push(
                Rule::PasswordAllScopes,
                Subject::Scope(scope.into()),
                verdict,
            );
            if verdict == Verdict::Granted {
                scopes.insert(scope);
            }
        };
        if requested.iter().all(|scope| scope == "openid") && self.client.first_party {
            for scope in STANDARD {
                add(scope, Verdict::Granted);
            }
        }
        let Some(api) = self.api else { return };
        let explicit = api.user_policy == SubjectPolicy::RequireClientGrant;
        if explicit || requested.iter().any(|scope| api.scopes.contains(scope)) {
            return;
        }
        for scope in api.scopes.iter() {
            add(scope, self.of_api(scope).1);
        }
    }

    fn permissions_claim(&self, trace: &mut Trace) -> Option<Scopes> {
        let api = self.api?;
        let has = api.enforce_policies && api.dialect.has_permissions();
        has.then(|| {
            let subject = Subject::Claim("permissions");
            trace.push(Rule::PermissionsOfUser, subject, Verdict::Granted);
            self.held.clone()
        })
    }
}

const fn given(holds: bool) -> Verdict {
    if holds {
        Verdict::Granted
    } else {
        Verdict::Dropped
    }
}
