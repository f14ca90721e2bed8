//! Programs of agents that this runtime installs into its own data folder.
//!
//! Owns what a package is. Must not know agents or what is done with a program.

use serde::Deserialize;

/// A program as a registry has it, pinned.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Where it comes from.
    pub source: Source,
    /// Its name there.
    pub name: String,
    /// The version that is installed.
    pub version: String,
    /// The program's path in the folder that it is installed into.
    pub executable: String,
    /// Arguments with which it tells its version.
    #[serde(default)]
    pub version_args: Vec<String>,
    /// The version in what it prints then: the first group.
    #[serde(default)]
    pub version_pattern: Option<String>,
    /// Versions with which everything that is known of it was tested.
    #[serde(default)]
    pub tested: Vec<String>,
    /// Names of environment variables that its installation must see, with their values.
    #[serde(default)]
    pub environment: std::collections::BTreeMap<String, String>,
}

/// A registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Node packages.
    Npm,
    /// Python packages.
    Pypi,
}
