//! What the checks read, and what they look at.

use super::hint::Hint;
use super::parameters::{ClaimsParameter, Prompt, ScreenHint};
use super::request::Sent;
use super::response::{Channel, ResponseType};
use crate::model::{Client, Connection, Entry, TenantView};
use crate::protocol::user_scopes::Site;

/// The longest `state`, in bytes (attack AUTHZ-55).
pub(super) const MAX_STATE: usize = 4096;

/// A request that holds, as far as it can be judged without the user.
#[derive(Debug, Clone)]
pub struct Request {
    /// The way back.
    pub channel: Channel,
    /// `redirect_uri` as it was given, if it was.
    pub redirect_uri: Option<String>,
    /// What is due.
    pub response_type: ResponseType,
    /// `nonce`.
    pub nonce: Option<String>,
    /// The S256 challenge.
    pub challenge: Option<String>,
    /// `prompt`.
    pub prompt: std::collections::BTreeSet<Prompt>,
    /// `max_age`, in seconds.
    pub max_age: Option<i64>,
    /// `id_token_hint`, verified.
    pub hint: Option<Hint>,
    /// `claims`.
    pub claims: ClaimsParameter,
    /// `acr_values`.
    pub acr_values: Vec<String>,
    /// `connection`.
    pub connection: Option<String>,
    /// `login_hint`, for the login page's field.
    pub login_hint: Option<String>,
    /// `screen_hint`.
    pub screen_hint: Option<ScreenHint>,
    /// `ui_locales`, most wanted first.
    pub ui_locales: Vec<String>,
}

impl Request {
    /// One of which nothing is read yet.
    pub(super) fn new(channel: Channel, sent: &Sent) -> Self {
        Self {
            channel,
            redirect_uri: sent.get("redirect_uri").map(ToOwned::to_owned),
            response_type: ResponseType::default(),
            nonce: None,
            challenge: None,
            prompt: std::collections::BTreeSet::new(),
            max_age: None,
            hint: None,
            claims: ClaimsParameter::default(),
            acr_values: Vec::new(),
            connection: None,
            login_hint: None,
            screen_hint: None,
            ui_locales: Vec::new(),
        }
    }

    /// Whether nothing may be shown.
    pub fn is_silent(&self) -> bool {
        self.prompt.contains(&Prompt::None)
    }
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked<'a> {
    pub(super) sent: &'a Sent,
    pub(super) client: &'a Entry<Client>,
    pub(super) site: Site<'a>,
}

impl<'a> Looked<'a> {
    pub(super) fn client(&self) -> &'a Client {
        &self.client.parsed
    }

    pub(super) fn tenant(&self) -> &'a TenantView {
        self.site.tenant
    }
}

/// The connection by which people log in to this application: the one that is asked for, or
/// else the first that is enabled.
pub fn connection_of<'a>(
    tenant: &'a TenantView,
    client: &Client,
    name: Option<&str>,
) -> Option<&'a Connection> {
    let mut connections = tenant.connections.values().map(|entry| &entry.parsed);
    connections.find(|connection| {
        let named = name.is_none_or(|name| name == connection.name);
        let database = connection.strategy == "auth0";
        named && database && connection.is_enabled_for(&client.id)
    })
}
