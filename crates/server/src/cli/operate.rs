//! Operations of the Management API, run by the operator: the same functions, the same rules and
//! texts, without a token.

use cardea_core::id::ClientId;
use cardea_core::management::{
    self, Answer, Answers, ApiError, Call, Caller, FreshKeys, Method, PathParams, Query, Question,
    Reply, Route, Run,
};
use cardea_core::model::{Change, Corrupt, Document, Issuer, TenantView};
use cardea_core::random::Random;
use cardea_core::time::Timestamp;
use cardea_core::write::Write;
use cardea_jose::Algorithm;
use serde_json::Value;

use crate::app::Scheme;

/// Who the operator is where an operation asks.
const OPERATOR: &str = "cardea";

/// A tenant in memory and what is about to change in it.
#[derive(Debug)]
pub(crate) struct Operator {
    /// As it is with the changes so far.
    pub(crate) view: TenantView,
    issuer: Issuer,
    scheme: Scheme,
    caller: Caller,
    now: Timestamp,
}

/// An operation found by its method and path.
pub(crate) struct Found {
    run: Run,
    path: PathParams,
}

impl Operator {
    pub(crate) fn new(view: TenantView, scheme: Scheme, now: Timestamp) -> Option<Self> {
        let scopes = management::system_scopes();
        let caller = Caller {
            client_id: ClientId::parse(OPERATOR)?,
            user: None,
            scopes: scopes.iter().map(|(scope, _)| *scope).collect(),
        };
        let issuer = Issuer::new(scheme.as_str(), &view.record.host);
        Some(Self {
            view,
            issuer,
            scheme,
            caller,
            now,
        })
    }

    /// The operation at `path` (below `/api/v2`, percent-encoded).
    pub(crate) fn find(method: Method, path: &str) -> Result<Found, ApiError> {
        match management::route(method, path) {
            Route::Operation(operation, path) => Ok(Found {
                run: operation.run,
                path,
            }),
            Route::NotYet(_) | Route::Unknown => Err(ApiError::route_not_found()),
        }
    }

    /// When it operates.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    fn call_of(&self, path: PathParams, body: Option<Value>) -> Call<'_> {
        Call {
            tenant: &self.view,
            issuer: &self.issuer,
            scheme: self.scheme.as_str(),
            path,
            query: Query::default(),
            body,
            caller: &self.caller,
            now: self.now,
        }
    }

    /// Runs an operation that needs nothing but what it is given. What it writes is in the view
    /// from then on.
    pub(crate) fn call(
        &mut self,
        (method, path): (Method, &str),
        body: Option<Value>,
        random: &mut dyn Random,
    ) -> Result<Reply, ApiError> {
        let found = Self::find(method, path)?;
        let reply = match found.run {
            Run::Pure(run) => run(&self.call_of(found.path, body), random)?,
            Run::Keys { .. } | Run::Logs { .. } | Run::Stored { .. } => {
                return Err(ApiError::internal());
            }
        };
        self.apply(&reply.writes)
            .map_err(|_| ApiError::internal())?;
        Ok(reply)
    }

    /// Runs an operation on users in a tenant that has none yet. The reply's writes of users are
    /// the caller's to keep.
    pub(crate) fn call_for_nobody(
        &self,
        (method, path): (Method, &str),
        body: Option<Value>,
        random: &mut dyn Random,
    ) -> Result<Reply, ApiError> {
        let found = Self::find(method, path)?;
        let call = self.call_of(found.path, body);
        let Run::Stored { ask, answer, .. } = found.run else {
            return Err(ApiError::internal());
        };
        let mut answers = Answers::default();
        for question in ask(&call)? {
            answers.push(match question {
                Question::User(_) => Answer::User(None),
                Question::Identifier { .. } | Question::Users(_) | Question::RoleUsers(_) => {
                    Answer::Users(Vec::new(), 0)
                }
                Question::Artefact(..) => Answer::Artefact(None),
                Question::Artefacts(_) => Answer::Artefacts(Vec::new()),
                Question::Failures(_) => Answer::Failures(Vec::new()),
            });
        }
        answer(&call, answers, random)
    }

    /// Which keys an operation on signing keys wants made; none for other operations.
    pub(crate) fn keys_wanted(&self, path: &str) -> Result<Vec<Algorithm>, ApiError> {
        let found = Self::find(Method::Post, path).or_else(|_| Self::find(Method::Put, path))?;
        match found.run {
            Run::Keys { demand, .. } => demand(&self.call_of(found.path, None)),
            Run::Pure(_) | Run::Logs { .. } | Run::Stored { .. } => Ok(Vec::new()),
        }
    }

    /// Runs an operation on signing keys.
    pub(crate) fn call_with_keys(
        &self,
        path: &str,
        keys: Vec<Document>,
    ) -> Result<Reply, ApiError> {
        let found = Self::find(Method::Post, path).or_else(|_| Self::find(Method::Put, path))?;
        match found.run {
            Run::Keys { run, .. } => run(&self.call_of(found.path, None), FreshKeys(keys)),
            Run::Pure(_) | Run::Logs { .. } | Run::Stored { .. } => Err(ApiError::internal()),
        }
    }

    pub(crate) fn apply(&mut self, writes: &[Write]) -> Result<(), Corrupt> {
        for write in writes {
            match write {
                Write::Insert(document) => self.view.apply(Change::Put(document.clone()))?,
                Write::Update(document) => {
                    let mut stored = document.clone();
                    stored.revision += 1;
                    self.view.apply(Change::Put(stored))?;
                }
                Write::Delete { kind, id, .. } => {
                    self.view.apply(Change::Removed(*kind, id.clone()))?;
                }
                // users and protocol state are not in the view
                Write::Log(_)
                | Write::Mail(_)
                | Write::ConsumeAssertion { .. }
                | Write::Put(_)
                | Write::Replace(_)
                | Write::Consume(..)
                | Write::Revoke(_)
                | Write::User(_)
                | Write::ForgetFailures(_) => {}
            }
        }
        Ok(())
    }

    /// Every document of the view, as new ones: what a tenant made from it begins with.
    pub(crate) fn into_documents(self) -> Vec<Document> {
        let view = self.view;
        let mut documents = vec![view.settings.document.clone()];
        documents.extend(view.keys.iter().map(|entry| entry.document.clone()));
        documents.extend(view.clients.values().map(|entry| entry.document.clone()));
        documents.extend(
            view.credentials
                .values()
                .map(|entry| entry.document.clone()),
        );
        documents.extend(view.apis.values().map(|entry| entry.document.clone()));
        documents.extend(view.grants.values().map(|entry| entry.document.clone()));
        let connections = view.connections.values();
        documents.extend(connections.map(|entry| entry.document.clone()));
        documents.extend(view.roles.values().map(|entry| entry.document.clone()));
        for document in &mut documents {
            document.revision = 1;
        }
        documents
    }
}
