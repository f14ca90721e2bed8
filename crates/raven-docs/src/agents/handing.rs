//! Handing a prompt to an agent's program, once, and taking it back.
//!
//! Owns what a runtime's answer means for whoever hands it. Must not know what the prompt says, nor who waits.

use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::{MessageState, SendRequest};
use raven_protocol::id::{AgentId, MessageId, WorkspaceId};

use super::admission::{Access, AgentOrigin};
use super::{Agents, rows};
use crate::error::{Conflict, Error, RuntimeFailure};

/// What became of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The runtime has it.
    Is(MessageState),
    /// Nothing of it was typed; it may be handed over later, under another id too.
    NotNow,
    /// It was begun, and not seen to be taken: it must not be handed over again.
    NotTaken(String),
    /// It was taken back before anything of it was typed, and is never typed.
    TakenBack,
    /// Nobody knows: the same id must be asked about again.
    Unknown,
}

/// Whether an agent's program could be given a prompt now.
pub fn takes_prompt_now(row: &rows::Model) -> bool {
    row.takes_prompts
        && AgentOrigin::of(row) == AgentOrigin::Spawned
        && Access::of(row) == Access::Approved
        && row.status == AgentStatus::Ready.as_str()
}

impl Agents {
    /// Has an agent's runtime type a prompt, or asks what became of it: a runtime types no id twice.
    pub async fn hand(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        (message, text): (&MessageId, String),
    ) -> Result<Handed, Error> {
        let row = rows::find(self.db.read(), workspace, id).await?.ok_or(Error::NotFound("agent"))?;
        if self.check_is_there(workspace, &row).await.is_err() {
            return Ok(Handed::Unknown);
        }
        let Ok(client) = self.runtimes.client(workspace).await else { return Ok(Handed::Unknown) };
        let request = SendRequest { message: text, submit: true, queue: true };
        let theirs = AgentId::parse(row.runtime_agent_id)?;
        Ok(match client.send_once(&theirs, message, &request).await {
            Ok(answer) => Handed::Is(answer.state),
            Err(failure) => refused(failure),
        })
    }

    /// Takes a prompt back that waits at an agent's runtime, or is on its way there. Once it is settled, nothing of it
    /// is typed any more; it may have been before.
    ///
    /// # Errors
    /// When the runtime cannot be asked: it has to be asked again.
    pub async fn take_back(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        message: &MessageId,
    ) -> Result<(), Error> {
        let Some(row) = rows::find(self.db.read(), workspace, id).await? else { return Ok(()) };
        let has_ended = AgentStatus::from_str_opt(&row.status).is_some_and(AgentStatus::is_final);
        if has_ended && !self.is_restarting(id) {
            return Ok(());
        }
        self.check_is_there(workspace, &row).await?;
        let client = self.runtimes.client(workspace).await?;
        match client.cancel_message(&AgentId::parse(row.runtime_agent_id)?, message).await {
            Ok(report) => self.apply(workspace, &report, None).await.map(drop),
            Err(failure) if is_settled(&failure) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Whether an agent is being restarted.
    pub fn is_restarting(&self, id: &AgentId) -> bool {
        self.restarts.is_under_way(id)
    }
}

/// Whether a runtime that took nothing back will type nothing later either: it was typed, or does not wait there, or
/// that runtime lets no message wait.
fn is_settled(failure: &RuntimeFailure) -> bool {
    match failure {
        RuntimeFailure::Refused { status: 404 | 405, .. } => true,
        RuntimeFailure::Refused { code, .. } => code == "MESSAGE_TYPED",
        _ => false,
    }
}

fn refused(failure: RuntimeFailure) -> Handed {
    let why = failure.to_string();
    match failure.passed_on("agent") {
        Error::Conflict {
            code: Conflict::InputInUse | Conflict::AgentBusy | Conflict::QueueFull | Conflict::AgentEnded,
            ..
        } => Handed::NotNow,
        Error::Conflict { code: Conflict::MessageTakenBack, .. } => Handed::TakenBack,
        Error::Conflict { .. } | Error::NotAccepted(_) => Handed::NotTaken(why),
        _ => Handed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refusal_means_for_a_prompt() {
        let says = |status: u16, code: &str| RuntimeFailure::Refused {
            status,
            code: code.to_owned(),
            detail: "because".to_owned(),
        };
        let not_taken = || Handed::NotTaken("because".to_owned());
        for (failure, handed) in [
            (says(409, "INPUT_IN_USE"), Handed::NotNow),
            (says(409, "AGENT_NOT_READY"), Handed::NotNow),
            (says(429, "QUEUE_FULL"), Handed::NotNow),
            (says(409, "AGENT_ENDED"), Handed::NotNow),
            (says(409, "NOT_TAKEN"), not_taken()),
            (says(409, "MESSAGE_TAKEN_BACK"), Handed::TakenBack),
            (says(422, "INVALID"), not_taken()),
            (says(503, "UNAVAILABLE"), Handed::Unknown),
            (says(404, "AGENT_NOT_FOUND"), Handed::Unknown),
            (RuntimeFailure::Unreachable("away".to_owned()), Handed::Unknown),
            (RuntimeFailure::NotConfigured, Handed::Unknown),
        ] {
            assert_eq!(refused(failure.clone()), handed, "{failure:?}");
        }
    }

    #[test]
    fn what_a_refusal_to_take_back_leaves_open() {
        let says = |status: u16, code: &str| RuntimeFailure::Refused {
            status,
            code: code.to_owned(),
            detail: String::new(),
        };
        for (failure, settled) in [
            (says(404, "MESSAGE_NOT_FOUND"), true),
            (says(404, "AGENT_NOT_FOUND"), true),
            (says(409, "MESSAGE_TYPED"), true),
            (says(409, "AGENT_ENDED"), false),
            (says(503, "UNAVAILABLE"), false),
            (RuntimeFailure::Unreachable("away".to_owned()), false),
        ] {
            assert_eq!(is_settled(&failure), settled, "{failure:?}");
        }
    }
}
