//! `cargo xtask deny`: licences, banned crates and sources of everything that is compiled.

mod graph;
mod spdx;

use serde::Deserialize;

pub(crate) use graph::{Package, compiled, packages};

use crate::failure::{Context, Outcome, none_of};
use crate::project::Project;

#[derive(Debug, Deserialize)]
struct Policy {
    licences: Licences,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    crates: Vec<String>,
}

pub(crate) fn run(project: &Project) -> Outcome {
    let file = project.root().join("xtask").join("deny.toml");
    let text = std::fs::read_to_string(&file).context(file.display())?;
    let policy: Policy = toml::from_str(&text).context("xtask/deny.toml")?;

    let known = packages(project)?;
    let compiled = compiled(project, &["--workspace"], "normal,build")?;
    let mut faults = Vec::new();
    let mut judged = 0;
    for package in &known {
        if compiled.contains(&(package.name.clone(), package.version.clone())) {
            judged += 1;
            faults.extend(
                judge(&policy, package)
                    .into_iter()
                    .map(|fault| format!("{} {}: {fault}", package.name, package.version)),
            );
        }
    }
    if judged != compiled.len() {
        faults.push(format!(
            "{judged} of {} compiled packages are known",
            compiled.len()
        ));
    }
    println!("{judged} packages are compiled; advisory databases are not consulted");
    none_of(&faults, "packages may not be compiled in")
}

fn judge(policy: &Policy, package: &Package) -> Vec<String> {
    let listed = |list: &[String], name: &str| list.iter().any(|entry| entry == name);
    let mut faults = Vec::new();
    if listed(&policy.bans.crates, &package.name) {
        faults.push("is banned".to_owned());
    }
    // The registry is named by cargo itself, by this address, wherever packages are really fetched from.
    let from_registry = |source: &String| {
        source.starts_with("registry+") && source.ends_with("/rust-lang/crates.io-index")
    };
    if let Some(source) = package
        .source
        .as_ref()
        .filter(|source| !from_registry(source))
    {
        faults.push(format!("comes from {source}"));
    }
    let Some(licence) = &package.license else {
        faults.push("names no licence".to_owned());
        return faults;
    };
    let allowed = |name: &str| listed(&policy.licences.allow, name);
    let excepted = |name: &str| listed(&policy.licences.exceptions, name);
    match spdx::is_allowed(licence, &allowed, &excepted) {
        Ok(true) => {}
        Ok(false) => faults.push(format!("has the licence {licence}")),
        Err(error) => faults.push(error.to_string()),
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{Bans, Licences, Package, Policy, judge};

    fn policy() -> Policy {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Policy {
            licences: Licences {
                allow: list(&["MIT"]),
                exceptions: Vec::new(),
            },
            bans: Bans {
                crates: list(&["ring"]),
            },
        }
    }

    fn package(name: &str, licence: Option<&str>, source: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: licence.map(str::to_owned),
            source: source.map(str::to_owned),
            manifest_path: "Cargo.toml".into(),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn each_fault_is_found() {
        let registry = Some("registry+https://example.com/rust-lang/crates.io-index");
        assert!(judge(&policy(), &package("good", Some("MIT"), registry)).is_empty());
        assert!(judge(&policy(), &package("ours", Some("MIT"), None)).is_empty());
        for bad in [
            package("ring", Some("MIT"), registry),
            package("copyleft", Some("GPL-3.0-only"), registry),
            package("silent", None, registry),
            package(
                "elsewhere",
                Some("MIT"),
                Some("git+https://example.com/elsewhere"),
            ),
        ] {
            assert_eq!(judge(&policy(), &bad).len(), 1, "{}", bad.name);
        }
    }
}
