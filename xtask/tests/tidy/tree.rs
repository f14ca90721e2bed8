//! The source tree as tidy reads it.
//!
//! Owns which files count as sources. Must not know the rules.

use std::fs;
use std::path::Path;

/// Folders that hold nothing we write.
const SKIPPED: [&str; 8] =
    ["target", "node_modules", "dist", ".git", ".raven", "test-results", "playwright-report", "images"];

/// Files that are generated; their freshness is checked by `cargo xtask codegen --check`.
const GENERATED: [&str; 1] = ["web/src/api/schema.d.ts"];

/// Endings of the files that we write by hand.
const ENDINGS: [&str; 9] = [".rs", ".ts", ".tsx", ".mjs", ".css", ".md", ".toml", ".json", ".sql"];

/// A file of the tree.
pub struct Source {
    /// Path from the root of the workspace, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Source {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn is_script(&self) -> bool {
        [".ts", ".tsx", ".mjs"].iter().any(|ending| self.path.ends_with(ending))
    }

    /// Whether the whole file is part of a test.
    pub fn is_test(&self) -> bool {
        let in_tests = self.path.starts_with("tests/") || self.path.contains("/tests/");
        in_tests || self.path.contains(".test.") || self.path.contains(".spec.")
    }
}

/// Every source, in order of its path.
pub fn read() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    walk(root, root, &mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn walk(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            walk(root, &entry.path(), sources);
        }
        let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let counts =
            ENDINGS.iter().any(|ending| name.ends_with(ending)) && !GENERATED.contains(&path.as_str());
        if kind.is_file() && counts {
            // A file may vanish while it is read: somebody else's draft is not our source.
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            sources.push(Source { path, text });
        }
    }
}
