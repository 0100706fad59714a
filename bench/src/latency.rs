//! How long others wait while logins saturate the server, and how fast it says that it is busy.
//!
//! The load is open: requests leave at a fixed rate, whether earlier ones were answered or not,
//! since one that waits for its turn hides the stalls that it meets. Each figure is a ratio to the
//! same load without logins, just before and just after.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Outcome, fail};
use crate::http::Connection;
use crate::journeys::{Journeys, LOGGING_IN, in_time};
use crate::load::{self, Until, Work};
use crate::machine::{self, Cores};
use crate::script::Script as _;

/// Connections of each kind of request, and requests per second on each.
const SENDERS: u32 = 8;
const RATE: u32 = 40;
/// Of fewer answers the 99th percentile is one of the slowest three.
const SHORTEST: Duration = Duration::from_secs(3);
/// More than any server does, so that logins never run out.
const LOGINS_PER_SECOND: f64 = 150.0;
/// Logins at once: more than wait in a queue of two seconds on one core, fewer than one address
/// may try.
pub(crate) const CROWD: usize = 96;

/// The 99th percentiles of one round, in milliseconds: without logins, and with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixed {
    pub(crate) token: (f64, f64),
    pub(crate) userinfo: (f64, f64),
    pub(crate) logins_per_second: f64,
}

/// What a crowd of logins met.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overload {
    pub(crate) served: u32,
    pub(crate) refused: u32,
    /// Until the last of those that were refused knew it, in milliseconds.
    pub(crate) slowest_refusal: f64,
}

/// All rounds.
#[derive(Debug, Default)]
pub(crate) struct UnderLoad {
    pub(crate) mixed: Vec<Mixed>,
    /// Empty where nothing is pinned: how much waits at most goes by the number of cores.
    pub(crate) overloads: Vec<Overload>,
}

impl UnderLoad {
    /// Measures once.
    pub(crate) fn round(
        &mut self,
        journeys: &Journeys<'_>,
        cores: Cores,
        time: Duration,
    ) -> Outcome {
        let mixed = mixed(journeys, cores, time.max(SHORTEST))?;
        self.mixed.push(mixed);
        if cores.served.is_some() {
            self.overloads.push(overload(journeys, cores)?);
        }
        Ok(())
    }
}

/// Measures without logins, with, and without.
fn mixed(journeys: &Journeys<'_>, cores: Cores, time: Duration) -> Outcome<Mixed> {
    let quiet = || percentiles(cores, &journeys.others, time);
    let before = quiet()?;
    let warm = Duration::from_millis(300);
    let count = in_time(LOGINS_PER_SECOND, time + 2 * warm);
    let mut logins = journeys.logins(usize::try_from(count).context("a count")?)?;
    let target = journeys.subject.target();
    let how = (LOGGING_IN, Until::Elapsed(time + 2 * warm));
    let (loaded, point) = thread::scope(|scope| {
        let crowd = scope.spawn(|| load::drive_beside(cores, target, &mut logins, how));
        thread::sleep(warm);
        let loaded = quiet();
        let done = crowd.is_finished();
        let point = crowd
            .join()
            .unwrap_or_else(|_| fail("a measuring thread panicked"))?;
        if done {
            return fail("the logins ended before the others were measured");
        }
        Ok((loaded?, point))
    })?;
    let after = quiet()?;
    let [token, userinfo] = [0, 1].map(|kind| {
        let of = |all: [f64; 2]| all.get(kind).copied().unwrap_or_default();
        (f64::midpoint(of(before), of(after)), of(loaded))
    });
    Ok(Mixed {
        token,
        userinfo,
        logins_per_second: point.per_second(),
    })
}

/// The 99th percentile of each kind of request, all of them at once.
fn percentiles(cores: Cores, works: &[Work; 2], time: Duration) -> Outcome<[f64; 2]> {
    let begin = Instant::now();
    let send = |work: &Work, number: u32| {
        let (mut work, mut times) = (work.clone(), Vec::new());
        machine::on_core(cores.load, || {
            let mut connection = Connection::open(work.at.port)?;
            let period = Duration::from_secs(1) / RATE;
            let mut due = begin + period * number / SENDERS;
            while due < begin + time {
                let mut left = due;
                if let Some(early) = due.checked_duration_since(Instant::now()) {
                    thread::sleep(early);
                    // waking up late is not the server's doing
                    left = Instant::now();
                }
                connection.send(work.same.next(0)?)?;
                let answer = connection.answer()?;
                times.push(left.elapsed().as_secs_f64() * 1000.0);
                work.same.judge(0, &answer)?;
                due += period;
            }
            Ok(times)
        })
    };
    thread::scope(|scope| {
        let send = &send;
        let senders = works.each_ref().map(|work| {
            let start = |number| scope.spawn(move || send(work, number));
            (0..SENDERS).map(start).collect::<Vec<_>>()
        });
        let mut found = [0.0; 2];
        for (at, senders) in found.iter_mut().zip(senders) {
            let mut times = Vec::new();
            for sender in senders {
                let joined = sender.join();
                times.extend(joined.unwrap_or_else(|_| fail("a measuring thread panicked"))?);
            }
            *at = percentile_99(times).context("answers")?;
        }
        Ok(found)
    })
}

fn percentile_99(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() * 99 / 100).copied()
}

/// A crowd logs in at once, each of another user.
fn overload(journeys: &Journeys<'_>, cores: Cores) -> Outcome<Overload> {
    let logins = journeys
        .people
        .logins(journeys.ask(crate::people::SCOPE), CROWD, CROWD)?;
    let barrier = Barrier::new(CROWD);
    let port = journeys.subject.port;
    let log_in = |request: &[u8]| {
        machine::on_core(cores.load, || {
            let opened = Connection::open(port);
            barrier.wait();
            let (mut connection, begin) = (opened?, Instant::now());
            connection.send(request)?;
            let answer = connection.answer()?;
            let millis = begin.elapsed().as_secs_f64() * 1000.0;
            match (answer.status, answer.header("retry-after")) {
                (303, _) => Ok(None),
                (503, Some(_)) => Ok(Some(millis)),
                (503, None) => fail("a 503 without Retry-After"),
                _ => Err(answer.unexpected("one login of a crowd", 303)),
            }
        })
    };
    let answers: Outcome<Vec<Option<f64>>> = thread::scope(|scope| {
        let log_in = &log_in;
        let crowd: Vec<_> = logins
            .iter()
            .map(|request| scope.spawn(move || log_in(request)))
            .collect();
        crowd
            .into_iter()
            .map(|one| {
                one.join()
                    .unwrap_or_else(|_| fail("a measuring thread panicked"))
            })
            .collect()
    });
    let answers = answers?;
    let refused: Vec<f64> = answers.iter().copied().flatten().collect();
    if refused.is_empty() {
        return fail("a crowd of logins was served without a 503: nothing was overloaded");
    }
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Overload {
        served: count(answers.len() - refused.len()),
        refused: count(refused.len()),
        slowest_refusal: refused.iter().copied().fold(0.0, f64::max),
    })
}
