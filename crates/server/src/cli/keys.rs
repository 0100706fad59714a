//! `cardea keys`: the Management API's own operations on signing keys.

use cardea_core::id::LogId;
use cardea_core::model::{EventType, KeyState, LogEvent, TenantView};
use cardea_core::time::Timestamp;
use cardea_core::write::{Commit, Write};
use cardea_jose::Algorithm;
use cardea_store::StoreError;
use clap::{Args, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::operate::Operator;
use super::place::{Opened, PlaceArgs};
use super::{Failure, Outcome};
use crate::keygen::KeyPlan;
use crate::random::SharedRandom;
use crate::say;

/// How often a change is tried anew when the server changed the tenant meanwhile.
const TRIES: usize = 8;

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys: what signs, what will, what did.
    List(KeysArgs),
    /// Sign with the next key from now on; what the previous one signed still verifies.
    Rotate(KeysArgs),
    /// Refuse everything that this key signed.
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// The tenant's name; needed where there are several.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only keys of this algorithm.
    #[arg(long, value_name = "ALG")]
    alg: Option<Algorithm>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// The key. Its id may begin with a dash.
    #[arg(long, allow_hyphen_values = true)]
    kid: String,
    /// The tenant's name; needed where there are several.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(command: KeysCommand) -> Outcome {
    match command {
        KeysCommand::List(args) => list(&args).await,
        KeysCommand::Rotate(args) => {
            let opened = args.place.find()?.open().await?;
            let change = Change {
                path: "/keys/signing/rotate",
                event: "Rotate the signing keys",
            };
            let reply = change
                .make(&opened, args.tenant.as_deref(), args.alg)
                .await?;
            say::line(format!("the next key is {}", kid_of(&reply)));
            Ok(())
        }
        KeysCommand::Revoke(args) => {
            let opened = args.place.find()?.open().await?;
            let kid = utf8_percent_encode(&args.kid, NON_ALPHANUMERIC);
            let path = format!("/keys/signing/{kid}/revoke");
            let change = Change {
                path: &path,
                event: "Revoke a signing key",
            };
            let reply = change.make(&opened, args.tenant.as_deref(), None).await?;
            say::line(format!(
                "{} is revoked: what it signed is refused here now, and elsewhere once the JWKS \
                 is read again",
                kid_of(&reply)
            ));
            Ok(())
        }
    }
}

async fn list(args: &KeysArgs) -> Outcome {
    let opened = args.place.find()?.open().await?;
    let (view, _) = opened.load(args.tenant.as_deref()).await?;
    let wanted = |known: Algorithm| args.alg.is_none_or(|alg| alg == known);
    for entry in view
        .keys
        .iter()
        .filter(|entry| wanted(entry.parsed.algorithm))
    {
        let key = &entry.parsed;
        let (alg, state) = (key.algorithm.as_str(), key.state.as_str());
        say::line(format!(
            "{:<22} {alg:<6} {state:<9} since {}",
            key.kid.as_str(),
            key.since
        ));
    }
    Ok(())
}

fn kid_of(reply: &Value) -> &str {
    reply
        .get("kid")
        .and_then(Value::as_str)
        .unwrap_or("(unnamed)")
}

impl Opened {
    /// A tenant as it is stored.
    pub(super) async fn load(&self, name: Option<&str>) -> Result<(TenantView, i64), Failure> {
        let record = self.tenant(name)?;
        let (version, documents) = self.store.tenant(&record.id).load().await?;
        Ok((
            TenantView::assemble(record.clone(), version, documents)?,
            version,
        ))
    }
}

struct Change<'a> {
    path: &'a str,
    event: &'a str,
}

impl Change<'_> {
    async fn make(
        &self,
        opened: &Opened,
        tenant: Option<&str>,
        only: Option<Algorithm>,
    ) -> Result<Value, Failure> {
        let random = SharedRandom::system();
        for _ in 0..TRIES {
            let (mut view, version) = opened.load(tenant).await?;
            let id = view.record.id.clone();
            if let Some(only) = only {
                without_others(&mut view, only)?;
            }
            let operator = Operator::new(view, opened.scheme, opened.now)
                .ok_or_else(|| Failure::new("the operator has no name"))?;
            let wanted = operator
                .keys_wanted(self.path)
                .map_err(|e| Failure::new(e.message))?;
            let mut keys = Vec::with_capacity(wanted.len());
            for algorithm in wanted {
                let plan = KeyPlan::new(&operator.view, algorithm, KeyState::Next, opened.now);
                keys.push(plan.make_beside(random.clone()).await?);
            }
            let reply = operator.call_with_keys(self.path, keys);
            let reply = reply.map_err(|error| Failure::new(error.message))?;
            let mut writes = reply.writes;
            writes.push(Write::Log(self.event(&operator, opened.now, &random)));
            let commit = Commit {
                decided_at: Some(version),
                writes,
            };
            match opened.store.tenant(&id).commit(commit, opened.now).await {
                Ok(_) => {
                    opened.store.close().await;
                    return Ok(reply.body.unwrap_or_default());
                }
                Err(StoreError::Conflict(_)) => {} // the server was quicker: look again
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new("the tenant changes too fast: try again"))
    }

    /// A change and its event are one commit, whoever makes it (attack LOG-04).
    fn event(&self, operator: &Operator, now: Timestamp, random: &SharedRandom) -> LogEvent {
        let node = random.with(|random| {
            let mut bytes = [0; 8];
            random.fill(&mut bytes);
            u64::from_be_bytes(bytes)
        });
        let details = json!({ "operator": true, "request": { "path": self.path } });
        LogEvent {
            user: None,
            id: LogId::new(now, 0, node),
            at: now,
            event: EventType::ManagementWrite,
            description: self.event.to_owned(),
            client_id: None,
            client_name: None,
            ip: String::new(),
            user_agent: Some("cardea (command line)".to_owned()),
            hostname: operator.view.record.host.to_string(),
            audience: None,
            scope: None,
            details: details.as_object().cloned().unwrap_or_default(),
            trace: None,
        }
    }
}

/// The operation rotates every algorithm that it sees.
fn without_others(view: &mut TenantView, only: Algorithm) -> Outcome {
    let others: Vec<String> = view
        .keys
        .iter()
        .filter(|entry| entry.parsed.algorithm != only)
        .map(|entry| entry.parsed.kid.to_string())
        .collect();
    for kid in others {
        view.keys.remove(&kid);
    }
    match view.keys.current(only) {
        Some(_) => Ok(()),
        None => Err(Failure::new(format!("the tenant has no {only} key"))),
    }
}
