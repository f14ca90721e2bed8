//! `raven-runtime status`, `agents` and `stop`: questions to a running daemon.
//!
//! Owns finding the daemon and wording its answers. Must not know more of it than its API.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use raven_protocol::kind::{AgentTypeStatus, Credential, Provider};
use raven_protocol::problem::Problem;
use raven_protocol::runtime_api::{AgentList, Health, RuntimeAgent, StopRequest};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::{Stop, Where};
use crate::config::{data_dir, process_environment, read_key};
use crate::data_dir::running;
use crate::outbox::http_client;

/// How long a stop is waited for: the daemon's own limits end it earlier.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How often it is asked whether the agents have ended.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// The code of the problem when there is no such agent.
const NO_AGENT: &str = "AGENT_NOT_FOUND";

/// A daemon that can be asked.
pub struct Daemon {
    endpoint: Url,
    key: Option<SecretString>,
    client: reqwest::Client,
}

pub fn status(asked: &Where) -> anyhow::Result<()> {
    block_on(async {
        let daemon = Daemon::find(asked)?;
        let health: Health = daemon.health().await?;
        if asked.json {
            return print(&serde_json::to_string_pretty(&health)?);
        }
        let mut lines = vec![format!("{} · raven-runtime {}", daemon.endpoint, health.version)];
        match (health.active_agents, health.uptime_seconds) {
            (Some(active), Some(uptime)) => {
                lines.push(format!("{active} active agents, up for {uptime} s"));
                let held = daemon.agents().await?;
                let waits = |agent: &RuntimeAgent| Some(format!("{} {}", agent.id, waits(agent)?));
                lines.extend(held.iter().filter_map(waits));
            }
            _ => lines.push("give --api-key-file to see more".to_owned()),
        }
        lines.extend(health.agent_types.unwrap_or_default().iter().map(kind_line));
        print(&lines.join("\n"))
    })
}

pub fn agents(asked: &Where) -> anyhow::Result<()> {
    block_on(async {
        let agents = Daemon::find(asked)?.agents().await?;
        if asked.json {
            return print(&serde_json::to_string_pretty(&agents)?);
        }
        if agents.is_empty() {
            return print("no agents");
        }
        let line = |agent: &RuntimeAgent| {
            let kind = agent.agent_type.as_str();
            let line = format!("{}  {:<14} {:<12} {}", agent.id, agent.status.as_str(), kind, agent.name);
            waits(agent).map_or(line.clone(), |waits| format!("{line}\n  {waits}"))
        };
        print(&agents.iter().map(line).collect::<Vec<_>>().join("\n"))
    })
}

pub fn stop(asked: &Stop) -> anyhow::Result<()> {
    block_on(async {
        let daemon = Daemon::find(&asked.daemon)?;
        let ids: Vec<String> = match &asked.agent {
            Some(id) => vec![id.clone()],
            None => {
                let live = daemon.agents().await?.into_iter().filter(|agent| !agent.status.is_final());
                live.map(|agent| agent.id.to_string()).collect()
            }
        };
        let request = StopRequest { force: asked.force, timeout: None };
        for id in &ids {
            let _stopping: RuntimeAgent =
                daemon.call(Method::POST, &format!("api/agents/{id}/stop"), Some(&request)).await?;
        }
        let mut ended = Vec::new();
        for id in &ids {
            ended.push(daemon.ended(id).await?);
        }
        if asked.daemon.json {
            return print(&serde_json::to_string_pretty(&ended)?);
        }
        let line = |agent: &RuntimeAgent| format!("{} {}", agent.id, agent.status);
        match ended.is_empty() {
            true => print("no agents to stop"),
            false => print(&ended.iter().map(line).collect::<Vec<_>>().join("\n")),
        }
    })
}

/// What an agent waits for, if it is held.
fn waits(agent: &RuntimeAgent) -> Option<String> {
    agent.held_since.map(|_| held(agent.unrecorded.unwrap_or_default()))
}

/// What an agent waits for that is held with so many bytes.
pub fn held(unrecorded: u64) -> String {
    format!("waits: {} not recorded; is the control plane reachable?", size(unrecorded))
}

/// A number of bytes for a person.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} B");
    };
    // Tenths, cut and not rounded: what is left is not more than what is shown.
    match (bytes / unit, bytes % unit * 10 / unit) {
        (whole, 0) => format!("{whole} {name}"),
        (whole, tenths) => format!("{whole}.{tenths} {name}"),
    }
}

/// How a kind of agent stands: its program, its version, and what it would have to work with.
pub fn kind_line(kind: &AgentTypeStatus) -> String {
    let mut facts = vec![match (&kind.path, &kind.install) {
        (Some(path), _) => path.clone(),
        (None, Some(install)) => format!("not installed: {install}"),
        (None, None) => "not installed".to_owned(),
    }];
    match &kind.version {
        Some(version) if kind.tested => facts.push(format!("{version}, tested")),
        Some(version) => facts.push(format!("{version}, not tested")),
        None if kind.version_pending => facts.push("being asked for its version".to_owned()),
        None if kind.installed && kind.installable.is_some() => facts.push("version unknown".to_owned()),
        None => {}
    }
    let named = |providers: &[Provider]| {
        providers.iter().map(|provider| provider.as_str()).collect::<Vec<_>>().join(", ")
    };
    match kind.credential {
        // Daemons that are older do not say whose.
        Credential::Key if kind.keys.is_empty() => facts.push("has a key".to_owned()),
        Credential::Key => facts.push(format!("has a key of {}", named(&kind.keys))),
        Credential::Login => facts.push("logged in".to_owned()),
        Credential::Missing if kind.providers.is_empty() => facts.push("needs a login".to_owned()),
        Credential::Missing => {
            facts.push(format!("needs a key ({}) or a login", named(&kind.providers)));
        }
        Credential::NotNeeded => {}
    }
    format!("  {:<14} {}", kind.agent_type.as_str(), facts.join(" · "))
}

pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

pub fn print(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

impl Daemon {
    pub fn find(asked: &Where) -> anyhow::Result<Self> {
        let env = process_environment();
        let endpoint = match &asked.endpoint {
            Some(endpoint) => {
                Url::parse(endpoint).with_context(|| format!("`{endpoint}` is not an address"))?
            }
            None => {
                let folder = data_dir(asked.data_dir.clone(), &env)?;
                let running = running(&folder)?.with_context(|| {
                    format!(
                        "no raven-runtime is running on the data folder {}: `raven-runtime start` starts one",
                        folder.display()
                    )
                })?;
                Url::parse(&running.endpoint)?
            }
        };
        let var = |name: &str| env.get(name).filter(|value| !value.is_empty());
        let file =
            asked.api_key_file.clone().or_else(|| var("RAVEN_RUNTIME_API_KEY_FILE").map(PathBuf::from));
        let key = match file {
            Some(file) => Some(read_key(&file)?),
            None => var("RAVEN_RUNTIME_API_KEY").map(|key| SecretString::from(key.clone())),
        };
        Ok(Self { endpoint, key, client: http_client()? })
    }

    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    pub fn key(&self) -> Option<&SecretString> {
        self.key.as_ref()
    }

    pub async fn health(&self) -> anyhow::Result<Health> {
        self.call(Method::GET, "api/health", None::<&()>).await
    }

    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<T> {
        let mut call = self.client.request(method, self.endpoint.join(path)?);
        if let Some(key) = &self.key {
            call = call.bearer_auth(key.expose_secret());
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = call.send().await;
        let answer = answer.with_context(|| {
            format!("no raven-runtime answers at {}: `raven-runtime start` starts one", self.endpoint)
        })?;
        if answer.status().is_success() {
            return answer.json().await.context("the answer is not one of a raven-runtime");
        }
        let status = answer.status();
        match answer.json::<Problem>().await {
            Ok(problem) if problem.code == NO_AGENT => {
                let (what, _in_words_of_the_api) =
                    problem.detail.split_once(": ").unwrap_or((&problem.title, ""));
                bail!("{what}: `raven-runtime agents` lists those there are")
            }
            Ok(problem) => bail!("{}: {}", problem.title, problem.detail),
            Err(_) => bail!("{} answered {status}", self.endpoint),
        }
    }

    async fn agents(&self) -> anyhow::Result<Vec<RuntimeAgent>> {
        let mut agents = Vec::new();
        let mut path = "api/agents?limit=200".to_owned();
        loop {
            let page: AgentList = self.call(Method::GET, &path, None::<&()>).await?;
            agents.extend(page.items);
            let Some(cursor) = page.next_cursor else { return Ok(agents) };
            path = format!("api/agents?limit=200&cursor={cursor}");
        }
    }

    async fn ended(&self, id: &str) -> anyhow::Result<RuntimeAgent> {
        let limit = Instant::now() + STOP_LIMIT;
        loop {
            let agent: RuntimeAgent =
                self.call(Method::GET, &format!("api/agents/{id}"), None::<&()>).await?;
            if agent.status.is_final() {
                return Ok(agent);
            }
            if Instant::now() >= limit {
                bail!("{id} has not ended after {} s; try --force", STOP_LIMIT.as_secs());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_says_what_it_has_and_what_it_needs() {
        let kind = |more: serde_json::Value| {
            let mut kind = serde_json::json!({"type": "codex", "installed": true, "path": "/bin/codex",
                "installable": "1.0", "providers": ["openai"], "credential": "missing"});
            kind.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            kind_line(&serde_json::from_value(kind).unwrap())
        };
        for (more, told) in [
            (
                serde_json::json!({"version": "1.0", "tested": true, "credential": "key", "keys": ["openai"]}),
                "/bin/codex · 1.0, tested · has a key of openai",
            ),
            (
                serde_json::json!({"version": "2.0", "credential": "login"}),
                "/bin/codex · 2.0, not tested · logged in",
            ),
            (
                serde_json::json!({"versionPending": true}),
                "/bin/codex · being asked for its version · needs a key (openai) or a login",
            ),
            (serde_json::json!({"credential": "key"}), "/bin/codex · version unknown · has a key"),
            (
                serde_json::json!({"path": null, "installed": false, "install": "raven-runtime install codex"}),
                "not installed: raven-runtime install codex · needs a key (openai) or a login",
            ),
            (serde_json::json!({"installable": null, "credential": "not_needed"}), "/bin/codex"),
        ] {
            assert_eq!(kind(more), format!("  {:<14} {told}", "codex"));
        }
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, told) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (64 << 20, "64 MiB"),
            ((1 << 30) - 1, "1023.9 MiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(size(bytes), told);
        }
        assert_eq!(held(64 << 20), "waits: 64 MiB not recorded; is the control plane reachable?");
    }
}
