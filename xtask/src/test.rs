//! `cargo xtask test`: every test there is, on a machine that has only Rust and Node.
//!
//! Owns the order of the suites and what each is told. Must not know what they test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::program::{Profile, build, built, cargo, command, root, run as run_command, web};
use crate::steps::Steps;
use crate::web::{self as ui, npm};
use crate::{agents, machine};

/// What `test` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Run only tests whose name contains this
    #[arg(long)]
    filter: Option<String>,
    /// The Chromium to use; found or installed by default
    #[arg(long, env = "RAVEN_CHROMIUM")]
    chromium: Option<PathBuf>,
    /// Install the real agents and prove what they do, instead of everything else; writes docs/agents.md
    #[arg(long)]
    agents: bool,
}

/// Runs every test and fails when one did.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    match options.agents {
        true => agents::take(&mut steps, options.chromium.as_deref()),
        false => drop(take(&mut steps, options)),
    }
    steps.finish()
}

/// Takes the steps of this chore: what the suites need first, then each suite, whatever the last one said.
/// Answers the browser, when the suites could be run.
pub fn take(steps: &mut Steps, options: &Options) -> Option<PathBuf> {
    let mut browser = PathBuf::new();
    let prepared = steps.take("what the tests need", || {
        machine::require_node()?;
        machine::require_screen_programs()?;
        browser = machine::require_browser(options.chromium.as_deref())?;
        Ok(())
    }) && steps.take("build the web UI", ui::build)
        && steps.take("build both programs", || build(Profile::Debug));
    if !prepared {
        return None;
    }
    let filter = options.filter.as_deref();
    steps.take("Rust tests", || run_command(&mut rust_tests(filter)?));
    steps.take("web unit tests", || run_command(&mut web_tests(filter)));
    steps.take("web lint", || run_command(&mut npm(&["run", "--silent", "lint"])));
    steps.take("the guide's snippets", || run_command(&mut node_tests("guide", filter)?));
    steps.take("MCP clients and conformance", || run_command(&mut node_tests("mcp", filter)?));
    steps.take("screen equality", || run_command(&mut node_tests("screen", filter)?));
    steps.take("browser tests", || run_command(&mut browser_tests(filter, &browser)?));
    Some(browser)
}

fn rust_tests(filter: Option<&str>) -> Result<Command> {
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.args(filter);
    our_programs(&mut tests)?;
    Ok(tests)
}

fn web_tests(filter: Option<&str>) -> Command {
    let mut tests = npm(&["run", "--silent", "test", "--", "--passWithNoTests"]);
    if let Some(filter) = filter {
        tests.args(["--testNamePattern", filter]);
    }
    tests
}

/// The tests of a folder that Node's own test runner runs: against the real programs, with the official
/// client packages, and with a real xterm.js.
fn node_tests(folder: &str, filter: Option<&str>) -> Result<Command> {
    let folder = web().join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut tests = command("node", &["--test", "--test-concurrency=1"]);
    if let Some(filter) = filter {
        tests.arg(format!("--test-name-pattern={filter}"));
    }
    tests
        .args(files.iter().map(|path| path.strip_prefix(root()).unwrap_or(path)).map(AsRef::<OsStr>::as_ref));
    our_programs(&mut tests)?;
    Ok(tests)
}

/// The tests in a browser; `filter` is of their names.
pub fn browser_tests(filter: Option<&str>, browser: &Path) -> Result<Command> {
    let mut tests = command("npx", &["--no-install", "playwright", "test", "--pass-with-no-tests"]);
    if let Some(filter) = filter {
        tests.args(["--grep", filter]);
    }
    tests.current_dir(web()).env("RAVEN_CHROMIUM", browser);
    our_programs(&mut tests)?;
    Ok(tests)
}

/// Tells a suite where the programs under test are.
fn our_programs(suite: &mut Command) -> Result<()> {
    for (variable, name) in [("RAVEN_DOCS_BIN", "raven-docs"), ("RAVEN_RUNTIME_BIN", "raven-runtime")] {
        suite.env(variable, built(name, Profile::Debug)?);
    }
    Ok(())
}
