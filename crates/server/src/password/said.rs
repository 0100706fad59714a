//! What a request about an account says beside the account: for the log and for mails.

use cardea_core::model::{EventType, EventUser, LogEvent, TenantView, User};
use cardea_core::time::Timestamp;
use cardea_core::write::Write;
use http::{HeaderMap, header};
use serde_json::Map;

use crate::app::App;
use crate::guard::At;

/// The longest name in the log.
const MOST_NAME: usize = 320;

/// Who asks, and with what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// The application, as it was named.
    pub(crate) client_id: Option<String>,
    /// `User-Agent`.
    pub(crate) user_agent: Option<String>,
    /// `Accept-Language`, or what else says in which language mails are read.
    pub(crate) language: Option<String>,
}

impl Said {
    /// Reads the headers.
    pub(crate) fn of(headers: &HeaderMap, client_id: Option<String>) -> Self {
        let text = |name| {
            let value: Option<&http::HeaderValue> = headers.get(name);
            let text = value.and_then(|value| value.to_str().ok());
            text.map(|text| text.chars().take(512).collect::<String>())
        };
        let asked = headers.get("x-request-language");
        let asked = asked.and_then(|value| value.to_str().ok());
        Self {
            client_id: client_id.map(|id| id.chars().take(255).collect()),
            user_agent: text(header::USER_AGENT),
            language: asked
                .map(ToOwned::to_owned)
                .or_else(|| text(header::ACCEPT_LANGUAGE)),
        }
    }

    /// The languages of mails, best first.
    pub(crate) fn languages(&self) -> &str {
        self.language.as_deref().unwrap_or_default()
    }

    /// An event about an account.
    pub(crate) fn event(
        &self,
        (app, at, now): (&App, &At, Timestamp),
        (event, description): (EventType, String),
        user: EventUser,
    ) -> Write {
        let view = &at.tenant.loaded().view;
        Write::Log(LogEvent {
            id: app.new_log_id(now),
            at: now,
            event,
            description,
            client_id: self.client_id.clone(),
            client_name: self.client_name(view),
            ip: at.ip.to_string(),
            user_agent: self.user_agent.clone(),
            hostname: at.host.name().to_owned(),
            audience: None,
            scope: None,
            user: Some(user),
            details: Map::new(),
            trace: None,
        })
    }

    fn client_name(&self, view: &TenantView) -> Option<String> {
        let client = view.clients.get(self.client_id.as_deref()?)?;
        Some(client.parsed.name.clone())
    }
}

/// A user, as the log names it.
pub(crate) fn known(user: &User) -> EventUser {
    let names = [&user.email, &user.username, &user.phone_number];
    EventUser {
        id: Some(user.id.to_string()),
        name: names.into_iter().flatten().next().cloned(),
        connection: Some(user.connection.clone()),
    }
}

/// Somebody of whom there is a name only.
pub(crate) fn called(name: Option<&str>, connection: &str) -> EventUser {
    let shown = |name: &str| {
        let legal = name.chars().filter(|letter| !letter.is_control());
        legal.take(MOST_NAME).collect()
    };
    EventUser {
        id: None,
        name: name.map(shown),
        connection: Some(shown(connection)),
    }
}
