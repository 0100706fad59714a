//! What was reached, held against what was asked for.

use crate::failure::{Context as _, Outcome};
use crate::latency::{Mixed, Overload, UnderLoad};
use crate::machine::Memory;
use crate::rounds::{Sample, Series};
use crate::start_up::StartUp;
use crate::stats::Summary;

/// One line of the table. Less is better in all of them.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) value: Summary,
    pub(crate) target: Option<f64>,
    pub(crate) stretch: Option<f64>,
}

impl Row {
    pub(crate) fn verdict(&self) -> &'static str {
        let within = |limit: Option<f64>| limit.is_some_and(|limit| self.value.median <= limit);
        match (self.target, within(self.stretch), within(self.target)) {
            (None, ..) => "",
            (Some(_), true, _) => "met, and the stretch",
            (Some(_), false, true) => "met",
            (Some(_), false, false) => "MISSED",
        }
    }
}

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) series: Vec<Series>,
    pub(crate) under_load: UnderLoad,
    /// Left out when only some work is measured.
    pub(crate) start_up: Option<StartUp>,
    pub(crate) idle: Memory,
    /// After all rounds, logins among them.
    pub(crate) after_rounds: Memory,
    /// How many tokens, and the memory after them.
    pub(crate) after_tokens: Option<(u32, Memory)>,
    pub(crate) binary_bytes: u64,
    /// The peer idle, and after its rounds.
    pub(crate) peer: Option<(Memory, Memory)>,
}

const CARDEA: &str = "Cardea";
const PEER: &str = "oidc-provider";

pub(crate) fn rows(measured: &Measured) -> Outcome<Vec<Row>> {
    let mut rows = speed(measured)?;
    if !measured.under_load.mixed.is_empty() {
        rows.extend(under_load(&measured.under_load)?);
    }
    if let Some(start_up) = &measured.start_up {
        rows.extend(size(measured, start_up));
    }
    if measured.peer.is_some() {
        rows.extend(against_peer(measured)?);
    }
    Ok(rows)
}

/// Each kind of work that was measured: how it is held against its limit, and the targets. The
/// stretch is what a careful server could reach.
fn speed(measured: &Measured) -> Outcome<Vec<Row>> {
    type How = (&'static str, &'static str, fn(&Sample) -> f64);
    const SIGNATURE: How = ("by the raw signature", "x", Sample::ratio);
    const OVER: How = ("over the raw signature", "us", Sample::over);
    const STATIC: How = ("by a static answer", "x", Sample::ratio);
    const APART: How = (
        "less a verification, by a static answer",
        "x",
        Sample::ratio,
    );
    const PASSWORD: How = ("by the raw argon2id", "x", Sample::ratio);
    let table = [
        ("token RS256", SIGNATURE, 1.35, 1.25),
        ("token ES256", OVER, 45.0, 30.0),
        ("token EdDSA", OVER, 45.0, 30.0),
        ("discovery", STATIC, 1.3, 1.1),
        ("JWKS", STATIC, 1.3, 1.1),
        ("discovery 304", STATIC, 1.3, 1.1),
        ("JWKS 304", STATIC, 1.3, 1.1),
        ("refresh RS256", SIGNATURE, 1.45, 1.35),
        ("code exchange, 2 x RS256", SIGNATURE, 2.4, 2.25),
        ("userinfo, opaque", STATIC, 3.0, 2.0),
        ("userinfo, JWT", APART, 3.0, 2.0),
        ("introspection", STATIC, 3.5, 2.5),
        ("login", PASSWORD, 1.05, 1.02),
    ];
    let row = |(name, (against, unit, of), target, stretch): (&str, How, f64, f64)| {
        let found = series(measured, CARDEA, name).ok()?;
        Some(found.summary(of).map(|value| Row {
            what: format!("{name}, {against}"),
            unit,
            value,
            target: Some(target),
            stretch: Some(stretch),
        }))
    };
    table.into_iter().filter_map(row).collect()
}

/// What the others feel while logins saturate.
fn under_load(under_load: &UnderLoad) -> Outcome<Vec<Row>> {
    let ratio = |name: &str, of: fn(&Mixed) -> (f64, f64)| {
        let each = under_load.mixed.iter().map(of);
        let value = Summary::of(each.map(|(quiet, loaded)| loaded / quiet));
        Ok(Row {
            what: format!("{name} while logins saturate, p99 by its p99 without"),
            unit: "x",
            value: value.context("rounds under load")?,
            target: Some(2.0),
            stretch: None,
        })
    };
    let mut rows = vec![
        ratio("token RS256", |mixed| mixed.token)?,
        ratio("userinfo, opaque", |mixed| mixed.userinfo)?,
    ];
    let slowest = |overload: &Overload| overload.slowest_refusal;
    let refusals = Summary::of(under_load.overloads.iter().map(slowest));
    rows.extend(refusals.map(|value| Row {
        what: "a crowd of logins, to the last 503 with Retry-After".to_owned(),
        unit: "ms",
        value,
        target: Some(100.0),
        stretch: None,
    }));
    Ok(rows)
}

fn size(measured: &Measured, start_up: &StartUp) -> Vec<Row> {
    let row = |what: &str, unit, value, target, stretch| Row {
        what: what.to_owned(),
        unit,
        value,
        target: Some(target),
        stretch: Some(stretch),
    };
    let resident = |memory: Memory| Summary::single(memory.resident);
    let (fresh, again) = (resident(measured.idle), resident(start_up.idle));
    let mut rows = vec![
        row("resident when idle, first start", "MiB", fresh, 20.0, 14.0),
        row("resident when idle, later start", "MiB", again, 20.0, 14.0),
    ];
    if let Some((count, memory)) = measured.after_tokens {
        let what = format!("resident after {count} tokens and 10 s");
        rows.push(row(&what, "MiB", resident(memory), 48.0, 30.0));
    }
    let megabytes = bytes_as_float(measured.binary_bytes) / 1e6;
    rows.extend([
        row(
            "start on existing data to the first answer",
            "ms",
            start_up.plain,
            60.0,
            30.0,
        ),
        row(
            "the same over HTTPS, to the ready file",
            "ms",
            start_up.tls,
            60.0,
            30.0,
        ),
        row("binary", "MB", Summary::single(megabytes), 20.0, 16.0),
    ]);
    rows
}

fn against_peer(measured: &Measured) -> Outcome<Vec<Row>> {
    let row = |name: &str, how: &str, of: fn(&Sample) -> f64, target| {
        let (ours, theirs) = (
            series(measured, CARDEA, name)?,
            series(measured, PEER, name)?,
        );
        let each = ours.samples.iter().zip(&theirs.samples);
        let value = Summary::of(each.map(|(ours, theirs)| of(ours) / of(theirs)));
        let value = value.context("the peer's samples")?;
        Ok(Row {
            what: format!("{name}, {how}"),
            unit: "x",
            value,
            target,
            stretch: None,
        })
    };
    let micros: fn(&Sample) -> f64 = |sample| sample.micros;
    Ok(vec![
        row("token RS256", "by the peer's", micros, Some(0.6))?,
        row(
            "token RS256",
            "what comes on top of the signature",
            Sample::over,
            Some(0.25),
        )?,
        row("token ES256", "by the peer's", micros, Some(0.22))?,
        row("discovery", "by the peer's", micros, None)?,
        row("JWKS", "by the peer's", micros, None)?,
    ])
}

fn series<'a>(measured: &'a Measured, server: &str, what: &str) -> Outcome<&'a Series> {
    let found = measured
        .series
        .iter()
        .find(|one| one.server == server && one.what == what);
    found.context(what)
}

/// File sizes are far below what a float holds exactly.
pub(crate) fn bytes_as_float(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_goes_by_the_median() {
        let row = |median, target, stretch| Row {
            what: String::new(),
            unit: "x",
            value: Summary {
                median,
                min: 0.0,
                max: 99.0,
            },
            target,
            stretch,
        };
        let table = [
            (row(1.2, Some(1.35), Some(1.25)), "met, and the stretch"),
            (row(1.3, Some(1.35), Some(1.25)), "met"),
            (row(1.4, Some(1.35), Some(1.25)), "MISSED"),
            (row(1.3, Some(1.35), None), "met"),
            (row(1.3, None, None), ""),
        ];
        for (row, verdict) in table {
            assert_eq!(row.verdict(), verdict, "{row:?}");
        }
    }
}
