//! Writes a session's changes of the writer into the log and the feed, in their order, beside the hub.
//!
//! Owns a bounded queue and the task that works it off, also after the hub has ended. Must not know
//! the rules of seats. Output never waits for it.

use std::iter;
use std::time::Duration;

use raven_protocol::id::{AgentId, WorkspaceId};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::handover::Handover;
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, ActorKind, Entry, Target};
use crate::auth::Named;
use crate::db;
use crate::error::Error;
use crate::terminals::{Terminals, rows};

/// Changes that may wait for the database; while there is no room, no hand-over is accepted.
const WAITING: usize = 64;

/// How long it is waited before what could not be written is tried again: a database that is busy is not so for long,
/// and a disk that is full must be seen to by people.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(20)];
const LAST_PAUSE: Duration = Duration::from_secs(60);
const MORE: usize = 60;

/// Handle to the task of one session's entries.
pub struct Scribe {
    queue: mpsc::Sender<Handover>,
}

impl Scribe {
    /// Starts the task. It ends with the handle, after what waits is written.
    pub fn start(terminals: &Terminals, row: &rows::Model) -> Self {
        let (queue, mut waiting) = mpsc::channel(WAITING);
        let (terminals, row) = (terminals.clone(), row.clone());
        let tasks = terminals.tasks.clone();
        tasks.spawn(async move {
            while let Some(handover) = waiting.recv().await {
                write_in_the_end(&terminals, &row, &handover).await;
            }
        });
        Self { queue }
    }

    pub fn has_room(&self) -> bool {
        self.queue.capacity() > 0
    }

    /// Queues an entry. Callers look for room first, and there is no other sender.
    pub fn record(&self, handover: Handover) {
        if self.queue.try_send(handover).is_err() {
            tracing::error!("a change of the writer found no room to be written");
        }
    }
}

/// Writes a change, and tries again for an hour when that fails: meanwhile others wait, and in the end no hand-over is
/// accepted. A server that ends tries once more.
async fn write_in_the_end(terminals: &Terminals, row: &rows::Model, handover: &Handover) {
    for pause in PAUSES.into_iter().chain(iter::repeat_n(LAST_PAUSE, MORE)) {
        let Err(error) = write(terminals, row, handover).await else { return };
        tracing::warn!(session.id = %row.id, %error, "a change of the writer could not be written yet");
        if terminals.cancel.run_until_cancelled(sleep(pause)).await.is_none() {
            break;
        }
    }
    if let Err(error) = write(terminals, row, handover).await {
        tracing::error!(session.id = %row.id, %error, "a change of the writer could not be written");
    }
}

async fn write(terminals: &Terminals, row: &rows::Model, handover: &Handover) -> Result<(), Error> {
    let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
    let mut change = terminals.changes.begin().await?;
    let agent = AgentId::parse(row.agent_id.as_str())?;
    let agent = db::agents::find(change.tx(), &workspace, &agent).await?;
    let actor = match &handover.by {
        Some(by) if by.id == row.agent_id => Actor::of(ActorKind::Agent, by.clone()),
        Some(by) => Actor::user(by.clone()),
        None => Actor::system(),
    };
    let entry = Entry::new(actor, Action::TerminalControl, Target::new("terminal session", row.id.as_str()));
    let entry = entry.agent(row.agent_id.as_str());
    let entry = entry.before(json!({ "writer": handover.from })).after(json!({ "writer": handover.to }));
    change.audit(&workspace, entry).await?;
    let about = About {
        agent: agent.map(|agent| Named { id: agent.id, name: agent.name }),
        session: Some(row.id.clone()),
        actor: handover.by.clone(),
        detail: Some(handover.detail()),
    };
    activity::record(&mut change, &workspace, ActivityKind::TerminalControlChanged, about).await?;
    change.commit().await
}
