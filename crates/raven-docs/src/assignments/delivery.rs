//! Work comes to agents whose program takes prompts: typed when it is ready, one at a time, once.
//!
//! Owns the order (decision 12): the message's id is kept before the runtime is asked to type it, and the runtime is
//! asked again under the same id until it has said what became of it; it never types one id twice. What was begun and
//! not seen to be taken has failed, and is not given again. Must not know how a program is typed into.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::MessageState;
use raven_protocol::id::{AgentId, MessageId, WorkspaceId};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ending::{Left, agent_left};
use super::state::{AssignmentState, Happened};
use super::{Assignments, By, entry, moved, prompt, rows, view};
use crate::agents::handing::{Handed, takes_prompt_now};
use crate::audit::{Action, Actor, Outcome};
use crate::db::agents;
use crate::error::Error;
use crate::events::{Published, WorkspaceEvent};

/// Longest sleep: what is not told by an event is found by looking.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How soon an agent is asked again that could not be given its work: somebody types, or its runtime is away.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Agents that are served at once; each holds a call that looks whether a prompt was taken.
const AT_ONCE: usize = 8;

/// Gives agents their work, for as long as the server runs.
pub async fn keep_delivering(assignments: Assignments, cancel: CancellationToken) {
    let mut heard = assignments.changes.listen();
    let mut serving: JoinSet<String> = JoinSet::new();
    // Agents that are being served (`None`), or are asked again later.
    let mut known: HashMap<String, Option<Instant>> = HashMap::new();
    loop {
        let now = Instant::now();
        known.retain(|_, until| until.is_none_or(|until| until > now));
        if let Err(error) = assignments.serve(&mut serving, &mut known).await {
            tracing::warn!(error = %format!("{error:#}"), "agents' work could not be looked at");
        }
        let next = known.values().flatten().min().map_or(LOOK_AGAIN, |until| *until - now);
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(next.min(LOOK_AGAIN)) => {}
            Some(ended) = serving.join_next() => match ended {
                Ok(agent) => drop(known.insert(agent, Some(Instant::now() + ASK_AGAIN))),
                // A panic; which one is not known, so that all are looked at anew.
                Err(_) => known.clear(),
            },
            // Only a hint: what waits is in the database.
            () = something_happens(&mut heard) => {}
        }
    }
}

async fn something_happens(heard: &mut Receiver<Published>) {
    loop {
        match heard.recv().await {
            Ok(published) => match *published.event {
                WorkspaceEvent::AgentChanged(_) | WorkspaceEvent::AssignmentChanged(_) => return,
                _ => {}
            },
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Work that is being given.
struct OnItsWay {
    workspace: WorkspaceId,
    agent: AgentId,
    row: rows::Model,
    message: MessageId,
}

impl Assignments {
    /// Begins to serve the agents for which something waits.
    async fn serve(
        &self,
        serving: &mut JoinSet<String>,
        known: &mut HashMap<String, Option<Instant>>,
    ) -> Result<(), Error> {
        let mut looked_at = HashSet::new();
        for row in rows::in_state(self.db.read(), AssignmentState::Pending.as_str()).await? {
            // The first of each agent: the others come after it.
            let is_first = looked_at.insert(row.agent_id.clone());
            if serving.len() >= AT_ONCE || known.contains_key(&row.agent_id) || !is_first {
                continue;
            }
            let agent = row.agent_id.clone();
            if !self.is_due(&row).await? {
                continue;
            }
            known.insert(agent.clone(), None);
            let this = self.clone();
            serving.spawn(async move {
                if let Err(error) = this.give(row).await {
                    tracing::warn!(agent.id = agent, error = %format!("{error:#}"), "work could not be given");
                }
                agent
            });
        }
        Ok(())
    }

    /// Whether there is something to do for a row that waits: to give it, or to see that its agent is gone.
    async fn is_due(&self, row: &rows::Model) -> Result<bool, Error> {
        let (workspace, id) = ids(row)?;
        let Some(agent) = agents::find(self.db.read(), &workspace, &id).await? else { return Ok(false) };
        let gone = has_ended(&agent) && !self.agents.is_restarting(&id);
        if gone || row.message_id.is_some() || !takes_prompt_now(&agent) {
            return Ok(gone || row.message_id.is_some());
        }
        let under_way = &AssignmentState::UNDER_WAY;
        Ok(rows::of_agent(self.db.read(), &workspace, &agent.id, under_way).await?.is_empty())
    }

    async fn give(&self, row: rows::Model) -> Result<(), Error> {
        let Some(way) = self.begin(row).await? else { return Ok(()) };
        let text = prompt::of(&view(way.row.clone())?);
        let handed = self.agents.hand(&way.workspace, &way.agent, (&way.message, text)).await;
        self.end(way, handed?).await
    }

    /// Keeps the message's id before anything is asked; `None` when there is nothing to give.
    async fn begin(&self, row: rows::Model) -> Result<Option<OnItsWay>, Error> {
        let (workspace, agent) = ids(&row)?;
        let mut change = self.changes.begin().await?;
        let Some(who) = agents::find(change.tx(), &workspace, &agent).await? else { return Ok(None) };
        if has_ended(&who) {
            if !self.agents.is_restarting(&agent) {
                agent_left(&mut change, &who, Left::Ended).await?;
                change.commit().await?;
            }
            return Ok(None);
        }
        let first = self.first(&change, &workspace, &who.id).await?;
        let Some(mut row) = first.filter(|first| first.id == row.id) else { return Ok(None) };
        if let Some(message) = &row.message_id {
            let message = MessageId::parse(message.as_str())?;
            return Ok(Some(OnItsWay { workspace, agent, row, message }));
        }
        if !takes_prompt_now(&who) {
            return Ok(None);
        }
        let message = MessageId::generate();
        row.message_id = Some(message.to_string());
        rows::update(change.tx(), &row).await?;
        let begun = entry(&row, Actor::system(), Action::AssignmentDeliver).outcome(Outcome::Begun);
        change.audit(&workspace, begun.after(json!({ "message": message }))).await?;
        change.commit().await?;
        Ok(Some(OnItsWay { workspace, agent, row, message }))
    }

    /// What an agent is to be given next; `None` while it has something.
    async fn first(
        &self,
        change: &crate::events::Change,
        workspace: &WorkspaceId,
        agent: &str,
    ) -> Result<Option<rows::Model>, Error> {
        let open = rows::of_agent(change.tx(), workspace, agent, &AssignmentState::OPEN).await?;
        let pending = AssignmentState::Pending.as_str();
        if open.iter().any(|row| row.state != pending) {
            return Ok(None);
        }
        Ok(open.into_iter().next())
    }

    /// Writes down what became of it, unless it ended otherwise meanwhile.
    async fn end(&self, way: OnItsWay, handed: Handed) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let id = raven_protocol::id::AssignmentId::parse(way.row.id.as_str())?;
        let Some(row) = rows::find(change.tx(), &way.workspace, &id).await? else { return Ok(()) };
        if row.state != AssignmentState::Pending.as_str() || row.message_id != way.row.message_id {
            return Ok(());
        }
        match handed {
            Handed::Is(MessageState::Submitted | MessageState::Typed) => {
                let what = (Happened::HandedOver, Action::AssignmentDeliver);
                moved(&mut change, row, what, By::system()).await?;
            }
            // It is asked again.
            Handed::Is(MessageState::Queued) | Handed::Unknown => return Ok(()),
            Handed::NotNow => {
                rows::update(change.tx(), &rows::Model { message_id: None, ..row }).await?;
            }
            Handed::NotTaken(why) => {
                let row = rows::Model { reason: Some(why), ..row };
                let what = (Happened::NotTaken, Action::AssignmentDeliver);
                moved(&mut change, row, what, By::system()).await?;
            }
        }
        change.commit().await
    }
}

fn ids(row: &rows::Model) -> Result<(WorkspaceId, AgentId), Error> {
    Ok((WorkspaceId::parse(row.workspace_id.as_str())?, AgentId::parse(row.agent_id.as_str())?))
}

fn has_ended(agent: &agents::Model) -> bool {
    AgentStatus::from_str_opt(&agent.status).is_some_and(AgentStatus::is_final)
}
