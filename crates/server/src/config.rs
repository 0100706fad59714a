//! What the operator must say before a database exists: a TOML file, and over it the
//! environment. Everything else is tenant data.

mod files;
mod master_key;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cardea_jose::{SealingKey, Secret};
use cardea_store::{DatabaseUrl, Store, StoreError, Synchronous};

use crate::app::Scheme;
use crate::mail::{self, Delivery, SmtpConfig};
use crate::peer::IpRange;
use crate::telemetry::{self, Format};
use crate::tls::PemFiles;
use settings::Values;

pub use files::{unsafe_mode, write_private};
use master_key::sealing_key;
pub use master_key::{read_sealing_key, sealing_key_text};

/// The configuration of `cardea serve` and of the commands beside it.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// TLS of its own.
    pub tls: Option<PemFiles>,
    /// A proxy in front ends TLS.
    pub behind_proxy: bool,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpRange>,
    /// Whether requests per second are limited.
    pub rate_limits: bool,
    /// The database.
    pub database: DatabaseUrl,
    /// Where mails go.
    pub mail: Delivery,
    /// What is written to standard error, and how tenant logs are kept.
    pub log: LogConfig,
    /// The file it was read from.
    pub file: Option<PathBuf>,
    master_key: MasterKey,
    /// A range of trusted proxies that is everybody.
    trusts_everybody: Option<String>,
}

/// The `log` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Levels, as `telemetry` reads them.
    pub level: String,
    /// How events are written.
    pub format: Format,
    /// How long tenant log events are kept.
    pub retention_days: u32,
    /// Whether answers go out before their log event is durable.
    pub relaxed: bool,
}

#[derive(Debug)]
enum MasterKey {
    Missing,
    File(PathBuf),
    Given(Secret<String>),
}

/// Everything that is wrong, at once.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// The variable that may hold the master key itself.
const MASTER_KEY: &str = "CARDEA__MASTER_KEY";
const PREFIX: &str = "CARDEA__";
/// The database's mark of `dev --deterministic`.
const DETERMINISTIC: &str = "deterministic";
/// Test knob: `NORMAL` makes SQLite forget acknowledged writes at a power cut, which the fault
/// tests must notice.
const FAULT_SYNCHRONOUS: &str = "CARDEA_FAULT_SQLITE_SYNCHRONOUS";

impl Config {
    /// Reads the file, if one is named, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, Problems> {
        let text = match file {
            None => String::new(),
            Some(path) => fs::read_to_string(path)
                .map_err(|error| Problems(vec![format!("{}: {error}", path.display())]))?,
        };
        let mut config = Self::read(&text, environment())?;
        config.file = file.map(Path::to_owned);
        Ok(config)
    }

    fn read(text: &str, mut environment: BTreeMap<String, String>) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let given = environment.remove(MASTER_KEY).map(Secret::new);
        let file: toml::Table = toml::from_str(text)
            .map_err(|error| Problems(vec![format!("the file is not TOML: {error}")]))?;
        let values = Values::collect(file, &environment, &mut problems);
        let config = Self::from_values(&values, given, &mut problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(Problems(problems)),
        }
    }

    fn from_values(
        values: &Values,
        given: Option<Secret<String>>,
        problems: &mut Vec<String>,
    ) -> Option<Self> {
        let listen = values.texts(settings::LISTEN, problems);
        let listen = listen.unwrap_or_else(|| vec!["127.0.0.1:8443"]);
        if listen.is_empty() {
            problems.push(format!(
                "{}: at least one address is needed",
                settings::LISTEN
            ));
        }
        let listen: Vec<SocketAddr> = parsed(settings::LISTEN, &listen, problems);
        let proxies = values
            .texts(settings::TRUSTED_PROXIES, problems)
            .unwrap_or_default();
        let trusted_proxies = parsed(settings::TRUSTED_PROXIES, &proxies, problems);
        let file = values.text(settings::MASTER_KEY_FILE).map(PathBuf::from);
        let master_key = match (given, file) {
            (Some(_), Some(_)) => {
                problems.push(format!(
                    "{MASTER_KEY} and master_key_file: only one of them"
                ));
                MasterKey::Missing
            }
            (Some(key), None) => MasterKey::Given(key),
            (None, Some(path)) => MasterKey::File(path),
            (None, None) => MasterKey::Missing,
        };
        Some(Self {
            listen,
            tls: tls(values, problems),
            behind_proxy: values.flag(settings::BEHIND_PROXY, false),
            trusted_proxies,
            rate_limits: values.flag(settings::RATE_LIMITS, true),
            mail: mail(values, problems),
            log: log(values, problems),
            database: database(values, problems)?,
            file: None,
            master_key,
            trusts_everybody: proxies
                .iter()
                .find(|range| range.ends_with("/0"))
                .map(|range| (*range).to_owned()),
        })
    }

    /// The scheme of the issuers.
    pub const fn scheme(&self) -> Scheme {
        if self.tls.is_some() || self.behind_proxy {
            Scheme::Https
        } else {
            Scheme::Http
        }
    }

    /// The key that seals what is stored.
    pub fn sealing_key(&self) -> Result<SealingKey, String> {
        match &self.master_key {
            MasterKey::Missing => Err(format!(
                "there is no master key: make one with `openssl rand -base64 32`, keep it in a \
                 file that only the server can read, and name it in master_key_file (or give \
                 {MASTER_KEY})"
            )),
            MasterKey::Given(text) => {
                sealing_key(text.expose()).map_err(|why| format!("{MASTER_KEY}: {why}"))
            }
            MasterKey::File(path) => read_sealing_key(path),
        }
    }

    /// Why `serve` must not start like this, all reasons at once.
    pub fn unsafe_settings(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Err(why) = self.sealing_key() {
            found.push(why);
        }
        let files = [
            self.file.as_ref(),
            match &self.master_key {
                MasterKey::File(path) => Some(path),
                MasterKey::Missing | MasterKey::Given(_) => None,
            },
            self.tls.as_ref().map(|tls| &tls.key_file),
            match &self.database {
                DatabaseUrl::Sqlite(path) => Some(path),
                DatabaseUrl::Postgres(_) => None,
            },
        ];
        found.extend(
            files
                .into_iter()
                .flatten()
                .filter_map(|path| unsafe_mode(path)),
        );
        if self.scheme() == Scheme::Http {
            let open = self
                .listen
                .iter()
                .filter(|address| !address.ip().is_loopback());
            found.extend(open.map(|address| {
                format!(
                    "{address} would speak plain HTTP to the network: set tls.cert_file and \
                     tls.key_file, or behind_proxy = true where a proxy ends TLS"
                )
            }));
        }
        if let Some(range) = &self.trusts_everybody {
            found.push(format!(
                "trusted_proxies: {range} is everybody, so anyone could choose the address that \
                 is logged and rate-limited"
            ));
        }
        found
    }
}

fn tls(values: &Values, problems: &mut Vec<String>) -> Option<PemFiles> {
    match (
        values.text(settings::CERT_FILE),
        values.text(settings::KEY_FILE),
    ) {
        (None, None) => None,
        (Some(cert), Some(key)) => {
            if values.flag(settings::BEHIND_PROXY, false) {
                problems.push(
                    "behind_proxy and tls: either the proxy ends TLS or the server does".to_owned(),
                );
            }
            Some(PemFiles {
                cert_file: cert.into(),
                key_file: key.into(),
            })
        }
        (Some(_), None) => {
            problems.push("tls.key_file is missing".to_owned());
            None
        }
        (None, Some(_)) => {
            problems.push("tls.cert_file is missing".to_owned());
            None
        }
    }
}

fn mail(values: &Values, problems: &mut Vec<String>) -> Delivery {
    let (url, from) = (
        values.text(settings::MAIL_URL),
        values.text(settings::MAIL_FROM),
    );
    let config = match (url, from) {
        (None, None) => return Delivery::None,
        (Some(url), Some(from)) => SmtpConfig {
            url: Secret::new(url.to_owned()),
            from: from.to_owned(),
            ca_file: values.text(settings::MAIL_CA_FILE).map(PathBuf::from),
        },
        (Some(_), None) => {
            problems.push("mail.from is missing".to_owned());
            return Delivery::None;
        }
        (None, Some(_)) => {
            problems.push("mail.url is missing".to_owned());
            return Delivery::None;
        }
    };
    if let Err(why) = mail::check(&config) {
        problems.push(why);
    }
    Delivery::Smtp(config)
}

fn log(values: &Values, problems: &mut Vec<String>) -> LogConfig {
    const DAYS: std::ops::RangeInclusive<u32> = 1..=3650;
    let level = values.text(settings::LOG_LEVEL).unwrap_or("info");
    if !telemetry::is_level(level) {
        problems.push(format!("{}: {level:?} is not a level", settings::LOG_LEVEL));
    }
    let format = match values.text(settings::LOG_FORMAT) {
        None | Some("text") => Format::Text,
        Some("json") => Format::Json,
        Some(other) => {
            problems.push(format!(
                "{}: {other:?} is neither text nor json",
                settings::LOG_FORMAT
            ));
            Format::Text
        }
    };
    let days = values.number(settings::LOG_RETENTION_DAYS, 30);
    let retention_days = u32::try_from(days).ok().filter(|days| DAYS.contains(days));
    if retention_days.is_none() {
        problems.push(format!(
            "{}: {days} is not in 1 to 3650",
            settings::LOG_RETENTION_DAYS
        ));
    }
    LogConfig {
        level: level.to_owned(),
        format,
        retention_days: retention_days.unwrap_or(30),
        relaxed: values.flag(settings::LOG_RELAXED, false),
    }
}

fn database(values: &Values, problems: &mut Vec<String>) -> Option<DatabaseUrl> {
    let Some(text) = values.text(settings::DATABASE_URL) else {
        problems.push(format!(
            "{} is missing: sqlite:PATH or postgres://…",
            settings::DATABASE_URL
        ));
        return None;
    };
    let parsed = text.parse::<DatabaseUrl>();
    if parsed.is_err() {
        // the text itself may hold a password
        problems.push(format!(
            "{} is neither sqlite:PATH nor a postgres:// URL",
            settings::DATABASE_URL
        ));
    }
    parsed.ok()
}

fn parsed<T>(path: &str, texts: &[&str], problems: &mut Vec<String>) -> Vec<T>
where
    T: std::str::FromStr<Err: fmt::Display>,
{
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        match text.parse() {
            Ok(value) => all.push(value),
            Err(why) => problems.push(format!("{path}: {text:?}: {why}")),
        }
    }
    all
}

/// The variables that are settings.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

/// Why a database of `dev --deterministic` is refused.
pub const DETERMINISTIC_DATABASE: &str =
    "the database was made by `dev --deterministic`: everybody knows its keys";

/// Whether a database was made by `dev --deterministic`.
pub async fn is_deterministic(store: &Store) -> Result<bool, StoreError> {
    Ok(store.meta(DETERMINISTIC).await?.as_deref() == Some("1"))
}

/// Marks a database as made by `dev --deterministic`.
pub async fn mark_deterministic(store: &Store) -> Result<(), StoreError> {
    store.set_meta(DETERMINISTIC, "1").await
}

/// Whether the environment says enough to do without a file.
pub fn is_in_environment() -> bool {
    std::env::var_os(settings::variable(settings::DATABASE_URL)).is_some()
}

/// What `cardea dev` writes to standard error: trouble, unless more is asked for.
pub fn dev_log_level() -> String {
    let given = std::env::var_os(settings::variable(settings::LOG_LEVEL));
    let given = given.and_then(|level| level.into_string().ok());
    given
        .filter(|level| telemetry::is_level(level))
        .unwrap_or_else(|| "warn".to_owned())
}

/// When SQLite calls a commit done: when it is on the disk, unless the fault tests ask for one
/// that forgets.
pub fn synchronous() -> Synchronous {
    let asked = std::env::var_os(FAULT_SYNCHRONOUS);
    if asked.is_some_and(|value| value == "NORMAL") {
        Synchronous::Normal
    } else {
        Synchronous::Full
    }
}
