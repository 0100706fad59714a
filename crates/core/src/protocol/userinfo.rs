//! `GET|POST /userinfo` (OIDC Core 5.3; auth-semantics 2.7): an access token with `openid` gives
//! the claims of its scopes, of the user as it is now.

use serde_json::{Map, Value};

use super::bearer::{self, BearerRefusal, Opened};
use super::body::{Damaged, Members};
use super::claims::{self, Claims};
use super::rules::Rule;
use super::token::facts::{FactKey, Facts};
use super::trace::{Subject, Trace, Verdict};
use super::user_scopes::Site;
use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, Issuer, TenantView};
use crate::scope::Scopes;
use crate::time::Timestamp;

/// The audience of tokens that open `/userinfo`: it follows the canonical host (auth-semantics
/// 0.12).
pub fn audience(tenant: &TenantView, issuer: &Issuer) -> String {
    format!("{}://{}{PATH}", scheme(issuer), tenant.record.host)
}

const PATH: &str = "/userinfo";

fn scheme(issuer: &Issuer) -> &str {
    let scheme = issuer.as_str().split_once("://");
    scheme.map_or("https", |(scheme, _)| scheme)
}

/// Whether `name` is [`audience`], which is not written out for it.
fn is_audience(name: &str, site: Site<'_>) -> bool {
    let rest = name.strip_prefix(scheme(site.issuer));
    let rest = rest.and_then(|rest| rest.strip_prefix("://"));
    rest.and_then(|rest| rest.strip_prefix(site.tenant.record.host.as_str())) == Some(PATH)
}

/// An opaque token first, then whose it is.
pub fn wanted(token: &Opened, facts: &Facts) -> Vec<FactKey> {
    let mut keys = Vec::new();
    let user = match token {
        Opened::Opaque(digest) => {
            keys.push(FactKey::Artefact(ArtefactKind::Opaque, *digest));
            let found = facts.artefact(ArtefactKind::Opaque, *digest);
            found.and_then(|found| found.user.clone())
        }
        Opened::Claims(claims) => subject(claims),
    };
    keys.extend(user.map(FactKey::Account));
    facts.missing(keys)
}

fn subject(claims: &Map<String, Value>) -> Option<UserId> {
    UserId::parse(claims.get("sub")?.as_str()?)
}

/// A decision, with the way to it.
#[derive(Debug)]
pub struct Decided<'a> {
    /// The claims, `sub` first, or why not.
    pub outcome: Result<Claims<'a>, BearerRefusal>,
    /// The application, once it is known.
    pub client: Option<ClientId>,
    /// The user, once it is known.
    pub user: Option<UserId>,
    /// The steps.
    pub trace: Trace,
}

/// What a token says that matters here.
pub(super) struct Said {
    user: Option<UserId>,
    client: Option<ClientId>,
    pub(super) scopes: Scopes,
    claims: Vec<String>,
}

/// Decides.
pub fn decide<'a>(token: &Opened, facts: &'a Facts, site: Site<'_>, now: Timestamp) -> Decided<'a> {
    let mut trace = Trace::default();
    let (said, outcome) = match read(token, facts, site, now, &mut trace) {
        Ok(said) => {
            let outcome = answer(&said, facts, site, &mut trace);
            (Some(said), outcome)
        }
        Err(refusal) => (None, Err(refusal)),
    };
    if let Err(refusal) = &outcome {
        trace.push(refusal.rule, Subject::Request, Verdict::Refused);
    }
    let (user, client) = said.map_or((None, None), |said| (said.user, said.client));
    Decided {
        outcome,
        client,
        user,
        trace,
    }
}

fn read(
    token: &Opened,
    facts: &Facts,
    site: Site<'_>,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Said, BearerRefusal> {
    let said = match token {
        Opened::Opaque(digest) => {
            let found = facts.artefact(ArtefactKind::Opaque, *digest);
            let live = found.filter(|found| found.is_live(now));
            let why = "the token is unknown or has ended";
            let live = live.ok_or_else(|| BearerRefusal::token(Rule::BearerLive, why))?;
            of_artefact(live).map_err(|_| BearerRefusal::token(Rule::StateReadable, why))?
        }
        Opened::Claims(claims) => {
            // attack JWT-20: a token for an API alone opens that API alone
            if !bearer::has_audience(claims, |name| is_audience(name, site)) {
                let why = "the token is not for /userinfo: ask for the scope openid";
                return Err(BearerRefusal::token(Rule::UserinfoAudience, why));
            }
            of_claims(claims)
        }
    };
    trace.push(Rule::BearerLive, Subject::Request, Verdict::Passed);
    Ok(said)
}

/// What an opaque access token says.
pub(super) fn of_artefact(artefact: &Artefact) -> Result<Said, Damaged> {
    let body = Members::of("opaque token", &artefact.body)?;
    Ok(Said {
        user: artefact.user.clone(),
        client: artefact.client.clone(),
        scopes: body.scopes("scope")?,
        claims: body.list("claims")?,
    })
}

fn of_claims(claims: &Map<String, Value>) -> Said {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let scopes = Scopes::parse(text("scope").unwrap_or_default());
    Said {
        user: subject(claims),
        client: text("azp")
            .or_else(|| text("client_id"))
            .and_then(ClientId::parse),
        scopes: scopes.unwrap_or_default(),
        claims: Vec::new(),
    }
}

fn answer<'a>(
    said: &Said,
    facts: &'a Facts,
    site: Site<'_>,
    trace: &mut Trace,
) -> Result<Claims<'a>, BearerRefusal> {
    if !said.scopes.contains("openid") {
        let why = "the token lacks the scope openid";
        return Err(BearerRefusal::scope(Rule::UserinfoOpenid, why));
    }
    trace.push(Rule::UserinfoOpenid, Subject::Request, Verdict::Passed);
    // attack USERINFO-06; who is gone and who is blocked look the same
    let ended = |rule| BearerRefusal::token(rule, "the token is unknown or has ended");
    let known = said
        .client
        .as_ref()
        .is_some_and(|id| site.tenant.clients.contains_key(id));
    if !known {
        return Err(ended(Rule::ClientKnown));
    }
    let user = said.user.as_ref().and_then(|id| facts.account(id));
    let user = user.ok_or_else(|| ended(Rule::UserThere))?;
    if user.blocked {
        return Err(ended(Rule::UserNotBlocked));
    }
    let wire = site.tenant.record.profile;
    let mut claims = Claims::new();
    claims.put("sub", user.id.as_str());
    claims::standard(&mut claims, user, &said.scopes, wire);
    claims::asked(&mut claims, user, &said.claims, wire);
    for scope in said.scopes.iter() {
        trace.push(
            Rule::UserinfoClaims,
            Subject::Scope(scope.into()),
            Verdict::Granted,
        );
    }
    Ok(claims)
}
