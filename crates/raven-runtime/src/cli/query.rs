//! `raven-runtime status`, `agents` and `stop`: questions to a running daemon.
//!
//! Owns finding the daemon and wording its answers. Must not know more of it than its API.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
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

/// A daemon that can be asked.
struct Daemon {
    endpoint: Url,
    key: Option<SecretString>,
    client: reqwest::Client,
}

pub fn status(asked: &Where) -> anyhow::Result<()> {
    block_on(async {
        let daemon = Daemon::find(asked)?;
        let health: Health = daemon.call(Method::GET, "api/health", None::<&()>).await?;
        if asked.json {
            return print(&serde_json::to_string_pretty(&health)?);
        }
        let mut lines = vec![format!("{} · raven-runtime {}", daemon.endpoint, health.version)];
        match (health.active_agents, health.uptime_seconds) {
            (Some(agents), Some(uptime)) => lines.push(format!("{agents} active agents, up for {uptime} s")),
            _ => lines.push("give --api-key-file to see more".to_owned()),
        }
        for kind in health.agent_types.unwrap_or_default() {
            let how = match (kind.path, kind.install) {
                (Some(path), _) => path,
                (None, Some(install)) => format!("not installed: {install}"),
                (None, None) => "not installed".to_owned(),
            };
            lines.push(format!("  {:<14} {how}", kind.agent_type.as_str()));
        }
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
            format!("{}  {:<14} {:<12} {}", agent.id, agent.status.as_str(), kind, agent.name)
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

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

impl Daemon {
    fn find(asked: &Where) -> anyhow::Result<Self> {
        let env = process_environment();
        let endpoint = match &asked.endpoint {
            Some(endpoint) => {
                Url::parse(endpoint).with_context(|| format!("`{endpoint}` is not an address"))?
            }
            None => {
                let folder = data_dir(asked.data_dir.clone(), &env)?;
                let running = running(&folder)?.with_context(|| {
                    format!("no raven-runtime is running on the data folder {}", folder.display())
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

    async fn call<T: DeserializeOwned>(
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
        let answer = answer.with_context(|| format!("no raven-runtime answers at {}", self.endpoint))?;
        if answer.status().is_success() {
            return answer.json().await.context("the answer is not one of a raven-runtime");
        }
        let status = answer.status();
        match answer.json::<Problem>().await {
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
