//! The `cardea` command.

use std::process::ExitCode;

/// Decision 0010.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cardea_server::cli::run()
}
