//! What becomes of an agent's work when the agent ends.
//!
//! Owns that it happens in the change that ends the agent, so that no work waits for one that is gone. Must not know
//! how an agent ends.

use raven_protocol::id::{MessageId, WorkspaceId};

use super::state::{AssignmentState, Happened};
use super::{By, moved, rows, state_of};
use crate::access::Granted;
use crate::audit::Action;
use crate::db::agents;
use crate::error::Error;
use crate::events::Change;

/// How an agent leaves its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Ended,
    /// It will begin anew, and gets what it was not given yet.
    Restarts,
    Revoked,
}

/// Fails what an agent leaves behind.
pub async fn agent_left(change: &mut Change, agent: &agents::Model, how: Left) -> Result<(), Error> {
    let workspace = WorkspaceId::parse(agent.workspace_id.as_str())?;
    for row in rows::of_agent(change.tx(), &workspace, &agent.id, &AssignmentState::OPEN).await? {
        let on_its_way = row.message_id.is_some();
        let what = match how {
            // What was being typed may have been taken: it is not given a second time.
            Left::Restarts if !on_its_way => Happened::AgentRestarts,
            Left::Ended | Left::Restarts | Left::Revoked => Happened::AgentEnded,
        };
        if state_of(&row)?.on(what) == Some(AssignmentState::Pending) {
            continue;
        }
        let row = rows::Model { reason: Some(reason(agent, how)), ..row };
        moved(change, row, (what, Action::AssignmentFail), By::system()).await?;
    }
    Ok(())
}

/// Calls off the work whose message somebody took back before it was typed: it is not handed over again.
pub async fn taken_back<P>(
    change: &mut Change,
    agent: &agents::Model,
    message: &MessageId,
    by: &Granted<P>,
) -> Result<(), Error> {
    let pending = [AssignmentState::Pending.as_str()];
    for row in rows::of_agent(change.tx(), by.workspace(), &agent.id, &pending).await? {
        if row.message_id.as_deref() == Some(message.as_str()) {
            let what = (Happened::CalledOff, Action::AssignmentCancel);
            moved(change, row, what, By::granted(by)).await?;
        }
    }
    Ok(())
}

fn reason(agent: &agents::Model, how: Left) -> String {
    match how {
        Left::Revoked => "its agent's access was revoked".to_owned(),
        Left::Restarts => "its agent was restarted while it was at it".to_owned(),
        Left::Ended => match agent.error.as_deref().and_then(|error| error.lines().next()) {
            Some(error) => format!("its agent failed: {error}"),
            None => "its agent has ended".to_owned(),
        },
    }
}
