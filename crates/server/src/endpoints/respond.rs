//! Authorization responses on their way: redirect, form, message (OAuth 2.0 Multiple Response
//! Types, Form Post Response Mode, and Auth0's `web_message`).

use axum::body::Body;
use cardea_core::protocol::authorize::{
    Answer, ErrorPage as Shown, Refused, Response as Due, ResponseMode,
};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::away::{Goal, away};
use super::visit::Visit;
use crate::pages::{ErrorPage, FormPost, Look, Page, Policy, WebMessage};

/// Sends a response to the application.
pub(crate) fn send(visit: &Visit, due: &Due, goal: Goal) -> Response<Body> {
    match (due.mode, due.location()) {
        (ResponseMode::Query | ResponseMode::Fragment, Some(location)) => {
            away(visit, &visit.sealed(location), goal)
        }
        (ResponseMode::WebMessage, _) => message(visit, due),
        (ResponseMode::FormPost | ResponseMode::Query | ResponseMode::Fragment, _) => {
            form(visit, due)
        }
    }
}

/// A form that posts itself, or waits for a click where scripts are off.
fn form(visit: &Visit, due: &Due) -> Response<Body> {
    let look = visit.look(None);
    let nonce = visit.secret();
    let page = FormPost {
        look: &look,
        action: &due.redirect_uri,
        fields: &due.params,
        nonce: &nonce,
    };
    let policy = Policy::of(&look).form_to(&due.redirect_uri).script(&nonce);
    // the application may look at `Origin`, which `same-origin` would make null
    Page::of(&page, policy).telling_its_origin().answer()
}

/// A message to the page that opened this one, and to no other (attack AUTHZ-17).
fn message(visit: &Visit, due: &Due) -> Response<Body> {
    let look = visit.look(None);
    let nonce = visit.secret();
    let Some(origin) = due.origin() else {
        return visit.problem(StatusCode::BAD_REQUEST, "error-title", "error-origin");
    };
    let response: Map<String, Value> = due
        .params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), typed(name, value)))
        .collect();
    let page = WebMessage {
        look: &look,
        message: in_script(&json!({ "origin": origin, "response": response })),
        nonce: &nonce,
    };
    let policy = Policy::of(&look).script(&nonce).framed_by(origin);
    Page::of(&page, policy).answer()
}

/// A message has numbers where a query has text.
fn typed(name: &str, value: &str) -> Value {
    match value.parse::<i64>() {
        Ok(number) if name == "expires_in" => number.into(),
        Ok(_) | Err(_) => value.into(),
    }
}

/// JSON that cannot end the element in which it stands (attack WEB-02).
fn in_script(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// An answer that needs nobody to be asked.
pub(crate) fn answer(
    visit: &Visit,
    answer: &Answer,
    refused: Option<&Refused>,
    goal: Goal,
) -> Response<Body> {
    match answer {
        Answer::Redirect(due) => send(visit, due, goal),
        Answer::Page(shown) => error_page(visit, shown, refused),
    }
}

/// The tenant's own error page, if it has one elsewhere, else ours.
fn error_page(visit: &Visit, shown: &Shown, refused: Option<&Refused>) -> Response<Body> {
    let look = visit.look(None);
    let loaded = visit.loaded();
    if let Some(url) = &loaded.view.settings.parsed.login.error_page.url {
        return away(visit, &elsewhere(visit, url, shown, &look), Goal::Web);
    }
    let (title, lead) = match refused {
        Some(Refused::UnknownClient(_)) => ("error-title", "error-client"),
        Some(Refused::RedirectMismatch(_)) => ("error-title", "error-callback"),
        Some(Refused::WebOrigin(_)) => ("error-title", "error-origin"),
        // who says no has not failed, but the application wants its errors kept here
        Some(Refused::Denied) => ("error-denied-title", "error-denied-lead"),
        Some(_) | None => ("error-title", "error-lead"),
    };
    let page = ErrorPage {
        title: look.say(title),
        lead: look.say(lead),
        link: None,
        error: shown.error.error,
        description: &shown.error.description,
        why: refused.and_then(|refused| visit.why(refused.why())),
        request_id: visit.id.as_str(),
        look: &look,
    };
    let status = StatusCode::from_u16(shown.status).unwrap_or(StatusCode::BAD_REQUEST);
    let policy = Policy::of(&look);
    Page::of(&page, policy).status(status).answer()
}

/// Auth0's parameters for an error page elsewhere (auth-semantics 2.1).
fn elsewhere(visit: &Visit, url: &str, shown: &Shown, look: &Look) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(client) = &shown.client_id {
        query.append_pair("client_id", client);
    }
    query
        .append_pair("lang", look.lang())
        .append_pair("error", shown.error.error)
        .append_pair("error_description", &shown.error.description)
        .append_pair("tracking", visit.id.as_str());
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_02_json_cannot_leave_its_element() {
        let text = in_script(&json!({"state": "</script><script>alert(1)//\u{2028}&"}));
        assert!(!text.contains('<') && !text.contains('>') && !text.contains('\u{2028}'));
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["state"], "</script><script>alert(1)//\u{2028}&");
    }
}
