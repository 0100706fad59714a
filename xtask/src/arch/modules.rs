//! The arrows inside core: vocabulary <- model <- write <- protocol <- login <- management.
//! Nothing imports to its right, and no file imports itself by way of others.

use std::collections::{BTreeMap, BTreeSet};

use super::source;
use crate::failure::Outcome;
use crate::folder::files_below;
use crate::project::Project;

/// From left to right; what is not named here is vocabulary and stands left of all.
const LAYERS: &[&str] = &["model", "write", "protocol", "login", "management"];

/// What a pure and synchronous crate has no words for.
const FOREIGN: &[&str] = &[
    "tokio",
    "axum",
    "hyper",
    "reqwest",
    "rusqlite",
    "tokio_postgres",
    "SystemTime",
    "Instant",
];

type Path = Vec<String>;
/// What a file re-exports: the name (`*` for all) and the path it comes from.
type Exports = Vec<(String, Path)>;
/// Every path of this crate that a file names, and whether it only passes it on.
type Mentions = Vec<(bool, Path)>;

#[derive(Debug, Default)]
struct Module {
    file: String,
    code: String,
    items: BTreeSet<String>,
    exports: Exports,
    mentions: Mentions,
}

#[derive(Debug, Default)]
struct Modules(BTreeMap<Path, Module>);

pub(crate) fn check(project: &Project) -> Outcome<Vec<String>> {
    let folder = project.root().join("crates").join("core").join("src");
    let mut sources = Vec::new();
    for path in files_below(&folder)? {
        let name = path
            .strip_prefix(&folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        if source::is_rust(&name) && !source::is_test_file(&name) {
            sources.push((name, source::read(&path)?));
        }
    }
    Ok(judge(&sources))
}

fn judge(sources: &[(String, String)]) -> Vec<String> {
    let modules = Modules::of(sources);
    let mut faults = Vec::new();
    for module in modules.0.values() {
        for word in FOREIGN
            .iter()
            .filter(|word| mentions_word(&module.code, word))
        {
            faults.push(format!(
                "core/{}: `{word}` has no place in core",
                module.file
            ));
        }
    }
    faults.extend(modules.arrows_to_the_right());
    faults.extend(modules.cycles());
    faults
}

impl Modules {
    fn of(sources: &[(String, String)]) -> Self {
        let mut modules = Self::default();
        for (file, text) in sources {
            let code = source::without_comments(source::split_tests(text).0);
            let module = Module {
                file: file.clone(),
                items: items(&code),
                code,
                ..Module::default()
            };
            modules.0.insert(module_path(file), module);
        }
        let read: Vec<_> = modules
            .0
            .keys()
            .map(|path| (path.clone(), modules.named_by(path)))
            .collect();
        for (path, (exports, mentions)) in read {
            if let Some(module) = modules.0.get_mut(&path) {
                module.exports = exports;
                module.mentions = mentions;
            }
        }
        modules
    }

    /// The re-exports and the mentions of one file.
    fn named_by(&self, at: &Path) -> (Exports, Mentions) {
        let code = self.0.get(at).map_or("", |module| module.code.as_str());
        let mut exports = Vec::new();
        let mut mentions = Vec::new();
        for (public, path) in source::imports(code) {
            let Some(path) = self.absolute(at, &path) else {
                continue;
            };
            if public && let Some(name) = path.last() {
                exports.push((name.clone(), path.clone()));
            }
            mentions.push((public, path));
        }
        for path in inline_paths(code) {
            mentions.extend(self.absolute(at, &path).map(|path| (false, path)));
        }
        (exports, mentions)
    }

    /// A path as written in a module, from the crate's root; `None` for another crate's.
    fn absolute(&self, at: &Path, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => at.clone(),
            "super" => at.split_last()?.1.to_vec(),
            child => {
                let inside: Path = at.iter().cloned().chain([child.to_owned()]).collect();
                return self
                    .0
                    .contains_key(&inside)
                    .then(|| [at.as_slice(), path].concat());
            }
        };
        for part in rest {
            if part == "super" {
                base.pop();
            } else {
                base.push(part.clone());
            }
        }
        Some(base)
    }

    /// The module in which a path's item is defined, seen through re-exports.
    fn home(&self, path: &[String], depth: u32) -> Option<Path> {
        let split = (0..=path.len()).rev().find(|end| {
            path.get(..*end)
                .is_some_and(|start| self.0.contains_key(start))
        })?;
        let module = path.get(..split)?.to_vec();
        let rest = path.get(split..)?;
        let found = self.0.get(&module)?;
        let Some(name) = rest
            .first()
            .filter(|name| depth < 8 && !found.items.contains(*name))
        else {
            return Some(module);
        };
        let through = |(exported, from): &(String, Path)| {
            let all = exported == "*";
            let start = if all {
                from.split_last()?.1
            } else {
                from.as_slice()
            };
            let next = if all { rest } else { rest.get(1..)? };
            let home = self.home(&[start, next].concat(), depth + 1)?;
            let defines = self
                .0
                .get(&home)
                .is_some_and(|module| module.items.contains(name));
            (defines || !all).then_some(home)
        };
        let mut passed_on = found
            .exports
            .iter()
            .filter(|(exported, _)| exported == name || exported == "*");
        Some(passed_on.find_map(through).unwrap_or(module))
    }

    fn arrows_to_the_right(&self) -> Vec<String> {
        let mut faults = BTreeSet::new();
        for (at, module) in self.0.iter().filter(|(at, _)| !at.is_empty()) {
            for (_, path) in module.mentions.iter().filter(|(_, path)| !path.is_empty()) {
                if layer(path) > layer(at) {
                    let path = path.join("::");
                    faults.insert(format!(
                        "core/{}: `{path}` stands to its right",
                        module.file
                    ));
                }
            }
        }
        faults.into_iter().collect()
    }

    fn cycles(&self) -> Vec<String> {
        let edges: BTreeMap<&Path, BTreeSet<Path>> = self
            .0
            .iter()
            .map(|(at, module)| (at, self.imported_by(at, module)))
            .collect();
        let reach: BTreeMap<&Path, BTreeSet<&Path>> = edges
            .keys()
            .map(|start| (*start, reachable(start, &edges)))
            .collect();
        let mut faults = BTreeSet::new();
        for (start, seen) in &reach {
            let around =
                |other: &&&Path| reach.get(**other).is_some_and(|back| back.contains(*start));
            let circle: BTreeSet<&str> = seen
                .iter()
                .filter(around)
                .filter_map(|path| self.0.get(*path).map(|module| module.file.as_str()))
                .collect();
            if circle.len() > 1 {
                let files = circle.into_iter().collect::<Vec<_>>().join(", ");
                faults.insert(format!(
                    "core: these files import each other in a circle: {files}"
                ));
            }
        }
        faults.into_iter().collect()
    }

    fn imported_by(&self, at: &Path, module: &Module) -> BTreeSet<Path> {
        let homes = module.mentions.iter().filter_map(|(public, path)| {
            let home = self.home(path, 0)?;
            // A module that passes on what its children define does not itself build on them.
            let only_passed_on = *public && home.starts_with(at);
            (home != *at && !only_passed_on).then_some(home)
        });
        homes.collect()
    }
}

fn reachable<'a>(
    start: &'a Path,
    edges: &'a BTreeMap<&'a Path, BTreeSet<Path>>,
) -> BTreeSet<&'a Path> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(next) = waiting.pop() {
        for target in edges.get(next).into_iter().flatten() {
            if seen.insert(target) {
                waiting.push(target);
            }
        }
    }
    seen
}

fn layer(path: &[String]) -> usize {
    let first = path.first().map_or("", String::as_str);
    LAYERS
        .iter()
        .position(|name| *name == first)
        .map_or(0, |position| position + 1)
}

fn module_path(file: &str) -> Path {
    let stem = file.trim_end_matches(".rs");
    let mut parts: Path = stem.split('/').map(str::to_owned).collect();
    if parts
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        parts.pop();
    }
    parts
}

/// The names that a file defines and others can see.
fn items(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in code
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("pub"))
    {
        let mut words = line.split(|sign: char| !sign.is_alphanumeric() && sign != '_');
        let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type"];
        if words.any(|word| kinds.contains(&word)) {
            found.extend(
                words
                    .find(|word| !word.is_empty() && *word != "fn")
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// Paths written in the middle of code: `crate::scope::parse(…)`, `super::Facts`, `child::decide(…)`.
fn inline_paths(code: &str) -> Vec<Path> {
    let outside = code.lines().filter(|line| !line.contains("use "));
    let text: String = outside.collect::<Vec<_>>().join("\n");
    let words = text.split(|sign: char| !sign.is_alphanumeric() && sign != '_' && sign != ':');
    let paths = words.filter(|word| word.contains("::") && !word.starts_with(':'));
    paths
        .map(|word| {
            word.split("::")
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

fn mentions_word(code: &str, word: &str) -> bool {
    code.split(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::judge;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let owned: Vec<_> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        judge(&owned)
    }

    #[test]
    fn arrows_to_the_left_are_good() {
        let files = [
            ("lib.rs", "pub mod id;\npub mod model;\npub mod protocol;"),
            ("id.rs", "pub struct Id;"),
            ("model/mod.rs", "pub mod client;\npub use client::Client;"),
            (
                "model/client.rs",
                "use crate::id::Id;\npub struct Client(Id);",
            ),
            (
                "protocol/token.rs",
                "use crate::model::Client;\npub fn decide(_: &Client) {}",
            ),
        ];
        assert_eq!(faults(&files), [""; 0]);
    }

    #[test]
    fn arrows_to_the_right_are_found_in_imports_and_in_code() {
        let import = [
            ("lib.rs", ""),
            ("id.rs", "use crate::model::Client;"),
            ("model/mod.rs", "pub struct Client;"),
        ];
        let code = [
            ("lib.rs", ""),
            ("write.rs", "fn f() { crate::protocol::run() }"),
            ("protocol/mod.rs", "pub fn run() {}"),
        ];
        assert_eq!(faults(&import).len(), 1);
        assert_eq!(faults(&code).len(), 1);
        let test = [
            ("lib.rs", ""),
            (
                "id.rs",
                "#[cfg(test)]\nmod tests { use crate::model::Client; }",
            ),
            ("model/mod.rs", "pub struct Client;"),
        ];
        assert_eq!(faults(&test), [""; 0]);
    }

    #[test]
    fn circles_are_found_also_through_re_exports() {
        let front = "pub mod a;\npub mod b;\npub use a::A;\npub use b::*;";
        let circle = [
            ("model/mod.rs", front),
            ("model/a.rs", "use super::B;\npub struct A(B);"),
            ("model/b.rs", "use crate::model::A;\npub struct B(Box<A>);"),
        ];
        let found = faults(&circle);
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("model/a.rs, model/b.rs"), "{}", found[0]);
        let line = [circle[0], circle[1], ("model/b.rs", "pub struct B;")];
        assert_eq!(faults(&line), [""; 0]);
    }

    #[test]
    fn a_parent_and_a_child_that_use_each_other_are_a_circle() {
        let files = [
            (
                "protocol/mod.rs",
                "mod child;\npub struct Facts;\npub fn decide(f: &Facts) { child::decide(f) }",
            ),
            (
                "protocol/child.rs",
                "use super::Facts;\npub(super) fn decide(_: &Facts) {}",
            ),
        ];
        assert_eq!(faults(&files).len(), 1);
    }

    #[test]
    fn foreign_words_are_found_in_code_and_not_in_comments() {
        assert_eq!(
            faults(&[("time.rs", "// not SystemTime\npub struct Time;")]),
            [""; 0]
        );
        assert_eq!(
            faults(&[("time.rs", "fn now() { std::time::SystemTime::now(); }")]).len(),
            1
        );
    }
}
