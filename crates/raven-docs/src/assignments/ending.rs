//! What becomes of an agent's work when the agent ends.
//!
//! Owns that it happens in the change that ends the agent, so that no work waits for one that is gone. Must not know
//! how an agent ends.

use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::Turn;
use raven_protocol::id::{MessageId, WorkspaceId};

use super::state::{AssignmentState, Happened, ReportedState};
use super::{By, moved, rows, state_of};
use crate::access::Granted;
use crate::audit::Action;
use crate::db::agents;
use crate::error::Error;
use crate::events::Change;

/// What is said of work whose agent cannot say anything itself.
const TURN_OVER: &str = "Its turn is over. It cannot report: its terminal has what came of it.";

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

/// Ends the work of an agent that has no tools to report with: the turn that its message began is over.
pub async fn turn_ended(change: &mut Change, agent: &agents::Model, turn: &Turn) -> Result<(), Error> {
    let Some(message) = turn.message_id.as_ref().filter(|_| !agent.reports && turn.ended_at.is_some()) else {
        return Ok(());
    };
    let workspace = WorkspaceId::parse(agent.workspace_id.as_str())?;
    for row in rows::of_agent(change.tx(), &workspace, &agent.id, &AssignmentState::OPEN).await? {
        if row.message_id.as_deref() != Some(message.as_str()) {
            continue;
        }
        let needs_sign_in = agent.status == AgentStatus::LoginRequired.as_str();
        let failed = turn.error.clone().or_else(|| row.reason.clone());
        let failed = failed.or_else(|| needs_sign_in.then(|| "it has to sign in".to_owned()));
        let state = if failed.is_some() { ReportedState::Failed } else { ReportedState::Done };
        let row = match failed {
            Some(why) => rows::Model { reason: Some(why), ..row },
            None => rows::Model {
                summary: row.summary.or_else(|| Some(TURN_OVER.to_owned())),
                progress: Some(100),
                ..row
            },
        };
        moved(change, row, (Happened::Reported(state), Action::AssignmentReport), By::system()).await?;
    }
    Ok(())
}

/// Notes, before it is done, that the turn is interrupted in which an agent without tools does its work, or that it was
/// not after all: how that turn ends is then no word on the work.
pub async fn interrupted(
    change: &Change,
    agent: &agents::Model,
    workspace: &WorkspaceId,
    who: Option<&str>,
) -> Result<(), Error> {
    if agent.reports {
        return Ok(());
    }
    for row in rows::of_agent(change.tx(), workspace, &agent.id, &AssignmentState::OPEN).await? {
        if row.message_id.is_some() {
            let reason = who.map(|who| format!("its turn was interrupted by {who}"));
            rows::update(change.tx(), &rows::Model { reason, ..row }).await?;
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
