//! Files and folders that only their owner may read: how they are made, replaced and read back.
//!
//! Owns modes (0700, 0600) and atomic replacement. Must not know what is in the files.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest file that is read whole, in bytes; ours are far smaller, so a larger one is not ours.
const MAX_READ: u64 = 16 * 1024 * 1024;

/// Makes a folder, and those above it, for the owner alone. An existing one is left as it is.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file for appending; made for the owner alone when it is not there.
pub fn append_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Opens a file of our own for reading and writing; made for the owner alone when it is not there.
pub fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Whether a replaced file must be on the disk before the call returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the process loses nothing; a power cut may bring the old content back.
    Process,
    /// A power cut loses nothing either.
    Disk,
}

/// Replaces a file: readers see the old content or the new one, never a part.
pub fn replace(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh: PathBuf = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    if durability == Durability::Disk {
        file.sync_data()?;
    }
    std::fs::rename(&fresh, path)?;
    if durability == Durability::Disk
        && let Some(folder) = path.parent()
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Replaces a file with a value as JSON.
pub fn replace_json(path: &Path, value: &impl Serialize, durability: Durability) -> io::Result<()> {
    let mut content = serde_json::to_vec(value)?;
    content.push(b'\n');
    replace(path, &content, durability)
}

/// Reads a whole file, up to a bound.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_READ).read_to_end(&mut content)?;
    Ok(content)
}

/// Reads a value from JSON; a file that is not there is `None`.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match read(path) {
        Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(other) => Err(other),
    }
}
