//! A request that an application sends itself, without a browser: revocation, introspection, a
//! device code, `/userinfo`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use cardea_core::model::{Client, Entry, EventType, LogEvent};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::token::request::Raw;
use cardea_core::protocol::trace::Trace;
use cardea_core::protocol::user_scopes::Site;
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_store::StoreError;
use http::{HeaderMap, Response, StatusCode, Uri, header};
use serde_json::{Map, Value};

use crate::app::App;
use crate::facts::Reader;
use crate::fault::Fault;
use crate::guard::At;
use crate::tenants::Loaded;
use crate::wire;

/// Larger than any request needs (attack TOKEN-51).
const MAX_BODY: usize = 64 * 1024;

/// The request.
pub(crate) struct Direct {
    pub(crate) app: Arc<App>,
    pub(crate) at: At,
    pub(crate) now: Timestamp,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
}

impl Direct {
    /// Takes a request apart.
    pub(crate) async fn of(
        app: Arc<App>,
        at: At,
        request: Request,
    ) -> Result<Self, Response<Body>> {
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
            let text = "The request body is longer than 65536 bytes or was cut off.";
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(wire::plain_error(status, "invalid_request", text));
        };
        if parts.headers.contains_key(header::CONTENT_ENCODING) {
            let text = "Send the body without a Content-Encoding."; // HTTP-07
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(wire::plain_error(status, "invalid_request", text));
        }
        Ok(Self {
            now: app.clock.now(),
            app,
            at,
            headers: parts.headers,
            uri: parts.uri,
            body,
        })
    }

    /// What is parsed of it.
    pub(crate) fn raw(&self) -> Result<Raw<'_>, Refusal> {
        let mut all = self.headers.get_all(header::AUTHORIZATION).iter();
        let first = all.next().map(http::HeaderValue::to_str).transpose();
        let authorization = first.map_err(|_| Refusal::BasicMalformed)?;
        if all.next().is_some() {
            return Err(Refusal::SeveralMethods);
        }
        Ok(Raw {
            query: self.uri.query(),
            authorization,
            content_type: self.text(header::CONTENT_TYPE),
            body: &self.body,
        })
    }

    fn text(&self, name: header::HeaderName) -> Option<&str> {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    }

    /// `User-Agent`, as far as it is kept.
    pub(crate) fn agent(&self) -> Option<String> {
        let agent = self.text(header::USER_AGENT);
        agent.map(|agent| agent.chars().take(512).collect())
    }

    /// The tenant as this host shows it.
    pub(crate) const fn site<'a>(&'a self, loaded: &'a Loaded) -> Site<'a> {
        Site {
            tenant: &loaded.view,
            issuer: &self.at.issuer,
        }
    }

    /// Reads facts; no password is among them.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            app: &self.app,
            at: &self.at,
            said: None,
            now: self.now,
        }
    }

    /// Counts a guess at this client's secret before it is looked at; refuses if there were too
    /// many (TOKEN-15).
    pub(crate) fn throttled(&self, client: &str) -> Option<Refusal> {
        let tenant = self.at.tenant.id.as_str();
        let reserved = self.is_known(client).then(|| {
            self.app
                .limits
                .reserve_guess(tenant, client, self.at.ip, self.now)
        });
        reserved?
            .err()
            .map(|too_many| Refusal::Throttled(too_many.wait))
    }

    /// Gives the guess back, unless it was a wrong one.
    pub(crate) fn count_guess(&self, client: &str, refusal: Option<&Refusal>) {
        let wrong = matches!(
            refusal,
            Some(Refusal::SecretWrong | Refusal::AssertionUnproven(..))
        );
        if self.is_known(client) && !wrong {
            let tenant = self.at.tenant.id.as_str();
            let outcome = (refusal.is_none(), self.now);
            self.app
                .limits
                .not_wrong(tenant, client, self.at.ip, outcome);
        }
    }

    /// A client that is not there has no secret to guess.
    fn is_known(&self, client: &str) -> bool {
        self.at.tenant.loaded().view.clients.contains_key(client)
    }

    /// The answer to a refused request.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Response<Body> {
        let profile = self.at.tenant.loaded().view.record.profile;
        let basic = self.headers.contains_key(header::AUTHORIZATION);
        wire::refused(refusal, profile, basic)
    }

    /// An event of this request.
    pub(crate) fn event(
        &self,
        event: EventType,
        description: String,
        client: Option<&Entry<Client>>,
        (rule, trace): (Option<&'static str>, &Trace),
    ) -> LogEvent {
        let mut details = Map::new();
        if let Some(rule) = rule {
            details.insert("rule".to_owned(), Value::from(rule));
        }
        details.insert("trace".to_owned(), trace.to_json());
        LogEvent {
            id: self.app.new_log_id(self.now),
            at: self.now,
            event,
            description,
            client_id: client.map(|client| client.parsed.id.to_string()),
            client_name: client.map(|client| client.parsed.name.clone()),
            ip: self.at.ip.to_string(),
            user_agent: self.agent(),
            hostname: self.at.host.name().to_owned(),
            audience: None,
            scope: None,
            user: None,
            details,
            trace: None,
        }
    }

    /// Commits what was decided at this version. `Moved`: decide anew.
    pub(crate) async fn commit(
        &self,
        loaded: &Loaded,
        writes: Vec<Write>,
    ) -> Result<Committed, Fault> {
        if writes.is_empty() {
            return Ok(Committed::Done);
        }
        let version = loaded.view.version;
        let commit = Commit {
            decided_at: Some(version),
            writes,
        };
        match self.at.tenant.store.commit(commit, self.now).await {
            Ok(_) => Ok(Committed::Done),
            Err(StoreError::Conflict(Conflict::Replayed)) => Ok(Committed::Replayed),
            Err(StoreError::Conflict(Conflict::TenantMoved)) => {
                self.at.tenant.newer_than(version).await?;
                Ok(Committed::Moved)
            }
            Err(StoreError::Conflict(_)) => Ok(Committed::Moved),
            Err(error) => Err(error.into()),
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    /// It is on disk.
    Done,
    /// Somebody else moved first: decide anew.
    Moved,
    /// The client's assertion was used before.
    Replayed,
}
