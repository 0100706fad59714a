//! Cardea: started, and given what the points need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::failure::{Context as _, Outcome, fail};
use crate::http;
use crate::machine::{self, Cores};
use crate::process::Process;
use crate::raw::Algorithm;
use crate::ready;
use crate::subject::{Client, Subject, form};
use crate::token::{Wanted, text};

const CLIENT: &str = "Health Sync";
const SCOPE: &str = "read:patients";
const HEALTH_API: &str = "https://example.com/health-api";
const JSON: &str = "content-type: application/json\r\n";

/// The binary that is measured: the one that was named, or this workspace's, built now. A
/// leftover of an older build would give figures of something else.
pub(crate) fn binary(named: Option<&Path>) -> Outcome<PathBuf> {
    if let Some(path) = named {
        return path.canonicalize().context(path.display());
    }
    let own = std::env::current_exe().context("the bench's own path")?;
    let release = own.parent().context("the bench's folder")?;
    if let Ok(cargo) = std::env::var("CARGO") {
        let target = release.parent().context("the target folder")?;
        let mut build = Command::new(cargo);
        build.args([
            "build",
            "--release",
            "--locked",
            "-p",
            "cardea-server",
            "--target-dir",
        ]);
        let status = build.arg(target).status().context("cargo build")?;
        if !status.success() {
            return fail("the server does not build");
        }
    }
    let path = release.join("cardea");
    path.canonicalize().context(path.display())
}

/// `cardea dev` on a data folder; without one, on a temporary one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dev<'a> {
    pub(crate) server: &'a Path,
    pub(crate) data: Option<&'a Path>,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) ready_file: &'a Path,
    pub(crate) core: Option<u32>,
}

impl Dev<'_> {
    /// Returns when the ready file is there.
    pub(crate) fn start(self) -> Outcome<Process> {
        if self.ready_file.exists() {
            fs::remove_file(self.ready_file).context(self.ready_file.display())?;
        }
        let mut command = machine::command(self.server, self.core);
        command.args(["dev", "--port", &self.port.to_string(), "--ready-file"]);
        command.arg(self.ready_file);
        match self.data {
            Some(folder) => command.arg("--data").arg(folder),
            None => command.arg("--ephemeral"),
        };
        if !self.tls {
            command.arg("--plain-http");
        }
        let mut process = Process::spawn(command)?;
        process.wait_for(self.ready_file)?;
        Ok(process)
    }
}

pub(crate) fn start(server: &Path, folder: &Path, cores: Cores) -> Outcome<Subject> {
    let ready_file = folder.join("ready.json");
    let dev = Dev {
        server,
        data: None,
        port: 0,
        tls: false,
        ready_file: &ready_file,
        core: cores.served,
    };
    let process = dev.start()?;
    let (ready, port) = ready::read(&ready_file)?;
    let applications = ready.get("applications").and_then(Value::as_array);
    let sync = applications.into_iter().flatten();
    let sync = sync
        .into_iter()
        .find(|one| one.get("name").is_some_and(|name| name == CLIENT));
    let sync = sync.context(CLIENT)?;
    Ok(Subject {
        name: "Cardea",
        process,
        port,
        issuer: text(&ready, "issuer")?.to_owned(),
        client: Client {
            id: text(sync, "client_id")?.to_owned(),
            secret: text(sync, "client_secret")?.to_owned(),
        },
        token_path: "/oauth/token",
        jwks_path: "/.well-known/jwks.json",
        api_parameter: "audience",
        scope: SCOPE,
        management: ready.get("management").cloned(),
    })
}

/// APIs that sign with the other algorithms, and the application's grants for them: made through
/// the Management API, as anybody would. They come after the memory of an idle server was read.
pub(crate) fn prepare(subject: &Subject) -> Outcome<Vec<Wanted>> {
    let management = subject.management.as_ref().context("management")?;
    let host = subject.host();
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", text(management, "client_id")?),
        ("client_secret", text(management, "client_secret")?),
        ("audience", text(management, "audience")?),
    ]);
    let request = http::request(
        "POST",
        &host,
        subject.token_path,
        crate::subject::FORM,
        &body,
    );
    let answer = http::call(subject.port, &request)?;
    let bearer = format!(
        "{JSON}authorization: Bearer {}\r\n",
        text(&answer, "access_token")?
    );
    let post = |path: &str, body: Value| {
        let request = http::request("POST", &host, path, &bearer, &body.to_string());
        http::call(subject.port, &request)
    };

    let mut wanted = vec![subject.wanted(Algorithm::Rs256, HEALTH_API)];
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let name = algorithm.name();
        let identifier = format!("https://example.com/bench-{name}");
        post(
            "/api/v2/resource-servers",
            json!({
                "name": format!("Bench {name}"),
                "identifier": identifier,
                "signing_alg": name,
                "scopes": [{ "value": SCOPE }],
            }),
        )?;
        let client = &subject.client.id;
        post(
            "/api/v2/client-grants",
            json!({ "client_id": client, "audience": identifier, "scope": [SCOPE] }),
        )?;
        wanted.push(subject.wanted(algorithm, &identifier));
    }
    Ok(wanted)
}
