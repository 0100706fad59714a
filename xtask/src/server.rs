//! `cardea dev` as a child process: started, waited for, watched and stopped.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::{Context, Outcome, fail};
use crate::postgres::Postgres;
use crate::project::Project;
use crate::shell;

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    ready: Value,
    ready_file: PathBuf,
}

impl Server {
    /// The release binary with a folder that is gone afterwards, on a fresh database of this name
    /// where PostgreSQL is given.
    pub(crate) fn ephemeral(
        project: &Project,
        folder: &Path,
        postgres: Option<&Postgres>,
        database: &str,
    ) -> Outcome<Self> {
        let url = postgres.map(|server| server.fresh(database)).transpose()?;
        let mut args = vec!["--ephemeral"];
        if let Some(url) = &url {
            args.extend(["--database", url]);
        }
        Self::start(&project.binary()?, folder, &args, &[])
    }

    /// Runs `BINARY dev ARGS --port 0 --ready-file …` with its logs below `folder`, and waits until it answers.
    pub(crate) fn start(
        binary: &Path,
        folder: &Path,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Outcome<Self> {
        let ready_file = folder.join("ready.json");
        drop(std::fs::remove_file(&ready_file));
        let log = folder.join("server.log");
        let output = File::create(&log).context(log.display())?;
        let errors = output.try_clone().context(log.display())?;

        let mut command = Command::new(binary);
        command
            .current_dir(folder)
            .arg("dev")
            .args(["--port", "0", "--ready-file"]);
        command
            .arg(&ready_file)
            .args(args)
            .envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().context(binary.display())?;
        let mut server = Self {
            child,
            log,
            ready: Value::Null,
            ready_file,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Outcome {
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(30) {
            if let Ok(text) = std::fs::read_to_string(&self.ready_file) {
                self.ready = serde_json::from_str(&text).context("the ready file")?;
                return Ok(());
            }
            if !self.is_alive() {
                break;
            }
            shell::pause(5);
        }
        fail(format!(
            "cardea dev did not become ready:\n{}",
            shell::tail(&self.log, 30)
        ))
    }

    pub(crate) fn ready_file(&self) -> &Path {
        &self.ready_file
    }

    /// A text of the ready file, by its JSON pointer.
    pub(crate) fn told(&self, pointer: &str) -> Outcome<&str> {
        match self.ready.pointer(pointer).and_then(Value::as_str) {
            Some(text) => Ok(text),
            None => fail(format!("the ready file has no text at {pointer}")),
        }
    }

    /// An application of the seed, by its name: `(client_id, client_secret)`.
    pub(crate) fn application(&self, name: &str) -> Outcome<(&str, &str)> {
        let list = self.ready.get("applications").and_then(Value::as_array);
        let mut found = list
            .into_iter()
            .flatten()
            .filter(|app| app.get("name").and_then(Value::as_str) == Some(name));
        let text = |app: &'_ Value, key: &str| app.get(key).and_then(Value::as_str).is_some();
        let Some(app) = found
            .next()
            .filter(|app| text(app, "client_id") && text(app, "client_secret"))
        else {
            return fail(format!(
                "the ready file has no application \"{name}\" with a secret"
            ));
        };
        let word = |key: &str| app.get(key).and_then(Value::as_str).unwrap_or_default();
        Ok((word("client_id"), word("client_secret")))
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it in its tracks, alive: nothing it was about to do will happen.
    pub(crate) fn freeze(&mut self) -> Outcome {
        if !self.is_alive() {
            return fail(format!(
                "the server was dead before the cut:\n{}",
                self.last_words()
            ));
        }
        let pid = self.child.id();
        shell::signal(pid, "STOP")?;
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(2) {
            let about = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("/proc")?;
            // The state stands after the name, which is in brackets and may hold anything.
            if about
                .rsplit(')')
                .next()
                .is_some_and(|rest| rest.trim_start().starts_with('T'))
            {
                return Ok(());
            }
        }
        fail("the server did not stop at SIGSTOP")
    }

    /// Kills it, and proves by the exit status that it was this signal that ended it.
    pub(crate) fn kill(mut self) -> Outcome {
        if !self.is_alive() {
            return fail(format!(
                "the server was dead before the kill:\n{}",
                self.last_words()
            ));
        }
        self.child.kill().context("SIGKILL")?;
        let status = self.child.wait().context("SIGKILL")?;
        if status.signal() == Some(9) {
            return self.no_panic();
        }
        fail(format!(
            "the server was not ended by the kill: {status}\n{}",
            self.last_words()
        ))
    }

    /// Asks it to end; it must do so by itself, with success and without a panic in its log.
    pub(crate) fn stop(mut self) -> Outcome {
        if !self.is_alive() {
            return fail(format!(
                "the server ended too early:\n{}",
                self.last_words()
            ));
        }
        if !shell::stop(&mut self.child, "TERM", Duration::from_secs(15)) {
            return fail("the server did not end within 15 s of SIGTERM");
        }
        let status = self.child.wait().context("the server's end")?;
        self.no_panic()?;
        if status.success() {
            Ok(())
        } else {
            fail(format!("the server ended with {status}"))
        }
    }

    fn no_panic(&self) -> Outcome {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        match text.lines().find(|line| line.contains("panicked at")) {
            Some(line) => fail(format!("the server panicked: {line}")),
            None => Ok(()),
        }
    }

    fn last_words(&self) -> String {
        shell::tail(&self.log, 30)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
