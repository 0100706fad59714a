//! The checks of an authorization request, in their order. First the application and its
//! callback: without them the answer is a page, never a redirect (trap T24). Then everything
//! else, one rule a row.

use std::sync::Arc;

use super::looked::{Looked, MAX_STATE, Request};
use super::redirect::{self, Match};
use super::refusal::Refused;
use super::request::Sent;
use super::response::{Channel, ResponseMode, ResponseType};
use super::rows;
use crate::model::{Client, Entry, GrantType, TenantView};
use crate::protocol::profile;
use crate::protocol::rules::Rule;
use crate::protocol::target::shorten;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_scopes::{self, Asked, Flow};

type Check = fn(Looked<'_>, &mut Request) -> Result<(), Refused>;

/// Rows are checks, from the cheapest and least revealing on.
#[rustfmt::skip]
const CHECKS: &[(Rule, Check)] = &[
    (Rule::NoRepeatAuthorize,    rows::repeated),
    (Rule::ThirdPartyParameters, rows::third_party_parameters),
    (Rule::AuthorizeLength,      rows::lengths),
    (Rule::RequestObject,        rows::request_object),
    (Rule::RequestUri,           rows::request_uri),
    (Rule::AuthorizationDetails, rows::authorization_details),
    (Rule::ResponseTypeServed,   rows::response_type),
    (Rule::ResponseModeServed,   rows::response_mode),
    (Rule::ResponseTypeGrant,    rows::grant_type),
    (Rule::FrontChannel,         rows::front_channel),
    (Rule::NonceRequired,        rows::nonce),
    (Rule::OpenidRequired,       rows::openid),
    (Rule::PkceRequired,         rows::pkce),
    (Rule::PromptNoneAlone,      rows::prompt),
    (Rule::MaxAge,               rows::max_age),
    (Rule::NoOrganization,       rows::organization),
    (Rule::ConnectionEnabled,    rows::connection),
    (Rule::ClaimsParameter,      rows::claims),
    (Rule::AcrValues,            rows::acr_values),
    (Rule::AcrEssential,         rows::acr_essential),
    (Rule::IdTokenHint,          rows::id_token_hint),
];

/// The application, if it may be used at all.
pub(super) fn client(sent: &Sent, tenant: &TenantView) -> Result<Arc<Entry<Client>>, Refused> {
    let id = sent.get("client_id").ok_or(Refused::Missing("client_id"))?;
    let known = tenant.clients.get(id).filter(|entry| !entry.parsed.global);
    let unknown = || Refused::UnknownClient(shorten(id));
    known.cloned().ok_or_else(unknown)
}

/// The way back, if it leads to the application. Its mode is the one that was asked for, as far
/// as that can be used for anything: errors about the mode itself need a way too.
pub(super) fn channel(looked: Looked<'_>, trace: &mut Trace) -> Result<Channel, Refused> {
    let (client, profile) = (looked.client(), looked.tenant().record.profile);
    let redirect_uri = match looked.sent.get("redirect_uri") {
        Some(uri) => {
            let found = redirect::find(client, uri, profile);
            let found = found.ok_or_else(|| Refused::RedirectMismatch(shorten(uri)))?;
            let rule = match found {
                Match::Exact => Rule::RedirectExact,
                Match::LoopbackPort => Rule::RedirectLoopback,
                Match::Wildcard => Rule::RedirectWildcard,
            };
            trace.push(rule, Subject::Request, Verdict::Passed);
            uri
        }
        None => redirect::only(client, profile).ok_or(Refused::Missing("redirect_uri"))?,
    };
    let due = looked
        .sent
        .get("response_type")
        .and_then(ResponseType::parse);
    let mode = looked
        .sent
        .get("response_mode")
        .and_then(ResponseMode::parse);
    let front = due.is_some_and(ResponseType::is_front_channel);
    // tokens, and errors in their place, never stand in a query (attack AUTHZ-15)
    let mode = mode.filter(|mode| !(front && *mode == ResponseMode::Query));
    let mode = mode.filter(|mode| client.may_get(mode.as_str()));
    let mode = mode.unwrap_or_else(|| due.map_or(ResponseMode::Query, ResponseType::default_mode));
    if mode == ResponseMode::WebMessage {
        web_origin(client, redirect_uri)?;
        trace.push(Rule::WebMessageOrigin, Subject::Request, Verdict::Passed);
    }
    let always = profile::always_sends_iss(profile);
    let sends_iss = always || looked.tenant().settings.parsed.authorization_response_iss;
    Ok(Channel {
        redirect_uri: redirect_uri.to_owned(),
        mode,
        state: looked
            .sent
            .get("state")
            .filter(|state| state.len() <= MAX_STATE)
            .map(ToOwned::to_owned),
        iss: sends_iss.then(|| looked.site.issuer.as_str().to_owned()),
    })
}

/// Attack AUTHZ-17: a message goes to a registered origin, by its exact name.
fn web_origin(client: &Client, redirect_uri: &str) -> Result<(), Refused> {
    let origin = redirect::origin(redirect_uri);
    let known = origin.is_some_and(|origin| {
        let same = |known: &String| known.strip_suffix('/').unwrap_or(known) == origin;
        client.web_origins.iter().any(same)
    });
    if known {
        return Ok(());
    }
    Err(Refused::WebOrigin(shorten(origin.unwrap_or(redirect_uri))))
}

/// Runs the table.
pub(super) fn run(
    looked: Looked<'_>,
    channel: Channel,
    trace: &mut Trace,
) -> Result<Request, Refused> {
    let mut request = Request::new(channel, looked.sent);
    for (rule, check) in CHECKS {
        check(looked, &mut request)?;
        trace.push(*rule, Subject::Request, Verdict::Passed);
    }
    rows::hints(looked, &mut request);
    Ok(request)
}

/// What a device asks for: nothing goes to it, so the way back is our own page.
pub(super) fn device(looked: Looked<'_>, trace: &mut Trace) -> Result<Request, Refused> {
    if !looked.client().may_use(GrantType::DeviceCode) {
        return Err(Refused::GrantType(GrantType::DeviceCode));
    }
    trace.push(Rule::ResponseTypeGrant, Subject::Request, Verdict::Passed);
    user_scopes::words(looked.sent.get("scope")).map_err(Refused::Scopes)?;
    let channel = Channel {
        redirect_uri: looked.site.issuer.join("activate"),
        mode: ResponseMode::Query,
        state: None,
        iss: None,
    };
    Ok(Request::new(channel, looked.sent))
}

/// What the scope rules are asked.
pub(super) fn asked(sent: &Sent, response_type: ResponseType) -> Asked<'_> {
    Asked {
        scope: sent.get("scope"),
        audience: sent.get("audience"),
        resources: sent.resources(),
        flow: match sent.device() {
            Some(_) => Flow::Device,
            None => Flow::Authorize {
                code: response_type.code,
            },
        },
    }
}
