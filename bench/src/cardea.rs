//! Cardea: started, and given what the points need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::failure::{Context as _, Outcome, fail};
use crate::http;
use crate::journeys::{self, Journey, Journeys};
use crate::latency::CROWD;
use crate::machine::{self, Cores};
use crate::people::{self, Application, Ask, People};
use crate::process::Process;
use crate::raw::Algorithm;
use crate::ready;
use crate::rounds::{Limit, Series};
use crate::subject::{Client, FORM, Subject, form};
use crate::token::{Wanted, text};

const CLIENT: &str = "Health Sync";
const SCOPE: &str = "read:patients";
/// An application that people use, and its callback.
const PUBLIC: (&str, &str) = ("Health SPA", "http://localhost:3000");
/// The same of one that keeps a secret.
const CONFIDENTIAL: (&str, &str) = ("Health Web", "http://localhost:3001/callback");
pub(crate) const HEALTH_API: &str = "https://example.com/health-api";
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
    let sync = application(&ready, CLIENT)?;
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
        ready,
    })
}

fn application<'a>(ready: &'a Value, name: &str) -> Outcome<&'a Value> {
    let all = ready.get("applications").and_then(Value::as_array);
    let found = all
        .into_iter()
        .flatten()
        .find(|one| one.get("name").is_some_and(|found| found == name));
    found.context(name)
}

fn used_by_people(ready: &Value, (name, callback): (&str, &'static str)) -> Outcome<Application> {
    let found = application(ready, name)?;
    let secret = found.get("client_secret").and_then(Value::as_str);
    Ok(Application {
        id: text(found, "client_id")?.to_owned(),
        secret: secret.map(ToOwned::to_owned),
        callback,
    })
}

/// Header lines for a call of the Management API.
fn bearer(subject: &Subject) -> Outcome<String> {
    let management = subject.ready.get("management").context("management")?;
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", text(management, "client_id")?),
        ("client_secret", text(management, "client_secret")?),
        ("audience", text(management, "audience")?),
    ]);
    let (host, path) = (subject.host(), subject.token_path);
    let request = http::request("POST", &host, path, FORM, &body);
    let answer = http::call(subject.port, &request)?;
    let token = text(&answer, "access_token")?;
    Ok(format!("{JSON}authorization: Bearer {token}\r\n"))
}

/// What people begin, and the series of it: `/userinfo`, introspection, the token endpoint, the
/// login page.
pub(crate) fn with_people(subject: &Subject) -> Outcome<(Journeys<'_>, Vec<Series>)> {
    let public = used_by_people(&subject.ready, PUBLIC)?;
    let confidential = used_by_people(&subject.ready, CONFIDENTIAL)?;
    let users = subject.ready.get("users").and_then(Value::as_array);
    let jane = users.and_then(|users| users.first()).context("users")?;
    let jane = (text(jane, "email")?, text(jane, "password")?);
    let management = bearer(subject)?;
    let made = (management.as_str(), HEALTH_API);
    let people = People::make(subject, made, CROWD, (&public, jane))?;

    let of = |application, audience| {
        let ask = Ask {
            application,
            scope: people::SCOPE,
            audience,
        };
        journeys::access_token(&people, ask)
    };
    let host = subject.host();
    let userinfo = |token: &str| {
        let fields = format!("authorization: Bearer {token}\r\n");
        http::request("GET", &host, "/userinfo", &fields, "")
    };
    let introspection = form(&[
        ("client_id", &confidential.id),
        (
            "client_secret",
            confidential.secret.as_deref().context("a secret")?,
        ),
        ("token", &of(&confidential, None)?),
    ]);
    let introspection = http::request("POST", &host, "/oauth/introspect", FORM, &introspection);
    let opaque = userinfo(&of(&public, None)?);
    let signed = userinfo(&of(&public, Some(HEALTH_API))?);
    let rsa = Limit::Raw(Algorithm::Rs256);
    let series = vec![
        Series::journey(subject, "refresh RS256", rsa, Journey::Refresh),
        Series::journey(subject, "code exchange, 2 x RS256", rsa, Journey::Exchange),
        Series::constant("userinfo, opaque", subject, opaque.clone())?,
        Series::constant("userinfo, JWT", subject, signed)?.verifying(),
        Series::constant("introspection", subject, introspection)?,
        Series::journey(subject, "login", Limit::Password, Journey::Login),
    ];
    let token = subject.token(&subject.wanted(Algorithm::Rs256, HEALTH_API));
    let others = [token, subject.constant(opaque)?];
    Ok((Journeys::new(subject, people, public, others)?, series))
}

/// APIs that sign with the other algorithms, and the application's grants for them: made through
/// the Management API, as anybody would. They come after the memory of an idle server was read.
pub(crate) fn prepare(subject: &Subject) -> Outcome<Vec<Wanted>> {
    let (host, bearer) = (subject.host(), bearer(subject)?);
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
