//! Rust source as lines of code: comments gone, test code left out. Enough for `use` lines, not a parser.

use std::path::Path;

use crate::failure::{Context, Outcome};

pub(crate) fn read(file: &Path) -> Outcome<String> {
    std::fs::read_to_string(file).context(file.display())
}

pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "rs")
}

/// Whether a file holds nothing but tests.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| part == "tests") || path.ends_with("tests.rs")
}

/// The text before and from the first `#[cfg(test)]`: our test modules stand at the end of a file.
pub(crate) fn split_tests(text: &str) -> (&str, &str) {
    match text.split_once("#[cfg(test)]") {
        Some((code, tests)) => (code, tests),
        None => (text, ""),
    }
}

/// The text without `//` comments. A `//` inside a string is kept when a quote stands before it.
pub(crate) fn without_comments(text: &str) -> String {
    let code = |line: &'_ str| -> String {
        match line.split_once("//") {
            Some((before, _)) if !before.contains('"') => before.to_owned(),
            Some(_) | None => line.to_owned(),
        }
    };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The paths that a file imports, each written out: `use a::{b, c::{self, D}}` gives `a::b`, `a::c`, `a::c::D`.
/// Says of each whether it is re-exported.
pub(crate) fn imports(code: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let start = statement
            .rsplit('\n')
            .position(|line| is_use(line.trim_start()));
        let Some(back) = start else { continue };
        let lines: Vec<&str> = statement.split('\n').collect();
        let text = lines
            .get(lines.len() - 1 - back..)
            .unwrap_or_default()
            .join(" ");
        let Some((before, tree)) = text.split_once("use ") else {
            continue;
        };
        let mut paths = Vec::new();
        expand(tree.trim(), &[], &mut paths);
        found.extend(paths.into_iter().map(|path| (before.contains("pub"), path)));
    }
    found
}

fn is_use(line: &str) -> bool {
    let behind_brackets = || {
        let (visibility, rest) = line.split_once(") ")?;
        visibility.starts_with("pub(").then_some(rest)
    };
    let rest = line
        .strip_prefix("pub ")
        .or_else(behind_brackets)
        .unwrap_or(line);
    rest.starts_with("use ")
}

fn expand(tree: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let (path, group) = match tree.split_once('{') {
        Some((path, group)) => (path, Some(group.strip_suffix('}').unwrap_or(group))),
        None => (tree.split(" as ").next().unwrap_or(tree), None),
    };
    let mut whole = before.to_vec();
    let parts = path
        .split("::")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    whole.extend(parts.map(str::to_owned));
    if let Some(group) = group {
        for branch in branches(group) {
            expand(branch, &whole, found);
        }
        return;
    }
    if whole.last().is_some_and(|last| last == "self") && whole.len() > 1 {
        whole.pop();
    }
    if !tree.is_empty() {
        found.push(whole);
    }
}

/// The parts between commas that stand in no inner brackets.
fn branches(group: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let part_ends = |sign: char| {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        sign == ',' && depth == 0
    };
    group.split(part_ends).collect()
}

#[cfg(test)]
mod tests {
    use super::{imports, is_test_file, split_tests, without_comments};

    fn paths(code: &str) -> Vec<(bool, String)> {
        imports(code)
            .into_iter()
            .map(|(public, path)| (public, path.join("::")))
            .collect()
    }

    #[test]
    fn imports_are_written_out() {
        let code = "use crate::model::{Client, key::{self, Key as K},\n    tenant};\nfn f() { g(); }\npub use api::*;\npub(crate) use super::id::Id;\n";
        let expected = [
            (false, "crate::model::Client"),
            (false, "crate::model::key"),
            (false, "crate::model::key::Key"),
            (false, "crate::model::tenant"),
            (true, "api::*"),
            (true, "super::id::Id"),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(public, path)| (*public, (*path).to_owned()))
            .collect();
        assert_eq!(paths(code), expected);
    }

    #[test]
    fn comments_and_tests_are_told_from_code() {
        assert_eq!(
            without_comments("let a = 1; // use x;\n\"http://x\""),
            "let a = 1; \n\"http://x\""
        );
        assert_eq!(
            split_tests("a\n#[cfg(test)]\nmod tests {}"),
            ("a\n", "\nmod tests {}")
        );
        assert!(
            is_test_file("crates/core/tests/a.rs")
                && is_test_file("crates/core/src/token/tests.rs")
        );
        assert!(!is_test_file("crates/core/src/token.rs"));
    }
}
