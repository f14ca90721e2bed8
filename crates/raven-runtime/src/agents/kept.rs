//! What an agent was spawned with, kept in its folder: what it takes to watch it again, and to start it anew.
//!
//! Owns these files. Must not know how agents are started. The variables of a spawn may be secrets: only their
//! names are kept. A control plane's key and token are not kept either; each start brings its own.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use raven_protocol::agent::SpawnConfig;
use raven_protocol::permission::Permission;
use raven_protocol::runtime_api::SpawnRequest;
use raven_protocol::terminal::Keep;
use serde::{Deserialize, Serialize};

use super::kinds::Kind;
use crate::files::{self, Durability};

/// Names of the files.
mod file {
    pub const SPAWN: &str = "spawn.json";
    pub const KIND: &str = "kind.toml";
}

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// How to start it, without its variables.
    pub config: SpawnConfig,
    /// The names of its variables.
    #[serde(default)]
    pub variables: Vec<String>,
    /// What it may do at its control plane.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// What is kept of its output.
    pub keep: Keep,
}

/// Keeps what an agent is spawned with.
pub fn write(folder: &Path, request: &SpawnRequest, kind: &Kind) -> io::Result<()> {
    let kept = Kept {
        config: SpawnConfig { env: BTreeMap::new(), ..request.config.clone() },
        variables: request.config.env.keys().cloned().collect(),
        permissions: request.permissions.clone(),
        keep: request.keep,
    };
    files::replace_json(&folder.join(file::SPAWN), &kept, Durability::Process)?;
    files::replace(&folder.join(file::KIND), kind.text.as_bytes(), Durability::Process)
}

/// What an agent was spawned with; `None` for one of an older runtime.
pub fn read(folder: &Path) -> io::Result<Option<Kept>> {
    files::read_json(&folder.join(file::SPAWN))
}

/// The kind as it was when the agent was spawned; `None` for one of an older runtime.
///
/// # Errors
/// When this version cannot use it.
pub fn kind(folder: &Path) -> anyhow::Result<Option<Kind>> {
    match files::read(&folder.join(file::KIND)) {
        Ok(text) => Kind::read(std::str::from_utf8(&text)?).map(Some),
        Err(none) if none.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}
