//! `cargo xtask bench`: Raven beside its peers, in one run on one machine, into `docs/benchmarks.md`.
//!
//! Owns what must be there before anything is measured: the optimised programs and the pinned peers. Must not
//! know how a row is measured or shown: that is in `bench/`, whose `run.mjs` does it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::machine;
use crate::program::{Profile, build, built, command, root, run as run_command};
use crate::web::{self, Stamp};

/// What `bench` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Measure only this row, and print instead of writing docs/benchmarks.md; may be given again
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,
    /// Small floods and few repetitions: whether the bench works, not how fast anything is
    #[arg(long)]
    quick: bool,
    /// Measure the programs as they were last built
    #[arg(long)]
    no_build: bool,
    /// Measure unoptimised programs: for work on the bench itself
    #[arg(long)]
    debug: bool,
}

/// Builds, installs, measures and reports.
pub fn run(options: &Options) -> Result<()> {
    machine::require_node()?;
    machine::require_screen_programs()?;
    let profile = if options.debug { Profile::Debug } else { Profile::Release };
    if !options.no_build {
        web::build()?;
        build(profile)?;
    }
    install()?;
    run_command(&mut measuring(options, profile)?)
}

/// Where peers and results are.
fn place() -> PathBuf {
    root().join("target/bench")
}

/// Installs the peers that the lock files name, unless they are there.
fn install() -> Result<()> {
    let (place, bench) = (place(), root().join("bench"));
    fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
    Stamp::of(&bench, &["package.json", "package-lock.json"], &place.join(".packages"))?.unless_fresh(
        || {
            for file in ["package.json", "package-lock.json"] {
                fs::copy(bench.join(file), place.join(file))?;
            }
            run_command(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(&place))
        },
    )?;
    Stamp::of(&bench, &["requirements.txt"], &place.join(".requirements"))?.unless_fresh(|| {
        run_command(command("python3", &["-m", "venv", "--clear"]).arg(place.join("venv")))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run_command(command(place.join("venv/bin/python"), &install).arg(bench.join("requirements.txt")))
    })
}

fn measuring(options: &Options, profile: Profile) -> Result<Command> {
    let mut measuring = command("node", &["bench/run.mjs", "--bin"]);
    let programs = built("raven-docs", profile)?;
    measuring.arg(programs.parent().unwrap_or(root()));
    measuring.arg("--raw-pty").arg(std::env::current_exe().context("cannot find this program")?);
    measuring.args(["--profile", if options.debug { "debug" } else { "release" }]);
    if options.quick {
        measuring.arg("--quick");
    }
    for row in &options.only {
        measuring.args(["--only", row]);
    }
    Ok(measuring)
}
