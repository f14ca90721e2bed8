//! Former runs of an agent: what its terminals left, each in a folder of its own.
//!
//! Owns where that is, and how much of it stays. Must not know why an agent was started anew.

use std::io;
use std::path::{Path, PathBuf};

use raven_protocol::id::RuntimeSessionId;

use crate::files;
use crate::host::wire::file;

/// Former runs that stay; a run's journal is bounded, and a recorder has had it before the next begins.
const KEPT_RUNS: usize = 10;

/// What a run leaves in its agent's folder; how it ended comes last, because it says that the run is over.
const LEFT: [&str; 5] = [file::LOG, file::REPAINT, file::SCREEN, "host.log", file::OUTCOME];

/// The folder of a former run.
pub fn folder(agent: &Path, run: &RuntimeSessionId) -> Option<PathBuf> {
    let named = !matches!(run.as_str(), "." | "..");
    let folder = agent.join("runs").join(run.as_str());
    (named && folder.is_dir()).then_some(folder)
}

/// Puts what an ended run left aside. Begun again after a crash, it goes on where it was.
pub fn put_aside(agent: &Path, run: &RuntimeSessionId) -> io::Result<()> {
    let runs = agent.join("runs");
    let aside = runs.join(run.as_str());
    files::create_private_dir(&aside)?;
    for name in LEFT {
        match std::fs::rename(agent.join(name), aside.join(name)) {
            Err(none) if none.kind() == io::ErrorKind::NotFound => {}
            moved => moved?,
        }
    }
    // Their ids begin with their time.
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(&runs)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    all.sort();
    let old = all.len().saturating_sub(KEPT_RUNS);
    all.into_iter().take(old).try_for_each(std::fs::remove_dir_all)
}
