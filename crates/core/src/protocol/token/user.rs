//! What a user's tokens are made from, whichever grant they come by, and the gate that every such
//! grant passes.

use std::sync::Arc;

use super::Request;
use super::facts::MAX_FAMILIES;
use super::family::{self, Family, Plan};
use crate::model::{Api, ArtefactKind, Client, Entry, GrantType, Revoke, TenantView, User};
use crate::protocol::body::Damaged;
use crate::protocol::refusal::{GrantRefusal, Refusal};
use crate::protocol::rules::Rule;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_grant::UserGrant;
use crate::write::Write;

/// What a user's tokens are made from.
#[derive(Debug, Clone)]
pub struct UserTokens {
    /// What the user let the application get.
    pub grant: UserGrant,
    /// For whom.
    pub client: Arc<Entry<Client>>,
    /// For which API; without one the access token is opaque.
    pub api: Option<Arc<Entry<Api>>>,
    /// Whose, as the user is now.
    pub user: Arc<User>,
    /// `gty`, where Auth0 says one.
    pub gty: Option<&'static str>,
    /// Whether they come from the authorization endpoint.
    pub front_channel: bool,
    /// What an opaque token dies with.
    pub group: Option<String>,
}

impl UserTokens {
    /// Whether an ID token belongs to them, and the access token opens `/userinfo`.
    pub fn is_openid(&self) -> bool {
        self.grant.has_openid()
    }
}

/// Tokens that may be minted.
#[derive(Debug)]
pub struct Granted {
    /// The access token and the ID token.
    pub tokens: UserTokens,
    /// The refresh token, where a new one is due.
    pub refresh: Option<Plan>,
}

/// Whether a user may act now: blocked means blocked at every door (attack TOKEN-28).
pub fn may_act(user: &User, trace: &mut Trace) -> Result<(), Refusal> {
    if user.blocked {
        return Err(Refusal::Grant(GrantRefusal::UserBlocked));
    }
    trace.push(Rule::UserNotBlocked, user_subject(user), Verdict::Passed);
    Ok(())
}

/// Whether the client's `grant_types` name the grant (attack TOKEN-18).
pub(super) fn grant_allowed(
    client: &Client,
    grant: GrantType,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    if !client.may_use(grant) {
        return Err(Refusal::GrantTypeNotAllowed(grant));
    }
    let subject = Subject::Client(client.id.to_string());
    trace.push(Rule::GrantTypeAllowed, subject, Verdict::Passed);
    Ok(())
}

/// The API that a grant names, if it names one.
fn api_of(grant: &UserGrant, tenant: &TenantView) -> Result<Option<Arc<Entry<Api>>>, Refusal> {
    grant
        .audience
        .as_ref()
        .map(|name| {
            let found = tenant.api(name.as_str()).cloned();
            found.ok_or_else(|| Refusal::UnknownApi(name.to_string()))
        })
        .transpose()
}

/// What a code gives to whom it was issued: tokens, and the first of a family of refresh tokens.
/// It is used up, and found by its digest; `gone` says so where its user is not there any more.
pub(super) fn redeemed(
    grant: UserGrant,
    ((kind, digest), gone): ((ArtefactKind, [u8; 32]), Refusal),
    request: &Request<'_>,
    trace: &mut Trace,
    writes: &mut Vec<Write>,
) -> Result<Granted, Refusal> {
    let user = request.facts.account(&grant.user).ok_or(gone)?;
    may_act(user, trace)?;
    let api = api_of(&grant, request.site.tenant)?;
    writes.push(Write::Consume(kind, digest, request.now));
    let family = family_of(&digest);
    let (refresh, oldest) = start_family(&grant, Some(family.clone()), request, trace);
    writes.extend(oldest);
    Ok(Granted {
        tokens: UserTokens {
            grant,
            client: Arc::clone(request.client),
            api,
            user: Arc::clone(user),
            gty: None,
            front_channel: false,
            group: Some(family),
        },
        refresh,
    })
}

/// A refresh token for a grant with `offline_access`, and what must go for it.
pub(super) fn start_family(
    grant: &UserGrant,
    id: Option<String>,
    request: &Request<'_>,
    trace: &mut Trace,
) -> (Option<Plan>, Option<Write>) {
    let client = &request.client.parsed;
    let subject = Subject::Scope("offline_access".into());
    if !grant.has_offline_access() {
        return (None, None);
    }
    if !client.may_use(GrantType::RefreshToken) {
        trace.push(Rule::RefreshIssued, subject, Verdict::Dropped);
        return (None, None);
    }
    trace.push(Rule::RefreshIssued, subject, Verdict::Granted);
    let families = request.facts.families(&grant.user, &client.id);
    let oldest = families.first().filter(|_| families.len() >= MAX_FAMILIES);
    let revoke = oldest.and_then(|family| family.id.clone()).map(|id| {
        let subject = Subject::Client(client.id.to_string());
        trace.push(Rule::RefreshCap, subject, Verdict::Dropped);
        Write::Revoke(Revoke::Group(id))
    });
    let family = Family::start(
        grant.clone().for_refresh(),
        id,
        &client.refresh,
        request.now,
    );
    (Some(Plan::Start(family)), revoke)
}

/// The id of the family that a single-use artefact starts: it follows from its digest, so that a
/// replay knows what the first use issued.
pub(super) fn family_of(digest: &[u8; 32]) -> String {
    family::id_from(digest)
}

/// Stored state that cannot be read refuses; it is never taken for anything.
pub(super) const fn damaged(damaged: Damaged) -> Refusal {
    Refusal::Grant(GrantRefusal::Damaged(damaged.what))
}

fn user_subject(user: &User) -> Subject {
    Subject::User(user.id.to_string())
}
