//! `cargo xtask test --agents`: the real agents, installed by the runtime itself, on the real runtime.
//!
//! Owns where they are installed and what the suites are told. Must not know what they prove.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::machine;
use crate::program::{Profile, build, built, cargo, output, root, run as run_command};
use crate::steps::Steps;
use crate::test::browser_tests;
use crate::web as ui;

/// The kinds that have a program of their own.
const KINDS: [&str; 4] = ["claude-code", "codex", "gemini-cli", "aider"];

/// Takes the steps: programs, installations, the suite on the API, the suite in a browser.
pub fn take(steps: &mut Steps, chromium: Option<&Path>) {
    let mut folders = Vec::new();
    let mut browser = PathBuf::new();
    let built = steps.take("what the tests need", || {
        machine::require_node()?;
        browser = machine::require_browser(chromium)?;
        Ok(())
    }) && steps.take("build the web UI", ui::build)
        && steps.take("build both programs", || build(Profile::Debug));
    if !built {
        return;
    }
    let ready = steps.take("install the agents", || {
        for kind in KINDS {
            folders.push(install(kind)?);
        }
        Ok(())
    });
    if ready {
        steps.take("real agents", || suite(&folders));
    }
    steps.take("real agents in the browser", || in_browser(&browser));
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

/// The same programs, installed and driven from the pages alone.
fn in_browser(browser: &Path) -> Result<()> {
    let mut tests = browser_tests(None, browser)?;
    run_command(tests.arg("real-agents").env("RAVEN_STUB_BIN", suite_program()?))
}

/// The suite's own program, which also serves the providers that its agents talk to.
fn suite_program() -> Result<PathBuf> {
    let build = ["test", "--package", "raven-runtime", "--test", "agents", "--no-run"];
    let told = output(cargo(&build).arg("--message-format=json"))?;
    let program = told.lines().filter_map(executable).next_back();
    Ok(program.context("cargo names no program of the suite")?.into())
}

/// The program that a line of cargo's tells of.
fn executable(line: &str) -> Option<&str> {
    Some(line.split_once("\"executable\":\"")?.1.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_what_cargo_tells() {
        let line = r#"{"reason":"compiler-artifact","fresh":true,"executable":"/t/debug/deps/agents-1f"}"#;
        assert_eq!(executable(line), Some("/t/debug/deps/agents-1f"));
        assert_eq!(executable(r#"{"executable":null}"#), None);
    }
}
