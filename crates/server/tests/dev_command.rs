//! `cardea dev` and the commands beside it, as processes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::cognitive_complexity,
    reason = "a test fails by panicking"
)]

#[path = "dev_command/production.rs"]
mod production;
#[path = "dev_command/server.rs"]
mod server;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use server::{Server, cardea, complaint, said};

const HEALTH_API: &str = "https://example.com/health-api";

/// `--data` and a folder below `folder`.
fn data(folder: &tempfile::TempDir) -> String {
    folder.path().join("data").to_str().unwrap().to_owned()
}

/// A ready file without what belongs to one process or one folder.
fn comparable(ready: &Value) -> Value {
    let mut ready = ready.clone();
    for member in ["pid", "ca_file", "leaf"] {
        ready.as_object_mut().unwrap().remove(member);
    }
    ready
}

fn secrets(ready: &Value) -> Value {
    let mut ready = comparable(ready);
    for member in ["issuer", "domain", "dev"] {
        ready.as_object_mut().unwrap().remove(member);
    }
    ready["management"]
        .as_object_mut()
        .unwrap()
        .remove("audience");
    ready
}

#[test]
fn an_empty_folder_becomes_a_working_server_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder);
    let first = Server::start(&folder, &["--port", "0", "--data", &data]);
    let mode = fs::metadata(&first.ready_file)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let issuer = first.told("/issuer").to_owned();
    assert_eq!(issuer, format!("https://localhost:{}/", first.port()));
    assert_eq!(
        first.told("/management/audience"),
        format!("{issuer}api/v2/")
    );
    assert_eq!(first.told("/dev/clock"), format!("{issuer}dev/clock"));
    assert_eq!(first.told("/tenant"), "dev");
    assert_eq!(first.ready["applications"].as_array().unwrap().len(), 6);
    assert_eq!(first.ready["apis"][1]["signing_alg"], "HS256");
    assert!(first.ready["apis"][1]["signing_secret"].is_string());
    assert!(first.ready["apis"][0]["signing_secret"].is_null());
    assert!(
        first.ready["users"][0]["user_id"]
            .as_str()
            .unwrap()
            .starts_with("auth0|")
    );
    for pointer in ["/ca_file", "/leaf/cert_file", "/leaf/key_file"] {
        assert!(
            Path::new(first.told(pointer)).is_absolute() && Path::new(first.told(pointer)).exists()
        );
    }

    // what is printed works when it is pasted
    let lines: Vec<&str> = first
        .said
        .lines()
        .filter(|line| line.contains("curl"))
        .collect();
    let script = lines.join("\n");
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let shown = String::from_utf8(shell.stdout).unwrap();
    assert!(shown.contains("Health Sync"), "{shown}");

    let discovery = first.get("/.well-known/openid-configuration").json();
    assert_eq!(discovery["issuer"], issuer.as_str());
    let sync = first.ready["applications"].as_array().unwrap();
    let sync = sync
        .iter()
        .position(|one| one["name"] == "Health Sync")
        .unwrap();
    let token = first.token(&format!("/applications/{sync}"), HEALTH_API);
    let inspected = said(&["token", "inspect", &token, "--data", &data]);
    assert!(
        inspected.contains("Health API, https://example.com/health-api: takes it"),
        "{inspected}"
    );
    assert!(
        inspected.contains("Legacy Health API, https://example.com/legacy-health-api: refuses it")
    );

    // a second server in the folder would write beside the first
    let second = complaint(&["dev", "--port", "0", "--data", &data]);
    assert!(second.contains("another server"), "{second}");

    // the examples find the server by the file in its folder, for as long as it runs
    let kept = Path::new(&data).join("ready.json");
    let written = fs::read(&first.ready_file).unwrap();
    assert_eq!(fs::read(&kept).unwrap(), written);
    let known = secrets(&first.ready);
    first.stop();
    assert!(!kept.exists());
    let later = Server::start(&folder, &["--port", "0", "--data", &data]);
    assert_eq!(secrets(&later.ready), known);
    assert!(later.applications().contains(&"Management".to_owned()));
    later.stop();
    // the scheme may change, too
    let plain = Server::start(&folder, &["--port", "0", "--data", &data, "--plain-http"]);
    assert_eq!(
        plain.told("/issuer"),
        format!("http://localhost:{}/", plain.port())
    );
    assert!(plain.ready["ca_file"].is_null());
    assert_eq!(secrets(&plain.ready), known);
    assert!(plain.applications().contains(&"Health Web".to_owned()));
    plain.stop();
}

#[test]
fn two_deterministic_starts_are_the_same() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(
            &folder,
            &["--port", &port, "--deterministic", "--data", &data(&folder)],
        );
        let jwks = server.get("/.well-known/jwks.json").json();
        assert_eq!(
            jwks["keys"].as_array().unwrap().len(),
            2,
            "current and next"
        );
        seen.push((comparable(&server.ready), jwks));
        server.stop();

        // the keys are published: nothing else may serve from this database
        let config = folder.path().join("cardea.toml");
        let database = folder.path().join("data/cardea.db");
        let key = folder.path().join("data/master.key");
        let text = format!(
            "master_key_file = {key:?}\n[database]\nurl = \"sqlite:{}\"\n",
            database.display()
        );
        fs::write(&config, text).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = complaint(&["serve", "--config", config.to_str().unwrap()]);
        assert!(refused.contains("deterministic"), "{refused}");
        let mixed = complaint(&["dev", "--port", "0", "--data", &data(&folder)]);
        assert!(mixed.contains("--deterministic"), "{mixed}");
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn a_reset_brings_the_seed_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder, &["--port", "0", "--ephemeral"]);
    let kids = |server: &Server| {
        let jwks = server.get("/.well-known/jwks.json").json();
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let current = kids(&server)[0].clone();
    let before = server.applications();
    let token = server.token("/management", server.told("/management/audience"));
    let authorization = format!("Authorization: Bearer {token}");
    let json = "Content-Type: application/json";
    let made = server.post(
        "/api/v2/clients",
        &[&authorization, json],
        r#"{"name": "Extra"}"#,
    );
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(server.applications().contains(&"Extra".to_owned()));

    let moved = server.post("/dev/clock", &[], r#"{"advance_s": 100000}"#);
    assert_eq!(moved.status, 200);
    let then = moved.json()["now"].as_str().unwrap().to_owned();
    // the token has expired by now
    let stale = server.send(
        ("localhost", "GET", "/api/v2/clients"),
        &[&authorization],
        "",
    );
    assert_eq!(stale.status, 401, "{}", stale.body);

    assert_eq!(server.post("/dev/reset", &[], "").status, 204);
    let now = server.get("/dev/clock").json()["now"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(now < then, "{now} {then}");
    assert_eq!(server.applications(), before);
    assert!(kids(&server).contains(&current));
    assert_eq!(server.get("/dev/inbox").body, "[]");
    assert!(
        server
            .get("/dev/inbox?html")
            .body
            .starts_with("<!doctype html>")
    );

    for origin in ["https://evil.example", "null", "http://localhost:1"] {
        let header = format!("Origin: {origin}");
        assert_eq!(
            server.post("/dev/reset", &[&header], "").status,
            403,
            "{origin}"
        );
    }
    let own = format!("Origin: {}", server.told("/issuer").trim_end_matches('/'));
    assert_eq!(server.post("/dev/reset", &[&own], "").status, 204);
    assert_eq!(server.post("/dev/clock", &[], "{}").status, 400);
    let used = server.told("/ca_file").to_owned();
    server.stop();
    assert!(
        !Path::new(&used).exists(),
        "a temporary folder is gone at exit"
    );
}

#[test]
fn a_seed_file_makes_another_tenant_or_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.yaml");
    let file = file.to_str().unwrap();
    fs::write(
        file,
        "clients:\n  - name: Odd\n    nonsense: 1\n  - app_type: spa\n",
    )
    .unwrap();
    let arguments = [
        "dev",
        "--port",
        "0",
        "--data",
        &data(&folder),
        "--seed",
        file,
    ];
    let wrong = complaint(&arguments);
    assert!(
        wrong.contains("application \"Odd\"") && wrong.contains("application \"\""),
        "{wrong}"
    );

    // mended, it takes the same folder
    fs::write(
        file,
        "clients:\n  - name: Worker\n    app_type: non_interactive\n\
         resourceServers:\n  - {name: Orders, identifier: 'https://orders.example/', signing_alg: ES256}\n\
         users:\n  - email: kim@acme.example\n",
    )
    .unwrap();
    let server = Server::start(&folder, &arguments[1..]);
    assert_eq!(
        server.applications(),
        ["All Applications", "Management", "Worker"]
    );
    assert_eq!(server.told("/apis/0/identifier"), "https://orders.example/");
    assert_eq!(server.told("/users/0/email"), "kim@acme.example");
    let jwks = server.get("/.well-known/jwks.json").json();
    let keys = jwks["keys"].as_array().unwrap();
    assert!(keys.iter().any(|key| key["kty"] == "EC"));
    let known = secrets(&server.ready);
    server.stop();

    // without the option the folder remembers
    let server = Server::start(&folder, &["--port", "0", "--data", &data(&folder)]);
    assert_eq!(secrets(&server.ready), known);
    assert_eq!(server.post("/dev/reset", &[], "").status, 204);
    assert_eq!(
        server.applications(),
        ["All Applications", "Management", "Worker"]
    );
    server.stop();
    fs::write(file, "clients: []\n").unwrap();
    assert!(complaint(&arguments).contains("another seed"));
}

#[test]
fn commands_work_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(&folder);
    let server = Server::start(
        &folder,
        &["--port", "0", "--data", &data, "--profile", "strict"],
    );
    let mismatch = complaint(&["dev", "--port", "0", "--data", &data, "--profile", "compat"]);
    assert!(mismatch.contains("profile strict"), "{mismatch}");

    let tenants = said(&["tenant", "list", "--data", &data]);
    assert!(
        tenants.starts_with("dev ") && tenants.contains("strict"),
        "{tenants}"
    );
    let made = said(&[
        "tenant",
        "create",
        "acme",
        "--host",
        "acme.localhost",
        "--data",
        &data,
    ]);
    assert!(
        made.contains(&format!("https://acme.localhost:{}/", server.port())),
        "{made}"
    );
    let again = complaint(&[
        "tenant",
        "create",
        "acme",
        "--host",
        "b.localhost",
        "--data",
        &data,
    ]);
    assert!(again.contains("exists"), "{again}");
    // the server follows within a second, and has a certificate for the new host
    let metadata = (0..200).find_map(|_| {
        let answer = std::panic::catch_unwind(|| {
            server.send(
                ("acme.localhost", "GET", "/.well-known/openid-configuration"),
                &[],
                "",
            )
        });
        answer.ok().filter(|answer| answer.status == 200)
    });
    assert!(metadata.unwrap().body.contains("https://acme.localhost"));

    let keys = said(&["keys", "list", "--tenant", "dev", "--data", &data]);
    let current = keys
        .lines()
        .find(|line| line.contains(" current "))
        .unwrap()
        .to_owned();
    let kid = current.split(' ').next().unwrap();
    said(&["keys", "rotate", "--tenant", "dev", "--data", &data]);
    let keys = said(&["keys", "list", "--tenant", "dev", "--data", &data]);
    assert!(
        keys.lines()
            .any(|line| line.starts_with(kid) && line.contains("previous")),
        "{keys}"
    );
    said(&[
        "keys", "revoke", "--kid", kid, "--tenant", "dev", "--data", &data,
    ]);
    let keys = said(&["keys", "list", "--tenant", "dev", "--data", &data]);
    assert!(
        keys.lines()
            .any(|line| line.starts_with(kid) && line.contains("revoked")),
        "{keys}"
    );
    complaint(&[
        "keys", "revoke", "--kid", "nothing", "--tenant", "dev", "--data", &data,
    ]);

    server.applications();
    assert_eq!(said(&["doctor", "--data", &data]), "nothing to report\n");
    complaint(&["why", "90020", "--data", &data]);
    server.stop();
}

#[test]
fn doctor_names_mixed_applications_and_their_flags() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder, &["--port", "0", "--data", &data(&folder)]);
    let token = server.token("/management", server.told("/management/audience"));
    let bearer = format!("Authorization: Bearer {token}");
    let headers = [bearer.as_str(), "Content-Type: application/json"];
    let body = json!({
        "name": "All in one", "app_type": "spa", "grant_types": ["authorization_code"],
        "callbacks": ["https://app.example.com/cb", "com.example.app:/cb", "https://other.example.org/cb"],
        "cardea_flags": { "pkce": "optional", "wildcard_callbacks": true },
    });
    let made = server.post("/api/v2/clients", &headers, &body.to_string());
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["client_id"].as_str().unwrap().to_owned();
    let found = said(&["doctor", "--data", &data(&folder)]);
    for text in [
        "is used in the browser and on devices under one client id: give each its own application",
        "is used from example.com and example.org: if these are several products, give each its \
         own application",
        "carries the flag pkce: optional: it may leave PKCE out",
        "carries the flag wildcard_callbacks: true: its callbacks may hold a wildcard",
    ] {
        let line = format!("note     tenant dev: application All in one ({id}) {text}");
        assert!(found.lines().any(|known| known == line), "{line}\n{found}");
    }
    server.stop();
}

#[test]
fn a_wrong_command_line_and_a_failure_have_their_own_exit_codes() {
    assert_eq!(
        cardea(&["dev", "--port", "x"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    assert_eq!(cardea(&["fly"]).output().unwrap().status.code(), Some(2));
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.toml");
    let missing = missing.to_str().unwrap();
    assert!(complaint(&["serve", "--config", missing]).contains("none.toml"));
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let taken = complaint(&["dev", "--port", &port, "--data", &data(&folder)]);
    assert!(taken.contains("--port"), "{taken}");
    assert!(
        !Path::new(&data(&folder)).exists(),
        "nothing is made where nothing can be served"
    );
}
