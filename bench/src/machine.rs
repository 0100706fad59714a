//! What Linux tells about processes, and which core a thread runs on.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::failure::{Context as _, Outcome, fail};

/// `/proc/PID/stat` counts in hundredths of a second on every Linux.
const MICROS_PER_TICK: f64 = 10_000.0;

/// Two cores: the measured process gets one, the load the other, so that waking a thread up
/// costs the same in every run. `None` on a machine with one core, or without `taskset`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    pub(crate) served: Option<u32>,
    pub(crate) load: Option<u32>,
}

impl Cores {
    pub(crate) fn find() -> Self {
        let usable = |core: u32| {
            let mut probe = Command::new("taskset");
            probe
                .args(["-c", &core.to_string(), "true"])
                .stderr(Stdio::null());
            probe.status().is_ok_and(|status| status.success())
        };
        if usable(0) && usable(1) {
            Self {
                served: Some(0),
                load: Some(1),
            }
        } else {
            Self {
                served: None,
                load: None,
            }
        }
    }
}

/// A command that runs on `core`.
pub(crate) fn command(program: &Path, core: Option<u32>) -> Command {
    let Some(core) = core else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Runs `work` on a thread that stays on `core`.
pub(crate) fn on_core<T: Send>(
    core: Option<u32>,
    work: impl FnOnce() -> Outcome<T> + Send,
) -> Outcome<T> {
    let pinned = || {
        if let Some(core) = core {
            pin_this_thread(core)?;
        }
        work()
    };
    thread::scope(|scope| {
        scope
            .spawn(pinned)
            .join()
            .unwrap_or_else(|_| fail("a measuring thread panicked"))
    })
}

fn pin_this_thread(core: u32) -> Outcome {
    let link = fs::read_link("/proc/thread-self").context("/proc/thread-self")?;
    let thread = link.file_name().context("the thread's id")?;
    let mut taskset = Command::new("taskset");
    taskset
        .args(["-c", "-p", &core.to_string()])
        .arg(thread)
        .stdout(Stdio::null());
    let status = taskset.status().context("taskset")?;
    if status.success() {
        Ok(())
    } else {
        fail(format!("taskset: {status}"))
    }
}

/// CPU time of a process so far: all threads, also those that have ended.
pub(crate) fn process_micros(pid: u32) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process's stat")?;
    // the name in brackets may hold blanks; the fields after it are numbered from 3
    let (_, fields) = stat.rsplit_once(')').context("the process's name")?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    match (times.next(), times.next()) {
        (Some(Ok(user)), Some(Ok(system))) => Ok((user + system) * MICROS_PER_TICK),
        (Some(_) | None, _) => fail("the process's stat holds no times"),
    }
}

/// CPU time of this thread so far.
pub(crate) fn thread_micros() -> Outcome<f64> {
    // the kernel brings the figure up to date when the thread gives way
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("schedstat")?;
    let nanos = text
        .split_whitespace()
        .next()
        .context("the thread's time")?;
    Ok(nanos.parse::<f64>().context("the thread's time")? / 1000.0)
}

/// Resident memory of a process, in MiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: f64,
    /// The part that is no file's: heap and stacks.
    pub(crate) anonymous: f64,
}

pub(crate) fn memory(pid: u32) -> Outcome<Memory> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("smaps_rollup")?;
    let mebibytes = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .context(name)?;
        let number = line.split_whitespace().next().context(name)?;
        Ok(number.parse::<f64>().context(name)? / 1024.0)
    };
    Ok(Memory {
        resident: mebibytes("Rss:")?,
        anonymous: mebibytes("Anonymous:")?,
    })
}

/// The load averages, as the system prints them.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The processor's name and the number of cores.
pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name
        .and_then(|rest| rest.split_once(':'))
        .map_or("unknown", |(_, name)| name);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", name.trim())
}
