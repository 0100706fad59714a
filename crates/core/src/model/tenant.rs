//! A tenant in memory: everything a decision needs, at one version.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{
    Api, AssertionKey, Client, ClientGrant, Connection, Corrupt, Document, Entry, GrantKey,
    KeyRing, Kind, Profile, Role, Settings, SubjectType, SystemApi, TenantKey,
};
use crate::id::{
    ApiIdentifier, ClientId, ConnectionId, CredentialId, GrantId, Host, RoleId, TenantId,
};

/// A tenant's issuer: scheme, host and a trailing slash (trap T1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issuer(String);

impl Issuer {
    /// `https://HOST/`, or `http://HOST/` for `dev --plain-http`.
    pub fn new(scheme: &str, host: &Host) -> Self {
        Self(format!("{scheme}://{host}/"))
    }

    /// The text, with its trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A URL below the issuer: `path` without a leading slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the operator decided when the tenant was made.
#[derive(Debug, Clone)]
pub struct TenantRecord {
    /// The internal id.
    pub id: TenantId,
    /// The operator's name for it.
    pub name: String,
    /// The canonical host: system APIs are named by it.
    pub host: Host,
    /// Further hosts that serve it; `iss` follows the host of the request.
    pub custom_domains: Vec<Host>,
    /// How it answers.
    pub profile: Profile,
}

/// One change to a tenant's documents.
#[derive(Debug, Clone)]
pub enum Change {
    /// A document was made or replaced.
    Put(Document),
    /// A document is gone.
    Removed(Kind, String),
}

/// A tenant at one version. Cloning shares the entries.
#[derive(Debug, Clone)]
pub struct TenantView {
    /// What the operator decided.
    pub record: Arc<TenantRecord>,
    /// Grows with each commit that changes a document.
    pub version: i64,
    /// Its settings.
    pub settings: Arc<Entry<Settings>>,
    /// Its signing keys.
    pub keys: KeyRing,
    /// Its applications.
    pub clients: BTreeMap<ClientId, Arc<Entry<Client>>>,
    /// Their public keys.
    pub credentials: BTreeMap<CredentialId, Arc<Entry<AssertionKey>>>,
    /// Its APIs by identifier.
    pub apis: BTreeMap<ApiIdentifier, Arc<Entry<Api>>>,
    /// Its client grants.
    pub grants: BTreeMap<GrantId, Arc<Entry<ClientGrant>>>,
    /// Its connections.
    pub connections: BTreeMap<ConnectionId, Arc<Entry<Connection>>>,
    /// Its roles.
    pub roles: BTreeMap<RoleId, Arc<Entry<Role>>>,
    grant_ids: BTreeMap<GrantKey, GrantId>,
}

impl TenantView {
    /// Assembles a tenant from all of its documents.
    pub fn assemble(
        record: TenantRecord,
        version: i64,
        documents: Vec<Document>,
    ) -> Result<Self, Corrupt> {
        let settings = documents
            .iter()
            .find(|document| document.kind == Kind::Settings);
        let missing = || Corrupt {
            kind: Kind::Settings,
            id: Settings::ID.to_owned(),
            member: "document",
        };
        let settings = settings.cloned().ok_or_else(missing)?;
        let mut view = Self {
            record: Arc::new(record),
            version,
            settings: Arc::new(Entry {
                parsed: Settings::from_document(&settings)?,
                document: settings,
            }),
            keys: KeyRing::default(),
            clients: BTreeMap::new(),
            credentials: BTreeMap::new(),
            apis: BTreeMap::new(),
            grants: BTreeMap::new(),
            connections: BTreeMap::new(),
            roles: BTreeMap::new(),
            grant_ids: BTreeMap::new(),
        };
        for document in documents {
            view.apply(Change::Put(document))?;
        }
        Ok(view)
    }

    /// Makes one change. The caller sets [`Self::version`] once all of a commit are made.
    pub fn apply(&mut self, change: Change) -> Result<(), Corrupt> {
        match change {
            Change::Put(document) => self.put(document),
            Change::Removed(kind, id) => {
                self.remove(kind, &id);
                Ok(())
            }
        }
    }

    fn put(&mut self, document: Document) -> Result<(), Corrupt> {
        match document.kind {
            Kind::Settings => {
                let parsed = Settings::from_document(&document)?;
                self.settings = Arc::new(Entry { document, parsed });
            }
            Kind::SigningKey => {
                let parsed = TenantKey::from_document(&document)?;
                self.keys.put(Arc::new(Entry { document, parsed }));
            }
            Kind::Client => {
                let parsed = Client::from_document(&document)?;
                self.clients
                    .insert(parsed.id.clone(), Arc::new(Entry { document, parsed }));
            }
            Kind::Credential => {
                let parsed = AssertionKey::from_document(&document)?;
                self.credentials
                    .insert(parsed.id.clone(), Arc::new(Entry { document, parsed }));
            }
            Kind::Api => {
                let parsed = Api::from_document(&document)?;
                // the identifier is immutable on the wire, but a development host may move
                self.apis
                    .retain(|_, entry| entry.document.id != document.id);
                self.apis.insert(
                    parsed.identifier.clone(),
                    Arc::new(Entry { document, parsed }),
                );
            }
            Kind::Connection => {
                let parsed = Connection::from_document(&document)?;
                self.connections
                    .insert(parsed.id.clone(), Arc::new(Entry { document, parsed }));
            }
            Kind::Role => {
                let parsed = Role::from_document(&document)?;
                self.roles
                    .insert(parsed.id.clone(), Arc::new(Entry { document, parsed }));
            }
            Kind::ClientGrant => {
                let parsed = ClientGrant::from_document(&document)?;
                self.grant_ids.retain(|_, id| *id != parsed.id);
                self.grant_ids.insert(parsed.key.clone(), parsed.id.clone());
                self.grants
                    .insert(parsed.id.clone(), Arc::new(Entry { document, parsed }));
            }
        }
        Ok(())
    }

    fn remove(&mut self, kind: Kind, id: &str) {
        match kind {
            Kind::Settings => {}
            Kind::SigningKey => self.keys.remove(id),
            Kind::Client => {
                self.clients.remove(id);
            }
            Kind::Credential => {
                self.credentials.remove(id);
            }
            Kind::Api => self.apis.retain(|_, entry| entry.document.id != id),
            Kind::Connection => {
                self.connections.remove(id);
            }
            Kind::Role => {
                self.roles.remove(id);
            }
            Kind::ClientGrant => {
                self.grants.remove(id);
                self.grant_ids.retain(|_, grant| grant.as_str() != id);
            }
        }
    }

    /// The identifier of a system API: it follows the canonical host.
    pub fn system_identifier(&self, scheme: &str, api: SystemApi) -> String {
        Issuer::new(scheme, &self.record.host).join(api.path())
    }

    /// An API by its identifier, compared byte for byte.
    pub fn api(&self, identifier: &str) -> Option<&Arc<Entry<Api>>> {
        self.apis.get(identifier)
    }

    /// An API by database id or by identifier.
    pub fn api_by_id(&self, id: &str) -> Option<&Arc<Entry<Api>>> {
        self.apis
            .values()
            .find(|entry| entry.document.id == id)
            .or_else(|| self.api(id))
    }

    /// A connection by name, exactly.
    pub fn connection(&self, name: &str) -> Option<&Arc<Entry<Connection>>> {
        self.connections
            .values()
            .find(|entry| entry.parsed.name == name)
    }

    /// The grant of `client` for `audience`, for this kind of subject.
    pub fn grant(
        &self,
        client: &ClientId,
        audience: &ApiIdentifier,
        subject: SubjectType,
    ) -> Option<&Arc<Entry<ClientGrant>>> {
        let key = GrantKey {
            client: Some(client.clone()),
            audience: audience.clone(),
            subject,
        };
        self.grants.get(self.grant_ids.get(&key)?)
    }

    /// What users may give `client` for `audience`: the client's own grant, else (for a third
    /// party) the API's default one.
    pub fn user_grant(
        &self,
        client: &Client,
        audience: &ApiIdentifier,
    ) -> Option<&Arc<Entry<ClientGrant>>> {
        let default = || {
            let key = GrantKey {
                client: None,
                audience: audience.clone(),
                subject: SubjectType::User,
            };
            self.grants.get(self.grant_ids.get(&key)?)
        };
        self.grant(&client.id, audience, SubjectType::User)
            .or_else(|| if client.first_party { None } else { default() })
    }
}
