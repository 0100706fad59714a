//! Which installation a command is about.

use std::path::{Path, PathBuf};

use cardea_core::model::{Kind, TenantRecord};
use cardea_core::time::Timestamp;
use cardea_jose::SealingKey;
use cardea_store::{DatabaseUrl, Options, Store, Synchronous};
use clap::Args;

use super::Failure;
use crate::app::Scheme;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::dev;

/// Where `cardea dev` keeps things unless it is told otherwise.
pub(super) const DEV_FOLDER: &str = "cardea-data";

#[derive(Debug, Clone, Default, Args)]
pub(super) struct PlaceArgs {
    /// The configuration file of `cardea serve`.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
    /// The data folder of `cardea dev` [default: ./cardea-data, if it exists].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The database of `cardea dev --database`.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    database: Option<DatabaseUrl>,
}

/// An installation.
#[derive(Debug)]
pub(super) enum Place {
    /// Of `cardea serve`.
    Configured(Box<Config>),
    /// Of `cardea dev`.
    Folder {
        path: PathBuf,
        database: DatabaseUrl,
    },
}

impl PlaceArgs {
    /// The installation that is named, or the one that is there.
    pub(super) fn find(&self) -> Result<Place, Failure> {
        if let Some(path) = &self.data {
            return Ok(self.folder(path));
        }
        if let Some(path) = &self.config {
            return Ok(Place::Configured(Box::new(Config::load(Some(path))?)));
        }
        if config::is_in_environment() {
            return Ok(Place::Configured(Box::new(Config::load(None)?)));
        }
        let default = Path::new(DEV_FOLDER);
        if default.is_dir() {
            return Ok(self.folder(default));
        }
        Err(Failure::new(
            "which installation? Name its --config FILE, or its --data DIR if `cardea dev` made it",
        ))
    }

    fn folder(&self, path: &Path) -> Place {
        let database = self
            .database
            .clone()
            .unwrap_or_else(|| dev::database_of(path));
        Place::Folder {
            path: path.to_owned(),
            database,
        }
    }
}

/// An open installation.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) tenants: Vec<TenantRecord>,
    pub(super) scheme: Scheme,
    /// Whether `cardea dev` made it.
    pub(super) is_dev: bool,
    pub(super) now: Timestamp,
}

impl Place {
    pub(super) const fn database(&self) -> &DatabaseUrl {
        match self {
            Self::Configured(config) => &config.database,
            Self::Folder { database, .. } => database,
        }
    }

    pub(super) fn sealing_key(&self) -> Result<SealingKey, Failure> {
        match self {
            Self::Configured(config) => config.sealing_key().map_err(Failure::new),
            Self::Folder { path, .. } => dev::master_key_of(path).map_err(Failure::new),
        }
    }

    /// Opens it beside whatever serves it.
    pub(super) async fn open(&self) -> Result<Opened, Failure> {
        let store = Store::open(Options {
            url: self.database().clone(),
            sealing: self.sealing_key()?,
            synchronous: Synchronous::Full,
            exclusive: false,
            migrate: false,
        })
        .await?;
        let tenants: Vec<TenantRecord> = store
            .tenants()
            .await?
            .into_iter()
            .map(|(record, _)| record)
            .collect();
        let scheme = match self {
            Self::Configured(config) => config.scheme(),
            Self::Folder { .. } => scheme_of(&store, &tenants).await?,
        };
        let is_dev = matches!(self, Self::Folder { .. });
        Ok(Opened {
            store,
            tenants,
            scheme,
            is_dev,
            now: Clock::system().now(),
        })
    }
}

/// A data folder is served as it was last time: its Management API's identifier says how.
async fn scheme_of(store: &Store, tenants: &[TenantRecord]) -> Result<Scheme, Failure> {
    let Some(record) = tenants.first() else {
        return Ok(Scheme::Https);
    };
    let (_, documents) = store.tenant(&record.id).load().await?;
    let is_plain = documents
        .iter()
        .filter(|document| document.kind == Kind::Api)
        .any(|api| {
            let text = |member| api.body.get(member).and_then(serde_json::Value::as_str);
            text("system").is_some()
                && text("identifier").is_some_and(|identifier| identifier.starts_with("http://"))
        });
    Ok(if is_plain {
        Scheme::Http
    } else {
        Scheme::Https
    })
}

impl Opened {
    /// The tenant with this name; without a name the only one, or `dev`.
    pub(super) fn tenant(&self, name: Option<&str>) -> Result<&TenantRecord, Failure> {
        let names = || {
            let names: Vec<&str> = self
                .tenants
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            names.join(", ")
        };
        if let Some(name) = name {
            let found = self.tenants.iter().find(|known| known.name == name);
            return found.ok_or_else(|| {
                Failure::new(format!(
                    "there is no tenant {name:?}; there are: {}",
                    names()
                ))
            });
        }
        if let [only] = self.tenants.as_slice() {
            return Ok(only);
        }
        let dev = self
            .tenants
            .iter()
            .find(|known| self.is_dev && known.name == "dev");
        dev.ok_or_else(|| {
            Failure::new(if self.tenants.is_empty() {
                "there is no tenant yet: `cardea tenant create NAME --host HOST`".to_owned()
            } else {
                format!("which tenant? --tenant is one of: {}", names())
            })
        })
    }
}
