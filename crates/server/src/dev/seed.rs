//! What a tenant of `dev` begins with: the example of the documentation, or a file.
//!
//! Everything is made by the Management API's own operations, so a seed has the defaults and the
//! errors of the API. Ids and secrets are derived from one random label, entity by entity: the
//! same label gives the same ones, which is how a reset brings them back.

mod example;
mod file;
mod people;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use cardea_core::id::RoleId;
use cardea_core::management::{self, ApiError, Method};
use cardea_core::model::{Document, SystemApi, TenantRecord, TenantView};
use cardea_core::random::{Random, Seeded};
use cardea_core::time::Timestamp;
use cardea_core::write::Write;
use cardea_jose::Algorithm;
use serde_json::{Map, Value, json};

use super::secrets::{ApiEntry, Application, Entries, ManagementClient};
use crate::app::Scheme;
use crate::cli::operate::Operator;
use crate::password::Hasher;

/// Stands for the tenant's own Management API in a grant's `audience`.
const MANAGEMENT_AUDIENCE: &str = "urn:cardea:management";
const MANAGEMENT_NAME: &str = "Management";
const CONNECTION: &str = "Username-Password-Authentication";

/// The entities of a tenant, as bodies of the operations that make them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seed {
    settings: Map<String, Value>,
    apis: Vec<Map<String, Value>>,
    clients: Vec<Map<String, Value>>,
    /// `client_id` is an application's name.
    grants: Vec<Map<String, Value>>,
    /// `permissions` beside the members of the body.
    roles: Vec<Map<String, Value>>,
    /// `roles` by name, and claims that the body does not take.
    users: Vec<Map<String, Value>>,
}

/// Where and when a seed is planted.
#[derive(Debug, Clone)]
pub(crate) struct Ground<'a> {
    pub(crate) record: TenantRecord,
    pub(crate) scheme: Scheme,
    pub(crate) now: Timestamp,
    /// Everything random follows from it.
    pub(crate) label: &'a str,
}

/// What grew from a seed.
#[derive(Debug)]
pub(crate) struct Planted {
    pub(crate) documents: Vec<Document>,
    /// Users and their roles: to be committed once the tenant is there.
    pub(crate) users: Vec<Write>,
    /// Algorithms that an API or application signs with: the tenant needs keys for them.
    pub(crate) algorithms: BTreeSet<Algorithm>,
    pub(crate) entries: Entries,
}

impl Seed {
    /// Makes everything in memory. All that the API refuses is reported, each with the name of
    /// its entity.
    pub(crate) fn plant(&self, ground: &Ground<'_>) -> Result<Planted, Vec<String>> {
        let mut planting = Planting::new(ground).map_err(|why| vec![why])?;
        planting.settings(&self.settings);
        for api in &self.apis {
            planting.api(api);
        }
        for client in &self.clients {
            planting.client(client);
        }
        for grant in &self.grants {
            planting.grant(grant);
        }
        planting.management_client();
        for role in &self.roles {
            planting.role(role);
        }
        for user in &self.users {
            planting.user(user);
        }
        planting.finish()
    }
}

struct Planting<'a> {
    operator: Operator,
    label: &'a str,
    management: String,
    problems: Vec<String>,
    algorithms: BTreeSet<Algorithm>,
    client_ids: BTreeMap<String, String>,
    role_ids: BTreeMap<String, RoleId>,
    hasher: Hasher,
    users: Vec<Write>,
    /// The application that administers the tenant, by name.
    administrator: Option<String>,
    entries: Entries,
}

impl<'a> Planting<'a> {
    fn new(ground: &Ground<'a>) -> Result<Self, String> {
        let record = ground.record.clone();
        let issuer = cardea_core::model::Issuer::new(ground.scheme.as_str(), &ground.record.host);
        let management = issuer.join(SystemApi::Management.path());
        let mut random = generator(ground.label, "tenant", "");
        let documents =
            management::new_tenant_documents(record.profile, &management, ground.now, &mut random);
        let view = TenantView::assemble(record, 1, documents).map_err(|error| error.to_string())?;
        let operator = Operator::new(view, ground.scheme, ground.now)
            .ok_or_else(|| "the operator has no name".to_owned())?;
        Ok(Self {
            operator,
            label: ground.label,
            management,
            problems: Vec::new(),
            algorithms: BTreeSet::new(),
            client_ids: BTreeMap::new(),
            role_ids: BTreeMap::new(),
            hasher: Hasher::default(),
            users: Vec::new(),
            administrator: None,
            entries: Entries::default(),
        })
    }

    fn run(&mut self, what: (&str, &str), operation: (Method, &str), body: Value) -> Option<Value> {
        let (kind, name) = what;
        let mut random = generator(self.label, kind, name);
        match self.operator.call(operation, Some(body), &mut random) {
            Ok(reply) => {
                self.algorithms.extend(reply.needs_key);
                Some(reply.body.unwrap_or_default())
            }
            Err(error) => {
                self.problems
                    .push(format!("{kind} {name:?}: {}", said(&error)));
                None
            }
        }
    }

    fn settings(&mut self, settings: &Map<String, Value>) {
        if !settings.is_empty() {
            let body = Value::Object(settings.clone());
            self.run(
                ("tenant", "settings"),
                (Method::Patch, "/tenants/settings"),
                body,
            );
        }
    }

    fn api(&mut self, api: &Map<String, Value>) {
        let identifier = text(api, "identifier").to_owned();
        let body = Value::Object(api.clone());
        let made = self.run(
            ("API", &identifier),
            (Method::Post, "/resource-servers"),
            body,
        );
        if let Some(made) = made {
            self.entries.apis.push(ApiEntry {
                name: text_of(&made, "name"),
                identifier,
                signing_alg: text_of(&made, "signing_alg"),
                signing_secret: some_text(&made, "signing_secret"),
            });
        }
    }

    fn client(&mut self, client: &Map<String, Value>) {
        let name = text(client, "name").to_owned();
        let body = Value::Object(client.clone());
        let made = self.run(("application", &name), (Method::Post, "/clients"), body);
        if let Some(made) = made {
            let client_id = text_of(&made, "client_id");
            if self
                .client_ids
                .insert(name.clone(), client_id.clone())
                .is_some()
            {
                self.problems
                    .push(format!("application {name:?}: the name occurs twice"));
            }
            let callbacks = made
                .get("callbacks")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            self.entries.applications.push(Application {
                name,
                app_type: some_text(&made, "app_type"),
                client_id,
                client_secret: some_text(&made, "client_secret"),
                callbacks: callbacks
                    .filter_map(|url| url.as_str().map(ToOwned::to_owned))
                    .collect(),
            });
        }
    }

    fn grant(&mut self, grant: &Map<String, Value>) {
        let name = text(grant, "client_id").to_owned();
        let mut body = grant.clone();
        match self.client_ids.get(&name) {
            Some(client_id) => {
                body.insert("client_id".to_owned(), client_id.as_str().into());
            }
            None if name.is_empty() => {} // a default grant for third-party applications
            None => {
                self.problems
                    .push(format!("grant for {name:?}: there is no such application"));
                return;
            }
        }
        if text(grant, "audience") == MANAGEMENT_AUDIENCE {
            body.insert("audience".to_owned(), self.management.as_str().into());
            if self.administrator.is_none() || name == MANAGEMENT_NAME {
                self.administrator = Some(name.clone());
            }
        }
        let what = format!(
            "{name} {} {}",
            text(&body, "audience"),
            text(grant, "subject_type")
        );
        self.run(
            ("grant", what.trim_end()),
            (Method::Post, "/client-grants"),
            Value::Object(body),
        );
    }

    /// There is always an application that may administer the tenant.
    fn management_client(&mut self) {
        if self.administrator.is_none() {
            if !self.client_ids.contains_key(MANAGEMENT_NAME) {
                self.client(&example::management_client());
            }
            self.grant(&example::management_grant());
        }
        let name = self.administrator.as_deref().unwrap_or(MANAGEMENT_NAME);
        let found = self
            .entries
            .applications
            .iter()
            .find(|known| known.name == name);
        self.entries.management = found.map(|application| ManagementClient {
            client_id: application.client_id.clone(),
            client_secret: application.client_secret.clone(),
        });
    }

    fn finish(self) -> Result<Planted, Vec<String>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        Ok(Planted {
            users: self.users,
            documents: self.operator.into_documents(),
            algorithms: self.algorithms,
            entries: self.entries,
        })
    }
}

/// Each entity draws from a stream of its own, so that one more does not change the others.
fn generator(label: &str, kind: &str, name: &str) -> impl Random {
    Seeded::new(&json!([label, kind, name]).to_string())
}

fn said(error: &ApiError) -> String {
    match error.error_code {
        Some(code) => format!("{} ({code})", error.message),
        None => error.message.to_string(),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn some_text(value: &Value, name: &str) -> Option<String> {
    value
        .get(name)
        .and_then(Value::as_str)
        .map(ToOwned::to_owned)
}

fn text_of(value: &Value, name: &str) -> String {
    some_text(value, name).unwrap_or_default()
}
