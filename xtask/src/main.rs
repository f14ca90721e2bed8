//! `cargo xtask`: every chore of the project.
//!
//! Owns the command line. Must not know how a chore is done: each has a file of its own.

mod advisories;
mod agents;
mod bench;
mod ci;
mod codegen;
mod machine;
mod mcp;
mod program;
mod raw_pty;
mod steps;
mod test;
mod up;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Every chore of the project")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build everything, start both programs and print where to go; Ctrl-C stops them
    Up(up::Options),
    /// Run every test: Rust, web, guide and browser
    Test(test::Options),
    /// Run precisely what continuous integration runs: the checks, then every test
    Ci(test::Options),
    /// Make the generated files anew: openapi.json, the web UI's types, docs/mcp.md
    Codegen(codegen::Options),
    /// Look for known security advisories of our dependencies
    Advisories,
    /// Measure Raven beside its peers and write docs/benchmarks.md
    Bench(bench::Options),
    /// Read a terminal as fast as it can be read, for `bench`
    #[command(hide = true)]
    RawPty(raw_pty::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Up(options) => up::run(&options),
        Chore::Test(options) => test::run(&options),
        Chore::Ci(options) => ci::run(&options),
        Chore::Codegen(options) => codegen::run(&options),
        Chore::Advisories => advisories::run(),
        Chore::Bench(options) => bench::run(&options),
        Chore::RawPty(options) => raw_pty::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
