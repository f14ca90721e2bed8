//! `raven-runtime spawn` and `send`: agents begun and given work from a shell.
//!
//! Owns their options and the wording of the answers. Must not know more of the daemon than its API.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use clap::Args;
use raven_protocol::agent::{AgentStatus, AgentType, Repository, SpawnConfig};
use raven_protocol::doing::{MessageState, SendAnswer, SendRequest};
use raven_protocol::runtime_api::{RuntimeAgent, SpawnRequest, SpawnResponse};
use raven_protocol::terminal::Keep;
use reqwest::Method;

use super::Where;
use super::query::{Daemon, block_on, print};

#[derive(Args)]
pub struct Spawn {
    /// The kind, such as claude-code
    #[arg(value_name = "TYPE", value_parser = |name: &str| AgentType::parse(name))]
    kind: AgentType,
    /// How many, 1 to 10
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// Its name; with several, each gets a number behind it
    #[arg(long)]
    name: Option<String>,
    /// Working folder; a new empty one by default
    #[arg(long, value_name = "FOLDER")]
    cwd: Option<String>,
    /// Git repository, a path or an address: each agent gets a worktree and a branch of its own
    #[arg(long, value_name = "REPOSITORY", conflicts_with = "cwd")]
    repository: Option<String>,
    /// Branch, tag or commit to begin at
    #[arg(long = "ref", value_name = "REF", requires = "repository")]
    at: Option<String>,
    /// The model
    #[arg(long)]
    model: Option<String>,
    /// How its program asks before it acts, in its own words
    #[arg(long, value_name = "MODE")]
    permission_mode: Option<String>,
    /// A variable for it, NAME=VALUE; repeatable, and readable by other users of this machine here
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Further arguments for its program; for `custom` the command
    #[arg(last = true)]
    args: Vec<String>,
    #[command(flatten)]
    daemon: Where,
}

#[derive(Args)]
pub struct Send {
    /// The agent's id
    agent: String,
    /// What to type
    text: String,
    /// Let it wait while the agent is not ready
    #[arg(long)]
    queue: bool,
    /// Type it without Enter
    #[arg(long)]
    no_submit: bool,
    #[command(flatten)]
    daemon: Where,
}

/// Spawns agents; the ids are printed, one a line.
///
/// # Errors
/// Worded for the person who typed it.
pub fn spawn(asked: Spawn) -> anyhow::Result<()> {
    let json = asked.daemon.json;
    block_on(async {
        let daemon = Daemon::find(&asked.daemon)?;
        let request = request(asked)?;
        let spawned: SpawnResponse = daemon.call(Method::POST, "api/spawn", Some(&request)).await?;
        if json {
            return print(&serde_json::to_string_pretty(&spawned)?);
        }
        print(&spawned.agents.iter().map(|agent| agent.id.to_string()).collect::<Vec<_>>().join("\n"))
    })
}

fn request(asked: Spawn) -> anyhow::Result<SpawnRequest> {
    let is_custom = asked.kind.as_str() == AgentType::CUSTOM;
    let variable = |pair: &String| {
        let (name, value) = pair.split_once('=').with_context(|| format!("`{pair}` is not NAME=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let repository = asked.repository.map(|place| match place.starts_with(['/', '.']) {
        true => {
            let path = std::path::absolute(&place).map(|path| path.to_string_lossy().into_owned());
            Repository { path: Some(path.unwrap_or(place)), url: None, at: asked.at }
        }
        false => Repository { path: None, url: Some(place), at: asked.at },
    });
    let (command, args) = match is_custom && !asked.args.is_empty() {
        true => (Some(asked.args), Vec::new()),
        false => (None, asked.args),
    };
    let config = SpawnConfig {
        command,
        args,
        cwd: asked.cwd,
        repository,
        model: asked.model,
        permission_mode: asked.permission_mode,
        env: asked.env.iter().map(variable).collect::<anyhow::Result<BTreeMap<_, _>>>()?,
        ..SpawnConfig::default()
    };
    Ok(SpawnRequest {
        agent_type: asked.kind,
        count: asked.count,
        name: asked.name,
        agent_ids: None,
        capabilities: Vec::new(),
        permissions: Vec::new(),
        mcp: None,
        config,
        workspace_id: None,
        callback_url: None,
        callback_token: None,
        keep: Keep::Newest,
    })
}

/// Sends a message.
///
/// # Errors
/// Worded for the person who typed it.
pub fn send(asked: &Send) -> anyhow::Result<()> {
    block_on(async {
        let daemon = Daemon::find(&asked.daemon)?;
        let request =
            SendRequest { message: asked.text.clone(), submit: !asked.no_submit, queue: asked.queue };
        let path = format!("api/agents/{}/send", asked.agent);
        let sent: SendAnswer = daemon.call(Method::POST, &path, Some(&request)).await?;
        if asked.daemon.json {
            return print(&serde_json::to_string_pretty(&sent)?);
        }
        print(match sent.state {
            MessageState::Submitted => "submitted",
            MessageState::Typed => "typed, not submitted",
            MessageState::Queued => "queued: it is typed when the agent is ready",
        })
    })
}

/// The agent, once it has a terminal.
pub async fn with_terminal(daemon: &Daemon, id: &str) -> anyhow::Result<RuntimeAgent> {
    let agent: RuntimeAgent = daemon.call(Method::GET, &format!("api/agents/{id}"), None::<&()>).await?;
    if agent.status == AgentStatus::Spawning {
        bail!("{id} is still being started; try again");
    }
    Ok(agent)
}
