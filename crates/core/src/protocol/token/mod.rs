//! `POST /oauth/token` (RFC 6749 3.2): parse, read facts, decide, mint. One file a grant.

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
mod event;
pub mod facts;
pub mod family;
pub mod mint;
pub mod password;
pub mod refresh_token;
pub mod refresh_value;
pub mod request;
pub mod user;

#[cfg(test)]
pub(in crate::protocol) mod tests;

use std::sync::Arc;

pub use event::{Circumstances, event};
pub use facts::{Fact, FactKey, Facts, PasswordVerdict};
pub use mint::{Issued, Mint, Minted, mint};
pub use request::{Grant, TokenRequest};
pub use user::UserTokens;

use super::client_auth::{self, Authenticated};
use super::refusal::Refusal;
use super::trace::{Subject, Trace, Verdict};
use super::user_scopes::Site;
use crate::model::{Client, Entry, Issuer, TenantView};
use crate::time::Timestamp;
use crate::write::Write;

/// What may be minted.
#[derive(Debug)]
pub enum Granted {
    /// A token of an application that acts as itself.
    Application(client_credentials::Granted),
    /// Tokens of a user.
    User(Box<user::Granted>),
}

/// A decision, with the way to it.
#[derive(Debug)]
pub struct Decided {
    /// What was granted, or why not.
    pub outcome: Result<Granted, Refusal>,
    /// The client, once it is authenticated.
    pub client: Option<Arc<Entry<Client>>>,
    /// The steps.
    pub trace: Trace,
    /// What must be written, granted or not: what was used is used up, and a replay revokes.
    pub writes: Vec<Write>,
}

impl Decided {
    /// A request that is refused before anything is looked at.
    pub fn refused(refusal: Refusal) -> Self {
        let mut trace = Trace::default();
        trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
        Self {
            outcome: Err(refusal),
            client: None,
            trace,
            writes: Vec::new(),
        }
    }
}

/// What a grant with a user decides upon.
#[derive(Debug, Clone, Copy)]
struct Request<'a> {
    client: &'a Arc<Entry<Client>>,
    facts: &'a Facts,
    site: Site<'a>,
    now: Timestamp,
}

/// Which facts are still missing; ask again with what was read until there are none. For client
/// credentials there never are. A client that fails to authenticate makes nobody hash.
pub fn wanted(
    request: &TokenRequest,
    tenant: &TenantView,
    facts: &Facts,
    issuer: &Issuer,
    now: Timestamp,
) -> Vec<FactKey> {
    match &request.grant {
        Grant::ClientCredentials(_) => Vec::new(),
        Grant::AuthorizationCode(asked) => authorization_code::wanted(asked, facts),
        Grant::RefreshToken(asked) => refresh_token::wanted(asked, facts),
        Grant::DeviceCode(asked) => device_code::wanted(asked, facts),
        Grant::Password(asked) => {
            let mut silent = Trace::default();
            let client =
                client_auth::authenticate(&request.client, tenant, issuer, now, &mut silent);
            client.map_or_else(
                |_| Vec::new(),
                |known| password::wanted(asked, &known.client.parsed, tenant, facts),
            )
        }
    }
}

/// Decides a request on the facts of one tenant version.
pub fn decide(
    request: &TokenRequest,
    tenant: &TenantView,
    facts: &Facts,
    issuer: &Issuer,
    now: Timestamp,
) -> Decided {
    let mut trace = Trace::default();
    let authenticated = client_auth::authenticate(&request.client, tenant, issuer, now, &mut trace);
    let Authenticated { client, write } = match authenticated {
        Ok(authenticated) => authenticated,
        Err(refusal) => {
            trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
            return Decided {
                outcome: Err(refusal),
                client: None,
                trace,
                writes: Vec::new(),
            };
        }
    };
    let mut writes: Vec<Write> = write.into_iter().collect();
    let about = Request {
        client: &client,
        facts,
        site: Site { tenant, issuer },
        now,
    };
    let of_user = match &request.grant {
        Grant::ClientCredentials(asked) => Err(asked),
        Grant::AuthorizationCode(asked) => Ok(authorization_code::decide(
            asked,
            &about,
            &mut trace,
            &mut writes,
        )),
        Grant::RefreshToken(asked) => Ok(refresh_token::decide(
            asked,
            &about,
            &mut trace,
            &mut writes,
        )),
        Grant::Password(asked) => Ok(password::decide(asked, &about, &mut trace, &mut writes)),
        Grant::DeviceCode(asked) => Ok(device_code::decide(asked, &about, &mut trace, &mut writes)),
    };
    let outcome = match of_user {
        Err(asked) => {
            client_credentials::decide(asked, &client, tenant, &mut trace).map(Granted::Application)
        }
        Ok(outcome) => {
            if let Err(refusal) = &outcome {
                trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
            }
            outcome.map(|granted| Granted::User(Box::new(granted)))
        }
    };
    Decided {
        outcome,
        client: Some(client),
        trace,
        writes,
    }
}
