//! What goes back to the application (RFC 6749 4.1.2, OAuth 2.0 Multiple Response Types, Form
//! Post Response Mode, RFC 9207), and by which way.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::redirect;
use super::refusal::AuthorizeError;

/// What is due from this endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseType {
    /// An authorization code.
    pub code: bool,
    /// An access token.
    pub token: bool,
    /// An ID token.
    pub id_token: bool,
}

impl ResponseType {
    /// Reads `response_type`: words in any order, each once, none else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let due = match word {
                "code" => &mut found.code,
                "token" => &mut found.token,
                "id_token" => &mut found.id_token,
                _ => return None,
            };
            if std::mem::replace(due, true) {
                return None;
            }
        }
        (found != Self::default()).then_some(found)
    }

    /// Whether a token comes from this endpoint.
    pub const fn is_front_channel(self) -> bool {
        self.token || self.id_token
    }

    /// The way that is taken where the request names none.
    pub const fn default_mode(self) -> ResponseMode {
        if self.is_front_channel() {
            ResponseMode::Fragment
        } else {
            ResponseMode::Query
        }
    }
}

/// By which way the response goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the callback's query, by a redirect.
    Query,
    /// In the callback's fragment, by a redirect.
    Fragment,
    /// By a form that posts itself.
    FormPost,
    /// By a message to the page that opened this one.
    WebMessage,
}

impl ResponseMode {
    /// Reads `response_mode`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            "web_message" => Some(Self::WebMessage),
            _ => None,
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::WebMessage => "web_message",
        }
    }
}

/// The way back to the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// A callback of the application.
    pub redirect_uri: String,
    /// By which way.
    pub mode: ResponseMode,
    /// `state`, to be repeated as it is.
    pub state: Option<String>,
    /// The issuer, where responses carry it (RFC 9207).
    pub iss: Option<String>,
}

/// What was made for a response.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// The code.
    pub code: Option<String>,
    /// The access token.
    pub token: Option<MadeToken>,
    /// The ID token.
    pub id_token: Option<String>,
}

/// An access token for a response.
#[derive(Debug, Clone)]
pub struct MadeToken {
    /// The token.
    pub access_token: String,
    /// `scope`, where any was granted.
    pub scope: Option<String>,
    /// Seconds.
    pub expires_in: i64,
}

/// A response that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Where it goes.
    pub redirect_uri: String,
    /// By which way.
    pub mode: ResponseMode,
    /// Its parameters, in order.
    pub params: Vec<(&'static str, String)>,
}

/// What need not be encoded in a query or a fragment (RFC 3986 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Response {
    /// What was asked for.
    pub fn success(channel: &Channel, made: Made) -> Self {
        let mut params = Vec::new();
        let mut put = |name, value: Option<String>| {
            params.extend(value.map(|value| (name, value)));
        };
        put("code", made.code);
        if let Some(token) = made.token {
            put("access_token", Some(token.access_token));
            put("scope", token.scope);
            put("expires_in", Some(token.expires_in.to_string()));
            put("token_type", Some("Bearer".to_owned()));
        }
        put("id_token", made.id_token);
        Self::finish(channel, params)
    }

    /// Why not (RFC 6749 4.1.2.1).
    pub fn error(channel: &Channel, error: AuthorizeError) -> Self {
        let params = vec![
            ("error", error.error.to_owned()),
            ("error_description", error.description),
        ];
        Self::finish(channel, params)
    }

    fn finish(channel: &Channel, mut params: Vec<(&'static str, String)>) -> Self {
        params.extend(channel.state.clone().map(|state| ("state", state)));
        params.extend(channel.iss.clone().map(|iss| ("iss", iss)));
        Self {
            redirect_uri: channel.redirect_uri.clone(),
            mode: channel.mode,
            params,
        }
    }

    /// The `Location` of a redirect; `None` for the ways that need a page.
    pub fn location(&self) -> Option<String> {
        let mark = match self.mode {
            // a registered query stays (conformance: redirect-uri-query-OK)
            ResponseMode::Query if !self.redirect_uri.contains('?') => "?",
            ResponseMode::Query if self.redirect_uri.ends_with(['?', '&']) => "",
            ResponseMode::Query => "&",
            ResponseMode::Fragment => "#",
            ResponseMode::FormPost | ResponseMode::WebMessage => return None,
        };
        let pairs = self.params.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, UNRESERVED);
            format!("{name}={value}")
        });
        let pairs = pairs.collect::<Vec<_>>().join("&");
        Some(format!("{}{mark}{pairs}", self.redirect_uri))
    }

    /// The `Location` with a fragment of its own, where a redirect would hand on that of the page
    /// before (RFC 9700 4.1.3, attack AUTHZ-58): tokens that another application got in a fragment
    /// do not travel on to this one.
    pub fn sealed(location: String) -> String {
        if location.contains('#') {
            return location;
        }
        location + "#_"
    }

    /// The origin that gets a message, or to which a form may post (CSP's `form-action`).
    pub fn origin(&self) -> Option<&str> {
        redirect::origin(&self.redirect_uri)
    }
}
