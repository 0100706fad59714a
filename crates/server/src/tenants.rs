//! Tenants in memory: by host, each at a version that is checked with every commit.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use cardea_core::id::{Host, TenantId};
use cardea_core::model::{Issuer, SystemApi, TenantRecord, TenantView};
use cardea_core::protocol::{discovery, jwks};
use cardea_jose::{Algorithm, SigningKey};
use cardea_store::{Store, StoreError, TenantStore};
use cardea_verifier::{KeySet, Policy};
use tokio::sync::{Mutex, MutexGuard};

use crate::app::{Scheme, StartError};
use crate::cors::Origins;
use crate::wire::Document;

/// All tenants by host.
#[derive(Debug)]
pub(crate) struct Tenants {
    by_host: RwLock<Arc<BTreeMap<Host, Arc<Tenant>>>>,
}

impl Tenants {
    /// Reads all tenants.
    pub(crate) async fn load(store: &Store, scheme: Scheme) -> Result<Self, StartError> {
        let tenants = Self {
            by_host: RwLock::default(),
        };
        tenants.reload(store, scheme).await?;
        Ok(tenants)
    }

    /// Reads all tenants anew.
    pub(crate) async fn reload(&self, store: &Store, scheme: Scheme) -> Result<(), StartError> {
        let mut by_host = BTreeMap::new();
        for (record, _) in store.tenants().await? {
            let tenant = Arc::new(Tenant::load(store, record, scheme).await?);
            for host in tenant.hosts() {
                by_host.insert(host, Arc::clone(&tenant));
            }
        }
        *self.by_host.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(by_host);
        Ok(())
    }

    /// The tenant that answers at `host`.
    pub(crate) fn at(&self, host: &Host) -> Option<Arc<Tenant>> {
        self.table().get(host).cloned()
    }

    /// Whether some tenant answers at this host name, whatever the port.
    pub(crate) fn serves_name(&self, name: &str) -> bool {
        self.table().keys().any(|host| host.name() == name)
    }

    /// Each tenant once.
    pub(crate) fn all(&self) -> Vec<Arc<Tenant>> {
        let mut all: Vec<Arc<Tenant>> = Vec::new();
        for tenant in self.table().values() {
            if !all.iter().any(|known| known.id == tenant.id) {
                all.push(Arc::clone(tenant));
            }
        }
        all
    }

    fn table(&self) -> Arc<BTreeMap<Host, Arc<Tenant>>> {
        Arc::clone(&self.by_host.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) store: TenantStore,
    scheme: Scheme,
    current: RwLock<Arc<Loaded>>,
    /// One refresh at a time; the others wait and find it done.
    refreshing: Mutex<()>,
    /// Who changes documents on this node holds it from reading to the end of the commit, and so
    /// does a decision that others were faster than.
    turn: Mutex<()>,
}

/// A tenant at one version, with the documents that are served as they are.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) view: TenantView,
    pub(crate) jwks: Document,
    /// The keys that verify the Management API's own tokens.
    pub(crate) keys: KeySet,
    /// Web pages that may read answers.
    pub(crate) origins: Origins,
    metadata: BTreeMap<Host, Document>,
    policies: Vec<Policy>,
}

impl Loaded {
    fn new(view: TenantView, scheme: Scheme) -> Self {
        let record = &view.record;
        let hosts = || std::iter::once(&record.host).chain(&record.custom_domains);
        let issuer = |host| Issuer::new(scheme.as_str(), host);
        let metadata = hosts()
            .map(|host| {
                (
                    host.clone(),
                    Document::json(&discovery::metadata(&view, &issuer(host))),
                )
            })
            .collect();
        // the audience stays on the canonical host, `iss` is that of the host that was used
        let audience = view.system_identifier(scheme.as_str(), SystemApi::Management);
        let policies = hosts()
            .filter_map(|host| {
                Policy::builder(issuer(host).as_str())
                    .audience(&audience)
                    .build()
                    .ok()
            })
            .collect();
        let keys = view
            .keys
            .iter()
            .filter_map(|entry| entry.parsed.signing.as_ref());
        let keys = keys.map(SigningKey::verifying_key).collect();
        Self {
            origins: Origins::of(&view),
            jwks: Document::json(&jwks::jwks(&view)),
            keys,
            metadata,
            policies,
            view,
        }
    }

    /// What a token of the Management API must be, for each issuer of the tenant.
    pub(crate) fn management_policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The metadata document of one of the tenant's hosts.
    pub(crate) fn metadata(&self, host: &Host) -> Option<&Document> {
        self.metadata.get(host)
    }

    /// The certificate of the key that signs, in PEM.
    pub(crate) fn certificate_pem(&self) -> Option<Bytes> {
        let key = self.view.keys.current(Algorithm::Rs256)?;
        let encoded = key.certificate.as_ref()?;
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        let mut rest = encoded.as_str();
        while let Some((line, left)) = rest.split_at_checked(64) {
            pem.push_str(line);
            pem.push('\n');
            rest = left;
        }
        if !rest.is_empty() {
            pem.push_str(rest);
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        Some(pem.into())
    }
}

impl Tenant {
    async fn load(store: &Store, record: TenantRecord, scheme: Scheme) -> Result<Self, StartError> {
        let id = record.id.clone();
        let store = store.tenant(&id);
        let (version, documents) = store.load().await?;
        let view = TenantView::assemble(record, version, documents)?;
        let current = RwLock::new(Arc::new(Loaded::new(view, scheme)));
        Ok(Self {
            id,
            store,
            scheme,
            current,
            refreshing: Mutex::new(()),
            turn: Mutex::new(()),
        })
    }

    /// The newest version that this node knows.
    pub(crate) fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Its hosts, canonical one first.
    pub(crate) fn hosts(&self) -> Vec<Host> {
        let record = Arc::clone(&self.loaded().view.record);
        std::iter::once(&record.host)
            .chain(&record.custom_domains)
            .cloned()
            .collect()
    }

    /// Waits until nobody on this node changes the tenant, and keeps it so. Writers take turns;
    /// a decision that met them too often takes one too, so that it is not starved.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The turn of a decision that somebody else was faster than so many times, if any: many at one
    /// row would be in each other's way for ever.
    pub(crate) async fn turn_after(&self, defeats: usize) -> Option<MutexGuard<'_, ()>> {
        match defeats {
            0 => None,
            _ => Some(self.turn().await),
        }
    }

    /// Catches up with the store if it is ahead of `known`, and gives the newest.
    pub(crate) async fn newer_than(&self, known: i64) -> Result<Arc<Loaded>, StoreError> {
        let turn = self.refreshing.lock().await;
        let loaded = self.loaded();
        if loaded.view.version > known {
            return Ok(loaded); // somebody else refreshed meanwhile
        }
        let mut view = loaded.view.clone();
        match self.store.changes_since(view.version).await {
            Ok((version, _)) if version == view.version => return Ok(loaded),
            Ok((version, changes)) => {
                for change in changes {
                    view.apply(change).map_err(|error| corrupt(&error))?;
                }
                view.version = version;
            }
            Err(StoreError::TooOld) => {
                let (version, documents) = self.store.load().await?;
                let record = TenantRecord::clone(&view.record);
                view = TenantView::assemble(record, version, documents)
                    .map_err(|error| corrupt(&error))?;
            }
            Err(error) => return Err(error),
        }
        let newest = Arc::new(Loaded::new(view, self.scheme));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&newest);
        drop(turn);
        Ok(newest)
    }

    /// The tenant as the store has it now: for reads that must see every acknowledged write.
    pub(crate) async fn up_to_date(&self) -> Result<Arc<Loaded>, StoreError> {
        let loaded = self.loaded();
        let version = self.store.version().await?;
        if version == loaded.view.version {
            return Ok(loaded);
        }
        self.newer_than(version - 1).await
    }
}

fn corrupt(error: &cardea_core::model::Corrupt) -> StoreError {
    StoreError::Corrupt {
        table: "document",
        key: error.to_string(),
    }
}
