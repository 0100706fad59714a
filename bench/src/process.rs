//! A process of ours that ends with us.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Outcome, fail};

/// How often a file or a socket is looked for. A start takes some 10 ms.
const LOOK_EVERY: Duration = Duration::from_micros(200);
const PATIENCE: Duration = Duration::from_mins(1);
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Outcome<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let name = command.get_program().to_string_lossy().into_owned();
        command.spawn().map(Self).context(name)
    }

    /// Also that of the program that `taskset` became.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until `path` is there.
    pub(crate) fn wait_for(&mut self, path: &Path) -> Outcome {
        let begin = Instant::now();
        while !path.exists() {
            if let Some(status) = self.0.try_wait().context("waiting for a process")? {
                return fail(format!("the process ended before it was ready: {status}"));
            }
            if begin.elapsed() > PATIENCE {
                return fail(format!(
                    "no {} after {} s",
                    path.display(),
                    PATIENCE.as_secs()
                ));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Asks it to end, and waits until it did.
    pub(crate) fn stop(mut self) -> Outcome {
        self.end(PATIENCE)
    }

    fn end(&mut self, patience: Duration) -> Outcome {
        let begin = Instant::now();
        let mut kill = Command::new("kill");
        kill.args(["-TERM", &self.id().to_string()]);
        kill.status().context("kill")?;
        while begin.elapsed() < patience {
            let ended = self.0.try_wait().context("waiting for a process")?;
            if ended.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        fail("a process did not end when asked")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        // a server that is asked removes what it keeps for a while
        if self.end(FAREWELL).is_err() {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}
