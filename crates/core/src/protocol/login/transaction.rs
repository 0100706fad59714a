//! The stored state of a login in progress.

use cardea_jose::{b64, constant_time_eq};

use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, Body};
use crate::protocol::authorize::{Progress, Sent};
use crate::protocol::body::{Damaged, Members, Writer};
use crate::protocol::rules::Rule;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::write::Write;

/// The page that a login is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Identifier and password.
    Login,
    /// The identifier alone.
    Identifier,
    /// The password of the identifier.
    Password,
    /// The sign-up.
    Signup,
    /// The consent.
    Consent,
    /// The confirmation of the callback.
    Confirm,
}

impl Step {
    const ALL: [Self; 6] = [
        Self::Login,
        Self::Identifier,
        Self::Password,
        Self::Signup,
        Self::Consent,
        Self::Confirm,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Identifier => "identifier",
            Self::Password => "password",
            Self::Signup => "signup",
            Self::Consent => "consent",
            Self::Confirm => "confirm",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }
}

/// A login in progress. Everything that decides stands here, nothing in the page (attack
/// AUTHZ-19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginTransaction {
    /// SHA-256 of the handle that pages carry as `state`.
    pub digest: [u8; 32],
    /// The application.
    pub client: ClientId,
    /// The request.
    pub sent: Sent,
    /// SHA-256 of the cookie of the browser in which it began.
    pub browser: [u8; 32],
    /// The page that it is at.
    pub step: Step,
    /// The connection by which people log in; `None` if the application has none.
    pub connection: Option<String>,
    /// The identifier that was given or hinted.
    pub identifier: Option<String>,
    /// What the user did so far.
    pub progress: Progress,
    /// To whom which scopes are shown on the consent page.
    pub shown: Option<(UserId, Scopes)>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The stored revision; 0 for one that is not stored yet.
    pub revision: i64,
}

/// A login in progress with its handle.
#[derive(Debug, Clone)]
pub struct Pending {
    /// What pages carry as `state`.
    pub handle: String,
    /// The state.
    pub transaction: LoginTransaction,
}

/// Why a login cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// There is none, or it has expired.
    Expired,
    /// It has ended: the back button, or a second click.
    Ended,
    /// It began in another browser.
    OtherBrowser,
    /// What is stored is damaged.
    Damaged(Damaged),
}

impl Closed {
    /// The rule that refused.
    pub const fn rule(self) -> Rule {
        match self {
            Self::Expired | Self::Ended => Rule::LoginLive,
            Self::OtherBrowser => Rule::LoginBrowser,
            Self::Damaged(_) => Rule::StateReadable,
        }
    }
}

impl Pending {
    /// Opens the login that was found under `handle`, for the browser whose cookie is `browser`.
    pub fn open(
        handle: &str,
        found: Option<&Artefact>,
        browser: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Closed> {
        let artefact = found.ok_or(Closed::Expired)?;
        let transaction = LoginTransaction::from_artefact(artefact).map_err(Closed::Damaged)?;
        // whose it is comes first: another browser learns nothing else (attack AUTHZ-39)
        let cookie = browser.map(|cookie| Artefact::name(&[cookie]));
        if !cookie.is_some_and(|cookie| constant_time_eq(&cookie, &transaction.browser)) {
            return Err(Closed::OtherBrowser);
        }
        if artefact.consumed_at.is_some() {
            return Err(Closed::Ended);
        }
        if !artefact.is_live(now) {
            return Err(Closed::Expired);
        }
        Ok(Self {
            handle: handle.to_owned(),
            transaction,
        })
    }
}

const WHAT: &str = "login";

impl LoginTransaction {
    /// How long a login may take, in seconds.
    pub const LIFETIME: i64 = 3600;

    /// The digest under which the login of a handle is found.
    pub fn digest_of(handle: &str) -> [u8; 32] {
        Artefact::name(&[handle])
    }

    /// Whether the consent page is before this user.
    pub(super) fn is_shown_to(&self, user: Option<&UserId>) -> bool {
        let asking = matches!(self.step, Step::Consent | Step::Confirm);
        let shown = self.shown.as_ref().map(|(user, _)| user);
        asking && shown.is_some() && shown == user
    }

    /// The user said yes to what was shown: to nothing more (attack AUTHZ-44).
    pub(super) fn accept(&mut self) {
        match (self.step, self.shown.take()) {
            (Step::Consent, Some((_, mut scopes))) => {
                scopes.insert("openid");
                self.progress.accepted = Some(scopes);
            }
            (Step::Confirm, Some(_)) => self.progress.confirmed = true,
            _ => {}
        }
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

    /// It has ended: nobody can end it twice. One that was never stored needs no end.
    pub(super) fn end(&self, now: Timestamp) -> Option<Write> {
        (self.revision != 0).then_some(Write::Consume(ArtefactKind::Login, self.digest, now))
    }

    /// As it is stored.
    pub fn to_artefact(&self) -> Artefact {
        let shown = self.shown.as_ref();
        let body = Writer::default()
            .object("request", &self.sent.to_body())
            .put("browser", &b64::encode(&self.browser))
            .put("step", self.step.as_str())
            .put_some("connection", self.connection.as_ref())
            .put_some("identifier", self.identifier.as_ref())
            .object("progress", &progress_body(&self.progress))
            .text_some("shown_to", shown.map(|(user, _)| user))
            .text_some("shown", shown.map(|(_, scopes)| scopes))
            .finish();
        Artefact {
            kind: ArtefactKind::Login,
            digest: self.digest,
            id: None,
            group: None,
            user: self.progress.authenticated.clone(),
            client: Some(self.client.clone()),
            created_at: self.created_at,
            expires_at: self.expires_at,
            consumed_at: None,
            revision: self.revision.max(1),
            body,
        }
    }

    /// Reads what was stored.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        let digest = |text: &str| b64::decode(text).ok()?.try_into().ok();
        let shown_to = body.parsed_or_none("shown_to", UserId::parse)?;
        let client = artefact.client.clone();
        Ok(Self {
            digest: artefact.digest,
            client: client.ok_or_else(|| body.damaged("client"))?,
            sent: Sent::inside(&body, "request")?,
            browser: body.parsed("browser", digest)?,
            step: body.parsed("step", Step::parse)?,
            connection: body.get_or_none("connection")?,
            identifier: body.get_or_none("identifier")?,
            progress: progress(&body.object("progress", WHAT)?)?,
            shown: shown_to.zip(body.scopes_or_none("shown")?),
            created_at: artefact.created_at,
            expires_at: artefact.expires_at,
            revision: artefact.revision,
        })
    }
}

fn progress_body(progress: &Progress) -> Body {
    Writer::default()
        .text_some("authenticated", progress.authenticated.as_ref())
        .text_some("accepted", progress.accepted.as_ref())
        .flag("confirmed", progress.confirmed)
        .finish()
}

fn progress(body: &Members<'_>) -> Result<Progress, Damaged> {
    Ok(Progress {
        authenticated: body.parsed_or_none("authenticated", UserId::parse)?,
        accepted: body.scopes_or_none("accepted")?,
        confirmed: body.flag("confirmed")?,
    })
}
