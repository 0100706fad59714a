//! How long a file may grow before it holds two things.

use super::source;
use crate::failure::Outcome;
use crate::folder::files_below;
use crate::project::Project;

const WORTH_A_LOOK: usize = 500;
const TOO_LONG: usize = 900;

pub(crate) fn check(project: &Project) -> Outcome<Vec<String>> {
    let mut faults = Vec::new();
    for file in files_below(project.root())? {
        let name = project.relative(&file).into_owned();
        if !source::is_rust(&name) || source::is_test_file(&name) {
            continue;
        }
        let text = source::read(&file)?;
        let lines = source::split_tests(&text).0.lines().count();
        if lines > TOO_LONG {
            faults.push(format!(
                "{name}: {lines} lines of code; the ceiling is {TOO_LONG}"
            ));
        } else if lines > WORTH_A_LOOK {
            println!("  {name} has {lines} lines of code: does it hold two things?");
        }
    }
    Ok(faults)
}
