//! `cardea migrate`.

use std::path::PathBuf;

use cardea_store::DatabaseUrl;
use clap::Args;

use super::{Failure, Outcome};
use crate::config::Config;
use crate::say;

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// The configuration file of `cardea serve`.
    #[arg(long, value_name = "FILE", conflicts_with = "database")]
    config: Option<PathBuf>,
    /// The database, instead of the configuration's.
    #[arg(long, value_name = "URL")]
    database: Option<DatabaseUrl>,
}

pub(super) async fn run(args: MigrateArgs) -> Outcome {
    let database = match args.database {
        Some(database) => database,
        None => Config::load(args.config.as_deref())?.database,
    };
    let applied = cardea_store::migrate(&database)
        .await
        .map_err(Failure::new)?;
    for name in &applied {
        say::line(format!("applied {name}"));
    }
    if applied.is_empty() {
        say::line(format!("{database} is at this version"));
    }
    Ok(())
}
