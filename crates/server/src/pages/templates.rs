//! The templates of `web/pages/templates`, each with what it shows.

use askama::Template;

use super::Look;

/// What is wrong with a form that was sent; nothing by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct Problem {
    /// The id of the field, empty where it is no single one.
    pub(crate) field: &'static str,
    /// What people read.
    pub(crate) text: String,
}

impl Problem {
    /// A problem with a field.
    pub(crate) const fn new(field: &'static str, text: String) -> Self {
        Self { field, text }
    }

    /// Whether anything is wrong.
    pub(crate) const fn is_there(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether this field is marked.
    pub(crate) fn marks(&self, field: &str) -> bool {
        self.is_there() && self.field == field
    }
}

/// `/u/login`.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct Login<'a> {
    pub(crate) look: &'a Look,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) action: String,
    pub(crate) hidden: Vec<(&'static str, String)>,
    pub(crate) problem: Problem,
    pub(crate) identifier: &'a str,
    pub(crate) identifier_label: String,
    pub(crate) username_allowed: bool,
    pub(crate) asks_identifier: bool,
    pub(crate) asks_password: bool,
    pub(crate) focus: &'static str,
    /// The value of the button named `action`.
    pub(crate) button: &'static str,
    /// Where another identifier is given, a password is reset, an account is made.
    pub(crate) change: Option<String>,
    pub(crate) forgot: Option<String>,
    pub(crate) signup: Option<String>,
}

/// `/u/signup`.
#[derive(Template)]
#[template(path = "signup.html")]
pub(crate) struct Signup<'a> {
    pub(crate) look: &'a Look,
    pub(crate) lead: String,
    pub(crate) state: &'a str,
    pub(crate) problem: Problem,
    pub(crate) email: &'a str,
    pub(crate) username: &'a str,
    pub(crate) asks_username: bool,
    pub(crate) hint: String,
    pub(crate) focus: &'static str,
}

/// `/u/consent`: consent, or the question whether to go on at all.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct Consent<'a> {
    pub(crate) look: &'a Look,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) warning: Option<String>,
    pub(crate) will: String,
    pub(crate) lines: Vec<String>,
    pub(crate) action: String,
    pub(crate) hidden: Vec<(&'static str, String)>,
    pub(crate) accept: String,
    pub(crate) deny: String,
    pub(crate) user_line: String,
    /// "Log out", beside it (attack SESSION-16).
    pub(crate) leave: String,
    pub(crate) host_line: String,
}

/// `/u/logout`.
#[derive(Template)]
#[template(path = "logout.html")]
pub(crate) struct Logout<'a> {
    pub(crate) look: &'a Look,
    pub(crate) lead: String,
    pub(crate) csrf: &'a str,
    /// The request, to be sent again.
    pub(crate) fields: &'a [(&'static str, String)],
}

/// Something is done, or cannot be done any more.
#[derive(Template)]
#[template(path = "done.html")]
pub(crate) struct Done<'a> {
    pub(crate) look: &'a Look,
    pub(crate) good: bool,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) link: Option<(String, String)>,
}

/// `/activate`: which device.
#[derive(Template)]
#[template(path = "device.html")]
pub(crate) struct Device<'a> {
    pub(crate) look: &'a Look,
    pub(crate) problem: Problem,
    pub(crate) code: &'a str,
}

/// `/activate`: is it this one?
#[derive(Template)]
#[template(path = "device_confirm.html")]
pub(crate) struct DeviceConfirm<'a> {
    pub(crate) look: &'a Look,
    pub(crate) state: &'a str,
    pub(crate) code: &'a str,
    pub(crate) app_line: String,
}

/// `/u/reset-password/request`.
#[derive(Template)]
#[template(path = "reset_request.html")]
pub(crate) struct ResetRequest<'a> {
    pub(crate) look: &'a Look,
    pub(crate) problem: Problem,
    pub(crate) state: &'a str,
    pub(crate) email: &'a str,
    pub(crate) back: Option<String>,
}

/// `/u/reset-password/change`.
#[derive(Template)]
#[template(path = "reset_change.html")]
pub(crate) struct Change<'a> {
    pub(crate) look: &'a Look,
    pub(crate) lead: String,
    pub(crate) problem: Problem,
    pub(crate) ticket: &'a str,
    pub(crate) email: &'a str,
    pub(crate) hint: String,
}

/// `/u/email-verification` and `/u/unblock`: a link was opened; the button does what it is for.
#[derive(Template)]
#[template(path = "verify.html")]
pub(crate) struct Verify<'a> {
    pub(crate) look: &'a Look,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) action: &'static str,
    pub(crate) ticket: &'a str,
}

/// What went wrong.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    pub(crate) look: &'a Look,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) link: Option<(String, String)>,
    pub(crate) error: &'a str,
    pub(crate) description: &'a str,
    /// In `dev` alone.
    pub(crate) why: Option<String>,
    pub(crate) request_id: &'a str,
}

/// `response_mode=form_post`.
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPost<'a> {
    pub(crate) look: &'a Look,
    pub(crate) action: &'a str,
    pub(crate) fields: &'a [(&'static str, String)],
    pub(crate) nonce: &'a str,
}

/// A page that leads on by itself, or by a click.
#[derive(Template)]
#[template(path = "away.html")]
pub(crate) struct Away<'a> {
    pub(crate) look: &'a Look,
    pub(crate) url: &'a str,
}

/// `response_mode=web_message`.
#[derive(Template)]
#[template(path = "web_message.html")]
pub(crate) struct WebMessage<'a> {
    pub(crate) look: &'a Look,
    /// JSON that can stand in a script element (attack WEB-02).
    pub(crate) message: String,
    pub(crate) nonce: &'a str,
}
