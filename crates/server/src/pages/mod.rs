//! The pages that people see: rendered here, readable without a script, held to a strict policy.

mod brand;
mod csp;
mod i18n;
mod look;
mod palette;
mod templates;
mod words;

use askama::Template;
use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};

pub(crate) use csp::Policy;
pub(crate) use look::{Look, shown};
pub(crate) use templates::{
    Away, Change, Consent, Device, DeviceConfirm, Done, ErrorPage, FormPost, Login, Logout,
    Problem, ResetRequest, Signup, Verify, WebMessage,
};
pub(crate) use words::Screen;

/// A page as an answer.
#[derive(Debug)]
pub(crate) struct Page {
    status: StatusCode,
    policy: Policy,
    referrer: &'static str,
    leads_to: Option<String>,
    html: String,
}

impl Page {
    /// Renders a template. What cannot be rendered is an empty page of status 500.
    pub(crate) fn of(template: &impl Template, policy: Policy) -> Self {
        let (status, html) = match template.render() {
            Ok(html) => (StatusCode::OK, html),
            Err(error) => {
                tracing::error!(%error, "a page cannot be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, String::new())
            }
        };
        Self {
            status,
            policy,
            // nothing leaves this host; `no-referrer` would make `Origin` null on our own forms
            referrer: "same-origin",
            leads_to: None,
            html,
        }
    }

    /// Leads on to this URL at once, and does not tell it where the browser came from.
    #[must_use]
    pub(crate) fn leading_to(mut self, url: &str) -> Self {
        self.referrer = "no-referrer";
        self.leads_to = Some(format!("0;url={url}"));
        self
    }

    /// Its forms tell other hosts where they come from, but no more than the origin.
    #[must_use]
    pub(crate) const fn telling_its_origin(mut self) -> Self {
        self.referrer = "origin";
        self
    }

    /// With another status.
    #[must_use]
    pub(crate) const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The answer with its headers (attacks WEB-04, WEB-06, SESSION-15).
    pub(crate) fn answer(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.html));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let fixed = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, self.referrer),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let permissions = HeaderValue::from_static("camera=(), geolocation=(), microphone=()");
        headers.insert("permissions-policy", permissions);
        if let Ok(policy) = HeaderValue::from_str(&self.policy.header()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        let leads_to = self.leads_to.map(|text| HeaderValue::from_str(&text));
        if let Some(Ok(leads_to)) = leads_to {
            headers.insert(header::REFRESH, leads_to);
        }
        if !self.policy.can_be_framed() {
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
        response
    }
}

/// The origin of a URL on the web, if nothing but a host and a port stands in it.
pub(crate) fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let sound = !authority.is_empty() && authority.chars().all(legal);
    sound.then(|| format!("{scheme}://{authority}"))
}
