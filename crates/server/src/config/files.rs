//! Files that must not be open to everybody (attack CRYPTO-05).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Nothing for others, and no writing for the group. A group may read: that is how a secret is
/// mounted for a process that is not root.
const FORBIDDEN: u32 = 0o027;

/// Why the file's mode is unsafe, if it is.
pub fn unsafe_mode(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let open = mode & FORBIDDEN;
    (open != 0).then(|| {
        let path = path.display();
        format!(
            "{path} can be read or changed by others (mode {:03o}): chmod 600 {path}",
            mode & 0o777
        )
    })
}

/// Writes a file that only its owner can read, all of it or nothing: under another name first,
/// then renamed.
pub fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    // a file left by a crash may have another owner or mode
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(contents)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_open_to_others_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_private(&path, b"secret").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        assert_eq!(unsafe_mode(&path), None);
        for (mode, fine) in [
            (0o600, true),
            (0o400, true),
            (0o440, true),
            (0o640, true),
            (0o644, false),
            (0o660, false),
            (0o604, false),
            (0o601, false),
            (0o666, false),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(unsafe_mode(&path).is_none(), fine, "{mode:o}");
        }
        write_private(&path, b"other").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
