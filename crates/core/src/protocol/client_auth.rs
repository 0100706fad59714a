//! How a client says who it is (RFC 6749 2.3, RFC 7523 2.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_jose::Secret;

use super::assertion;
use super::params::Params;
use super::profile;
use super::refusal::Refusal;
use super::rules::Rule;
use super::trace::{Subject, Trace, Verdict};
use crate::id::ClientId;
use crate::model::{AuthMethod, Client, Entry, Issuer, SecretDigest, TenantView};
use crate::time::Timestamp;
use crate::write::Write;

/// `client_assertion_type` (RFC 7523 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A client id longer than this is nobody's.
const MAX_CLIENT_ID: usize = 255;

/// What a request presents.
#[derive(Debug, Clone)]
pub enum Presented {
    /// HTTP Basic.
    Basic(String, Secret<String>),
    /// `client_secret` in the body.
    Post(String, Secret<String>),
    /// `client_assertion`; the `client_id` beside it, if any.
    Assertion(String, Option<String>),
    /// A `client_id` alone.
    Public(String),
}

impl Presented {
    /// Reads the header and the body: one method, one client.
    pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Self, Refusal> {
        let named = params.get("client_id").map(ToOwned::to_owned);
        let secret = params
            .get("client_secret")
            .map(|text| Secret::new(text.to_owned()));
        let assertion = params.get("client_assertion");
        let basic = authorization.map(parse_basic).transpose()?;

        match (basic, secret, assertion) {
            (None, None, None) => named.map(Self::Public).ok_or(Refusal::ClientUnnamed),
            (None, Some(secret), None) => {
                Ok(Self::Post(named.ok_or(Refusal::ClientUnnamed)?, secret))
            }
            (None, None, Some(jwt)) => {
                if params.get("client_assertion_type") != Some(JWT_BEARER) {
                    let why = "client_assertion_type must be the JWT bearer type";
                    return Err(Refusal::Assertion(Rule::AssertionType, why));
                }
                Ok(Self::Assertion(jwt.to_owned(), named))
            }
            // tools name the client in the body too: fine while they agree
            (Some((id, secret)), None, None) => match named {
                Some(named) if named != id => Err(Refusal::ClientMismatch),
                Some(_) | None => Ok(Self::Basic(id, secret)),
            },
            (Some(_), _, _) | (None, Some(_), Some(_)) => Err(Refusal::SeveralMethods),
        }
    }

    /// The id that the request names, for the log: known or not, cut to a sane length.
    pub fn client_id(&self) -> Option<String> {
        let id = match self {
            Self::Basic(id, _) | Self::Post(id, _) | Self::Public(id) => Some(id.clone()),
            Self::Assertion(jwt, named) => {
                named.clone().or_else(|| assertion::unverified_subject(jwt))
            }
        };
        id.map(|id| {
            id.chars()
                .filter(|c| !c.is_control())
                .take(MAX_CLIENT_ID)
                .collect()
        })
    }

    /// Whether the client used HTTP Basic, so that a strict refusal challenges it.
    pub const fn is_basic(&self) -> bool {
        matches!(self, Self::Basic(..))
    }
}

/// `Basic` with strict base64; id and secret are form-decoded once (RFC 6749 2.3.1).
fn parse_basic(header: &str) -> Result<(String, Secret<String>), Refusal> {
    let (scheme, encoded) = header.split_once(' ').ok_or(Refusal::BasicMalformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Refusal::BasicMalformed);
    }
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| Refusal::BasicMalformed)?;
    let text = String::from_utf8(bytes).map_err(|_| Refusal::BasicMalformed)?;
    let (id, secret) = text.split_once(':').ok_or(Refusal::BasicMalformed)?;
    let id = form_decode(id).ok_or(Refusal::BasicMalformed)?;
    let secret = form_decode(secret).ok_or(Refusal::BasicMalformed)?;
    Ok((id, Secret::new(secret)))
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(Into::into)
}

/// Who the client turned out to be.
#[derive(Debug)]
pub struct Authenticated {
    /// The client.
    pub client: std::sync::Arc<Entry<Client>>,
    /// What must be written with the answer: the assertion used up.
    pub write: Option<Write>,
}

/// Checks what was presented against the tenant's clients.
pub fn authenticate(
    presented: &Presented,
    tenant: &TenantView,
    issuer: &Issuer,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Authenticated, Refusal> {
    let id = match presented {
        Presented::Basic(id, _) | Presented::Post(id, _) | Presented::Public(id) => {
            ClientId::parse(id)
        }
        Presented::Assertion(jwt, named) => {
            let subject = assertion::unverified_subject(jwt).ok_or(Refusal::Assertion(
                Rule::AssertionReadable,
                "it is not a JWT with a subject",
            ))?;
            if named.as_ref().is_some_and(|named| *named != subject) {
                return Err(Refusal::ClientMismatch);
            }
            ClientId::parse(&subject)
        }
    };
    let found = id.and_then(|id| tenant.clients.get(&id).cloned());
    let Some(entry) = found else {
        spend_a_comparison(presented);
        if let Presented::Assertion(..) = presented {
            let why = "there is no such client";
            return Err(Refusal::AssertionUnproven(Rule::ClientKnown, why));
        }
        return Err(Refusal::ClientUnknown);
    };
    let client = &entry.parsed;
    let subject = || Subject::Client(client.id.to_string());
    trace.push(Rule::ClientKnown, subject(), Verdict::Passed);
    if client.global {
        return Err(Refusal::ClientUnusable);
    }

    let write = match presented {
        Presented::Basic(_, secret) => {
            check_secret(client, secret, AuthMethod::SecretBasic, tenant)?;
            trace.push(Rule::SecretMatches, subject(), Verdict::Passed);
            None
        }
        Presented::Post(_, secret) => {
            check_secret(client, secret, AuthMethod::SecretPost, tenant)?;
            trace.push(Rule::SecretMatches, subject(), Verdict::Passed);
            None
        }
        Presented::Assertion(jwt, _) => {
            let used = assertion::verify(jwt, client, tenant, issuer, now)?;
            trace.push(Rule::AssertionSigned, subject(), Verdict::Passed);
            Some(Write::consume_assertion(
                &client.id,
                &used.jti,
                used.remember_until,
            ))
        }
        Presented::Public(_) => {
            if client.auth_method != AuthMethod::None {
                return Err(Refusal::SecretWrong);
            }
            None
        }
    };
    Ok(Authenticated {
        client: entry,
        write,
    })
}

fn check_secret(
    client: &Client,
    secret: &Secret<String>,
    way: AuthMethod,
    tenant: &TenantView,
) -> Result<(), Refusal> {
    // the comparison comes first, so that a wrong way takes as long as a wrong secret
    let matches = client
        .secret
        .is_some_and(|digest| digest.matches(secret.expose()));
    let either = profile::tolerates_either_secret_method(tenant.record.profile);
    let registered = match client.auth_method {
        AuthMethod::SecretAny => true,
        AuthMethod::SecretPost | AuthMethod::SecretBasic => client.auth_method == way || either,
        // a public client's secret proves nothing: the grant decides what it may do
        AuthMethod::None => return Ok(()),
        AuthMethod::PrivateKeyJwt | AuthMethod::MutualTls => false,
    };
    if !registered {
        return Err(Refusal::MethodNotRegistered);
    }
    if matches {
        Ok(())
    } else {
        Err(Refusal::SecretWrong)
    }
}

/// An unknown client costs as much as a wrong secret (attack TOKEN-16).
fn spend_a_comparison(presented: &Presented) {
    if let Presented::Basic(_, secret) | Presented::Post(_, secret) = presented {
        let _ = SecretDigest::of("").matches(secret.expose());
    }
}
