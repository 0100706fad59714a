//! `/activate`: a user lets a device in (RFC 8628 3.3). The code is shown and confirmed first,
//! always: whoever sends a link does not have the device (RFC 8628 5.4).
//!
//! The pages carry the code and a mark that only a page of ours in this browser can have made;
//! who is there says the session, and everything is decided anew at each step.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use cardea_core::model::{Artefact, ArtefactKind, Client, Entry, EventType};
use cardea_core::protocol::attempts;
use cardea_core::protocol::device::{self, Answer, DeviceState};
use cardea_core::protocol::device_approval::{self, Outcome};
use cardea_core::protocol::trace::Trace;
use cardea_core::scope::Scopes;
use cardea_jose::{b64, constant_time_eq};
use http::{Method, Response};

use super::activate_login;
use super::flow::{TRIES, blank, details, named};
use super::visit::{Fields, Person, Visit, with_cookie};
use crate::app::App;
use crate::cookies::Cookie;
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::Problem;
use crate::tenants::Loaded;

/// `GET|POST /activate`.
pub(crate) async fn any(
    State(app): State<Arc<App>>,
    Extension(at): Extension<At>,
    request: Request,
) -> Response<Body> {
    let (visit, form) = match Visit::of(app, at, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let known = visit.cookie(Cookie::Browser);
    let browser = known.clone().unwrap_or_else(|| visit.secret());
    let desk = Desk {
        fields: Fields::of(&visit, &form),
        visit,
        browser,
    };
    let answer = if desk.visit.method == Method::POST {
        desk.post().await
    } else {
        desk.get().await
    };
    let answer = desk.visit.or_fault(answer);
    if known.is_some() {
        return answer;
    }
    let cookie = desk.visit.jar().set(Cookie::Browser, &desk.browser, None);
    with_cookie(answer, cookie)
}

/// One request at this page.
pub(crate) struct Desk {
    pub(crate) visit: Visit,
    pub(crate) fields: Fields,
    browser: String,
}

/// A device that waits.
pub(crate) struct Waiting {
    pub(crate) state: DeviceState,
    pub(crate) client: Arc<Entry<Client>>,
    pub(crate) loaded: Arc<Loaded>,
}

impl Desk {
    async fn get(&self) -> Result<Response<Body>, Fault> {
        let code = self.fields.get("user_code");
        // an image of another site does not use up this browser's tries
        let Some(code) = code.filter(|_| !self.visit.is_embedded()) else {
            return Ok(self.ask(""));
        };
        if let Some(stopped) = self.guessed(code).await? {
            return Ok(stopped);
        }
        match self.waiting(code).await? {
            Some(waiting) => Ok(self.confirm(&waiting)),
            None => self.unknown(code).await,
        }
    }

    async fn post(&self) -> Result<Response<Body>, Fault> {
        if !self.visit.is_own_form() {
            return Ok(self.visit.foreign_form());
        }
        let Some(code) = self.fields.get("user_code") else {
            return Ok(self.problem("", "error-code-missing"));
        };
        if let Some(stopped) = self.guessed(code).await? {
            return Ok(stopped);
        }
        let mark = self.fields.get("state").unwrap_or_default();
        match self.fields.get("action") {
            Some("accept" | "login") if !self.is_ours(mark, code, "confirm") => {
                Ok(self.visit.foreign_form())
            }
            Some("accept") => self.go_on(code).await,
            Some("login") => activate_login::post(self, code).await,
            Some("deny") if self.is_ours(mark, code, "confirm") => self.deny(code).await,
            Some(_) | None => match self.waiting(code).await? {
                Some(waiting) => Ok(self.confirm(&waiting)),
                None => self.unknown(code).await,
            },
        }
    }

    /// Counts a code before it is looked for, whatever the form wants with it: the marks of our
    /// pages are no secret to the browser that they are for (attack TOKEN-37). What leads to a
    /// device is taken back. `Some`: there were too many.
    async fn guessed(&self, code: &str) -> Result<Option<Response<Body>>, Fault> {
        let (visit, store) = (&self.visit, &self.visit.at.tenant.store);
        let browser = visit.cookie(Cookie::Browser);
        let counters = attempts::user_codes(browser.as_deref(), visit.at.ip);
        let mut taken = Vec::new();
        for counter in &counters {
            if store.take_attempt(counter, visit.now).await?.blocked {
                store.take_back(&[], &taken)?;
                return self.too_many(code, counter).await.map(Some);
            }
            taken.push(counter.key);
        }
        if self.waiting(code).await?.is_some() {
            store.take_back(&[], &taken)?;
        }
        Ok(None)
    }

    /// The device that waits for this code, if one does.
    pub(crate) async fn waiting(&self, code: &str) -> Result<Option<Waiting>, Fault> {
        let digest = device::user_code_digest(code);
        let visit = &self.visit;
        let Some(found) = visit.artefact(ArtefactKind::UserCode, &digest).await? else {
            return Ok(None);
        };
        if !found.is_live(visit.now) {
            return Ok(None);
        }
        let digest = device::device_of(&found)?;
        let Some(found) = visit.artefact(ArtefactKind::Device, &digest).await? else {
            return Ok(None);
        };
        let state = DeviceState::from_artefact(&found)?;
        let loaded = visit.loaded();
        let client = device_approval::client(&state, visit.site(&loaded));
        let client = client.ok().filter(|_| state.is_open(visit.now));
        Ok(client.map(|client| Waiting {
            state,
            client,
            loaded,
        }))
    }

    /// Decides for whoever is there: log in, consent, or done.
    pub(crate) async fn go_on(&self, code: &str) -> Result<Response<Body>, Fault> {
        for _ in 0..TRIES {
            let Some(waiting) = self.waiting(code).await? else {
                return self.unknown(code).await;
            };
            let person = self.visit.person(None).await?;
            let person = self.with_consent(&waiting, person).await?;
            if let Some(answer) = self.decide(&waiting, &person).await? {
                return Ok(answer);
            }
        }
        Err(Fault::Contended)
    }

    /// With the consent of whoever is there.
    pub(crate) async fn with_consent(
        &self,
        waiting: &Waiting,
        mut person: Person,
    ) -> Result<Person, Fault> {
        if let Some(session) = &person.session {
            let site = self.visit.site(&waiting.loaded);
            let digest = device_approval::consent_digest(&waiting.state, &session.user, site);
            if let Ok(digest) = digest {
                person.consent = self.visit.consent(&digest).await?;
            }
        }
        Ok(person)
    }

    /// `None`: somebody else moved first.
    pub(crate) async fn decide(
        &self,
        waiting: &Waiting,
        person: &Person,
    ) -> Result<Option<Response<Body>>, Fault> {
        let visit = &self.visit;
        let accepted = self.accepted(waiting, person);
        let facts = person.facts(visit, &waiting.loaded);
        let mut trace = Trace::default();
        let decided = visit.app.random.with(|random| {
            let accepted = accepted.as_ref();
            device_approval::decide(&waiting.state, facts, accepted, &mut trace, random)
        });
        match decided {
            Ok(Outcome::Login) => Ok(Some(activate_login::page(
                self,
                waiting,
                Problem::default(),
            ))),
            Ok(Outcome::Consent(page)) => Ok(Some(self.consent(waiting, person, &page))),
            Ok(Outcome::Approved(writes)) => {
                let user = person.user.as_ref().map(|facts| named(&facts.user));
                let text = "Device confirmed".to_owned();
                let mut event = blank(visit, EventType::SilentSucceeded, text);
                event.id = visit.app.new_log_id(visit.now); // a login may stand beside it
                event.client_id = Some(waiting.client.parsed.id.to_string());
                event.client_name = Some(waiting.client.parsed.name.clone());
                event.user = user;
                event.details = details(None, &trace);
                let committed = visit.commit(&waiting.loaded, writes, Some(event)).await?;
                Ok(committed.then(|| self.done(true, "device-done-title", "device-done-lead")))
            }
            Err(refused) => Ok(Some(self.refused(&refused).await?)),
        }
    }

    async fn deny(&self, code: &str) -> Result<Response<Body>, Fault> {
        for _ in 0..TRIES {
            let Some(waiting) = self.waiting(code).await? else {
                return self.unknown(code).await;
            };
            let answered = waiting.state.answered(Answer::Denied, self.visit.now);
            let writes = answered.into_iter().flatten().collect();
            let text = "User cancelled the confirmation prompt.".to_owned();
            let mut event = blank(&self.visit, EventType::DeviceCancelled, text);
            event.client_id = Some(waiting.client.parsed.id.to_string());
            event.client_name = Some(waiting.client.parsed.name.clone());
            if self
                .visit
                .commit(&waiting.loaded, writes, Some(event))
                .await?
            {
                return Ok(self.done(false, "device-denied-title", "device-denied-lead"));
            }
        }
        Err(Fault::Contended)
    }

    /// The scopes that a consent page of ours showed to this session, and that were accepted.
    fn accepted(&self, waiting: &Waiting, person: &Person) -> Option<Scopes> {
        let scopes = self.fields.get("scopes")?;
        let session = person.session.as_ref()?;
        let step = format!("consent {} {scopes}", session.id);
        let mark = self.fields.get("consent").unwrap_or_default();
        let ours = self.is_ours(mark, &waiting.state.user_code, &step);
        Scopes::parse(scopes).ok().filter(|_| ours)
    }

    /// What only a page of ours in this browser knows.
    pub(crate) fn mark(&self, code: &str, step: &str) -> String {
        let code = b64::encode(&device::user_code_digest(code));
        b64::encode(&Artefact::name(&["device", &self.browser, &code, step]))
    }

    fn is_ours(&self, mark: &str, code: &str, step: &str) -> bool {
        constant_time_eq(mark.as_bytes(), self.mark(code, step).as_bytes())
    }
}
