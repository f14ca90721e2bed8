//! The generated files: the control plane's OpenAPI document, the web UI's types of it, and the list of its tools.
//!
//! Owns where they lie and how fresh they must be. Must not know what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::mcp;
use crate::program::{self, Profile, built, command, output, root, web};
use crate::web::{npm, packages};

/// What `codegen` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Change nothing; fail when a file is not what would be generated now
    #[arg(long)]
    check: bool,
}

/// Makes the generated files anew, or checks that they are fresh.
pub fn run(options: &Options) -> Result<()> {
    if options.check { check() } else { generate() }
}

/// Fails when a generated file is not what would be generated now; leaves every file as it was.
pub fn check() -> Result<()> {
    let before: Vec<_> = files().into_iter().map(|file| (fs::read(&file).ok(), file)).collect();
    let generated = generate();
    let mut stale = Vec::new();
    for (content, file) in before {
        if fs::read(&file).ok() == content {
            continue;
        }
        stale.push(name(&file));
        match content {
            Some(content) => fs::write(&file, content)?,
            None => fs::remove_file(&file)?,
        }
    }
    generated?;
    if !stale.is_empty() {
        bail!("not fresh: {}; run `cargo xtask codegen` and commit what it changes", stale.join(", "));
    }
    Ok(())
}

/// First the document from the code, then the types from the document.
fn generate() -> Result<()> {
    let [document, _, tools] = files();
    program::build(Profile::Debug)?;
    let text = output(&mut command(built("raven-docs", Profile::Debug)?, &["openapi"]))?;
    keep(&document, &text)?;
    keep(&tools, &mcp::page(&output(&mut command(built("raven-docs", Profile::Debug)?, &["tools"]))?)?)?;
    packages()?;
    program::run(&mut npm(&["run", "--silent", "codegen"]))
}

/// Writes a file, unless it is so already.
fn keep(file: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(file).ok().as_deref() != Some(text) {
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn files() -> [PathBuf; 3] {
    [
        root().join("crates/raven-docs/openapi.json"),
        web().join("src/api/schema.d.ts"),
        root().join("docs/mcp.md"),
    ]
}

fn name(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}
