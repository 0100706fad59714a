//! `cargo xtask test`: every step in the order of a developer's patience, stopping at the first that fails.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::{Outcome, fail};
use crate::postgres::Postgres;
use crate::project::Project;
use crate::{arch, browser, deny, fault, install, sdk, shell};

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Suite) -> Outcome,
}

const STEPS: &[Step] = &[
    Step {
        name: "tools",
        about: "install what is missing",
        run: tools,
    },
    Step {
        name: "fmt",
        about: "the format",
        run: fmt,
    },
    Step {
        name: "clippy",
        about: "lints, as errors",
        run: clippy,
    },
    Step {
        name: "arch",
        about: "arrows, sizes, rules, words",
        run: |suite| arch::run(&suite.project),
    },
    Step {
        name: "deny",
        about: "licences, banned crates, sources",
        run: |suite| deny::run(&suite.project),
    },
    Step {
        name: "test",
        about: "all Rust tests, on SQLite and PostgreSQL",
        run: test,
    },
    Step {
        name: "doc",
        about: "the documentation builds without a warning",
        run: doc,
    },
    Step {
        name: "build",
        about: "the release binary",
        run: |suite| suite.project.build_binary(),
    },
    Step {
        name: "sdk-sqlite",
        about: "published SDKs, on SQLite",
        run: |suite| sdk::run(&suite.project, None),
    },
    Step {
        name: "sdk-postgres",
        about: "published SDKs, on PostgreSQL",
        run: sdk_postgres,
    },
    Step {
        name: "browser",
        about: "pages and SDKs in a real browser",
        run: |suite| browser::run(&suite.project, None, None),
    },
    Step {
        name: "fault",
        about: "kills and power cuts",
        run: |suite| fault::run(&suite.project, fault::Plan::default()),
    },
];

struct Suite {
    project: Project,
    /// Started by the first step that needs it, stopped when the suite ends, however it ends.
    postgres: Option<Postgres>,
}

impl Suite {
    fn postgres(&mut self) -> Outcome<&Postgres> {
        let started = match self.postgres.take() {
            Some(running) => running,
            None => Postgres::start(install::database()?)?,
        };
        Ok(self.postgres.insert(started))
    }
}

/// Which steps to run: all, those after `--only`, or those from `--from` on.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) only: Vec<String>,
    pub(crate) from: Option<String>,
}

pub(crate) fn describe() -> String {
    let lines = STEPS
        .iter()
        .map(|step| format!("    {:<13} {}", step.name, step.about));
    lines.collect::<Vec<_>>().join("\n")
}

fn chosen(choice: &Choice) -> Outcome<Vec<&'static Step>> {
    for name in choice.only.iter().chain(&choice.from) {
        if !STEPS.iter().any(|step| step.name == name) {
            return fail(format!(
                "there is no step `{name}`; the steps are\n{}",
                describe()
            ));
        }
    }
    let only =
        |step: &&Step| choice.only.is_empty() || choice.only.iter().any(|name| name == step.name);
    let before = |step: &&Step| choice.from.as_deref().is_some_and(|from| step.name != from);
    Ok(STEPS.iter().skip_while(before).filter(only).collect())
}

pub(crate) fn run(project: Project, choice: &Choice) -> Outcome {
    let steps = chosen(choice)?;
    let mut suite = Suite {
        project,
        postgres: None,
    };
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut ended = Ok(());
    for step in steps {
        println!("\n=== {}: {}", step.name, step.about);
        let since = Instant::now();
        ended = (step.run)(&mut suite);
        times.push((step.name, since.elapsed()));
        if let Err(error) = ended {
            ended = fail(format!("step `{}` failed: {error}", step.name));
            break;
        }
        println!(
            "--- {} took {:.1} s",
            step.name,
            since.elapsed().as_secs_f64()
        );
    }
    println!("\nstep             seconds");
    for (name, time) in &times {
        println!("{name:<13} {:>10.1}", time.as_secs_f64());
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("{:<13} {:>10.1}", "together", total.as_secs_f64());
    if ended.is_ok() {
        println!("\nevery step passed");
    }
    ended
}

fn tools(suite: &mut Suite) -> Outcome {
    let tests = suite.project.root().join("tests");
    let sdk = tests.join("sdk");
    println!("PostgreSQL: {}", install::database()?.display());
    install::compiler()?;
    install::chromium()?;
    install::node(&sdk.join("node"))?;
    install::node(&tests.join("browser"))?;
    install::python(&suite.project, &sdk.join("python"))?;
    for (program, flag) in [
        ("cargo", "-V"),
        ("gcc", "-dumpversion"),
        ("node", "-v"),
        ("python3", "-V"),
        ("chromium", "--version"),
    ] {
        print!(
            "{program}: {}",
            shell::read(Command::new(program).arg(flag))?
        );
    }
    Ok(())
}

fn fmt(suite: &mut Suite) -> Outcome {
    shell::run(&mut suite.project.cargo(&["fmt", "--all", "--check"]))
}

fn clippy(suite: &mut Suite) -> Outcome {
    let args = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    shell::run(&mut suite.project.cargo(&args))
}

fn test(suite: &mut Suite) -> Outcome {
    let url = suite.postgres()?.fresh("cardea_test")?;
    let mut command = suite.project.cargo(&["test", "--workspace", "--locked"]);
    command.env("CARDEA_TEST_POSTGRES", url);
    match contracts(&suite.project) {
        Some(folder) => {
            command.env("CARDEA_CONTRACTS", folder);
        }
        None => println!("CARDEA_CONTRACTS is not set: the contract tests are skipped"),
    }
    shell::run(&mut command)
}

/// The official API contracts are not ours to publish; where they lie beside the checkout they are used.
fn contracts(project: &Project) -> Option<PathBuf> {
    if let Some(told) = std::env::var_os("CARDEA_CONTRACTS") {
        return std::path::absolute(told).ok();
    }
    let beside = project.root().parent()?.join("shared").join("contracts");
    beside.is_dir().then_some(beside)
}

fn doc(suite: &mut Suite) -> Outcome {
    let mut command = suite
        .project
        .cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    shell::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn sdk_postgres(suite: &mut Suite) -> Outcome {
    suite.postgres()?;
    sdk::run(&suite.project, suite.postgres.as_ref())
}

/// `cargo xtask sdk`: the SDK tests alone, on one database.
pub(crate) fn sdk_alone(project: &Project, on_postgres: bool) -> Outcome {
    sdk::run(project, started(on_postgres)?.as_ref())
}

/// `cargo xtask browser`: the browser tests alone, on one database.
pub(crate) fn browser_alone(project: &Project, on_postgres: bool, filter: Option<&str>) -> Outcome {
    browser::run(project, started(on_postgres)?.as_ref(), filter)
}

fn started(wanted: bool) -> Outcome<Option<Postgres>> {
    wanted
        .then(|| Postgres::start(install::database()?))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::{Choice, chosen};

    fn names(only: &[&str], from: Option<&str>) -> Vec<&'static str> {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        let choice = Choice {
            only,
            from: from.map(str::to_owned),
        };
        chosen(&choice)
            .unwrap()
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn steps_are_chosen_by_name() {
        assert_eq!(names(&["deny", "fmt"], None), ["fmt", "deny"]);
        assert_eq!(
            names(&[], Some("sdk-postgres")),
            ["sdk-postgres", "browser", "fault"]
        );
        assert_eq!(names(&[], None).len(), super::STEPS.len());
        assert!(
            chosen(&Choice {
                only: vec!["nonsense".to_owned()],
                from: None
            })
            .is_err()
        );
    }
}
