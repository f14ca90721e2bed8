//! What agents say of themselves, and which others they see.
//!
//! Owns these words' bounds. What an agent says is shown as its own word, and changes nothing else.

use raven_protocol::agent::AgentStatus;
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::admission::{Access, seen};
use super::{Agents, named, rows, view};
use crate::access::Granted;
use crate::access::work::AssignWork;
use crate::activity::{self, About, ActivityKind};
use crate::approvals::action::cut;
use crate::assignments::giving::is_within;
use crate::auth::AgentCaller;
use crate::error::Error;
use crate::events::WorkspaceEvent;
use crate::page::{Page, PageQuery};

/// Largest metadata, in bytes of JSON: some labels.
const MAX_METADATA: usize = 4096;

/// Longest action, in characters.
const MAX_ACTION: usize = 200;

/// Longest entry in the feed, in characters.
const MAX_DETAIL: usize = 1000;

/// What an agent says it is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AgentOwnState)]
pub enum OwnState {
    Active,
    Idle,
    Working,
    Paused,
}

/// The same, as it says it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnStatus {
    pub status: OwnState,
    /// Whatever goes with it; a few labels.
    pub metadata: Option<Map<String, Value>>,
}

/// The same, as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AgentOwnStatus)]
pub struct SaidStatus {
    pub status: OwnState,
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// Since when.
    pub at: Timestamp,
}

/// Something that an agent writes into the feed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnWord {
    /// What you did, in a few words.
    pub action: String,
    /// What you did it to.
    pub resource_id: Option<String>,
    /// More of it: a text, or any JSON.
    pub details: Option<Value>,
}

/// Another agent, as agents see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Colleague {
    /// Give it work with this.
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub agent_type: String,
    pub status: AgentStatus,
    pub capabilities: Vec<String>,
    pub permissions: Vec<Permission>,
}

impl Agents {
    /// Takes an agent's word of what it is at.
    pub async fn say_status(&self, by: &AgentCaller, said: OwnStatus) -> Result<SaidStatus, Error> {
        let size = serde_json::to_string(&said.metadata).map_err(anyhow::Error::from)?.len();
        if size > MAX_METADATA {
            return Err(Error::invalid("metadata", format!("must be at most {MAX_METADATA} bytes")));
        }
        let said = SaidStatus { status: said.status, metadata: said.metadata, at: Timestamp::now() };
        let mut change = self.changes.begin_for(by).await?;
        let mut row = self.row_in(&change, by.workspace(), by.agent()).await?;
        row.own_status = Some(serde_json::to_string(&said).map_err(anyhow::Error::from)?);
        rows::update(change.tx(), &row).await?;
        let agent = Box::new(seen(&change, row).await?);
        change.tell(by.workspace(), WorkspaceEvent::AgentTold(agent));
        change.commit().await?;
        Ok(said)
    }

    /// Writes an agent's entry into the feed; answers how it reads.
    pub async fn log_activity(&self, by: &AgentCaller, word: OwnWord) -> Result<String, Error> {
        let action = word.action.trim();
        if action.is_empty() || action.chars().count() > MAX_ACTION || action.chars().any(char::is_control) {
            return Err(Error::invalid(
                "action",
                format!("must be one line of 1 to {MAX_ACTION} characters"),
            ));
        }
        let mut detail = action.to_owned();
        if let Some(resource) = &word.resource_id {
            detail += &format!(" · {resource}");
        }
        match &word.details {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => detail += &format!(": {text}"),
            Some(other) => detail += &format!(": {other}"),
        }
        let detail = cut(&detail.replace(char::is_control, " "), MAX_DETAIL);
        let mut change = self.changes.begin_for(by).await?;
        let row = self.row_in(&change, by.workspace(), by.agent()).await?;
        let about = About {
            agent: Some(named(&row)),
            actor: Some(by.named()),
            detail: Some(detail.clone()),
            session: None,
        };
        activity::record(&mut change, by.workspace(), ActivityKind::AgentLogged, about).await?;
        change.commit().await?;
        Ok(detail)
    }

    /// The agents that a caller may give work: those that are let in and have not ended; for an agent, those others
    /// that may do no more than itself.
    pub async fn seen_by(&self, by: &Granted<AssignWork>, page: PageQuery) -> Result<Page<Colleague>, Error> {
        let limit = page.limit()?;
        let mut filter = rows::Filter {
            access: vec![Access::Approved.as_str()],
            unended: rows::Unended::Only,
            before: page.cursor,
            ..rows::Filter::default()
        };
        // The cursor names one that is seen, so that it tells of no other.
        let (wanted, mut seen) = (usize::try_from(limit).unwrap_or(usize::MAX), Vec::new());
        while seen.len() <= wanted {
            let found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
            let Some(last) = found.last() else { break };
            filter.before = Some(last.id.clone());
            for row in found {
                if may_get_work_of(by, &row)? {
                    seen.push(row);
                }
            }
        }
        seen.truncate(wanted.saturating_add(1));
        Page::of(seen, limit, |row| &row.id, colleague)
    }
}

fn may_get_work_of(by: &Granted<AssignWork>, row: &rows::Model) -> Result<bool, Error> {
    match by.agent() {
        None => Ok(true),
        Some(agent) if row.id == agent.agent().as_str() => Ok(false),
        Some(agent) => is_within(row, agent.permissions()),
    }
}

fn colleague(row: rows::Model) -> Result<Colleague, Error> {
    let agent = view(row, None)?;
    Ok(Colleague {
        id: agent.id,
        name: agent.name,
        agent_type: agent.agent_type,
        status: agent.status,
        capabilities: agent.capabilities,
        permissions: agent.permissions,
    })
}
