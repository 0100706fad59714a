//! What every tenant begins with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::operations::OPERATIONS;
use super::{clients, connections, defaults, resource_servers};
use crate::model::{Document, Kind, Profile, Settings, SystemApi, TenantView};
use crate::random::Random;
use crate::time::Timestamp;
use crate::write::Write;

/// The documents of a new tenant: its settings, the Management API (`identifier` is
/// `https://HOST/api/v2/`), the "All Applications" entry and a database of users. Its signing
/// keys are the server's to make.
pub fn new_tenant_documents(
    profile: Profile,
    identifier: &str,
    now: Timestamp,
    random: &mut dyn Random,
) -> Vec<Document> {
    let at = now.millis();
    let mut settings = Document::new(Kind::Settings, Settings::ID, at);
    settings.body = defaults::settings(profile);
    let api = resource_servers::system_document(profile, identifier, scopes(), (at, &mut *random));
    let global = clients::global_document(at, random);
    vec![
        settings,
        api,
        global,
        connections::default_document(at, random),
    ]
}

/// The update that brings the stored Management API to the scopes of this version's operations,
/// if it has others.
pub fn refreshed_system_api(tenant: &TenantView) -> Option<Write> {
    let system = |api: Option<SystemApi>| api == Some(SystemApi::Management);
    let entry = tenant
        .apis
        .values()
        .find(|entry| system(entry.parsed.system))?;
    let scopes = scopes();
    if entry.document.body.get("scopes") == Some(&scopes) {
        return None;
    }
    let mut document = entry.document.clone();
    document.body.insert("scopes".to_owned(), scopes);
    Some(Write::Update(document))
}

/// The Management API's scopes, those of the operations that are served, and a short description
/// of each.
pub fn system_scopes() -> Vec<(&'static str, String)> {
    let all: BTreeSet<&'static str> = OPERATIONS
        .iter()
        .flat_map(|operation| operation.needs.scopes().iter().copied())
        .collect();
    all.into_iter()
        .map(|scope| (scope, described(scope)))
        .collect()
}

fn scopes() -> Value {
    let scopes = system_scopes().into_iter();
    let scope = |(value, description)| json!({ "value": value, "description": description });
    Value::Array(scopes.map(scope).collect())
}

/// `read:client_keys`: "Read client keys".
fn described(scope: &str) -> String {
    let text = scope.replacen(':', " ", 1).replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
