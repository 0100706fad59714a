//! `cardea serve` and what must come before it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::server::{Server, cardea, complaint, said};

/// What `serve` needs, in one folder: a key, a certificate and a configuration.
fn production(folder: &Path, port: u16) -> String {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = write("tls.pem", &made.cert.pem());
    let key = write("tls.key", &made.signing_key.serialize_pem());
    let master = write(
        "master.key",
        "q7vIfLnJ1m0x4J1kQbEJ3sVX5m9mPV0cYJ3o2bnX0yE=\n",
    );
    let database = folder.join("cardea.db");
    write(
        "cardea.toml",
        &format!(
            "listen = [\"127.0.0.1:{port}\"]\nmaster_key_file = {master:?}\n\
             [tls]\ncert_file = {certificate:?}\nkey_file = {key:?}\n\
             [database]\nurl = \"sqlite:{}\"\n[log]\nformat = \"json\"\n",
            database.display(),
        ),
    )
}

#[test]
fn production_starts_only_when_it_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = production(folder.path(), port);
    let config = config.as_str();

    let early = complaint(&["serve", "--config", config]);
    assert!(early.contains("cardea migrate"), "{early}");
    assert!(said(&["migrate", "--config", config]).contains("applied"));
    assert!(said(&["migrate", "--config", config]).contains("is at this version"));
    let host = format!("localhost:{port}");
    let made = said(&[
        "tenant", "create", "acme", "--host", &host, "--config", config,
    ]);
    let told = |name: &str| {
        let line = made
            .lines()
            .find(|line| line.trim_start().starts_with(name))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert!(said(&["tenant", "list", "--config", config]).contains("acme"));
    let healthy = said(&["doctor", "--config", config]);
    assert_eq!(healthy, "nothing to report\n");

    let ready = serde_json::json!({
        "ca_file": folder.path().join("tls.pem"),
        "domain": host,
        "management": { "client_id": told("client_id"), "client_secret": told("client_secret") },
    });
    let server = Server::serve(config, ready);
    let token = server.token("/management", &format!("https://{host}/api/v2/"));
    let inspected = said(&["token", "inspect", &token, "--config", config]);
    assert!(inspected.contains("/api/v2/: takes it"), "{inspected}");
    // what only `dev` has is not there
    assert_eq!(server.get("/dev/clock").status, 404);
    let second = complaint(&["serve", "--config", config]);
    assert!(second.contains("another server"), "{second}");
    server.stop();

    let key = folder.path().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let open = complaint(&["serve", "--config", config]);
    assert!(
        open.contains("master.key") && open.contains("chmod 600"),
        "{open}"
    );
    let found = cardea(&["doctor", "--json", "--config", config])
        .output()
        .unwrap();
    assert_eq!(found.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found[0]["weight"], "problem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "Q7vIfLnJ1m0x4J1kQbEJ3sVX5m9mPV0cYJ3o2bnX0yE=\n").unwrap();
    let wrong = complaint(&["serve", "--config", config]);
    assert!(wrong.contains("another master key"), "{wrong}");
}
