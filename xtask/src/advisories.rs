//! `cargo xtask advisories`: known security advisories of our dependencies.
//!
//! Owns telling "none" from "could not look". Must not know the database's format.

use anyhow::{Result, bail};

use crate::ci::require_cargo_deny;
use crate::program::{cargo, run as run_command, succeeds};

/// Checks the advisories; says so, and fails, when their database cannot be had.
pub fn run() -> Result<()> {
    require_cargo_deny()?;
    if !succeeds(&mut cargo(&["deny", "fetch", "db"])) {
        bail!("advisories not checked: their database cannot be fetched from here");
    }
    run_command(&mut cargo(&["deny", "check", "--disable-fetch", "advisories"]))
}
