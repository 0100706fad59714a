//! How long a start takes on data that exists.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::cardea::Dev;
use crate::failure::{Outcome, fail};
use crate::http::{self, Connection};
use crate::machine::{self, Memory};
use crate::ready;
use crate::stats::Summary;

const STARTS: usize = 5;
/// The first start makes one more key after it answers.
const SETTLED: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct StartUp {
    /// Milliseconds from the start of the process to its first answer, the ready file included.
    pub(crate) plain: Summary,
    /// The same to the ready file alone, over HTTPS.
    pub(crate) tls: Summary,
    /// Of a server that was started on existing data and did nothing.
    pub(crate) idle: Memory,
}

/// The server may use all cores here, as it does when a person starts it.
pub(crate) fn measure(server: &Path, folder: &Path) -> Outcome<StartUp> {
    let (data, ready_file) = (folder.join("data"), folder.join("started.json"));
    let dev = Dev {
        server,
        data: Some(&data),
        port: 0,
        tls: false,
        ready_file: &ready_file,
        core: None,
    };
    let first = dev.start()?;
    let (_, port) = ready::read(&ready_file)?;
    thread::sleep(SETTLED);
    first.stop()?;

    let (plain, idle) = starts(Dev { port, ..dev })?;
    // its first start makes the certificates
    let tls = Dev {
        port,
        tls: true,
        ..dev
    };
    tls.start()?.stop()?;
    let (tls, _) = starts(tls)?;
    Ok(StartUp { plain, tls, idle })
}

fn starts(dev: Dev<'_>) -> Outcome<(Summary, Memory)> {
    let mut times = Vec::new();
    let mut idle = None;
    for number in 1..=STARTS {
        let begin = Instant::now();
        let process = dev.start()?;
        if !dev.tls {
            first_answer(dev.port)?;
        }
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        if number == STARTS {
            thread::sleep(SETTLED);
            idle = Some(machine::memory(process.id())?);
        }
        process.stop()?;
    }
    match (Summary::of(times), idle) {
        (Some(times), Some(idle)) => Ok((times, idle)),
        _ => fail("nothing was started"),
    }
}

fn first_answer(port: u16) -> Outcome {
    let host = format!("localhost:{port}");
    let path = "/.well-known/openid-configuration";
    let mut connection = Connection::open(port)?;
    connection.send(&http::request("GET", &host, path, "", ""))?;
    match connection.answer()?.status {
        200 => Ok(()),
        status => fail(format!("the first answer of a server was {status}")),
    }
}
