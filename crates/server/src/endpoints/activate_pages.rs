//! The pages of `/activate`, filled in.

use axum::body::Body;
use cardea_core::model::EventType;
use cardea_core::protocol::attempts::{self, Counter};
use cardea_core::protocol::authorize::Refused;
use cardea_core::protocol::consent::ConsentPage;
use cardea_core::write::{Commit, Write};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::activate::{Desk, Waiting};
use super::consent::consent_lines;
use super::flow::blank;
use super::visit::Person;
use crate::fault::Fault;
use crate::pages::{Consent, Device, DeviceConfirm, Done, Page, Policy, Problem, shown};

impl Desk {
    /// Asks for the code.
    pub(crate) fn ask(&self, code: &str) -> Response<Body> {
        self.form(code, Problem::default()).answer()
    }

    /// Asks again.
    pub(crate) fn problem(&self, code: &str, text: &str) -> Response<Body> {
        let problem = Problem::new("user_code", self.visit.look(None).say(text));
        let page = self.form(code, problem).status(StatusCode::BAD_REQUEST);
        page.answer()
    }

    fn form(&self, code: &str, problem: Problem) -> Page {
        let look = self.visit.look(None);
        let page = Device {
            problem,
            code,
            look: &look,
        };
        Page::of(&page, Policy::of(&look))
    }

    /// A code that leads nowhere is recorded: guesses are seen (attack TOKEN-37).
    pub(crate) async fn unknown(&self, code: &str) -> Result<Response<Body>, Fault> {
        let text = "No device waits for this code.".to_owned();
        let event = blank(&self.visit, EventType::DeviceActivationRefused, text);
        let commit = Commit {
            decided_at: None,
            writes: vec![Write::Log(event)],
        };
        let store = &self.visit.at.tenant.store;
        store.commit(commit, self.visit.now).await?;
        let typed: String = code.chars().take(40).collect();
        Ok(self.problem(&typed, "error-code"))
    }

    /// Too many codes led nowhere: nothing is looked for, and the log is told once.
    pub(crate) async fn too_many(
        &self,
        code: &str,
        blocked: &Counter,
    ) -> Result<Response<Body>, Fault> {
        let visit = &self.visit;
        let store = &visit.at.tenant.store;
        let notice = attempts::user_codes_notice(blocked);
        if !store.take_attempt(&notice, visit.now).await?.blocked {
            let text = "Too many user codes that no device waits for.".to_owned();
            let mut event = blank(visit, EventType::DeviceActivationRefused, text);
            let reason = json!("too_many_user_codes");
            event.details.insert("reason".to_owned(), reason);
            let commit = Commit {
                decided_at: None,
                writes: vec![Write::Log(event)],
            };
            store.commit(commit, visit.now).await?;
        }
        let typed: String = code.chars().take(40).collect();
        let mut answer = self.problem(&typed, "error-too-many");
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let wait = HeaderValue::from(blocked.window_s);
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
        Ok(answer)
    }

    /// Shows the code and the application, and asks whether it is this device.
    pub(crate) fn confirm(&self, waiting: &Waiting) -> Response<Body> {
        let look = self.visit.look(None);
        let code = &waiting.state.user_code;
        let app = shown(&waiting.client.parsed.name);
        let page = DeviceConfirm {
            state: &self.mark(code, "confirm"),
            code,
            app_line: look.with("device-confirm-app", &[("app", &app)]),
            look: &look,
        };
        Page::of(&page, Policy::of(&look)).answer()
    }

    /// What the application would get.
    pub(crate) fn consent(
        &self,
        waiting: &Waiting,
        person: &Person,
        page: &ConsentPage,
    ) -> Response<Body> {
        let look = self.visit.look(None);
        let code = &waiting.state.user_code;
        let scopes: Vec<&str> = page.items.iter().map(|item| item.scope.as_str()).collect();
        let scopes = scopes.join(" ");
        let session = person
            .session
            .as_ref()
            .map(|session| session.id.to_string());
        let step = format!("consent {} {scopes}", session.unwrap_or_default());
        let app = [("app", page.client_name.as_str())];
        let user = person.user.as_ref().map(|facts| &facts.user);
        let user = user.and_then(|user| user.email.clone().or_else(|| user.username.clone()));
        let user = shown(&user.unwrap_or_default());
        let shown_page = Consent {
            title: look.with("consent-title", &app),
            lead: look.with("consent-lead", &app),
            warning: (!page.first_party).then(|| look.with("consent-unverified", &app)),
            will: look.with("consent-will", &app),
            lines: consent_lines(&page.items, &look),
            action: "/activate".to_owned(),
            hidden: vec![
                ("user_code", code.clone()),
                ("state", self.mark(code, "confirm")),
                ("consent", self.mark(code, &step)),
                ("scopes", scopes),
            ],
            accept: look.say("allow"),
            deny: look.say("deny"),
            user_line: look.with("consent-as", &[("user", &user)]),
            leave: look.say("log-out"),
            host_line: String::new(),
            look: &look,
        };
        Page::of(&shown_page, Policy::of(&look)).answer()
    }

    /// It is over.
    pub(crate) fn done(&self, good: bool, title: &str, lead: &str) -> Response<Body> {
        let look = self.visit.look(None);
        let page = Done {
            good,
            title: look.say(title),
            lead: look.say(lead),
            link: None,
            look: &look,
        };
        Page::of(&page, Policy::of(&look)).answer()
    }

    /// The device gets nothing, and the user learns why.
    pub(crate) async fn refused(&self, refused: &Refused) -> Result<Response<Body>, Fault> {
        let text = refused.why();
        let event = blank(&self.visit, EventType::DeviceActivationRefused, text);
        let commit = Commit {
            decided_at: None,
            writes: vec![Write::Log(event)],
        };
        let store = &self.visit.at.tenant.store;
        store.commit(commit, self.visit.now).await?;
        let lead = if *refused == Refused::Blocked {
            "error-blocked-user"
        } else {
            "error-lead"
        };
        let status = StatusCode::FORBIDDEN;
        Ok(self.visit.problem(status, "device-denied-title", lead))
    }
}
