//! Mails to users: written from templates, committed with what they tell of, and sent by SMTP
//! beside the requests; or caught by `dev`.

mod inbox;
mod letter;
pub(crate) mod postman;
mod smtp;
#[cfg(test)]
mod tests;
mod texts;

use std::fmt;
use std::path::PathBuf;

use cardea_core::model::Mail;
use cardea_core::random::base62;
use cardea_core::write::Write;
use cardea_jose::Secret;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::random::SharedRandom;
pub(crate) use inbox::Inbox;
pub(crate) use letter::Letter;
use smtp::Smtp;
pub(crate) use texts::Kind;

/// Where mails go.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// Nowhere: each one that is dropped is a warning.
    None,
    /// They are kept in memory, for a developer to read.
    Inbox,
    /// To an SMTP server.
    Smtp(SmtpConfig),
}

/// The `mail` section of the configuration.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// `smtps://USER:PASSWORD@HOST`, or `smtp://…` with STARTTLS.
    pub url: Secret<String>,
    /// The sender: `Name <address>` or an address.
    pub from: String,
    /// Certificates to trust instead of the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// Whether the settings can be used; nothing is connected.
pub(crate) fn check(config: &SmtpConfig) -> Result<(), String> {
    Smtp::new(config).map(drop)
}

/// A letter as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// Links in it, for the inbox.
    pub(crate) links: Vec<String>,
}

/// A letter that is on its way with a commit. Who has committed says so to
/// [`Mailer::committed`].
#[must_use]
pub(crate) enum Outgoing {
    /// There is no way for it.
    Nowhere,
    /// Caught, once it is committed what it tells of.
    Caught(Written),
    /// It waits in the store for the postman.
    Waiting(Mail),
}

impl Outgoing {
    /// What to commit together with that of which it tells.
    pub(crate) fn write(&self) -> Option<Write> {
        match self {
            Self::Waiting(mail) => Some(Write::Mail(mail.clone())),
            Self::Nowhere | Self::Caught(_) => None,
        }
    }
}

/// Sends mails.
pub(crate) struct Mailer {
    way: Way,
    clock: Clock,
    random: SharedRandom,
}

enum Way {
    None,
    Inbox(Inbox),
    Smtp {
        smtp: Box<Smtp>,
        /// A mail was committed here.
        committed: Notify,
    },
}

impl Mailer {
    pub(crate) fn new(
        delivery: &Delivery,
        clock: Clock,
        random: SharedRandom,
    ) -> Result<Self, String> {
        let way = match delivery {
            Delivery::None => Way::None,
            Delivery::Inbox => Way::Inbox(Inbox::default()),
            Delivery::Smtp(config) => Way::Smtp {
                smtp: Box::new(Smtp::new(config)?),
                committed: Notify::new(),
            },
        };
        Ok(Self { way, clock, random })
    }

    /// Writes a letter. It fails nobody's request.
    pub(crate) fn write(&self, letter: &Letter) -> Outgoing {
        let kind = letter.kind();
        let written = match letter.write() {
            Ok(written) => written,
            Err(error) => {
                tracing::error!(%error, ?kind, "a mail could not be written");
                return Outgoing::Nowhere;
            }
        };
        match &self.way {
            Way::None => {
                tracing::warn!(
                    ?kind,
                    "a mail was not sent: there is no mail server in the configuration"
                );
                Outgoing::Nowhere
            }
            Way::Inbox(_) => Outgoing::Caught(written),
            Way::Smtp { .. } => self.waiting(&written, kind),
        }
    }

    fn waiting(&self, written: &Written, kind: Kind) -> Outgoing {
        let now = self.clock.now();
        match serde_json::to_string(written) {
            Ok(text) => Outgoing::Waiting(Mail {
                id: self.random.with(|random| base62(random, 22)),
                letter: Secret::new(text),
                created_at: now,
                expires_at: now.plus_seconds(kind.useful_for_s()),
            }),
            Err(error) => {
                tracing::error!(%error, ?kind, "a mail could not be written");
                Outgoing::Nowhere
            }
        }
    }

    /// What it tells of is on disk: now it may go.
    pub(crate) fn committed(&self, outgoing: Outgoing) {
        match (outgoing, &self.way) {
            (Outgoing::Caught(written), Way::Inbox(inbox)) => {
                inbox.put(written, self.clock.now());
            }
            (Outgoing::Waiting(_), Way::Smtp { committed, .. }) => committed.notify_one(),
            (Outgoing::Nowhere | Outgoing::Caught(_) | Outgoing::Waiting(_), _) => {}
        }
    }

    /// What `dev` caught.
    pub(crate) const fn inbox(&self) -> Option<&Inbox> {
        match &self.way {
            Way::Inbox(inbox) => Some(inbox),
            Way::None | Way::Smtp { .. } => None,
        }
    }

    /// The mail server, where there is one.
    const fn smtp(&self) -> Option<&Smtp> {
        match &self.way {
            Way::Smtp { smtp, .. } => Some(smtp),
            Way::None | Way::Inbox(_) => None,
        }
    }

    /// Whether a postman has anything to do.
    pub(crate) const fn needs_postman(&self) -> bool {
        self.smtp().is_some()
    }

    /// Waits until a mail is committed on this node.
    async fn committed_one(&self) {
        match &self.way {
            Way::Smtp { committed, .. } => committed.notified().await,
            Way::None | Way::Inbox(_) => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::None => "Mailer(none)",
            Way::Inbox(_) => "Mailer(inbox)",
            Way::Smtp { .. } => "Mailer(smtp)",
        })
    }
}
