//! Other people's programs: finding them, running one to its end, and where things are on disk.
//!
//! Owns how a command is shown and how its failure is told. Must not know any chore.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

/// The root of the workspace.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder of the web UI.
pub fn web() -> PathBuf {
    root().join("web")
}

/// A command that runs in the root of the workspace.
pub fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// The cargo that started us.
pub fn cargo(args: &[&str]) -> Command {
    command("cargo", args)
}

/// Runs a command to its end, its output passed through.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command to its end and answers its standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let done =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !done.status.success() {
        bail!("`{shown}` failed ({})", done.status);
    }
    String::from_utf8(done.stdout).with_context(|| format!("`{shown}` answered something that is not text"))
}

/// Whether a command can be started and succeeds; its output is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Where a program is, by the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let found = Command::new("sh").args(["-c", "command -v -- \"$1\"", "sh", name]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(found.stdout).ok()?.trim());
    (found.status.success() && path.is_absolute()).then_some(path)
}

/// The folder that cargo builds into.
pub fn target_folder() -> Result<&'static Path> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if let Some(known) = FOLDER.get() {
        return Ok(known);
    }
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1", "--locked"]))
        .or_else(|_| output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"])))?;
    let (_, rest) =
        metadata.split_once("\"target_directory\":\"").context("cargo metadata names no target")?;
    let (folder, _) = rest.split_once('"').context("cargo metadata is cut off")?;
    Ok(FOLDER.get_or_init(|| PathBuf::from(folder)))
}

/// Builds both programs of ours. One selection of packages for every chore: another would make cargo build the
/// dependencies again with other features.
pub fn build(profile: Profile) -> Result<()> {
    let mut build = cargo(&["build", "--bin", "raven-docs", "--bin", "raven-runtime"]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    run(&mut build)
}

/// How programs are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quickly, for tests and development.
    Debug,
    /// Optimised.
    Release,
}

/// A built program of ours.
pub fn built(name: &str, profile: Profile) -> Result<PathBuf> {
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    };
    Ok(target_folder()?.join(folder).join(name))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let text: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    text.join(" ")
}
