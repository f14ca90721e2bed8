//! What a spawn becomes: a home, a command, an environment.
//!
//! Owns how a kind's description is filled in for one agent. Must not know how it is started.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use raven_protocol::agent::SpawnConfig;
use raven_protocol::kind::Provider;
use raven_protocol::runtime_api::SpawnRequest;
use secrecy::ExposeSecret as _;

use super::Setup;
use super::kinds::Kind;
use super::record::Spec;
use super::supervisor::Plan;
use crate::environment::{AGENT_ID, Environment};
use crate::host::wire::HostSpec;
use crate::place::home::{self, Sources};
use crate::place::vars::Vars;
use crate::place::worktree::{self, Wanted};

/// Plans one agent, and makes its home. What stands against its start is told by the agent.
pub fn plan(setup: &Setup, kind: &Kind, request: &SpawnRequest, spec: &Spec, folder: &Path) -> Plan {
    let begun = Begun { setup, kind, request, spec, folder };
    let (argv, env, missing) = match begun.fill() {
        Ok((argv, env)) => {
            let missing = kind.missing(&setup.installed, &env);
            (argv, env, missing)
        }
        Err(broken) => (Vec::new(), Environment::new(), Some(format!("{broken:#}"))),
    };
    let wanted = request.config.repository.clone().map(|repository| Wanted {
        repository,
        branch: worktree::branch(&spec.name, spec.id.as_str()),
        work: spec.cwd.clone(),
    });
    let worktree = wanted.map(|wanted| (setup.repositories.clone(), wanted));
    let spec = HostSpec {
        folder: folder.to_owned(),
        argv,
        cwd: spec.cwd.clone(),
        size: spec.size,
        env,
        keep: request.keep,
        journal_limit: setup.journal_limit,
    };
    Plan { host_program: setup.host_program.clone(), host_env: setup.env.clone(), missing, spec, worktree }
}

struct Begun<'a> {
    setup: &'a Setup,
    kind: &'a Kind,
    request: &'a SpawnRequest,
    spec: &'a Spec,
    folder: &'a Path,
}

impl Begun<'_> {
    fn fill(&self) -> anyhow::Result<(Vec<String>, Environment)> {
        let (setup, is, config) = (self.setup, &self.kind.is, &self.request.config);
        let mut vars = self.vars();
        let own = self.variables(&mut vars)?;
        let mut env = setup.env.clone();
        if is.home.own {
            let home = self.home();
            let from = Sources { own: &setup.own_home(), logins: &setup.logins_of(self.kind) };
            home::clear(&home, &is.home.files, &vars).context("its home cannot be cleared")?;
            home::link(&home, &from, &is.home.link, &is.home.share).context("its home cannot be made")?;
            home::write(&home, &is.home.files, &vars).context("its home cannot be filled")?;
            env.insert("HOME".to_owned(), home.to_string_lossy().into_owned());
        }
        let wanted = is.keys.iter().map(|(name, provider)| (name.as_str(), *provider));
        env.extend(setup.keys.environment(wanted));
        env.extend(own);
        env.extend(config.env.clone());
        // Last: by it the agent's processes are found when its host is gone.
        env.insert(AGENT_ID.to_owned(), self.spec.id.to_string());
        Ok((self.argv(&vars, config, &env)?, env))
    }

    /// The variables of the kind, which its files and arguments may ask for as for those of the spawn.
    fn variables(&self, vars: &mut Vars) -> anyhow::Result<Environment> {
        let mut own = Environment::new();
        for variable in &self.kind.is.program.variables {
            if vars.meet(&variable.when) {
                let value = fill(vars, &variable.value)?;
                if !self.request.config.env.contains_key(&variable.name) {
                    vars.set(format!("env.{}", variable.name), &value);
                }
                own.insert(variable.name.clone(), value);
            }
        }
        Ok(own)
    }

    fn argv(&self, vars: &Vars, config: &SpawnConfig, env: &Environment) -> anyhow::Result<Vec<String>> {
        let mut argv = self.kind.command(&self.setup.installed, config, env);
        for arguments in &self.kind.is.program.arguments {
            if vars.meet(&arguments.when) {
                for argument in &arguments.add {
                    argv.push(fill(vars, argument)?);
                }
            }
        }
        argv.extend(config.args.iter().cloned());
        Ok(argv)
    }

    fn vars(&self) -> Vars {
        let mut vars = Vars::default();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vars.set("home", text(&self.home()));
        vars.set("work", text(&self.spec.cwd));
        vars.set("folder", text(self.folder));
        let program = quoted(&text(&self.setup.host_program));
        // A hook that fails would stop the program: it never does, whatever became of ours.
        vars.set("signal", format!("{program} signal {} || true", quoted(&text(self.folder))));
        for (name, word) in
            [("model", &self.request.config.model), ("permission_mode", &self.request.config.permission_mode)]
        {
            if let Some(word) = word {
                vars.set(name, word);
            }
        }
        for provider in Provider::ALL {
            self.set_key(&mut vars, provider);
        }
        if let Some(mcp) = &self.request.mcp
            && let Some(key) = mcp.keys.get(&self.spec.id)
        {
            vars.set("mcp.url", &mcp.url);
            vars.set("mcp.key", key.expose_secret());
        }
        for (name, value) in &self.request.config.env {
            vars.set(format!("env.{name}"), value);
        }
        // A worktree is made only after this.
        let of_repository = self.request.config.repository.is_some();
        if of_repository || self.spec.cwd.ancestors().any(|folder| folder.join(".git").exists()) {
            vars.set("git", "yes");
        }
        if self.setup.has_login(self.kind) {
            vars.set("login", "yes");
        }
        vars
    }

    /// A key of the runtime, or of the spawn itself, when the kind takes one.
    fn set_key(&self, vars: &mut Vars, provider: Provider) {
        let mut names =
            self.kind.is.keys.iter().filter(|(_, takes)| **takes == provider).map(|(name, _)| name);
        let Some(name) = names.next() else { return };
        let of_spawn = self.request.config.env.get(name).cloned();
        let key =
            of_spawn.or_else(|| self.setup.keys.get(provider).map(|key| key.expose_secret().to_owned()));
        // A spawn that empties the variable wants none.
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            let tail: String = key.chars().skip(key.chars().count().saturating_sub(20)).collect();
            vars.set(format!("key.{provider}.last20"), tail);
            vars.set(format!("key.{provider}"), key);
        }
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }
}

impl Setup {
    fn own_home(&self) -> PathBuf {
        self.env.get("HOME").map(PathBuf::from).unwrap_or_default()
    }

    fn logins_of(&self, kind: &Kind) -> PathBuf {
        self.logins.join(kind.is.agent_type.as_str())
    }

    /// Whether a kind's login is kept here.
    fn has_login(&self, kind: &Kind) -> bool {
        let (own, logins) = (self.own_home(), self.logins_of(kind));
        kind.has_login(&Sources { own: &own, logins: &logins })
    }
}

fn fill(vars: &Vars, text: &str) -> anyhow::Result<String> {
    vars.fill(text).map_err(|name| anyhow::anyhow!("there is nothing to fill `{{{name}}}` with"))
}

/// A word of a shell's command line.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
