//! `cargo xtask arch`: what the compiler does not check about the shape of the code.

mod crates;
mod modules;
mod rules;
mod sizes;
mod source;
mod words;

use crate::failure::{Outcome, none_of};
use crate::project::Project;

/// Returns what is wrong, a line each.
type Check = fn(&Project) -> Outcome<Vec<String>>;

pub(crate) fn run(project: &Project) -> Outcome {
    let checks: [(&str, Check); 5] = [
        ("arrows between crates", crates::check),
        ("arrows inside core", modules::check),
        ("sizes of files", sizes::check),
        ("rules and their tests", rules::check),
        ("words that stay at home", words::check),
    ];
    let mut faults = Vec::new();
    for (name, check) in checks {
        let found = check(project)?;
        println!(
            "{name}: {}",
            if found.is_empty() { "good" } else { "faults" }
        );
        faults.extend(found);
    }
    none_of(&faults, "faults in the architecture")
}
