//! `cardea dev`.

use std::path::PathBuf;

use cardea_core::model::Profile;
use cardea_store::DatabaseUrl;
use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use super::{Failure, Outcome};
use crate::config;
use crate::dev::{self, DevOptions};
use crate::telemetry;

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the command's flags"
)]
pub(super) struct DevArgs {
    /// Port to listen on; 0 takes any free one.
    #[arg(long, value_name = "N", default_value_t = 8443)]
    port: u16,
    /// Folder that keeps everything.
    #[arg(long, value_name = "DIR", default_value = super::place::DEV_FOLDER)]
    data: PathBuf,
    /// Use a temporary folder, gone at exit.
    #[arg(long, conflicts_with = "data")]
    ephemeral: bool,
    /// Serve http://localhost:PORT/ instead of HTTPS.
    #[arg(long)]
    plain_http: bool,
    /// Write where to find everything, as JSON, once the server answers.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// How the tenant answers where Auth0's wire and the standards differ [default: compat].
    #[arg(long, value_name = "PROFILE")]
    profile: Option<ProfileArg>,
    /// Use fixed, published keys, ids and secrets: for tests only.
    #[arg(long)]
    deterministic: bool,
    /// Start with this tenant (YAML of auth0-deploy-cli, and users) instead of the example.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Limit request rates as `serve` does.
    #[arg(long)]
    rate_limits: bool,
    /// Use this database instead of SQLite in the folder.
    #[arg(long, value_name = "URL")]
    database: Option<DatabaseUrl>,
}

/// A profile's name.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ProfileArg {
    /// Auth0's statuses, codes, defaults and lifetimes.
    Compat,
    /// The RFCs' statuses and codes, OAuth 2.1 and RFC 9700.
    Strict,
}

impl From<ProfileArg> for Profile {
    fn from(word: ProfileArg) -> Self {
        match word {
            ProfileArg::Compat => Self::Compat,
            ProfileArg::Strict => Self::Strict,
        }
    }
}

pub(super) async fn run(args: DevArgs, shutdown: CancellationToken) -> Outcome {
    telemetry::start(&config::dev_log_level(), telemetry::Format::Text);
    let options = DevOptions {
        port: args.port,
        folder: (!args.ephemeral).then_some(args.data),
        plain_http: args.plain_http,
        ready_file: args.ready_file,
        profile: args.profile.map(Into::into),
        deterministic: args.deterministic,
        seed: args.seed,
        rate_limits: args.rate_limits,
        database: args.database,
    };
    dev::run(options, shutdown).await.map_err(Failure::new)
}
