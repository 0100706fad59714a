//! The load: one thread, several connections, a new request on each as soon as it was answered.

use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Outcome, fail};
use crate::http::Connection;
use crate::machine::{self, Cores, CpuTime};
use crate::script::{Same, Script};

const CONNECTIONS: usize = 16;
/// Every so many answers one is kept, to look into it after the clock has stopped.
const KEEP_EVERY: u32 = 509;
const KEEP_MOST: usize = 24;

/// Who is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) pid: u32,
}

/// What is asked again and again, and of whom.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) at: Target,
    pub(crate) same: Same,
}

/// When a point is over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    Elapsed(Duration),
    Answers(u32),
}

/// What a point gave.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) answers: u32,
    pub(crate) seconds: f64,
    /// CPU time of the server's process.
    pub(crate) micros: f64,
    pub(crate) kept: Vec<Vec<u8>>,
}

impl Point {
    pub(crate) fn micros_each(&self) -> f64 {
        self.micros / f64::from(self.answers.max(1))
    }

    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.answers) / self.seconds
    }
}

pub(crate) fn run(cores: Cores, work: &Work, until: Until) -> Outcome<Point> {
    drive(cores, work.at, &mut work.same.clone(), (CONNECTIONS, until))
}

/// Lets a script run on so many connections.
pub(crate) fn drive(
    cores: Cores,
    at: Target,
    script: &mut dyn Script,
    how: (usize, Until),
) -> Outcome<Point> {
    machine::on_core(cores.load, || closed_loop(at, script, how, Idle::Looks))
}

/// The same beside others on the load's core, who are to have it.
pub(crate) fn drive_beside(
    cores: Cores,
    at: Target,
    script: &mut dyn Script,
    how: (usize, Until),
) -> Outcome<Point> {
    machine::on_core(cores.load, || closed_loop(at, script, how, Idle::Sleeps))
}

/// What the thread does when no answer is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Idle {
    /// It looks at one connection after the other, so that no answer pays for waking it up: a
    /// static answer never would, and one that takes a little longer always.
    Looks,
    /// It is gone for a moment.
    Sleeps,
}

/// An answer that takes longer is a failure, not a slow point.
const PATIENCE: Duration = Duration::from_secs(30);

/// Much shorter than what is waited for.
const MOMENT: Duration = Duration::from_micros(500);

fn closed_loop(
    at: Target,
    script: &mut dyn Script,
    (connections, until): (usize, Until),
    idle: Idle,
) -> Outcome<Point> {
    let connections = match until {
        Until::Elapsed(_) => connections,
        Until::Answers(count) => connections.min(usize::try_from(count).unwrap_or(connections)),
    };
    let mut ring = Vec::with_capacity(connections);
    for slot in 0..connections {
        let mut connection = Connection::open(at.port)?;
        // the first answer of a connection also pays for accepting it
        connection.send(script.next(slot)?)?;
        script.judge(slot, &connection.answer()?)?;
        connection.never_wait()?;
        ring.push((connection, false));
    }

    let (mut sent, mut answers, mut kept) = (0_u32, 0_u32, Vec::new());
    let before = CpuTime::of(at.pid)?;
    let begin = Instant::now();
    for (slot, (connection, waits)) in ring.iter_mut().enumerate() {
        connection.send(script.next(slot)?)?;
        *waits = true;
        sent += 1;
    }
    let mut last = begin;
    while answers < sent {
        let before = answers;
        for (slot, (connection, waits)) in ring.iter_mut().enumerate() {
            if !*waits {
                continue;
            }
            let Some(answer) = connection.poll()? else {
                continue;
            };
            script.judge(slot, &answer)?;
            answers += 1;
            if answers % KEEP_EVERY == 1 && kept.len() < KEEP_MOST {
                kept.push(answer.body.to_vec());
            }
            let goes_on = match until {
                Until::Elapsed(time) => begin.elapsed() < time,
                Until::Answers(count) => sent < count,
            };
            *waits = goes_on;
            if goes_on {
                connection.send(script.next(slot)?)?;
                sent += 1;
            }
        }
        if answers > before {
            last = Instant::now();
        } else if last.elapsed() > PATIENCE {
            return fail("an answer took too long");
        } else if idle == Idle::Sleeps {
            thread::sleep(MOMENT);
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let micros = CpuTime::of(at.pid)?.micros_since(&before);
    Ok(Point {
        answers,
        seconds,
        micros,
        kept,
    })
}
