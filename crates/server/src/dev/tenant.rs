//! The example tenant: found where the last start left it, or made.

use std::sync::{Arc, Mutex};

use cardea_core::id::TenantId;
use cardea_core::model::{Document, Kind, TenantRecord};
use cardea_core::random::Seeded;
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_jose::Algorithm;
use cardea_store::{Store, StoreError};

use super::folder::{self, Folder};
use super::keys::{self, Making, Race};
use super::ready::TENANT;
use super::seed::{Ground, Seed};
use super::start::Start;
use super::{Dev, DevOptions, moved};
use crate::config;
use crate::keygen::KeygenError;

/// The example tenant, ready to be served.
pub(crate) struct Tenant {
    pub(crate) dev: Arc<Dev>,
    pub(crate) folder: Folder,
    /// A second key in the making.
    pub(crate) next: Option<Making>,
}

impl Start {
    /// Opens the database; moves the tenants here, or makes the first one.
    pub(crate) async fn tenant(
        &self,
        options: &DevOptions,
        folder: Folder,
    ) -> Result<(Tenant, Store), String> {
        let now = self.clock.now();
        let draft = self.record(&folder);
        // the longest part of a first start, so it begins first
        let is_new = folder.secrets.entries.is_none() && !folder.secrets.deterministic;
        let race =
            is_new.then(|| Race::start(&keys::plan(&draft, Algorithm::Rs256, now), &self.random));
        let store = open(&folder, options).await?;
        let failed = |error: StoreError| error.to_string();
        let known = store.tenants().await.map_err(failed)?;
        let mut known: Vec<TenantRecord> = known.into_iter().map(|(record, _)| record).collect();
        moved::follow(&store, &mut known, self.port, self.scheme, now)
            .await
            .map_err(failed)?;
        let tenant = match known.into_iter().find(|record| record.name == TENANT) {
            Some(record) => self.existing(record, &store, folder, now).await?,
            None => self.planted(draft, &store, folder, race).await?,
        };
        Ok((tenant, store))
    }

    fn record(&self, folder: &Folder) -> TenantRecord {
        let mut random = Seeded::new(&format!("{} tenant id", folder.secrets.label));
        TenantRecord {
            id: TenantId::new(&mut random),
            name: TENANT.to_owned(),
            host: self.host.clone(),
            custom_domains: Vec::new(),
            profile: folder.secrets.profile,
        }
    }

    fn ground<'a>(&self, record: &TenantRecord, label: &'a str, now: Timestamp) -> Ground<'a> {
        Ground {
            record: record.clone(),
            scheme: self.scheme,
            now,
            label,
        }
    }

    fn seed(&self, folder: &Folder) -> Result<Seed, String> {
        let Some(text) = &folder.secrets.seed else {
            return Ok(Seed::example());
        };
        let read = Seed::from_yaml(text, self.host.as_str()).map_err(|all| seed_problems(&all))?;
        if !read.ignored.is_empty() {
            let sections = read.ignored.join(", ");
            tracing::warn!("the seed's sections {sections} are not supported yet and left out");
        }
        Ok(read.seed)
    }

    async fn planted(
        &self,
        record: TenantRecord,
        store: &Store,
        mut folder: Folder,
        race: Option<Race>,
    ) -> Result<Tenant, String> {
        let now = self.clock.now();
        let seed = self.seed(&folder)?;
        let label = folder.secrets.label.clone();
        let planted = seed
            .plant(&self.ground(&record, &label, now))
            .map_err(|problems| seed_problems(&problems))?;
        let (keys, next) = self
            .first_keys(&record, &folder, planted.algorithms, race)
            .await?;

        let mut documents = planted.documents;
        documents.extend(keys.iter().cloned());
        let created = store.create_tenant(&record, documents, now).await;
        created.map_err(|error| error.to_string())?;
        plant_users(store, &record, planted.users, now).await?;
        folder.secrets.entries = Some(planted.entries);
        folder::save(&folder.secrets, &folder.path)?;
        let dev = Arc::new(Dev {
            seed,
            label,
            record,
            keys: Mutex::new(keys),
        });
        Ok(Tenant { dev, folder, next })
    }

    async fn first_keys(
        &self,
        record: &TenantRecord,
        folder: &Folder,
        algorithms: impl IntoIterator<Item = Algorithm>,
        race: Option<Race>,
    ) -> Result<(Vec<Document>, Option<Making>), String> {
        let now = self.clock.now();
        let failed = |error: KeygenError| error.to_string();
        let plan = |algorithm| keys::plan(record, algorithm, now);
        let (mut made, mut next) = (Vec::new(), None);
        if folder.secrets.deterministic {
            let label = &folder.secrets.label;
            made.extend(keys::fixed(&plan(Algorithm::Rs256), label).map_err(failed)?);
        } else {
            let race = race.unwrap_or_else(|| Race::start(&plan(Algorithm::Rs256), &self.random));
            let (current, other) = race.winner().await.map_err(failed)?;
            made.push(current);
            next = other;
        }
        for algorithm in algorithms
            .into_iter()
            .filter(|known| *known != Algorithm::Rs256)
        {
            let plan = plan(algorithm);
            let fixed = if folder.secrets.deterministic {
                keys::fixed(&plan, &folder.secrets.label).map_err(failed)?
            } else {
                Vec::new()
            };
            if fixed.is_empty() {
                let key = plan
                    .make_beside(self.random.clone())
                    .await
                    .map_err(failed)?;
                made.push(keys::current(key));
            } else {
                made.extend(fixed);
            }
        }
        Ok((made, next))
    }

    /// A tenant that a former start made. Its secrets are known, or follow from the label again
    /// if that start ended between two writes.
    async fn existing(
        &self,
        record: TenantRecord,
        store: &Store,
        mut folder: Folder,
        now: Timestamp,
    ) -> Result<Tenant, String> {
        let seed = self.seed(&folder)?;
        let label = folder.secrets.label.clone();
        if folder.secrets.entries.is_none() {
            let planted = seed
                .plant(&self.ground(&record, &label, now))
                .map_err(|problems| seed_problems(&problems))?;
            plant_users(store, &record, planted.users, now).await?;
            folder.secrets.entries = Some(planted.entries);
            folder::save(&folder.secrets, &folder.path)?;
        }
        let loaded = store.tenant(&record.id).load().await;
        let (_, documents) = loaded.map_err(|error| error.to_string())?;
        let in_use = |key: &Document| {
            let state = key.body.get("state").and_then(serde_json::Value::as_str);
            state == Some("current") || state == Some("next")
        };
        let keys: Vec<Document> = documents
            .into_iter()
            .filter(|document| document.kind == Kind::SigningKey && in_use(document))
            .collect();
        let dev = Arc::new(Dev {
            seed,
            label,
            record,
            keys: Mutex::new(keys),
        });
        Ok(Tenant {
            dev,
            folder,
            next: None,
        })
    }
}

async fn open(folder: &Folder, options: &DevOptions) -> Result<Store, String> {
    let opened = Store::open(cardea_store::Options {
        url: folder.database(options),
        sealing: folder.sealing.clone(),
        synchronous: config::synchronous(),
        exclusive: true,
        migrate: true,
    });
    let store = opened.await.map_err(|error| error.to_string())?;
    if folder.secrets.deterministic && folder.secrets.entries.is_none() {
        // `serve` refuses a database whose keys everybody knows
        let marked = config::mark_deterministic(&store).await;
        marked.map_err(|error| error.to_string())?;
    }
    Ok(store)
}

/// The seed's users, unless they are there from a start that ended between two writes.
async fn plant_users(
    store: &Store,
    record: &TenantRecord,
    writes: Vec<Write>,
    now: Timestamp,
) -> Result<(), String> {
    let commit = Commit {
        decided_at: None,
        writes,
    };
    match store.tenant(&record.id).commit(commit, now).await {
        Ok(_) | Err(StoreError::Conflict(Conflict::UserExists)) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn seed_problems(problems: &[String]) -> String {
    format!("the seed cannot be planted:\n  {}", problems.join("\n  "))
}
