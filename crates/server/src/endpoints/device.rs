//! `POST /oauth/device/code` (RFC 8628 3.1).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::EventType;
use cardea_core::protocol::client_auth::Presented;
use cardea_core::protocol::device::{self, DeviceRequest};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::session::Device as Place;
use cardea_core::protocol::token::request::Raw;
use cardea_core::write::Write;
use http::{Response, StatusCode};

use super::direct::{self, Ask, Direct, Turn};
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::tenants::Loaded;
use crate::wire;

/// Draws both codes for a client that may have them.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    direct::serve::<DeviceRequest>(app, at, request).await
}

impl Ask for DeviceRequest {
    fn parse(raw: Raw<'_>) -> Result<Self, Refusal> {
        Self::parse(raw)
    }

    fn client(&self) -> &Presented {
        &self.client
    }

    async fn turn(&self, direct: &Direct, loaded: &Loaded) -> Result<Turn, Fault> {
        let site = direct.site(loaded);
        let decided = device::decide(self, site, direct.now);
        let mut writes = decided.writes;
        let outcome = decided.outcome.map(|client| {
            let place = Place {
                ip: direct.at.ip.to_string(),
                user_agent: direct.agent(),
            };
            let now = direct.now;
            let (answer, made) = direct
                .app
                .random
                .with(|random| device::issue(self, &client.parsed, &place, (site, now), random));
            // a user code that is in use is a conflict: another one is drawn
            writes.extend(made);
            wire::json(StatusCode::OK, &answer)
        });
        if let Err(refusal) = &outcome {
            let about = (Some(refusal.rule().id()), &decided.trace);
            let event = EventType::DeviceRequestRefused;
            let event = direct.event(event, refusal.why(), None, about);
            writes.push(Write::Log(event));
        }
        Ok(Turn { outcome, writes })
    }
}
