//! The ready file, and what is printed when the server answers.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::secrets::Entries;
use crate::config::write_private;
use crate::tls::PemFiles;

/// The tenant's name.
pub(crate) const TENANT: &str = "dev";

/// What scripts and people are told.
#[derive(Debug)]
pub(crate) struct Ready {
    /// `https://localhost:8443/`.
    pub(crate) issuer: String,
    /// The host and port in it.
    pub(crate) domain: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) leaf: Option<PemFiles>,
    pub(crate) folder: PathBuf,
    pub(crate) entries: Entries,
}

impl Ready {
    /// The ready file's JSON.
    pub(crate) fn to_json(&self) -> Value {
        let url = |path: &str| format!("{}{path}", self.issuer);
        let entries = &self.entries;
        json!({
            "issuer": self.issuer,
            "domain": self.domain,
            "ca_file": self.ca_file,
            "leaf": self.leaf.as_ref().map(|leaf| json!({
                "cert_file": leaf.cert_file,
                "key_file": leaf.key_file,
            })),
            "pid": std::process::id(),
            "tenant": TENANT,
            "management": entries.management.as_ref().map(|client| json!({
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "audience": self.management_audience(),
            })),
            "applications": entries.applications,
            "apis": entries.apis,
            "users": entries.users,
            "dev": {
                "inbox": url("dev/inbox"),
                "clock": url("dev/clock"),
                "reset": url("dev/reset"),
            },
        })
    }

    fn management_audience(&self) -> String {
        format!("{}api/v2/", self.issuer)
    }

    /// Writes the ready file: all of it or nothing, readable by its owner alone.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(&self.to_json()).map_err(io::Error::other)?;
        text.push('\n');
        write_private(path, text.as_bytes())
    }

    /// What a person reads.
    pub(crate) fn to_text(&self) -> String {
        let mut lines = vec![
            "Cardea is ready. Everything below is for development; Ctrl-C ends it.".to_owned(),
            String::new(),
            format!("  issuer      {}", self.issuer),
            format!("  data        {}", self.folder.display()),
            format!("  mails       {}dev/inbox?html", self.issuer),
        ];
        if let Some(ca) = &self.ca_file {
            lines.push(format!("  trust       {}", ca.display()));
        }
        lines.push(String::new());
        lines
            .push("  application       client_id                         client_secret".to_owned());
        lines.extend(self.entries.applications.iter().map(|application| {
            let secret = application.client_secret.as_deref().unwrap_or("-");
            format!(
                "  {:<17} {:<33} {secret}",
                application.name, application.client_id
            )
        }));
        lines.push(String::new());
        lines.push("  API               identifier (the audience)".to_owned());
        lines.extend(
            self.entries
                .apis
                .iter()
                .map(|api| format!("  {:<17} {}", api.name, api.identifier)),
        );
        if !self.entries.users.is_empty() {
            lines.push(String::new());
            lines.push("  user              password".to_owned());
            lines.extend(
                self.entries
                    .users
                    .iter()
                    .map(|user| format!("  {:<17} {}", user.email, user.password)),
            );
        }
        lines.extend(self.examples());
        lines.extend(self.curls());
        lines.join("\n")
    }

    /// Where somebody logs in, while the example tenant is there.
    fn examples(&self) -> Vec<String> {
        let mut names = self.entries.applications.iter().map(|app| &app.name);
        if self.entries.users.is_empty() || !names.any(|name| name == "Health SPA") {
            return Vec::new();
        }
        let text = "To log somebody in: `npm start` in examples/spa, examples/web or examples/cli.";
        vec![String::new(), text.to_owned()]
    }

    /// A token, and the Management API with it.
    fn curls(&self) -> Vec<String> {
        let Some(client) = &self.entries.management else {
            return Vec::new();
        };
        let secret = client.client_secret.as_deref().unwrap_or_default();
        let trust = match &self.ca_file {
            Some(ca) => format!(" --cacert {}", quoted(&ca.display().to_string())),
            None => String::new(),
        };
        let issuer = &self.issuer;
        vec![
            String::new(),
            "Try it: a token, and the Management API with it.".to_owned(),
            String::new(),
            format!(
                "  TOKEN=$(curl -sS{trust} {issuer}oauth/token -d grant_type=client_credentials \
                 -d audience={} -d client_id={} -d client_secret={} \
                 | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
                self.management_audience(),
                quoted(&client.client_id),
                quoted(secret),
            ),
            format!(
                "  curl -sS{trust} '{issuer}api/v2/clients?fields=name,client_id' \
                 -H \"Authorization: Bearer $TOKEN\""
            ),
            String::new(),
        ]
    }
}

/// For a shell: as it is where that is safe.
fn quoted(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::secrets::{Application, ManagementClient};

    fn ready() -> Ready {
        Ready {
            issuer: "https://localhost:8443/".to_owned(),
            domain: "localhost:8443".to_owned(),
            ca_file: Some("/my data/dev-ca.pem".into()),
            leaf: Some(PemFiles {
                cert_file: "/l.pem".into(),
                key_file: "/l.key".into(),
            }),
            folder: "/my data".into(),
            entries: Entries {
                management: Some(ManagementClient {
                    client_id: "id".to_owned(),
                    client_secret: Some("it's".to_owned()),
                }),
                applications: vec![Application {
                    name: "Health SPA".to_owned(),
                    app_type: Some("spa".to_owned()),
                    client_id: "x".to_owned(),
                    client_secret: None,
                    callbacks: vec!["https://localhost:3000".to_owned()],
                }],
                apis: Vec::new(),
                users: Vec::new(),
            },
        }
    }

    #[test]
    fn the_file_has_the_documented_members() {
        let json = ready().to_json();
        let members: Vec<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            members,
            [
                "issuer",
                "domain",
                "ca_file",
                "leaf",
                "pid",
                "tenant",
                "management",
                "applications",
                "apis",
                "users",
                "dev"
            ]
        );
        assert_eq!(
            json["management"]["audience"],
            "https://localhost:8443/api/v2/"
        );
        assert_eq!(json["leaf"]["key_file"], "/l.key");
        assert_eq!(json["dev"]["reset"], "https://localhost:8443/dev/reset");
        assert_eq!(json["applications"][0]["client_secret"], Value::Null);
    }

    #[test]
    fn the_curl_lines_survive_a_shell() {
        let text = ready().to_text();
        assert!(text.contains("--cacert '/my data/dev-ca.pem' https://localhost:8443/oauth/token"));
        assert!(text.contains("-d client_secret='it'\\''s'"));
        assert!(text.contains("mails       https://localhost:8443/dev/inbox?html"));
        assert!(
            !text.contains("npm start"),
            "there is no example to log in to"
        );
    }
}
