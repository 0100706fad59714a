//! The command line.

mod dev;
mod doctor;
mod keys;
mod migrate;
pub(crate) mod operate;
mod place;
mod serve;
mod tenant;
mod token;
pub(crate) mod upgrade;
mod user;
mod why;

use std::fmt;
use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{random, say};

/// More threads than this gain nothing: signing is the work, and it is short.
const MOST_WORKERS: usize = 8;
/// Database scans, key generation, files. Threads end after 10 s without work.
const BLOCKING_THREADS: usize = 16;
const STACK_BYTES: usize = 1 << 20;

/// Identity and API authorization, self-hosted.
#[derive(Debug, Parser)]
#[command(name = "cardea", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve everything on this machine, with an example tenant.
    Dev(dev::DevArgs),
    /// Serve in production.
    Serve(serve::ServeArgs),
    /// Bring the database to this version.
    Migrate(migrate::MigrateArgs),
    /// Make and list tenants.
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// List, rotate and revoke signing keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Make, import and block users.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Look into tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Tell why a token was granted or refused.
    Why(why::WhyArgs),
    /// Look for unsafe settings and other trouble.
    Doctor(doctor::DoctorArgs),
}

/// Why a command failed: one line that says what to do, or several problems.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
}

impl Failure {
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self {
            text: why.to_string(),
        }
    }

    /// What was looked for was found and reported; nothing more is to be said.
    const fn silent() -> Self {
        Self {
            text: String::new(),
        }
    }
}

/// For errors whose text says enough.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

type Outcome = Result<(), Failure>;

/// Runs the command that the arguments name. Exit codes: 0, 1 for a failure, 2 for a command
/// line that is wrong.
pub fn run() -> ExitCode {
    random::warm();
    // ours are built with it; a library that builds its own must find the same one
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Dev(args) => serving(|shutdown| dev::run(args, shutdown)),
        Command::Serve(args) => serving(|shutdown| serve::run(args, shutdown)),
        Command::Migrate(args) => operating(migrate::run(args)),
        Command::Tenant(command) => operating(tenant::run(command)),
        Command::Keys(command) => operating(keys::run(command)),
        Command::User(command) => operating(user::run(command)),
        Command::Token(command) => operating(token::run(command)),
        Command::Why(args) => operating(why::run(args)),
        Command::Doctor(args) => operating(doctor::run(args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.text.is_empty() {
                say::note(format!("cardea: {}", failure.text));
            }
            ExitCode::FAILURE
        }
    }
}

/// A server: all cores, until SIGINT or SIGTERM.
fn serving<F: Future<Output = Outcome>>(serve: impl FnOnce(CancellationToken) -> F) -> Outcome {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores.min(MOST_WORKERS))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        stop_on_signal(&shutdown)?;
        serve(shutdown).await
    });
    end(runtime);
    outcome
}

/// A command that comes and goes.
fn operating(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(command);
    end(runtime);
    outcome
}

/// Does not wait for a key that is still being made.
fn end(runtime: Runtime) {
    runtime.shutdown_background();
}

fn stop_on_signal(shutdown: &CancellationToken) -> Outcome {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = signal(kind)?;
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            signals.recv().await;
            shutdown.cancel();
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
