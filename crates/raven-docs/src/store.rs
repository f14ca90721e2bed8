//! Where large things are kept: an object store, which is a local folder unless said otherwise.
//!
//! Owns all knowledge of the store's crate. Must not know what the objects are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _};

/// Handle to the store.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

/// What the store's crate puts between an object's name and a number while it writes the object.
const UNFINISHED: char = '#';

impl Store {
    /// Keeps objects as files below a folder, made for its owner alone. What was put is on the disk when
    /// the call returns, and whole or not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let files = LocalFileSystem::new_with_prefix(folder)
            .with_context(|| format!("the folder {} cannot be used", folder.display()))?;
        Ok(Self { objects: Arc::new(files.with_fsync(true)), folder: folder.to_owned() })
    }

    /// Removes what a crash left of objects that were being put. Nobody may be putting any.
    ///
    /// # Errors
    /// When a folder cannot be read, or a file not removed.
    pub fn remove_unfinished(&self) -> std::io::Result<()> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_name().to_string_lossy().contains(UNFINISHED) {
                    std::fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Puts an object, in place of one that may be there.
    pub async fn put(&self, key: &str, object: Bytes) -> anyhow::Result<()> {
        self.objects.put(&Key::from(key), object.into()).await?;
        Ok(())
    }

    /// An object; `None` when it is not there.
    pub async fn get(&self, key: &str) -> anyhow::Result<Option<Bytes>> {
        match self.objects.get(&Key::from(key)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Removes an object; one that is not there is removed.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        match self.objects.delete(&Key::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_put_is_there_until_it_is_deleted_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("objects");
        let store = Store::in_folder(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(store.get("a/b").await.unwrap(), None);
        store.put("a/b", Bytes::from_static(b"one")).await.unwrap();
        store.put("a/b", Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(store.get("a/b").await.unwrap().unwrap(), "two");
        std::fs::write(path.join("a/c#1"), "cut").unwrap();
        store.remove_unfinished().unwrap();
        assert!(!path.join("a/c#1").exists() && path.join("a/b").exists());
        store.delete("a/b").await.unwrap();
        store.delete("a/b").await.unwrap();
        assert_eq!(store.get("a/b").await.unwrap(), None);
    }
}
