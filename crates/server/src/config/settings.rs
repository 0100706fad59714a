//! Every setting, once: the reader, the checks and `docs/configuration.md` are views of it.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// What a setting's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// Several texts: an array in TOML, separated by commas in the environment.
    Texts,
    Flag,
    Number,
}

impl Shape {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Texts => "a list of texts",
            Self::Flag => "true or false",
            Self::Number => "a whole number",
        }
    }

    const fn fits(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Text, Value::String(_))
                | (Self::Texts, Value::Array(_))
                | (Self::Flag, Value::Boolean(_))
                | (Self::Number, Value::Integer(_))
        )
    }

    /// Reads the value of an environment variable.
    fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::from(text)),
            Self::Texts => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                Some(Value::Array(items.map(Value::from).collect()))
            }
            Self::Flag => text.parse().ok().map(Value::Boolean),
            Self::Number => text.parse().ok().map(Value::Integer),
        }
    }
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Its name in the file, with its section.
    pub(super) path: &'static str,
    pub(super) shape: Shape,
    /// As the documentation shows it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the documentation's check reads it")
    )]
    pub(super) default: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the documentation's check reads it")
    )]
    pub(super) help: &'static str,
}

const fn setting(
    path: &'static str,
    shape: Shape,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        path,
        shape,
        default,
        help,
    }
}

pub(super) const LISTEN: &str = "listen";
pub(super) const BEHIND_PROXY: &str = "behind_proxy";
pub(super) const TRUSTED_PROXIES: &str = "trusted_proxies";
pub(super) const RATE_LIMITS: &str = "rate_limits";
pub(super) const MASTER_KEY_FILE: &str = "master_key_file";
pub(super) const CERT_FILE: &str = "tls.cert_file";
pub(super) const KEY_FILE: &str = "tls.key_file";
pub(super) const DATABASE_URL: &str = "database.url";
pub(super) const MAIL_URL: &str = "mail.url";
pub(super) const MAIL_FROM: &str = "mail.from";
pub(super) const MAIL_CA_FILE: &str = "mail.ca_file";
pub(super) const LOG_LEVEL: &str = "log.level";
pub(super) const LOG_FORMAT: &str = "log.format";
pub(super) const LOG_RETENTION_DAYS: &str = "log.retention_days";
pub(super) const LOG_RELAXED: &str = "log.relaxed";

pub(super) const SETTINGS: [Setting; 15] = [
    setting(
        LISTEN,
        Shape::Texts,
        "`[\"127.0.0.1:8443\"]`",
        "Addresses with ports to listen on.",
    ),
    setting(
        BEHIND_PROXY,
        Shape::Flag,
        "`false`",
        "A reverse proxy in front ends TLS: the listener speaks plain HTTP and issuers are `https://HOST/`. \
         The proxy must pass the `Host` header on.",
    ),
    setting(
        TRUSTED_PROXIES,
        Shape::Texts,
        "`[]`",
        "Addresses and ranges (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed. \
         It tells whose address is logged and rate-limited, and nothing else.",
    ),
    setting(
        RATE_LIMITS,
        Shape::Flag,
        "`true`",
        "Limits on requests per second. `cardea doctor` reports it when it is off.",
    ),
    setting(
        MASTER_KEY_FILE,
        Shape::Text,
        "none",
        "File with the master key: 32 bytes in base64 (`openssl rand -base64 32`). It seals every \
         private key and stored secret; without it the database is of no use, so keep a copy apart from \
         the database. Not readable by others. The environment variable `CARDEA__MASTER_KEY` may \
         hold the key itself instead.",
    ),
    setting(
        CERT_FILE,
        Shape::Text,
        "none",
        "PEM file of the certificate chain, the server's own first; it must be valid for every tenant's \
         host. Read again on SIGHUP.",
    ),
    setting(
        KEY_FILE,
        Shape::Text,
        "none",
        "PEM file of its private key. Not readable by others. Read again on SIGHUP.",
    ),
    setting(
        DATABASE_URL,
        Shape::Text,
        "required",
        "`sqlite:PATH` (one node) or `postgres://USER:PASSWORD@HOST/NAME` (one or many). `?sslmode=verify-full` \
         speaks TLS and verifies the server's certificate and name, by the public authorities or those of \
         `&sslrootcert=FILE`; `require` and `verify-ca` do the same. Without it, or with `disable`, nothing is \
         encrypted: for a socket or a network of your own. `prefer` and `allow` are refused.",
    ),
    setting(
        MAIL_URL,
        Shape::Text,
        "none",
        "Mail server: `smtps://USER:PASSWORD@HOST` (TLS), `smtp://USER:PASSWORD@HOST:587` (STARTTLS), or \
         `smtp://HOST?tls=none` (a relay beside the server). Without it no mail is sent: nobody can reset \
         a password. A mail is committed with what it tells of and tried again, by any node, \
         after 1, 2, 4 … 60 minutes for as long as its link is good; one that never left is an `fn` event in \
         the tenant's log.",
    ),
    setting(
        MAIL_FROM,
        Shape::Text,
        "required with `mail.url`",
        "Sender of mails: an address, or `Name <address>`.",
    ),
    setting(
        MAIL_CA_FILE,
        Shape::Text,
        "none",
        "PEM file with the certificate authority of a private mail server, trusted instead of the public ones.",
    ),
    setting(
        LOG_LEVEL,
        Shape::Text,
        "`\"info\"`",
        "What the process writes to standard error: `error`, `warn`, `info`, `debug`, `trace`, or by \
         module (`info,cardea_store=debug`). Never a secret.",
    ),
    setting(
        LOG_FORMAT,
        Shape::Text,
        "`\"text\"`",
        "`text` or `json`, one event a line.",
    ),
    setting(
        LOG_RETENTION_DAYS,
        Shape::Number,
        "`30`",
        "Tenant log events are kept for so many days (1 to 3650).",
    ),
    setting(
        LOG_RELAXED,
        Shape::Flag,
        "`false`",
        "Answer before a token's log event is durable: faster, but a crash may lose the record of the \
         last tokens, and a change that another node made holds within a second instead of with \
         the next token. `cardea doctor` reports it when it is on.",
    ),
];

/// What the environment calls a setting: `CARDEA__DATABASE__URL`.
pub(super) fn variable(path: &str) -> String {
    format!("CARDEA__{}", path.replace('.', "__").to_ascii_uppercase())
}

/// The values that were given, by setting. What is wrong is collected, not returned at the
/// first.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// The file's values, and over them the environment's.
    pub(super) fn collect(
        file: Table,
        environment: &BTreeMap<String, String>,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut values = Self::default();
        values.take("", file, problems);
        for (name, text) in environment {
            let found = SETTINGS
                .iter()
                .find(|setting| variable(setting.path) == *name);
            match found.map(|setting| (setting, setting.shape.read(text))) {
                None => problems.push(format!("there is no setting for the variable {name}")),
                Some((setting, None)) => {
                    problems.push(format!("{name} must be {}", setting.shape.name()));
                }
                Some((setting, Some(value))) => {
                    values.0.insert(setting.path, value);
                }
            }
        }
        values
    }

    fn take(&mut self, section: &str, table: Table, problems: &mut Vec<String>) {
        for (name, value) in table {
            let path = if section.is_empty() {
                name
            } else {
                format!("{section}.{name}")
            };
            let found = SETTINGS.iter().find(|setting| setting.path == path);
            match (found, value) {
                (Some(setting), value) if setting.shape.fits(&value) => {
                    self.0.insert(setting.path, value);
                }
                (Some(setting), _) => {
                    problems.push(format!("{path} must be {}", setting.shape.name()));
                }
                (None, Value::Table(inner)) if is_section(&path) => {
                    self.take(&path, inner, problems);
                }
                (None, _) => problems.push(format!("there is no setting {path}")),
            }
        }
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0
            .get(path)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn texts(&self, path: &str, problems: &mut Vec<String>) -> Option<Vec<&str>> {
        let items = self.0.get(path)?.as_array()?;
        let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
        if texts.len() != items.len() {
            problems.push(format!("{path} must be a list of texts"));
        }
        Some(texts)
    }

    pub(super) fn flag(&self, path: &str, default: bool) -> bool {
        self.0.get(path).and_then(Value::as_bool).unwrap_or(default)
    }

    pub(super) fn number(&self, path: &str, default: i64) -> i64 {
        self.0
            .get(path)
            .and_then(Value::as_integer)
            .unwrap_or(default)
    }
}

fn is_section(path: &str) -> bool {
    SETTINGS.iter().any(|setting| {
        setting
            .path
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}
