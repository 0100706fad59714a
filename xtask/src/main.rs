//! The project's commands: `cargo xtask test` and its parts.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to a person"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the clock and the environment are this tool's business"
)]

mod arch;
mod browser;
mod deny;
mod failure;
mod fault;
mod folder;
mod install;
mod postgres;
mod project;
mod runner;
mod sdk;
mod server;
mod shell;
mod suite;

use std::process::ExitCode;

use crate::failure::{Context, Outcome, fail};
use crate::fault::Plan;
use crate::project::Project;
use crate::suite::Choice;

fn help() -> String {
    format!(
        "cargo xtask COMMAND

  test [--only STEP[,STEP]] [--from STEP]
    everything that must hold, in these steps:
{}
  arch                      the architecture test alone
  deny                      licences, banned crates and sources alone
  sdk [--database sqlite|postgres]
                            the SDK tests alone, with the release binary
  browser [--database sqlite|postgres] [FILE]
                            the browser tests alone, with the release binary; FILE is a part of
                            the names of those to run
  fault [--kills N] [--cuts N] [--server BINARY]
                            kills and power cuts alone, with the release binary
  bench [ARGUMENT…]         speed and memory, in the release profile
  fmt                       formats all Rust code
  help                      this text",
        suite::describe()
    )
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match command(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Outcome {
    let project = Project::find()?;
    match words {
        ["test", rest @ ..] => suite::run(project, &choice(rest)?),
        ["arch"] => arch::run(&project),
        ["deny"] => deny::run(&project),
        ["browser", "--database", "postgres", rest @ ..] => {
            suite::browser_alone(&project, true, only(rest)?)
        }
        ["browser", "--database", "sqlite", rest @ ..] | ["browser", rest @ ..] => {
            suite::browser_alone(&project, false, only(rest)?)
        }
        ["sdk"] | ["sdk", "--database", "sqlite"] => suite::sdk_alone(&project, false),
        ["sdk", "--database", "postgres"] => suite::sdk_alone(&project, true),
        ["fault", rest @ ..] => fault::run(&project, plan(rest)?),
        ["bench", rest @ ..] => {
            let bench = ["run", "--release", "--locked", "-p", "cardea-bench", "--"];
            shell::run(&mut project.cargo(&[bench.as_slice(), rest].concat()))
        }
        ["fmt"] => shell::run(&mut project.cargo(&["fmt", "--all"])),
        [] | ["help" | "--help" | "-h"] => {
            println!("{}", help());
            Ok(())
        }
        unknown => fail(format!(
            "`{}` is not a command\n\n{}",
            unknown.join(" "),
            help()
        )),
    }
}

fn choice(words: &[&str]) -> Outcome<Choice> {
    let mut choice = Choice::default();
    for pair in words.chunks(2) {
        match pair {
            ["--only", steps] => choice.only.extend(steps.split(',').map(str::to_owned)),
            ["--from", step] => choice.from = Some((*step).to_owned()),
            other => {
                return fail(format!(
                    "`{}` is not understood\n\n{}",
                    other.join(" "),
                    help()
                ));
            }
        }
    }
    Ok(choice)
}

fn only<'a>(words: &[&'a str]) -> Outcome<Option<&'a str>> {
    match words {
        [] => Ok(None),
        [file] if !file.starts_with('-') => Ok(Some(file)),
        other => fail(format!(
            "`{}` is not understood\n\n{}",
            other.join(" "),
            help()
        )),
    }
}

fn plan(words: &[&str]) -> Outcome<Plan> {
    let mut plan = Plan::default();
    for pair in words.chunks(2) {
        match pair {
            ["--kills", number] => plan.kills = number.parse().context("--kills")?,
            ["--cuts", number] => plan.cuts = number.parse().context("--cuts")?,
            ["--server", binary] => plan.server = Some(binary.into()),
            other => {
                return fail(format!(
                    "`{}` is not understood\n\n{}",
                    other.join(" "),
                    help()
                ));
            }
        }
    }
    Ok(plan)
}
