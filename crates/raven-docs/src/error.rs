//! The one error of the control plane, and the only place where a problem's code is spelled.
//!
//! Variants say what a caller can do about it. Must not know HTTP types or sockets: each door
//! renders [`Error::problem`] in its own way.

use raven_protocol::agent::{InvalidAgentType, InvalidSpawn};
use raven_protocol::id::{ApprovalId, InvalidId};
use raven_protocol::problem::Problem;
use raven_protocol::terminal::InvalidSize;
use raven_protocol::time::Timestamp;

/// What went wrong, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no {0} with this id in your workspace; it may have been removed")]
    NotFound(&'static str),
    #[error("nothing is served at this address with this method; see /api/docs")]
    NoRoute,
    #[error("sign in first, or send a personal token as `Authorization: Bearer raven_pat_…`")]
    Unauthenticated,
    #[error(
        "send the agent's own key as `Authorization: Bearer raven_mcp_…`; it is good until the agent ends"
    )]
    UnknownAgentKey,
    #[error(
        "the e-mail address or the password is wrong; after ten failures in a row, wait 15 minutes before the next try"
    )]
    LoginFailed,
    #[error(
        "this account has a second factor: send `code` too, from your authenticator app or a recovery code; each is good once"
    )]
    SecondFactorRequired,
    #[error("this invitation has ended, or never was one; ask who gave it to you for another")]
    InvitationEnded,
    #[error("{0}")]
    SignInRefused(#[from] SignInRefusal),
    #[error("too many attempts; wait {seconds} s and try again")]
    RateLimited { seconds: u64 },
    #[error("this link has ended, or never was one; ask who gave it to you for another")]
    LinkEnded,
    #[error("this link is full: too many watch by it already; try again later")]
    LinkFull,
    #[error("this invite has ended, or never was one; ask who gave it to you for another")]
    InviteEnded,
    #[error("{0}")]
    Denied(String),
    #[error("`{field}` {why}")]
    Invalid { field: String, why: String },
    #[error("{0}")]
    NotAccepted(String),
    #[error("{0}")]
    Malformed(String),
    #[error("the request body is larger than {limit_kib} KiB; send less")]
    TooLarge { limit_kib: usize },
    #[error("the range lies outside of the {total} bytes that there are; ask for one within")]
    OutsideRange { total: u64 },
    #[error("{detail}")]
    Conflict { code: Conflict, detail: String },
    #[error("This {0} is not accessible by agents")]
    NotForAgents(&'static str),
    /// An edit of what somebody else has edited meanwhile.
    #[error(
        "it was changed meanwhile and is at version {current} now: read it again, or put your change into the difference that is shown"
    )]
    Stale {
        current: i64,
        /// What the edit would undo or overwrite, as a unified difference from now to the edit.
        difference: String,
    },
    /// Stored; nothing was done yet. The id gives no right: it only tells how the request stands.
    #[error(
        "a person must approve this first: ask after the request {request} until {deadline}, and do not repeat the call"
    )]
    ApprovalRequired { request: ApprovalId, deadline: Timestamp },
    #[error("{0}")]
    Runtime(#[from] RuntimeFailure),
    #[error("something broke inside raven-docs; the log has it under this request id")]
    Internal(#[from] anyhow::Error),
}

/// Why another service's word signs nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    #[error("the sign-in service cannot be used now: try again later, or tell an owner of the workspace")]
    ProviderUnusable,
    #[error("the sign-in service did not let you in")]
    Declined,
    #[error(
        "this sign-in has ended, was used before, or began in another browser; begin it again from the sign-in page"
    )]
    Stale,
    #[error("the sign-in service does not say that your e-mail address is verified")]
    EmailNotVerified,
    #[error("people with your e-mail address get no account here; ask an admin for an invitation")]
    DomainNotAllowed,
    #[error("you have no account here yet; ask an admin for an invitation")]
    NoAccount,
    #[error(
        "an account with your e-mail address exists already: sign in with its password, and connect it in Settings → Security"
    )]
    AccountExists,
    #[error("you are no member of this workspace; ask an admin for an invitation")]
    NotMember,
    #[error("this identity is connected to another account already")]
    ConnectedElsewhere,
}

/// Which fact stands against a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    SetupDone,
    EmailTaken,
    LastOwner,
    AlreadyMember,
    SecondFactorOn,
    SecondFactorOff,
    TooManyInvitations,
    TooManyWorkspaces,
    SessionTerminated,
    NoLiveScreen,
    TooManyLinks,
    TooManyInvites,
    AccessDecided,
    AccessNotApproved,
    AccessRevoked,
    AgentIdTaken,
    AgentLimit,
    NotSpawned,
    KeyOfRun,
    BrokenRecording,
    AgentBusy,
    AgentEnded,
    InputInUse,
    NoTurn,
    NotDriven,
    QueueFull,
    MessageTyped,
    MessageTakenBack,
    RestartUnderWay,
    RestartCalledOff,
    NotRestartable,
    NotRecordedYet,
    SignInFailed,
    PromptChanged,
    NotTaken,
    NotInstallable,
    KeyFromStart,
    NoMailServer,
    TooManyWebhooks,
    NotSendable,
    AlreadyDecided,
    DeadlinePassed,
    PolicyChanged,
    QuestionClosed,
    TooManyRequests,
    TooManyProjects,
    TooManyTasks,
    TooManyMemories,
    TooManySpaces,
    TooManyPages,
    TooManyComments,
    TooManyFiles,
    NoRoomForFiles,
    ProjectHasTasks,
    TaskTaken,
    TaskOver,
    AssignmentEnded,
    TooMuchWork,
    SlugTaken,
    SpaceNotEmpty,
    NotInTrash,
    UnderItself,
    TooDeep,
}

impl Conflict {
    /// The same fact as a runtime spells it; any other that stands against driving an agent is one.
    fn of_runtime(code: &str) -> Self {
        match code {
            "AGENT_BUSY" | "AGENT_NOT_READY" => Self::AgentBusy,
            "AGENT_ENDED" => Self::AgentEnded,
            "INPUT_IN_USE" => Self::InputInUse,
            "NO_TURN" => Self::NoTurn,
            "QUEUE_FULL" => Self::QueueFull,
            "RESTART_UNDER_WAY" => Self::RestartUnderWay,
            "RESTART_CALLED_OFF" => Self::RestartCalledOff,
            "NOT_RESTARTABLE" => Self::NotRestartable,
            "MESSAGE_TYPED" => Self::MessageTyped,
            "MESSAGE_TAKEN_BACK" => Self::MessageTakenBack,
            "SIGN_IN_FAILED" => Self::SignInFailed,
            "PROMPT_CHANGED" => Self::PromptChanged,
            "NOT_TAKEN" => Self::NotTaken,
            "NOT_INSTALLABLE" => Self::NotInstallable,
            "KEY_FROM_START" => Self::KeyFromStart,
            _ => Self::NotDriven,
        }
    }
}

/// Why a runtime could not be used. The titles are those of the guide's troubleshooting section.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeFailure {
    #[error("set the runtime's address in Settings → Agents → Agent Runtime Hosting")]
    NotConfigured,
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    AuthenticationFailed(String),
    #[error("the runtime knows no agent type `{unknown}`; it knows {known}")]
    UnknownAgentType { unknown: String, known: String },
    #[error("{0}")]
    SpawnFailed(String),
    #[error("{0}")]
    SpawnRefused(String),
    #[error("{detail}")]
    Refused { status: u16, code: String, detail: String },
}

impl RuntimeFailure {
    /// Whether the runtime has certainly not done what it was asked for.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 400..=499 | 503),
            Self::Unreachable(_) | Self::SpawnFailed(_) => false,
            Self::NotConfigured
            | Self::AuthenticationFailed(_)
            | Self::UnknownAgentType { .. }
            | Self::SpawnRefused(_) => true,
        }
    }

    /// What a runtime refused of what somebody asked it for through us: their matter, in its words.
    pub fn passed_on(self, noun: &'static str) -> Error {
        match self {
            Self::Refused { status: 409 | 429, code, detail } => {
                Error::Conflict { code: Conflict::of_runtime(&code), detail }
            }
            Self::Refused { code, .. } if code == "MESSAGE_NOT_FOUND" => Error::NotFound("message"),
            Self::Refused { code, .. } if code.ends_with("_NOT_FOUND") => Error::NotFound(noun),
            Self::Refused { code, .. } if code == "UNKNOWN_AGENT_TYPE" => Error::NotFound(noun),
            Self::Refused { status: 400 | 413 | 422, detail, .. } => Error::NotAccepted(detail),
            other => other.into(),
        }
    }
}

/// Status, code and title of an error.
struct Face {
    status: u16,
    code: &'static str,
    title: &'static str,
}

const fn face(status: u16, code: &'static str, title: &'static str) -> Face {
    Face { status, code, title }
}

impl Error {
    /// An unusable field, by its path in the request.
    pub fn invalid(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), why: why.into() }
    }

    fn face(&self) -> Face {
        match self {
            Self::NotFound(_) => face(404, "NOT_FOUND", "Not found"),
            Self::NoRoute => face(404, "NO_ROUTE", "No such route"),
            Self::Unauthenticated => face(401, "UNAUTHENTICATED", "Sign in required"),
            Self::UnknownAgentKey => face(401, "UNAUTHENTICATED", "An agent's key is required"),
            Self::LoginFailed => face(401, "LOGIN_FAILED", "Sign-in failed"),
            Self::SecondFactorRequired => face(401, "SECOND_FACTOR_REQUIRED", "A second factor is required"),
            Self::InvitationEnded => face(410, "INVITATION_ENDED", "The invitation has ended"),
            Self::SignInRefused(refusal) => refusal.face(),
            Self::RateLimited { .. } => face(429, "RATE_LIMITED", "Too many attempts"),
            Self::LinkEnded => face(401, "LINK_ENDED", "The link has ended"),
            Self::LinkFull => face(429, "LINK_FULL", "The link is full"),
            Self::InviteEnded => face(401, "INVITE_ENDED", "The invite has ended"),
            Self::Denied(_) => face(403, "FORBIDDEN", "Not allowed"),
            Self::Invalid { .. } => face(422, "INVALID", "A field is invalid"),
            Self::NotAccepted(_) => face(422, "INVALID", "A field is invalid"),
            Self::Malformed(_) => face(400, "MALFORMED", "The request cannot be read"),
            Self::TooLarge { .. } => face(413, "TOO_LARGE", "The request is too large"),
            Self::OutsideRange { .. } => face(416, "OUTSIDE_RANGE", "Range not satisfiable"),
            Self::Conflict { code, .. } => code.face(),
            Self::NotForAgents(_) => face(403, "NOT_ACCESSIBLE", "Not accessible by agents"),
            Self::Stale { .. } => face(409, "STALE_VERSION", "Somebody has changed it meanwhile"),
            Self::ApprovalRequired { .. } => face(409, "APPROVAL_REQUIRED", "Approval required"),
            Self::Runtime(failure) => failure.face(),
            Self::Internal(_) => face(500, "INTERNAL", "Internal error"),
        }
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        self.face().code
    }

    /// The problem document. `Internal` shows a plain sentence and no cause.
    pub fn problem(&self, request_id: &str) -> Problem {
        let Face { status, code, title } = self.face();
        let problem = Problem::new(status, code, title, self.to_string(), request_id);
        match self {
            Self::Stale { current, difference } => {
                Problem { current_version: Some(*current), difference: Some(difference.clone()), ..problem }
            }
            _ => problem,
        }
    }
}

impl SignInRefusal {
    /// The stable word for programs.
    pub fn code(self) -> &'static str {
        self.face().code
    }

    fn face(self) -> Face {
        match self {
            Self::ProviderUnusable => face(502, "PROVIDER_UNUSABLE", "The sign-in service cannot be used"),
            Self::Declined => face(403, "SIGN_IN_DECLINED", "The sign-in service declined"),
            Self::Stale => face(403, "SIGN_IN_STALE", "The sign-in has ended"),
            Self::EmailNotVerified => face(403, "EMAIL_NOT_VERIFIED", "The e-mail address is not verified"),
            Self::DomainNotAllowed => face(403, "DOMAIN_NOT_ALLOWED", "The e-mail address is not let in"),
            Self::NoAccount => face(403, "NO_ACCOUNT", "There is no account"),
            Self::AccountExists => face(409, "ACCOUNT_EXISTS", "An account exists already"),
            Self::NotMember => face(403, "NOT_A_MEMBER", "No member of the workspace"),
            Self::ConnectedElsewhere => face(409, "CONNECTED_ELSEWHERE", "Connected to another account"),
        }
    }
}

impl Conflict {
    fn face(self) -> Face {
        match self {
            Self::SetupDone => face(409, "SETUP_DONE", "Setup was done before"),
            Self::EmailTaken => face(409, "EMAIL_TAKEN", "The e-mail address is in use"),
            Self::LastOwner => face(409, "LAST_OWNER", "The workspace needs an owner"),
            Self::AlreadyMember => face(409, "ALREADY_MEMBER", "A member already"),
            Self::SecondFactorOn => face(409, "SECOND_FACTOR_ON", "There is a second factor already"),
            Self::SecondFactorOff => face(409, "SECOND_FACTOR_OFF", "There is no second factor"),
            Self::TooManyInvitations => face(409, "TOO_MANY_INVITATIONS", "Too many invitations are open"),
            Self::TooManyWorkspaces => face(409, "TOO_MANY_WORKSPACES", "Too many workspaces"),
            Self::SessionTerminated => face(409, "SESSION_TERMINATED", "The terminal session has ended"),
            Self::NoLiveScreen => face(409, "NO_LIVE_SCREEN", "The agent has no live screen"),
            Self::TooManyLinks => face(409, "TOO_MANY_LINKS", "The session has too many links"),
            Self::TooManyInvites => face(409, "TOO_MANY_INVITES", "The workspace has too many invites"),
            Self::AccessDecided => face(409, "ACCESS_DECIDED", "It was decided before"),
            Self::AccessNotApproved => face(409, "ACCESS_NOT_APPROVED", "The agent has no access"),
            Self::AccessRevoked => face(409, "ACCESS_REVOKED", "The agent's access was revoked"),
            Self::AgentIdTaken => face(409, "AGENT_ID_TAKEN", "The agent's id is in use"),
            Self::AgentLimit => face(409, "AGENT_LIMIT", "Too many agents run"),
            Self::NotSpawned => face(409, "NOT_SPAWNED", "The agent runs elsewhere"),
            Self::KeyOfRun => face(409, "KEY_OF_RUN", "The key is of the agent's run"),
            Self::BrokenRecording => face(409, "BROKEN_RECORDING", "The recording is not what was written"),
            Self::AgentBusy => face(409, "AGENT_BUSY", "The agent is busy"),
            Self::AgentEnded => face(409, "AGENT_ENDED", "The agent has ended"),
            Self::InputInUse => face(409, "INPUT_IN_USE", "Something is in the agent's input line"),
            Self::NoTurn => face(409, "NO_TURN", "Nothing to interrupt"),
            Self::QueueFull => face(429, "QUEUE_FULL", "Too many messages wait"),
            Self::RestartUnderWay => face(409, "RESTART_UNDER_WAY", "The agent is being restarted"),
            Self::RestartCalledOff => face(409, "RESTART_CALLED_OFF", "The agent was stopped meanwhile"),
            Self::NotRestartable => face(409, "NOT_RESTARTABLE", "The agent cannot be restarted"),
            Self::NotRecordedYet => face(409, "NOT_RECORDED_YET", "The former output is not recorded yet"),
            Self::MessageTyped => face(409, "MESSAGE_TYPED", "The message was typed already"),
            Self::MessageTakenBack => face(409, "MESSAGE_TAKEN_BACK", "The message was taken back"),
            Self::SignInFailed => face(409, "SIGN_IN_FAILED", "The sign-in failed"),
            Self::NotDriven => face(409, "NOT_POSSIBLE_NOW", "Not possible now"),
            Self::PromptChanged => face(409, "PROMPT_CHANGED", "The agent does not ask this any more"),
            Self::NotTaken => face(409, "NOT_TAKEN", "The agent did not take it"),
            Self::NotInstallable => face(409, "NOT_INSTALLABLE", "It cannot be installed here"),
            Self::NoMailServer => face(409, "NO_MAIL_SERVER", "No mail server"),
            Self::TooManyWebhooks => face(409, "TOO_MANY_WEBHOOKS", "The workspace has too many webhooks"),
            Self::NotSendable => face(409, "NOT_SENDABLE", "It cannot be sent again now"),
            Self::KeyFromStart => face(409, "KEY_FROM_START", "The key is from the runtime's start"),
            Self::AlreadyDecided => face(409, "ALREADY_DECIDED", "It was decided already"),
            Self::DeadlinePassed => face(409, "DEADLINE_PASSED", "The deadline has passed"),
            Self::PolicyChanged => face(409, "POLICY_CHANGED", "The policy was changed meanwhile"),
            Self::QuestionClosed => face(409, "QUESTION_CLOSED", "The question takes no answer any more"),
            Self::AssignmentEnded => face(409, "ASSIGNMENT_ENDED", "The assignment has ended"),
            Self::TooMuchWork => face(409, "TOO_MUCH_WORK", "The agent has too much work"),
            Self::TooManyRequests => face(429, "TOO_MANY_REQUESTS", "Too many requests wait"),
            Self::TooManyProjects => face(409, "TOO_MANY_PROJECTS", "The workspace has too many projects"),
            Self::TooManyTasks => face(409, "TOO_MANY_TASKS", "The workspace has too many tasks"),
            Self::TooManyMemories => face(409, "TOO_MANY_MEMORIES", "Too much is remembered"),
            Self::TooManySpaces => face(409, "TOO_MANY_SPACES", "The workspace has too many spaces"),
            Self::TooManyPages => face(409, "TOO_MANY_PAGES", "The workspace has too many pages"),
            Self::TooManyComments => face(409, "TOO_MANY_COMMENTS", "There are too many comments on it"),
            Self::TooManyFiles => face(409, "TOO_MANY_FILES", "The page has too many files"),
            Self::NoRoomForFiles => face(409, "NO_ROOM_FOR_FILES", "The workspace's files are too large"),
            Self::ProjectHasTasks => face(409, "PROJECT_HAS_TASKS", "The project has open tasks"),
            Self::TaskTaken => face(409, "TASK_TAKEN", "Somebody has the task already"),
            Self::TaskOver => face(409, "TASK_OVER", "The task is over"),
            Self::SlugTaken => face(409, "SLUG_TAKEN", "The slug is in use"),
            Self::SpaceNotEmpty => face(409, "SPACE_NOT_EMPTY", "The space has pages"),
            Self::NotInTrash => face(409, "NOT_IN_TRASH", "The page is not in the trash"),
            Self::UnderItself => face(409, "UNDER_ITSELF", "A page cannot be under itself"),
            Self::TooDeep => face(409, "TOO_DEEP", "Too many pages above"),
        }
    }
}

impl RuntimeFailure {
    fn face(&self) -> Face {
        match self {
            Self::NotConfigured => face(409, "RUNTIME_NOT_CONFIGURED", "Runtime endpoint not configured"),
            Self::Unreachable(_) => face(502, "RUNTIME_UNREACHABLE", "Connection failed"),
            Self::AuthenticationFailed(_) => face(502, "RUNTIME_AUTH_FAILED", "Authentication failed"),
            Self::UnknownAgentType { .. } => face(422, "UNKNOWN_AGENT_TYPE", "Agent spawn failed"),
            Self::SpawnFailed(_) => face(502, "SPAWN_FAILED", "Agent spawn failed"),
            Self::SpawnRefused(_) => face(422, "SPAWN_REFUSED", "Agent spawn failed"),
            Self::Refused { .. } => face(502, "RUNTIME_REFUSED", "The runtime refused"),
        }
    }
}

impl From<InvalidSpawn> for Error {
    fn from(invalid: InvalidSpawn) -> Self {
        Self::invalid(invalid.field, invalid.why)
    }
}

impl From<InvalidId> for Error {
    fn from(invalid: InvalidId) -> Self {
        Self::Malformed(invalid.to_string())
    }
}

impl From<InvalidAgentType> for Error {
    fn from(invalid: InvalidAgentType) -> Self {
        Self::invalid("agentType", invalid.to_string())
    }
}

impl From<InvalidSize> for Error {
    fn from(invalid: InvalidSize) -> Self {
        Self::invalid("cols", invalid.to_string())
    }
}
