//! A PostgreSQL server of our own: a fresh cluster in a temporary folder on a free port, gone at the end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Outcome, fail};
use crate::folder::Folder;
use crate::shell;

/// Small, but with the durability a deployment has: nothing here switches `fsync` off.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "log_min_messages=warning",
];

#[derive(Debug)]
pub(crate) struct Postgres {
    server: Child,
    port: u16,
    programs: PathBuf,
    // Removed last: fields are dropped in the order of their declaration.
    _home: Folder,
}

/// The folder of the newest installed `initdb`.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let debian = versions.flatten().map(|version| version.path().join("bin"));
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_isready", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    let number =
        |folder: &PathBuf| -> Option<u32> { folder.parent()?.file_name()?.to_str()?.parse().ok() };
    if let Some(newest) = debian.filter(complete).max_by_key(number) {
        return Some(newest);
    }
    let told = shell::read(Command::new("pg_config").arg("--bindir")).ok()?;
    Some(PathBuf::from(told.trim())).filter(complete)
}

impl Postgres {
    pub(crate) fn start(programs: PathBuf) -> Outcome<Self> {
        let home = Folder::new("postgres")?;
        let root = shell::is_root();
        if root {
            shell::read(Command::new("chown").arg("postgres").arg(home.path()))?;
        }
        let data = home.path().join("data");
        let mut initdb = as_postgres(root, &programs.join("initdb"));
        initdb.args([
            "--auth=trust",
            "--username=postgres",
            "--no-locale",
            "--encoding=UTF8",
        ]);
        shell::read(initdb.arg("--pgdata").arg(&data).current_dir(home.path()))?;

        let port = shell::free_port()?;
        let log = home.path().join("log");
        let mut command = as_postgres(root, &programs.join("postgres"));
        command
            .current_dir(home.path())
            .arg("-D")
            .arg(&data)
            .arg("-p")
            .arg(port.to_string());
        command.arg("-k").arg(home.path());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        let output = File::create(&log).context(log.display())?;
        let errors = output.try_clone().context(log.display())?;
        let server = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn();
        let server = server.context("postgres")?;
        let mut started = Self {
            server,
            port,
            programs,
            _home: home,
        };
        started.wait_until_ready(&log)?;
        Ok(started)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Outcome {
        let ready = self.programs.join("pg_isready");
        let port = self.port.to_string();
        let since = Instant::now();
        while since.elapsed() < Duration::from_mins(1) {
            if shell::works(&ready, &["--host=127.0.0.1", "--port", &port]) {
                println!("PostgreSQL answers on 127.0.0.1:{port}");
                return Ok(());
            }
            if matches!(self.server.try_wait(), Ok(Some(_))) {
                break;
            }
            shell::pause(50);
        }
        fail(format!(
            "PostgreSQL did not start:\n{}",
            shell::tail(log, 20)
        ))
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// An empty database of that name; an old one is dropped.
    pub(crate) fn fresh(&self, database: &str) -> Outcome<String> {
        for statement in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
            let mut psql = Command::new(self.programs.join("psql"));
            psql.args([
                "--quiet",
                "--no-psqlrc",
                "--set=ON_ERROR_STOP=1",
                "--command",
            ]);
            psql.arg(format!("{statement} \"{database}\""))
                .arg(self.url("postgres"));
            shell::read(psql.env("PGOPTIONS", "--client-min-messages=warning"))?;
        }
        Ok(self.url(database))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown: it ends sessions and leaves a clean cluster.
        shell::stop(&mut self.server, "INT", Duration::from_secs(20));
    }
}

/// PostgreSQL refuses to run as root. `setpriv` replaces itself, so that signals reach the server;
/// and it has the kernel stop the server should this tool be killed.
fn as_postgres(root: bool, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if root {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command
        .arg("--")
        .arg(program)
        .env_remove("PGDATA")
        .env_remove("PGPORT");
    command
}
