//! What a user let an application have, remembered (auth-semantics section 5).

#[cfg(test)]
mod tests;

use super::authorize::redirect;
use super::body::{Damaged, Members, Writer};
use super::rules::Rule;
use super::trace::{Subject, Trace, Verdict};
use super::user_scopes::{Resolved, STANDARD};
use crate::id::{ApiIdentifier, ClientId, ConsentId, UserId};
use crate::model::{Api, Artefact, ArtefactKind, Client, Settings};
use crate::random::Random;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::write::Write;

/// The end of 9999: a consent lasts until somebody takes it back.
const FOREVER: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// What a user let an application have at an API (`/api/v2/grants`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    /// Its id. Refresh tokens that rest on it end with it.
    pub id: ConsentId,
    /// Whose.
    pub user: UserId,
    /// For which application.
    pub client: ClientId,
    /// At which API; `None` for the identity alone.
    pub audience: Option<ApiIdentifier>,
    /// The scopes.
    pub scopes: Scopes,
    /// When it was first given.
    pub created_at: Timestamp,
    /// The stored revision; 0 for one that is not stored yet.
    pub revision: i64,
}

const WHAT: &str = "consent";

impl ConsentRecord {
    /// The digest by which the consent of a user for an application and an API is found.
    pub fn digest_of(
        user: &UserId,
        client: &ClientId,
        audience: Option<&ApiIdentifier>,
    ) -> [u8; 32] {
        let audience = audience.map_or("", ApiIdentifier::as_str);
        Artefact::name(&["consent", user.as_str(), client.as_str(), audience])
    }

    /// One that says nothing yet.
    pub fn new(
        user: UserId,
        client: ClientId,
        audience: Option<ApiIdentifier>,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Self {
        Self {
            id: ConsentId::new(random),
            user,
            client,
            audience,
            scopes: Scopes::default(),
            created_at: now,
            revision: 0,
        }
    }

    /// Adds scopes; what was given before stays.
    #[must_use]
    pub fn with(mut self, scopes: &Scopes) -> Self {
        scopes.iter().for_each(|scope| self.scopes.insert(scope));
        self
    }

    /// Stored anew, or in its place as it was read.
    pub fn write(&self) -> Write {
        let artefact = self.to_artefact();
        if self.revision == 0 {
            Write::Put(artefact)
        } else {
            Write::Replace(artefact)
        }
    }

    /// As it is stored.
    pub fn to_artefact(&self) -> Artefact {
        Artefact {
            kind: ArtefactKind::Consent,
            digest: Self::digest_of(&self.user, &self.client, self.audience.as_ref()),
            id: Some(self.id.to_string()),
            group: None,
            user: Some(self.user.clone()),
            client: Some(self.client.clone()),
            created_at: self.created_at,
            expires_at: FOREVER,
            consumed_at: None,
            revision: self.revision.max(1),
            body: Writer::default()
                .text_some("audience", self.audience.as_ref())
                .text("scope", &self.scopes)
                .finish(),
        }
    }

    /// Reads what was stored.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        let id = artefact.id.as_deref().and_then(ConsentId::parse);
        let (user, client) = (artefact.user.clone(), artefact.client.clone());
        Ok(Self {
            id: id.ok_or_else(|| body.damaged("id"))?,
            user: user.ok_or_else(|| body.damaged("user"))?,
            client: client.ok_or_else(|| body.damaged("client"))?,
            audience: body.parsed_or_none("audience", ApiIdentifier::parse)?,
            scopes: body.scopes("scope")?,
            created_at: artefact.created_at,
            revision: artefact.revision,
        })
    }
}

/// What is asked of the consent rules.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The application.
    pub client: &'a Client,
    /// What it would get.
    pub resolved: &'a Resolved,
    /// The consent that is stored.
    pub stored: Option<&'a ConsentRecord>,
    /// Where the response goes, where it goes by a browser.
    pub redirect_uri: Option<&'a str>,
    /// `prompt=consent`.
    pub asks_again: bool,
}

/// Whether the user must be asked.
pub fn is_needed(question: Question<'_>, trace: &mut Trace) -> bool {
    let (rule, needed) = rule(question);
    let verdict = if needed {
        Verdict::Refused
    } else {
        Verdict::Passed
    };
    trace.push(rule, Subject::Request, verdict);
    needed
}

fn rule(question: Question<'_>) -> (Rule, bool) {
    let Question {
        client, resolved, ..
    } = question;
    if question.asks_again {
        return (Rule::PromptConsent, true);
    }
    let skips = |api: &Api| api.skip_consent;
    let api = resolved.api.as_ref().map(|entry| &entry.parsed);
    if client.first_party && api.is_none_or(skips) {
        return (Rule::ConsentFirstParty, false);
    }
    // RFC 8252 8.6: whoever holds the scheme or the port may be somebody else each time
    let nobody = client.is_public() && !question.redirect_uri.is_some_and(redirect::is_verifiable);
    if !client.first_party && nobody {
        return (Rule::ConsentUnverifiable, true);
    }
    match question.stored {
        Some(stored) if resolved.scopes.is_subset(&stored.scopes) => {
            (Rule::ConsentRemembered, false)
        }
        Some(_) | None => (Rule::ConsentNeeded, true),
    }
}

/// Whether the user must confirm a callback that others could receive (auth-semantics 5.5): off
/// unless the application, or else the tenant, turns the question on.
pub fn needs_confirmation(client: &Client, settings: &Settings, redirect_uri: &str) -> bool {
    let skips = client
        .skip_confirmation
        .or(settings.login.skip_confirmation);
    skips == Some(false) && !redirect::is_verifiable(redirect_uri)
}

/// What the consent page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentPage {
    /// The application's name, bounded and without tricks of writing (attack AUTHZ-47).
    pub client_name: String,
    /// Whether it is the tenant's own.
    pub first_party: bool,
    /// The host that will get the response; `None` for a private scheme.
    pub host: Option<String>,
    /// The API's name, or else its identifier.
    pub api: Option<String>,
    /// What is asked for, in order. Empty where the user only confirms the callback.
    pub items: Vec<ConsentItem>,
}

/// One scope on the consent page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentItem {
    /// The scope.
    pub scope: String,
    /// The API's words for it. Standard scopes have ours, in the page's language.
    pub description: Option<String>,
    /// Whether it is one of OIDC's.
    pub standard: bool,
    /// Whether it was given before.
    pub given: bool,
}

/// What the page shows: the union of what was given and what is asked for (5.4).
pub fn page(question: Question<'_>) -> ConsentPage {
    let Question {
        client, resolved, ..
    } = question;
    let api = resolved.api.as_ref().map(|entry| &entry.parsed);
    let empty = Scopes::default();
    let before = question.stored.map_or(&empty, |stored| &stored.scopes);
    let mut union = resolved.scopes.clone();
    before.iter().for_each(|scope| union.insert(scope));
    let item = |scope: &str| ConsentItem {
        scope: scope.to_owned(),
        description: api.and_then(|api| api.descriptions.get(scope).cloned()),
        standard: STANDARD.contains(&scope) || scope == "offline_access",
        given: before.contains(scope),
    };
    ConsentPage {
        client_name: display_name(&client.name),
        first_party: client.first_party,
        host: question
            .redirect_uri
            .and_then(redirect::host)
            .map(ToOwned::to_owned),
        api: api.map(|api| {
            let name = api.name.clone().filter(|name| !name.is_empty());
            display_name(&name.unwrap_or_else(|| api.identifier.to_string()))
        }),
        items: union
            .iter()
            .filter(|scope| *scope != "openid")
            .map(item)
            .collect(),
    }
}

/// A name that cannot pretend: no control or direction characters, at most 100 letters.
pub fn display_name(name: &str) -> String {
    let tricks = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}')
    };
    name.chars().filter(|c| !tricks(*c)).take(100).collect()
}
