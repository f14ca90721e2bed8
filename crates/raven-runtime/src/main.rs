//! The `raven-runtime` program.
//!
//! Owns the exit code and the last line of a failure. Must not know commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    match raven_runtime::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("raven-runtime: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
