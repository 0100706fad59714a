//! Links in mails: reset a password, prove an address, lift a block.
//!
//! A ticket is a value of 256 bits that stands in a link and nowhere else: what is stored is its
//! digest. Looking at the page of a link changes nothing (attack PASSWORD-25); the post uses the
//! ticket up, in the commit that does what it is for (attack PASSWORD-24).
//!
//! Only a [`Proved`] changes a password, and only [`prove`] makes one: there is no way around the
//! mail (attack PASSWORD-28).

mod proof;
#[cfg(test)]
mod tests;

pub use proof::{Proved, TicketRefusal, changed_password, prove};

use super::body::{Damaged, Members, Writer};
use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind, Issuer, Revoke, User, fold};
use crate::random::{self, Random};
use crate::time::Timestamp;
use crate::write::Write;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Choosing a new password.
    ResetPassword,
    /// Proving an address.
    VerifyEmail,
    /// Lifting a block after wrong passwords.
    Unblock,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::ResetPassword, Self::VerifyEmail, Self::Unblock];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset",
            Self::VerifyEmail => "verify",
            Self::Unblock => "unblock",
        }
    }

    /// The page of its links, below the issuer.
    pub const fn path(self) -> &'static str {
        match self {
            Self::ResetPassword => "u/reset-password",
            Self::VerifyEmail => "u/email-verification",
            Self::Unblock => "u/unblock",
        }
    }

    /// How long a mailed link is good, in seconds. A reset is short: whoever finds the mail later
    /// must not get in.
    pub const fn lifetime(self) -> i64 {
        match self {
            Self::ResetPassword => 3_600,
            Self::VerifyEmail => 5 * 86_400,
            Self::Unblock => 86_400,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }
}

/// Where a person goes afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Return {
    /// `result_url`, for tickets of the Management API.
    pub url: Option<String>,
    /// `includeEmailInRedirect`.
    pub with_email: bool,
}

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// SHA-256 of the value in the link.
    pub digest: [u8; 32],
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it is about.
    pub user: UserId,
    /// The user's address at that time: where the mail went. Another one makes the ticket void.
    pub email: Option<String>,
    /// When the password had last been changed: a later change makes the ticket void.
    pub password_at: Option<Timestamp>,
    /// The application that began it.
    pub client: Option<ClientId>,
    /// Whether the link reached the user by the address, so that it is proved.
    pub proves_email: bool,
    /// Where to go afterwards.
    pub back: Return,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is void.
    pub expires_at: Timestamp,
}

/// A ticket to be made.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Whom it is about.
    pub user: &'a User,
    /// The application that began it.
    pub client: Option<ClientId>,
    /// Whether the link goes to the user's address, and nowhere else.
    pub mailed: bool,
    /// Seconds; the purpose's own for `None`.
    pub lifetime: Option<i64>,
    /// Where to go afterwards.
    pub back: Return,
}

impl<'a> NewTicket<'a> {
    /// One whose link is mailed to the user.
    pub fn mailed(purpose: Purpose, user: &'a User, client: Option<ClientId>) -> Self {
        Self {
            purpose,
            user,
            client,
            mailed: true,
            lifetime: None,
            back: Return::default(),
        }
    }
}

/// A ticket that was made. The value is in the link only.
#[derive(Debug)]
pub struct Made {
    /// The ticket.
    pub ticket: Ticket,
    /// The address of its page. It is a secret until it is used.
    pub link: String,
    /// Older tickets of the user for the same purpose end, and this one begins.
    pub writes: Vec<Write>,
}

const WHAT: &str = "ticket";
/// 43 characters of base64url: 256 bits and a bit.
const VALUE: usize = 43;

/// Makes a ticket. Its link is below `issuer`, which is the tenant's configured one, never what a
/// request's headers say (attack PASSWORD-23).
pub fn make(new: NewTicket<'_>, issuer: &Issuer, now: Timestamp, random: &mut dyn Random) -> Made {
    let value = random::url_safe(random, VALUE);
    let lifetime = new.lifetime.unwrap_or_else(|| new.purpose.lifetime());
    let ticket = Ticket {
        digest: digest_of(&value),
        purpose: new.purpose,
        user: new.user.id.clone(),
        email: new.user.email.clone(),
        password_at: new.user.last_password_reset,
        client: new.client,
        proves_email: new.mailed || new.purpose == Purpose::VerifyEmail,
        back: new.back,
        created_at: now,
        expires_at: now.plus_seconds(lifetime),
    };
    let writes = vec![
        Write::Revoke(Revoke::Group(group(ticket.purpose, &ticket.user))),
        Write::Put(ticket.to_artefact()),
    ];
    Made {
        link: issuer.join(&format!("{}?ticket={value}", new.purpose.path())),
        ticket,
        writes,
    }
}

/// The digest under which the ticket of a link is found.
pub fn digest_of(value: &str) -> [u8; 32] {
    Artefact::name(&[WHAT, value])
}

/// What a user's tickets of one purpose belong to: a new one ends the others.
fn group(purpose: Purpose, user: &UserId) -> String {
    format!("{} {user}", purpose.as_str())
}

impl Ticket {
    /// As it is stored.
    pub fn to_artefact(&self) -> Artefact {
        let body = Writer::default()
            .put("purpose", self.purpose.as_str())
            .put_some("email", self.email.as_deref())
            .time_some("password_at", self.password_at)
            .flag("proves_email", self.proves_email)
            .put_some("url", self.back.url.as_deref())
            .flag("with_email", self.back.with_email)
            .finish();
        Artefact {
            kind: ArtefactKind::Ticket,
            digest: self.digest,
            id: None,
            group: Some(group(self.purpose, &self.user)),
            user: Some(self.user.clone()),
            client: self.client.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            consumed_at: None,
            revision: 1,
            body,
        }
    }

    /// Reads what was stored.
    pub fn from_artefact(artefact: &Artefact) -> Result<Self, Damaged> {
        let body = Members::of(WHAT, &artefact.body)?;
        Ok(Self {
            digest: artefact.digest,
            purpose: body.parsed("purpose", Purpose::parse)?,
            user: artefact.user.clone().ok_or_else(|| body.damaged("user"))?,
            email: body.get_or_none("email")?,
            password_at: body.time_or_none("password_at")?,
            client: artefact.client.clone(),
            proves_email: body.flag("proves_email")?,
            back: Return {
                url: body.get_or_none("url")?,
                with_email: body.flag("with_email")?,
            },
            created_at: artefact.created_at,
            expires_at: artefact.expires_at,
        })
    }

    /// Whether the user's address is still the one that the mail went to.
    fn is_for_address_of(&self, user: &User) -> bool {
        let folded = |email: &Option<String>| email.as_deref().map(fold);
        folded(&self.email) == folded(&user.email)
    }
}
