//! `POST /oauth/revoke` (RFC 7009).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::{EventType, EventUser};
use cardea_core::protocol::client_auth::Presented;
use cardea_core::protocol::refusal::Refusal;
use cardea_core::protocol::revoke::{self, Decided, RevokeRequest, Revoked};
use cardea_core::protocol::token::request::Raw;
use cardea_core::write::Write;
use http::{HeaderValue, Response, header};

use super::direct::{self, Ask, Direct, Turn};
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::tenants::Loaded;

/// Ends a token, and what came of it.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    direct::serve::<RevokeRequest>(app, at, request).await
}

impl Ask for RevokeRequest {
    fn parse(raw: Raw<'_>) -> Result<Self, Refusal> {
        Self::parse(raw)
    }

    fn client(&self) -> &Presented {
        &self.client
    }

    async fn turn(&self, direct: &Direct, loaded: &Loaded) -> Result<Turn, Fault> {
        let facts = direct.reader().all(|facts| self.wanted(facts)).await?;
        let mut decided = revoke::decide(self, &facts, direct.site(loaded), direct.now);
        let mut writes = std::mem::take(&mut decided.writes);
        writes.extend(event(direct, &decided));
        Ok(Turn {
            outcome: decided.outcome.map(|_| done()),
            writes,
        })
    }
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
