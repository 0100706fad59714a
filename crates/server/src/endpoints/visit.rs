//! What every request of a person's browser shares: who is there, in which language, and how
//! errors look.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use cardea_core::id::UserId;
use cardea_core::model::{Artefact, ArtefactKind, LogEvent, UserFacts};
use cardea_core::protocol::authorize::{Checked, Response as Due};
use cardea_core::protocol::consent::ConsentRecord;
use cardea_core::protocol::profile;
use cardea_core::protocol::session::{Device, SessionRecord};
use cardea_core::protocol::token::Circumstances;
use cardea_core::protocol::user_scopes::Site;
use cardea_core::random;
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Conflict, Write};
use cardea_store::StoreError;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};

use crate::app::App;
use crate::cookies::{Cookie, Jar, SECRET_LENGTH};
use crate::fault::Fault;
use crate::guard::At;
use crate::pages::{ErrorPage, Look, Page, Policy};
use crate::tenants::Loaded;

/// Larger than any form needs (attack AUTHZ-49).
const MAX_FORM: usize = 64 * 1024;

/// One request of a browser.
pub(crate) struct Visit {
    pub(crate) app: Arc<App>,
    pub(crate) at: At,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) now: Timestamp,
    /// Names this request in the log and on error pages.
    pub(crate) id: cardea_core::id::LogId,
}

/// What is known of whoever is at the browser, for one decision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) session: Option<SessionRecord>,
    pub(crate) user: Option<UserFacts>,
    pub(crate) consent: Option<ConsentRecord>,
}

impl Visit {
    /// Takes a request apart. Its form is read for POST alone; what is no form is an error.
    pub(crate) async fn of(
        app: Arc<App>,
        at: At,
        request: Request,
    ) -> Result<(Self, Vec<u8>), Response<Body>> {
        let (parts, body) = request.into_parts();
        let now = app.clock.now();
        let visit = Self {
            id: app.new_log_id(now),
            app,
            at,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            now,
        };
        if visit.method != Method::POST {
            return Ok((visit, Vec::new()));
        }
        let kind = visit.text(header::CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let encoded = visit.headers.contains_key(header::CONTENT_ENCODING);
        let body = axum::body::to_bytes(body, MAX_FORM).await;
        match body {
            Ok(body) if is_form && !encoded => Ok((visit, body.to_vec())),
            Ok(body) if body.is_empty() => Ok((visit, Vec::new())),
            Ok(_) => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                Err(visit.problem(status, "error-title", "error-form"))
            }
            Err(_) => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                Err(visit.problem(status, "error-title", "error-form"))
            }
        }
    }

    /// A header's text.
    pub(crate) fn text(&self, name: header::HeaderName) -> Option<&str> {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    }

    /// The tenant at the newest version that is known here.
    pub(crate) fn loaded(&self) -> Arc<Loaded> {
        self.at.tenant.loaded()
    }

    /// The tenant as this host shows it.
    pub(crate) fn site<'a>(&'a self, loaded: &'a Loaded) -> Site<'a> {
        Site {
            tenant: &loaded.view,
            issuer: &self.at.issuer,
        }
    }

    /// How pages look, for these `ui_locales`.
    pub(crate) fn look(&self, ui_locales: Option<&str>) -> Look {
        Look::of(&self.loaded().view, &self.headers, ui_locales)
    }

    /// The cookies of this host.
    pub(crate) fn jar(&self) -> Jar<'_> {
        let profile = self.loaded().view.record.profile;
        Jar::new(self.app.scheme, &self.at.host, profile)
    }

    /// The cookie of this kind.
    pub(crate) fn cookie(&self, cookie: Cookie) -> Option<String> {
        self.jar().read(&self.headers, cookie)
    }

    /// A fresh value for a cookie or a nonce.
    pub(crate) fn secret(&self) -> String {
        self.app
            .random
            .with(|random| random::url_safe(random, SECRET_LENGTH))
    }

    /// Where the browser is.
    pub(crate) fn device(&self) -> Device {
        Device {
            ip: self.at.ip.to_string(),
            user_agent: self.agent(),
        }
    }

    fn agent(&self) -> Option<String> {
        let agent = self.text(header::USER_AGENT);
        agent.map(|agent| agent.chars().take(512).collect())
    }

    /// What the log says of the request.
    pub(crate) fn circumstances(&self) -> Circumstances {
        Circumstances {
            id: self.id.clone(),
            at: self.now,
            ip: self.at.ip.to_string(),
            user_agent: self.agent(),
            hostname: self.at.host.name().to_owned(),
        }
    }

    /// The session of the cookie, whether it can still be used or not.
    pub(crate) async fn session(&self) -> Result<Option<SessionRecord>, Fault> {
        let Some(cookie) = self.cookie(Cookie::Session) else {
            return Ok(None);
        };
        let digest = SessionRecord::digest_of(&cookie);
        let found = self.artefact(ArtefactKind::Session, &digest).await?;
        let read = found.as_ref().map(SessionRecord::from_artefact);
        Ok(read.transpose().unwrap_or_else(|damaged| {
            tracing::error!(%damaged, "a session cannot be read");
            None
        }))
    }

    /// The session with its user, and the user's consent for a request.
    pub(crate) async fn person(&self, checked: Option<&Checked>) -> Result<Person, Fault> {
        let Some(session) = self.session().await? else {
            return Ok(Person::default());
        };
        let (user, consent) = self.of_user(&session.user, checked).await?;
        Ok(Person {
            session: Some(session),
            user,
            consent,
        })
    }

    /// A user and its consent for a request.
    async fn of_user(
        &self,
        id: &UserId,
        checked: Option<&Checked>,
    ) -> Result<(Option<UserFacts>, Option<ConsentRecord>), Fault> {
        let user = self.at.tenant.store.user_facts(id).await?;
        let Some(checked) = checked else {
            return Ok((user, None));
        };
        let consent = self.consent(&checked.consent_digest(id)).await?;
        Ok((user, consent))
    }

    /// A consent by its digest.
    pub(crate) async fn consent(&self, digest: &[u8; 32]) -> Result<Option<ConsentRecord>, Fault> {
        let found = self.artefact(ArtefactKind::Consent, digest).await?;
        let live = found.filter(|found| found.is_live(self.now));
        let read = live.as_ref().map(ConsentRecord::from_artefact);
        Ok(read.transpose()?)
    }

    /// Protocol state by its digest.
    pub(crate) async fn artefact(
        &self,
        kind: ArtefactKind,
        digest: &[u8; 32],
    ) -> Result<Option<Artefact>, Fault> {
        Ok(self.at.tenant.store.artefact(kind, digest).await?)
    }

    /// Commits what was decided at this version with its event. `false`: somebody else moved
    /// first, and it must be decided anew.
    pub(crate) async fn commit(
        &self,
        loaded: &Loaded,
        mut writes: Vec<Write>,
        event: Option<LogEvent>,
    ) -> Result<bool, Fault> {
        writes.extend(event.map(Write::Log));
        if writes.is_empty() {
            return Ok(true);
        }
        let version = loaded.view.version;
        let commit = Commit {
            decided_at: Some(version),
            writes,
        };
        match self.at.tenant.store.commit(commit, self.now).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict(Conflict::TenantMoved)) => {
                self.at.tenant.newer_than(version).await?;
                Ok(false)
            }
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a form came from a page of this host (attacks AUTHZ-38, AUTHZ-43, SESSION-12).
    /// Browsers name the origin of every form; a login that is bound to the browser's cookie
    /// bears, in the profile that allows it, that nothing is named.
    pub(crate) fn is_own_form(&self) -> bool {
        let mut origins = self.headers.get_all(header::ORIGIN).iter();
        let own = self.at.issuer.as_str().trim_end_matches('/');
        let site = self.headers.get("sec-fetch-site");
        let site_fits = site.is_none_or(|site| site == "same-origin" || site == "none");
        match (origins.next(), origins.next()) {
            (Some(origin), None) => origin == own && site_fits,
            (None, None) if site.is_some() => site_fits,
            (None, None) => {
                let profile = self.loaded().view.record.profile;
                !profile::forms_name_their_origin(profile)
            }
            (_, Some(_)) => false,
        }
    }

    /// An image or a frame of a page is nobody who logs out or types a code (attack LOGOUT-01).
    pub(crate) fn is_embedded(&self) -> bool {
        let into = self.headers.get("sec-fetch-dest");
        into.is_some_and(|into| into != "document")
    }

    /// Whether a person is led from page to page here, as far as the browser tells.
    pub(crate) fn is_navigation(&self) -> bool {
        let mode = self.headers.get("sec-fetch-mode");
        mode.is_some_and(|mode| mode == "navigate")
    }

    /// An error page with texts of ours.
    pub(crate) fn problem(&self, status: StatusCode, title: &str, lead: &str) -> Response<Body> {
        let look = self.look(None);
        let page = ErrorPage {
            title: look.say(title),
            lead: look.say(lead),
            link: None,
            error: "",
            description: "",
            why: None,
            request_id: self.id.as_str(),
            look: &look,
        };
        let policy = Policy::of(&look);
        Page::of(&page, policy).status(status).answer()
    }

    /// The form came from elsewhere.
    pub(crate) fn foreign_form(&self) -> Response<Body> {
        let status = StatusCode::FORBIDDEN;
        self.problem(status, "error-cross-site-title", "error-cross-site-lead")
    }

    /// What went wrong on this side, for people.
    pub(crate) fn fault(&self, fault: &Fault) -> Response<Body> {
        fault.report();
        let mut page = self.problem(fault.status(), "error-server-title", "error-server-lead");
        if fault.status() == StatusCode::SERVICE_UNAVAILABLE {
            let soon = HeaderValue::from_static("1");
            page.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        page
    }

    /// An answer or the page of a fault.
    pub(crate) fn or_fault(&self, answer: Result<Response<Body>, Fault>) -> Response<Body> {
        answer.unwrap_or_else(|fault| self.fault(&fault))
    }

    /// A redirect's target, as the tenant's profile sends people there.
    pub(crate) fn sealed(&self, location: String) -> String {
        if profile::seals_fragments(self.loaded().view.record.profile) {
            Due::sealed(location)
        } else {
            location
        }
    }

    /// `why` for developers, where they are.
    pub(crate) fn why(&self, why: String) -> Option<String> {
        self.app.dev.is_some().then_some(why)
    }
}

/// A form's fields, the first of each name; the query's where the form has none.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the form and the query.
    pub(crate) fn of(visit: &Visit, form: &[u8]) -> Self {
        let query = visit.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(form).chain(form_urlencoded::parse(query.as_bytes()));
        Self(
            pairs
                .take(100)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// A field's value, if it is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// Adds a cookie to an answer.
pub(crate) fn with_cookie(mut answer: Response<Body>, cookie: HeaderValue) -> Response<Body> {
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    answer
}

/// There is nothing at this path, for people.
pub(crate) async fn not_found(app: Arc<App>, at: At, request: Request) -> Response<Body> {
    match Visit::of(app, at, request).await {
        Ok((visit, _)) => {
            let status = StatusCode::NOT_FOUND;
            visit.problem(status, "error-not-found-title", "error-not-found-lead")
        }
        Err(answer) => answer,
    }
}
