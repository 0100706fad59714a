//! The tests that use published SDKs against a running server, over HTTPS with the local CA.

use std::path::Path;
use std::process::Command;

use crate::failure::{Context, Outcome, fail};
use crate::folder::Folder;
use crate::install;
use crate::postgres::Postgres;
use crate::project::Project;
use crate::server::Server;
use crate::shell;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

/// Runs all of them on one database: SQLite where no server is given.
pub(crate) fn run(project: &Project, postgres: Option<&Postgres>) -> Outcome {
    let tests = project.root().join("tests").join("sdk");
    install::node(&tests.join("node"))?;
    let python = install::python(project, &tests.join("python"))?;

    let binary = project.binary()?;
    let folder = Folder::new("sdk")?;
    let url = postgres
        .map(|server| server.fresh("cardea_sdk"))
        .transpose()?;
    let mut args = vec!["--ephemeral"];
    if let Some(url) = &url {
        args.extend(["--database", url]);
    }
    let server = Server::start(&binary, folder.path(), &args, &[])?;
    println!("{} runs for the SDKs", server.told("/issuer")?);

    let node = node(&server, &tests.join("node"), folder.path())?;
    let python = python_tests(&server, &python, &tests.join("python"), folder.path())?;
    let all = node.plus(python);
    let stopped = server.stop();

    let skipped = if all.skipped > 0 {
        format!(", {} skipped", all.skipped)
    } else {
        String::new()
    };
    println!("sdk: {} passed, {} failed{skipped}", all.passed, all.failed);
    stopped?;
    if all.failed > 0 || all.passed == 0 {
        return fail(format!(
            "{} SDK tests failed, {} passed",
            all.failed, all.passed
        ));
    }
    Ok(())
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

fn node(server: &Server, tests: &Path, folder: &Path) -> Outcome<Tally> {
    let report = folder.join("node.tap");
    let mut command = Command::new("node");
    command
        .current_dir(tests)
        .args(["--test", "--test-concurrency=1"]);
    command.args(["--test-reporter=spec", "--test-reporter-destination=stdout"]);
    command
        .arg("--test-reporter=tap")
        .arg("--test-reporter-destination")
        .arg(&report);
    for file in crate::folder::files_below(&tests.join("test"))? {
        if file.to_string_lossy().ends_with(".test.mjs") {
            command.arg(file);
        }
    }
    equip(&mut command, server)?;
    let ended = shell::run(&mut command);
    let text = std::fs::read_to_string(&report).context("the report of node --test")?;
    agree(from_tap(&text), ended, "node --test")
}

fn python_tests(server: &Server, python: &Path, tests: &Path, folder: &Path) -> Outcome<Tally> {
    let report = folder.join("pytest.xml");
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
