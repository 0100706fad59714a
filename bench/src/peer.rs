//! The peer: npm's oidc-provider, in a folder of its own. Its ratio to Cardea holds on machines
//! where microseconds differ.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Context as _, Outcome, fail};
use crate::machine;
use crate::process::Process;
use crate::raw::Algorithm;
use crate::ready;
use crate::subject::{Client, Subject};
use crate::token::{Wanted, text};

const PACKAGE: &str = "oidc-provider@9";
const PROGRAM: &str = include_str!("peer.mjs");
const SECRET: &str = "dGhpcyBzZWNyZXQgb2YgYSBwZWVyIGluIGEgYmVuY2ggcHJvdGVjdHMgbm90aGlu";

pub(crate) fn start(folder: &Path, core: Option<u32>) -> Outcome<Subject> {
    let folder = folder.join("peer");
    fs::create_dir(&folder).context("the peer's folder")?;
    fs::write(folder.join("package.json"), "{\"private\":true}").context("package.json")?;
    let program = folder.join("peer.mjs");
    fs::write(&program, PROGRAM).context("peer.mjs")?;
    install(&folder)?;

    let file = folder.join("ready.json");
    let mut command = machine::command(Path::new("node"), core);
    command
        .arg(&program)
        .arg(&file)
        .arg(SECRET)
        .current_dir(&folder);
    // it warns of what a production set-up would lack
    command.env("NODE_ENV", "production").stderr(Stdio::null());
    let mut process = Process::spawn(command)?;
    process.wait_for(&file)?;
    let (ready, port) = ready::read(&file)?;
    Ok(Subject {
        name: "oidc-provider",
        process,
        port,
        issuer: text(&ready, "issuer")?.to_owned(),
        client: Client {
            id: "bench".to_owned(),
            secret: SECRET.to_owned(),
        },
        token_path: "/token",
        jwks_path: "/jwks",
        api_parameter: "resource",
        scope: "read:patients",
        ready,
    })
}

pub(crate) fn prepare(subject: &Subject) -> Vec<Wanted> {
    vec![
        subject.wanted(Algorithm::Rs256, "https://example.com/bench-RS256"),
        subject.wanted(Algorithm::Es256, "https://example.com/bench-ES256"),
    ]
}

fn install(folder: &Path) -> Outcome {
    let mut npm = Command::new("npm");
    npm.current_dir(folder)
        .args(["install", "--no-audit", "--no-fund", "--silent", PACKAGE]);
    let status = npm.stdout(Stdio::null()).status().context("npm")?;
    if status.success() {
        Ok(())
    } else {
        fail(format!("npm install: {status}"))
    }
}
