//! What Linux tells about processes, and which core a thread runs on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::failure::{Context as _, Outcome, fail};

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

/// CPU time of each thread of a process so far, in nanoseconds. What `/proc/PID/stat` counts for
/// all of them together it counts in hundredths of a second: too coarse for a short point.
#[derive(Debug)]
pub(crate) struct CpuTime(BTreeMap<OsString, u64>);

impl CpuTime {
    pub(crate) fn of(pid: u32) -> Outcome<Self> {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).context("the process's threads")?;
        let mut times = BTreeMap::new();
        for thread in threads {
            let thread = thread.context("the process's threads")?;
            // one that has ended meanwhile has nothing to say
            if let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) {
                times.insert(thread.file_name(), nanoseconds(&text)?);
            }
        }
        Ok(Self(times))
    }

    /// What came on top of an earlier reading, in microseconds. What a thread did that has ended
    /// since is not in it: some that read lists do, the others stay.
    pub(crate) fn micros_since(&self, before: &Self) -> f64 {
        let more = self.0.iter().map(|(thread, now)| {
            let then = before.0.get(thread).copied().unwrap_or_default();
            Duration::from_nanos(now.saturating_sub(then)).as_secs_f64()
        });
        more.sum::<f64>() * 1e6
    }
}

/// CPU time of this thread so far.
pub(crate) fn thread_micros() -> Outcome<f64> {
    // the kernel brings the figure up to date when the thread gives way
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("schedstat")?;
    Ok(Duration::from_nanos(nanoseconds(&text)?).as_secs_f64() * 1e6)
}

/// The first field of a `schedstat`.
fn nanoseconds(schedstat: &str) -> Outcome<u64> {
    let first = schedstat.split_whitespace().next();
    let first = first.context("the thread's time")?;
    first.parse().context("the thread's time")
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
