//! `POST /oauth/device/code` (RFC 8628 3.1).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use cardea_core::model::EventType;
use cardea_core::protocol::device::{self, DeviceRequest};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::rules::Rule;
use cardea_core::protocol::session::Device as Place;
use cardea_core::write::Write;
use http::{Response, StatusCode};

use super::direct::{Committed, Direct};
use super::flow::TRIES;
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::wire;

/// Parses, decides, draws both codes, commits, replies.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let direct = match Direct::of(app, at, request).await {
        Ok(direct) => direct,
        Err(answer) => return answer,
    };
    let parsed = direct.raw().and_then(DeviceRequest::parse);
    match parsed {
        Ok(request) => answer(&direct, &request)
            .await
            .unwrap_or_else(Fault::into_response),
        Err(refusal) => direct.refused(&refusal),
    }
}

async fn answer(direct: &Direct, request: &DeviceRequest) -> Result<Response<Body>, Fault> {
    let named = request.client.client_id().unwrap_or_default();
    if let Some(refusal) = direct.throttled(&named) {
        return Ok(direct.refused(&refusal));
    }
    for _ in 0..TRIES {
        let loaded = direct.at.tenant.loaded();
        let site = direct.site(&loaded);
        let decided = device::decide(request, site, direct.now);
        let mut writes = decided.writes;
        let answer = match &decided.outcome {
            Ok(client) => {
                let place = Place {
                    ip: direct.at.ip.to_string(),
                    user_agent: direct.agent(),
                };
                let random = &direct.app.random;
                let (answer, made) = random.with(|random| {
                    device::issue(request, &client.parsed, &place, (site, direct.now), random)
                });
                writes.extend(made);
                wire::json(StatusCode::OK, &answer)
            }
            Err(refusal) => {
                let about = (Some(refusal.rule().id()), &decided.trace);
                let event = EventType::DeviceRequestRefused;
                let event = direct.event(event, refusal.why(), None, about);
                writes.push(Write::Log(event));
                direct.refused(refusal)
            }
        };
        match direct.commit(&loaded, writes).await? {
            Committed::Done => {
                direct.count_guess(&named, decided.outcome.as_ref().err());
                return Ok(answer);
            }
            Committed::Moved => {} // or a user code that is in use: another one is drawn
            Committed::Replayed => {
                let why = "this jti was used before";
                return Ok(direct.refused(&Refusal::Assertion(Rule::AssertionOnce, why)));
            }
        }
    }
    Err(Fault::Contended)
}
