//! The method: the limit, the work, the limit again, all in one round, and then the next round.
//! What disturbs the machine disturbs both, so the ratio stands where microseconds move.

use std::time::Duration;

use serde_json::Value;

use crate::failure::{Context as _, Outcome};
use crate::load::{self, Until, Work};
use crate::machine::Cores;
use crate::raw::{Algorithm, Signer};
use crate::stats::Summary;
use crate::subject::{Document, Subject};
use crate::token::Wanted;
use crate::yardstick::Yardstick;

/// What a series is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Raw(Algorithm),
    Static,
}

/// One kind of work on one server, over all rounds.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) server: &'static str,
    pub(crate) what: String,
    pub(crate) limit: Limit,
    pub(crate) samples: Vec<Sample>,
    work: Work,
    check: Option<(Wanted, Value)>,
}

/// One round. Times are CPU time in microseconds: of a signature or a static answer, and of a
/// request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) limit: f64,
    pub(crate) micros: f64,
    pub(crate) per_second: f64,
}

impl Sample {
    pub(crate) fn ratio(&self) -> f64 {
        self.micros / self.limit
    }

    pub(crate) fn over(&self) -> f64 {
        self.micros - self.limit
    }
}

impl Series {
    fn new(server: &'static str, what: String, limit: Limit, work: Work) -> Self {
        Self {
            server,
            what,
            limit,
            samples: Vec::new(),
            work,
            check: None,
        }
    }

    pub(crate) fn summary(&self, of: impl Fn(&Sample) -> f64) -> Outcome<Summary> {
        Summary::of(self.samples.iter().map(of)).context("a series' samples")
    }

    fn measure(&mut self, cores: Cores, time: Duration) -> Outcome<(f64, f64)> {
        let point = load::run(cores, &self.work, Until::Elapsed(time))?;
        if let Some((wanted, jwks)) = &self.check {
            wanted.check(&point.kept, jwks)?;
        }
        Ok((point.micros_each(), point.per_second()))
    }
}

/// Token series of one server.
pub(crate) fn tokens(subject: &Subject, wanted: Vec<Wanted>) -> Outcome<Vec<Series>> {
    let jwks = subject.jwks()?;
    let series = |wanted: Wanted| {
        let what = format!("token {}", wanted.algorithm.name());
        let limit = Limit::Raw(wanted.algorithm);
        let mut series = Series::new(subject.name, what, limit, subject.token(&wanted));
        series.check = Some((wanted, jwks.clone()));
        series
    };
    Ok(wanted.into_iter().map(series).collect())
}

/// Series of the public documents of one server.
pub(crate) fn documents(subject: &Subject, with_known: bool) -> Outcome<Vec<Series>> {
    let all = [(Document::Discovery, "discovery"), (Document::Jwks, "JWKS")];
    let mut found = Vec::new();
    for (document, name) in all {
        let work = subject.document(document);
        found.push(Series::new(
            subject.name,
            name.to_owned(),
            Limit::Static,
            work,
        ));
    }
    if with_known {
        for (document, name) in all {
            let work = subject.known_document(document)?;
            found.push(Series::new(
                subject.name,
                format!("{name} 304"),
                Limit::Static,
                work,
            ));
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
    pub(crate) fn round(&self, series: &mut [Series]) -> Outcome {
        let limits = [
            Limit::Raw(Algorithm::Rs256),
            Limit::Raw(Algorithm::Es256),
            Limit::Raw(Algorithm::EdDsa),
            Limit::Static,
        ];
        for limit in limits {
            let mut before = self.limit(limit)?;
            for one in series.iter_mut().filter(|one| one.limit == limit) {
                let (micros, per_second) = one.measure(self.cores, self.point)?;
                let after = self.limit(limit)?;
                let limit = f64::midpoint(before, after);
                one.samples.push(Sample {
                    limit,
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
            Limit::Static => {
                let until = Until::Elapsed(self.point);
                Ok(load::run(self.cores, &self.yardstick.work(), until)?.micros_each())
            }
        }
    }
}
