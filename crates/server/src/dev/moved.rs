//! A folder that is served at another address than last time.

use cardea_core::id::Host;
use cardea_core::model::TenantRecord;
use cardea_core::time::Timestamp;
use cardea_store::{Store, StoreError};

use crate::app::Scheme;
use crate::cli::upgrade;

/// The host for `name` at this port, as requests will name it.
pub(crate) fn host(name: &str, port: u16, scheme: Scheme) -> Option<Host> {
    let usual = match scheme {
        Scheme::Https => 443,
        Scheme::Http => 80,
    };
    if port == usual {
        Host::parse(name)
    } else {
        Host::parse(&format!("{name}:{port}"))
    }
}

/// Moves every tenant of this machine to `port`, and renames its Management API.
pub(crate) async fn follow(
    store: &Store,
    tenants: &mut [TenantRecord],
    port: u16,
    scheme: Scheme,
    now: Timestamp,
) -> Result<(), StoreError> {
    for record in tenants {
        let moved = |known: &Host| {
            let name = known.name();
            let is_local = name == "localhost" || name.ends_with(".localhost");
            is_local
                .then(|| host(name, port, scheme))
                .flatten()
                .unwrap_or_else(|| known.clone())
        };
        let canonical = moved(&record.host);
        let custom: Vec<Host> = record.custom_domains.iter().map(moved).collect();
        if canonical != record.host || custom != record.custom_domains {
            store.rehost_tenant(&record.id, &canonical, &custom).await?;
            record.host = canonical;
            record.custom_domains = custom;
        }
        upgrade::management_api(store, record, scheme, now).await?;
    }
    Ok(())
}
