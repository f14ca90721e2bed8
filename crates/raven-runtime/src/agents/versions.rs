//! Versions of programs that somebody else installed, as they tell them.
//!
//! Owns that each is asked once, aside, and again when its file is another. Must not know kinds, nor what
//! a version means.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use raven_protocol::kind::AgentTypeStatus;
use tokio::sync::Semaphore;

use super::Agents;
use super::kinds::Kind;

/// Programs that are asked at a time: some compile themselves at their first start.
const AT_A_TIME: usize = 1;

/// A file as it was asked. Packages give their files the same date in every version, and small starters
/// the same size: a replaced one is known by its number and by when that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    inode: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(program: &Path) -> Option<Self> {
        let found = program.metadata().ok()?;
        Some(Self {
            inode: (found.dev(), found.ino()),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// What is known of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// It is being asked.
    Asked,
    /// What it told; nothing when it does not tell.
    Told(Option<String>),
}

/// What programs told.
pub struct Versions {
    known: Mutex<BTreeMap<PathBuf, (Stamp, Known)>>,
    turn: Semaphore,
}

impl Default for Versions {
    fn default() -> Self {
        Self { known: Mutex::default(), turn: Semaphore::new(AT_A_TIME) }
    }
}

impl Versions {
    fn known(&self) -> MutexGuard<'_, BTreeMap<PathBuf, (Stamp, Known)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a program; `Err` when it is to be asked now, by the caller alone.
    fn look(&self, program: &Path, stamp: &Stamp) -> Result<Known, ()> {
        let mut known = self.known();
        if let Some((of, known)) = known.get(program)
            && of == stamp
        {
            return Ok(known.clone());
        }
        known.insert(program.to_owned(), (stamp.clone(), Known::Asked));
        Err(())
    }

    /// Keeps what one told, unless its file has been replaced meanwhile and is asked again.
    fn learn(&self, program: &Path, stamp: &Stamp, version: Option<String>) {
        if let Some((of, known)) = self.known().get_mut(program)
            && of == stamp
        {
            *known = Known::Told(version);
        }
    }
}

impl Agents {
    /// Adds the version of a program that this runtime did not install, or that it is being asked.
    pub(super) fn add_version(&self, kind: &Arc<Kind>, status: &mut AgentTypeStatus) {
        let Some(program) = kind.asks_version(status) else { return };
        let Some(stamp) = Stamp::of(&program) else { return };
        let told = self.shared.versions.look(&program, &stamp).unwrap_or_else(|()| {
            self.ask_version(Arc::clone(kind), program, stamp);
            Known::Asked
        });
        match told {
            Known::Asked => status.version_pending = true,
            Known::Told(version) => kind.tell_version(version, status),
        }
    }

    fn ask_version(&self, kind: Arc<Kind>, program: PathBuf, stamp: Stamp) {
        let (agents, leave) = (self.clone(), self.shared.setup.leave.clone());
        self.shared.setup.tasks.spawn(leave.run_until_cancelled_owned(async move {
            let shared = &agents.shared;
            let Ok(_turn) = shared.versions.turn.acquire().await else { return };
            let version = kind.ask_version(&program, &shared.setup.env).await;
            shared.versions.learn(&program, &stamp, version);
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_asked_once_until_its_file_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (program, next) = (folder.path().join("x"), folder.path().join("next"));
        std::fs::write(&program, "one").unwrap();
        std::fs::write(&next, "two").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        for path in [&program, &next] {
            std::fs::File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
        }
        let versions = Versions::default();
        let first = Stamp::of(&program).unwrap();
        assert_eq!(versions.look(&program, &first), Err(()));
        assert_eq!(versions.look(&program, &first), Ok(Known::Asked), "one caller asks");
        versions.learn(&program, &first, Some("1".to_owned()));
        assert_eq!(versions.look(&program, &first), Ok(Known::Told(Some("1".to_owned()))));
        std::fs::rename(&next, &program).unwrap();
        let second = Stamp::of(&program).unwrap();
        assert_eq!((first.size, first.modified), (second.size, second.modified));
        assert_eq!(versions.look(&program, &second), Err(()));
        versions.learn(&program, &first, Some("late".to_owned()));
        assert_eq!(versions.look(&program, &second), Ok(Known::Asked));
        versions.learn(&program, &second, None);
        assert_eq!(versions.look(&program, &second), Ok(Known::Told(None)));
    }
}
