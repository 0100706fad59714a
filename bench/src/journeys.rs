//! Work that people begin: exchanging a code, refreshing, logging in. What is good once is made
//! ready before the clock runs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::cardea::HEALTH_API;
use crate::failure::{Context as _, Outcome};
use crate::load::{self, Point, Until, Work};
use crate::machine::Cores;
use crate::people::{Application, Ask, People, SCOPE};
use crate::raw::Algorithm;
use crate::script::{LoggedIn, Once, Rotation, TwoTokens};
use crate::subject::Subject;
use crate::token::{Wanted, now};

/// Writers that wait for the disk share a commit, as they do in a busy server.
const WRITERS: usize = 64;
/// Logins at a time, each of another user.
pub(crate) const LOGGING_IN: usize = 16;
/// How much is made ready for a second: about what a server does in one.
const EXCHANGES_PER_SECOND: f64 = 1500.0;
const LOGINS_PER_SECOND: f64 = 60.0;
const REFRESHED: &str = "offline_access read:patients";

/// What people begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journey {
    /// A code for an access token and an ID token.
    Exchange,
    /// A refresh token for an access token and the next refresh token.
    Refresh,
    /// The post of the login page.
    Login,
}

/// Everything that is needed for them.
#[derive(Debug)]
pub(crate) struct Journeys<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) people: People,
    pub(crate) application: Application,
    pub(crate) jwks: Value,
    /// What others ask for meanwhile: a token, and `/userinfo`.
    pub(crate) others: [Work; 2],
    /// Refresh tokens that were not used yet, and the request that each of them completes.
    families: Option<(Vec<u8>, Vec<String>)>,
}

impl<'a> Journeys<'a> {
    pub(crate) fn new(
        subject: &'a Subject,
        people: People,
        application: Application,
        others: [Work; 2],
    ) -> Outcome<Self> {
        Ok(Self {
            subject,
            people,
            application,
            jwks: subject.jwks()?,
            others,
            families: None,
        })
    }

    pub(crate) fn run(&mut self, journey: Journey, cores: Cores, time: Duration) -> Outcome<Point> {
        match journey {
            Journey::Exchange => self.exchange(cores, time),
            Journey::Refresh => self.refresh(cores, time),
            Journey::Login => self.log_in(cores, time),
        }
    }

    fn exchange(&self, cores: Cores, time: Duration) -> Outcome<Point> {
        let count = in_time(EXCHANGES_PER_SECOND, time);
        let since = now()?;
        let ask = self.ask(SCOPE);
        let requests = self.people.exchanges(ask, at_least(count, WRITERS))?;
        let mut script = Once::new(requests, TwoTokens);
        let how = (WRITERS, Until::Answers(count));
        let point = load::drive(cores, self.subject.target(), &mut script, how)?;
        let wanted = self.wanted(SCOPE);
        wanted.check(&point.kept, &self.jwks, since)?;
        wanted.check_id_tokens(&point.kept, &self.jwks, since)?;
        Ok(point)
    }

    fn refresh(&mut self, cores: Cores, time: Duration) -> Outcome<Point> {
        let (before, tokens) = match self.families.take() {
            Some(families) => families,
            None => self.people.families(self.ask(REFRESHED), WRITERS)?,
        };
        let since = now()?;
        let mut script = Rotation::new(before.clone(), tokens);
        let how = (WRITERS, Until::Elapsed(time));
        let point = load::drive(cores, self.subject.target(), &mut script, how)?;
        self.wanted(REFRESHED)
            .check(&point.kept, &self.jwks, since)?;
        self.families = Some((before, script.into_tokens()));
        Ok(point)
    }

    fn log_in(&self, cores: Cores, time: Duration) -> Outcome<Point> {
        let count = in_time(LOGINS_PER_SECOND, time);
        let mut script = self.logins(at_least(count, LOGGING_IN))?;
        let how = (LOGGING_IN, Until::Answers(count));
        let point = load::drive(cores, self.subject.target(), &mut script, how)?;
        self.people.redeem(self.ask(SCOPE), &script)?;
        Ok(point)
    }

    /// So many logins, ready for their password.
    pub(crate) fn logins(&self, count: usize) -> Outcome<Once<LoggedIn>> {
        let requests = self.people.logins(self.ask(SCOPE), LOGGING_IN, count)?;
        let judge = LoggedIn {
            callback: self.application.callback.to_owned(),
            codes: BTreeSet::new(),
        };
        Ok(Once::new(requests, judge))
    }

    pub(crate) const fn ask<'b>(&'b self, scope: &'b str) -> Ask<'b> {
        Ask {
            application: &self.application,
            scope,
            audience: Some(HEALTH_API),
        }
    }

    fn wanted(&self, scope: &str) -> Wanted {
        Wanted {
            algorithm: Algorithm::Rs256,
            issuer: self.subject.issuer.clone(),
            audience: HEALTH_API.to_owned(),
            client: self.application.id.clone(),
            scope: scope.to_owned(),
        }
    }
}

/// An opaque token, or a JWT, of the session.
pub(crate) fn access_token(people: &People, ask: Ask<'_>) -> Outcome<String> {
    let tokens = people.tokens(ask, 1)?;
    let token = tokens.first().and_then(|answer| answer.get("access_token"));
    let token = token.and_then(Value::as_str).context("an access token")?;
    Ok(token.to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand"
)]
pub(crate) fn in_time(per_second: f64, time: Duration) -> u32 {
    ((per_second * time.as_secs_f64()) as u32).max(32)
}

/// Each connection uses one more before the clock runs.
fn at_least(count: u32, connections: usize) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX) + connections
}
