//! The control plane outside, in the hosting mode `parallax`: it is told what people decide of agents.
//!
//! Owns what it is told and where. A decision is noted in the change that decides it, so that a crash loses none. Must
//! not know how often something is tried.

use raven_protocol::id::{DeliveryId, EventId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::auth::Named;
use crate::db::{self, agents, deliveries, settings};
use crate::error::Error;
use crate::events::Change;
use crate::notifications::delivery::{Channel, State};
use crate::settings::HostingMode;

/// What people decide of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    Approved,
    Denied,
    Revoked,
}

impl Decided {
    fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Revoked => "revoked",
        }
    }
}

/// A control plane that can be told something.
pub struct Plane {
    pub url: String,
    pub key_sealed: String,
}

impl Plane {
    /// The one that settings name, where they name all of it.
    pub fn of(row: &settings::Model) -> Option<Self> {
        let hosted = row.hosting_mode == HostingMode::Parallax.as_str();
        let named = row.control_plane_url.clone().zip(row.control_plane_key_sealed.clone());
        named.filter(|_| hosted).map(|(url, key_sealed)| Self { url, key_sealed })
    }
}

/// What a control plane's key is sealed for.
pub fn key_purpose(workspace: &WorkspaceId) -> String {
    format!("control plane key of {workspace}")
}

/// Where a decision goes.
pub fn address(base: &str, row: &deliveries::Model) -> String {
    let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let agent = part(row.agent_id.as_deref().unwrap_or_default());
    let base = base.trim_end_matches('/');
    format!("{base}/api/agents/{agent}/workspaces/{}/{}", part(&row.workspace_id), part(&row.topic))
}

/// Notes a decision for the workspace's control plane, if it has one.
pub async fn note(
    change: &Change,
    agent: &agents::Model,
    decided: Decided,
    (by, reason): (&Named, Option<&str>),
) -> Result<(), Error> {
    let workspace = WorkspaceId::parse(agent.workspace_id.as_str())?;
    let settings = db::settings::find(change.tx(), &workspace).await?;
    if settings.as_ref().and_then(Plane::of).is_none() {
        return Ok(());
    }
    let (pending, now) = (State::Pending.as_str(), Timestamp::now());
    let id = agent.external_id.as_ref().unwrap_or(&agent.id);
    let permissions: serde_json::Value =
        serde_json::from_str(&agent.permissions).map_err(anyhow::Error::from)?;
    let event = EventId::generate().to_string();
    let body = json!({
        "id": event,
        "decision": decided.as_str(),
        "workspaceId": agent.workspace_id,
        "agent": { "id": id, "name": agent.name, "type": agent.agent_type, "origin": agent.origin },
        "permissions": permissions,
        "decidedBy": by,
        "decidedAt": now,
        "reason": reason,
    });
    // One that cannot be delivered holds up those after it.
    let first = deliveries::first_at(change.tx(), workspace.as_str(), pending).await?;
    let row = deliveries::Model {
        id: DeliveryId::generate().to_string(),
        workspace_id: agent.workspace_id.clone(),
        channel: Channel::ControlPlane.as_str().to_owned(),
        target_id: agent.workspace_id.clone(),
        event_id: event,
        topic: decided.as_str().to_owned(),
        agent_id: Some(id.clone()),
        body: body.to_string(),
        state: pending.to_owned(),
        attempts: 0,
        code: None,
        answer: None,
        next_at: Some(first.unwrap_or_default().max(now.as_millis())),
        created_at: now.as_millis(),
        ended_at: None,
    };
    Ok(deliveries::insert(change.tx(), &row).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_goes_under_the_address_that_was_given() {
        let row = |agent: &str| deliveries::Model {
            id: "dlv_1".into(),
            workspace_id: "ws_1".into(),
            channel: "control_plane".into(),
            target_id: "ws_1".into(),
            event_id: "evt_1".into(),
            topic: "revoked".into(),
            agent_id: Some(agent.into()),
            body: "{}".into(),
            state: "pending".into(),
            attempts: 0,
            code: None,
            answer: None,
            next_at: None,
            created_at: 0,
            ended_at: None,
        };
        for (base, agent, address_is) in [
            ("https://p.example/", "agt_1", "https://p.example/api/agents/agt_1/workspaces/ws_1/revoked"),
            ("https://p.example/v1", "a:b", "https://p.example/v1/api/agents/a%3Ab/workspaces/ws_1/revoked"),
        ] {
            assert_eq!(address(base, &row(agent)), address_is);
        }
    }
}
