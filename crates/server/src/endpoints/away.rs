//! How a browser leaves this host.

use axum::body::Body;
use cardea_core::model::{AppType, Client, Entry};
use http::{Method, Response};

use super::visit::Visit;
use crate::pages::{Away, Page, Policy, origin_of};
use crate::wire;

/// For whom a browser is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A place on the web.
    Web,
    /// An application of the device: its system opens it for what a person did just now, so for a
    /// redirect, not for a page that leads on by itself.
    Device,
}

impl Goal {
    /// Where this application is, as far as it is known.
    pub(crate) fn of(client: Option<&Entry<Client>>) -> Self {
        match client.map(|client| client.parsed.app_type) {
            Some(AppType::Native) => Self::Device,
            _ => Self::Web,
        }
    }
}

/// Sends the browser to this URL.
///
/// Browsers hold each redirect that follows a form to the `form-action` of the form's page (attack
/// WEB-05), those of the application too: one that goes on to another of its hosts would be stopped.
/// So after a form a page leads on, and what comes then follows no form (decision 0008).
pub(crate) fn away(visit: &Visit, url: &str, goal: Goal) -> Response<Body> {
    if visit.method != Method::POST {
        return wire::redirect(url);
    }
    let on_the_web = url.starts_with('/') || origin_of(url).is_some();
    if goal == Goal::Device || !on_the_web || !visit.is_navigation() {
        return wire::see_other(url);
    }
    let look = visit.look(None);
    let page = Away { look: &look, url };
    let policy = Policy::of(&look);
    Page::of(&page, policy).leading_to(url).answer()
}
