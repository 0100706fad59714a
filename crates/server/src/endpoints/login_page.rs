//! The pages of a login, filled in.

use axum::body::Body;
use cardea_core::model::Connection;
use cardea_core::protocol::login::Step;
use http::Response;

use super::flow::page_of;
use super::password_text;
use super::pending::Open;
use super::visit::Visit;
use crate::pages::{Login, Look, Page, Policy, Problem, Screen, Signup, shown};

impl Open {
    /// `ui_locales` of the request.
    pub(crate) fn locales(&self) -> Option<String> {
        let locales = &self.checked.request.ui_locales;
        (!locales.is_empty()).then(|| locales.join(" "))
    }

    /// The connection by which people log in.
    pub(crate) fn connection(&self) -> Option<&Connection> {
        let name = self.pending.transaction.connection.as_deref()?;
        self.loaded.view.connection(name).map(|entry| &entry.parsed)
    }

    /// What a page of this login may do: its form may end at the callback.
    pub(crate) fn policy(&self, look: &Look) -> Policy {
        let callback = &self.checked.request.channel.redirect_uri;
        Policy::of(look).form_to(callback)
    }

    fn app(&self) -> String {
        shown(&self.checked.client.parsed.name)
    }
}

/// Whether people may sign up in this login.
pub(crate) fn offers_signup(open: &Open) -> bool {
    open.connection()
        .is_some_and(|connection| connection.signup)
}

/// `/u/login` at its step.
pub(crate) fn login_page(
    visit: &Visit,
    open: &Open,
    problem: Problem,
    typed: Option<&str>,
) -> Response<Body> {
    let handle = &open.pending.handle;
    let transaction = &open.pending.transaction;
    let look = visit.look(open.locales().as_deref());
    let look = look.on(match transaction.step {
        Step::Identifier => Screen::Identifier,
        Step::Password => Screen::Password,
        Step::Login | Step::Signup | Step::Consent | Step::Confirm => Screen::Login,
    });
    let identifier = typed
        .or(transaction.identifier.as_deref())
        .unwrap_or_default();
    let username_allowed = open
        .connection()
        .is_some_and(|connection| connection.requires_username);
    let asks_identifier = transaction.step != Step::Password;
    let focus = match (problem.field, identifier.is_empty() || !asks_identifier) {
        ("", true) if asks_identifier => "username",
        ("", _) if transaction.step == Step::Identifier => "username",
        ("", _) => "password",
        (field, _) => field,
    };
    let page = Login {
        title: look.say(if asks_identifier {
            "login-title"
        } else {
            "password-title"
        }),
        lead: look.with("login-lead", &[("app", &open.app())]),
        action: page_of(&open.pending),
        hidden: vec![("state", handle.clone())],
        button: "default",
        change: Some(format!("/u/login/identifier?state={handle}")),
        forgot: open
            .connection()
            .is_some_and(|connection| connection.password_reset)
            .then(|| format!("/u/reset-password/request?state={handle}")),
        signup: offers_signup(open).then(|| format!("/u/signup?state={handle}")),
        identifier,
        identifier_label: look.say(if username_allowed {
            "identifier-or-username"
        } else {
            "identifier"
        }),
        username_allowed,
        asks_identifier,
        asks_password: transaction.step != Step::Identifier,
        focus,
        problem,
        look: &look,
    };
    Page::of(&page, open.policy(&look)).answer()
}

/// `/u/signup`.
pub(crate) fn signup_page(
    visit: &Visit,
    open: &Open,
    problem: Problem,
    (email, username): (&str, &str),
) -> Response<Body> {
    let look = visit.look(open.locales().as_deref()).on(Screen::Signup);
    let connection = open.connection();
    let name = connection.map_or("", |connection| &connection.name);
    let rules = password_text::rules(&open.loaded.view, name);
    let hinted = open.pending.transaction.identifier.as_deref();
    let email = if email.is_empty() {
        hinted.filter(|hint| hint.contains('@')).unwrap_or_default()
    } else {
        email
    };
    let page = Signup {
        lead: look.with("signup-lead", &[("app", &open.app())]),
        state: &open.pending.handle,
        email,
        username,
        asks_username: connection.is_some_and(|connection| connection.requires_username),
        hint: password_text::hint(&look, rules.as_ref()),
        focus: match problem.field {
            "" if email.is_empty() => "email",
            "" => "password",
            field => field,
        },
        problem,
        look: &look,
    };
    Page::of(&page, open.policy(&look)).answer()
}
