//! The log event of a token request, with its trace.

use serde_json::{Map, Value, json};

use super::family::Family;
use super::{Decided, Facts, Grant, Granted, TokenRequest, password};
use crate::id::LogId;
use crate::model::{ArtefactKind, EventType, EventUser, GrantType, LogEvent};
use crate::protocol::refusal::{GrantRefusal, Refusal};
use crate::protocol::rules::Rule;
use crate::time::Timestamp;

/// What the request came with that no decision reads.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// The event's id.
    pub id: LogId,
    /// When.
    pub at: Timestamp,
    /// The peer's address.
    pub ip: String,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// The host that was named.
    pub hostname: String,
}

/// The event of a grant that was refused.
pub(super) const fn refused(grant: GrantType) -> EventType {
    match grant {
        GrantType::ClientCredentials => EventType::ClientCredentialsRefused,
        GrantType::AuthorizationCode => EventType::CodeRefused,
        GrantType::RefreshToken => EventType::RefreshRefused,
        GrantType::Password | GrantType::PasswordRealm => EventType::PasswordRefused,
        GrantType::DeviceCode => EventType::DeviceRefused,
        GrantType::Implicit => EventType::TokenRefused,
    }
}

/// The event of a grant that was given, and Auth0's sentence for it.
const fn given(grant: GrantType) -> (EventType, &'static str) {
    match grant {
        GrantType::ClientCredentials | GrantType::Implicit => (
            EventType::ClientCredentialsGranted,
            "Client Credentials for Access Token",
        ),
        GrantType::AuthorizationCode => (
            EventType::CodeExchanged,
            "Authorization Code for Access Token",
        ),
        GrantType::RefreshToken => (
            EventType::RefreshExchanged,
            "Refresh Token for Access Token",
        ),
        GrantType::Password | GrantType::PasswordRealm => {
            (EventType::PasswordExchanged, "Password for Access Token")
        }
        GrantType::DeviceCode => (EventType::DeviceExchanged, "Device Code for Access Token"),
    }
}

/// The event of a decision. It holds no secret, assertion, code, password or token (attack
/// LOG-02).
pub fn event(
    request: &TokenRequest,
    decided: &Decided,
    facts: &Facts,
    circumstances: Circumstances,
) -> LogEvent {
    let client = decided.client.as_ref().map(|entry| &entry.parsed);
    let grant = request.grant.grant_type();
    let mut details = Map::new();
    let (event, description, audience, scope) = match &decided.outcome {
        Ok(granted) => {
            let (event, text) = given(grant);
            let (audience, scope) = target(granted);
            (event, text.to_owned(), audience, scope)
        }
        Err(refusal) => {
            details.insert("rule".to_owned(), Value::from(refusal.rule().id()));
            let reused = matches!(
                refusal,
                Refusal::Grant(GrantRefusal::RefreshToken(Rule::RefreshReuse, _))
            );
            let event = if reused {
                EventType::RefreshReused
            } else {
                refused(grant)
            };
            code_details(&request.grant, refusal, facts, &mut details);
            let (audience, scope) = asked(&request.grant);
            (event, refusal.why(), cut(audience), cut(scope))
        }
    };
    refresh_details(&request.grant, facts, &mut details);
    LogEvent {
        id: circumstances.id,
        at: circumstances.at,
        event,
        description,
        client_id: match client {
            Some(client) => Some(client.id.to_string()),
            None => request.client.client_id(),
        },
        client_name: client.map(|client| client.name.clone()),
        ip: circumstances.ip,
        user_agent: circumstances.user_agent,
        hostname: circumstances.hostname,
        audience,
        scope,
        user: user(&request.grant, decided, facts),
        details,
        trace: Some(decided.trace.to_text()),
    }
}

type Target = (Option<String>, Option<String>);

/// The API and the scopes of what was granted.
fn target(granted: &Granted) -> Target {
    let (audience, scopes) = match granted {
        Granted::Application(granted) => {
            let audience = granted.api.parsed.identifier.to_string();
            (Some(audience), &granted.scopes)
        }
        Granted::User(granted) => {
            let grant = &granted.tokens.grant;
            let audience = grant.audience.as_ref().map(ToString::to_string);
            (audience, &grant.scopes)
        }
    };
    let scope = (!scopes.is_empty()).then(|| scopes.to_string());
    (audience, scope)
}

/// The API and the scopes that were asked for.
const fn asked(grant: &Grant) -> (Option<&String>, Option<&String>) {
    match grant {
        Grant::ClientCredentials(asked) => (asked.audience.as_ref(), asked.scope.as_ref()),
        Grant::RefreshToken(asked) => (asked.audience.as_ref(), asked.scope.as_ref()),
        Grant::Password(asked) => (asked.audience.as_ref(), asked.scope.as_ref()),
        Grant::AuthorizationCode(_) | Grant::DeviceCode(_) => (None, None),
    }
}

/// Whose tokens they are; for a refused grant, whose artefact was presented.
fn user(grant: &Grant, decided: &Decided, facts: &Facts) -> Option<EventUser> {
    if let Ok(Granted::User(granted)) = &decided.outcome {
        let user = &granted.tokens.user;
        let name = user.email.as_ref().or(user.username.as_ref());
        return Some(EventUser {
            id: Some(user.id.to_string()),
            name: name.cloned(),
            connection: Some(user.connection.clone()),
        });
    }
    let of = |kind, digest| {
        let artefact = facts.artefact(kind, digest)?;
        let id = artefact.user.as_ref()?;
        Some(EventUser {
            id: Some(id.to_string()),
            ..EventUser::default()
        })
    };
    match grant {
        Grant::ClientCredentials(_) => None,
        Grant::AuthorizationCode(asked) => of(ArtefactKind::Code, asked.digest),
        Grant::RefreshToken(asked) => of(ArtefactKind::Family, asked.token.family),
        Grant::DeviceCode(asked) => of(ArtefactKind::Device, asked.digest),
        Grant::Password(asked) => Some(EventUser {
            id: None,
            name: Some(password::named(asked)),
            connection: cut(asked.realm.as_ref()),
        }),
    }
}

/// Whose code another client brought (attack AUTHZ-10): somebody should be told.
fn code_details(grant: &Grant, refusal: &Refusal, facts: &Facts, details: &mut Map<String, Value>) {
    let foreign = matches!(
        refusal,
        Refusal::Grant(GrantRefusal::Code(Rule::CodeClient, _))
    );
    let Grant::AuthorizationCode(asked) = grant else {
        return;
    };
    if let Some(code) = facts
        .artefact(ArtefactKind::Code, asked.digest)
        .filter(|_| foreign)
    {
        details.insert("reason".to_owned(), json!("code_client_mismatch"));
        details.insert("code_client".to_owned(), json!(code.client));
    }
}

/// Which token of which family (auth-semantics section 10).
fn refresh_details(grant: &Grant, facts: &Facts, details: &mut Map<String, Value>) {
    let Grant::RefreshToken(asked) = grant else {
        return;
    };
    let Some(found) = facts.artefact(ArtefactKind::Family, asked.token.family) else {
        return;
    };
    let Ok((number, latest)) = Family::numbers(found, &asked.token.token) else {
        return;
    };
    details.insert("familyId".to_owned(), json!(found.id));
    if let Some(number) = number {
        details.insert("tokenCounter".to_owned(), json!(number));
    }
    details.insert("latestCounter".to_owned(), json!(latest));
}

/// What a refused request named, without end marks and not without end (attack LOG-01).
fn cut(text: Option<&String>) -> Option<String> {
    text.map(|text| {
        text.chars()
            .filter(|c| !c.is_control())
            .take(1024)
            .collect()
    })
}
