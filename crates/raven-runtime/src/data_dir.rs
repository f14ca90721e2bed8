//! The data folder: its layout, its version, its lock, and where a running daemon can be found.
//!
//! Owns who may use the folder. Must not know what the parts keep in it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use raven_protocol::id::RuntimeId;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::files::{self, Durability};

/// Version of the layout that this program writes.
const VERSION: u32 = 1;

/// Name of the file that a daemon holds locked.
const LOCK: &str = "lock";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be made or written.
    #[error("cannot write to the data folder {folder}: {why}")]
    Unwritable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Another daemon uses it.
    #[error("another raven-runtime is using the data folder {0}; stop it, or give --data-dir another folder")]
    Taken(PathBuf),
    /// A newer program wrote it.
    #[error(
        "the data folder {folder} was written by a newer raven-runtime (version {found}, this one knows {VERSION}); \
         install that one, or give --data-dir another folder"
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Its version.
        found: String,
    },
}

/// A data folder that is ours until it is dropped.
pub struct DataDir {
    root: PathBuf,
    _lock: File,
}

/// Where a daemon listens; kept in the data folder for the command line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Running {
    /// Address of its API.
    pub endpoint: String,
    /// Its process.
    pub pid: u32,
}

/// Where a data folder has its user's own kinds of agents.
pub fn kinds_in(root: &Path) -> PathBuf {
    root.join("kinds")
}

/// Where a data folder has the programs of agents that are installed in it.
pub fn installed_in(root: &Path) -> PathBuf {
    root.join("installed")
}

/// Where a data folder has the logins that agents made, by kind.
pub fn logins_in(root: &Path) -> PathBuf {
    root.join("logins")
}

/// Where a data folder has the provider keys that were set by calls.
pub fn keys_in(root: &Path) -> PathBuf {
    root.join("keys.json")
}

impl DataDir {
    /// Takes the folder; makes it when it is not there.
    ///
    /// # Errors
    /// [`Unusable`], worded for a person.
    pub fn open(root: &Path) -> Result<Self, Unusable> {
        let unwritable = |why| Unusable::Unwritable { folder: root.to_owned(), why };
        files::create_private_dir(root).map_err(unwritable)?;
        let root = root.canonicalize().map_err(unwritable)?;
        let lock = files::open_private(&root.join(LOCK)).map_err(unwritable)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(Unusable::Taken(root));
        }
        check_version(&root)?;
        Ok(Self { root, _lock: lock })
    }

    /// Agents' folders.
    pub fn agents(&self) -> PathBuf {
        self.root.join("agents")
    }

    /// The event stream.
    pub fn events(&self) -> PathBuf {
        self.root.join("events")
    }

    /// The user's own kinds of agents.
    pub fn kinds(&self) -> PathBuf {
        kinds_in(&self.root)
    }

    /// The user's own prices of models.
    pub fn prices(&self) -> PathBuf {
        self.root.join("prices.toml")
    }

    /// Programs of agents that are installed here.
    pub fn installed(&self) -> PathBuf {
        installed_in(&self.root)
    }

    /// Logins that agents made, by kind.
    pub fn logins(&self) -> PathBuf {
        logins_in(&self.root)
    }

    /// Calls that wait.
    pub fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    /// Repositories that were fetched from elsewhere.
    pub fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    /// Provider keys that were set by calls.
    pub fn keys(&self) -> PathBuf {
        keys_in(&self.root)
    }

    /// The id of this installation; made once.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn runtime_id(&self) -> io::Result<RuntimeId> {
        let path = self.root.join("runtime-id");
        if let Some(id) = files::read_json(&path)? {
            return Ok(id);
        }
        let id = RuntimeId::generate();
        files::replace_json(&path, &id, Durability::Disk)?;
        Ok(id)
    }

    /// Tells the command line where the daemon listens.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn announce(&self, endpoint: String) -> io::Result<()> {
        let running = Running { endpoint, pid: std::process::id() };
        files::replace_json(&running_file(&self.root), &running, Durability::Process)
    }

    /// Tells the command line that no daemon runs.
    pub fn retract(&self) {
        let _gone = std::fs::remove_file(running_file(&self.root));
    }
}

/// Where the daemon of a data folder listens.
///
/// # Errors
/// When the folder cannot be read.
pub fn running(root: &Path) -> io::Result<Option<Running>> {
    files::read_json(&running_file(root))
}

/// The daemon that runs on a data folder now. One that was killed is still announced, and its number may
/// be another process's: what counts is that the process has the folder's lock open.
pub fn followed_by(root: &Path) -> Option<Running> {
    let told = running(root).ok()??;
    let identity = |found: &Metadata| (found.dev(), found.ino());
    let lock = identity(&std::fs::metadata(root.join(LOCK)).ok()?);
    let mut open = std::fs::read_dir(format!("/proc/{}/fd", told.pid)).ok()?.flatten();
    let holds = open.any(|file| std::fs::metadata(file.path()).is_ok_and(|found| identity(&found) == lock));
    holds.then_some(told)
}

fn running_file(root: &Path) -> PathBuf {
    root.join("runtime.json")
}

fn check_version(root: &Path) -> Result<(), Unusable> {
    let path = root.join("version");
    let unwritable = |why| Unusable::Unwritable { folder: root.to_owned(), why };
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(found) if found <= VERSION => Ok(()),
            _ => Err(Unusable::Newer {
                folder: root.to_owned(),
                found: text.trim().chars().take(40).collect(),
            }),
        },
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            files::replace(&path, format!("{VERSION}\n").as_bytes(), Durability::Process).map_err(unwritable)
        }
        Err(other) => Err(unwritable(other)),
    }
}
