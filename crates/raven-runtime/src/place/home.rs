//! An agent's own home: what is linked into it and written there.
//!
//! Owns the files' shapes. Must not know which kinds want which.

use serde::Deserialize;

use super::vars::Condition;

/// A file that is written before the start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeFile {
    /// Its path in the home.
    pub path: String,
    /// What is in it.
    pub format: Format,
    /// Its text; places to fill are filled after it was parsed, in texts and in names.
    pub content: String,
    /// Whether it is laid over one that is there.
    #[serde(default)]
    pub merge: bool,
    /// All of these must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// Anything.
    Text,
}
