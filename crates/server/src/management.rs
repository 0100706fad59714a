//! The Management API over HTTP: an API like any other. It verifies its tokens with the published
//! verifier, asks `core` what to do, and commits.

mod answer;
mod stored;

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use cardea_core::id::{ClientId, UserId};
use cardea_core::management::{
    self, Answers, ApiError, Call, Caller, FreshKeys, Method, Operation, PathParams, Query, Reply,
    Route, Run,
};
use cardea_core::model::{
    Document, EventType, EventUser, KeyState, LogEvent, SubjectType, SystemApi,
};
use cardea_core::protocol::profile;
use cardea_core::scope::Scopes;
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_jose::Algorithm;
use cardea_store::StoreError;
use cardea_verifier::{AccessToken, Refusal, bearer_token, verify};
use http::request::Parts;
use http::{HeaderMap, Response, header};
use serde_json::{Map, Value, json};

use answer::{failed, fault_response, rate_headers, succeeded, unauthorized};

use crate::app::App;
use crate::body::{self, BodyError};
use crate::fault::Fault;
use crate::guard::At;
use crate::keygen::{self, KeyPlan, KeygenError};
use crate::limits::Rate;
use crate::tenants::Loaded;

/// The longest body, as a management object may be (security section 2).
const MAX_BODY: usize = 1024 * 1024;
/// How often an operation is run anew when somebody else moved first.
const TRIES: usize = 8;
const PREFIX: &str = "/api/v2";

/// Every method of every path below `/api/v2`.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let now = app.clock.now();
    let (parts, body) = request.into_parts();
    let seen = Seen {
        app: &app,
        at: &at,
        parts: &parts,
        now,
        rate: OnceLock::new(),
    };
    let mut response = match seen.handle(body).await {
        Ok(response) => response,
        Err(Stop::Refused(error)) => failed(&error),
        Err(Stop::Unauthorized(refusal)) => unauthorized(&refusal),
        Err(Stop::Fault(fault)) => fault_response(&fault),
    };
    rate_headers(response.headers_mut(), seen.anonymous_rate());
    response
}

/// Why a call ends early.
enum Stop {
    Refused(ApiError),
    Unauthorized(Refusal),
    Fault(Fault),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

/// What every step of one call reads.
struct Seen<'a> {
    app: &'a App,
    at: &'a At,
    parts: &'a Parts,
    now: Timestamp,
    /// Counted once: for the caller, or for the address of who is none.
    rate: OnceLock<Rate>,
}

/// An operation with its input, before the tenant's state is looked at.
struct Asked {
    operation: &'static Operation,
    path: PathParams,
    body: Option<Value>,
}

impl Seen<'_> {
    async fn handle(&self, body: Body) -> Result<Response<Body>, Stop> {
        let raw_path = self
            .parts
            .uri
            .path()
            .strip_prefix(PREFIX)
            .unwrap_or_default();
        // a HEAD is a GET whose body stays here (RFC 9110 9.3.2)
        let method = match self.parts.method.as_str() {
            "HEAD" => Some(Method::Get),
            word => Method::parse(word),
        };
        let route = method.map_or(Route::Unknown, |method| management::route(method, raw_path));
        let (operation, path) = match route {
            Route::Unknown => return Err(ApiError::route_not_found().into()),
            Route::NotYet(operation) => {
                let caller = self.caller(&self.at.tenant.loaded()).await?;
                return Err(operation.refusal(&caller).into());
            }
            Route::Operation(operation, path) => (operation, path),
        };
        // before the body is read; what holds for the commit is looked at with the commit
        let loaded = self.at.tenant.up_to_date().await?;
        self.admitted(operation, &loaded).await?;
        let body = self.body(body).await?;
        self.run(&Asked {
            operation,
            path,
            body,
        })
        .await
    }

    /// The caller, if it may run the operation as the tenant is now.
    async fn admitted(&self, operation: &Operation, loaded: &Loaded) -> Result<Caller, Stop> {
        let caller = self.caller(loaded).await?;
        if let Err(error) = management::authorize(operation, &caller) {
            let (client, reason) = (caller.client_id.as_ref(), "insufficient_scope");
            self.record_refusal(client, reason, operation.id).await?;
            return Err(error.into());
        }
        Ok(caller)
    }

    /// Verifies the bearer token (RFC 6750, attacks MGMT-01, JWT-01 and on).
    async fn caller(&self, loaded: &Loaded) -> Result<Caller, Stop> {
        let headers = self.parts.headers.get_all(header::AUTHORIZATION);
        let verified = bearer_token(headers, self.parts.uri.query(), None)
            .and_then(|token| self.verify(token, loaded));
        let refusal = match verified {
            Ok(token) => {
                let caller = self.caller_of(&token, loaded)?;
                let tenant = self.at.tenant.id.as_str();
                let count = || {
                    let client = caller.client_id.as_str();
                    self.app.limits.management(tenant, client, self.now)
                };
                if self.rate.get_or_init(count).exceeded {
                    return Err(ApiError::too_many_requests().into());
                }
                return Ok(caller);
            }
            Err(refusal) => refusal,
        };
        // who is nobody is counted by address, and fills neither the log nor a client's bucket
        if self.anonymous_rate().exceeded {
            return Err(ApiError::too_many_requests().into());
        }
        if refusal != Refusal::Missing {
            let path = self.parts.uri.path();
            self.record_refusal("", refusal.reason(), path).await?;
        }
        Err(Stop::Unauthorized(refusal))
    }

    fn anonymous_rate(&self) -> Rate {
        let tenant = self.at.tenant.id.as_str();
        let count = || self.app.limits.anonymous(tenant, self.at.ip, self.now);
        *self.rate.get_or_init(count)
    }

    fn verify(&self, token: &str, loaded: &Loaded) -> Result<AccessToken, Refusal> {
        let mut last = Refusal::KeysUnavailable {
            why: "the tenant has no host".to_owned(),
        };
        for policy in loaded.management_policies() {
            match verify(token, policy, &loaded.keys, self.now.seconds()) {
                // another host of the tenant may be the issuer
                Err(refusal @ Refusal::WrongIssuer { .. }) => last = refusal,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    fn caller_of(&self, token: &AccessToken, loaded: &Loaded) -> Result<Caller, Stop> {
        let client_id = token
            .client_id
            .as_deref()
            .and_then(ClientId::parse)
            .ok_or(Stop::Unauthorized(Refusal::WrongTokenType))?;
        let mut scopes: Scopes = token.scopes.iter().map(String::as_str).collect();
        if profile::management_follows_grants(loaded.view.record.profile) {
            scopes = scopes.intersect(&granted_now(&client_id, loaded, self.app.scheme.as_str()));
        }
        // an application's own token has no user (auth-semantics 3.2)
        let user = (token.subject != format!("{client_id}@clients"))
            .then(|| UserId::parse(&token.subject))
            .flatten();
        Ok(Caller {
            client_id,
            user,
            scopes,
        })
    }

    async fn body(&self, body: Body) -> Result<Option<Value>, Stop> {
        if self.parts.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(ApiError::unsupported_media_type().into());
        }
        let bytes = body::read(body, MAX_BODY)
            .await
            .map_err(|error| match error {
                BodyError::TooLong(limit) => ApiError::payload_too_large(limit),
                BodyError::TooSlow | BodyError::Broken => {
                    ApiError::broken_payload(error.status().as_u16(), error.to_string())
                }
            })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        json_body(&self.parts.headers, &bytes).map(Some)
    }

    /// Runs the operation on the newest state, again if it moved meanwhile.
    async fn run(&self, asked: &Asked) -> Result<Response<Body>, Stop> {
        let mut last = Conflict::TenantMoved;
        let _turn = if asked.operation.method.is_read() {
            None
        } else {
            Some(self.at.tenant.turn().await)
        };
        let mut hash = None;
        for _ in 0..TRIES {
            // who calls is judged by the state that the commit is guarded by: what was revoked
            // on another node is revoked here (attacks MGMT-28, JWT-25)
            let loaded = self.at.tenant.up_to_date().await?;
            let caller = self.admitted(asked.operation, &loaded).await?;
            let mut reply = self.reply(asked, &caller, &loaded).await?;
            if let Some(algorithm) = reply.needs_key {
                let key = self.first_key(algorithm, &loaded).await?;
                reply.writes.extend(key.map(Write::Insert));
            }
            if reply.writes.is_empty() {
                return Ok(succeeded(reply));
            }
            self.fill_password(&mut reply, &loaded, &mut hash).await?;
            let to_be_verified = reply.to_be_verified().cloned();
            let mut writes = std::mem::take(&mut reply.writes);
            writes.push(Write::Log(self.write_event(
                asked,
                &caller,
                reply.body.as_ref(),
            )));
            let commit = Commit {
                decided_at: Some(loaded.view.version),
                writes,
            };
            match self.at.tenant.store.commit(commit, self.now).await {
                Ok(_) => {
                    // the node that changed it sees it at once
                    self.at.tenant.newer_than(loaded.view.version).await?;
                    if let Some(user) = to_be_verified {
                        self.mail_verification(user, asked);
                    }
                    return Ok(succeeded(reply));
                }
                // it will exist at the next try too
                Err(StoreError::Conflict(conflict @ Conflict::UserExists)) => {
                    return Err(management::conflict(conflict).into());
                }
                Err(StoreError::Conflict(conflict)) => last = conflict,
                Err(error) => return Err(error.into()),
            }
        }
        Err(management::conflict(last).into())
    }

    async fn reply(&self, asked: &Asked, caller: &Caller, loaded: &Loaded) -> Result<Reply, Stop> {
        let call = Call {
            tenant: &loaded.view,
            issuer: &self.at.issuer,
            scheme: self.app.scheme.as_str(),
            path: asked.path.clone(),
            query: Query::parse(self.parts.uri.query().unwrap_or_default()),
            body: asked.body.clone(),
            caller,
            now: self.now,
        };
        match asked.operation.run {
            Run::Pure(run) => Ok(self.app.random.with(|random| run(&call, random))?),
            Run::Keys { demand, run } => {
                let mut keys = Vec::new();
                for algorithm in demand(&call)? {
                    keys.push(self.new_key(algorithm, loaded).await?);
                }
                Ok(run(&call, FreshKeys(keys))?)
            }
            Run::Logs { ask, answer } => {
                let question = ask(&call)?;
                let rows = self.at.tenant.store.log(question.query.clone()).await?;
                Ok(answer(&question, rows)?)
            }
            Run::Stored { ask, then, answer } => {
                let mut answers = Answers::default();
                self.put(ask(&call)?, &mut answers).await?;
                if let Some(then) = then {
                    self.put(then(&call, &answers)?, &mut answers).await?;
                }
                let random = &self.app.random;
                Ok(random.with(|random| answer(&call, answers, random))?)
            }
        }
    }

    /// Keys are made beside the requests: an RSA key takes a processor 0.1 to 1 s.
    async fn new_key(&self, algorithm: Algorithm, loaded: &Loaded) -> Result<Document, Stop> {
        let plan = KeyPlan::new(&loaded.view, algorithm, KeyState::Next, self.now);
        plan.make_beside(self.app.random.clone())
            .await
            .map_err(|error| key_fault(&error))
    }

    async fn first_key(
        &self,
        algorithm: Algorithm,
        loaded: &Loaded,
    ) -> Result<Option<Document>, Stop> {
        let made = keygen::ensure_key(&loaded.view, algorithm, self.now, &self.app.random).await;
        made.map_err(|error| key_fault(&error))
    }

    /// A write and its event are one commit (attacks MGMT-26, LOG-04). The event names what was
    /// changed, never a value that could be a secret.
    fn write_event(&self, asked: &Asked, caller: &Caller, body: Option<&Value>) -> LogEvent {
        let operation = asked.operation;
        let changed: Vec<&str> = match &asked.body {
            Some(Value::Object(members)) => members.keys().map(String::as_str).collect(),
            Some(_) | None => Vec::new(),
        };
        let object = body.and_then(|body| {
            ["client_id", "user_id", "id", "kid"]
                .into_iter()
                .find_map(|name| body.get(name))
                .cloned()
        });
        let request = json!({
            "method": operation.method.as_str(),
            "path": self.parts.uri.path(),
            "operation": operation.id,
            "members": changed,
        });
        let mut details = Map::new();
        details.insert("request".to_owned(), request);
        details.insert("object".to_owned(), object.unwrap_or_default());
        let mut event = self.event(EventType::ManagementWrite, operation.event, details);
        event.client_id = Some(caller.client_id.to_string());
        event.user = user_of(asked, body);
        event
    }

    /// Each refused token is recorded with its own reason (attack LOG-09).
    async fn record_refusal(&self, client: &str, reason: &str, what: &str) -> Result<(), Stop> {
        let mut details = Map::new();
        details.insert("reason".to_owned(), reason.into());
        details.insert("request".to_owned(), json!({ "what": cut(what) }));
        let text = format!("The Management API refused a request: {reason}");
        let mut event = self.event(EventType::ManagementRefused, &text, details);
        event.client_id = (!client.is_empty()).then(|| client.to_owned());
        let commit = Commit {
            decided_at: None,
            writes: vec![Write::Log(event)],
        };
        self.at.tenant.store.commit(commit, self.now).await?;
        Ok(())
    }

    fn event(&self, event: EventType, text: &str, details: Map<String, Value>) -> LogEvent {
        let agent = self
            .parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|v| v.to_str().ok());
        LogEvent {
            user: None,
            id: self.app.new_log_id(self.now),
            at: self.now,
            event,
            description: text.to_owned(),
            client_id: None,
            client_name: None,
            ip: self.at.ip.to_string(),
            user_agent: agent.map(cut),
            hostname: self.at.host.name().to_owned(),
            audience: None,
            scope: None,
            details,
            trace: None,
        }
    }
}

/// Whom a write is about, where the path or the answer names a user.
fn user_of(asked: &Asked, body: Option<&Value>) -> Option<EventUser> {
    let path = asked.operation.path;
    let in_path = ["id", "user_id"]
        .into_iter()
        .find(|name| path.starts_with(&format!("/users/{{{name}}}")))
        .map(|name| asked.path.get(name));
    let in_body = body
        .and_then(|body| body.get("user_id"))
        .and_then(Value::as_str);
    let id = in_path.or(in_body)?;
    Some(EventUser {
        id: Some(cut(id)),
        ..EventUser::default()
    })
}

fn key_fault(error: &KeygenError) -> Stop {
    tracing::error!(%error, "a signing key could not be made");
    Stop::Fault(Fault::Contended)
}

/// What a client grant for the Management API gives this application at this moment.
fn granted_now(client: &ClientId, loaded: &Loaded, scheme: &str) -> Scopes {
    let view = &loaded.view;
    let identifier = view.system_identifier(scheme, SystemApi::Management);
    let grant = view
        .api(&identifier)
        .and_then(|api| view.grant(client, &api.parsed.identifier, SubjectType::Client));
    let known = view.clients.contains_key(client);
    grant
        .filter(|_| known)
        .map(|grant| grant.parsed.scopes.clone())
        .unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(512).collect()
}

fn json_body(headers: &HeaderMap, bytes: &Bytes) -> Result<Value, Stop> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = kind
        .unwrap_or("application/json")
        .split(';')
        .next()
        .unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(ApiError::unsupported_media_type().into());
    }
    // an object is read strictly: repeated members are a parser trick (attack JWT-11)
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => cardea_jose::strict_object(bytes)
            .map(Value::Object)
            .map_err(|_| ApiError::invalid_json().into()),
        _ => serde_json::from_slice(bytes).map_err(|_| ApiError::invalid_json().into()),
    }
}
