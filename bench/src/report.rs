//! The tables, as Markdown, and the JSON.

use serde_json::{Value, json};

use crate::failure::{Context as _, Outcome};
use crate::latency::{Mixed, Overload};
use crate::machine::Memory;
use crate::raw::Algorithm;
use crate::rounds::{Limit, Sample, Series};
use crate::stats::Summary;
use crate::verdicts::{Measured, Row};

/// When the raw signature itself moved by more than this, the run is worth repeating.
const STEADY: f64 = 1.25;

pub(crate) fn print(measured: &Measured, rows: &[Row]) -> Outcome {
    println!("\n| measured | median | min..max | target | stretch | verdict |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let limit = |limit: Option<f64>| limit.map_or_else(String::new, |at| format!("<= {at}"));
        let Summary { median, min, max } = row.value;
        let range = if min < max {
            format!("{min:.2}..{max:.2}")
        } else {
            String::new()
        };
        println!(
            "| {} | {median:.2} {} | {range} | {} | {} | {} |",
            row.what,
            row.unit,
            limit(row.target),
            limit(row.stretch),
            row.verdict(),
        );
    }

    println!("\n| server | work | CPU us | min..max | limit | CPU us of the limit | answers/s |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for series in &measured.series {
        let micros = series.summary(|sample| sample.micros)?;
        let limit = series.summary(|sample| sample.limit)?;
        let per_second = series.summary(|sample| sample.per_second)?;
        println!(
            "| {} | {} | {:.1} | {:.1}..{:.1} | {} | {:.1} | {:.0} |",
            series.server,
            series.what,
            micros.median,
            micros.min,
            micros.max,
            name(series.limit),
            limit.median,
            per_second.median,
        );
    }
    print_under_load(measured)?;
    print_memory(measured);
    print_noise(&measured.series)
}

fn print_under_load(measured: &Measured) -> Outcome {
    let mixed = &measured.under_load.mixed;
    if mixed.is_empty() {
        return Ok(());
    }
    let median = |of: fn(&Mixed) -> f64| {
        let value = Summary::of(mixed.iter().map(of)).context("rounds under load")?;
        Ok(value.median)
    };
    println!("\n| while logins saturate | p99 without, ms | p99 with, ms |");
    println!("| --- | --- | --- |");
    let (quiet, loaded) = (median(|one| one.token.0)?, median(|one| one.token.1)?);
    println!("| token RS256 | {quiet:.2} | {loaded:.2} |");
    let (quiet, loaded) = (median(|one| one.userinfo.0)?, median(|one| one.userinfo.1)?);
    println!("| userinfo, opaque | {quiet:.2} | {loaded:.2} |");
    let logins = median(|one| one.logins_per_second)?;
    println!("\nLogins meanwhile: {logins:.0} a second.");
    if let Some(last) = measured.under_load.overloads.last() {
        println!(
            "Of a crowd of {} logins at once, {} were served and {} refused.",
            last.served + last.refused,
            last.served,
            last.refused
        );
    }
    Ok(())
}

fn print_memory(measured: &Measured) {
    println!("\n| memory | resident MiB | of it anonymous |");
    println!("| --- | --- | --- |");
    for (
        what,
        Memory {
            resident,
            anonymous,
        },
    ) in memory(measured)
    {
        println!("| {what} | {resident:.1} | {anonymous:.1} |");
    }
}

fn print_noise(series: &[Series]) -> Outcome {
    let raw = series
        .iter()
        .find(|one| one.limit == Limit::Raw(Algorithm::Rs256));
    let Some(raw) = raw else { return Ok(()) };
    let Summary { min, max, .. } = raw.summary(|sample| sample.limit)?;
    println!(
        "\nThe raw RS256 signature moved by {:.2} x over the rounds.",
        max / min
    );
    if max / min > STEADY {
        println!("That is more than {STEADY}: run it again on a quieter machine.");
    }
    Ok(())
}

fn memory(measured: &Measured) -> Vec<(String, Memory)> {
    let mut all = vec![("Cardea idle, first start".to_owned(), measured.idle)];
    if let Some(start_up) = &measured.start_up {
        all.push(("Cardea idle, later start".to_owned(), start_up.idle));
    }
    all.push(("Cardea after the rounds".to_owned(), measured.after_rounds));
    if let Some((count, memory)) = measured.after_tokens {
        all.push((format!("Cardea after {count} tokens and 10 s"), memory));
    }
    if let Some((idle, after)) = measured.peer {
        all.push(("oidc-provider idle".to_owned(), idle));
        all.push(("oidc-provider after the rounds".to_owned(), after));
    }
    all
}

const fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::Raw(algorithm) => algorithm.name(),
        Limit::Static => "static",
        Limit::Password => "argon2id",
    }
}

pub(crate) fn json(measured: &Measured, rows: &[Row], machine: &Value) -> Value {
    let summary = |value: Summary| json!([value.median, value.min, value.max]);
    let row = |row: &Row| {
        json!({
            "what": row.what,
            "unit": row.unit,
            "median_min_max": summary(row.value),
            "target": row.target,
            "stretch": row.stretch,
            "verdict": row.verdict(),
        })
    };
    let sample = |sample: &Sample| {
        json!({
            "limit_us": sample.limit,
            "apart_us": sample.apart,
            "us": sample.micros,
            "per_second": sample.per_second,
        })
    };
    let series = |series: &Series| {
        json!({
            "server": series.server,
            "work": series.what,
            "limit": name(series.limit),
            "rounds": series.samples.iter().map(sample).collect::<Vec<_>>(),
        })
    };
    let mixed = |mixed: &Mixed| {
        json!({
            "token_p99_ms": [mixed.token.0, mixed.token.1],
            "userinfo_p99_ms": [mixed.userinfo.0, mixed.userinfo.1],
            "logins_per_second": mixed.logins_per_second,
        })
    };
    let crowd = |crowd: &Overload| {
        json!({
            "served": crowd.served,
            "refused": crowd.refused,
            "slowest_refusal_ms": crowd.slowest_refusal,
        })
    };
    let memory = memory(measured).into_iter().map(|(what, memory)| {
        json!({ "what": what, "resident": memory.resident, "anonymous": memory.anonymous })
    });
    json!({
        "machine": machine,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
        "under_load": measured.under_load.mixed.iter().map(mixed).collect::<Vec<_>>(),
        "crowds": measured.under_load.overloads.iter().map(crowd).collect::<Vec<_>>(),
        "series": measured.series.iter().map(series).collect::<Vec<_>>(),
        "memory_mib": memory.collect::<Vec<_>>(),
    })
}
