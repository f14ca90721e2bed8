//! What the machine must have beside Rust: Node, a browser, the full-screen programs of the tests.
//!
//! Owns how each is found, and installed where we may. Must not know the tests that use them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::program::{command, find, output, run};

/// Oldest major version of Node.js that the web UI's packages run on.
const NODE_MAJOR: u32 = 20;

/// Names under which Chromium is installed by distributions, the plainest first.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Programs that the tests run in terminals, and the Debian package of each.
const SCREEN_PROGRAMS: [(&str, &str); 6] = [
    ("vim", "vim"),
    ("less", "less"),
    ("htop", "htop"),
    ("tmux", "tmux"),
    ("vttest", "vttest"),
    ("python3", "python3"),
];

/// Refuses to go on without Node.js and npm.
pub fn require_node() -> Result<()> {
    let how = format!("install Node.js {NODE_MAJOR} or newer (https://nodejs.org), with npm");
    if find("node").is_none() || find("npm").is_none() {
        bail!("Node.js or npm is missing: {how}");
    }
    let version = output(&mut command("node", &["--version"]))?;
    match major(&version) {
        Some(found) if found >= NODE_MAJOR => Ok(()),
        _ => bail!("Node.js {} is too old: {how}", version.trim()),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Where Chromium is: as told, else as found, else installed where we may.
pub fn require_browser(told: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = told {
        if !path.exists() {
            bail!("RAVEN_CHROMIUM names {}, which does not exist", path.display());
        }
        return Ok(path.to_owned());
    }
    if let Some(found) = BROWSERS.iter().find_map(|name| find(name)) {
        return Ok(found);
    }
    install("Chromium", &["chromium", "fonts-liberation"])?;
    BROWSERS
        .iter()
        .find_map(|name| find(name))
        .context("Chromium was installed but is not on the search path")
}

/// Sees to it that the programs are there which the tests run in terminals.
pub fn require_screen_programs() -> Result<()> {
    let missing: Vec<_> = SCREEN_PROGRAMS.iter().filter(|(name, _)| find(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    install(&names.join(", "), &packages)
}

/// Installs Debian packages when we are root on such a system, else names the command that does.
fn install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !rustix::process::geteuid().is_root() || find("apt-get").is_none() {
        bail!("{what} missing: run `sudo {by_hand}`, or your system's equivalent");
    }
    let apt = |args: &[&str]| run(command("apt-get", args).env("DEBIAN_FRONTEND", "noninteractive"));
    let wanted = [&["install", "-y", "--no-install-recommends"], packages].concat();
    apt(&["update", "-q"])
        .and_then(|()| apt(&wanted))
        .with_context(|| format!("{what} missing and could not be installed: run `{by_hand}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_node_prints_them() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major(""), None);
        assert_eq!(major("not node"), None);
    }

    #[test]
    fn a_browser_that_was_named_but_is_not_there_is_told() {
        let refused = require_browser(Some(Path::new("/nowhere/chromium"))).unwrap_err();
        assert!(refused.to_string().contains("/nowhere/chromium"), "{refused}");
    }
}
