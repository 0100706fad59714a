//! What must not stand in the repository: paths of somebody's machine, addresses of package registries.
//! They tie the project to one place, and lock files pick them up unseen.

use std::process::Command;

use crate::failure::Outcome;
use crate::project::Project;
use crate::shell;

/// Each in two halves, so that this list does not find itself.
const UNWANTED: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("bash", "_jobs"),
    ("fa", "rm"),
    ("registry.", "npmjs"),
    ("pythonhosted", ".org"),
    ("pypi.", "org"),
    ("static.", "crates.io"),
    ("index.", "crates.io"),
    ("deb.", "debian"),
    ("proxy.", "golang"),
];

pub(crate) fn check(project: &Project) -> Outcome<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(project.root()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let mut faults = Vec::new();
    for name in shell::read(&mut git)?
        .split('\0')
        .filter(|name| !name.is_empty())
    {
        // Not every file is text, and a listed file may have just been removed.
        let Ok(text) = std::fs::read_to_string(project.root().join(name)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = unwanted(line) {
                faults.push(format!(
                    "{name}:{}: `{word}` must not be committed",
                    number + 1
                ));
            }
        }
    }
    Ok(faults)
}

fn unwanted(line: &str) -> Option<String> {
    let words = UNWANTED.iter().map(|(start, end)| format!("{start}{end}"));
    words.into_iter().find(|word| stands_alone(line, word))
}

/// Whether the word is there and not just a part of a longer one.
fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start + word.len()..)
            .and_then(|text| text.chars().next());
        let joined =
            |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
        !joined(before) && (!joined(after) || word.ends_with(['/', '.']) || word.contains('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::unwanted;

    #[test]
    fn unwanted_words_are_found_alone() {
        for (start, end) in super::UNWANTED {
            assert!(
                unwanted(&format!("x \"{start}{end}\" y")).is_some(),
                "{start}{end}"
            );
        }
        let machine = ["see ", "/ro", "ot/.config"].concat();
        assert!(unwanted(&machine).is_some());
        for fine in [
            "pharmacy and farming",
            "https://example.com/homework/x",
            "a framework/b",
            "crates.io",
        ] {
            assert_eq!(unwanted(fine), None, "{fine}");
        }
    }
}
