//! Which activity is about what, and who may hear of it: the one place where a new kind chooses.
//!
//! Owns the words of topics. Pure. Must not know who wants to hear of them.

use serde::{Deserialize, Serialize};

use crate::activity::ActivityKind;
use crate::auth::Role;

/// What something is about, as people choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// An agent asks something in its terminal, and waits.
    Blocked,
    /// An agent wants a person to sign in.
    LoginRequired,
    /// Something waits for a decision: approvals, questions, requests for access.
    Approval,
    /// An agent failed, or a turn of its work did.
    Error,
    /// An agent has done a turn of work.
    Done,
    /// Work that was given to an agent moved on, or a task is one's own now.
    Work,
    /// Somebody named one in a page, a task or a comment.
    Mention,
}

impl Topic {
    pub const ALL: [Self; 7] = [
        Self::Blocked,
        Self::LoginRequired,
        Self::Approval,
        Self::Error,
        Self::Done,
        Self::Work,
        Self::Mention,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::LoginRequired => "login_required",
            Self::Approval => "approval",
            Self::Error => "error",
            Self::Done => "done",
            Self::Work => "work",
            Self::Mention => "mention",
        }
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }
}

/// Who may hear of something, however much they want to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Everybody,
    /// Those who may decide what agents ask for.
    Members,
    Admins,
    /// Webhooks alone: people see it where they look.
    Programs,
}

impl Audience {
    const ALL: [Self; 4] = [Self::Everybody, Self::Members, Self::Admins, Self::Programs];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Members => "members",
            Self::Admins => "admins",
            Self::Programs => "programs",
        }
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == text)
    }

    /// The least role of those who may; `None` when no person is told.
    pub fn least(self) -> Option<Role> {
        match self {
            Self::Everybody => Some(Role::Viewer),
            Self::Members => Some(Role::Member),
            Self::Admins => Some(Role::Admin),
            Self::Programs => None,
        }
    }
}

/// What a kind of activity is about, and who may hear of it; `None` when it is for the feed alone.
#[rustfmt::skip]
pub fn of(kind: ActivityKind) -> Option<(Topic, Audience)> {
    use ActivityKind as Kind;
    match kind {
        Kind::AgentPrompt => Some((Topic::Blocked, Audience::Everybody)),
        Kind::LoginRequired => Some((Topic::LoginRequired, Audience::Everybody)),
        Kind::AgentFailed => Some((Topic::Error, Audience::Everybody)),
        Kind::ApprovalFailed => Some((Topic::Error, Audience::Members)),
        Kind::ApprovalRequested | Kind::QuestionAsked => Some((Topic::Approval, Audience::Members)),
        Kind::ControlPlaneUnreached => Some((Topic::Error, Audience::Admins)),
        Kind::QuestionEscalated | Kind::AccessRequested | Kind::PolicyUnmeetable => Some((Topic::Approval, Audience::Admins)),
        Kind::AgentMentioned => Some((Topic::Mention, Audience::Programs)),
        Kind::AssignmentBlocked | Kind::AssignmentDone | Kind::AssignmentFailed => {
            Some((Topic::Work, Audience::Everybody))
        }
        Kind::AssignmentGiven | Kind::AssignmentDelivered | Kind::AssignmentWorking | Kind::AssignmentCancelled => Some((Topic::Work, Audience::Programs)),
        Kind::AgentSpawned | Kind::AgentRestarted | Kind::AgentReady | Kind::AgentStopped
        | Kind::AgentPromptAnswered | Kind::AgentMessageSent | Kind::AgentMessageCancelled
        | Kind::AgentInterrupted | Kind::TerminalSessionCreated | Kind::TerminalSessionTerminated
        | Kind::TerminalControlChanged | Kind::TerminalLinkCreated | Kind::TerminalLinkRevoked
        | Kind::SettingsChanged | Kind::RuntimeConnected | Kind::RuntimeDisconnected
        | Kind::ApprovalApproved | Kind::ApprovalRejected | Kind::ApprovalExpired | Kind::QuestionAnswered
        | Kind::QuestionExpired | Kind::PolicyChanged | Kind::ProjectCreated | Kind::ProjectChanged
        | Kind::ProjectDeleted | Kind::TaskCreated | Kind::TaskChanged | Kind::TaskAssigned
        | Kind::TaskCompleted | Kind::TaskDeleted | Kind::MemoryStored | Kind::MemoryDeleted | Kind::ToolCalled
        | Kind::MemberAdded | Kind::MemberRoleChanged | Kind::MemberRemoved | Kind::InvitationCreated
        | Kind::InvitationRevoked | Kind::WorkspaceRenamed | Kind::AccessApproved | Kind::AccessDenied
        | Kind::AccessRevoked | Kind::AgentRegistered | Kind::PermissionsChanged | Kind::KeyRotated
        | Kind::InviteCreated | Kind::InviteRevoked | Kind::AgentLogged | Kind::WebhookDisabled
        | Kind::SpaceCreated | Kind::SpaceChanged | Kind::SpaceDeleted | Kind::PageCreated
        | Kind::PageChanged | Kind::PageOpened | Kind::PageClosed | Kind::PageMoved | Kind::PageRestored
        | Kind::PageTrashed | Kind::PageUntrashed | Kind::AttachmentAdded | Kind::AttachmentRemoved
        | Kind::CommentAdded | Kind::CommentResolved | Kind::CommentReopened | Kind::CommentDeleted => None,
    }
}
