//! Mails to users: written from templates, sent by SMTP beside the requests, or caught by `dev`.

mod inbox;
mod letter;
mod smtp;
#[cfg(test)]
mod tests;
mod texts;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
pub(crate) use inbox::Inbox;
pub(crate) use letter::Letter;
pub(crate) use texts::Kind;

/// How many mails may wait to be sent; what comes on top is dropped, and said to be.
const MOST_WAITING: usize = 1000;

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
    pub url: cardea_jose::Secret<String>,
    /// The sender: `Name <address>` or an address.
    pub from: String,
    /// Certificates to trust instead of the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// Whether the settings can be used; nothing is connected.
pub(crate) fn check(config: &SmtpConfig) -> Result<(), String> {
    smtp::Smtp::new(config).map(drop)
}

/// A mail as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// Links in it, for the inbox.
    pub(crate) links: Vec<String>,
}

/// Sends mails.
pub(crate) struct Mailer {
    way: Way,
    clock: Clock,
}

enum Way {
    None,
    Inbox(Inbox),
    Queue(mpsc::Sender<Mail>),
}

/// What sends the queue's mails; it runs until the server stops.
pub(crate) struct Postman {
    queue: mpsc::Receiver<Mail>,
    smtp: smtp::Smtp,
}

impl Mailer {
    /// The mailer, and the postman who must run for its mails to leave.
    pub(crate) fn new(
        delivery: &Delivery,
        clock: Clock,
    ) -> Result<(Self, Option<Postman>), String> {
        let (way, postman) = match delivery {
            Delivery::None => (Way::None, None),
            Delivery::Inbox => (Way::Inbox(Inbox::default()), None),
            Delivery::Smtp(config) => {
                let smtp = smtp::Smtp::new(config)?;
                let (sender, queue) = mpsc::channel(MOST_WAITING);
                (Way::Queue(sender), Some(Postman { queue, smtp }))
            }
        };
        Ok((Self { way, clock }, postman))
    }

    /// Sends a mail: it waits for nobody, and fails nobody's request.
    pub(crate) fn send(&self, letter: &Letter) {
        let mail = match letter.write() {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(%error, kind = ?letter.kind(), "a mail could not be written");
                return;
            }
        };
        match &self.way {
            Way::None => tracing::warn!(
                kind = ?letter.kind(),
                "a mail was not sent: there is no mail server in the configuration"
            ),
            Way::Inbox(inbox) => inbox.put(mail, self.clock.now()),
            Way::Queue(queue) => {
                if queue.try_send(mail).is_err() {
                    tracing::error!("a mail was dropped: too many wait for the mail server");
                }
            }
        }
    }

    /// What `dev` caught.
    pub(crate) const fn inbox(&self) -> Option<&Inbox> {
        match &self.way {
            Way::Inbox(inbox) => Some(inbox),
            Way::None | Way::Queue(_) => None,
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::None => "Mailer(none)",
            Way::Inbox(_) => "Mailer(inbox)",
            Way::Queue(_) => "Mailer(smtp)",
        })
    }
}

impl Postman {
    /// Sends until the server stops; then what is left is tried once more.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let smtp = Arc::new(self.smtp);
        while let Some(Some(mail)) = stop.run_until_cancelled(self.queue.recv()).await {
            smtp.deliver(&mail, &stop).await;
        }
        while let Ok(mail) = self.queue.try_recv() {
            smtp.deliver(&mail, &stop).await;
        }
    }
}
