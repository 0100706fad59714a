//! The parameters of an authorization request (RFC 6749 3.1, OIDC Core 3.1.2.1), as they were
//! sent. Nothing is judged here but whether they can be read: what is wrong with a parameter may
//! go to the callback only once the callback is known to be the application's.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;

use super::super::body::{Damaged, Members, Writer};
use super::refusal::Refused;
use crate::model::Body;

/// More parameters than any request needs.
const MAX_PARAMETERS: usize = 100;

/// More text than any request needs.
const MAX_BYTES: usize = 64 * 1024;

/// Parameters that are read. `ext-*` is kept too, for pages.
const KNOWN: [&str; 31] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "audience",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "screen_hint",
    "connection",
    "organization",
    "acr_values",
    "ui_locales",
    "id_token_hint",
    "claims",
    "request",
    "request_uri",
    "authorization_details",
    "display",
    "claims_locales",
    "correlation_id",
    "dpop_jkt",
    "auth0Client",
    "invitation",
    "organization_name",
    "session_transfer_token",
];

/// What a strict third party may send (auth-semantics 2.1).
const THIRD_PARTY: [&str; 19] = [
    "acr_values",
    "audience",
    "authorization_details",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "connection",
    "correlation_id",
    "display",
    "dpop_jkt",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// The parameters of a request. An empty one counts as absent, but still as sent once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sent {
    values: BTreeMap<String, String>,
    /// RFC 8707 lets this one repeat.
    resources: Vec<String>,
    /// The first parameter that stands twice.
    repeated: Option<String>,
    /// The first parameter that nobody knows.
    unknown: Option<String>,
    /// The user code, where a device asks and nothing came by a browser.
    device: Option<String>,
}

/// Values may be personal: only the names are shown.
impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Sent {
    /// Reads a request: the query, and for POST the form beside it. A parameter in both stands
    /// twice (attack REDIR-18).
    pub fn parse(query: Option<&str>, form: Option<&[u8]>) -> Result<Self, Refused> {
        let parts = [query.unwrap_or_default().as_bytes(), form.unwrap_or(&[])];
        if parts.iter().map(|part| part.len()).sum::<usize>() > MAX_BYTES {
            return Err(Refused::Unreadable("it is too long"));
        }
        let mut sent = Self::default();
        let mut names = Vec::new();
        let pairs = parts
            .into_iter()
            .flat_map(|part| part.split(|b| *b == b'&'));
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            if names.len() == MAX_PARAMETERS {
                return Err(Refused::Unreadable("it has too many parameters"));
            }
            let (name, value) = decode(pair).ok_or(Refused::Unreadable("it is not UTF-8"))?;
            let again = names.contains(&name);
            names.push(name.clone());
            sent.take(name, value, again)?;
        }
        Ok(sent)
    }

    /// What a device asked for under a user code (RFC 8628): client, scope and audience. The
    /// user answers like a request that came by a browser, but nothing is sent to it.
    pub fn for_device(
        user_code: &str,
        asked: [(&str, Option<&str>); 3],
        resources: &[String],
    ) -> Self {
        let sent = asked
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Self {
            values: sent
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            resources: resources.to_vec(),
            device: Some(user_code.to_owned()),
            ..Self::default()
        }
    }

    /// The user code of the device that asks, if one does.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    fn take(&mut self, name: String, value: String, again: bool) -> Result<(), Refused> {
        if name == "resource" {
            if !value.is_empty() {
                self.resources.push(value);
            }
            return Ok(());
        }
        let known = KNOWN.contains(&name.as_str()) || name.starts_with("ext-");
        if !known {
            // `redirect_uri[]` and the like are tricks on other parsers (attack REDIR-18)
            if name.starts_with("redirect_uri") || name.starts_with("client_id") {
                return Err(Refused::Repeated(name));
            }
            self.unknown.get_or_insert(name);
            return Ok(());
        }
        if again {
            // never first-wins or last-wins: where it would lead is not known
            if matches!(name.as_str(), "client_id" | "redirect_uri") {
                return Err(Refused::Repeated(name));
            }
            self.repeated.get_or_insert(name);
        } else if !value.is_empty() {
            self.values.insert(name, value);
        }
        Ok(())
    }

    /// The parameter, if it was sent and is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// RFC 8707's `resource`, as often as it was sent.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// A parameter that stands twice.
    pub fn repeated(&self) -> Option<&str> {
        self.repeated.as_deref()
    }

    /// A parameter that a strict third party may not send.
    pub fn beyond_third_party(&self) -> Option<&str> {
        let foreign = |name: &&str| !THIRD_PARTY.contains(name) && !name.starts_with("ext-");
        let sent = self.values.keys().map(String::as_str).find(foreign);
        sent.or(self.unknown.as_deref())
    }

    /// What was sent, but for `resource`: name and value.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.values.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The application's own parameters for the pages, `ext-…`.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values().filter(|(name, _)| name.starts_with("ext-"))
    }

    /// As it is stored, for a login in progress.
    pub fn to_body(&self) -> Body {
        Writer::default()
            .put("values", &self.values)
            .list("resources", &self.resources)
            .put_some("repeated", self.repeated.as_ref())
            .put_some("unknown", self.unknown.as_ref())
            .put_some("device", self.device.as_ref())
            .finish()
    }

    /// Reads what [`Self::to_body`] wrote, from where it is a member of something else.
    pub fn inside(members: &Members<'_>, member: &'static str) -> Result<Self, Damaged> {
        let body = members.object(member, "authorization request")?;
        Ok(Self {
            values: body.get("values")?,
            resources: body.list("resources")?,
            repeated: body.get_or_none("repeated")?,
            unknown: body.get_or_none("unknown")?,
            device: body.get_or_none("device")?,
        })
    }
}

/// One `name=value`, decoded strictly: a byte that is no UTF-8 is never replaced.
fn decode(pair: &[u8]) -> Option<(String, String)> {
    let mut halves = pair.splitn(2, |b| *b == b'=');
    let mut next = || {
        let raw = halves.next().unwrap_or_default();
        let plain: Vec<u8> = raw
            .iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect();
        let text = percent_decode(&plain).decode_utf8().ok()?;
        Some(text.into_owned())
    };
    Some((next()?, next()?))
}
