//! Takes mails from the store to the mail server. A mail is forgotten once the server has it, or
//! once it is of no use any more: until then it is tried again, by whichever node comes first.
//! A crash between the two sends it twice, never not at all.

use std::sync::Arc;
use std::time::Duration;

use cardea_core::model::{EventType, LogEvent};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Write};
use cardea_store::{DueMail, StoreError};
use futures_util::future::try_join_all;
use serde_json::Map;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Written;
use super::smtp::{Failed, Smtp};
use crate::app::App;

/// How often a node looks for mails that are due again, or that another node left.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How many are on their way at once.
const TOGETHER: i64 = 8;
/// Seconds to the second try; each next one waits twice as long, up to [`LONGEST_WAIT_S`]. Longer
/// than the mail server may take, so that no other node starts meanwhile.
const FIRST_WAIT_S: i64 = 60;
const LONGEST_WAIT_S: i64 = 3_600;

/// Runs until the server stops. What is left then waits for the next start.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        let turn = async {
            tokio::select! {
                _ = tick.tick() => {}
                () = app.mail.committed_one() => {}
            }
        };
        if stop.run_until_cancelled(turn).await.is_none() {
            return;
        }
        let outcome = round(&app, &stop).await;
        // told once, not at every look
        if let Err(error) = &outcome
            && !failing
        {
            tracing::warn!(%error, "waiting mails cannot be read");
        }
        failing = outcome.is_err();
    }
}

/// Everything that is due.
async fn round(app: &App, stop: &CancellationToken) -> Result<(), StoreError> {
    let Some(smtp) = app.mail.smtp() else {
        return Ok(());
    };
    loop {
        let due = app.store.due_mails(app.clock.now(), TOGETHER).await?;
        if due.is_empty() || stop.is_cancelled() {
            return Ok(());
        }
        try_join_all(due.iter().map(|due| one(app, smtp, due))).await?;
    }
}

async fn one(app: &App, smtp: &Smtp, due: &DueMail) -> Result<(), StoreError> {
    let now = app.clock.now();
    if now >= due.mail.expires_at {
        return give_up(app, due, "no mail server took it in time").await;
    }
    let next = now.plus_seconds(wait_s(due.tries));
    if !app.store.take_mail(due, next).await? {
        return Ok(()); // another node has it
    }
    let Ok(written) = serde_json::from_str::<Written>(due.mail.letter.expose()) else {
        return give_up(app, due, "it cannot be read").await;
    };
    match smtp.send(&written).await {
        Ok(()) => app.store.forget_mail(due).await,
        Err(Failed::Forever(why)) => give_up(app, due, &why).await,
        Err(Failed::ForNow(why)) => {
            // addresses do not stand in the server's log
            tracing::warn!(%why, tries = due.tries + 1, "a mail could not be sent; it is tried again");
            Ok(())
        }
    }
}

fn wait_s(tries: i64) -> i64 {
    let doubled = u32::try_from(tries).ok();
    let doubled = doubled.and_then(|tries| FIRST_WAIT_S.checked_shl(tries.min(16)));
    doubled.map_or(LONGEST_WAIT_S, |wait| wait.min(LONGEST_WAIT_S))
}

/// The tenant's log says that a mail will never arrive.
async fn give_up(app: &App, due: &DueMail, why: &str) -> Result<(), StoreError> {
    tracing::error!(%why, "a mail was given up");
    let now = app.clock.now();
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::Log(failed(app, due, why, now))],
    };
    let tenant = app.store.tenant(&due.tenant);
    tenant.commit(commit, now).await?;
    app.store.forget_mail(due).await
}

fn failed(app: &App, due: &DueMail, why: &str, now: Timestamp) -> LogEvent {
    let mut details = Map::new();
    details.insert("tries".to_owned(), (due.tries + 1).into());
    LogEvent {
        id: app.new_log_id(now),
        at: now,
        event: EventType::MailFailed,
        description: format!("A mail was not sent: {why}"),
        client_id: None,
        client_name: None,
        ip: String::new(),
        user_agent: None,
        hostname: String::new(),
        audience: None,
        scope: None,
        user: None,
        details,
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_up_to_an_hour() {
        let table = [
            (0, 60),
            (1, 120),
            (5, 1_920),
            (6, 3_600),
            (70, 3_600),
            (-1, 3_600),
        ];
        for (tries, wait) in table {
            assert_eq!(wait_s(tries), wait, "{tries}");
        }
    }
}
