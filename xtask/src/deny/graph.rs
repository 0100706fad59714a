//! What `cargo` says of the packages: their metadata, and which of them are compiled.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use crate::failure::{Context, Outcome};
use crate::project::{Project, TARGET};
use crate::shell;

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `null` for a normal one, `dev` or `build` otherwise.
    pub(crate) kind: Option<String>,
}

pub(crate) fn packages(project: &Project) -> Outcome<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let args = [
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        TARGET,
    ];
    let text = shell::read(&mut project.cargo(&args))?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata")?;
    Ok(metadata.packages)
}

/// `(name, version)` of everything compiled for `selection` (`--workspace`, or `-p` and a package),
/// with the features that this selection switches on. `cargo tree` resolves them as a build does,
/// where the lock file and `cargo metadata` also name what no build ever touches.
pub(crate) fn compiled(
    project: &Project,
    selection: &[&str],
    edges: &str,
) -> Outcome<BTreeSet<(String, String)>> {
    let tree = [
        "tree", "--locked", "--prefix", "none", "--target", TARGET, "-e", edges,
    ];
    let text = shell::read(&mut project.cargo(&[tree.as_slice(), selection].concat()))?;
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let version = words.next()?.trim_start_matches('v').to_owned();
        Some((name, version))
    };
    Ok(text.lines().filter_map(package).collect())
}
