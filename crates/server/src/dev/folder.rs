//! The data folder: master key, database, certificates, secrets.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use cardea_core::model::Profile;
use cardea_core::random;
use cardea_jose::SealingKey;
use cardea_store::DatabaseUrl;
use tempfile::TempDir;

use super::DevOptions;
use super::secrets::Secrets;
use crate::config::{read_sealing_key, sealing_key_text, unsafe_mode, write_private};
use crate::random::SharedRandom;

const MASTER_KEY: &str = "master.key";
const DATABASE: &str = "cardea.db";
/// From it follow the ids and secrets of `--deterministic`. Published, so worthless.
const FIXED_LABEL: &str = "cardea dev --deterministic";

/// An open data folder.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    /// Removes a temporary folder when it is dropped.
    temporary: Option<TempDir>,
    pub(crate) sealing: SealingKey,
    pub(crate) secrets: Secrets,
}

impl Folder {
    /// Opens the folder, or makes it.
    pub(crate) fn open(options: &DevOptions, random: &SharedRandom) -> Result<Self, String> {
        let (path, temporary) = if let Some(path) = &options.folder {
            (make(path)?, None)
        } else {
            let made = tempfile::Builder::new().prefix("cardea-").tempdir();
            let made = made.map_err(|error| format!("no temporary folder: {error}"))?;
            (made.path().to_owned(), Some(made))
        };
        let sealing = master_key(&path)?;
        let secrets = match Secrets::load(&path)? {
            Some(secrets) => known(secrets, options, &path)?,
            None => new(options, &path, random)?,
        };
        Ok(Self {
            path,
            temporary,
            sealing,
            secrets,
        })
    }

    /// The database: the folder's own unless another is named.
    pub(crate) fn database(&self, options: &DevOptions) -> DatabaseUrl {
        options
            .database
            .clone()
            .unwrap_or_else(|| database(&self.path))
    }

    /// Removes a temporary folder.
    pub(crate) fn close(self) {
        if let Some(temporary) = self.temporary
            && let Err(error) = temporary.close()
        {
            tracing::warn!(%error, "the temporary folder is still there");
        }
    }
}

/// The folder's own database.
pub(crate) fn database(folder: &Path) -> DatabaseUrl {
    DatabaseUrl::Sqlite(folder.join(DATABASE))
}

/// The master key of a folder that `dev` made.
pub(crate) fn existing_master_key(folder: &Path) -> Result<SealingKey, String> {
    read_sealing_key(&folder.join(MASTER_KEY))
}

fn make(path: &Path) -> Result<PathBuf, String> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    let path = std::path::absolute(path).map_err(named)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)
        .map_err(named)?;
    Ok(path)
}

fn master_key(folder: &Path) -> Result<SealingKey, String> {
    let path = folder.join(MASTER_KEY);
    if path.exists() {
        if let Some(warning) = unsafe_mode(&path) {
            tracing::warn!("{warning}");
        }
        return read_sealing_key(&path);
    }
    // attack CRYPTO-04: a new key over old data would only hide that the old one is lost
    if folder.join(DATABASE).exists() {
        return Err(format!(
            "{} has a database but no {MASTER_KEY}: put the key back, or use another folder",
            folder.display()
        ));
    }
    let key = SealingKey::generate();
    let text = sealing_key_text(&key);
    let written = write_private(&path, text.expose().as_bytes());
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(key)
}

/// A folder keeps what it was made with.
fn known(mut secrets: Secrets, options: &DevOptions, folder: &Path) -> Result<Secrets, String> {
    let folder = folder.display();
    if let Some(profile) = options.profile
        && profile != secrets.profile
    {
        return Err(format!(
            "{folder} holds a tenant with the profile {}: use another --data for {}",
            secrets.profile.as_str(),
            profile.as_str(),
        ));
    }
    if options.deterministic != secrets.deterministic {
        return Err(if secrets.deterministic {
            format!("{folder} was made with --deterministic: say so, or use another --data")
        } else {
            format!("{folder} was made without --deterministic: use another --data")
        });
    }
    let seed = seed_text(options)?;
    if seed.is_some() && seed != secrets.seed {
        if secrets.entries.is_some() {
            return Err(format!(
                "{folder} holds a tenant from another seed: remove it, or use another --data"
            ));
        }
        secrets.seed = seed; // the start that made the folder never came so far
    }
    Ok(secrets)
}

fn new(options: &DevOptions, folder: &Path, random: &SharedRandom) -> Result<Secrets, String> {
    let label = if options.deterministic {
        FIXED_LABEL.to_owned()
    } else {
        random.with(|random| random::url_safe(random, 43))
    };
    let profile = options.profile.unwrap_or(Profile::Compat);
    let mut secrets = Secrets::new(label, profile, options.deterministic);
    secrets.seed = seed_text(options)?;
    save(&secrets, folder)?;
    Ok(secrets)
}

pub(crate) fn save(secrets: &Secrets, folder: &Path) -> Result<(), String> {
    let saved = secrets.save(folder);
    saved.map_err(|error| format!("{}: {error}", Secrets::path(folder).display()))
}

fn seed_text(options: &DevOptions) -> Result<Option<String>, String> {
    let Some(path) = &options.seed else {
        return Ok(None);
    };
    let text = fs::read_to_string(path);
    text.map(Some)
        .map_err(|error| format!("{}: {error}", path.display()))
}
