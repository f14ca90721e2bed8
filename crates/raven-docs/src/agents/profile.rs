//! What an agent may know of itself.

use raven_protocol::agent::AgentStatus;
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use serde::Serialize;

use super::{Agents, rows, view};
use crate::auth::AgentCaller;
use crate::error::Error;

/// An agent, as it is told to itself.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub agent_type: String,
    pub status: AgentStatus,
    pub capabilities: Vec<String>,
    pub permissions: Vec<Permission>,
    pub workspace_id: String,
    pub description: Option<String>,
    pub avatar_url: Option<String>,
    pub created_at: Timestamp,
    pub last_active_at: Option<Timestamp>,
}

impl Agents {
    /// The agent that calls.
    pub async fn profile(&self, of: &AgentCaller) -> Result<Profile, Error> {
        let row = rows::find(self.db.read(), of.workspace(), of.agent()).await?;
        let agent = view(row.ok_or(Error::NotFound("agent"))?, None)?;
        Ok(Profile {
            id: agent.id,
            name: agent.name,
            agent_type: agent.agent_type,
            status: agent.status,
            capabilities: agent.capabilities,
            permissions: agent.permissions,
            workspace_id: of.workspace().to_string(),
            description: agent.description,
            avatar_url: agent.avatar_url,
            created_at: agent.created_at,
            last_active_at: agent.last_activity_at,
        })
    }
}
