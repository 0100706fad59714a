//! `docs/rules.md` lists every rule the server decides by: no more, no less, and each with a test.

use std::collections::{BTreeMap, BTreeSet};

use super::source;
use crate::failure::Outcome;
use crate::folder::files_below;
use crate::project::Project;

const LIST: &str = "docs/rules.md";
const CODE: &str = "crates/core/src/protocol/rules.rs";

pub(crate) fn check(project: &Project) -> Outcome<Vec<String>> {
    // A file that is not there has no rules, which is a fault like any other.
    let list = source::read(&project.root().join(LIST)).unwrap_or_default();
    let code = source::read(&project.root().join(CODE)).unwrap_or_default();
    let mut tests = String::new();
    for file in files_below(&project.root().join("crates"))? {
        let name = project.relative(&file).into_owned();
        if source::is_rust(&name) && name != CODE {
            let text = source::read(&file)?;
            let of_tests = if source::is_test_file(&name) {
                &text
            } else {
                source::split_tests(&text).1
            };
            tests.push_str(of_tests);
        }
    }
    Ok(judge(&list, &code, &tests))
}

fn judge(list: &str, code: &str, tests: &str) -> Vec<String> {
    let listed = listed(list);
    let coded = coded(code);
    let mut faults = Vec::new();
    if listed.is_empty() || coded.is_empty() {
        faults.push(format!(
            "{LIST} lists {} rules, {CODE} has {}",
            listed.len(),
            coded.len()
        ));
    }
    for id in coded.keys().filter(|id| !listed.contains(*id)) {
        faults.push(format!("{LIST}: the rule {id} of {CODE} is not listed"));
    }
    for id in &listed {
        let Some(variant) = coded.get(id) else {
            faults.push(format!("{LIST}: no code decides by the rule {id}"));
            continue;
        };
        if !names(tests, id) && !names(tests, &format!("Rule::{variant}")) {
            faults.push(format!(
                "{LIST}: no test names the rule {id} (Rule::{variant})"
            ));
        }
    }
    faults
}

/// The ids in the first column of the tables, in back-quotes.
fn listed(list: &str) -> BTreeSet<String> {
    let id = |line: &str| {
        let cell = line.trim().strip_prefix('|')?.split('|').next()?.trim();
        Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned())
    };
    list.lines().filter_map(id).filter(|id| is_id(id)).collect()
}

/// The ids in code, each with its variant, the last name before it: `Self::One => "A0-one"`, `One = "A0-one"`.
fn coded(code: &str) -> BTreeMap<String, String> {
    let code = source::without_comments(source::split_tests(code).0);
    let mut found = BTreeMap::new();
    for (position, literal) in code
        .split('"')
        .enumerate()
        .filter(|(position, _)| position % 2 == 1)
    {
        let before = code.split('"').nth(position - 1).unwrap_or_default();
        let mut words = before.split(|sign: char| !sign.is_alphanumeric());
        let variant = words.rfind(|word| !word.is_empty()).unwrap_or_default();
        if is_id(literal) {
            found.insert(literal.to_owned(), variant.to_owned());
        }
    }
    found
}

fn is_id(word: &str) -> bool {
    let family = word.split('-').next().unwrap_or_default();
    let known = |sign: char| sign.is_ascii_alphanumeric() || "-._".contains(sign);
    word.contains('-')
        && family.len() > 1
        && family
            .chars()
            .all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit())
        && word.chars().all(known)
}

/// Whether a text has this name as a whole, not as the start of a longer one.
fn names(text: &str, name: &str) -> bool {
    let continues = |rest: &str| {
        rest.chars()
            .next()
            .is_some_and(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign))
    };
    text.split(name).skip(1).any(|rest| !continues(rest))
}

#[cfg(test)]
mod tests {
    use super::judge;

    const LIST: &str =
        "| id | source |\n| --- | --- |\n| `RFC6749-4.4-one` | x |\n| `A0-two` | `A0-two` |\n";
    const CODE: &str =
        "match self {\n    Self::One => \"RFC6749-4.4-one\",\n    Self::Two => {\n \"A0-two\" }\n}";

    #[test]
    fn list_code_and_tests_agree() {
        assert_eq!(
            judge(LIST, CODE, "(Rule::One, 1), (\"A0-two\", 2)"),
            [""; 0]
        );
    }

    #[test]
    fn each_disagreement_is_found() {
        let tests = "(Rule::One, 1), (Rule::Two, 2)";
        assert_eq!(
            judge(LIST, CODE, "Rule::One and Rule::TwoAndMore, A0-two-more").len(),
            1
        );
        assert_eq!(
            judge(LIST, "Self::One => \"RFC6749-4.4-one\"", tests).len(),
            1
        );
        assert_eq!(judge("| `A0-two` | |", CODE, tests).len(), 1);
        assert_eq!(judge("", "", tests).len(), 1);
    }
}
