//! One server a file (attack REL-CRASH-14): two would each believe that they alone write.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Takes the lock beside `database`; it lasts as long as the file handle.
pub(crate) fn lock(database: &Path) -> Result<File, OpenError> {
    // a link to the file is the same file
    let real = database
        .canonicalize()
        .unwrap_or_else(|_| database.to_owned());
    let mut name = real.into_os_string();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = private()
        .truncate(false)
        .open(&path)
        .map_err(|error| at(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(error)) => Err(at(&path, &error)),
    }
}

/// Makes the file, unless it is there, readable by its owner alone; SQLite gives the files
/// beside it the same mode.
pub(crate) fn create(database: &Path) -> Result<(), OpenError> {
    private()
        .truncate(false)
        .open(database)
        .map(drop)
        .map_err(|error| at(database, &error))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

fn at(path: &Path, error: &std::io::Error) -> OpenError {
    OpenError::Unreachable(format!("{}: {error}", path.display()))
}
