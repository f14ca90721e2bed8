//! Bodies of the runtime's HTTP API and of its calls to the control plane.
//!
//! Owns their shape. Must not know who serves or calls them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agent::{AgentStatus, AgentType, SpawnConfig};
use crate::doing::Doing;
use crate::id::{AgentId, RuntimeId, RuntimeSessionId, WorkspaceId};
use crate::kind::AgentTypeStatus;
use crate::permission::Permission;
use crate::terminal::{Exit, Keep, TerminalSize};
use crate::time::Timestamp;

/// Answer of `GET /api/health`; everything but status and version only to an authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Version of the runtime.
    pub version: String,
    /// Agents that have not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_agents: Option<u32>,
    /// Seconds since the daemon started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    /// Which runtime this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<RuntimeId>,
    /// Kinds of agents that it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_types: Option<Vec<AgentTypeStatus>>,
}

/// Body of `POST /api/spawn`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpawnRequest {
    /// Kind of agent.
    pub agent_type: AgentType,
    /// How many, 1 to 10.
    pub count: u32,
    /// Name; with several agents each gets a number behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ids to give the agents, `count` of them; made by the runtime when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_ids: Option<Vec<AgentId>>,
    /// What the agents are for; kept and shown, not acted on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// What they may do at their control plane, for those who look; the control plane holds them to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Where they find their control plane's tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp: Option<McpAccess>,
    /// How to start them.
    #[serde(default)]
    pub config: SpawnConfig,
    /// The workspace they belong to; comes back in callbacks and heartbeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// Base address of the control plane, for callbacks and heartbeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Credential for those calls.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    pub callback_token: Option<secrecy::SecretString>,
    /// What is kept of the agents' output; the newest, unless a recorder will come for all of it.
    #[serde(default)]
    pub keep: Keep,
}

/// A control plane's MCP server, and the key of each agent for it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct McpAccess {
    /// Address of the server, such as `http://127.0.0.1:3000/mcp`.
    pub url: String,
    /// Keys by the ids in `agentIds`.
    #[serde(serialize_with = "expose_all")]
    pub keys: BTreeMap<AgentId, secrecy::SecretString>,
}

fn expose_all<S: serde::Serializer>(
    keys: &BTreeMap<AgentId, secrecy::SecretString>,
    to: S,
) -> Result<S::Ok, S::Error> {
    use secrecy::ExposeSecret as _;
    to.collect_map(keys.iter().map(|(agent, key)| (agent, key.expose_secret())))
}

pub(crate) fn expose<S: serde::Serializer>(
    secret: &Option<secrecy::SecretString>,
    to: S,
) -> Result<S::Ok, S::Error> {
    use secrecy::ExposeSecret as _;
    secret.as_ref().map(|s| s.expose_secret()).serialize(to)
}

/// Body of `POST /api/agents/{id}/restart`: what a run needs that is kept nowhere.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RestartRequest {
    /// Where it finds its control plane's tools, with its new key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp: Option<McpAccess>,
    /// The variables of its spawn, which may be secrets; a runtime knows them until its daemon ends.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// New credential for callbacks; an agent of a control plane is not restarted without.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    pub callback_token: Option<secrecy::SecretString>,
}

/// Answer of `POST /api/spawn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpawnResponse {
    /// The agents, in the order of their ids; those that failed are here too, and told by an event.
    pub agents: Vec<SpawnedAgent>,
}

/// One agent of a [`SpawnResponse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpawnedAgent {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub agent_type: AgentType,
    /// Its status at the time of the answer.
    pub status: AgentStatus,
    /// Its terminal.
    pub runtime_session_id: RuntimeSessionId,
    /// Where its terminal can be attached: a `ws` or `wss` address on the runtime.
    pub runtime_endpoint: String,
}

/// An agent as its runtime tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeAgent {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub agent_type: AgentType,
    /// What it is doing.
    pub status: AgentStatus,
    /// What the runtime saw that made it say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Its terminal.
    pub runtime_session_id: RuntimeSessionId,
    /// The workspace that it was spawned for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// Its working folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Its process, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// When its process started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it last wrote to its terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activity_at: Option<Timestamp>,
    /// Its exit status, once it ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_signal: Option<i32>,
    /// Why it failed, with the last lines of its screen where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where a person can sign in, while it asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// Since when its program waits, because as much output as is kept was not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Timestamp>,
    /// Bytes of its output that wait to be recorded; absent when nobody records it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<u64>,
    /// What it is at.
    #[serde(flatten)]
    pub doing: Doing,
}

impl RuntimeAgent {
    /// Takes over how the agent's program ended.
    pub fn ended(&mut self, exit: Exit) {
        self.exit_code = exit.code;
        self.exit_signal = exit.signal;
        self.pid = None;
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            id: AgentId::generate(),
            name: "one".into(),
            agent_type: AgentType::parse(AgentType::CUSTOM).unwrap(),
            status: AgentStatus::Ready,
            evidence: None,
            runtime_session_id: RuntimeSessionId::generate(),
            workspace_id: None,
            cwd: None,
            pid: Some(1),
            started_at: Some(Timestamp::from_millis(0)),
            last_activity_at: None,
            exit_code: None,
            exit_signal: None,
            error: None,
            login_url: None,
            held_since: None,
            unrecorded: None,
            doing: Doing::default(),
        }
    }
}

/// Body of `POST /api/agents/{id}/stop`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StopRequest {
    /// Kill at once instead of asking first.
    pub force: bool,
    /// Seconds to wait after asking, 0 to 60; 5 by default.
    pub timeout: Option<u32>,
}

/// Answer of `GET /api/agents`: every agent whose folder is still kept, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentList {
    /// The agents of this page.
    pub items: Vec<RuntimeAgent>,
    /// Pass as `cursor` to read on; absent at the end.
    pub next_cursor: Option<String>,
}

/// Answer of `GET /api/agents/{id}/screen?format=json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScreenJson {
    /// The PTY's size.
    #[serde(flatten)]
    pub size: TerminalSize,
    /// The rows of the screen as text, without trailing blanks.
    pub lines: Vec<String>,
    /// Row and column of the cursor, from 0.
    pub cursor: (u16, u16),
    /// The title that the program set.
    pub title: Option<String>,
    /// Whether the alternate screen is shown.
    pub alternate_screen: bool,
}

/// How a spawn went, in the words of the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackStatus {
    /// The agent can be given work.
    Ready,
    /// The agent could not be started, or broke.
    Failed,
    /// The agent wants a person to sign in.
    RequiresLogin,
}

/// Body of `POST /api/parallax-agents/spawn-callback`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpawnCallback {
    /// The workspace of the spawn.
    pub workspace_id: WorkspaceId,
    /// The agent.
    pub agent_id: AgentId,
    /// How it went.
    pub status: CallbackStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// The agent's own MCP endpoint, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_endpoint: Option<String>,
    /// Its terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_session_id: Option<RuntimeSessionId>,
    /// Where its terminal can be attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_endpoint: Option<String>,
}

/// Body of `POST /api/parallax-agents/runtime/heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// The workspace it is for; absent for every workspace whose runtime key the caller holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// Which runtime this is.
    pub runtime_id: RuntimeId,
    /// Agents that have not ended.
    pub active_agents: u32,
    /// Version of the runtime.
    pub version: String,
    /// Anything else worth showing; at most 32 short texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub metadata: BTreeMap<String, serde_json::Value>,
}
