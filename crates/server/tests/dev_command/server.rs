//! `cardea dev` as a child process, and a client that trusts its CA alone.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tempfile::TempDir;

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) ready: Value,
    pub(crate) ready_file: PathBuf,
    /// What it printed until it was ready.
    pub(crate) said: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}

pub(crate) fn cardea(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardea"));
    command.args(arguments).stdin(Stdio::null());
    // the tests' own environment must not configure the server
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARDEA__") {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    cardea(arguments).output().unwrap()
}

/// Runs a command that must succeed; what it printed.
pub(crate) fn said(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail with exit code 1; what it complained about.
pub(crate) fn complaint(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
    errors
}

impl Server {
    /// Starts it and waits until it says that it is ready, or ends.
    pub(crate) fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        let ready_file = folder.path().join("ready.json");
        let mut command = cardea(&["dev", "--ready-file"]);
        let child = command.arg(&ready_file).args(arguments);
        let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !said.contains("Cardea is ready") {
            let read = lines.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended with {:?}", child.wait());
        }
        // everything is printed at once, up to an empty line at the end
        while !said.contains("Bearer $TOKEN") {
            lines.read_line(&mut said).unwrap();
        }
        let ready = serde_json::from_str(&std::fs::read_to_string(&ready_file).unwrap()).unwrap();
        Self {
            child,
            ready,
            ready_file,
            said,
        }
    }

    /// Starts `serve` and waits until it listens.
    pub(crate) fn serve(config: &str, ready: Value) -> Self {
        let mut command = cardea(&["serve", "--config", config]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("\"listening\"") {
            let read = lines.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended with {:?}: {said}", child.wait());
        }
        // its later lines must not meet a closed pipe
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        Self {
            child,
            ready,
            ready_file: PathBuf::new(),
            said,
        }
    }

    /// Asks it to end, which it must do with success.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    pub(crate) fn told(&self, pointer: &str) -> &str {
        let value = self.ready.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("the ready file has no {pointer}"))
    }

    pub(crate) fn port(&self) -> u16 {
        self.told("/domain")
            .rsplit_once(':')
            .unwrap()
            .1
            .parse()
            .unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(("localhost", "GET", path), &[], "")
    }

    pub(crate) fn post(&self, path: &str, headers: &[&str], body: &str) -> Answer {
        self.send(("localhost", "POST", path), headers, body)
    }

    /// One request (host name, method, path) on a connection of its own; every host is here.
    pub(crate) fn send(
        &self,
        (name, method, path): (&str, &str, &str),
        headers: &[&str],
        body: &str,
    ) -> Answer {
        let port = self.port();
        let length = body.len();
        let mut lines = vec![
            format!("{method} {path} HTTP/1.1"),
            format!("Host: {name}:{port}"),
            "Connection: close".to_owned(),
            format!("Content-Length: {length}"),
        ];
        if !headers
            .iter()
            .any(|header| header.starts_with("Content-Type"))
        {
            lines.push("Content-Type: application/x-www-form-urlencoded".to_owned());
        }
        lines.extend(headers.iter().map(|header| (*header).to_owned()));
        let request = format!("{}\r\n\r\n{body}", lines.join("\r\n"));

        let mut tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let answer = match self.ready["ca_file"].as_str() {
            None => exchange(&mut tcp, &request),
            Some(ca) => {
                let name = ServerName::try_from(name.to_owned()).unwrap();
                let tls = ClientConnection::new(Arc::new(trusting(Path::new(ca))), name).unwrap();
                exchange(&mut StreamOwned::new(tls, tcp), &request)
            }
        };
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            body: body.to_owned(),
        }
    }

    /// A token for `audience` by the credentials at `pointer` of the ready file.
    pub(crate) fn token(&self, pointer: &str, audience: &str) -> String {
        let id = self.told(&format!("{pointer}/client_id"));
        let secret = self.told(&format!("{pointer}/client_secret"));
        let form = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&audience={audience}"
        );
        let answer = self.post("/oauth/token", &[], &form);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Names of the tenant's applications, by the Management API.
    pub(crate) fn applications(&self) -> Vec<String> {
        let token = self.token("/management", self.told("/management/audience"));
        let authorization = format!("Authorization: Bearer {token}");
        let answer = self.send(
            ("localhost", "GET", "/api/v2/clients?fields=name"),
            &[&authorization],
            "",
        );
        assert_eq!(answer.status, 200, "{}", answer.body);
        let list = answer.json();
        let names = list
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn exchange(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // rustls reports an end without close_notify as an error; the answer is there by then
    drop(stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

fn trusting(ca: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
