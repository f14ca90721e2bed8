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

    /// Takes a prompt back that waits at an agent's runtime.
    ///
    /// # Errors
    /// When it does not wait there, or that cannot be asked.
    pub async fn take_back(
        &self,
        workspace: &WorkspaceId,
        agent: &str,
        message: &MessageId,
    ) -> Result<(), Error> {
        let id = AgentId::parse(agent)?;
        let row = rows::find(self.db.read(), workspace, &id).await?.ok_or(Error::NotFound("agent"))?;
        self.check_is_there(workspace, &row).await?;
        let client = self.runtimes.client(workspace).await?;
        let report = client.cancel_message(&AgentId::parse(row.runtime_agent_id)?, message).await?;
        self.apply(workspace, &report, None).await.map(drop)
    }

    /// Whether an agent is being restarted.
    pub fn is_restarting(&self, id: &AgentId) -> bool {
        self.restarts.is_under_way(id)
    }
}

fn refused(failure: RuntimeFailure) -> Handed {
    let why = failure.to_string();
    match failure.passed_on("agent") {
        Error::Conflict {
            code: Conflict::InputInUse | Conflict::AgentBusy | Conflict::QueueFull | Conflict::AgentEnded,
            ..
        } => Handed::NotNow,
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
            (says(422, "INVALID"), not_taken()),
            (says(503, "UNAVAILABLE"), Handed::Unknown),
            (says(404, "AGENT_NOT_FOUND"), Handed::Unknown),
            (RuntimeFailure::Unreachable("away".to_owned()), Handed::Unknown),
            (RuntimeFailure::NotConfigured, Handed::Unknown),
        ] {
            assert_eq!(refused(failure.clone()), handed, "{failure:?}");
        }
    }
}
