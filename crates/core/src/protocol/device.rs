//! The device flow (RFC 8628): `POST /oauth/device/code`, and what the page `/activate` does with
//! a user code. Polling is a grant of the token endpoint.

use std::sync::Arc;

use cardea_jose::{b64, sha256};
use serde::Serialize;
use serde_json::Value;

use super::body::{Damaged, Members, Writer};
use super::client_auth::{self, Authenticated, Presented};
use super::profile;
use super::raw::Raw;
use super::refusal::Refusal;
use super::rules::Rule;
use super::session::Device as Place;
use super::trace::{Subject, Trace, Verdict};
use super::user_grant::UserGrant;
use super::user_scopes::{self, Flow, Site};
use crate::id::ClientId;
use crate::model::{Artefact, ArtefactKind, Client, Entry, GrantType, Revoke, TenantView};
use crate::random::{self, Random};
use crate::time::Timestamp;
use crate::write::Write;

/// Seconds between two questions, to begin with; each early one adds as many (RFC 8628 3.5).
pub const INTERVAL: i64 = 5;
/// Characters of a device code: 258 bits.
const LENGTH: usize = 43;
/// Consonants: no word is spelled by accident, no letter looks like a digit (RFC 8628 6.1).
const BASE20: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const DIGITS: &[u8] = b"0123456789";
/// The longest mask that the contract takes.
const MAX_MASK: usize = 20;
const WHAT: &str = "device code";

/// A parsed request for a device code.
#[derive(Debug, Clone)]
pub struct DeviceRequest {
    /// How the client says who it is.
    pub client: Presented,
    /// `scope`, unparsed.
    pub scope: Option<String>,
    /// `audience`.
    pub audience: Option<String>,
    /// RFC 8707 `resource`.
    pub resources: Vec<String>,
}

impl DeviceRequest {
    /// Reads a request. Nothing is looked up.
    pub fn parse(raw: Raw<'_>) -> Result<Self, Refusal> {
        let params = raw.params()?;
        let text = |name| params.get(name).map(ToOwned::to_owned);
        Ok(Self {
            client: Presented::parse(raw.authorization, &params)?,
            scope: text("scope"),
            audience: text("audience"),
            resources: params.resources().to_vec(),
        })
    }
}

/// A decision about a request, with the way to it.
#[derive(Debug)]
pub struct Decided {
    /// The client that gets a device code, or why not.
    pub outcome: Result<Arc<Entry<Client>>, Refusal>,
    /// The steps.
    pub trace: Trace,
    /// What must be written: an assertion used up.
    pub writes: Vec<Write>,
}

/// Decides whether a client gets a device code: it may use the grant, and what it asks for is
/// something that a user could give it.
pub fn decide(request: &DeviceRequest, site: Site<'_>, now: Timestamp) -> Decided {
    let mut trace = Trace::default();
    let Site { tenant, issuer } = site;
    let authenticated = client_auth::authenticate(&request.client, tenant, issuer, now, &mut trace);
    let (outcome, write) = match authenticated {
        Ok(Authenticated { client, write }) => {
            let asked = may_ask(request, &client.parsed, site, &mut trace);
            (asked.map(|()| client), write)
        }
        Err(refusal) => (Err(refusal), None),
    };
    if let Err(refusal) = &outcome {
        trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
    }
    Decided {
        outcome,
        trace,
        writes: write.into_iter().collect(),
    }
}

fn may_ask(
    request: &DeviceRequest,
    client: &Client,
    site: Site<'_>,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    if !client.may_use(GrantType::DeviceCode) {
        return Err(Refusal::GrantTypeNotAllowed(GrantType::DeviceCode));
    }
    let subject = Subject::Client(client.id.to_string());
    trace.push(Rule::GrantTypeAllowed, subject, Verdict::Passed);
    user_scopes::words(request.scope.as_deref())?;
    let asked = user_scopes::Asked {
        scope: request.scope.as_deref(),
        audience: request.audience.as_deref(),
        resources: &request.resources,
        flow: Flow::Device,
    };
    user_scopes::api(&asked, client, site, trace).map(drop)
}

/// The answer (RFC 8628 3.2).
#[derive(Debug, Clone, Serialize)]
pub struct DeviceAnswer {
    /// What the device polls with.
    pub device_code: String,
    /// What the user types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// Seconds.
    pub expires_in: i64,
    /// Seconds between two questions.
    pub interval: i64,
}

/// Draws both codes. A user code that is in use is a conflict: draw again.
pub fn issue(
    request: &DeviceRequest,
    client: &Client,
    place: &Place,
    site: (Site<'_>, Timestamp),
    random: &mut dyn Random,
) -> (DeviceAnswer, [Write; 2]) {
    let (Site { tenant, issuer }, now) = site;
    let lifetime = profile::device_code_lifetime(tenant.record.profile);
    let code = random::url_safe(random, LENGTH);
    let user_code = draw_user_code(tenant, random);
    let digest = sha256(code.as_bytes());
    let state = DeviceState {
        digest,
        client: client.id.clone(),
        user_code: user_code.clone(),
        scope: request.scope.clone(),
        audience: request.audience.clone(),
        resources: request.resources.clone(),
        place: place.clone(),
        interval: INTERVAL,
        polled_at: None,
        answer: None,
        created_at: now,
        expires_at: now.plus_seconds(lifetime),
        consumed_at: None,
        revision: 1,
    };
    let user = Artefact {
        kind: ArtefactKind::UserCode,
        digest: user_code_digest(&user_code),
        body: Writer::default()
            .put("device", &b64::encode(&digest))
            .finish(),
        ..state.to_artefact()
    };
    let verification_uri = issuer.join("activate");
    let complete = format!("{verification_uri}?user_code={user_code}");
    let answer = DeviceAnswer {
        device_code: code,
        user_code,
        verification_uri,
        verification_uri_complete: complete,
        expires_in: lifetime,
        interval: INTERVAL,
    };
    (answer, [Write::Put(state.to_artefact()), Write::Put(user)])
}

/// By the tenant's `device_flow`: charset and mask. A mask that leaves less to guess than eight of
/// the twenty letters is not followed (attack TOKEN-37): with digits that takes eleven.
fn draw_user_code(tenant: &TenantView, random: &mut dyn Random) -> String {
    let setting = |member| {
        let value = tenant.settings.document.nested(&["device_flow", member]);
        value.and_then(Value::as_str)
    };
    let (charset, fewest, usual) = match setting("charset") {
        Some("digits") => (DIGITS, 11, "****-****-****"),
        _ => (BASE20, 8, "****-****"),
    };
    let fits = |mask: &&str| {
        let stars = mask.chars().filter(|c| *c == '*').count();
        let plain = mask.chars().all(|c| matches!(c, '*' | '-' | ' '));
        plain && stars >= fewest && mask.len() <= MAX_MASK
    };
    let mask = setting("mask").filter(fits).unwrap_or(usual);
    mask.chars()
        .map(|c| if c == '*' { letter(charset, random) } else { c })
        .collect()
}

/// Draws by rejection, so that every letter is equally likely.
fn letter(charset: &[u8], random: &mut dyn Random) -> char {
    loop {
        let mut byte = [0_u8; 1];
        random.fill(&mut byte);
        let at = usize::from(byte[0] & 0x1f);
        if let Some(letter) = charset.get(at) {
            return char::from(*letter);
        }
    }
}

/// The digest under which a typed user code is found: case, hyphens and spaces do not count.
pub fn user_code_digest(typed: &str) -> [u8; 32] {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let code: String = letters.take(64).map(|c| c.to_ascii_uppercase()).collect();
    Artefact::name(&[&code])
}

/// The digest of the device code that a user code leads to.
pub fn device_of(user_code: &Artefact) -> Result<[u8; 32], Damaged> {
    let body = Members::of("user code", &user_code.body)?;
    body.parsed("device", |text| b64::decode(text).ok()?.try_into().ok())
}

/// A device code, as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceState {
    /// SHA-256 of the device code.
    pub digest: [u8; 32],
    /// Which application asked; the page shows it (attack TOKEN-38).
    pub client: ClientId,
    /// As it was shown.
    pub user_code: String,
    /// `scope`, as asked.
    pub scope: Option<String>,
    /// `audience`, as asked.
    pub audience: Option<String>,
    /// `resource`, as asked.
    pub resources: Vec<String>,
    /// Where the device is.
    pub place: Place,
    /// Seconds between two questions.
    pub interval: i64,
    /// When it last asked.
    pub polled_at: Option<Timestamp>,
    /// What the user said.
    pub answer: Option<Answer>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub consumed_at: Option<Timestamp>,
    /// The stored revision.
    pub revision: i64,
}

/// What the user said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Yes, to this.
    Approved(Box<UserGrant>),
    /// No.
    Denied,
}

impl DeviceState {
    /// Whether the user can still answer.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.answer.is_none() && self.consumed_at.is_none() && now < self.expires_at
    }

    /// The user's answer, once: the user code is used up with it. What the user approved must
    /// be for the application that asked (attack TOKEN-40).
    pub fn answered(&self, answer: Answer, now: Timestamp) -> Option<[Write; 2]> {
        let own = match &answer {
            Answer::Approved(grant) => grant.client == self.client,
            Answer::Denied => true,
        };
        if !own || !self.is_open(now) {
            return None;
        }
        let user_code = user_code_digest(&self.user_code);
        let next = Self {
            answer: Some(answer),
            ..self.clone()
        };
        Some([
            Write::Consume(ArtefactKind::UserCode, user_code, now),
            Write::Replace(next.to_artefact()),
        ])
    }

    /// Everything of it removed.
    pub fn removed(&self) -> Write {
        Write::Revoke(Revoke::One(ArtefactKind::Device, self.digest))
    }

    /// As it is stored.
    pub fn to_artefact(&self) -> Artefact {
        let (answer, grant) = match &self.answer {
            None => (None, None),
            Some(Answer::Denied) => (Some("denied"), None),
            Some(Answer::Approved(grant)) => (Some("approved"), Some(grant)),
        };
        // from then on it ends with what the user has
        let user = grant.map(|grant| grant.user.clone());
        Artefact {
            kind: ArtefactKind::Device,
            digest: self.digest,
            id: None,
            group: None,
            user,
            client: Some(self.client.clone()),
            created_at: self.created_at,
            expires_at: self.expires_at,
            consumed_at: self.consumed_at,
            revision: self.revision,
            body: Writer::default()
                .put("user_code", self.user_code.as_str())
                .put_some("scope", self.scope.as_ref())
                .put_some("audience", self.audience.as_ref())
                .list("resources", &self.resources)
                .put("ip", self.place.ip.as_str())
                .put_some("user_agent", self.place.user_agent.as_ref())
                .put("interval", &self.interval)
                .time_some("polled_at", self.polled_at)
                .put_some("answer", answer)
                .object_some("grant", grant.map(|grant| grant.to_body()).as_ref())
                .finish(),
        }
    }

    /// Reads what [`Self::to_artefact`] wrote.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        let answer = match body.get_or_none("answer")? {
            None => None,
            Some("denied") => Some(Answer::Denied),
            Some("approved") => {
                let grant = UserGrant::inside(&body, "grant")?;
                Some(Answer::Approved(Box::new(grant)))
            }
            Some(_) => return Err(body.damaged("answer")),
        };
        let client = artefact.client.clone();
        Ok(Self {
            digest: artefact.digest,
            client: client.ok_or_else(|| body.damaged("client"))?,
            user_code: body.get("user_code")?,
            scope: body.get_or_none("scope")?,
            audience: body.get_or_none("audience")?,
            resources: body.list("resources")?,
            place: Place {
                ip: body.get("ip")?,
                user_agent: body.get_or_none("user_agent")?,
            },
            interval: body.get("interval")?,
            polled_at: body.time_or_none("polled_at")?,
            answer,
            created_at: artefact.created_at,
            expires_at: artefact.expires_at,
            consumed_at: artefact.consumed_at,
            revision: artefact.revision,
        })
    }
}
