//! `POST /oauth/introspect` (RFC 7662).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::EventType;
use cardea_core::protocol::client_auth::Presented;
use cardea_core::protocol::introspect::{self, IntrospectRequest};
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::token::request::Raw;
use cardea_core::write::Write;
use http::{Response, StatusCode};

use super::direct::{self, Ask, Direct, Turn};
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::tenants::Loaded;
use crate::wire;

/// Says what a token is. An answer is not recorded: APIs ask all the time.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    direct::serve::<IntrospectRequest>(app, at, request).await
}

impl Ask for IntrospectRequest {
    fn parse(raw: Raw<'_>) -> Result<Self, Refusal> {
        Self::parse(raw)
    }

    fn client(&self) -> &Presented {
        &self.client
    }

    async fn turn(&self, direct: &Direct, loaded: &Loaded) -> Result<Turn, Fault> {
        let site = direct.site(loaded);
        let token = self.open(site, direct.now);
        let token = token.as_ref();
        let reader = direct.reader();
        let facts = reader
            .all(|facts| introspect::wanted(self, token, facts))
            .await?;
        let decided = introspect::decide(self, token, &facts, site, direct.now);
        let mut writes = decided.writes;
        if let Err(refusal) = &decided.outcome {
            let about = (Some(refusal.rule().id()), &decided.trace);
            let client = decided.client.as_deref();
            let event = direct.event(EventType::TokenRefused, refusal.why(), client, about);
            writes.push(Write::Log(event));
        }
        let outcome = decided.outcome;
        Ok(Turn {
            outcome: outcome.map(|told| wire::json(StatusCode::OK, &told)),
            writes,
        })
    }
}
