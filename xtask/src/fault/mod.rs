//! `cargo xtask fault`: what the server has acknowledged survives its death.
//!
//! Three series, each on a data folder of its own, driven through the public HTTP interface:
//! - **kills**: SIGKILL at random moments. Tests atomicity and recovery; it cannot test syncing, since
//!   the page cache outlives the process.
//! - **cuts**: the power goes out. The server runs on a disk with a volatile cache (`shim`), is stopped,
//!   killed, and finds only what it had synced.
//! - **mutant**: the same cuts against a server told to commit without syncing. It must lose
//!   something, or the rig is blind and its other figures mean nothing.

mod http;
mod ledger;
mod load;
mod random;
mod shim;
mod target;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::failure::{Context, Outcome, fail};
use crate::folder::{Folder, mirror};
use crate::project::Project;
use crate::server::Server;
use crate::shell;

use ledger::{Entries, Ledger};
use load::Load;
use random::Random;
use target::Target;

/// How much to do, and with which server.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kills: u32,
    pub(crate) cuts: u32,
    pub(crate) server: Option<PathBuf>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            kills: 20,
            cuts: 20,
            server: None,
        }
    }
}

/// How the server of a series dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    Kill,
    PowerCut,
    PowerCutUnsynced,
}

/// The knob of `cardea dev` that makes the mutant; it exists for this rig alone.
const UNSYNCED: (&str, &str) = ("CARDEA_FAULT_SQLITE_SYNCHRONOUS", "NORMAL");

#[derive(Debug, Default)]
struct Figures {
    rounds: u32,
    acknowledged: usize,
    lost: usize,
    rounds_with_loss: u32,
    slowest_start: Duration,
}

pub(crate) fn run(project: &Project, plan: Plan) -> Outcome {
    let binary = plan.server.map_or_else(
        || project.binary(),
        |given| std::path::absolute(given).context("--server"),
    )?;
    let library = shim::compile(project)?;
    let seed = UNIX_EPOCH.elapsed().context("the clock")?.subsec_nanos();
    println!("random moments from seed {seed}");
    let mut random = Random::new(u64::from(seed));

    let mut series = |death, rounds| -> Outcome<Figures> {
        let rig = Rig {
            binary: &binary,
            shim_file: &library,
            death,
            folder: Folder::new("fault")?,
        };
        rig.series(rounds, &mut random)
    };
    let kills = series(Death::Kill, plan.kills)?;
    let cuts = series(Death::PowerCut, plan.cuts)?;
    let mutant = series(Death::PowerCutUnsynced, plan.cuts)?;

    println!("\nseries   rounds  acknowledged  lost  rounds with loss  slowest start");
    for (name, row) in [("kills", &kills), ("cuts", &cuts), ("mutant", &mutant)] {
        println!(
            "{name:<8} {:>6}  {:>12}  {:>4}  {:>16}  {:>10} ms",
            row.rounds,
            row.acknowledged,
            row.lost,
            row.rounds_with_loss,
            row.slowest_start.as_millis()
        );
    }
    judge(&kills, &cuts, &mutant)
}

fn judge(kills: &Figures, cuts: &Figures, mutant: &Figures) -> Outcome {
    if kills.lost + cuts.lost > 0 {
        return fail(format!(
            "{} acknowledged writes were lost",
            kills.lost + cuts.lost
        ));
    }
    if mutant.rounds > 0 && mutant.lost == 0 {
        return fail("the mutant that does not sync lost nothing: the rig is blind");
    }
    Ok(())
}

struct Rig<'a> {
    binary: &'a Path,
    shim_file: &'a Path,
    death: Death,
    folder: Folder,
}

impl Rig<'_> {
    fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    fn durable(&self) -> PathBuf {
        self.folder.path().join("durable")
    }

    fn series(&self, rounds: u32, random: &mut Random) -> Outcome<Figures> {
        let mut figures = Figures {
            rounds,
            ..Figures::default()
        };
        if rounds == 0 {
            return Ok(figures);
        }
        let first = self.start(&[])?;
        let mut event = Target::of(&first)?.newest_event()?;
        first.stop()?;

        let mut all_apis = Vec::new();
        for round in 0..rounds {
            let entries = self.live_and_die(round, random)?;
            if let Some(refusal) = entries.refusals.first() {
                return fail(format!("the server refused a write of the rig: {refusal}"));
            }
            let since = Instant::now();
            let server = self.start(&[])?;
            figures.slowest_start = figures.slowest_start.max(since.elapsed());
            let lost = missing(&Target::of(&server)?, &entries, &mut event)?;
            server.stop()?;

            figures.acknowledged += entries.count();
            figures.lost += lost;
            figures.rounds_with_loss += u32::from(lost > 0);
            all_apis.extend(entries.apis);
        }
        if self.death != Death::PowerCutUnsynced {
            figures.lost += self.missing_at_the_end(&all_apis)?;
        }
        println!(
            "{:?}: {rounds} rounds, {} acknowledged, {} lost",
            self.death, figures.acknowledged, figures.lost
        );
        Ok(figures)
    }

    fn start(&self, environment: &[(&str, &str)]) -> Outcome<Server> {
        let live = self.live();
        let data = live.to_string_lossy();
        Server::start(
            self.binary,
            self.folder.path(),
            &["--data", &data, "--plain-http"],
            environment,
        )
    }

    /// One life of the server under load, up to a random moment. Returns what it had acknowledged by then.
    fn live_and_die(&self, round: u32, random: &mut Random) -> Outcome<Entries> {
        let server = self.start_for_death()?;
        let target = Target::of(&server)?;
        let (ledger, over) = (Ledger::default(), AtomicBool::new(false));
        let (writers, pause) = if self.death == Death::Kill {
            (3, 0)
        } else {
            (1, 5)
        };
        let name = format!("{:?}-{round}", self.death).to_lowercase();
        let load = Load {
            target: &target,
            ledger: &ledger,
            over: &over,
            round: &name,
            pause,
        };
        let moment = random.between(100, 600);

        std::thread::scope(|scope| {
            for writer in 0..writers {
                let load = &load;
                scope.spawn(move || load.write_tokens(writer));
            }
            scope.spawn(|| load.write_apis());
            shell::pause(moment);
            let died = self.die(server);
            over.store(true, Ordering::Relaxed);
            died
        })?;
        if self.death != Death::Kill {
            mirror(&self.durable(), &self.live())?;
        }
        let entries = ledger.read();
        if entries.count() == 0 {
            return fail(format!("nothing was acknowledged in {moment} ms of load"));
        }
        Ok(entries)
    }

    fn start_for_death(&self) -> Outcome<Server> {
        if self.death == Death::Kill {
            return self.start(&[]);
        }
        mirror(&self.live(), &self.durable())?;
        let disk = shim::environment(self.shim_file, &self.live(), &self.durable());
        let mut environment: Vec<(&str, &str)> = disk
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        if self.death == Death::PowerCutUnsynced {
            environment.push(UNSYNCED);
        }
        self.start(&environment)
    }

    /// Ends a server that is alive until then. Before a cut it is stopped, so that its clients can read
    /// every answer it has sent: an answer that was sent is an acknowledgement, whenever it is read.
    fn die(&self, mut server: Server) -> Outcome {
        if self.death != Death::Kill {
            server.freeze()?;
            shell::pause(30);
        }
        server.kill()
    }

    /// Looks for every API of the whole series once more: nothing comes loose in a later round.
    fn missing_at_the_end(&self, apis: &[String]) -> Outcome<usize> {
        let server = self.start(&[])?;
        let found = Target::of(&server)?.apis()?;
        server.stop()?;
        Ok(apis.iter().filter(|id| !found.contains(*id)).count())
    }
}

/// How many acknowledged writes of a round are not there. Moves `event` on to the newest one.
fn missing(target: &Target, entries: &Entries, event: &mut String) -> Outcome<usize> {
    let (events, newest) = target.token_events_after(event)?;
    *event = newest;
    let mut lost = entries
        .tokens
        .iter()
        .filter(|agent| !events.contains(*agent))
        .count();
    let mut client = target.client();
    for id in &entries.apis {
        lost += usize::from(!target.has_api(&mut client, id)?);
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use super::{Figures, judge};

    fn lost(lost: usize) -> Figures {
        Figures {
            rounds: 20,
            acknowledged: 900,
            lost,
            ..Figures::default()
        }
    }

    #[test]
    fn a_loss_and_a_blind_rig_both_fail() {
        assert!(judge(&lost(0), &lost(0), &lost(5)).is_ok());
        assert!(judge(&lost(1), &lost(0), &lost(5)).is_err());
        assert!(judge(&lost(0), &lost(1), &lost(5)).is_err());
        assert!(judge(&lost(0), &lost(0), &lost(0)).is_err());
        assert!(judge(&lost(0), &Figures::default(), &Figures::default()).is_ok());
    }
}
