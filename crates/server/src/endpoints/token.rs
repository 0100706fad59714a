//! `POST /oauth/token` (RFC 6749 3.2).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use cardea_core::id::ClientId;
use cardea_core::model::{EventType, LogEvent};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::rules::Rule;
use cardea_core::protocol::token::request::{Raw, Unreadable};
use cardea_core::protocol::token::{
    self, Circumstances, Decided, Facts, Grant, Minted, TokenRequest,
};
use cardea_core::protocol::trace::{Subject, Trace, Verdict};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_store::StoreError;
use http::{HeaderMap, Response, StatusCode, header};

use crate::app::App;
use crate::body;
use crate::facts::{Reader, Said};
use crate::fault::Fault;
use crate::guard::At;
use crate::limits::TooMany;
use crate::tenants::Loaded;
use crate::wire;

/// Larger than any request needs (attack TOKEN-51).
const MAX_BODY: usize = 64 * 1024;
/// How often a decision is made anew when somebody else moved first.
const TRIES: usize = 8;
/// After so many of them it waits for its turn among this node's writers.
const PATIENCE: usize = 2;

/// Parses, decides, mints, commits, replies.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let now = app.clock.now();
    let (parts, body) = request.into_parts();
    let body = match body::read(body, MAX_BODY).await {
        Ok(body) => body,
        Err(error) => {
            return wire::plain_error(error.status(), "invalid_request", &error.to_string());
        }
    };
    let seen = Seen {
        app: &app,
        at: &at,
        headers: &parts.headers,
        now,
    };
    if parts.headers.contains_key(header::CONTENT_ENCODING) {
        let text = "Send the body without a Content-Encoding."; // HTTP-07
        return wire::plain_error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", text);
    }
    let parsed = match one_authorization(&parts.headers) {
        Ok(authorization) => TokenRequest::parse(Raw {
            query: parts.uri.query(),
            authorization,
            content_type: text(&parts.headers, header::CONTENT_TYPE),
            body: &body,
        }),
        Err(unreadable) => Err(unreadable),
    };
    let answer = match parsed {
        Ok(request) => answer(&seen, &request).await,
        Err(unreadable) => unreadable_answer(&seen, &unreadable).await,
    };
    answer.unwrap_or_else(Fault::into_response)
}

/// What every step of one request reads.
struct Seen<'a> {
    app: &'a App,
    at: &'a At,
    headers: &'a HeaderMap,
    now: Timestamp,
}

async fn answer(seen: &Seen<'_>, request: &TokenRequest) -> Result<Response<Body>, Fault> {
    let Seen { at, now, .. } = *seen;
    let named = request.client.client_id().unwrap_or_default();
    // a client that is not there has no secret to guess
    let guess =
        ClientId::parse(&named).filter(|id| at.tenant.loaded().view.clients.contains_key(id));
    if let Some(client) = &guess
        && let Err(too_many) = seen.reserve_guess(client)
    {
        return seen.throttled(request, &too_many).await;
    }
    let mut replayed = false;
    for attempt in 0..TRIES {
        let _turn = if attempt < PATIENCE {
            None
        } else {
            let turn = at.tenant.turn().await;
            at.tenant.up_to_date().await?;
            Some(turn)
        };
        let loaded = at.tenant.loaded();
        let facts = facts(seen, request, &loaded).await?;
        let mut decided = token::decide(request, &loaded.view, &facts, &at.issuer, now);
        if replayed {
            refuse_replay(&mut decided);
        }
        // who is ready to be read comes first, so that signatures follow one another: one that finds
        // the processor's caches full of other work takes a tenth longer
        tokio::task::yield_now().await;
        let minted = mint(&loaded, &mut decided, seen);
        let event = token::event(request, &decided, &facts, seen.circumstances());
        let mut writes = std::mem::take(&mut decided.writes);
        let issued = minted.map(|minted| {
            writes.extend(minted.writes);
            minted.issued
        });
        writes.push(Write::Log(event));
        match seen
            .commit(Commit {
                decided_at: Some(loaded.view.version),
                writes,
            })
            .await
        {
            Ok(()) => {
                if let Some(client) = &guess {
                    seen.judge_guess(client, &decided);
                }
                return Ok(reply(seen, request, &decided, issued.as_ref()));
            }
            Err(StoreError::Conflict(Conflict::Replayed)) => replayed = true,
            // a change elsewhere: catch up and decide again, so that a revocation holds at once
            Err(StoreError::Conflict(_)) => {
                at.tenant.newer_than(loaded.view.version).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Contended)
}

/// RFC 7523 3 (7): the assertion was fine, but it is not the first of its kind.
fn refuse_replay(decided: &mut Decided) {
    let why = "this jti was used before";
    decided.writes.clear();
    decided
        .trace
        .push(Rule::AssertionOnce, Subject::Request, Verdict::Refused);
    decided.outcome = Err(Refusal::Assertion(Rule::AssertionOnce, why));
}

/// What must be read for a grant with a user; nothing for an application that acts as itself.
async fn facts(seen: &Seen<'_>, request: &TokenRequest, loaded: &Loaded) -> Result<Facts, Fault> {
    let Seen { app, at, now, .. } = *seen;
    let said = match &request.grant {
        Grant::ClientCredentials(_) => return Ok(Facts::default()),
        Grant::Password(asked) => {
            let default = &loaded.view.settings.parsed.login.default_directory;
            let connection = asked.realm.as_ref().or(default.as_ref());
            connection.map(|connection| Said {
                connection,
                identifier: &asked.username,
                password: &asked.password,
            })
        }
        Grant::AuthorizationCode(_) | Grant::RefreshToken(_) | Grant::DeviceCode(_) => None,
    };
    let reader = Reader { app, at, said, now };
    let view = &loaded.view;
    reader
        .all(|facts| token::wanted(request, view, facts, &at.issuer, now))
        .await
}

fn mint(loaded: &Loaded, decided: &mut Decided, seen: &Seen<'_>) -> Option<Minted> {
    let granted = decided.outcome.as_ref().ok()?;
    let (view, issuer) = (&loaded.view, &seen.at.issuer);
    let minted = seen
        .app
        .random
        .with(|random| token::mint(granted, view, issuer, seen.now, random));
    match minted {
        Ok(minted) => Some(minted),
        Err(refusal) => {
            decided
                .trace
                .push(refusal.rule(), Subject::Request, Verdict::Refused);
            decided.outcome = Err(refusal);
            None
        }
    }
}

fn reply(
    seen: &Seen<'_>,
    request: &TokenRequest,
    decided: &Decided,
    issued: Option<&token::Issued>,
) -> Response<Body> {
    match (&decided.outcome, issued) {
        (Ok(_), Some(issued)) => {
            wire::json_text(StatusCode::OK, issued.to_body().into_text().into_bytes())
        }
        (Err(refusal), _) => refused(seen, refusal, request.client.is_basic()),
        (Ok(_), None) => Fault::Contended.into_response(),
    }
}

fn refused(seen: &Seen<'_>, refusal: &Refusal, basic: bool) -> Response<Body> {
    wire::refused(refusal, seen.at.tenant.loaded().view.record.profile, basic)
}

/// A request that does not parse is recorded too, without what it held.
async fn unreadable_answer(
    seen: &Seen<'_>,
    unreadable: &Unreadable,
) -> Result<Response<Body>, Fault> {
    let refusal = &unreadable.refusal;
    let mut trace = Trace::default();
    trace.push(refusal.rule(), Subject::Request, Verdict::Refused);
    let Circumstances {
        id,
        at,
        ip,
        user_agent,
        hostname,
    } = seen.circumstances();
    let event = LogEvent {
        id,
        at,
        event: unreadable.event,
        description: refusal.why(),
        client_id: unreadable.client_id.clone(),
        client_name: None,
        ip,
        user_agent,
        hostname,
        audience: None,
        scope: None,
        user: None,
        details: [("rule".to_owned(), refusal.rule().id().into())]
            .into_iter()
            .collect(),
        trace: Some(trace.to_text()),
    };
    let writes = vec![Write::Log(event)];
    seen.commit(Commit {
        decided_at: None,
        writes,
    })
    .await?;
    Ok(refused(seen, refusal, unreadable.basic))
}

impl Seen<'_> {
    fn circumstances(&self) -> Circumstances {
        Circumstances {
            id: self.app.new_log_id(self.now),
            at: self.now,
            ip: self.at.ip.to_string(),
            user_agent: text(self.headers, header::USER_AGENT)
                .map(|agent| agent.chars().take(512).collect()),
            hostname: self.at.host.name().to_owned(),
        }
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let only_recorded = commit.writes.len() == 1;
        if self.app.relaxed_log && only_recorded {
            // nobody waits for its guard, so it has none: a change by another node counts once
            // this one follows it, within a second
            let commit = Commit {
                decided_at: None,
                ..commit
            };
            return self.at.tenant.store.commit_relaxed(commit, self.now);
        }
        self.at
            .tenant
            .store
            .commit(commit, self.now)
            .await
            .map(drop)
    }

    fn reserve_guess(&self, client: &ClientId) -> Result<(), TooMany> {
        let tenant = self.at.tenant.id.as_str();
        self.app
            .limits
            .reserve_guess(tenant, client.as_str(), self.at.ip, self.now)
    }

    fn judge_guess(&self, client: &ClientId, decided: &Decided) {
        let right = match &decided.outcome {
            Err(Refusal::SecretWrong | Refusal::AssertionUnproven(..)) => return,
            Ok(_) => true,
            Err(_) => false,
        };
        let tenant = self.at.tenant.id.as_str();
        self.app
            .limits
            .not_wrong(tenant, client.as_str(), self.at.ip, (right, self.now));
    }

    /// The first one that is turned away is recorded, the others are not (attack LOG-05).
    async fn throttled(
        &self,
        request: &TokenRequest,
        too_many: &TooMany,
    ) -> Result<Response<Body>, Fault> {
        let refusal = Refusal::Throttled(too_many.wait);
        if too_many.first {
            let mut event = token::event(
                request,
                &Decided::refused(refusal.clone()),
                &Facts::default(),
                self.circumstances(),
            );
            event.event = EventType::RateLimited;
            let writes = vec![Write::Log(event)];
            self.commit(Commit {
                decided_at: None,
                writes,
            })
            .await?;
        }
        Ok(refused(self, &refusal, request.client.is_basic()))
    }
}

/// Two `Authorization` headers are two methods.
fn one_authorization(headers: &HeaderMap) -> Result<Option<&str>, Box<Unreadable>> {
    let refuse = |refusal| {
        Box::new(Unreadable {
            refusal,
            client_id: None,
            basic: true,
            event: EventType::TokenRefused,
        })
    };
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(refuse(Refusal::SeveralMethods));
    }
    let readable = first.map(|value| value.to_str().map_err(|_| refuse(Refusal::BasicMalformed)));
    readable.transpose()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
