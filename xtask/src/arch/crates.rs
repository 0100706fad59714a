//! Which crate may depend on which, and what must never reach the pure ones.

use crate::deny::{compiled, packages};
use crate::failure::Outcome;
use crate::project::Project;

/// Our crates and the ones of ours that each may use outside its tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("cardea-jose", &[]),
    ("cardea-core", &["cardea-jose"]),
    ("cardea-store", &["cardea-core", "cardea-jose"]),
    ("cardea-verifier", &["cardea-jose"]),
    (
        "cardea-server",
        &[
            "cardea-core",
            "cardea-jose",
            "cardea-store",
            "cardea-verifier",
        ],
    ),
    (
        "cardea-testkit",
        &[
            "cardea-core",
            "cardea-jose",
            "cardea-server",
            "cardea-store",
            "cardea-verifier",
        ],
    ),
    ("health-api", &["cardea-verifier"]),
    ("cardea-bench", &["cardea-jose"]),
    ("xtask", &[]),
];

/// What a crate's own normal dependencies must not bring along, directly or not.
const KEPT_OUT: &[(&str, &[&str])] = &[
    (
        "cardea-jose",
        &[
            "tokio",
            "axum",
            "hyper",
            "reqwest",
            "rusqlite",
            "tokio-postgres",
            "time",
        ],
    ),
    (
        "cardea-core",
        &[
            "tokio",
            "axum",
            "hyper",
            "http",
            "reqwest",
            "rusqlite",
            "tokio-postgres",
            "rand",
            "rand_core",
            "tracing",
        ],
    ),
    // its one TLS is to PostgreSQL; whoever speaks HTTP stands elsewhere
    ("cardea-store", &["axum", "hyper", "http", "reqwest"]),
    ("cardea-verifier", &["rusqlite", "tokio-postgres"]),
];

pub(crate) fn check(project: &Project) -> Outcome<Vec<String>> {
    let mut faults = Vec::new();
    let known = packages(project)?;
    let ours: Vec<_> = known
        .iter()
        .filter(|package| package.source.is_none())
        .collect();
    for package in &ours {
        let manifest = project.relative(&package.manifest_path);
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            faults.push(format!(
                "{manifest}: a new crate needs its arrows in xtask/src/arch/crates.rs"
            ));
            continue;
        };
        for used in &package.dependencies {
            let is_ours = ours.iter().any(|other| other.name == used.name);
            let is_test = used.kind.as_deref() == Some("dev");
            if is_ours && !is_test && !allowed.contains(&used.name.as_str()) {
                faults.push(format!(
                    "{manifest}: {} must not use {}",
                    package.name, used.name
                ));
            }
        }
    }
    for (name, kept_out) in KEPT_OUT {
        for (found, _) in compiled(project, &["-p", name], "normal")? {
            if kept_out.contains(&found.as_str()) {
                faults.push(format!(
                    "{name}: {found} must not reach it (`cargo tree -p {name} -i {found}`)"
                ));
            }
        }
    }
    Ok(faults)
}
