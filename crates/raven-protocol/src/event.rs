//! Every event's name, once: what a runtime reports, and what a browser hears of it.
//!
//! Owns names and payloads of events. Must not know who listens or how they are delivered.

use serde::{Deserialize, Serialize};

use crate::agent::AgentStatus;
use crate::doing::{Doing, LoginKind, Prompt, Usage};
use crate::runtime_api::{Heartbeat, RuntimeAgent};
use crate::time::Timestamp;

/// One frame of a runtime's event stream, `WS /ws/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFrame {
    /// Position in the runtime's stream, from 1, without gaps; kept over restarts of the daemon.
    /// `reset` and `runtime_heartbeat` carry the position that was reached.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: RuntimeEvent,
    /// When it happened.
    pub timestamp: Timestamp,
}

/// What a runtime reports. Each carries the whole agent, so that applying the last is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum RuntimeEvent {
    /// The agent's process runs.
    AgentStarted {
        /// The agent after the change.
        agent: RuntimeAgent,
    },
    /// The agent can be given work.
    AgentReady {
        /// The agent after the change.
        agent: RuntimeAgent,
    },
    /// The agent wants a person to sign in.
    LoginRequired {
        /// The agent after the change.
        agent: RuntimeAgent,
        /// Where to sign in, when the runtime could read it.
        #[serde(skip_serializing_if = "Option::is_none")]
        login_url: Option<String>,
        /// The code to enter there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_code: Option<String>,
        /// The way of signing in. Told again when more of it can be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<LoginKind>,
    },
    /// The agent ended.
    AgentStopped {
        /// The agent after the change.
        agent: RuntimeAgent,
        /// Why, in words.
        reason: String,
        /// Its exit status, when it has one.
        exit_code: Option<i32>,
    },
    /// The agent failed.
    AgentError {
        /// The agent after the change.
        agent: RuntimeAgent,
        /// Why, in words, with the last lines of its screen where there are any.
        error: String,
    },
    /// Any other change of status.
    AgentStatus {
        /// The agent after the change.
        agent: RuntimeAgent,
        /// The status it reached.
        status: AgentStatus,
        /// What the runtime saw that made it say so.
        evidence: String,
    },
    /// What the agent asks has changed; `null` when it asks nothing any more.
    AgentPrompt {
        /// The agent after the change.
        agent: RuntimeAgent,
        /// The question.
        prompt: Option<Prompt>,
    },
    /// What the agent has used has changed.
    AgentUsage {
        /// The agent after the change.
        agent: RuntimeAgent,
        /// What it has used since it started.
        usage: Usage,
    },
    /// The stream cannot be resumed where the listener asked: re-read `GET /api/agents`.
    Reset {},
    /// The runtime lives; sent to each listener every ten seconds and never replayed.
    RuntimeHeartbeat(Heartbeat),
}

impl RuntimeEvent {
    /// The agent that the event is about.
    #[must_use]
    pub fn agent(&self) -> Option<&RuntimeAgent> {
        match self {
            Self::AgentStarted { agent }
            | Self::AgentReady { agent }
            | Self::LoginRequired { agent, .. }
            | Self::AgentStopped { agent, .. }
            | Self::AgentError { agent, .. }
            | Self::AgentStatus { agent, .. }
            | Self::AgentPrompt { agent, .. }
            | Self::AgentUsage { agent, .. } => Some(agent),
            Self::Reset {} | Self::RuntimeHeartbeat(_) => None,
        }
    }

    /// The events that tell of a change: of its status, of how to sign in, of what it asks, of its usage.
    #[must_use]
    pub fn of_change(before: &RuntimeAgent, after: &RuntimeAgent) -> Vec<Self> {
        let mut events = Vec::new();
        let (was, is) = (&before.doing, &after.doing);
        // All but what has an event of its own.
        let shown = |doing: &Doing| Doing { prompt: None, usage: None, ..doing.clone() };
        if before.status != after.status || shown(was) != shown(is) {
            events.extend(Self::of_status(after.clone()));
        }
        if was.prompt != is.prompt {
            events.push(Self::AgentPrompt { agent: after.clone(), prompt: is.prompt.clone() });
        }
        if let Some(usage) = is.usage.clone().filter(|usage| was.usage.as_ref() != Some(usage)) {
            events.push(Self::AgentUsage { agent: after.clone(), usage });
        }
        events
    }

    /// The event that tells of the status an agent has reached; `spawning` is told by none.
    #[must_use]
    pub fn of_status(agent: RuntimeAgent) -> Option<Self> {
        let evidence = agent.evidence.clone().unwrap_or_default();
        match agent.status {
            AgentStatus::Spawning => None,
            AgentStatus::Starting => Some(Self::AgentStarted { agent }),
            AgentStatus::Ready => Some(Self::AgentReady { agent }),
            AgentStatus::LoginRequired => {
                let login = agent.doing.login.as_ref();
                let (user_code, kind) =
                    (login.and_then(|login| login.user_code.clone()), login.map(|login| login.kind));
                Some(Self::LoginRequired { login_url: agent.login_url.clone(), user_code, kind, agent })
            }
            AgentStatus::Stopped => {
                Some(Self::AgentStopped { reason: evidence, exit_code: agent.exit_code, agent })
            }
            AgentStatus::Error => {
                Some(Self::AgentError { error: agent.error.clone().unwrap_or(evidence), agent })
            }
            status @ (AgentStatus::Busy | AgentStatus::Waiting | AgentStatus::Stopping) => {
                Some(Self::AgentStatus { agent, status, evidence })
            }
        }
    }
}

/// Socket.IO event names in the default namespace, one room per workspace.
pub mod workspace {
    /// `{agent}`: its process runs.
    pub const AGENT_STARTED: &str = "agent:started";
    /// `{agent}`: it can be given work.
    pub const AGENT_READY: &str = "agent:ready";
    /// `{agent, loginUrl?, userCode?}`: it wants a person to sign in.
    pub const AGENT_LOGIN_REQUIRED: &str = "agent:login_required";
    /// `{agent, reason}`: it ended.
    pub const AGENT_STOPPED: &str = "agent:stopped";
    /// `{agent, error}`: it failed.
    pub const AGENT_ERROR: &str = "agent:error";
    /// `{agent, status, evidence}`: any change of status, those with a name of their own included.
    pub const AGENT_STATUS: &str = "agent:status";
    /// `{agent, prompt}`: what it asks has changed; `null` when it asks nothing any more.
    pub const AGENT_PROMPT: &str = "agent:prompt";
    /// `{approval}`: somebody asked for something that people must approve first.
    pub const APPROVAL_REQUESTED: &str = "approval:requested";
    /// `{approval, state}`: a decision, the passing of its deadline, or how it was carried out.
    pub const APPROVAL_DECIDED: &str = "approval:decided";
    /// `{question}`: an agent asks a person.
    pub const QUESTION_ASKED: &str = "question:asked";
    /// `{question, state}`: it was answered, escalated to admins, or its time is over.
    pub const QUESTION_CHANGED: &str = "question:changed";
    /// `{assignment}`: work was given to an agent, or changed.
    pub const ASSIGNMENT_CHANGED: &str = "assignment:changed";
    /// `{agent}`: an outside agent asks to be let in.
    pub const AGENT_ACCESS_REQUESTED: &str = "agent:access_requested";
    /// `{agent}`: an outside agent was let in.
    pub const AGENT_ACCESS_APPROVED: &str = "agent:access_approved";
    /// `{agent, reason}`: an agent, of ours or from outside, may do nothing here any more.
    pub const AGENT_ACCESS_REVOKED: &str = "agent:access_revoked";
    /// One entry of the activity feed.
    pub const ACTIVITY_ADDED: &str = "activity:added";
    /// `{notification, unread}`, to the person it is for alone.
    pub const NOTIFICATION_ADDED: &str = "notification:added";
    /// `{unread}`: the person has read some.
    pub const NOTIFICATION_READ: &str = "notification:read";
    /// `{projectId}`: it was made, changed or removed. Who is told reads it anew.
    pub const PROJECT_CHANGED: &str = "project:changed";
    /// `{taskId, projectId}`: it was made, changed or removed. Who is told reads it anew.
    pub const TASK_CHANGED: &str = "task:changed";
    /// The runtime's status as the settings show it.
    pub const RUNTIME_STATUS: &str = "runtime:status";
    /// One terminal session after a change.
    pub const TERMINAL_STATUS: &str = "terminal:status";
    /// `{spaceId}`: a space appeared, changed or went.
    pub const SPACE_CHANGED: &str = "space:changed";
    /// `{pageId, spaceId, version}`: a page appeared, changed, moved, or went into the trash or out of it.
    pub const PAGE_CHANGED: &str = "page:changed";
    /// `{pageId, taskId}`, one of them null: a comment on it appeared, changed or went.
    pub const COMMENT_CHANGED: &str = "comment:changed";
}

/// Socket.IO event names in the namespace `/terminal`.
pub mod terminal {
    /// Viewer → server: `{agentId}` or `{sessionId}`, optionally `{since, binary, readOnly}`.
    pub const ATTACH: &str = "attach";
    /// Viewer → server: keystrokes, string or bytes. Server → runtime: the same, as a string.
    pub const INPUT: &str = "input";
    /// Viewer → server and server → runtime: `{cols, rows}`.
    pub const RESIZE: &str = "resize";
    /// Viewer → server: `request`, `take` or `release`, or `{action, seat?}`; acknowledged `{ok, error}`.
    pub const CONTROL: &str = "control";
    /// Viewer → server: stop watching.
    pub const DETACH: &str = "detach";
    /// Server → viewer: `{sessionId, agentId, status, cols, rows, role, seat, mayWrite, mayTake, offset}`.
    pub const ATTACHED: &str = "attached";
    /// Server → viewer: output, then `{offset}`.
    pub const DATA: &str = "data";
    /// Server → viewer: `{status, loginUrl?}`. Runtime → server: `{runtimeSessionId, status}`.
    pub const STATUS: &str = "status";
    /// Server → viewer: `{cols, rows}` of the PTY.
    pub const SIZE: &str = "size";
    /// Server → viewer: who may type, `{user, you, seat, idle}`.
    pub const WRITER: &str = "writer";
    /// Server → viewer: everybody attached, `[{id, name, role, seat, wants, guest}]`.
    pub const VIEWERS: &str = "viewers";
    /// Server → viewer: `{code, message}`.
    pub const ERROR: &str = "error";
    /// Server → viewer: the attachment ended.
    pub const DETACHED: &str = "detached";
    /// Runtime → server: `{runtimeSessionId, data}`.
    pub const OUTPUT: &str = "output";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spelled_as_the_contract_says() {
        let agent = RuntimeAgent::example();
        let error = RuntimeEvent::AgentError { agent, error: "gone".into() };
        let frame = EventFrame { seq: 7, event: error, timestamp: Timestamp::from_millis(0) };
        let json = serde_json::to_value(&frame).unwrap();
        assert_eq!(json["seq"], 7);
        assert_eq!(json["event"], "agent_error");
        assert_eq!(json["data"]["error"], "gone");
        assert_eq!(json["timestamp"], "1970-01-01T00:00:00.000Z");
        assert_eq!(serde_json::from_value::<EventFrame>(json).unwrap(), frame);
    }

    #[test]
    fn every_reported_status_has_its_event() {
        for status in AgentStatus::ALL {
            let agent = RuntimeAgent { status, ..RuntimeAgent::example() };
            let event = RuntimeEvent::of_status(agent.clone());
            assert_eq!(event.is_some(), status.reported_by().is_some(), "{status}");
            assert_eq!(event.as_ref().and_then(RuntimeEvent::agent), status.reported_by().map(|_| &agent));
        }
    }
}
