//! The `cardea` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cardea_server::cli::run()
}
