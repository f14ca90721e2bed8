//! Driving an agent: messages, sent and taken back, answers to its prompts, interruptions.
//!
//! Owns what the feed keeps of them: who, and never what was said. Must not know how an agent's program is
//! typed into; its runtime does.

use raven_protocol::doing::{AnswerRequest, Doing, SendAnswer, SendRequest};
use raven_protocol::id::{AgentId, MessageId};

use serde_json::json;

use super::deed::Deed;
use super::{Agent, Agents, check_is_spawned, check_not_revoked, rows};
use crate::access::{Drive, Granted};
use crate::activity::ActivityKind;
use crate::assignments::ending::{interrupted, taken_back};
use crate::audit::Action;
use crate::error::Error;
use crate::runtimes::client::RuntimeClient;

/// Longest message, in bytes; as the runtime's.
const MAX_MESSAGE: usize = 64 * 1024;

impl Agents {
    /// Gives an agent a message.
    ///
    /// # Errors
    /// `Conflict` when the agent cannot take it now, with the runtime's reason.
    pub async fn send(
        &self,
        by: &Granted<Drive>,
        id: &AgentId,
        message: &SendRequest,
    ) -> Result<SendAnswer, Error> {
        if message.message.len() > MAX_MESSAGE {
            return Err(Error::invalid("message", format!("must be at most {} KiB", MAX_MESSAGE / 1024)));
        }
        let (row, client, theirs) = self.driven(by, id).await?;
        let deed = Deed {
            action: Action::AgentSend,
            told: Some((ActivityKind::AgentMessageSent, None)),
            kept: json!({ "bytes": message.message.len() }),
        };
        let sent =
            async { client.send(&theirs, message).await.map_err(|failure| failure.passed_on("agent")) };
        self.on_record(by, &row, deed, sent).await
    }

    /// Takes back a message that waits for an agent.
    ///
    /// # Errors
    /// `NotFound` when none of that id waits, `Conflict` when it was typed already.
    pub async fn cancel_message(
        &self,
        by: &Granted<Drive>,
        id: &AgentId,
        message: &MessageId,
    ) -> Result<Agent, Error> {
        let (row, client, theirs) = self.driven(by, id).await?;
        let deed = Deed {
            action: Action::AgentMessageCancel,
            told: Some((ActivityKind::AgentMessageCancelled, None)),
            kept: json!({ "message": message }),
        };
        let cancelled = async {
            client.cancel_message(&theirs, message).await.map_err(|failure| failure.passed_on("agent"))
        };
        let report = self.on_record(by, &row, deed, cancelled).await?;
        let mut change = self.changes.begin().await?;
        taken_back(&mut change, &row, message, by).await?;
        change.commit().await?;
        self.apply(by.workspace(), &report, None).await?;
        self.get(&by.and()?, id).await
    }

    /// Answers what an agent asks.
    ///
    /// # Errors
    /// `Conflict` when it does not ask that any more.
    pub async fn answer(
        &self,
        by: &Granted<Drive>,
        id: &AgentId,
        answer: &AnswerRequest,
    ) -> Result<Agent, Error> {
        if answer.choice.is_some() == answer.text.is_some() {
            return Err(Error::invalid("choice", "and `text`: give one of them"));
        }
        let (row, client, theirs) = self.driven(by, id).await?;
        let chosen = label(&row, answer)?;
        let deed = Deed {
            action: Action::AgentAnswer,
            kept: json!({ "prompt": answer.prompt_id, "choice": answer.choice, "label": chosen }),
            told: Some((ActivityKind::AgentPromptAnswered, chosen)),
        };
        let answered =
            async { client.answer(&theirs, answer).await.map_err(|failure| failure.passed_on("agent")) };
        let report = self.on_record(by, &row, deed, answered).await?;
        self.apply(by.workspace(), &report, None).await?;
        self.get(&by.and()?, id).await
    }

    /// Has an agent leave what it does.
    ///
    /// # Errors
    /// `Conflict` when it does nothing that could be interrupted.
    pub async fn interrupt(&self, by: &Granted<Drive>, id: &AgentId) -> Result<Agent, Error> {
        let (row, client, theirs) = self.driven(by, id).await?;
        let deed = Deed {
            action: Action::AgentInterrupt,
            told: Some((ActivityKind::AgentInterrupted, None)),
            kept: json!({}),
        };
        let note = async |who: Option<&str>| {
            let change = match who {
                Some(_) => self.changes.begin_for(by).await?,
                None => self.changes.begin().await?,
            };
            interrupted(&change, &row, by.workspace(), who).await?;
            change.commit().await
        };
        note(Some(&by.by().name)).await?;
        let interrupted = async {
            let interrupted = client.interrupt(&theirs).await.map_err(|failure| failure.passed_on("agent"));
            if interrupted.is_err() {
                note(None).await?;
            }
            interrupted
        };
        let report = self.on_record(by, &row, deed, interrupted).await?;
        self.apply(by.workspace(), &report, None).await?;
        self.get(&by.and()?, id).await
    }

    async fn driven(
        &self,
        by: &Granted<Drive>,
        id: &AgentId,
    ) -> Result<(rows::Model, RuntimeClient, AgentId), Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        check_is_spawned(&row)?;
        check_not_revoked(&row)?;
        self.check_is_there(by.workspace(), &row).await?;
        let theirs = AgentId::parse(row.runtime_agent_id.as_str())?;
        Ok((row, self.runtimes.client(by.workspace()).await?, theirs))
    }
}

/// The words of what was chosen, as far as we know the prompt; a text may be a secret, and is not kept.
fn label(row: &rows::Model, answer: &AnswerRequest) -> Result<Option<String>, Error> {
    let doing: Doing = serde_json::from_str(&row.doing).map_err(anyhow::Error::from)?;
    let prompt = doing.prompt.filter(|prompt| prompt.id == answer.prompt_id);
    let mut options = prompt.map(|prompt| prompt.options).unwrap_or_default().into_iter();
    Ok(options.find(|option| Some(&option.id) == answer.choice.as_ref()).map(|option| option.label))
}
