//! `cardea dev`: everything on one machine, with an example tenant.

mod ca;
pub(crate) mod fixed_keys;
mod folder;
mod keys;
mod moved;
mod ready;
pub(crate) mod routes;
mod secrets;
mod seed;
mod start;
mod tenant;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cardea_core::id::TenantId;
use cardea_core::model::{Document, Profile, TenantRecord};
use cardea_core::write::Commit;
use cardea_store::DatabaseUrl;

use crate::app::App;
pub(crate) use folder::{database as database_of, existing_master_key as master_key_of};
pub(crate) use seed::{Ground, Seed};
pub use start::run;

/// What `cardea dev` was asked for.
#[derive(Debug, Clone)]
pub struct DevOptions {
    /// 0 for any free one.
    pub port: u16,
    /// Where everything is kept; `None` for a temporary folder.
    pub folder: Option<PathBuf>,
    /// No TLS.
    pub plain_http: bool,
    /// Where to write the ready file.
    pub ready_file: Option<PathBuf>,
    /// The tenant's profile; `None` for the folder's, or `compat` for a new one.
    pub profile: Option<Profile>,
    /// Fixed keys, ids and secrets.
    pub deterministic: bool,
    /// Another tenant than the example.
    pub seed: Option<PathBuf>,
    /// Limit request rates as `serve` does.
    pub rate_limits: bool,
    /// Another database than the folder's own.
    pub database: Option<DatabaseUrl>,
}

/// What the running server knows of `dev`.
pub struct Dev {
    seed: Seed,
    /// Everything random in the seed follows from it.
    label: String,
    record: TenantRecord,
    /// The signing keys that a reset brings back.
    keys: Mutex<Vec<Document>>,
}

impl Dev {
    /// The seed's tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.record.id
    }

    /// Puts the seed in the place of everything in its tenant: the same ids, secrets and keys,
    /// and the real time.
    pub(crate) async fn reset(&self, app: &App) -> Result<(), String> {
        app.clock.reset();
        app.random.restart();
        if let Some(inbox) = app.mail.inbox() {
            inbox.clear();
        }
        let ground = Ground {
            record: self.record.clone(),
            scheme: app.scheme,
            now: app.clock.now(),
            label: &self.label,
        };
        let planted = self
            .seed
            .plant(&ground)
            .map_err(|problems| problems.join("; "))?;
        let mut documents = planted.documents;
        documents.extend(self.keys().iter().cloned());
        let reset = app.store.reset_tenant(&self.record.id, documents).await;
        reset.map_err(|error| error.to_string())?;
        let commit = Commit {
            decided_at: None,
            writes: planted.users,
        };
        let store = app.store.tenant(&self.record.id);
        let stored = store.commit(commit, ground.now).await;
        stored.map_err(|error| error.to_string())?;
        app.reload_tenants()
            .await
            .map_err(|error| error.to_string())
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, Vec<Document>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Dev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dev")
            .field("tenant", &self.record.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A server's side of TLS for tests of the listener.

    use std::path::Path;

    use cardea_core::time::Timestamp;
    use rustls::RootCertStore;

    use super::ca::Ca;
    use crate::tls::TlsConfig;

    pub(crate) fn localhost_tls(folder: &Path, now: Timestamp) -> (TlsConfig, RootCertStore) {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let ca = Ca::open(folder, now).unwrap();
        let (_, leaf) = ca.localhost(now).unwrap();
        let mut roots = RootCertStore::empty();
        let pem = std::fs::read(ca.file()).unwrap();
        let pem = rustls_pki_types::pem::PemObject::from_pem_slice(&pem).unwrap();
        roots.add(pem).unwrap();
        (TlsConfig::new(leaf).unwrap(), roots)
    }
}
