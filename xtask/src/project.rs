//! Where things lie: the checkout, the build output, the binary under test.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Context, Outcome, fail};
use crate::shell;

/// The target whose compiled graph is judged and on which releases are built.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Outcome<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let Some(root) = here.parent() else {
            return fail("the checkout was not found");
        };
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder).context("CARGO_TARGET_DIR")?,
            None => root.join("target"),
        };
        Ok(Self {
            root: root.to_owned(),
            target,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A place for what this tool makes for itself: logs, the Python environment, the shim.
    pub(crate) fn workshop(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.target.join("xtask").join(name);
        std::fs::create_dir_all(&folder).context(folder.display())?;
        Ok(folder)
    }

    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .current_dir(&self.root)
            .args(args)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The release binary; it is not built here, since a person may want to test one of their own.
    pub(crate) fn binary(&self) -> Outcome<PathBuf> {
        let binary = self.target.join("release").join("cardea");
        if binary.is_file() {
            return Ok(binary);
        }
        fail(format!(
            "{} is not there: `cargo xtask test --only build` makes it",
            binary.display()
        ))
    }

    pub(crate) fn build_binary(&self) -> Outcome {
        // the Health API is what the examples call
        let packages = ["-p", "cardea-server", "-p", "health-api"];
        let build = ["build", "--release", "--locked"];
        shell::run(&mut self.cargo(&[build.as_slice(), &packages].concat()))
    }

    pub(crate) fn relative<'a>(&self, path: &'a Path) -> std::borrow::Cow<'a, str> {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .to_string_lossy()
    }
}
