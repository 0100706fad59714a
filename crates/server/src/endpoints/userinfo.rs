//! `GET|POST /userinfo` (OIDC Core 5.3).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use cardea_core::model::EventType;
use cardea_core::protocol::bearer::{self, BearerError, BearerRefusal, Opened};
use cardea_core::protocol::rules::Rule;
use cardea_core::protocol::trace::{Subject, Trace, Verdict};
use cardea_core::protocol::userinfo;
use cardea_core::write::{Commit, Write};
use cardea_jose::Secret;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::direct::Direct;
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::wire;

/// Parses, reads, decides, replies.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let direct = match Direct::of(app, at, request).await {
        Ok(direct) => direct,
        Err(answer) => return answer,
    };
    let token = match direct.raw() {
        Ok(raw) => bearer::token(&raw),
        Err(_) => Err(BearerRefusal {
            rule: Rule::BearerOnce,
            why: "the request has two Authorization headers, or one that is not text",
            kind: BearerError::InvalidRequest,
        }),
    };
    if let Ok(token) = &token
        && bearer::looks_signed(token.expose())
    {
        // as signatures do, verifications follow one another
        tokio::task::yield_now().await;
    }
    let loaded = direct.at.tenant.loaded();
    let open = |token: Secret<String>| {
        let site = direct.site(&loaded);
        bearer::open(token.expose(), site, direct.now)
    };
    match token.and_then(open) {
        Ok(token) => answer(&direct, &token)
            .await
            .unwrap_or_else(Fault::into_response),
        Err(refusal) => match record(&direct, &refusal).await {
            Ok(()) => refused(&refusal),
            Err(fault) => fault.into_response(),
        },
    }
}

async fn answer(direct: &Direct, token: &Opened) -> Result<Response<Body>, Fault> {
    let loaded = direct.at.tenant.loaded();
    let facts = direct
        .reader()
        .all(|facts| userinfo::wanted(token, facts))
        .await?;
    let decided = userinfo::decide(token, &facts, direct.site(&loaded), direct.now);
    Ok(match decided.outcome {
        Ok(claims) => wire::json(StatusCode::OK, &claims),
        Err(refusal) => {
            record(direct, &refusal).await?;
            refused(&refusal)
        }
    })
}

/// What somebody should look into. Rule 2 of the product: an ID token at an API's door is named for
/// what it is; and a token that is damaged looks to its bearer like one that has ended.
async fn record(direct: &Direct, refusal: &BearerRefusal) -> Result<(), Fault> {
    if !matches!(refusal.rule, Rule::IdTokenAtApi | Rule::StateReadable) {
        return Ok(());
    }
    let mut trace = Trace::default();
    trace.push(refusal.rule, Subject::Request, Verdict::Refused);
    let about = (Some(refusal.rule.id()), &trace);
    let event = EventType::TokenRefused;
    let event = direct.event(event, refusal.why.to_owned(), None, about);
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::Log(event)],
    };
    direct.at.tenant.store.commit(commit, direct.now).await?;
    Ok(())
}

/// RFC 6750 3: the challenge says it, and the body says it again for those who read bodies.
fn refused(refusal: &BearerRefusal) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.kind.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let error = refusal.kind.code().unwrap_or("invalid_request");
    let body = json!({ "error": error, "error_description": refusal.why });
    let mut response = wire::json(status, &body);
    if let Ok(challenge) = HeaderValue::from_str(&refusal.challenge()) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
