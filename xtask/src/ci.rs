//! `cargo xtask ci`: the checks that need no running program, then every test, then the real agents.
//!
//! Owns what a change must pass before it is merged. Must not know how tests are run.

use anyhow::Result;

use crate::program::{cargo, run as run_command, succeeds};
use crate::steps::Steps;
use crate::{agents, codegen, test};

/// Runs every check and every test, and fails when one did.
pub fn run(options: &test::Options) -> Result<()> {
    let mut steps = Steps::default();
    steps.take("format", || run_command(&mut cargo(&["fmt", "--all", "--check"])));
    steps.take("tidy", || run_command(&mut cargo(&["test", "--quiet", "--package", "xtask"])));
    steps.take("clippy", || {
        run_command(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
    });
    steps.take("dependencies", dependencies);
    steps.take("generated files", codegen::check);
    if let Some(browser) = test::take(&mut steps, options) {
        agents::take_suites(&mut steps, &browser, agents::Table::Compare);
    }
    steps.finish()
}

/// Licences, bans and sources; advisories need a database from the network and are a chore of their own.
fn dependencies() -> Result<()> {
    require_cargo_deny()?;
    run_command(&mut cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))
}

/// Installs cargo-deny once per machine.
pub fn require_cargo_deny() -> Result<()> {
    if succeeds(&mut cargo(&["deny", "--version"])) {
        return Ok(());
    }
    run_command(&mut cargo(&["install", "--locked", "cargo-deny"]))
}
