//! Running other programs: seen by the person (`run`), read by this tool (`read`), or asked a yes-or-no question (`works`).

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Outcome, fail};

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs to the end with the output passed through.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let name = shown(command);
    println!("$ {name}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .context(format!("`{name}`"))?;
    if status.success() {
        Ok(())
    } else {
        fail(format!("`{name}` ended with {status}"))
    }
}

/// Runs to the end and returns what it printed.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    let name = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .context(format!("`{name}`"))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).context(format!("`{name}`"));
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    fail(format!(
        "`{name}` ended with {}\n{}",
        output.status,
        complaint.trim()
    ))
}

/// Whether a program is there and ends well; prints nothing.
pub(crate) fn works(program: impl AsRef<OsStr>, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

pub(crate) fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

/// Sends a signal by name: the standard library knows only `SIGKILL`, and the workspace forbids `unsafe`.
pub(crate) fn signal(pid: u32, name: &str) -> Outcome {
    read(Command::new("sh").args(["-c", &format!("kill -{name} {pid}")])).map(|_| ())
}

/// Asks a child to end, and ends it when it does not. Says whether it went by itself.
pub(crate) fn stop(child: &mut Child, name: &str, patience: Duration) -> bool {
    let asked = signal(child.id(), name).is_ok();
    let since = Instant::now();
    while asked && since.elapsed() < patience {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        pause(10);
    }
    drop(child.kill());
    drop(child.wait());
    false
}

pub(crate) fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// A TCP port on loopback that was free a moment ago.
pub(crate) fn free_port() -> Outcome<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("a free port")?;
    Ok(listener.local_addr().context("a free port")?.port())
}

/// The last lines of a log file, for a failure's message.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..)
        .unwrap_or_default()
        .join("\n")
}
