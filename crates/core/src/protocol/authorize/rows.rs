//! The rows of the table: one rule each.

use super::hint;
use super::looked::{Looked, MAX_STATE, Request, connection_of};
use super::parameters::{self, ClaimsParameter, ScreenHint};
use super::refusal::Refused;
use super::response::{ResponseMode, ResponseType};
use crate::model::{ClientFlag, GrantType};
use crate::protocol::profile;
use crate::protocol::target::shorten;
use crate::protocol::user_scopes;

pub(super) fn repeated(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    let repeated = looked.sent.repeated().map(shorten);
    repeated.map_or(Ok(()), |name| Err(Refused::Repeated(name)))
}

pub(super) fn third_party_parameters(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    let foreign = looked.sent.beyond_third_party();
    match foreign.filter(|_| looked.client().is_strict_third_party()) {
        Some(name) => Err(Refused::ForeignParameter(shorten(name))),
        None => Ok(()),
    }
}

/// Attacks AUTHZ-55 and -56. What is too long as a hint is only left out.
pub(super) fn lengths(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    const LIMITS: [(&str, usize); 3] = [("state", MAX_STATE), ("nonce", 1024), ("audience", 600)];
    let over = |(name, max): &(&str, usize)| {
        looked
            .sent
            .get(name)
            .is_some_and(|value| value.len() > *max)
    };
    match LIMITS.into_iter().find(over) {
        Some((name, _)) => Err(Refused::TooLong(name)),
        None => Ok(()),
    }
}

pub(super) fn request_object(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    absent(looked, "request", Refused::RequestObject)
}

pub(super) fn request_uri(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    absent(looked, "request_uri", Refused::RequestUri)
}

/// What is not served is refused where leaving it out would give more than was asked for.
pub(super) fn authorization_details(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    absent(
        looked,
        "authorization_details",
        Refused::AuthorizationDetails,
    )
}

fn absent(looked: Looked<'_>, name: &str, refused: Refused) -> Result<(), Refused> {
    looked.sent.get(name).map_or(Ok(()), |_| Err(refused))
}

pub(super) fn response_type(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let text = looked.sent.get("response_type");
    let text = text.ok_or(Refused::Missing("response_type"))?;
    let unserved = || Refused::ResponseType(shorten(text));
    let due = ResponseType::parse(text).ok_or_else(unserved)?;
    if due.is_front_channel() && looked.client().is_strict_third_party() {
        return Err(unserved());
    }
    request.response_type = due;
    Ok(())
}

pub(super) fn response_mode(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let mode = request.channel.mode;
    if let Some(text) = looked.sent.get("response_mode") {
        // the channel took it, unless it is unknown, would put tokens into a query, or is none of
        // the application's
        if ResponseMode::parse(text) != Some(mode) {
            return Err(Refused::ResponseMode(shorten(text)));
        }
    }
    if !looked.client().may_get(mode.as_str()) {
        return Err(Refused::ResponseMode(mode.as_str().to_owned()));
    }
    Ok(())
}

pub(super) fn grant_type(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let due = request.response_type;
    let needed = [
        (due.code, GrantType::AuthorizationCode),
        (due.is_front_channel(), GrantType::Implicit),
    ];
    let lacking = |(needed, grant): &(bool, GrantType)| *needed && !looked.client().may_use(*grant);
    match needed.into_iter().find(lacking) {
        Some((_, grant)) => Err(Refused::GrantType(grant)),
        None => Ok(()),
    }
}

pub(super) fn front_channel(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let allowed = profile::front_channel_by_grant_type(looked.tenant().record.profile)
        || looked.client().has(ClientFlag::FrontChannelTokens);
    if allowed || !request.response_type.is_front_channel() {
        return Ok(());
    }
    let text = looked.sent.get("response_type").unwrap_or_default();
    Err(Refused::FrontChannel(shorten(text)))
}

pub(super) fn nonce(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    request.nonce = looked.sent.get("nonce").map(ToOwned::to_owned);
    if request.response_type.id_token && request.nonce.is_none() {
        return Err(Refused::NonceMissing);
    }
    Ok(())
}

pub(super) fn openid(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let words = user_scopes::words(looked.sent.get("scope")).map_err(Refused::Scopes)?;
    if request.response_type.id_token && !words.contains("openid") {
        return Err(Refused::OpenidMissing);
    }
    Ok(())
}

/// RFC 7636, RFC 9700 2.1.1; `plain` is served nowhere (attacks AUTHZ-01, -02).
pub(super) fn pkce(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let (client, profile) = (looked.client(), looked.tenant().record.profile);
    let challenge = looked.sent.get("code_challenge");
    let method = looked.sent.get("code_challenge_method");
    if method.is_some_and(|method| method != "S256") {
        return Err(Refused::PkceMethod);
    }
    if !request.response_type.code {
        return Ok(());
    }
    let Some(challenge) = challenge else {
        let excepted = client.has(ClientFlag::PkceOptional) && !client.is_public();
        let strict = profile::requires_pkce(profile) && !excepted;
        let bare = client.is_public() || client.is_strict_third_party();
        // a method without a challenge is a challenge that got lost
        let required = strict || bare || method.is_some();
        return if required {
            Err(Refused::PkceMissing)
        } else {
            Ok(())
        };
    };
    // without a method it would be plain (RFC 7636 4.3)
    if method.is_none() {
        return Err(Refused::PkceMethod);
    }
    if !parameters::is_s256(challenge) {
        return Err(Refused::PkceChallenge);
    }
    request.challenge = Some(challenge.to_owned());
    Ok(())
}

pub(super) fn prompt(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    request.prompt = parameters::prompt(looked.sent.get("prompt").unwrap_or_default())?;
    Ok(())
}

pub(super) fn max_age(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    request.max_age = looked
        .sent
        .get("max_age")
        .map(parameters::max_age)
        .transpose()?;
    Ok(())
}

pub(super) fn organization(looked: Looked<'_>, _: &mut Request) -> Result<(), Refused> {
    let named = looked.sent.get("organization").map(shorten);
    named.map_or(Ok(()), |name| Err(Refused::Organization(name)))
}

/// Attack AUTHZ-62: unknown and not enabled look the same.
pub(super) fn connection(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let Some(name) = looked.sent.get("connection") else {
        return Ok(());
    };
    let found = connection_of(looked.tenant(), looked.client(), Some(name));
    let found = found.ok_or(Refused::Connection)?;
    request.connection = Some(found.name.clone());
    Ok(())
}

pub(super) fn claims(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    if let Some(text) = looked.sent.get("claims") {
        request.claims = ClaimsParameter::parse(text)?;
    }
    Ok(())
}

pub(super) fn acr_values(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    request.acr_values = words(looked.sent.get("acr_values"));
    let supported = &looked.tenant().settings.parsed.acr_values_supported;
    let reachable = request.acr_values.iter().any(|acr| supported.contains(acr));
    if supported.is_empty() || request.acr_values.is_empty() || reachable {
        return Ok(());
    }
    Err(Refused::AcrValues)
}

/// Attack AUTHZ-35: there is one context, and it has no name yet.
pub(super) fn acr_essential(_: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    let unmet = request.claims.essential_acr.is_some();
    if unmet {
        Err(Refused::AcrUnmet)
    } else {
        Ok(())
    }
}

pub(super) fn id_token_hint(looked: Looked<'_>, request: &mut Request) -> Result<(), Refused> {
    if let Some(token) = looked.sent.get("id_token_hint") {
        let hint = hint::read(token, looked.client, looked.site).ok_or(Refused::Hint)?;
        let other = request
            .claims
            .user
            .as_ref()
            .is_some_and(|user| *user != hint.user);
        if other {
            return Err(Refused::Hint);
        }
        request.hint = Some(hint);
    }
    Ok(())
}

/// Hints help people; they never refuse (attack AUTHZ-37).
pub(super) fn hints(looked: Looked<'_>, request: &mut Request) {
    let login_hint = looked.sent.get("login_hint");
    let login_hint =
        login_hint.filter(|hint| hint.len() <= 256 && !hint.contains(char::is_control));
    request.login_hint = login_hint.map(ToOwned::to_owned);
    request.screen_hint = looked.sent.get("screen_hint").and_then(ScreenHint::parse);
    request.ui_locales = words(looked.sent.get("ui_locales"));
}

fn words(text: Option<&str>) -> Vec<String> {
    let words = text
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty());
    words.take(20).map(ToOwned::to_owned).collect()
}
