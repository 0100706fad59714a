//! Other people's test runners against one server of ours: what they are told, what they report.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Context, Outcome, fail};
use crate::server::Server;
use crate::shell;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Tally {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// Says how a step went, and whether that is good enough.
    pub(crate) fn conclude(self, step: &str) -> Outcome {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        let more = if skipped > 0 {
            format!(", {skipped} skipped")
        } else {
            String::new()
        };
        println!("{step}: {passed} passed, {failed} failed{more}");
        if failed > 0 || passed == 0 {
            return fail(format!("{failed} {step} tests failed, {passed} passed"));
        }
        Ok(())
    }
}

/// What tells each client which server to use and which CA to trust. No check is switched off.
fn equip(command: &mut Command, server: &Server) -> Outcome {
    let authority = server.told("/ca_file")?;
    command.env("READY_FILE", server.ready_file());
    for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
        command.env(name, authority);
    }
    // A proxy of the machine has no business between two programs on it.
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    command
        .env_remove("NODE_TLS_REJECT_UNAUTHORIZED")
        .env_remove("NODE_OPTIONS");
    Ok(())
}

/// The files of a folder whose tests Node.js runs.
#[derive(Debug)]
pub(crate) struct NodeTests<'a> {
    pub(crate) folder: &'a Path,
    /// A script that starts what all files share, and then Node.js with the arguments after it.
    pub(crate) launcher: Option<&'a str>,
    /// Runs only files whose name contains it.
    pub(crate) filter: Option<&'a str>,
}

impl NodeTests<'_> {
    fn files(&self) -> Outcome<Vec<PathBuf>> {
        let mut files = crate::folder::files_below(&self.folder.join("test"))?;
        files.retain(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".test.mjs") && self.filter.is_none_or(|word| name.contains(word))
        });
        if files.is_empty() {
            return fail("no test file has such a name");
        }
        Ok(files)
    }
}

/// `node --test`; its report lies in `reports`.
pub(crate) fn node(server: &Server, tests: &NodeTests<'_>, reports: &Path) -> Outcome<Tally> {
    let report = reports.join("node.tap");
    let mut command = Command::new("node");
    command
        .current_dir(tests.folder)
        .args(tests.launcher)
        .args(["--test", "--test-concurrency=1", "--test-timeout=300000"])
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=tap")
        .arg("--test-reporter-destination")
        .arg(&report)
        .args(tests.files()?);
    equip(&mut command, server)?;
    let ended = shell::run(&mut command);
    let text = std::fs::read_to_string(&report).context("the report of node --test")?;
    agree(from_tap(&text), ended, "node --test")
}

/// `pytest` on a folder; its report lies in `reports`.
pub(crate) fn python(
    server: &Server,
    python: &Path,
    tests: &Path,
    reports: &Path,
) -> Outcome<Tally> {
    let report = reports.join("pytest.xml");
    let mut command = Command::new(python);
    command
        .current_dir(tests)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    command
        .arg(format!("--junit-xml={}", report.display()))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    equip(&mut command, server)?;
    let ended = shell::run(&mut command);
    let text = std::fs::read_to_string(&report).context("the report of pytest")?;
    agree(from_junit(&text), ended, "pytest")
}

/// A runner that ended badly without naming a failed test is a failure of its own.
fn agree(tally: Tally, ended: Outcome, runner: &str) -> Outcome<Tally> {
    match ended {
        Err(error) if tally.failed == 0 => fail(format!("{runner}: {error}")),
        Ok(()) if tally.passed == 0 => fail(format!("{runner} ran no test")),
        Ok(()) | Err(_) => Ok(tally),
    }
}

fn from_tap(text: &str) -> Tally {
    let count = |word: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("# {word} ")));
        line.and_then(|number| number.trim().parse().ok())
            .unwrap_or(0)
    };
    Tally {
        passed: count("pass"),
        failed: count("fail") + count("cancelled"),
        skipped: count("skipped") + count("todo"),
    }
}

fn from_junit(text: &str) -> Tally {
    let count = |word: &str| -> u32 {
        let rest = text
            .split_once(&format!(" {word}=\""))
            .map_or("", |(_, rest)| rest);
        rest.split_once('"')
            .and_then(|(number, _)| number.parse().ok())
            .unwrap_or(0)
    };
    let failed = count("failures") + count("errors");
    let skipped = count("skipped");
    Tally {
        passed: count("tests").saturating_sub(failed + skipped),
        failed,
        skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, agree, from_junit, from_tap};
    use crate::failure::fail;

    #[test]
    fn reports_are_counted() {
        let tap =
            "TAP version 13\nok 1 - a\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(
            from_tap(tap),
            Tally {
                passed: 2,
                failed: 2,
                skipped: 0
            }
        );
        let junit = r#"<testsuite name="pytest" errors="1" failures="2" skipped="1" tests="9">"#;
        assert_eq!(
            from_junit(junit),
            Tally {
                passed: 5,
                failed: 3,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_runner_that_broke_or_ran_nothing_is_a_failure() {
        let passed = Tally {
            passed: 3,
            ..Tally::default()
        };
        assert!(agree(passed, Ok(()), "runner").is_ok());
        assert!(agree(passed, fail("crashed"), "runner").is_err());
        assert!(agree(Tally::default(), Ok(()), "runner").is_err());
    }
}
