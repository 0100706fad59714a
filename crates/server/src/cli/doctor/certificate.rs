//! The certificate of `cardea serve`: its time, and whose hosts it is for.

use cardea_core::model::TenantRecord;
use cardea_core::time::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{DAY, Findings};
use crate::tls::PemFiles;

const WARN_DAYS: i64 = 21;

pub(super) fn check(
    files: &PemFiles,
    tenants: &[TenantRecord],
    now: Timestamp,
    findings: &mut Findings,
) {
    let loaded = match files.load() {
        Ok(loaded) => loaded,
        Err(error) => return findings.problem(error.to_string()),
    };
    let leaf = loaded.end_entity_cert().ok();
    let Some((_, leaf)) = leaf.and_then(|leaf| X509Certificate::from_der(leaf).ok()) else {
        return findings.problem("the TLS certificate cannot be read");
    };
    let (from, until) = (leaf.validity().not_before, leaf.validity().not_after);
    let left = (until.timestamp() - now.seconds()) / DAY;
    if until.timestamp() <= now.seconds() {
        findings.problem(format!("the TLS certificate expired on {until}"));
    } else if from.timestamp() > now.seconds() {
        findings.problem(format!("the TLS certificate is not valid before {from}"));
    } else if left < WARN_DAYS {
        findings.note(format!("the TLS certificate expires in {left} days"));
    }
    let names = leaf.subject_alternative_name().ok().flatten();
    let names: Vec<String> = names
        .map(|extension| {
            extension
                .value
                .general_names
                .iter()
                .filter_map(text)
                .collect()
        })
        .unwrap_or_default();
    for record in tenants {
        for host in std::iter::once(&record.host).chain(&record.custom_domains) {
            if !names.iter().any(|name| covers(name, host.name())) {
                let tenant = &record.name;
                findings.problem(format!(
                    "the TLS certificate is not for {host} (tenant {tenant})"
                ));
            }
        }
    }
}

fn text(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        Some(name.to_ascii_lowercase())
    } else {
        None
    }
}

/// RFC 6125 6.4.3: a wildcard stands for one left-most label.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        None => name == host,
        Some(rest) => host
            .split_once('.')
            .is_some_and(|(_, parent)| parent == rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        for (name, host, expected) in [
            ("a.example", "a.example", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
        ] {
            assert_eq!(covers(name, host), expected, "{name} {host}");
        }
    }
}
