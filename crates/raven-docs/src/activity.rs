//! The activity feed: what happened, for people.
//!
//! Owns the kinds of entries and how they read. An entry is written in the change that it tells of.

use raven_protocol::id::{ActivityId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Granted, Read};
use crate::auth::Named;
use crate::db::{self, Db, activities};
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};
use crate::page::{Page, PageQuery};

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    AgentSpawned,
    AgentRestarted,
    AgentReady,
    AgentFailed,
    AgentStopped,
    LoginRequired,
    AgentPrompt,
    AgentPromptAnswered,
    AgentMessageSent,
    AgentMessageCancelled,
    AgentInterrupted,
    TerminalSessionCreated,
    TerminalSessionTerminated,
    TerminalControlChanged,
    TerminalLinkCreated,
    TerminalLinkRevoked,
    SettingsChanged,
    RuntimeConnected,
    RuntimeDisconnected,
}

impl ActivityKind {
    const ALL: [Self; 19] = [
        Self::AgentSpawned,
        Self::AgentRestarted,
        Self::AgentReady,
        Self::AgentFailed,
        Self::AgentStopped,
        Self::LoginRequired,
        Self::AgentPrompt,
        Self::AgentPromptAnswered,
        Self::AgentMessageSent,
        Self::AgentMessageCancelled,
        Self::AgentInterrupted,
        Self::TerminalSessionCreated,
        Self::TerminalSessionTerminated,
        Self::TerminalControlChanged,
        Self::TerminalLinkCreated,
        Self::TerminalLinkRevoked,
        Self::SettingsChanged,
        Self::RuntimeConnected,
        Self::RuntimeDisconnected,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::AgentSpawned => "agent_spawned",
            Self::AgentRestarted => "agent_restarted",
            Self::AgentReady => "agent_ready",
            Self::AgentFailed => "agent_failed",
            Self::AgentStopped => "agent_stopped",
            Self::LoginRequired => "login_required",
            Self::AgentPrompt => "agent_prompt",
            Self::AgentPromptAnswered => "agent_prompt_answered",
            Self::AgentMessageSent => "agent_message_sent",
            Self::AgentMessageCancelled => "agent_message_cancelled",
            Self::AgentInterrupted => "agent_interrupted",
            Self::TerminalSessionCreated => "terminal_session_created",
            Self::TerminalSessionTerminated => "terminal_session_terminated",
            Self::TerminalControlChanged => "terminal_control_changed",
            Self::TerminalLinkCreated => "terminal_link_created",
            Self::TerminalLinkRevoked => "terminal_link_revoked",
            Self::SettingsChanged => "settings_changed",
            Self::RuntimeConnected => "runtime_connected",
            Self::RuntimeDisconnected => "runtime_disconnected",
        }
    }

    /// The words that the feed shows.
    fn message(self) -> &'static str {
        match self {
            Self::AgentSpawned => "Agent spawned",
            Self::AgentRestarted => "Agent restarted",
            Self::AgentReady => "Agent ready",
            Self::AgentFailed => "Agent failed",
            Self::AgentStopped => "Agent stopped",
            Self::LoginRequired => "Login required",
            Self::AgentPrompt => "Agent asks",
            Self::AgentPromptAnswered => "Agent answered",
            Self::AgentMessageSent => "Message sent",
            Self::AgentMessageCancelled => "Message taken back",
            Self::AgentInterrupted => "Agent interrupted",
            Self::TerminalSessionCreated => "Terminal session created",
            Self::TerminalSessionTerminated => "Terminal session terminated",
            Self::TerminalControlChanged => "Terminal control changed",
            Self::TerminalLinkCreated => "Read-only link created",
            Self::TerminalLinkRevoked => "Read-only link revoked",
            Self::SettingsChanged => "Agent settings changed",
            Self::RuntimeConnected => "Runtime connected",
            Self::RuntimeDisconnected => "Runtime disconnected",
        }
    }
}

/// One entry of the feed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    pub id: String,
    pub kind: ActivityKind,
    pub message: String,
    pub detail: Option<String>,
    pub agent: Option<Named>,
    pub session_id: Option<String>,
    pub actor: Option<Named>,
    pub created_at: Timestamp,
}

/// What an entry says beyond its kind.
#[derive(Default)]
pub struct About {
    pub agent: Option<Named>,
    pub session: Option<String>,
    pub actor: Option<Named>,
    pub detail: Option<String>,
}

/// Writes an entry as part of a change, and tells of it with the change.
pub async fn record(
    change: &mut Change,
    workspace: &WorkspaceId,
    kind: ActivityKind,
    about: About,
) -> Result<(), Error> {
    let (agent_id, agent_name) = unzip(about.agent);
    let (actor_id, actor_name) = unzip(about.actor);
    let row = activities::Model {
        id: ActivityId::generate().to_string(),
        workspace_id: workspace.to_string(),
        kind: kind.as_str().to_owned(),
        message: kind.message().to_owned(),
        detail: about.detail,
        agent_id,
        agent_name,
        session_id: about.session,
        actor_id,
        actor_name,
        created_at: Timestamp::now().as_millis(),
    };
    activities::insert(change.tx(), &row).await?;
    change.tell(workspace, WorkspaceEvent::ActivityAdded(view(row)?));
    Ok(())
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// Only of this agent.
    pub agent_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<ActivityKind>,
}

/// The feed of a workspace, newest first.
pub async fn list(
    db: &Db,
    by: &Granted<Read>,
    query: ActivityQuery,
    page: PageQuery,
) -> Result<Page<Activity>, Error> {
    let limit = page.limit()?;
    let filter = db::activities::Filter {
        agent: query.agent_id,
        kind: query.kind.map(ActivityKind::as_str),
        before: page.cursor,
    };
    let rows = db::activities::page(db.read(), by.workspace(), &filter, limit + 1).await?;
    Page::of(rows, limit, |row| &row.id, view)
}

fn view(row: activities::Model) -> Result<Activity, Error> {
    let kind = ActivityKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
    Ok(Activity {
        kind: kind.ok_or_else(|| anyhow::anyhow!("unknown kind of activity `{}`", row.kind))?,
        id: row.id,
        message: row.message,
        detail: row.detail,
        agent: named(row.agent_id, row.agent_name),
        session_id: row.session_id,
        actor: named(row.actor_id, row.actor_name),
        created_at: Timestamp::from_millis(row.created_at),
    })
}

fn named(id: Option<String>, name: Option<String>) -> Option<Named> {
    Some(Named { id: id?, name: name.unwrap_or_default() })
}

fn unzip(named: Option<Named>) -> (Option<String>, Option<String>) {
    named.map(|Named { id, name }| (id, name)).unzip()
}
