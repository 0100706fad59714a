//! `GET /v2/logout` (auth-semantics 2.8): no question, a lenient match, a registered URL.

use super::url;
use super::{Decided, LogoutRefusal, Next, end, filled, known, parameters};
use crate::id::ClientId;
use crate::model::TenantView;
use crate::protocol::rules::Rule;
use crate::protocol::session::SessionRecord;
use crate::protocol::target::shorten;
use crate::protocol::trace::{Subject, Trace, Verdict};

/// What the request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `client_id`.
    pub client_id: Option<String>,
    /// `returnTo`.
    pub return_to: Option<String>,
    /// `federated`, whatever it holds: log out of the upstream too, where there is one.
    pub federated: bool,
}

impl Asked {
    /// Reads the query.
    pub fn parse(query: Option<&str>) -> Result<Self, LogoutRefusal> {
        let names = ["client_id", "returnTo", "federated"];
        let text = query.unwrap_or_default().as_bytes();
        let [client_id, return_to, federated] = parameters(text, names)?;
        Ok(Self {
            client_id: filled(client_id),
            return_to: filled(return_to),
            federated: federated.is_some(),
        })
    }
}

/// Decides. `session` is the browser's, if it has a live one. A refused request ends nothing.
pub fn decide(asked: &Asked, tenant: &TenantView, session: Option<&SessionRecord>) -> Decided {
    let mut trace = Trace::default();
    let mut writes = Vec::new();
    let outcome = destination(asked, tenant, &mut trace).map(|to| {
        let ended = session.map(|session| {
            let (ended, write) = end(session);
            writes.push(write);
            ended
        });
        Next::Done { to, ended }
    });
    if let Err(refusal) = &outcome {
        trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
    }
    Decided {
        outcome,
        client: asked.client_id.as_deref().and_then(ClientId::parse),
        trace,
        writes,
    }
}

/// By the client's list where one is named, else by the tenant's; without `returnTo` the
/// client's first URL that is one, not a pattern.
fn destination(
    asked: &Asked,
    tenant: &TenantView,
    trace: &mut Trace,
) -> Result<Option<String>, LogoutRefusal> {
    let client = asked
        .client_id
        .as_deref()
        .map(|id| known(id, tenant))
        .transpose()?;
    let allowed = client.as_ref().map_or_else(
        || &tenant.settings.parsed.login.allowed_logout_urls,
        |client| &client.parsed.allowed_logout_urls,
    );
    let Some(wanted) = &asked.return_to else {
        let mut whole = allowed.iter().filter(|known| url::is_whole(known));
        let first = client.as_ref().and_then(|_| whole.next());
        return Ok(first.cloned());
    };
    if !url::is_below(wanted, allowed) {
        return Err(LogoutRefusal::Url {
            parameter: "returnTo",
            url: shorten(wanted),
        });
    }
    trace.push(Rule::LogoutUrl, Subject::Request, Verdict::Passed);
    Ok(Some(wanted.clone()))
}
