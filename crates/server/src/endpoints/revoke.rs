//! `POST /oauth/revoke` (RFC 7009).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use cardea_core::model::{EventType, EventUser};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::revoke::{self, Decided, RevokeRequest, Revoked};
use cardea_core::protocol::rules::Rule;
use cardea_core::write::Write;
use http::{HeaderValue, Response, header};

use super::direct::{Committed, Direct};
use super::flow::TRIES;
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;

/// Parses, reads, decides, commits, replies.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let direct = match Direct::of(app, at, request).await {
        Ok(direct) => direct,
        Err(answer) => return answer,
    };
    let parsed = direct.raw().and_then(RevokeRequest::parse);
    match parsed {
        Ok(request) => answer(&direct, &request)
            .await
            .unwrap_or_else(Fault::into_response),
        Err(refusal) => direct.refused(&refusal),
    }
}

async fn answer(direct: &Direct, request: &RevokeRequest) -> Result<Response<Body>, Fault> {
    let named = request.client.client_id().unwrap_or_default();
    if let Some(refusal) = direct.throttled(&named) {
        return Ok(direct.refused(&refusal));
    }
    for _ in 0..TRIES {
        let loaded = direct.at.tenant.loaded();
        let facts = direct.reader().all(|facts| request.wanted(facts)).await?;
        let decided = revoke::decide(request, &facts, direct.site(&loaded), direct.now);
        let mut writes = decided.writes.clone();
        writes.extend(event(direct, &decided));
        match direct.commit(&loaded, writes).await? {
            Committed::Done => {
                direct.count_guess(&named, decided.outcome.as_ref().err());
                return Ok(match &decided.outcome {
                    Ok(_) => done(),
                    Err(refusal) => direct.refused(refusal),
                });
            }
            Committed::Moved => {}
            Committed::Replayed => {
                let why = "this jti was used before";
                return Ok(direct.refused(&Refusal::Assertion(Rule::AssertionOnce, why)));
            }
        }
    }
    Err(Fault::Contended)
}

/// 200 and nothing else, whether there was a token or not (trap T21).
fn done() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

fn event(direct: &Direct, decided: &Decided) -> Option<Write> {
    let client = decided.client.as_deref();
    let event = match &decided.outcome {
        Ok(Revoked::Nothing) => return None,
        Ok(Revoked::Family { user, .. } | Revoked::Opaque { user }) => {
            let text = "Revoked a token".to_owned();
            let about = (None, &decided.trace);
            let mut event = direct.event(EventType::RefreshRevoked, text, client, about);
            event.user = user.as_ref().map(|id| EventUser {
                id: Some(id.to_string()),
                ..EventUser::default()
            });
            event
        }
        Err(refusal) => {
            let about = (Some(refusal.rule().id()), &decided.trace);
            direct.event(EventType::TokenRefused, refusal.why(), client, about)
        }
    };
    Some(Write::Log(event))
}
