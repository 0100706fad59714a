//! Parameters of a request body: a form or one JSON object (trap T16).

use std::collections::BTreeMap;

use serde_json::Value;

use super::refusal::Refusal;

/// More parameters than any request needs: a cheap bound (attack TOKEN-51).
const MAX_PARAMETERS: usize = 100;

/// Parameters that the token endpoint and its neighbours (revocation, introspection, device) read.
/// Others are ignored, whatever they hold.
const KNOWN: [&str; 19] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "audience",
    "resource",
    "scope",
    "organization",
    "code",
    "code_verifier",
    "redirect_uri",
    "refresh_token",
    "username",
    "password",
    "realm",
    "device_code",
    "token",
    "token_type_hint",
];

/// The parameters that were sent and are not empty; an empty one and JSON's `null` count as
/// absent (RFC 6749 3.1).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<&'static str, String>,
    /// RFC 8707 lets this one repeat.
    resources: Vec<String>,
}

/// Values may be secrets: only the names are shown.
impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`, also for a body without a type.
    Form,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// Reads a `Content-Type`; `None` for anything else.
    pub fn from_content_type(value: Option<&str>) -> Option<Self> {
        let Some(value) = value else {
            return Some(Self::Form);
        };
        let media_type = value.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else if media_type.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }
}

impl Params {
    /// Reads a body.
    pub fn parse(encoding: Encoding, body: &[u8]) -> Result<Self, Refusal> {
        match encoding {
            Encoding::Form => Self::from_form(body),
            Encoding::Json => Self::from_json(body),
        }
    }

    /// The parameter, if it was sent and is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// RFC 8707's `resource`, as often as it was sent.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    fn from_form(body: &[u8]) -> Result<Self, Refusal> {
        if std::str::from_utf8(body).is_err() {
            return Err(Refusal::Body("it is not UTF-8"));
        }
        let mut params = Self::default();
        let mut seen = Vec::new();
        for (position, (name, value)) in form_urlencoded::parse(body).enumerate() {
            if position == MAX_PARAMETERS {
                return Err(Refusal::Body("it has too many parameters"));
            }
            let Some(known) = KNOWN.into_iter().find(|known| *known == name) else {
                continue;
            };
            // an empty one still counts as sent once: two are a parser trick
            if seen.contains(&known) && known != "resource" {
                return Err(Refusal::Repeated(known.to_owned()));
            }
            seen.push(known);
            params.put(known, value.into_owned());
        }
        Ok(params)
    }

    fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        let object = cardea_jose::strict_object(body)
            .map_err(|_| Refusal::Body("it is not one JSON object without repeated members"))?;
        if object.len() > MAX_PARAMETERS {
            return Err(Refusal::Body("it has too many parameters"));
        }
        let mut params = Self::default();
        for known in KNOWN {
            match object.get(known) {
                None | Some(Value::Null) => {}
                Some(Value::String(value)) => params.put(known, value.clone()),
                Some(Value::Array(items)) if known == "resource" => {
                    for item in items {
                        let text = item.as_str().ok_or(Refusal::NotText(known))?;
                        params.put(known, text.to_owned());
                    }
                }
                Some(_) => return Err(Refusal::NotText(known)),
            }
        }
        Ok(params)
    }

    fn put(&mut self, name: &'static str, value: String) {
        if value.is_empty() {
            return;
        }
        if name == "resource" {
            self.resources.push(value);
        } else {
            self.values.insert(name, value);
        }
    }
}
