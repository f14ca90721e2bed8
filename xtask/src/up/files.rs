//! The data folder of `up`: where each program keeps its own, and the key they share.
//!
//! Owns paths and modes. Must not know what the programs write.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Random bytes of a key: 256 bits, beyond guessing.
const KEY_BYTES: usize = 32;

/// The folder and what is in it.
pub struct Files {
    /// The whole folder.
    pub folder: PathBuf,
    /// The key that both programs read.
    pub key: PathBuf,
}

impl Files {
    /// Makes the folder and the key where they are missing; leaves what is there.
    pub fn prepare(folder: &Path) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("cannot make the data folder {}", folder.display()))?;
        let files = Self { folder: folder.to_owned(), key: folder.join("runtime.key") };
        if !files.key.exists() {
            write_key(&files.key).with_context(|| format!("cannot write {}", files.key.display()))?;
        }
        Ok(files)
    }

    /// The control plane's part.
    pub fn docs(&self) -> PathBuf {
        self.folder.join("docs")
    }

    /// The runtime's part.
    pub fn runtime(&self) -> PathBuf {
        self.folder.join("runtime")
    }
}

/// Writes a fresh key beside its place and moves it there, so that no half of one is ever read.
fn write_key(path: &Path) -> Result<()> {
    let mut random = [0; KEY_BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let draft = path.with_extension("key.draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "sk-runtime-{hex}")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_the_owner_reads_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        let files = Files::prepare(&folder).unwrap();
        let key = fs::read_to_string(&files.key).unwrap();
        assert_eq!(key.trim().len(), "sk-runtime-".len() + 2 * KEY_BYTES);
        assert_eq!(fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        Files::prepare(&folder).unwrap();
        assert_eq!(fs::read_to_string(&files.key).unwrap(), key);
        let other = Files::prepare(&parent.path().join("c")).unwrap();
        assert_ne!(fs::read_to_string(other.key).unwrap(), key);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let refused = Files::prepare(Path::new("/proc/nothing/here")).err().unwrap();
        assert!(refused.to_string().contains("/proc/nothing/here"), "{refused}");
    }
}
