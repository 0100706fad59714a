//! `POST /oauth/introspect` (RFC 7662), an extension of ours: an API asks whether a token is good.
//!
//! Who asks is a confidential client. It sees its own tokens, and access tokens for an API that
//! is linked to it (the API's `client_id`). Of any other token it learns that it is not active,
//! as of one that does not exist (attacks INTROSPECT-01 to -04).

use std::sync::Arc;

use cardea_jose::Secret;
use serde_json::{Map, Value, json};

use super::bearer::{self, Opened};
use super::body::Damaged;
use super::client_auth::{self, Authenticated, Presented};
use super::raw::Raw;
use super::refusal::{GrantRefusal, Refusal};
use super::rules::Rule;
use super::token::facts::{FactKey, Facts};
use super::token::family::{Family, Standing};
use super::token::refresh_value::RefreshValue;
use super::trace::{Subject, Trace, Verdict};
use super::user_scopes::Site;
use super::userinfo;
use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, Client, Entry};
use crate::time::Timestamp;
use crate::write::Write;

/// A parsed request.
#[derive(Debug, Clone)]
pub struct IntrospectRequest {
    /// How the client says who it is.
    pub client: Presented,
    /// What is asked about.
    pub token: Secret<String>,
    /// The same, as a refresh token.
    pub refresh: RefreshValue,
}

impl IntrospectRequest {
    /// Reads a request. Nothing is looked up.
    pub fn parse(raw: Raw<'_>) -> Result<Self, Refusal> {
        let params = raw.params()?;
        let token = params
            .get("token")
            .ok_or(Refusal::Grant(GrantRefusal::TokenAbsent))?;
        Ok(Self {
            client: Presented::parse(raw.authorization, &params)?,
            refresh: RefreshValue::of(token),
            token: Secret::new(token.to_owned()),
        })
    }

    /// Opens the token; `None` for one that is no token of ours.
    pub fn open(&self, site: Site<'_>, now: Timestamp) -> Option<Opened> {
        // a refresh token has a dot, but is no JWT
        bearer::open(self.token.expose(), site, now).ok()
    }
}

/// The token first, as an opaque or a refresh token; then whose it is.
pub fn wanted(request: &IntrospectRequest, token: Option<&Opened>, facts: &Facts) -> Vec<FactKey> {
    let mut keys = Vec::new();
    match token {
        None => {}
        Some(Opened::Claims(claims)) => {
            let sub = claims.get("sub").and_then(Value::as_str);
            keys.extend(sub.and_then(UserId::parse).map(FactKey::Account));
        }
        Some(Opened::Opaque(digest)) => {
            let kinds = [
                (ArtefactKind::Opaque, *digest),
                (ArtefactKind::Family, request.refresh.family),
            ];
            for (kind, digest) in kinds {
                let key = FactKey::Artefact(kind, digest);
                let read = facts.has(&key);
                keys.push(key);
                match facts.artefact(kind, digest) {
                    None if read => {} // it is none of this kind, so it may be of the next
                    found => {
                        let user = found.and_then(|found| found.user.clone());
                        keys.extend(user.map(FactKey::Account));
                        break;
                    }
                }
            }
        }
    }
    facts.missing(keys)
}

/// A decision, with the way to it.
#[derive(Debug)]
pub struct Decided {
    /// The answer (RFC 7662 2.2), or why there is none.
    pub outcome: Result<Map<String, Value>, Refusal>,
    /// The client, once it is authenticated.
    pub client: Option<Arc<Entry<Client>>>,
    /// The steps.
    pub trace: Trace,
    /// What must be written: an assertion used up.
    pub writes: Vec<Write>,
}

/// Decides.
pub fn decide(
    request: &IntrospectRequest,
    token: Option<&Opened>,
    facts: &Facts,
    site: Site<'_>,
    now: Timestamp,
) -> Decided {
    let mut trace = Trace::default();
    let Site { tenant, issuer } = site;
    let authenticated = client_auth::authenticate(&request.client, tenant, issuer, now, &mut trace);
    let proved = authenticated.and_then(|known| {
        // RFC 7662 2.1: who can name itself only could scan for tokens
        if known.client.parsed.is_public() {
            return Err(Refusal::Grant(GrantRefusal::IntrospectPublic));
        }
        Ok(known)
    });
    let (client, writes, outcome) = match proved {
        Ok(Authenticated { client, write }) => {
            let about = About {
                refresh: &request.refresh,
                facts,
                site,
                now,
            };
            let answer = about.answer(token, &client.parsed, &mut trace);
            let outcome = answer.map_err(|damaged| Refusal::Grant(damaged.into()));
            (Some(client), write.into_iter().collect(), outcome)
        }
        Err(refusal) => (None, Vec::new(), Err(refusal)),
    };
    if let Err(refusal) = &outcome {
        trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
    }
    Decided {
        outcome,
        client,
        trace,
        writes,
    }
}

/// What every token is looked at with.
struct About<'a> {
    refresh: &'a RefreshValue,
    facts: &'a Facts,
    site: Site<'a>,
    now: Timestamp,
}

/// A live token.
struct Live {
    client: Option<ClientId>,
    /// Its audiences, where it is an access token.
    audiences: Vec<String>,
    user: Option<UserId>,
    answer: Map<String, Value>,
}

impl About<'_> {
    fn answer(
        &self,
        token: Option<&Opened>,
        asking: &Client,
        trace: &mut Trace,
    ) -> Result<Map<String, Value>, Damaged> {
        let live = token.map(|token| self.live(token)).transpose()?.flatten();
        let live = live.filter(|live| self.stands(live));
        let verdict = |holds| {
            if holds {
                Verdict::Passed
            } else {
                Verdict::Dropped
            }
        };
        trace.push(
            Rule::IntrospectLive,
            Subject::Request,
            verdict(live.is_some()),
        );
        let own = live.filter(|live| self.may_see(live, asking));
        trace.push(
            Rule::IntrospectOwn,
            Subject::Request,
            verdict(own.is_some()),
        );
        Ok(own.map_or_else(|| active(false), |live| live.answer))
    }

    /// Whether its application and its user are still there, and the user is not blocked.
    fn stands(&self, live: &Live) -> bool {
        let client = live.client.as_ref();
        let client = client.is_some_and(|id| self.site.tenant.clients.contains_key(id));
        let user = live.user.as_ref().is_none_or(|id| {
            let user = self.facts.account(id);
            user.is_some_and(|user| !user.blocked)
        });
        client && user
    }

    fn may_see(&self, live: &Live, asking: &Client) -> bool {
        let linked = |name: &String| {
            let api = self.site.tenant.api(name);
            let linked = api.and_then(|api| api.document.body.get("client_id"));
            linked.and_then(Value::as_str) == Some(asking.id.as_str())
        };
        live.client.as_ref() == Some(&asking.id) || live.audiences.iter().any(linked)
    }

    fn live(&self, token: &Opened) -> Result<Option<Live>, Damaged> {
        match token {
            Opened::Claims(claims) => Ok(Some(of_jwt(claims))),
            Opened::Opaque(digest) => match self.opaque(digest)? {
                Some(opaque) => Ok(Some(opaque)),
                None => self.refresh(),
            },
        }
    }

    fn found(&self, kind: ArtefactKind, digest: [u8; 32]) -> Option<&Artefact> {
        let found = self.facts.artefact(kind, digest);
        found.filter(|found| found.is_live(self.now))
    }

    fn opaque(&self, digest: &[u8; 32]) -> Result<Option<Live>, Damaged> {
        let Some(token) = self.found(ArtefactKind::Opaque, *digest) else {
            return Ok(None);
        };
        let scopes = userinfo::of_artefact(token)?.scopes.to_string();
        let aud = userinfo::audience(self.site.tenant, self.site.issuer);
        let mut answer = self.common(token, &scopes);
        answer.insert("aud".to_owned(), json!(aud));
        answer.insert("token_type".to_owned(), json!("Bearer"));
        Ok(Some(Live {
            client: token.client.clone(),
            audiences: Vec::new(),
            user: token.user.clone(),
            answer,
        }))
    }

    /// A refresh token that was exchanged is not active, leeway or not.
    fn refresh(&self) -> Result<Option<Live>, Damaged> {
        let Some(found) = self.found(ArtefactKind::Family, self.refresh.family) else {
            return Ok(None);
        };
        let family = Family::from_artefact(found)?;
        if family.standing(&self.refresh.token, 0, self.now) != Standing::Current {
            return Ok(None);
        }
        let scopes = family.grant.scopes.to_string();
        let mut answer = self.common(found, &scopes);
        answer.insert("iat".to_owned(), json!(family.issued_at.seconds()));
        Ok(Some(Live {
            client: found.client.clone(),
            audiences: Vec::new(),
            user: found.user.clone(),
            answer,
        }))
    }

    fn common(&self, token: &Artefact, scopes: &str) -> Map<String, Value> {
        let mut answer = active(true);
        let mut say = |name: &str, value: Value| answer.insert(name.to_owned(), value);
        if !scopes.is_empty() {
            say("scope", json!(scopes));
        }
        if let Some(client) = &token.client {
            say("client_id", json!(client.as_str()));
        }
        if let Some(user) = &token.user {
            say("sub", json!(user.as_str()));
        }
        say("iss", json!(self.site.issuer.to_string()));
        say("iat", json!(token.created_at.seconds()));
        say("exp", json!(token.expires_at.seconds()));
        answer
    }
}

fn active(is_active: bool) -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), json!(is_active))])
}

/// What a JWT of ours says, as RFC 7662 2.2 names it.
fn of_jwt(claims: &Map<String, Value>) -> Live {
    const KEPT: [&str; 7] = ["scope", "sub", "iss", "iat", "exp", "aud", "permissions"];
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let client = text("azp").or_else(|| text("client_id"));
    let kept = KEPT.into_iter().filter_map(|name| {
        let value = claims.get(name)?;
        Some((name.to_owned(), value.clone()))
    });
    let mut answer = active(true);
    if let Some(client) = client {
        answer.insert("client_id".to_owned(), json!(client));
    }
    answer.insert("token_type".to_owned(), json!("Bearer"));
    answer.extend(kept);
    let audiences = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            Vec::new()
        }
    };
    // T36: an application that acts as itself is no user
    let own = client.map(|client| format!("{client}@clients"));
    let user = text("sub").filter(|sub| Some(*sub) != own.as_deref());
    Live {
        client: client.and_then(ClientId::parse),
        audiences,
        user: user.and_then(UserId::parse),
        answer,
    }
}
