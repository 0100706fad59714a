//! To an SMTP server (RFC 5321), by TLS unless the operator says otherwise.

use std::fmt;
use std::time::{Duration, SystemTime};

use cardea_jose::Secret;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;

use super::{SmtpConfig, Written};
use crate::clock::Clock;
use crate::random::SharedRandom;

/// A server that does not answer is given up after this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail server, and the name in which we write.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    random: SharedRandom,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

/// Why a mail did not leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Trying again is of no use.
    Forever(String),
    /// It may be.
    ForNow(String),
}

impl Smtp {
    /// Reads the configuration; nothing is connected yet.
    pub(super) fn new(config: &SmtpConfig) -> Result<Self, String> {
        let server = Server::parse(config.url.expose())?;
        let from: Mailbox = config
            .from
            .parse()
            .map_err(|_| format!("mail.from: {:?} is no address", config.from))?;
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
                .port(server.port)
                .timeout(Some(PATIENCE))
                .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if server.security != Security::None {
            let mut tls = TlsParameters::builder(server.host.clone());
            if let Some(file) = &config.ca_file {
                let wrong = |why: &dyn fmt::Display| format!("{}: {why}", file.display());
                let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
                let root = Certificate::from_pem(&pem).map_err(|error| wrong(&error))?;
                tls = tls
                    .certificate_store(CertificateStore::None)
                    .add_root_certificate(root);
            }
            let tls = tls.build_rustls().map_err(|error| error.to_string())?;
            transport = transport.tls(match server.security {
                Security::Implicit => Tls::Wrapper(tls),
                Security::StartTls | Security::None => Tls::Required(tls),
            });
        }
        if let Some((name, password)) = server.credentials {
            transport = transport.credentials(Credentials::new(name, password.expose().clone()));
        }
        Ok(Self {
            transport: transport.build(),
            from,
            random: SharedRandom::system(),
        })
    }

    /// Sends one mail.
    pub(super) async fn send(&self, written: &Written) -> Result<(), Failed> {
        let message = self.message(written).map_err(Failed::Forever)?;
        let sent = self.transport.send(message).await;
        sent.map(drop).map_err(|error| {
            let why = error.to_string();
            if error.is_permanent() {
                Failed::Forever(why)
            } else {
                Failed::ForNow(why)
            }
        })
    }

    fn message(&self, mail: &Written) -> Result<Message, String> {
        // an address that would add a header or a recipient does not parse (attack SIGNUP-07)
        let to: lettre::Address = mail
            .to
            .parse()
            .map_err(|_| "the address is none".to_owned())?;
        let id = self
            .random
            .with(|random| cardea_core::random::base62(random, 32));
        let millis = u64::try_from(Clock::real_now().millis()).unwrap_or(0);
        let parts = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .multipart(parts)
            .map_err(|error| error.to_string())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// None at all.
    None,
}

struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<(String, Secret<String>)>,
}

impl Server {
    /// `smtps://USER:PASSWORD@HOST:PORT`, `smtp://…` (STARTTLS), `smtp://…?tls=none`.
    fn parse(url: &str) -> Result<Self, String> {
        const SHAPE: &str = "mail.url must be smtps://USER:PASSWORD@HOST:PORT, or smtp://… for \
                             STARTTLS";
        let (scheme, rest) = url.split_once("://").ok_or(SHAPE)?;
        let (rest, query) = match rest.split_once('?') {
            None => (rest, None),
            Some((rest, query)) => (rest, Some(query)),
        };
        let rest = rest.trim_end_matches('/');
        let (security, port) = match (scheme, query) {
            ("smtps", None) => (Security::Implicit, 465),
            ("smtp", None) => (Security::StartTls, 587),
            ("smtp", Some("tls=none")) => (Security::None, 25),
            _ => return Err(SHAPE.to_owned()),
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from).map_err(|_| SHAPE.to_owned())
        };
        let (credentials, place) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((who, place)) => {
                let (name, password) = who.split_once(':').unwrap_or((who, ""));
                (
                    Some((decoded(name)?, Secret::new(decoded(password)?))),
                    place,
                )
            }
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !place.ends_with(']') => {
                (host, port.parse().map_err(|_| SHAPE.to_owned())?)
            }
            Some(_) | None => (place, port),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(SHAPE.to_owned());
        }
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1");
        if security == Security::None && credentials.is_some() && !is_here {
            return Err("mail.url: a password is not sent without TLS".to_owned());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            security,
            credentials,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_where_and_how() {
        let table = [
            (
                "smtps://mail.example",
                "mail.example",
                465,
                Security::Implicit,
            ),
            (
                "smtp://mail.example",
                "mail.example",
                587,
                Security::StartTls,
            ),
            (
                "smtp://u%40x:p%3A@mail.example:2525/",
                "mail.example",
                2525,
                Security::StartTls,
            ),
            (
                "smtp://127.0.0.1:1025?tls=none",
                "127.0.0.1",
                1025,
                Security::None,
            ),
            ("smtp://u:p@[::1]:25?tls=none", "::1", 25, Security::None),
        ];
        for (url, host, port, security) in table {
            let server = Server::parse(url).unwrap();
            let found = (server.host.as_str(), server.port, server.security);
            assert_eq!(found, (host, port, security), "{url}");
        }
        let server = Server::parse("smtp://u%40x:p%3A@mail.example").unwrap();
        let (name, password) = server.credentials.unwrap();
        assert_eq!((name.as_str(), password.expose().as_str()), ("u@x", "p:"));
        for bad in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://mail.example:many",
            "smtp://mail.example?tls=maybe",
            "smtp://u:p@mail.example?tls=none",
        ] {
            assert!(Server::parse(bad).is_err(), "{bad}");
        }
    }
}
