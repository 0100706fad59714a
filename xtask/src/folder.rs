//! A temporary folder that is removed when it goes out of scope.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::failure::{Context, Outcome};

static NEXT: AtomicU32 = AtomicU32::new(0);

#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(purpose: &str) -> Outcome<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cardea-{purpose}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).context(path.display())?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Every file below a folder, sorted, hidden folders and build output left out.
pub(crate) fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).context(next.display())? {
            let path = entry.context(next.display())?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_file() {
                found.push(path);
            } else if !name.starts_with('.') && name != "target" && name != "node_modules" {
                waiting.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies every file of one folder into another one, which is emptied first.
pub(crate) fn mirror(from: &Path, to: &Path) -> Outcome {
    drop(std::fs::remove_dir_all(to));
    std::fs::create_dir_all(to).context(to.display())?;
    for entry in std::fs::read_dir(from).context(from.display())? {
        let source = entry.context(from.display())?.path();
        let target = to.join(source.file_name().unwrap_or_default());
        if source.is_dir() {
            mirror(&source, &target)?;
        } else if source.is_file() {
            std::fs::copy(&source, &target).context(source.display())?;
        }
    }
    Ok(())
}
