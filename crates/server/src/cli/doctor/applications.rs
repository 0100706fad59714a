//! Applications that are several in one, and exceptions that somebody made for one.

use cardea_core::model::{Client, ClientUse, TenantView, mixed_uses, unrelated_sites};

use super::Findings;

pub(super) fn check(view: &TenantView, findings: &mut Findings) {
    let clients = view.clients.values().map(|entry| &entry.parsed);
    for client in clients.filter(|client| !client.global) {
        for text in of_one(client, view) {
            let (tenant, name, id) = (&view.record.name, &client.name, &client.id);
            findings.note(format!("tenant {tenant}: application {name} ({id}) {text}"));
        }
    }
}

fn of_one(client: &Client, view: &TenantView) -> Vec<String> {
    let mut found = Vec::new();
    let uses: Vec<&str> = mixed_uses(client, view)
        .into_iter()
        .map(ClientUse::as_str)
        .collect();
    if !uses.is_empty() {
        found.push(format!(
            "is used {} under one client id: give each its own application",
            listed(&uses)
        ));
    }
    let sites = unrelated_sites(client);
    if !sites.is_empty() {
        let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
        found.push(format!(
            "is used from {}: if these are several products, give each its own application",
            listed(&sites)
        ));
    }
    found.extend(client.flags.iter().map(|flag| {
        let (member, value) = flag.setting();
        format!("carries the flag {member}: {value}: {}", flag.meaning())
    }));
    found
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
