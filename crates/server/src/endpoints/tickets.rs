//! Links in mails: a new password, a proved address, a lifted block. Opening one shows a page and
//! changes nothing (attack PASSWORD-25); the button does.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::protocol::password_policy::Complexity;
use cardea_core::protocol::tickets::{Proved, Purpose};
use cardea_jose::Secret;
use http::{Method, Response, StatusCode};

use super::away::{Goal, away};
use super::password_text;
use super::visit::{Fields, Visit};
use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::{Change, Done, Look, Page, Policy, Problem, Verify, shown};
use crate::password::links::{self, NotChanged};
use crate::password::said::Said;

/// `GET|POST /u/reset-password`.
pub(crate) async fn reset(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    any(app, at, request, Purpose::ResetPassword).await
}

/// `GET|POST /u/email-verification`.
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    any(app, at, request, Purpose::VerifyEmail).await
}

/// `GET|POST /u/unblock`.
pub(crate) async fn unblock(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    any(app, at, request, Purpose::Unblock).await
}

async fn any(app: Arc<App>, at: At, request: Request, purpose: Purpose) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let opened = Opened {
        fields: Fields::of(&visit, &form),
        visit,
        purpose,
    };
    let answer = if opened.visit.method != Method::POST {
        opened.show(Problem::default()).await
    } else if !opened.visit.is_own_form() {
        Ok(opened.visit.foreign_form())
    } else if purpose == Purpose::ResetPassword {
        opened.change().await
    } else {
        opened.use_up().await
    };
    opened.visit.or_fault(answer)
}

/// A link that was opened, or its form.
struct Opened {
    visit: Visit,
    fields: Fields,
    purpose: Purpose,
}

impl Opened {
    fn value(&self) -> &str {
        self.fields.get("ticket").unwrap_or_default()
    }

    fn said(&self) -> Said {
        Said::of(&self.visit.headers, None)
    }

    async fn show(&self, problem: Problem) -> Result<Response<Body>, Fault> {
        let (visit, about) = (&self.visit, (self.value(), self.purpose));
        match links::look(&visit.app, &visit.at, about).await? {
            Ok(proved) if self.purpose == Purpose::ResetPassword => {
                Ok(self.change_page(&proved, problem))
            }
            Ok(proved) => Ok(self.button_page(&proved)),
            Err(_) => Ok(self.gone()),
        }
    }

    fn change_page(&self, proved: &Proved, problem: Problem) -> Response<Body> {
        let look = self.visit.look(None);
        let email = shown(proved.user().email.as_deref().unwrap_or_default());
        let status = if problem.is_there() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        let page = Change {
            lead: look.with("change-lead", &[("email", &email)]),
            problem,
            ticket: self.value(),
            email: &email,
            hint: password_text::hint(&look, self.rules(proved).as_ref()),
            look: &look,
        };
        Page::of(&page, policy(proved, &look))
            .status(status)
            .answer()
    }

    fn rules(&self, proved: &Proved) -> Option<Complexity> {
        password_text::rules(&self.visit.loaded().view, &proved.user().connection)
    }

    fn button_page(&self, proved: &Proved) -> Response<Body> {
        let look = self.visit.look(None);
        let email = shown(proved.user().email.as_deref().unwrap_or_default());
        let (title, lead, action) = if self.purpose == Purpose::Unblock {
            ("unblock-title", "unblock-lead", "/u/unblock")
        } else {
            ("verify-title", "verify-lead", "/u/email-verification")
        };
        let page = Verify {
            title: look.say(title),
            lead: look.with(lead, &[("email", &email)]),
            action,
            ticket: self.value(),
            look: &look,
        };
        Page::of(&page, policy(proved, &look)).answer()
    }

    async fn change(&self) -> Result<Response<Body>, Fault> {
        let visit = &self.visit;
        let look = visit.look(None);
        let Some(typed) = self.fields.get("password") else {
            let problem = Problem::new("password", look.say("error-password-missing"));
            return self.show(problem).await;
        };
        if self
            .fields
            .get("password_again")
            .is_some_and(|again| again != typed)
        {
            let problem = Problem::new("password_again", look.say("error-mismatch"));
            return self.show(problem).await;
        }
        let password = Secret::new(typed.to_owned());
        let about = (self.value(), &password);
        match links::reset(&visit.app, &visit.at, about, &self.said()).await? {
            Ok(proved) => Ok(self.done(&proved, ("change-done-title", "change-done-lead"))),
            Err(NotChanged::Ticket(_)) => Ok(self.gone()),
            Err(NotChanged::Password(fault)) => {
                let about = (self.value(), self.purpose);
                let Ok(proved) = links::look(&visit.app, &visit.at, about).await? else {
                    return Ok(self.gone());
                };
                let text =
                    password_text::problem(&look, &fault, typed, self.rules(&proved).as_ref());
                Ok(self.change_page(&proved, Problem::new("password", text)))
            }
        }
    }

    async fn use_up(&self) -> Result<Response<Body>, Fault> {
        let (app, at) = (&self.visit.app, &self.visit.at);
        let said = self.said();
        let (used, texts) = if self.purpose == Purpose::Unblock {
            let used = links::unblock(app, at, self.value(), &said).await?;
            (used, ("unblocked-title", "unblocked-lead"))
        } else {
            let used = links::verify_email(app, at, self.value(), &said).await?;
            (used, ("verified-title", "verified-lead"))
        };
        Ok(match used {
            Ok(proved) => self.done(&proved, texts),
            Err(_) => self.gone(),
        })
    }

    /// On to where the ticket says, or a page that says that it is done.
    fn done(&self, proved: &Proved, (title, lead): (&str, &str)) -> Response<Body> {
        if let Some(url) = &proved.ticket().back.url {
            return away(&self.visit, &with_outcome(proved, url), Goal::Web);
        }
        let look = self.visit.look(None);
        let page = Done {
            good: true,
            title: look.say(title),
            lead: look.say(lead),
            link: self.start(proved).map(|url| (url, look.say("log-in"))),
            look: &look,
        };
        Page::of(&page, Policy::of(&look)).answer()
    }

    /// Where the application that began it wants logins to begin.
    fn start(&self, proved: &Proved) -> Option<String> {
        let loaded = self.visit.loaded();
        let client = loaded.view.clients.get(proved.ticket().client.as_ref()?)?;
        client.parsed.initiate_login_uri.clone()
    }

    /// One thing is said of every link that leads nowhere.
    fn gone(&self) -> Response<Body> {
        let look = self.visit.look(None);
        let again = (self.purpose == Purpose::ResetPassword).then(|| {
            (
                "/u/reset-password/request".to_owned(),
                look.say("reset-title"),
            )
        });
        let page = Done {
            good: false,
            title: look.say("ticket-gone-title"),
            lead: look.say("ticket-gone-lead"),
            link: again,
            look: &look,
        };
        let policy = Policy::of(&look);
        Page::of(&page, policy)
            .status(StatusCode::BAD_REQUEST)
            .answer()
    }
}

/// Its form may end where the ticket leads.
fn policy(proved: &Proved, look: &Look) -> Policy {
    let policy = Policy::of(look);
    match &proved.ticket().back.url {
        Some(url) => policy.form_to(url),
        None => policy,
    }
}

/// `result_url` with what became of it, as the reference writes it.
fn with_outcome(proved: &Proved, url: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("supportSignUp", "true")
        .append_pair("success", "true");
    let email = proved.user().email.as_deref();
    if let Some(email) = email.filter(|_| proved.ticket().back.with_email) {
        query.append_pair("email", email);
    }
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{}", query.finish())
}
