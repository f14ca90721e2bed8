//! Work comes to agents whose program takes prompts: typed when it is ready, one at a time, once.
//!
//! Owns the order (decision 12): the message's id is kept before the runtime is asked to type it, and the runtime is
//! asked again under the same id until it has said what became of it; it never types one id twice. What was begun and
//! not seen to be taken has failed, and is not given again. What has ended otherwise meanwhile is taken back: its
//! message's id stays in its row until the runtime has said that nothing of it is typed any more. Must not know how a
//! program is typed into.

use std::collections::HashMap;
use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::MessageState;
use raven_protocol::id::{AgentId, MessageId, WorkspaceId};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ending::{Left, agent_left};
use super::state::{AssignmentState, Happened};
use super::{Assignments, By, entry, moved, prompt, rows, view};
use crate::agents::handing::{Handed, takes_prompt_now};
use crate::audit::{Action, Actor, Outcome};
use crate::db::agents;
use crate::error::Error;
use crate::events::{Change, Published, WorkspaceEvent};

/// Longest sleep: what is not told by an event is found by looking.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How soon an agent is asked again that could not be given its work: somebody types, or its runtime is away.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Agents that are served at once; each holds a call that looks whether a prompt was taken.
const AT_ONCE: usize = 8;

/// Messages that are taken back at once: those calls are short.
const TAKEN_BACK_AT_ONCE: usize = 8;

/// Gives agents their work, for as long as the server runs.
pub async fn keep_delivering(assignments: Assignments, cancel: CancellationToken) {
    let mut heard = assignments.changes.listen();
    let (mut serving, mut taking_back) = (JoinSet::new(), JoinSet::new());
    // Agents that are being served and messages that are taken back (`None`), or that are asked again later.
    let mut known: HashMap<String, Option<Instant>> = HashMap::new();
    loop {
        let now = Instant::now();
        known.retain(|_, until| until.is_none_or(|until| until > now));
        for looked in [
            assignments.take_back_ended(&mut taking_back, &mut known).await,
            assignments.serve(&mut serving, &mut known).await,
        ] {
            if let Err(error) = looked {
                tracing::warn!(error = %format!("{error:#}"), "agents' work could not be looked at");
            }
        }
        let next = known.values().flatten().min().map_or(LOOK_AGAIN, |until| *until - now);
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(next.min(LOOK_AGAIN)) => {}
            Some(ended) = serving.join_next() => ask_again(&mut known, ended),
            Some(ended) = taking_back.join_next() => ask_again(&mut known, ended),
            // Only a hint: what waits is in the database.
            () = something_happens(&mut heard) => {}
        }
    }
}

fn ask_again(known: &mut HashMap<String, Option<Instant>>, ended: Result<String, JoinError>) {
    match ended {
        Ok(what) => drop(known.insert(what, Some(Instant::now() + ASK_AGAIN))),
        // A panic; which one is not known, so that all are looked at anew.
        Err(_) => known.clear(),
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
    text: String,
}

impl Assignments {
    /// Begins to serve the agents for which something waits.
    async fn serve(
        &self,
        serving: &mut JoinSet<String>,
        known: &mut HashMap<String, Option<Instant>>,
    ) -> Result<(), Error> {
        let ended = AgentStatus::ALL.into_iter().filter(|status| status.is_final()).map(AgentStatus::as_str);
        let ended: Vec<&str> = ended.collect();
        for due in rows::to_give(self.db.read(), &AssignmentState::UNDER_WAY, &ended).await? {
            if serving.len() >= AT_ONCE || known.contains_key(&due.agent_id) {
                continue;
            }
            known.insert(due.agent_id.clone(), None);
            let this = self.clone();
            serving.spawn(async move {
                if let Err(error) = this.give(&due).await {
                    tracing::warn!(agent.id = due.agent_id, error = %format!("{error:#}"), "work could not be given");
                }
                due.agent_id
            });
        }
        Ok(())
    }

    /// Begins to take back the messages of work that has ended.
    async fn take_back_ended(
        &self,
        taking_back: &mut JoinSet<String>,
        known: &mut HashMap<String, Option<Instant>>,
    ) -> Result<(), Error> {
        for due in rows::to_take_back(self.db.read(), &AssignmentState::ENDED).await? {
            if taking_back.len() >= TAKEN_BACK_AT_ONCE || known.contains_key(&due.id) {
                continue;
            }
            known.insert(due.id.clone(), None);
            let this = self.clone();
            taking_back.spawn(async move {
                if let Err(error) = this.take_back(&due).await {
                    tracing::debug!(agent.id = due.agent_id, %error, "a message could not be taken back yet");
                }
                due.id
            });
        }
        Ok(())
    }

    async fn take_back(&self, due: &rows::Due) -> Result<(), Error> {
        let Some(message) = &due.message_id else { return Ok(()) };
        let (workspace, agent) = ids(due)?;
        self.agents.take_back(&workspace, &agent, &MessageId::parse(message.as_str())?).await?;
        let change = self.changes.begin().await?;
        rows::forget_message(change.tx(), &due.id, message).await?;
        change.commit().await
    }

    async fn give(&self, due: &rows::Due) -> Result<(), Error> {
        let Some(way) = self.begin(due).await? else { return Ok(()) };
        let handed = self.agents.hand(&way.workspace, &way.agent, (&way.message, way.text.clone())).await;
        self.end(way, handed?).await
    }

    /// Keeps the message's id before anything is asked; `None` when there is nothing to give.
    async fn begin(&self, due: &rows::Due) -> Result<Option<OnItsWay>, Error> {
        let (workspace, agent) = ids(due)?;
        let mut change = self.changes.begin().await?;
        let Some(who) = agents::find(change.tx(), &workspace, &agent).await? else { return Ok(None) };
        if has_ended(&who) {
            if !self.agents.is_restarting(&agent) {
                agent_left(&mut change, &who, Left::Ended).await?;
                change.commit().await?;
            }
            return Ok(None);
        }
        let Some(mut row) = first(&change, &workspace, &who.id).await?.filter(|row| row.id == due.id) else {
            return Ok(None);
        };
        let told = if who.reports { prompt::Told::ByTool } else { prompt::Told::ByTurn };
        let text = prompt::of(&view(row.clone())?, told);
        if let Some(message) = &row.message_id {
            let message = MessageId::parse(message.as_str())?;
            return Ok(Some(OnItsWay { workspace, agent, row, message, text }));
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
        Ok(Some(OnItsWay { workspace, agent, row, message, text }))
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
            // Whoever took it back has not written that down yet, or never will.
            Handed::TakenBack => {
                let why = "its message was taken back before it was typed".to_owned();
                let row = rows::Model { reason: Some(why), ..row };
                moved(&mut change, row, (Happened::CalledOff, Action::AssignmentCancel), By::system())
                    .await?;
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

/// What an agent is to be given next; `None` while it has something.
async fn first(change: &Change, workspace: &WorkspaceId, agent: &str) -> Result<Option<rows::Model>, Error> {
    let mut open = rows::of_agent(change.tx(), workspace, agent, &AssignmentState::OPEN).await?;
    let pending = AssignmentState::Pending.as_str();
    if open.iter().any(|row| row.state != pending) {
        return Ok(None);
    }
    // What is on its way goes before all others.
    let place = open.iter().position(|row| row.message_id.is_some()).unwrap_or(0);
    Ok((place < open.len()).then(|| open.swap_remove(place)))
}

fn ids(due: &rows::Due) -> Result<(WorkspaceId, AgentId), Error> {
    Ok((WorkspaceId::parse(due.workspace_id.as_str())?, AgentId::parse(due.agent_id.as_str())?))
}

fn has_ended(agent: &agents::Model) -> bool {
    AgentStatus::from_str_opt(&agent.status).is_some_and(AgentStatus::is_final)
}
