//! Driving an agent: messages, sent and taken back, answers to its prompts, interruptions.
//!
//! Owns what the feed keeps of them: who, and never what was said. Must not know how an agent's program is
//! typed into; its runtime does.

use raven_protocol::doing::{AnswerRequest, Doing, SendAnswer, SendRequest};
use raven_protocol::id::{AgentId, MessageId};

use super::{Agent, Agents, named, rows};
use crate::access::{Drive, Granted};
use crate::activity::{self, About, ActivityKind};
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
        let answer = client.send(&theirs, message).await.map_err(|failure| failure.passed_on("agent"))?;
        self.note(by, &row, ActivityKind::AgentMessageSent, None).await?;
        Ok(answer)
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
        let report =
            client.cancel_message(&theirs, message).await.map_err(|failure| failure.passed_on("agent"))?;
        self.note(by, &row, ActivityKind::AgentMessageCancelled, None).await?;
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
        let report = client.answer(&theirs, answer).await.map_err(|failure| failure.passed_on("agent"))?;
        let chosen = label(&row, answer)?;
        self.note(by, &row, ActivityKind::AgentPromptAnswered, chosen).await?;
        self.apply(by.workspace(), &report, None).await?;
        self.get(&by.and()?, id).await
    }

    /// Has an agent leave what it does.
    ///
    /// # Errors
    /// `Conflict` when it does nothing that could be interrupted.
    pub async fn interrupt(&self, by: &Granted<Drive>, id: &AgentId) -> Result<Agent, Error> {
        let (row, client, theirs) = self.driven(by, id).await?;
        let report = client.interrupt(&theirs).await.map_err(|failure| failure.passed_on("agent"))?;
        self.note(by, &row, ActivityKind::AgentInterrupted, None).await?;
        self.apply(by.workspace(), &report, None).await?;
        self.get(&by.and()?, id).await
    }

    async fn driven(
        &self,
        by: &Granted<Drive>,
        id: &AgentId,
    ) -> Result<(rows::Model, RuntimeClient, AgentId), Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        self.check_is_there(by.workspace(), &row).await?;
        let theirs = AgentId::parse(row.runtime_agent_id.as_str())?;
        Ok((row, self.runtimes.client(by.workspace()).await?, theirs))
    }

    pub(super) async fn note(
        &self,
        by: &Granted<Drive>,
        row: &rows::Model,
        kind: ActivityKind,
        detail: Option<String>,
    ) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let about = About { agent: Some(named(row)), actor: Some(by.by()), detail, ..About::default() };
        activity::record(&mut change, by.workspace(), kind, about).await?;
        change.commit().await
    }
}

/// The words of what was chosen, as far as we know the prompt; a text may be a secret, and is not kept.
fn label(row: &rows::Model, answer: &AnswerRequest) -> Result<Option<String>, Error> {
    let doing: Doing = serde_json::from_str(&row.doing).map_err(anyhow::Error::from)?;
    let prompt = doing.prompt.filter(|prompt| prompt.id == answer.prompt_id);
    let mut options = prompt.map(|prompt| prompt.options).unwrap_or_default().into_iter();
    Ok(options.find(|option| Some(&option.id) == answer.choice.as_ref()).map(|option| option.label))
}
