//! A ticket is shown: what it proves, and what follows.

use std::fmt;

use super::{Purpose, Ticket, digest_of, group};
use crate::model::{Artefact, ArtefactKind, Revoke, User, fold};
use crate::protocol::{ending, password_hash};
use crate::time::Timestamp;
use crate::write::{UserWrite, Write};

/// Why a link leads nowhere. People are told one thing for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketRefusal {
    /// There is no such ticket, or a newer one took its place.
    Unknown,
    /// It is for something else.
    OtherPurpose,
    /// It was used.
    Used,
    /// It has expired.
    Expired,
    /// The user is gone.
    NoUser,
    /// The user has another address by now.
    OtherAddress,
    /// The password was changed since.
    PasswordChanged,
    /// It cannot be read.
    Damaged,
}

impl fmt::Display for TicketRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such ticket",
            Self::OtherPurpose => "the ticket is for something else",
            Self::Used => "the ticket was used",
            Self::Expired => "the ticket has expired",
            Self::NoUser => "the ticket's user is gone",
            Self::OtherAddress => "the user has another address by now",
            Self::PasswordChanged => "the password was changed since",
            Self::Damaged => "the ticket cannot be read",
        })
    }
}

impl std::error::Error for TicketRefusal {}

/// Somebody holds a live ticket of this user. It has no other maker than [`prove`], and what a
/// ticket is for takes it.
#[derive(Debug, Clone)]
pub struct Proved {
    ticket: Ticket,
    user: User,
    at: Timestamp,
}

/// Looks at a ticket that was shown for `purpose`. `stored` is what is found under its digest,
/// `user` the stored ticket's user. For the page of a link this is all; nothing is written.
pub fn prove(
    value: &str,
    purpose: Purpose,
    (stored, user): (Option<&Artefact>, Option<&User>),
    now: Timestamp,
) -> Result<Proved, TicketRefusal> {
    let stored = stored.ok_or(TicketRefusal::Unknown)?;
    let digest = digest_of(value);
    if stored.kind != ArtefactKind::Ticket
        || !cardea_jose::constant_time_eq(&stored.digest, &digest)
    {
        return Err(TicketRefusal::Unknown);
    }
    let ticket = Ticket::from_artefact(stored).map_err(|_| TicketRefusal::Damaged)?;
    if ticket.purpose != purpose {
        return Err(TicketRefusal::OtherPurpose);
    }
    if stored.consumed_at.is_some() {
        return Err(TicketRefusal::Used);
    }
    if now >= stored.expires_at {
        return Err(TicketRefusal::Expired);
    }
    let user = user.filter(|user| user.id == ticket.user);
    let user = user.ok_or(TicketRefusal::NoUser)?;
    if !ticket.is_for_address_of(user) {
        return Err(TicketRefusal::OtherAddress);
    }
    if purpose == Purpose::ResetPassword && ticket.password_at != user.last_password_reset {
        return Err(TicketRefusal::PasswordChanged);
    }
    Ok(Proved {
        ticket,
        user: user.clone(),
        at: now,
    })
}

impl Proved {
    /// What was shown.
    pub const fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Whose it is.
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// What to write when the user chose a password with this hash. `None` for a ticket that is
    /// not for that. Everybody who was logged in as the user is logged out, and wrong passwords
    /// are forgotten. Nobody is logged in (attack PASSWORD-36), and nothing else that proves who
    /// the user is changes (attack PASSWORD-27).
    pub fn new_password(self, hash: &str, history: usize) -> Option<Vec<Write>> {
        if self.ticket.purpose != Purpose::ResetPassword {
            return None;
        }
        let mut user = self.user.clone();
        user.password = Some(password_hash::replaced(
            user.password.as_ref(),
            hash,
            history,
        ));
        user.email_verified |= self.ticket.proves_email;
        let mut writes = vec![self.consume()];
        writes.extend(changed_password(user, self.at));
        Some(writes)
    }

    /// What to write when the user's address is proved. `None` for a ticket that is not for that.
    pub fn verified_email(self) -> Option<Vec<Write>> {
        if self.ticket.purpose != Purpose::VerifyEmail {
            return None;
        }
        let mut user = self.user.clone();
        user.email_verified = true;
        user.updated_at = self.at;
        Some(vec![
            self.consume(),
            Write::User(UserWrite::Update(Box::new(user))),
        ])
    }

    /// What to write when the user lifts the block. `None` for a ticket that is not for that.
    pub fn unblocked(self) -> Option<Vec<Write>> {
        if self.ticket.purpose != Purpose::Unblock {
            return None;
        }
        let identifiers = identifiers(&self.user);
        Some(vec![self.consume(), Write::ForgetFailures(identifiers)])
    }

    const fn consume(&self) -> Write {
        Write::Consume(ArtefactKind::Ticket, self.ticket.digest, self.at)
    }
}

/// What follows from another password, whoever set it: `user` has it already. Its sessions and
/// tokens end (attack SESSION-07: a thief is out), its links too, and its wrong passwords are
/// forgotten.
pub fn changed_password(mut user: User, now: Timestamp) -> Vec<Write> {
    user.last_password_reset = Some(now);
    user.updated_at = now;
    let id = user.id.clone();
    let identifiers = identifiers(&user);
    let mut writes = vec![Write::User(UserWrite::Update(Box::new(user)))];
    writes.extend(ending::everything(&id));
    let links = [Purpose::ResetPassword, Purpose::Unblock];
    writes.extend(links.map(|purpose| Write::Revoke(Revoke::Group(group(purpose, &id)))));
    writes.push(Write::ForgetFailures(identifiers));
    writes
}

/// All that the user may be called, folded.
pub(in crate::protocol) fn identifiers(user: &User) -> Vec<String> {
    let all = [&user.email, &user.username, &user.phone_number];
    all.into_iter().flatten().map(|text| fold(text)).collect()
}
