//! Parts of an application that flows with users read: refresh tokens, third parties, exceptions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Corrupt, Document};
use crate::id::ApiIdentifier;
use crate::scope::Scopes;

/// A named exception of one application. `cardea doctor` lists every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientFlag {
    /// `pkce: optional`: a confidential application may leave PKCE out (strict).
    PkceOptional,
    /// Tokens may come from the authorization endpoint (strict).
    FrontChannelTokens,
    /// `grant_types` may name `password` (strict).
    PasswordGrant,
    /// Callbacks may hold a wildcard as their left-most label.
    WildcardCallbacks,
    /// `id_token_claims: minimal`: claims of scopes stand at `/userinfo` alone.
    MinimalIdToken,
}

impl ClientFlag {
    /// What it lets the application do.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::PkceOptional => "it may leave PKCE out",
            Self::FrontChannelTokens => "tokens may come to it through the browser's address",
            Self::PasswordGrant => "it may ask for its users' passwords",
            Self::WildcardCallbacks => "its callbacks may hold a wildcard",
            Self::MinimalIdToken => "its ID tokens hold no claims of scopes",
        }
    }

    /// Its member of `cardea_flags` and that member's value.
    pub fn setting(self) -> (&'static str, &'static str) {
        let found = Self::TABLE.into_iter().find(|(flag, ..)| *flag == self);
        found.map_or(("", ""), |(_, member, word)| {
            (member, word.unwrap_or("true"))
        })
    }

    /// Each flag with its member of `cardea_flags` and the value that sets it.
    pub const TABLE: [(Self, &'static str, Option<&'static str>); 5] = [
        (Self::PkceOptional, "pkce", Some("optional")),
        (Self::FrontChannelTokens, "front_channel_tokens", None),
        (Self::PasswordGrant, "password_grant", None),
        (Self::WildcardCallbacks, "wildcard_callbacks", None),
        (Self::MinimalIdToken, "id_token_claims", Some("minimal")),
    ];
}

/// Reads `cardea_flags`: an object; a word for those that have one, `true` for the others.
pub(super) fn client_flags(document: &Document) -> BTreeSet<ClientFlag> {
    let set = |(_, member, word): &(ClientFlag, &str, Option<&str>)| {
        let value = document.nested(&["cardea_flags", member]);
        match word {
            Some(word) => value.and_then(Value::as_str) == Some(word),
            None => value.and_then(Value::as_bool) == Some(true),
        }
    };
    let flags = ClientFlag::TABLE.into_iter().filter(set);
    flags.map(|(flag, ..)| flag).collect()
}

/// `cardea_flags.response_modes`: the only ways in which the application gets its responses, where
/// it says so (ASVS 10.4.12, attack AUTHZ-16).
pub(super) fn response_modes(document: &Document) -> Option<BTreeSet<String>> {
    let modes = document.nested(&["cardea_flags", "response_modes"])?;
    let words = modes.as_array()?.iter().filter_map(Value::as_str);
    Some(words.map(ToOwned::to_owned).collect())
}

/// `refresh_token`: how an application's refresh tokens live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// Whether each use gives a new one.
    pub rotating: bool,
    /// For so many seconds the previous one is taken too.
    pub leeway: i64,
    /// Seconds from the first one to the end of all; `None` for no end.
    pub lifetime: Option<i64>,
    /// Seconds without use to the end; `None` for no end.
    pub idle_lifetime: Option<i64>,
    /// Other APIs that may be asked for, with which scopes (several APIs per refresh token).
    pub policies: Vec<(ApiIdentifier, Scopes)>,
}

impl RefreshPolicy {
    pub(super) fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let corrupt = || document.corrupt("refresh_token");
        let at = |member| document.nested(&["refresh_token", member]);
        let word = |member| at(member).and_then(Value::as_str);
        let number = |member, default| at(member).and_then(Value::as_i64).unwrap_or(default);
        // the infinite flags win over the figures (contract)
        let ends = word("expiration_type") == Some("expiring");
        let endless = |member| at(member).and_then(Value::as_bool).unwrap_or(!ends);
        let limit =
            |infinite, member, default| (!endless(infinite)).then(|| number(member, default));
        let policies = at("policies").and_then(Value::as_array);
        let policy = |policy: &Value| {
            let audience = policy.get("audience").and_then(Value::as_str);
            let scopes = policy.get("scope").and_then(Value::as_array);
            let scopes = scopes.into_iter().flatten().filter_map(Value::as_str);
            let audience = audience
                .and_then(ApiIdentifier::parse)
                .ok_or_else(corrupt)?;
            Ok((audience, scopes.collect()))
        };
        Ok(Self {
            rotating: word("rotation_type") == Some("rotating"),
            leeway: number("leeway", 0),
            lifetime: limit("infinite_token_lifetime", "token_lifetime", 2_592_000),
            idle_lifetime: limit(
                "infinite_idle_token_lifetime",
                "idle_token_lifetime",
                1_296_000,
            ),
            policies: policies
                .into_iter()
                .flatten()
                .map(policy)
                .collect::<Result<_, Corrupt>>()?,
        })
    }
}

/// `third_party_security_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThirdPartyMode {
    /// APIs by client grant alone: no identity, no system API, PKCE always.
    Strict,
    /// Like a first party that always asks for consent.
    Permissive,
}

impl ThirdPartyMode {
    pub(super) fn from_document(document: &Document) -> Result<Self, Corrupt> {
        match document.text_or_none("third_party_security_mode")? {
            None | Some("strict") => Ok(Self::Strict),
            Some("permissive") => Ok(Self::Permissive),
            Some(_) => Err(document.corrupt("third_party_security_mode")),
        }
    }
}

/// `redirection_policy` of a third-party application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectionPolicy {
    /// Errors are shown on a page, never sent on.
    OpenRedirectProtection,
    /// Errors go to the callback.
    AllowAlways,
}

impl RedirectionPolicy {
    pub(super) fn from_document(document: &Document) -> Result<Self, Corrupt> {
        match document.text_or_none("redirection_policy")? {
            None | Some("open_redirect_protection") => Ok(Self::OpenRedirectProtection),
            Some("allow_always") => Ok(Self::AllowAlways),
            Some(_) => Err(document.corrupt("redirection_policy")),
        }
    }
}
