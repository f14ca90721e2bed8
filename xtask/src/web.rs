//! The web UI's packages and build, made anew only when what they are made from has changed.
//!
//! Owns the stamps that tell. Must not know how the UI is written or embedded.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::machine::require_node;
use crate::program::{command, run, web};

/// What the packages are made from.
const PACKAGE_SOURCES: [&str; 2] = ["package.json", "package-lock.json"];

/// What the build is made from; folders count with everything in them.
const BUILD_SOURCES: [&str; 8] = [
    "package.json",
    "package-lock.json",
    "index.html",
    "vite.config.ts",
    "tsconfig.json",
    "postcss.config.cjs",
    "public",
    "src",
];

/// An `npm` command in the web folder.
pub fn npm(args: &[&str]) -> std::process::Command {
    let mut npm = command("npm", args);
    npm.current_dir(web());
    npm
}

/// Installs the packages that the lock file names, unless they are there.
pub fn packages() -> Result<()> {
    require_node()?;
    let stamp = Stamp::of(&web(), &PACKAGE_SOURCES, &web().join("node_modules/.raven-packages"))?;
    stamp.unless_fresh(|| run(&mut npm(&["ci", "--no-audit", "--no-fund"])))
}

/// Builds the UI, unless its build is there and newer sources are not.
pub fn build() -> Result<()> {
    packages()?;
    let stamp = Stamp::of(&web(), &BUILD_SOURCES, &web().join("dist/.raven-build"))?;
    stamp.unless_fresh(|| run(&mut npm(&["run", "build"])))
}

/// A file beside a result that holds the fingerprint of what the result was made from.
pub struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// What some sources in a folder look like now; `file` has how they looked when the result was made.
    pub fn of(folder: &Path, sources: &[&str], file: &Path) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for source in sources {
            hash(&folder.join(source), &mut hasher)?;
        }
        Ok(Self { file: file.to_owned(), fingerprint: format!("{:016x}", hasher.finish()) })
    }

    /// Makes the result, unless it was made from sources that look the same.
    pub fn unless_fresh(&self, make: impl FnOnce() -> Result<()>) -> Result<()> {
        if fs::read_to_string(&self.file).is_ok_and(|last| last == self.fingerprint) {
            return Ok(());
        }
        make()?;
        fs::write(&self.file, &self.fingerprint)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// Feeds names and contents of a file or folder; what does not exist counts as absent.
fn hash(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.hash(hasher);
    if path.is_dir() {
        let entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
        let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
        paths.sort();
        return paths.iter().try_for_each(|path| hash(path, hasher));
    }
    match fs::read(path) {
        Ok(bytes) => bytes.hash(hasher),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false.hash(hasher),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_result_is_made_once_and_again_after_each_change_of_its_sources() {
        let folder = tempfile::tempdir().unwrap();
        let made = Cell::new(0);
        let make = || {
            let stamp = Stamp::of(folder.path(), &["src", "gone"], &folder.path().join("stamp")).unwrap();
            let count = || {
                made.set(made.get() + 1);
                Ok(())
            };
            stamp.unless_fresh(count).unwrap();
            made.get()
        };
        let source = folder.path().join("src/inner/a.ts");
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::write(&source, "1").unwrap();
        assert_eq!([make(), make()], [1, 1]);
        fs::write(&source, "2").unwrap();
        assert_eq!([make(), make()], [2, 2]);
        fs::write(folder.path().join("gone"), "here now").unwrap();
        assert_eq!([make(), make()], [3, 3]);
        fs::rename(&source, source.with_file_name("b.ts")).unwrap();
        assert_eq!(make(), 4);
    }

    #[test]
    fn a_failed_make_leaves_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp::of(folder.path(), &["src"], &folder.path().join("stamp")).unwrap();
        assert!(stamp.unless_fresh(|| anyhow::bail!("broken")).is_err());
        assert!(!stamp.file.exists());
    }
}
