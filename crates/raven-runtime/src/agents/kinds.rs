//! The kinds of agents that this runtime can start.
//!
//! Owns the table. Must not know processes: a kind is data, and each has a file of its own.

mod claude_code;
mod custom;

use std::path::PathBuf;

use raven_protocol::agent::{AgentType, SpawnConfig};
use raven_protocol::kind::{AgentTypeStatus, Credential};

use crate::environment::{Environment, find_program};

/// One kind of agent.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What is started.
    pub program: ProgramOf,
    /// The command that installs it, for a person.
    pub install: Option<&'static str>,
    /// What a screen that stands still says of it.
    pub when_still: WhenStill,
}

/// Where a kind's command line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramOf {
    /// The spawn's command, or the login shell.
    Spawn,
    /// A program of this name.
    Named(&'static str),
}

/// What can be said of an agent whose screen stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenStill {
    /// That it can be given work.
    Ready,
    /// Only that a person should look: it may be at a dialog.
    MustBeLookedAt,
}

/// Every kind, in the order in which they are shown.
pub const ALL: [&Kind; 2] = [&claude_code::KIND, &custom::KIND];

/// The kind of a name.
pub fn find(name: &AgentType) -> Option<&'static Kind> {
    ALL.into_iter().find(|kind| kind.name == name.as_str())
}

impl Kind {
    /// Program and arguments of a spawn.
    pub fn argv(&self, config: &SpawnConfig, env: &Environment) -> Vec<String> {
        let mut argv = match (self.program, &config.command) {
            (ProgramOf::Named(name), _) => vec![name.to_owned()],
            (ProgramOf::Spawn, Some(command)) => command.clone(),
            (ProgramOf::Spawn, None) => vec![shell(env), "-l".to_owned()],
        };
        argv.extend(config.args.iter().cloned());
        argv
    }

    /// Whether it can be started here.
    pub fn status(&self, env: &Environment) -> Option<AgentTypeStatus> {
        let path = self.path(env);
        Some(AgentTypeStatus {
            agent_type: AgentType::parse(self.name).ok()?,
            title: self.name.to_owned(),
            installed: path.is_some(),
            version: None,
            tested: false,
            installable: None,
            installing: None,
            install_error: None,
            credential: Credential::NotNeeded,
            providers: Vec::new(),
            mcp: false,
            install: self.install.filter(|_| path.is_none()).map(str::to_owned),
            path: path.map(|path| path.to_string_lossy().into_owned()),
        })
    }

    /// What is missing for it to be started, for a person.
    pub fn missing(&self, env: &Environment) -> Option<String> {
        let (ProgramOf::Named(name), Some(install)) = (self.program, self.install) else { return None };
        self.path(env).is_none().then(|| {
            format!("{name} is not installed on the runtime's machine (not in its PATH): install it with `{install}`")
        })
    }

    fn path(&self, env: &Environment) -> Option<PathBuf> {
        match self.program {
            ProgramOf::Spawn => find_program(&shell(env), env),
            ProgramOf::Named(name) => find_program(name, env),
        }
    }
}

fn shell(env: &Environment) -> String {
    env.get("SHELL").cloned().unwrap_or_else(|| "/bin/sh".to_owned())
}
