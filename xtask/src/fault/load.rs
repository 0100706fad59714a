//! Clients that write, and enter into the ledger what was acknowledged, until the server is gone.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::ledger::Ledger;
use super::target::Target;
use crate::shell;

#[derive(Debug)]
pub(crate) struct Load<'a> {
    pub(crate) target: &'a Target,
    pub(crate) ledger: &'a Ledger,
    pub(crate) over: &'a AtomicBool,
    /// Told apart from other rounds by this word.
    pub(crate) round: &'a str,
    /// Between two writes of a client. Without a pause checkpoints come so often that a server which
    /// does not sync loses little, and the rig sees little.
    pub(crate) pause: u64,
}

impl Load<'_> {
    pub(crate) fn write_tokens(&self, writer: usize) {
        let mut client = self.target.client();
        for number in 0_u32.. {
            let agent = format!("cardea-fault/{}-{writer}-{number}", self.round);
            let Ok(answer) = self.target.write_token(&mut client, &agent) else {
                return;
            };
            self.ledger.write(|entries| match answer.status {
                200 => entries.tokens.push(agent),
                status => entries
                    .refusals
                    .push(format!("token: {status} {}", answer.body)),
            });
            if self.is_over() {
                return;
            }
        }
    }

    pub(crate) fn write_apis(&self) {
        let mut client = self.target.client();
        for number in 0_u32.. {
            let name = format!("fault-{}-{number}", self.round);
            let Ok(answer) = self.target.write_api(&mut client, &name) else {
                return;
            };
            let id = answer
                .body
                .get("id")
                .and_then(Value::as_str)
                .map(str::to_owned);
            self.ledger.write(|entries| match (answer.status, id) {
                (201, Some(id)) => entries.apis.push(id),
                (status, _) => entries
                    .refusals
                    .push(format!("API: {status} {}", answer.body)),
            });
            // Ten times as many tokens as APIs, so that their number stays easy to check.
            if self.is_over() || self.rest(10) {
                return;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.rest(1)
    }

    fn rest(&self, times: u64) -> bool {
        if self.pause > 0 {
            shell::pause(self.pause * times);
        }
        self.over.load(Ordering::Relaxed)
    }
}
