//! Installations of kinds that were asked for by a call.
//!
//! Owns how they stand while they run and after they failed. Must not know how a package is installed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use raven_protocol::agent::AgentType;
use raven_protocol::kind::{AgentTypeStatus, Installing};
use raven_protocol::time::Timestamp;

use super::Agents;

/// Longest line that is shown, in characters.
const MAX_LINE: usize = 200;

/// Those under way, and why the last ones failed.
#[derive(Default)]
pub struct Installations {
    kinds: Mutex<BTreeMap<AgentType, Installation>>,
}

enum Installation {
    Running(Installing),
    Failed(String),
}

impl Installations {
    fn kinds(&self) -> MutexGuard<'_, BTreeMap<AgentType, Installation>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds how it stands.
    pub fn add_to(&self, status: &mut AgentTypeStatus) {
        match self.kinds().get(&status.agent_type) {
            Some(Installation::Running(running)) => status.installing = Some(running.clone()),
            Some(Installation::Failed(why)) if !status.installed => status.install_error = Some(why.clone()),
            _ => {}
        }
    }
}

impl Agents {
    /// Begins to install a kind's program; `None` when there is no such kind, or it has no package.
    /// Asked again while it runs, it goes on.
    pub fn install(&self, wanted: &AgentType) -> Option<AgentTypeStatus> {
        let kind = self.kinds().find(wanted)?;
        let package = kind.is.program.package.clone()?;
        let shared = &self.shared;
        let (name, version) = (wanted.clone(), package.version.clone());
        let begun = {
            let mut kinds = shared.installations.kinds();
            let runs = matches!(kinds.get(&name), Some(Installation::Running(_)));
            if !runs {
                let running = Installing { version, started_at: Timestamp::now(), line: String::new() };
                kinds.insert(name.clone(), Installation::Running(running));
            }
            !runs
        };
        if begun {
            let (agents, leave) = (self.clone(), shared.setup.leave.clone());
            shared.setup.tasks.spawn(async move {
                let setup = &agents.shared.setup;
                let line = |text: &str| agents.heard(&name, text);
                let work = package.install(&setup.installed, name.as_str(), &setup.install_env, line);
                let ended = leave.run_until_cancelled(work).await;
                let mut kinds = agents.shared.installations.kinds();
                match ended {
                    Some(Err(failed)) => {
                        tracing::warn!(agent.kind = %name, error = format!("{failed:#}"), "an installation failed");
                        kinds.insert(name, Installation::Failed(format!("{failed:#}")));
                    }
                    Some(Ok(_)) | None => drop(kinds.remove(&name)),
                }
            });
        }
        self.types().into_iter().find(|status| status.agent_type == *wanted)
    }

    fn heard(&self, name: &AgentType, text: &str) {
        if let Some(Installation::Running(running)) = self.shared.installations.kinds().get_mut(name) {
            running.line = text.chars().filter(|c| !c.is_control()).take(MAX_LINE).collect();
        }
    }
}
