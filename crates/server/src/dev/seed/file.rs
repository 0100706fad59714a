//! A seed from a file: the YAML of `auth0-deploy-cli`, and `users` beside it.

use serde_json::{Map, Value};

use super::{MANAGEMENT_AUDIENCE, Seed};

/// What a file says, and the sections in it that can't be planted yet.
#[derive(Debug)]
pub(crate) struct FromFile {
    pub(crate) seed: Seed,
    pub(crate) ignored: Vec<String>,
}

impl Seed {
    /// Reads the YAML. `##AUTH0_DOMAIN##` in it, as exports of the deploy CLI write, is `domain`.
    pub(crate) fn from_yaml(text: &str, domain: &str) -> Result<FromFile, Vec<String>> {
        let text = text
            .replace("##AUTH0_DOMAIN##", domain)
            .replace("@@AUTH0_DOMAIN@@", domain);
        let root: Value = serde_yaml_ng::from_str(&text)
            .map_err(|error| vec![format!("it is not YAML: {error}")])?;
        let Value::Object(root) = root else {
            return Err(vec![
                "it must be a map of sections (tenant:, clients:, …)".to_owned(),
            ]);
        };
        let mut problems = Vec::new();
        let mut read = FromFile {
            seed: Self::default(),
            ignored: Vec::new(),
        };
        for (section, value) in root {
            read.section(section, value, domain, &mut problems);
        }
        if problems.is_empty() {
            Ok(read)
        } else {
            Err(problems)
        }
    }
}

impl FromFile {
    fn section(&mut self, section: String, value: Value, domain: &str, problems: &mut Vec<String>) {
        let list = |problems: &mut Vec<String>| maps(&section, value.clone(), problems);
        match section.as_str() {
            "tenant" => {
                if let Value::Object(settings) = value {
                    self.seed.settings = settings;
                } else if !value.is_null() {
                    problems.push("tenant: must be a map".to_owned());
                }
            }
            "resourceServers" => {
                let apis = list(problems);
                // an export names the Management API too; the tenant has it already
                let own = |api: &Map<String, Value>| is_management(api, "identifier", domain);
                self.seed.apis = apis.into_iter().filter(|api| !own(api)).collect();
            }
            "clients" => self.seed.clients = list(problems),
            "clientGrants" => {
                self.seed.grants = list(problems);
                for grant in &mut self.seed.grants {
                    if is_management(grant, "audience", domain) {
                        grant.insert("audience".to_owned(), MANAGEMENT_AUDIENCE.into());
                    }
                }
            }
            "roles" => self.seed.roles = list(problems),
            "users" => self.seed.users = list(problems),
            _ => self.ignored.push(section),
        }
    }
}

/// Whether the member names the tenant's Management API, under whatever scheme.
fn is_management(members: &Map<String, Value>, name: &str, domain: &str) -> bool {
    let text = super::text(members, name);
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.and_then(|rest| rest.strip_suffix("/api/v2/"))
        .is_some_and(|host| host == domain)
}

fn maps(section: &str, value: Value, problems: &mut Vec<String>) -> Vec<Map<String, Value>> {
    let items = if let Value::Array(items) = value {
        items
    } else {
        if !value.is_null() {
            problems.push(format!("{section}: must be a list"));
        }
        Vec::new()
    };
    let mut all = Vec::with_capacity(items.len());
    for (number, item) in items.into_iter().enumerate() {
        if let Value::Object(members) = item {
            all.push(members);
        } else {
            problems.push(format!("{section}: entry {} must be a map", number + 1));
        }
    }
    all
}
