//! `cargo xtask test --agents`: the real agents, installed by the runtime itself, on the real runtime.
//!
//! Owns where they are installed and what the suite is told. Must not know what it proves.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::program::{Profile, build, built, cargo, root, run as run_command};
use crate::steps::Steps;

/// The kinds that have a program of their own.
const KINDS: [&str; 4] = ["claude-code", "codex", "gemini-cli", "aider"];

/// Takes the steps: programs, installations, suite.
pub fn take(steps: &mut Steps) {
    let mut folders = Vec::new();
    let ready = steps.take("build both programs", || build(Profile::Debug))
        && steps.take("install the agents", || {
            for kind in KINDS {
                folders.push(install(kind)?);
            }
            Ok(())
        });
    if ready {
        steps.take("real agents", || suite(&folders));
    }
}

/// Installs a kind into the build folder; answers the folder of its program.
fn install(kind: &str) -> Result<PathBuf> {
    let mut runtime = std::process::Command::new(built("raven-runtime", Profile::Debug)?);
    runtime.args(["install", kind, "--data-dir"]).arg(root().join("target/agents"));
    let told = runtime.output().context("raven-runtime cannot be started")?;
    if !told.status.success() {
        bail!("{kind}: {}", String::from_utf8_lossy(&told.stderr).trim());
    }
    let program = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    Ok(program.parent().context("a program without a folder")?.to_owned())
}

fn suite(folders: &[PathBuf]) -> Result<()> {
    let path = std::env::join_paths(folders)?;
    let mut suite = cargo(&["test", "--package", "raven-runtime", "--test", "agents", "--"]);
    suite.arg(path).env("RAVEN_AGENTS_TABLE", root().join("docs/agents.md"));
    run_command(&mut suite)
}
