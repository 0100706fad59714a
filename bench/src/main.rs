//! Speed and memory of the release binary, as ratios to a limit that is measured in the same run.
//! `docs/performance.md` tells how to read what it prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to a person"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this tool is for"
)]

mod cardea;
mod failure;
mod http;
mod journeys;
mod latency;
mod load;
mod machine;
mod memory;
mod options;
mod peer;
mod people;
mod process;
mod raw;
mod ready;
mod report;
mod rounds;
mod script;
mod start_up;
mod stats;
mod subject;
mod token;
mod verdicts;
mod yardstick;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::failure::{Context as _, Outcome};
use crate::latency::UnderLoad;
use crate::load::Until;
use crate::machine::{Cores, Memory};
use crate::options::Options;
use crate::raw::Signer;
use crate::rounds::{Bench, Series};
use crate::subject::Subject;
use crate::verdicts::Measured;
use crate::yardstick::Yardstick;

/// A server is idle when it has had this long to settle.
const SETTLED: Duration = Duration::from_secs(3);
/// The peer's compiler needs some work to look at before it is as fast as it gets.
const WARM_UP: Duration = Duration::from_millis(2500);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["static", file] => yardstick::serve(Path::new(file)),
        ["help" | "--help" | "-h", ..] => {
            println!("{}", options::HELP);
            Ok(())
        }
        _ => Options::parse(words.into_iter()).and_then(|options| run(&options)),
    };
    match outcome {
        // a target that was missed is a result like any other
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome {
    let server = cardea::binary(options.server.as_deref())?;
    let cores = Cores::find();
    let load_before = machine::load_average();
    println!("{}; load average {load_before}", machine::processor());
    if cores.served.is_none() {
        println!("nothing is pinned: this needs two cores and `taskset`");
    }
    let measured = measure(options, &server, cores)?;
    let rows = verdicts::rows(&measured)?;
    report::print(&measured, &rows)?;
    let load_after = machine::load_average();
    println!("load average at the end {load_after}");
    if let Some(path) = &options.json {
        let machine = json!({
            "processor": machine::processor(),
            "pinned": cores.served.is_some(),
            "load_average_before": load_before,
            "load_average_after": load_after,
        });
        let text = report::json(&measured, &rows, &machine).to_string();
        fs::write(path, text).context(path.display())?;
    }
    Ok(())
}

fn measure(options: &Options, server: &Path, cores: Cores) -> Outcome<Measured> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let binary_bytes = fs::metadata(server).context(server.display())?.len();

    let start_up = if options.only.is_none() {
        say("start-up");
        Some(start_up::measure(server, folder.path())?)
    } else {
        None
    };
    let yardstick = Yardstick::start(&folder, cores.served)?;
    let cardea = cardea::start(server, folder.path(), cores)?;
    let idle = settled(&cardea)?;
    let wanted = cardea::prepare(&cardea)?;
    let mut series = rounds::tokens(&cardea, wanted.clone())?;
    series.extend(rounds::documents(&cardea, true)?);
    say("people");
    let (mut journeys, with_people) = cardea::with_people(&cardea)?;
    series.extend(with_people);
    series.retain(|one| options.wants(&one.what));
    let mut under_load = UnderLoad::default();
    let peer = if options.peer {
        start_peer(folder.path(), cores, &mut series)
    } else {
        None
    };

    let signer = Signer::generate()?;
    let bench = Bench {
        cores,
        point: options.point,
        signer: &signer,
        yardstick: &yardstick,
    };
    for round in 1..=options.rounds {
        say(&format!("round {round} of {}", options.rounds));
        bench.round(&mut series, &mut journeys)?;
        if options.wants("p99") {
            under_load.round(&journeys, cores, options.point)?;
        }
    }
    let peer = match peer {
        Some((peer, idle)) => Some((idle, machine::memory(peer.process.id())?)),
        None => None,
    };
    let after_rounds = machine::memory(cardea.process.id())?;
    drop(journeys);
    let after_tokens = if options.tokens > 0 && options.only.is_none() {
        say(&format!("{} tokens", options.tokens));
        let memory = memory::after_tokens(cores, &cardea, &wanted, options.tokens)?;
        Some((options.tokens, memory))
    } else {
        None
    };
    cardea.process.stop()?;
    Ok(Measured {
        series,
        under_load,
        start_up,
        idle,
        after_rounds,
        after_tokens,
        binary_bytes,
        peer,
    })
}

/// Adds the peer's series. Without npm or its registry there is no peer, and that is all.
fn start_peer(folder: &Path, cores: Cores, series: &mut Vec<Series>) -> Option<(Subject, Memory)> {
    say("the peer");
    let started = || {
        let peer = peer::start(folder, cores.served)?;
        let idle = settled(&peer)?;
        let wanted = peer::prepare(&peer);
        for wanted in &wanted {
            load::run(cores, &peer.token(wanted), Until::Elapsed(WARM_UP))?;
        }
        let mut found = rounds::tokens(&peer, wanted)?;
        found.extend(rounds::documents(&peer, false)?);
        Ok::<_, failure::Failure>((peer, idle, found))
    };
    match started() {
        Ok((peer, idle, found)) => {
            series.extend(found);
            Some((peer, idle))
        }
        Err(error) => {
            println!("the peer is left out: {error}");
            None
        }
    }
}

fn settled(subject: &Subject) -> Outcome<Memory> {
    thread::sleep(SETTLED);
    machine::memory(subject.process.id())
}

fn say(what: &str) {
    eprintln!("... {what}");
}
