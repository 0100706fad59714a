//! The shim that plays a disk with a volatile cache: `xtask/shim/powercut.c`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Outcome;
use crate::project::Project;
use crate::{install, shell};

pub(crate) fn compile(project: &Project) -> Outcome<PathBuf> {
    install::compiler()?;
    let source = project.root().join("xtask").join("shim").join("powercut.c");
    let library = project.workshop("shim")?.join("powercut.so");
    let mut gcc = Command::new("gcc");
    gcc.args([
        "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o",
    ]);
    shell::run(gcc.arg(&library).arg(&source).args(["-ldl", "-lpthread"]))?;
    Ok(library)
}

/// What makes a process run on that disk.
pub(crate) fn environment(library: &Path, live: &Path, durable: &Path) -> [(String, String); 3] {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    [
        ("LD_PRELOAD".to_owned(), text(library)),
        ("POWERCUT_LIVE".to_owned(), text(live)),
        ("POWERCUT_DURABLE".to_owned(), text(durable)),
    ]
}
