//! The server's key: where it comes from, and what is in it.
//!
//! Owns the key file. It holds two keys of 32 bytes: one that seals, which a rotation replaces, and the root from
//! which others are derived, which stays, so that chains of records and recordings can be verified for ever. A
//! file of 32 bytes, as older versions made, is both. Must not know what the keys are used for.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::hex;

/// Name of the key file in a data folder.
const FILE: &str = "secret.key";

/// Name of a rotation's next key, until the database is sealed with it.
const NEXT: &str = "secret.key.new";

/// Where the server's key comes from.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// The data folder's own file, made at the first start.
    #[default]
    Folder,
    /// A file somewhere else, such as a mounted secret: its bytes, or their base64.
    File(PathBuf),
    /// The key itself in base64, from the environment.
    Given(SecretString),
}

/// The two keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub seal: Zeroizing<[u8; 32]>,
    pub root: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

impl Key {
    /// A key that seals anew and derives as before.
    pub fn rotated(&self) -> Self {
        Self { seal: Zeroizing::new(rand::random()), root: self.root.clone() }
    }

    /// Names the sealing key without telling anything of it.
    pub fn id(&self) -> String {
        use sha2::Digest as _;
        let digest = sha2::Sha256::new().chain_update(b"raven key id\0").chain_update(*self.seal).finalize();
        hex(&digest[..8])
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let (seal, root) = match bytes.len() {
            32 => (bytes, bytes),
            64 => bytes.split_at(32),
            length => bail!("has {length} bytes, and a key has 32 or 64; restore it from a backup"),
        };
        Ok(Self { seal: Zeroizing::new(seal.try_into()?), root: Zeroizing::new(root.try_into()?) })
    }

    fn parse_base64(text: &str) -> anyhow::Result<Self> {
        let bytes = BASE64_STANDARD.decode(text.trim()).context("is not base64")?;
        Self::parse(&Zeroizing::new(bytes))
    }

    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([*self.seal, *self.root].concat())
    }
}

/// Reads the key; the folder's own is made for its owner alone when it is missing.
///
/// # Errors
/// When it cannot be read or written, or is no key.
pub fn read(source: &Source, data_dir: &Path) -> anyhow::Result<Key> {
    if let Some(key) = existing(source, data_dir)? {
        return Ok(key);
    }
    let path = data_dir.join(FILE);
    create(&path, &first())?;
    read_file(&path)
}

/// Reads the key; `None` when the folder has none of its own.
///
/// # Errors
/// When it cannot be read, or is no key.
pub fn existing(source: &Source, data_dir: &Path) -> anyhow::Result<Option<Key>> {
    match source {
        Source::Folder => {
            let path = data_dir.join(FILE);
            path.exists().then(|| read_file(&path)).transpose()
        }
        Source::File(path) => read_file(path).map(Some),
        Source::Given(text) => {
            let key = Key::parse_base64(text.expose_secret());
            key.map(Some).context("the key in RAVEN_DOCS_SECRET_KEY")
        }
    }
}

fn first() -> Key {
    Key { seal: Zeroizing::new(rand::random()), root: Zeroizing::new(rand::random()) }
}

/// Reads a key file: bytes, or base64.
///
/// # Errors
/// When it cannot be read, or is no key.
pub fn read_file(path: &Path) -> anyhow::Result<Key> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let bytes = Zeroizing::new(bytes);
    warn_when_open(path);
    let text = std::str::from_utf8(&bytes).ok().filter(|_| !matches!(bytes.len(), 32 | 64));
    let key = match text {
        Some(text) => Key::parse_base64(text),
        None => Key::parse(&bytes),
    };
    key.with_context(|| path.display().to_string())
}

/// Whoever else can read the key can read every secret.
fn warn_when_open(path: &Path) {
    let Ok(mode) = fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777) else { return };
    if mode & 0o077 != 0 {
        let path = path.display();
        tracing::warn!("{path} can be read by others (mode {mode:o}): run `chmod 600 {path}`");
    }
}

/// The key that a rotation was about to use when it was cut off.
pub fn next(data_dir: &Path) -> anyhow::Result<Option<Key>> {
    let path = data_dir.join(NEXT);
    path.exists().then(|| read_file(&path)).transpose()
}

/// Writes a key that seals anew and derives as the one in use, in base64, for a server whose key is given.
pub fn write_next(source: &Source, data_dir: &Path, out: &Path) -> anyhow::Result<()> {
    let next = read(source, data_dir)?.rotated();
    write_private(out, BASE64_STANDARD.encode(&*next.bytes()).as_bytes())
}

/// Puts a rotation's key beside the folder's own, durably.
pub fn keep_next(data_dir: &Path, key: &Key) -> anyhow::Result<()> {
    forget_next(data_dir)?;
    create(&data_dir.join(NEXT), key)
}

/// Makes a rotation's key the folder's own.
pub fn adopt_next(data_dir: &Path) -> anyhow::Result<()> {
    fs::rename(data_dir.join(NEXT), data_dir.join(FILE)).context("secret.key.new cannot be renamed")?;
    sync_folder(data_dir)
}

/// Removes the key of a rotation that came to nothing.
pub fn forget_next(data_dir: &Path) -> anyhow::Result<()> {
    match fs::remove_file(data_dir.join(NEXT)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("secret.key.new cannot be removed")
        }
        _ => Ok(()),
    }
}

fn create(path: &Path, key: &Key) -> anyhow::Result<()> {
    write_private(path, &key.bytes())
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .with_context(|| {
            format!(
                "{} cannot be created: check that it is not there, and its folder writable",
                path.display()
            )
        })?;
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).context("the data folder cannot be synced")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_an_older_version_is_both() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), [7; 32]).unwrap();
        let key = read(&Source::Folder, folder.path()).unwrap();
        assert_eq!((*key.seal, *key.root), ([7; 32], [7; 32]));
        let rotated = key.rotated();
        assert_eq!(*rotated.root, [7; 32]);
        assert_ne!(rotated.id(), key.id());
        keep_next(folder.path(), &rotated).unwrap();
        assert_eq!(next(folder.path()).unwrap(), Some(rotated.clone()));
        adopt_next(folder.path()).unwrap();
        assert_eq!(read(&Source::Folder, folder.path()).unwrap(), rotated);
        assert_eq!(next(folder.path()).unwrap(), None);
    }

    #[test]
    fn a_key_is_read_from_bytes_and_from_base64() {
        let folder = tempfile::tempdir().unwrap();
        let text = BASE64_STANDARD.encode([9; 64]);
        let given = read(&Source::Given(text.clone().into()), folder.path()).unwrap();
        assert_eq!(*given.seal, [9; 32]);
        let path = folder.path().join("mounted");
        fs::write(&path, format!("{text}\n")).unwrap();
        assert_eq!(read(&Source::File(path.clone()), folder.path()).unwrap(), given);
        assert!(!folder.path().join(FILE).exists(), "nothing is made beside a given key");
        for bad in ["", "short", "!!!!"] {
            fs::write(&path, bad).unwrap();
            assert!(read(&Source::File(path.clone()), folder.path()).is_err(), "{bad}");
        }
    }
}
