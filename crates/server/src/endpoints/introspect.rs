//! `POST /oauth/introspect` (RFC 7662).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use cardea_core::model::EventType;
use cardea_core::protocol::introspect::{self, IntrospectRequest};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::rules::Rule;
use cardea_core::write::Write;
use http::{Response, StatusCode};

use super::direct::{Committed, Direct};
use super::flow::TRIES;
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::wire;

/// Parses, reads, decides, replies. An answer is not recorded: APIs ask all the time.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let direct = match Direct::of(app, at, request).await {
        Ok(direct) => direct,
        Err(answer) => return answer,
    };
    let parsed = direct.raw().and_then(IntrospectRequest::parse);
    match parsed {
        Ok(request) => answer(&direct, &request)
            .await
            .unwrap_or_else(Fault::into_response),
        Err(refusal) => direct.refused(&refusal),
    }
}

async fn answer(direct: &Direct, request: &IntrospectRequest) -> Result<Response<Body>, Fault> {
    let named = request.client.client_id().unwrap_or_default();
    if let Some(refusal) = direct.throttled(&named) {
        return Ok(direct.refused(&refusal));
    }
    for _ in 0..TRIES {
        let loaded = direct.at.tenant.loaded();
        let site = direct.site(&loaded);
        let token = request.open(site, direct.now);
        let token = token.as_ref();
        let facts = direct
            .reader()
            .all(|facts| introspect::wanted(token, facts))
            .await?;
        let decided = introspect::decide(request, token, &facts, site, direct.now);
        let mut writes = decided.writes;
        if let Err(refusal) = &decided.outcome {
            let about = (Some(refusal.rule().id()), &decided.trace);
            let event = direct.event(EventType::TokenRefused, refusal.why(), None, about);
            writes.push(Write::Log(event));
        }
        match direct.commit(&loaded, writes).await? {
            Committed::Done => {
                direct.count_guess(&named, decided.outcome.as_ref().err());
                return Ok(match decided.outcome {
                    Ok(answer) => wire::json(StatusCode::OK, &answer),
                    Err(refusal) => direct.refused(&refusal),
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
