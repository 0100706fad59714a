//! What a data folder remembers beside its database: the seed's secrets, so that a later start
//! can write the same ready file.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cardea_core::model::Profile;
use serde::{Deserialize, Serialize};

use crate::config::write_private;

const FILE: &str = "dev-secrets.json";
const ABOUT: &str = "Ids and secrets of the example tenant, kept by `cardea dev`.";

/// The file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    about: String,
    /// Everything random in the seed follows from it.
    pub(crate) label: String,
    pub(crate) deterministic: bool,
    pub(crate) profile: Profile,
    /// The seed file's text; absent for the example tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<String>,
    /// What was seeded; absent until it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entries: Option<Entries>,
}

/// What the ready file tells of the seed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entries {
    pub(crate) management: Option<ManagementClient>,
    pub(crate) applications: Vec<Application>,
    pub(crate) apis: Vec<ApiEntry>,
    pub(crate) users: Vec<User>,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManagementClient {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) app_type: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) callbacks: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ApiEntry {
    pub(crate) name: String,
    pub(crate) identifier: String,
    pub(crate) signing_alg: String,
    pub(crate) signing_secret: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) password: String,
    #[serde(rename = "user_id")]
    pub(crate) id: String,
    pub(crate) connection: String,
}

impl Secrets {
    pub(crate) fn new(label: String, profile: Profile, deterministic: bool) -> Self {
        Self {
            about: ABOUT.to_owned(),
            label,
            deterministic,
            profile,
            seed: None,
            entries: None,
        }
    }

    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// The folder's file; `None` for a new folder.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>, String> {
        let path = Self::path(folder);
        let named = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|error| named(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(named(&error)),
        }
    }

    pub(crate) fn save(&self, folder: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        text.push('\n');
        write_private(&Self::path(folder), text.as_bytes())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("apis", &self.apis.len())
            .finish_non_exhaustive()
    }
}
