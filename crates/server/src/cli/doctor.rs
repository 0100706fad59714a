//! `cardea doctor`: what an operator should know before somebody else finds out.

mod applications;
mod certificate;

use cardea_core::model::{KeyState, TenantRecord, TenantView};
use cardea_core::time::Timestamp;
use cardea_core::write::LogQuery;
use cardea_store::{DatabaseUrl, Store};
use clap::Args;
use serde_json::json;

use super::place::{Opened, Place, PlaceArgs};
use super::{Failure, Outcome};
use crate::clock::Clock;
use crate::config::{self, unsafe_mode};
use crate::say;

const DAY: i64 = 86_400;
/// A signing key should not sign for longer (attack CRYPTO-17).
const KEY_DAYS: i64 = 365;
/// A warning comes at four fifths of that.
const KEY_WARN_DAYS: i64 = KEY_DAYS * 4 / 5;
/// Clocks of several nodes differ by less.
const CLOCK_SLACK_SECONDS: i64 = 60;
/// Before this version was written, 1 January 2026: a clock that was never set.
const FIRST_DAY: Timestamp = Timestamp::from_seconds(1_767_225_600);

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// The findings as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// What was found.
#[derive(Debug, Default)]
struct Findings(Vec<(Weight, String)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// To be mended; the exit code is 1.
    Problem,
    /// Chosen so, or due soon.
    Note,
}

impl Weight {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Note => "note",
        }
    }
}

impl Findings {
    fn problem(&mut self, text: impl Into<String>) {
        self.0.push((Weight::Problem, text.into()));
    }

    fn note(&mut self, text: impl Into<String>) {
        self.0.push((Weight::Note, text.into()));
    }
}

pub(super) async fn run(args: DoctorArgs) -> Outcome {
    let place = args.place.find()?;
    let mut findings = Findings::default();
    settings(&place, &mut findings);
    let now = Clock::system().now();
    if now < FIRST_DAY {
        findings.problem(format!("the system's clock says {now}: it was never set"));
    }
    match place.open().await {
        Ok(opened) => {
            database(&place, &opened, &mut findings).await?;
            opened.store.close().await;
        }
        Err(failure) => findings.problem(format!("{}: {}", place.database(), failure.text)),
    }
    report(&findings, args.json)
}

fn report(findings: &Findings, as_json: bool) -> Outcome {
    if as_json {
        let list: Vec<_> = findings
            .0
            .iter()
            .map(|(weight, text)| json!({ "weight": weight.as_str(), "finding": text }))
            .collect();
        say::line(serde_json::to_string_pretty(&list)?);
    } else if findings.0.is_empty() {
        say::line("nothing to report");
    } else {
        for (weight, text) in &findings.0 {
            say::line(format!("{:<8} {text}", weight.as_str()));
        }
    }
    if findings
        .0
        .iter()
        .any(|(weight, _)| *weight == Weight::Problem)
    {
        return Err(Failure::silent());
    }
    Ok(())
}

fn settings(place: &Place, findings: &mut Findings) {
    match place {
        Place::Configured(config) => {
            for reason in config.unsafe_settings() {
                findings.problem(reason);
            }
            if !config.rate_limits {
                findings.note("rate_limits is off: one client may take the whole server");
            }
            if config.behind_proxy && config.trusted_proxies.is_empty() {
                findings.note(
                    "behind_proxy without trusted_proxies: every client is seen, logged and limited \
                     under the proxy's address",
                );
            }
            if config.log.relaxed {
                findings.note("log.relaxed is on: a crash may lose the record of the last tokens, and a revocation by \
                     another node holds within a second, not at once");
            }
        }
        Place::Folder { path, .. } => {
            let names = [
                "master.key",
                "cardea.db",
                "dev-secrets.json",
                "dev-ca.key",
                "localhost.key",
            ];
            for reason in names
                .iter()
                .filter_map(|name| unsafe_mode(&path.join(name)))
            {
                findings.problem(reason);
            }
        }
    }
}

async fn database(place: &Place, opened: &Opened, findings: &mut Findings) -> Outcome {
    if config::is_deterministic(&opened.store).await? {
        if opened.is_dev {
            findings.note("the keys are the published ones of --deterministic: for tests only");
        } else {
            findings.problem(config::DETERMINISTIC_DATABASE);
        }
    }
    if let DatabaseUrl::Sqlite(path) = place.database() {
        let changed = std::fs::metadata(path)
            .and_then(|data| data.modified())
            .ok();
        let changed = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let changed = changed.and_then(|since| i64::try_from(since.as_secs()).ok());
        let ahead = changed.filter(|at| *at > opened.now.seconds() + CLOCK_SLACK_SECONDS);
        if let Some(at) = ahead.map(Timestamp::from_seconds) {
            findings.problem(format!(
                "the system's clock was set back: the database is of {at}"
            ));
        }
    }
    for record in &opened.tenants {
        tenant(&opened.store, record, opened.now, findings).await?;
    }
    if let Place::Configured(config) = place
        && let Some(tls) = &config.tls
    {
        certificate::check(tls, &opened.tenants, opened.now, findings);
    }
    Ok(())
}

async fn tenant(
    store: &Store,
    record: &TenantRecord,
    now: Timestamp,
    findings: &mut Findings,
) -> Outcome {
    let name = &record.name;
    let tenant = store.tenant(&record.id);
    let loaded = tenant.load().await;
    let view = loaded
        .map_err(|error| error.to_string())
        .and_then(|(version, documents)| {
            TenantView::assemble(record.clone(), version, documents)
                .map_err(|error| error.to_string())
        });
    match view {
        Ok(view) => {
            keys(&view, now, findings);
            applications::check(&view, findings);
        }
        Err(why) => findings.problem(format!("tenant {name}: {why}")),
    }
    let newest = tenant.log(LogQuery::Newest { skip: 0, take: 1 }).await?;
    let newest = newest
        .first()
        .and_then(|(_, event)| event.get("date")?.as_i64());
    let ahead = newest.map(Timestamp::from_millis);
    let ahead = ahead.filter(|at| *at > now.plus_seconds(CLOCK_SLACK_SECONDS));
    if let Some(at) = ahead {
        findings.problem(format!(
            "tenant {name}: the newest log event is of {at}, which the system's clock has not reached"
        ));
    }
    Ok(())
}

fn keys(view: &TenantView, now: Timestamp, findings: &mut Findings) {
    let name = &view.record.name;
    if view.keys.current(cardea_jose::Algorithm::Rs256).is_none() {
        findings.problem(format!("tenant {name}: there is no current RS256 key"));
    }
    for entry in view
        .keys
        .iter()
        .filter(|entry| entry.parsed.state == KeyState::Current)
    {
        let key = &entry.parsed;
        let days = (now.seconds() - key.since.seconds()) / DAY;
        let alg = key.algorithm;
        if days > KEY_DAYS {
            findings.problem(format!(
                "tenant {name}: the {alg} key has signed for {days} days: `cardea keys rotate`"
            ));
        } else if days > KEY_WARN_DAYS {
            findings.note(format!(
                "tenant {name}: the {alg} key has signed for {days} days"
            ));
        }
        if view.keys.in_state(alg, KeyState::Next).is_none() && alg == cardea_jose::Algorithm::Rs256
        {
            findings.note(format!(
                "tenant {name}: there is no next {alg} key, so a rotation would surprise those \
                 who cache the JWKS"
            ));
        }
    }
}
