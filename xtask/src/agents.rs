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

/// The page that tells what was proven.
const TABLE: &str = "docs/agents.md";

/// How cargo is told of the suite. Of the whole workspace, so that what the other tests have built is used.
const TEST: &[&str] = &["test", "--workspace", "--test", "agents"];

/// What becomes of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// It is written anew.
    Write,
    /// It must be as it would be written.
    Compare,
}

/// Takes the steps of a whole run: what the suites need, then the suites.
pub fn take(steps: &mut Steps, chromium: Option<&Path>) {
    let mut browser = PathBuf::new();
    let built = steps.take("what the tests need", || {
        machine::require_node()?;
        browser = machine::require_browser(chromium)?;
        Ok(())
    }) && steps.take("build the web UI", ui::build)
        && steps.take("build both programs", || build(Profile::Debug));
    if built {
        take_suites(steps, &browser, Table::Write);
    }
}

/// Takes the steps of the suites alone: installations, the suite on the API, the suite in a browser.
pub fn take_suites(steps: &mut Steps, browser: &Path, table: Table) {
    let mut folders = Vec::new();
    let installed = steps.take("install the agents", || {
        for kind in KINDS {
            folders.push(install(kind)?);
        }
        Ok(())
    });
    if installed {
        steps.take("real agents", || suite(&folders, table));
        steps.take("real agents in the browser", || in_browser(browser, &folders));
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

fn suite(folders: &[PathBuf], table: Table) -> Result<()> {
    let path = std::env::join_paths(folders)?;
    let committed = root().join(TABLE);
    let written = match table {
        Table::Write => committed.clone(),
        Table::Compare => root().join("target/agents/table.md"),
    };
    let mut suite = cargo(&[TEST, &["--"]].concat());
    run_command(suite.arg(path).env("RAVEN_AGENTS_TABLE", &written))?;
    if std::fs::read(&written)? != std::fs::read(&committed)? {
        bail!("{TABLE} does not tell what was proven: run `cargo xtask test --agents`, and commit the page");
    }
    Ok(())
}

/// The same programs: installed and driven from the pages alone, and at work with their control plane's tools.
fn in_browser(browser: &Path, folders: &[PathBuf]) -> Result<()> {
    let mut tests = browser_tests(None, browser)?;
    tests.env("RAVEN_STUB_BIN", suite_program()?).env("RAVEN_AGENTS_PATH", std::env::join_paths(folders)?);
    run_command(tests.arg("real-"))
}

/// The suite's own program, which also serves the providers that its agents talk to.
fn suite_program() -> Result<PathBuf> {
    let told = output(cargo(&[TEST, &["--no-run"]].concat()).arg("--message-format=json"))?;
    let program = told.lines().filter_map(executable).next_back();
    Ok(program.context("cargo names no program of the suite")?.into())
}

/// The program of tests that a line of cargo's tells of; it tells of the programs that they test too, in any order.
fn executable(line: &str) -> Option<&str> {
    line.contains(r#""kind":["test"]"#).then_some(())?;
    Some(line.split_once("\"executable\":\"")?.1.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_what_cargo_tells() {
        for (line, found) in [
            (
                r#"{"target":{"kind":["test"]},"executable":"/t/debug/deps/agents-1f"}"#,
                Some("/t/debug/deps/agents-1f"),
            ),
            (r#"{"target":{"kind":["bin"]},"executable":"/t/debug/raven-runtime"}"#, None),
            (r#"{"target":{"kind":["test"]},"executable":null}"#, None),
        ] {
            assert_eq!(executable(line), found, "{line}");
        }
    }
}
