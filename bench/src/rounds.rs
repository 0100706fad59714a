//! The method: the limit, the work, the limit again, all in one round, and then the next round.
//! What disturbs the machine disturbs both, so the ratio stands where microseconds move.

use std::time::Duration;

use serde_json::Value;

use crate::failure::{Context as _, Outcome};
use crate::journeys::{Journey, Journeys};
use crate::load::{self, Until, Work};
use crate::machine::Cores;
use crate::raw::{self, Algorithm, Signer};
use crate::stats::Summary;
use crate::subject::{Document, Subject};
use crate::token::{Wanted, now};
use crate::yardstick::Yardstick;

/// What a series is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Raw(Algorithm),
    Password,
    Static,
}

/// One kind of work on one server, over all rounds.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) server: &'static str,
    pub(crate) what: String,
    pub(crate) limit: Limit,
    pub(crate) samples: Vec<Sample>,
    /// Whether a signature is verified in it, which is measured too and counted apart.
    verifies: bool,
    source: Source,
}

/// Where the requests come from.
#[derive(Debug)]
enum Source {
    /// Always the same.
    Same(Work),
    /// The same, answered with tokens.
    Tokens(Work, Box<Wanted>, Value),
    /// Made ready before each point.
    Journey(Journey),
}

/// One round. Times are CPU time in microseconds: of a signature or a static answer, and of a
/// request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) limit: f64,
    /// What is counted apart: a verification, or nothing.
    pub(crate) apart: f64,
    pub(crate) micros: f64,
    pub(crate) per_second: f64,
}

impl Sample {
    pub(crate) fn ratio(&self) -> f64 {
        (self.micros - self.apart) / self.limit
    }

    pub(crate) fn over(&self) -> f64 {
        self.micros - self.limit
    }
}

impl Series {
    const fn new(server: &'static str, what: String, limit: Limit, source: Source) -> Self {
        Self {
            server,
            what,
            limit,
            samples: Vec::new(),
            verifies: false,
            source,
        }
    }

    /// Of an answer that is the same each time, held against a static one.
    pub(crate) fn constant(what: &str, subject: &Subject, request: Vec<u8>) -> Outcome<Self> {
        let source = Source::Same(subject.constant(request)?);
        Ok(Self::new(
            subject.name,
            what.to_owned(),
            Limit::Static,
            source,
        ))
    }

    /// The same work, but for a signature that it verifies.
    #[must_use]
    pub(crate) const fn verifying(mut self) -> Self {
        self.verifies = true;
        self
    }

    /// Of work that people begin.
    pub(crate) fn journey(subject: &Subject, what: &str, limit: Limit, journey: Journey) -> Self {
        let source = Source::Journey(journey);
        Self::new(subject.name, what.to_owned(), limit, source)
    }

    pub(crate) fn summary(&self, of: impl Fn(&Sample) -> f64) -> Outcome<Summary> {
        Summary::of(self.samples.iter().map(of)).context("a series' samples")
    }

    fn measure(
        &self,
        cores: Cores,
        time: Duration,
        journeys: &mut Journeys<'_>,
    ) -> Outcome<(f64, f64)> {
        let point = match &self.source {
            Source::Same(work) => load::run(cores, work, Until::Elapsed(time))?,
            Source::Tokens(work, wanted, jwks) => {
                let since = now()?;
                let point = load::run(cores, work, Until::Elapsed(time))?;
                wanted.check(&point.kept, jwks, since)?;
                point
            }
            Source::Journey(journey) => journeys.run(*journey, cores, time)?,
        };
        Ok((point.micros_each(), point.per_second()))
    }
}

/// Token series of one server.
pub(crate) fn tokens(subject: &Subject, wanted: Vec<Wanted>) -> Outcome<Vec<Series>> {
    let jwks = subject.jwks()?;
    let series = |wanted: Wanted| {
        let what = format!("token {}", wanted.algorithm.name());
        let limit = Limit::Raw(wanted.algorithm);
        let source = Source::Tokens(subject.token(&wanted), Box::new(wanted), jwks.clone());
        Series::new(subject.name, what, limit, source)
    };
    Ok(wanted.into_iter().map(series).collect())
}

/// Series of the public documents of one server.
pub(crate) fn documents(subject: &Subject, with_known: bool) -> Outcome<Vec<Series>> {
    let all = [(Document::Discovery, "discovery"), (Document::Jwks, "JWKS")];
    let mut found = Vec::new();
    for (document, name) in all {
        let request = subject.document(document);
        found.push(Series::constant(name, subject, request)?);
    }
    if with_known {
        for (document, name) in all {
            let source = Source::Same(subject.known_document(document)?);
            let what = format!("{name} 304");
            found.push(Series::new(subject.name, what, Limit::Static, source));
        }
    }
    Ok(found)
}

/// What all rounds are run with.
pub(crate) struct Bench<'a> {
    pub(crate) cores: Cores,
    pub(crate) point: Duration,
    pub(crate) signer: &'a Signer,
    pub(crate) yardstick: &'a Yardstick,
}

impl Bench<'_> {
    /// Measures every series once, each between two measurements of its limit.
    pub(crate) fn round(&self, series: &mut [Series], journeys: &mut Journeys<'_>) -> Outcome {
        let limits = [
            Limit::Raw(Algorithm::Rs256),
            Limit::Raw(Algorithm::Es256),
            Limit::Raw(Algorithm::EdDsa),
            Limit::Static,
            Limit::Password,
        ];
        for limit in limits {
            let mut of_limit = series
                .iter_mut()
                .filter(|one| one.limit == limit)
                .peekable();
            if of_limit.peek().is_none() {
                continue;
            }
            let mut before = self.limit(limit)?;
            for one in of_limit {
                let apart = if one.verifies {
                    self.signer
                        .measure_verification(self.cores, self.point / 4)?
                } else {
                    0.0
                };
                let (micros, per_second) = one.measure(self.cores, self.point, journeys)?;
                let after = self.limit(limit)?;
                let limit = f64::midpoint(before, after);
                one.samples.push(Sample {
                    limit,
                    apart,
                    micros,
                    per_second,
                });
                before = after;
            }
        }
        Ok(())
    }

    fn limit(&self, limit: Limit) -> Outcome<f64> {
        match limit {
            // a signature's time hardly moves within a point, so half of one is enough
            Limit::Raw(algorithm) => self.signer.measure(self.cores, algorithm, self.point / 2),
            Limit::Password => raw::measure_password(self.cores, self.point),
            Limit::Static => {
                let until = Until::Elapsed(self.point);
                Ok(load::run(self.cores, &self.yardstick.work(), until)?.micros_each())
            }
        }
    }
}
