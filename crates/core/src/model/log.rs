//! A log event (auth-semantics section 10).

use serde_json::{Map, Value, json};

use super::{Body, Writer};
use crate::id::LogId;
use crate::time::Timestamp;

/// The contract's code of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    /// Client credentials exchanged for an access token.
    ClientCredentialsGranted,
    /// Client credentials refused.
    ClientCredentialsRefused,
    /// A token request refused before its grant was known.
    TokenRefused,
    /// An authorization code exchanged.
    CodeExchanged,
    /// An authorization code refused.
    CodeRefused,
    /// A refresh token exchanged.
    RefreshExchanged,
    /// A refresh token refused.
    RefreshRefused,
    /// A refresh token that was exchanged before came again.
    RefreshReused,
    /// A refresh token revoked.
    RefreshRevoked,
    /// A password exchanged for tokens.
    PasswordExchanged,
    /// A password grant refused.
    PasswordRefused,
    /// A device code exchanged.
    DeviceExchanged,
    /// A device code refused.
    DeviceRefused,
    /// A request for a device code refused.
    DeviceRequestRefused,
    /// A user code refused.
    DeviceActivationRefused,
    /// The user said no to a device.
    DeviceCancelled,
    /// Logged out.
    LoggedOut,
    /// A logout refused.
    LogoutRefused,
    /// Somebody logged in.
    LoginSucceeded,
    /// A login failed for another reason than the password.
    LoginFailed,
    /// A wrong password.
    PasswordWrong,
    /// No user has this identifier.
    UserUnknown,
    /// A session was used without a page.
    SilentSucceeded,
    /// A session could not be used without a page.
    SilentFailed,
    /// Something was used that is gone.
    Deprecated,
    /// Somebody signed up.
    SignedUp,
    /// A sign-up refused.
    SignupRefused,
    /// A mail will never be sent.
    MailFailed,
    /// A link to choose a new password was asked for.
    PasswordLinkSent,
    /// Nobody to send such a link to.
    PasswordLinkRefused,
    /// A password changed.
    PasswordChanged,
    /// A change of password refused.
    PasswordChangeRefused,
    /// An address proved.
    EmailVerified,
    /// A proof of an address refused.
    EmailVerificationRefused,
    /// Too many wrong passwords for an account.
    AccountLimited,
    /// Too many wrong passwords from an address.
    AddressLimited,
    /// A block lifted by its user.
    Unblocked,
    /// A Management API write.
    ManagementWrite,
    /// A Management API read.
    ManagementRead,
    /// The Management API refused a token.
    ManagementRefused,
    /// A rate limit was reached.
    RateLimited,
}

impl EventType {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClientCredentialsGranted => "seccft",
            Self::ClientCredentialsRefused => "feccft",
            Self::TokenRefused | Self::LoginFailed => "f",
            Self::CodeExchanged => "seacft",
            Self::CodeRefused => "feacft",
            Self::RefreshExchanged => "sertft",
            Self::RefreshRefused => "fertft",
            Self::RefreshReused => "ferrt",
            Self::RefreshRevoked => "srrt",
            Self::PasswordExchanged => "sepft",
            Self::PasswordRefused => "fepft",
            Self::DeviceExchanged => "sede",
            Self::DeviceRefused => "fede",
            Self::DeviceRequestRefused => "fdeaz",
            Self::DeviceActivationRefused => "fdeac",
            Self::DeviceCancelled => "fdecc",
            Self::LoggedOut => "slo",
            Self::LogoutRefused => "flo",
            Self::LoginSucceeded => "s",
            Self::PasswordWrong => "fp",
            Self::UserUnknown => "fu",
            Self::SilentSucceeded => "ssa",
            Self::SilentFailed => "fsa",
            Self::Deprecated => "depnote",
            Self::SignedUp => "ss",
            Self::SignupRefused => "fs",
            Self::MailFailed => "fn",
            Self::PasswordLinkSent => "scpr",
            Self::PasswordLinkRefused => "fcpr",
            Self::PasswordChanged => "scp",
            Self::PasswordChangeRefused => "fcp",
            Self::EmailVerified => "sv",
            Self::EmailVerificationRefused => "fv",
            Self::AccountLimited => "limit_wc",
            Self::AddressLimited => "limit_mu",
            Self::Unblocked => "ublkdu",
            Self::ManagementWrite => "sapi",
            Self::ManagementRead => "mgmt_api_read",
            Self::ManagementRefused => "fapi",
            Self::RateLimited => "api_limit",
        }
    }
}

/// One event. Never holds a secret, a token or an assertion (attack LOG-02).
#[derive(Debug, Clone)]
pub struct LogEvent {
    /// Its id, sortable by time.
    pub id: LogId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: EventType,
    /// A sentence; for refusals the reason.
    pub description: String,
    /// The application, as the request named it (known or not), cut to 255 characters.
    pub client_id: Option<String>,
    /// Its name, where it is known.
    pub client_name: Option<String>,
    /// The peer's address.
    pub ip: String,
    /// The `User-Agent`, cut to 512 characters.
    pub user_agent: Option<String>,
    /// The host the request named.
    pub hostname: String,
    /// The API asked for.
    pub audience: Option<String>,
    /// The scopes granted, or asked for when refused.
    pub scope: Option<String>,
    /// Whom it is about.
    pub user: Option<EventUser>,
    /// What the event is about.
    pub details: Map<String, Value>,
    /// `details.trace`, written already: it is the longest part of an event, and every token has
    /// one.
    pub trace: Option<TraceText>,
}

/// The steps of a decision: the JSON text of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceText(String);

impl TraceText {
    /// Takes the text as it was written.
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The user of an event, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventUser {
    /// Its id.
    pub id: Option<String>,
    /// Its name: an address, or what the request called it.
    pub name: Option<String>,
    /// The name of its connection.
    pub connection: Option<String>,
}

impl LogEvent {
    /// The compact form that is stored: absent members are left out. It is written without a tree in
    /// between, since this is on every token's way.
    pub fn stored(&self) -> Body {
        const USUAL: usize = 2048;
        let user = self.user.as_ref();
        let of_user = |member: fn(&EventUser) -> Option<&str>| user.and_then(member);
        Writer::with_room_for(USUAL)
            .string("type", self.event.code())
            .string("description", &self.description)
            .string_some("client_id", self.client_id.as_deref())
            .string_some("client_name", self.client_name.as_deref())
            .string("ip", &self.ip)
            .string("hostname", &self.hostname)
            .string_some("user_agent", self.user_agent.as_deref())
            .string_some("audience", self.audience.as_deref())
            .string_some("scope", self.scope.as_deref())
            .string_some("user_id", of_user(|user| user.id.as_deref()))
            .string_some("user_name", of_user(|user| user.name.as_deref()))
            .string_some("connection", of_user(|user| user.connection.as_deref()))
            .time("date", self.at)
            .object("details", &self.all_details())
            .finish()
    }

    /// The details with the trace among them.
    fn all_details(&self) -> Body {
        let trace = self.trace.as_ref().map(TraceText::as_str);
        let writer = Writer::with_room_for(256 + trace.map_or(0, str::len));
        let writer = writer.entries(&self.details);
        match trace {
            Some(trace) => writer.json("trace", trace).finish(),
            None => writer.finish(),
        }
    }
}

/// A stored event as the Management API shows it (management-api section 10): every member is
/// there, absent values are null.
pub fn show_event(id: &LogId, stored: &Map<String, Value>) -> Value {
    let member = |name: &str| stored.get(name).cloned().unwrap_or(Value::Null);
    let date = stored.get("date").and_then(Value::as_i64).unwrap_or(0);
    json!({
        "_id": id,
        "log_id": id,
        "date": Timestamp::from_millis(date).to_string(),
        "type": member("type"),
        "description": member("description"),
        "connection": member("connection"),
        "connection_id": null,
        "organization_id": null,
        "organization_name": null,
        "client_id": member("client_id"),
        "client_name": member("client_name"),
        "ip": member("ip"),
        "hostname": member("hostname"),
        "details": member("details"),
        "user_id": member("user_id"),
        "user_name": member("user_name"),
        "user_agent": member("user_agent"),
        "audience": member("audience"),
        "scope": member("scope"),
        "strategy": null,
        "strategy_type": null,
        "isMobile": false,
        "location_info": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LOG-01: what a request says ends no member.
    #[test]
    fn an_event_is_stored_as_it_always_was() {
        let mut event = LogEvent {
            id: LogId::new(Timestamp::from_millis(0), 1, 1),
            at: Timestamp::from_millis(7),
            event: EventType::CodeRefused,
            description: "no".to_owned(),
            client_id: None,
            client_name: None,
            ip: "192.0.2.1".to_owned(),
            user_agent: None,
            hostname: "login.example".to_owned(),
            audience: None,
            scope: None,
            user: None,
            details: Map::new(),
            trace: None,
        };
        assert_eq!(
            event.stored().as_str(),
            concat!(
                r#"{"type":"feacft","description":"no","ip":"192.0.2.1","hostname":"login.example","#,
                r#""date":7,"details":{}}"#
            )
        );
        event.client_id = Some("c\",\"x\":\"".to_owned());
        event.client_name = Some("n".to_owned());
        event.user_agent = Some("a\nb".to_owned());
        event.audience = Some("https://api".to_owned());
        event.scope = Some("a b".to_owned());
        event.user = Some(EventUser {
            id: Some("auth0|1".to_owned()),
            name: None,
            connection: Some("Users".to_owned()),
        });
        event.details.insert("a\"b".to_owned(), json!([1]));
        event.trace = Some(TraceText::from_text("[{}]".to_owned()));
        assert_eq!(
            event.stored().as_str(),
            concat!(
                r#"{"type":"feacft","description":"no","client_id":"c\",\"x\":\"","client_name":"n","#,
                r#""ip":"192.0.2.1","hostname":"login.example","user_agent":"a\nb","#,
                r#""audience":"https://api","scope":"a b","user_id":"auth0|1","#,
                r#""connection":"Users","date":7,"details":{"a\"b":[1],"trace":[{}]}}"#
            )
        );
    }
}
