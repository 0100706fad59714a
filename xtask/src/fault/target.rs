//! The server under test as its clients see it: how to write something, and how to find it again.

use std::collections::BTreeSet;
use std::io::Result as IoResult;

use serde_json::Value;

use super::http::{Answer, Client, Request, form};
use crate::failure::{Context, Failure, Outcome, fail};
use crate::server::Server;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const HEALTH_API: &str = "https://example.com/health-api";

#[derive(Debug, Clone)]
pub(crate) struct Target {
    port: u16,
    sync: (String, String),
    /// An access token for the Management API.
    management: String,
}

impl Target {
    pub(crate) fn of(server: &Server) -> Outcome<Self> {
        let domain = server.told("/domain")?;
        let port = domain
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .parse()
            .context("the domain's port")?;
        let (id, secret) = server.application("Health Sync")?;
        let sync = (id.to_owned(), secret.to_owned());
        let mut target = Self {
            port,
            sync,
            management: String::new(),
        };
        let client = (
            server.told("/management/client_id")?,
            server.told("/management/client_secret")?,
        );
        let audience = server.told("/management/audience")?;
        let answer =
            token(&mut target.client(), client, audience, "cardea-fault").context("a token")?;
        match answer.body.get("access_token").and_then(Value::as_str) {
            Some(token) => token.clone_into(&mut target.management),
            None => {
                return fail(format!(
                    "no Management API token: {} {}",
                    answer.status, answer.body
                ));
            }
        }
        Ok(target)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.port)
    }

    /// Gets a token; the log event of it is committed before the answer, and carries this user agent.
    pub(crate) fn write_token(&self, client: &mut Client, user_agent: &str) -> IoResult<Answer> {
        token(client, (&self.sync.0, &self.sync.1), HEALTH_API, user_agent)
    }

    pub(crate) fn write_api(&self, client: &mut Client, name: &str) -> IoResult<Answer> {
        let body = format!(r#"{{"name": "{name}", "identifier": "https://example.com/{name}"}}"#);
        let request = Request {
            bearer: Some(&self.management),
            user_agent: "cardea-fault",
            body: Some((JSON, &body)),
        };
        client.send("POST", "/api/v2/resource-servers", &request)
    }

    fn get(&self, client: &mut Client, path: &str) -> Outcome<Answer> {
        let bearer = Some(self.management.as_str());
        let request = Request {
            bearer,
            user_agent: "cardea-fault",
            body: None,
        };
        client.send("GET", path, &request).context(path)
    }

    fn get_list(&self, client: &mut Client, path: &str, key: &str) -> Outcome<Vec<Value>> {
        let answer = self.get(client, path)?;
        let list = answer
            .body
            .get(key)
            .unwrap_or(&answer.body)
            .as_array()
            .cloned();
        match list.filter(|_| answer.status == 200) {
            Some(list) => Ok(list),
            None => fail(format!("GET {path}: {} {}", answer.status, answer.body)),
        }
    }

    pub(crate) fn has_api(&self, client: &mut Client, id: &str) -> Outcome<bool> {
        let path = format!("/api/v2/resource-servers/{id}");
        let answer = self.get(client, &path)?;
        match answer.status {
            200 => Ok(answer.body.get("id").and_then(Value::as_str) == Some(id)),
            404 => Ok(false),
            status => fail(format!("GET {path}: {status} {}", answer.body)),
        }
    }

    /// The ids of all APIs, page by page.
    pub(crate) fn apis(&self) -> Outcome<BTreeSet<String>> {
        let mut client = self.client();
        let mut found = BTreeSet::new();
        for page in 0.. {
            let path = format!("/api/v2/resource-servers?per_page=100&page={page}");
            let list = self.get_list(&mut client, &path, "resource_servers")?;
            if list.is_empty() {
                break;
            }
            found.extend(list.iter().filter_map(|api| text(api, "id")));
        }
        Ok(found)
    }

    /// The id of the newest log event.
    pub(crate) fn newest_event(&self) -> Outcome<String> {
        let mut client = self.client();
        self.write_token(&mut client, "cardea-fault")
            .context("a token")?;
        let list = self.get_list(&mut client, "/api/v2/logs?per_page=1", "logs")?;
        list.first()
            .and_then(|event| text(event, "log_id"))
            .ok_or_else(|| Failure::new("the log is empty"))
    }

    /// The user agents of all token events after one, and the id of the last event.
    pub(crate) fn token_events_after(&self, event: &str) -> Outcome<(BTreeSet<String>, String)> {
        let mut client = self.client();
        let mut newest = event.to_owned();
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        loop {
            let path = format!("/api/v2/logs?take=100&from={newest}");
            let list = self.get_list(&mut client, &path, "logs")?;
            let mut is_new = false;
            for event in &list {
                let Some(id) = text(event, "log_id") else {
                    continue;
                };
                is_new |= seen.insert(id.clone());
                newest = id;
                if text(event, "type").as_deref() == Some("seccft") {
                    found.extend(text(event, "user_agent"));
                }
            }
            if !is_new {
                return Ok((found, newest));
            }
        }
    }
}

fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn token(
    client: &mut Client,
    by: (&str, &str),
    audience: &str,
    user_agent: &str,
) -> IoResult<Answer> {
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", by.0),
        ("client_secret", by.1),
        ("audience", audience),
    ]);
    let request = Request {
        bearer: None,
        user_agent,
        body: Some((FORM, &body)),
    };
    client.send("POST", "/oauth/token", &request)
}
