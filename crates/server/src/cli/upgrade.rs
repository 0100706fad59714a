//! What follows a new version, a new host or a new scheme: each tenant's Management API.

use cardea_core::management::refreshed_system_api;
use cardea_core::model::{
    ClientGrant, Document, Issuer, Kind, SystemApi, TenantRecord, TenantView,
};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Write};
use cardea_store::{Store, StoreError};

use crate::app::Scheme;

/// Names the Management API after the tenant's host, and gives it the scopes of this version.
pub(crate) async fn management_api(
    store: &Store,
    record: &TenantRecord,
    scheme: Scheme,
    now: Timestamp,
) -> Result<(), StoreError> {
    let issuer = Issuer::new(scheme.as_str(), &record.host);
    let wanted = issuer.join(SystemApi::Management.path());
    let tenant = store.tenant(&record.id);
    let (version, documents) = tenant.load().await?;
    let mut writes = renamed(&documents, &wanted);
    if writes.is_empty() {
        let view = TenantView::assemble(record.clone(), version, documents);
        let damaged = |error: cardea_core::model::Corrupt| StoreError::Corrupt {
            table: "document",
            key: error.to_string(),
        };
        writes.extend(refreshed_system_api(&view.map_err(damaged)?));
    }
    if writes.is_empty() {
        return Ok(());
    }
    match tenant
        .commit(
            Commit {
                decided_at: Some(version),
                writes,
            },
            now,
        )
        .await
    {
        // another node, of the same version, did it first
        Ok(_) | Err(StoreError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn renamed(documents: &[Document], wanted: &str) -> Vec<Write> {
    let text = |document: &Document, member: &str| {
        document
            .body
            .get(member)
            .and_then(serde_json::Value::as_str)
            .map(ToOwned::to_owned)
    };
    let management = documents.iter().find(|document| {
        document.kind == Kind::Api && text(document, "system").as_deref() == Some("management")
    });
    let Some(old) = management.and_then(|api| text(api, "identifier")) else {
        return Vec::new();
    };
    if old == wanted {
        return Vec::new();
    }
    let rename = |document: &Document, member: &str| {
        let mut document = document.clone();
        document.body.insert(member.to_owned(), wanted.into());
        document
    };
    let apis = management.map(|api| {
        let mut api = rename(api, "identifier");
        api.unique = Some(wanted.to_owned());
        Write::Update(api)
    });
    let grants = documents
        .iter()
        .filter(|document| document.kind == Kind::ClientGrant)
        .filter(|grant| text(grant, "audience").as_deref() == Some(&old))
        .map(|grant| {
            let mut grant = rename(grant, "audience");
            if let Ok(parsed) = ClientGrant::from_document(&grant) {
                grant.unique = Some(parsed.key.unique());
            }
            Write::Update(grant)
        });
    apis.into_iter().chain(grants).collect()
}
