//! `cardea why`: the ordered account of a decision.

use cardea_core::id::LogId;
use cardea_core::model::show_event;
use cardea_core::write::LogQuery;
use clap::Args;
use serde_json::Value;

use super::place::PlaceArgs;
use super::{Failure, Outcome};
use crate::say;

#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// The id of the log event (`log_id` in the Management API's /api/v2/logs).
    log_id: String,
    /// The event as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(args: WhyArgs) -> Outcome {
    let missing = || Failure::new(format!("there is no log event {:?}", args.log_id));
    let id = LogId::parse(&args.log_id).ok_or_else(missing)?;
    let opened = args.place.find()?.open().await?;
    for record in &opened.tenants {
        let rows = opened
            .store
            .tenant(&record.id)
            .log(LogQuery::One(id.clone()))
            .await?;
        let Some((id, stored)) = rows.into_iter().next() else {
            continue;
        };
        let event = show_event(&id, &stored);
        if args.json {
            say::line(serde_json::to_string_pretty(&event)?);
        } else {
            lines(&record.name, &event).iter().for_each(say::line);
        }
        opened.store.close().await;
        return Ok(());
    }
    Err(missing())
}

fn lines(tenant: &str, event: &Value) -> Vec<String> {
    let text = |member: &str| event.get(member).and_then(Value::as_str).unwrap_or("-");
    let mut lines = vec![
        format!("{} {} {}", text("date"), text("type"), text("description")),
        format!(
            "tenant {tenant}, client {}, audience {}",
            text("client_id"),
            text("audience")
        ),
        format!("scope {}", text("scope")),
    ];
    let trace = event.pointer("/details/trace").and_then(Value::as_array);
    let Some(trace) = trace else {
        lines.push("The event has no trace: it records no decision on a token.".to_owned());
        return lines;
    };
    lines.push(String::new());
    for (number, step) in trace.iter().enumerate() {
        let text = |member: &str| step.get(member).and_then(Value::as_str).unwrap_or("");
        let line = format!(
            "{:>3}. {:<8} {:<44} {} {}",
            number + 1,
            text("verdict"),
            text("subject"),
            text("rule"),
            text("why"),
        );
        lines.push(line.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_trace_is_told_in_order() {
        let event = json!({
            "date": "2026-04-22T17:49:56.235Z", "type": "seccft", "description": null,
            "client_id": "c", "audience": "https://a", "scope": "read:patients",
            "details": { "trace": [
                { "rule": "A0-api-known", "subject": "audience https://a", "verdict": "passed" },
                { "rule": "A0-cc-scope-in-grant", "subject": "scope read:patients",
                  "verdict": "granted", "why": "by grant cgr_1" },
            ] },
        });
        let lines = lines("dev", &event);
        assert!(lines[4].starts_with("  1. passed   audience https://a"));
        assert!(lines[5].ends_with("A0-cc-scope-in-grant by grant cgr_1"));
    }
}
