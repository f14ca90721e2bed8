//! The activity feed: what happened, for people.
//!
//! Owns the kinds of entries and how they read. An entry is written in the change that it tells of.

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use raven_protocol::id::{ActivityId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Granted, Read};
use crate::audit::export::{Format, csv_line};
use crate::auth::Named;
use crate::db::Db;
use crate::db::activities::{self, Filter};
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};
use crate::notifications::outbox;
use crate::page::{Page, PageQuery};

/// Entries of an export that are read at once.
const AT_ONCE: u64 = 500;

/// The columns of an export.
const COLUMNS: &str = "id,createdAt,kind,message,detail,agentId,agentName,sessionId,actorId,actorName\r\n";

macro_rules! kinds {
    ($($name:ident = $word:literal, $message:literal;)*) => {
        /// What kind of thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ActivityKind {
            $($name,)*
        }

        impl ActivityKind {
            const ALL: &[Self] = &[$(Self::$name,)*];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The words that the feed shows.
            fn message(self) -> &'static str {
                match self {
                    $(Self::$name => $message,)*
                }
            }
        }
    };
}

// Each with the word for programs and the words for people.
kinds! {
    AgentSpawned = "agent_spawned", "Agent spawned";
    AgentRestarted = "agent_restarted", "Agent restarted";
    AgentReady = "agent_ready", "Agent ready";
    AgentFailed = "agent_failed", "Agent failed";
    AgentStopped = "agent_stopped", "Agent stopped";
    LoginRequired = "login_required", "Login required";
    AgentPrompt = "agent_prompt", "Agent asks";
    AgentPromptAnswered = "agent_prompt_answered", "Agent answered";
    AgentMessageSent = "agent_message_sent", "Message sent";
    AgentMessageCancelled = "agent_message_cancelled", "Message taken back";
    AgentInterrupted = "agent_interrupted", "Agent interrupted";
    TerminalSessionCreated = "terminal_session_created", "Terminal session created";
    TerminalSessionTerminated = "terminal_session_terminated", "Terminal session terminated";
    TerminalControlChanged = "terminal_control_changed", "Terminal control changed";
    TerminalLinkCreated = "terminal_link_created", "Read-only link created";
    TerminalLinkRevoked = "terminal_link_revoked", "Read-only link revoked";
    AccessRequested = "access_requested", "Access requested";
    AccessApproved = "access_approved", "Access approved";
    AccessDenied = "access_denied", "Access denied";
    AccessRevoked = "access_revoked", "Access revoked";
    AgentRegistered = "agent_registered", "Agent registered by an invite";
    PermissionsChanged = "permissions_changed", "Permissions changed";
    KeyRotated = "key_rotated", "Key rotated";
    InviteCreated = "invite_created", "Invite created";
    InviteRevoked = "invite_revoked", "Invite revoked";
    SettingsChanged = "settings_changed", "Agent settings changed";
    MemberAdded = "member_added", "Member joined";
    MemberRoleChanged = "member_role_changed", "Member's role changed";
    MemberRemoved = "member_removed", "Member left";
    InvitationCreated = "invitation_created", "Invitation created";
    InvitationRevoked = "invitation_revoked", "Invitation revoked";
    WorkspaceRenamed = "workspace_renamed", "Workspace renamed";
    RuntimeConnected = "runtime_connected", "Runtime connected";
    RuntimeDisconnected = "runtime_disconnected", "Runtime disconnected";
    ApprovalRequested = "approval_requested", "Approval requested";
    ApprovalApproved = "approval_approved", "Approved";
    ApprovalRejected = "approval_rejected", "Approval rejected";
    ApprovalExpired = "approval_expired", "Approval expired";
    ApprovalFailed = "approval_failed", "Approved action failed";
    QuestionAsked = "question_asked", "Agent asks a question";
    QuestionAnswered = "question_answered", "Question answered";
    QuestionEscalated = "question_escalated", "Question escalated to admins";
    QuestionExpired = "question_expired", "Question expired";
    PolicyChanged = "policy_changed", "Policy changed";
    PolicyUnmeetable = "policy_unmeetable", "A rule cannot be met any more";
    ProjectCreated = "project_created", "Project created";
    ProjectChanged = "project_changed", "Project changed";
    ProjectDeleted = "project_deleted", "Project deleted";
    TaskCreated = "task_created", "Task created";
    TaskChanged = "task_changed", "Task changed";
    TaskAssigned = "task_assigned", "Task assigned";
    TaskCompleted = "task_completed", "Task completed";
    TaskDeleted = "task_deleted", "Task deleted";
    MemoryStored = "memory_stored", "Something remembered";
    MemoryDeleted = "memory_deleted", "Something forgotten";
    ToolCalled = "tool_called", "Tool called";
    AssignmentGiven = "assignment_given", "Work given";
    AssignmentDelivered = "assignment_delivered", "Work delivered";
    AssignmentWorking = "assignment_working", "Work begun";
    AssignmentBlocked = "assignment_blocked", "Work is blocked";
    AssignmentDone = "assignment_done", "Work done";
    AssignmentFailed = "assignment_failed", "Work failed";
    AssignmentCancelled = "assignment_cancelled", "Work called off";
    ControlPlaneUnreached = "control_plane_unreached", "The control plane took no decision";
    AgentLogged = "agent_logged", "Agent notes";
    WebhookDisabled = "webhook_disabled", "Webhook turned off";
    SpaceCreated = "space_created", "Space created";
    SpaceChanged = "space_changed", "Space renamed";
    SpaceDeleted = "space_deleted", "Space deleted";
    PageCreated = "page_created", "Page created";
    PageChanged = "page_changed", "Page edited";
    PageOpened = "page_opened", "Page opened to agents";
    PageClosed = "page_closed", "Page closed to agents";
    PageMoved = "page_moved", "Page moved";
    PageRestored = "page_restored", "Page restored";
    PageTrashed = "page_trashed", "Page moved to the trash";
    PageUntrashed = "page_untrashed", "Page taken out of the trash";
    AttachmentAdded = "attachment_added", "File attached";
    AttachmentRemoved = "attachment_removed", "File removed";
    AgentMentioned = "agent_mentioned", "Agent mentioned";
    CommentAdded = "comment_added", "Comment added";
    CommentResolved = "comment_resolved", "Comment resolved";
    CommentReopened = "comment_reopened", "Comment opened again";
    CommentDeleted = "comment_deleted", "Comment deleted";
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
    outbox::note(change, workspace, (kind, kind.as_str(), kind.message()), &about).await?;
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
    /// Only what this person or agent did.
    pub actor_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<ActivityKind>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
}

impl ActivityQuery {
    fn filter(self, before: Option<String>) -> Filter {
        Filter {
            agent: self.agent_id,
            actor: self.actor_id,
            kind: self.kind.map(ActivityKind::as_str),
            since: self.since.map(Timestamp::as_millis),
            until: self.until.map(Timestamp::as_millis),
            before,
        }
    }
}

/// The feed of a workspace, newest first.
pub async fn list(
    db: &Db,
    by: &Granted<Read>,
    query: ActivityQuery,
    page: PageQuery,
) -> Result<Page<Activity>, Error> {
    let limit = page.limit()?;
    let filter = query.filter(page.cursor);
    let rows = activities::page(db.read(), by.workspace(), &filter, limit + 1).await?;
    Page::of(rows, limit, |row| &row.id, view)
}

/// The feed of a workspace as a file, newest first.
pub fn export(
    db: &Db,
    by: &Granted<Read>,
    query: ActivityQuery,
    format: Format,
) -> impl Stream<Item = anyhow::Result<Bytes>> + Send + use<> {
    let (db, workspace) = (db.clone(), by.workspace().clone());
    let begin = (format == Format::Csv).then(|| Bytes::from_static(COLUMNS.as_bytes()));
    try_unfold((begin, Some(query.filter(None))), move |(begin, filter)| {
        let (db, workspace) = (db.clone(), workspace.clone());
        async move {
            if let Some(begin) = begin {
                return Ok(Some((begin, (None, filter))));
            }
            let Some(mut filter) = filter else { return Ok(None) };
            let rows = activities::page(db.read(), &workspace, &filter, AT_ONCE).await?;
            filter.before = rows.last().map(|row| row.id.clone());
            let next = filter.before.is_some().then_some(filter);
            let mut text = String::new();
            for row in rows {
                text += &line(view(row)?, format)?;
            }
            Ok(next.map(|next| (text.into(), (None, Some(next)))))
        }
    })
}

fn line(entry: Activity, format: Format) -> anyhow::Result<String> {
    if format == Format::Jsonl {
        return Ok(serde_json::to_string(&entry)? + "\n");
    }
    let (agent_id, agent) = unzip(entry.agent);
    let (actor_id, actor) = unzip(entry.actor);
    let texts = [entry.detail, agent_id, agent, entry.session_id, actor_id, actor];
    let (at, kind) = (entry.created_at.to_string(), entry.kind.as_str().to_owned());
    let fields = [entry.id, at, kind, entry.message].into_iter().chain(texts.map(Option::unwrap_or_default));
    Ok(csv_line(&fields.collect::<Vec<_>>()))
}

fn view(row: activities::Model) -> Result<Activity, Error> {
    let kind = ActivityKind::ALL.iter().copied().find(|kind| kind.as_str() == row.kind);
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
