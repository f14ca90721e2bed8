//! One server per data folder.
//!
//! Owns the lock file. It is held as long as the value lives, and ends with the process however that ends.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context as _, bail};

/// Name of the lock file in a data folder.
const FILE: &str = "server.lock";

/// The right to use a data folder alone.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// # Errors
    /// When a server runs on the folder.
    pub fn take(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(FILE);
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!("a raven-docs server uses the data folder {}: stop it first", data_dir.display())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }
}
