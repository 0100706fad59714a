//! A request that an application sends itself, without a browser: revocation, introspection, a
//! device code, `/userinfo`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use cardea_core::model::{Client, Entry, EventType, LogEvent};
use cardea_core::protocol::client_auth::Presented;
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::rules::Rule;
use cardea_core::protocol::token::request::Raw;
use cardea_core::protocol::trace::Trace;
use cardea_core::protocol::user_scopes::Site;
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_store::StoreError;
use http::{HeaderMap, Response, StatusCode, Uri, header};
use serde_json::{Map, Value};

use super::flow::TRIES;
use crate::app::App;
use crate::facts::Reader;
use crate::fault::Fault;
use crate::guard::At;
use crate::tenants::Loaded;
use crate::wire;

/// Larger than any request needs (attack TOKEN-51).
const MAX_BODY: usize = 64 * 1024;

/// What a client that proves itself asks for.
pub(crate) trait Ask: Sized + Sync {
    /// Reads the request. Nothing is looked up.
    fn parse(raw: Raw<'_>) -> Result<Self, Refusal>;

    /// How the client says who it is.
    fn client(&self) -> &Presented;

    /// Reads what is needed and decides, on the tenant as it is now.
    fn turn(
        &self,
        direct: &Direct,
        loaded: &Loaded,
    ) -> impl Future<Output = Result<Turn, Fault>> + Send;
}

/// What was decided, to be answered once it is on disk.
pub(crate) struct Turn {
    /// What to reply, or why not.
    pub(crate) outcome: Result<Response<Body>, Refusal>,
    /// What must be written first.
    pub(crate) writes: Vec<Write>,
}

/// Parses, decides, commits, replies. Who moved first is decided after, anew.
pub(crate) async fn serve<A: Ask>(app: Arc<App>, at: At, request: Request) -> Response<Body> {
    let direct = match Direct::of(app, at, request).await {
        Ok(direct) => direct,
        Err(answer) => return answer,
    };
    match direct.raw().and_then(A::parse) {
        Ok(asked) => direct
            .answer(&asked)
            .await
            .unwrap_or_else(Fault::into_response),
        Err(refusal) => direct.refused(&refusal),
    }
}

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

    async fn answer<A: Ask>(&self, asked: &A) -> Result<Response<Body>, Fault> {
        let named = asked.client().client_id().unwrap_or_default();
        if let Some(refusal) = self.throttled(&named) {
            return Ok(self.refused(&refusal));
        }
        for _ in 0..TRIES {
            let loaded = self.at.tenant.loaded();
            let Turn { outcome, writes } = asked.turn(self, &loaded).await?;
            match self.commit(&loaded, writes).await? {
                Committed::Done => {
                    self.count_guess(&named, outcome.as_ref().err());
                    return Ok(outcome.unwrap_or_else(|refusal| self.refused(&refusal)));
                }
                Committed::Moved => {}
                Committed::Replayed => {
                    let why = "this jti was used before";
                    return Ok(self.refused(&Refusal::Assertion(Rule::AssertionOnce, why)));
                }
            }
        }
        Err(Fault::Contended)
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
    pub(crate) fn site<'a>(&'a self, loaded: &'a Loaded) -> Site<'a> {
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
    fn throttled(&self, client: &str) -> Option<Refusal> {
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
    fn count_guess(&self, client: &str, refusal: Option<&Refusal>) {
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
    fn refused(&self, refusal: &Refusal) -> Response<Body> {
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
    async fn commit(&self, loaded: &Loaded, writes: Vec<Write>) -> Result<Committed, Fault> {
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
enum Committed {
    /// It is on disk.
    Done,
    /// Somebody else moved first: decide anew.
    Moved,
    /// The client's assertion was used before.
    Replayed,
}
