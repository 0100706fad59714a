//! The load: one thread, 16 connections, a new request on each as soon as it was answered.

use std::time::{Duration, Instant};

use crate::failure::{Outcome, fail};
use crate::http::Connection;
use crate::machine::{self, Cores};

const CONNECTIONS: usize = 16;
/// Every so many answers one is kept, to look into it after the clock has stopped.
const KEEP_EVERY: u32 = 509;
const KEEP_MOST: usize = 24;

/// What is asked, of whom, and what must come back.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) port: u16,
    pub(crate) pid: u32,
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
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
    machine::on_core(cores.load, || closed_loop(work, until))
}

/// Connections take turns: the thread sleeps on the one that was asked first, while the others'
/// answers come in.
fn closed_loop(work: &Work, until: Until) -> Outcome<Point> {
    let connections = match until {
        Until::Elapsed(_) => CONNECTIONS,
        Until::Answers(count) => CONNECTIONS.min(usize::try_from(count).unwrap_or(CONNECTIONS)),
    };
    let mut ring = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut connection = Connection::open(work.port)?;
        // the first answer of a connection also pays for accepting it
        ask(&mut connection, work)?;
        expect(&mut connection, work)?;
        ring.push(connection);
    }

    let (mut sent, mut answers, mut kept) = (0_u32, 0_u32, Vec::new());
    let before = machine::process_micros(work.pid)?;
    let begin = Instant::now();
    for connection in &mut ring {
        ask(connection, work)?;
        sent += 1;
    }
    while answers < sent {
        for connection in &mut ring {
            if answers == sent {
                break;
            }
            let body = expect(connection, work)?;
            answers += 1;
            if answers % KEEP_EVERY == 1 && kept.len() < KEEP_MOST {
                kept.push(body.to_vec());
            }
            let goes_on = match until {
                Until::Elapsed(time) => begin.elapsed() < time,
                Until::Answers(count) => sent < count,
            };
            if goes_on {
                ask(connection, work)?;
                sent += 1;
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let micros = machine::process_micros(work.pid)? - before;
    Ok(Point {
        answers,
        seconds,
        micros,
        kept,
    })
}

fn ask(connection: &mut Connection, work: &Work) -> Outcome {
    connection.send(&work.request)
}

fn expect<'a>(connection: &'a mut Connection, work: &Work) -> Outcome<&'a [u8]> {
    let answer = connection.answer()?;
    if answer.status == work.status {
        return Ok(answer.body);
    }
    let line = String::from_utf8_lossy(&work.request);
    let line = line.lines().next().unwrap_or_default();
    let text = String::from_utf8_lossy(answer.body);
    fail(format!(
        "`{line}` was answered {} instead of {}: {text}",
        answer.status, work.status
    ))
}
