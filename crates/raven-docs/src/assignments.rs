//! Assignments: units of work that are given to agents, and what becomes of them.
//!
//! An assignment is stored: it outlives the call that gave it, and is given to its agent once. Owns assignments. How
//! they come to agents is in `delivery`. Must not know how an agent's program is typed into.

use std::sync::Arc;

use raven_protocol::id::{AgentId, AssignmentId, PageId, TaskId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::access::Granted;
use crate::access::work::SeeWork;
use crate::activity::{self, About, ActivityKind};
use crate::agents::Agents;
use crate::approvals::action::cut;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{Caller, Named};
use crate::db::{self, Db, assignments as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes, WorkspaceEvent};
use crate::page::{Page, PageQuery};

pub mod delivery;
pub mod ending;
pub mod giving;
pub mod listing;
mod prompt;
mod references;
pub mod reporting;
pub mod state;

use state::{AssignmentState, Happened};

/// Longest detail of an entry in the feed, in characters.
const MAX_DETAIL: usize = 300;

/// An assignment as the API and events show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    pub id: String,
    pub agent: Named,
    pub title: String,
    pub instructions: String,
    pub page_ids: Vec<String>,
    pub task_ids: Vec<String>,
    /// When it has failed unless it is done.
    pub deadline: Option<Timestamp>,
    pub state: AssignmentState,
    /// 0 to 100, where its agent tells.
    pub progress: Option<i64>,
    /// What was said of it last.
    pub summary: Option<String>,
    /// What came of it.
    pub result: Option<Value>,
    /// Why it failed, where nobody reported that.
    pub reason: Option<String>,
    pub assigned_by: AssignedBy,
    pub created_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Who gave it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AssignedBy {
    /// `user`, `agent` or `control_plane`.
    pub kind: String,
    pub id: String,
    pub name: String,
}

/// Work to be given to an agent.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAssignment {
    /// One line, at most 200 characters.
    pub title: String,
    /// What is to be done; at most 32 KiB.
    pub instructions: String,
    /// Pages that it is about.
    #[serde(default)]
    pub page_ids: Vec<PageId>,
    /// Tasks that it is about.
    #[serde(default)]
    pub task_ids: Vec<TaskId>,
    /// When it has failed unless it is done.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
}

/// Which assignments a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AssignmentQuery {
    pub state: Option<AssignmentState>,
    /// Only those that have not ended, or only those that have.
    pub open: Option<bool>,
}

impl AssignmentQuery {
    /// The states that it asks for; `None` for all.
    fn states(&self) -> Option<Vec<&'static str>> {
        let all = AssignmentState::ALL.into_iter();
        let wanted = all
            .filter(|state| self.state.is_none_or(|wanted| wanted == *state))
            .filter(|state| self.open.is_none_or(|open| open != state.has_ended()));
        (self.state.is_some() || self.open.is_some()).then(|| wanted.map(AssignmentState::as_str).collect())
    }
}

/// The assignments of all workspaces.
#[derive(Clone)]
pub struct Assignments {
    db: Db,
    changes: Changes,
    agents: Agents,
    /// Told when a deadline was set.
    deadlines: Arc<Notify>,
}

impl Assignments {
    pub fn new(db: Db, changes: Changes, agents: Agents, deadlines: Arc<Notify>) -> Self {
        Self { db, changes, agents, deadlines }
    }

    /// One of them. An agent sees its own, and those that it gave.
    pub async fn get(&self, by: &Granted<SeeWork>, id: &AssignmentId) -> Result<Assignment, Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?;
        view(row.filter(|row| is_seen(by.caller(), row)).ok_or(Error::NotFound("assignment"))?)
    }

    /// Those of an agent, newest first. An agent sees its own.
    pub async fn list(
        &self,
        by: &Granted<SeeWork>,
        agent: &AgentId,
        query: AssignmentQuery,
        page: PageQuery,
    ) -> Result<Page<Assignment>, Error> {
        let limit = page.limit()?;
        let row = db::agents::find(self.db.read(), by.workspace(), agent).await?;
        let own = |row: &db::agents::Model| by.agent().is_none_or(|own| own.agent().as_str() == row.id);
        let row = row.filter(own).ok_or(Error::NotFound("agent"))?;
        let (of, states) = ((by.workspace(), Some(row.id.as_str())), query.states());
        let found =
            rows::page(self.db.read(), of, states.as_deref(), page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, view)
    }
}

/// Whether a caller who may see work may see this.
fn is_seen(caller: &Caller, row: &rows::Model) -> bool {
    match caller {
        Caller::Person(_) | Caller::ControlPlane(_) => true,
        Caller::Agent(agent) => row.agent_id == agent.agent().as_str() || is_given_by(caller, row),
    }
}

/// Whether a caller gave it, where that is an agent.
fn is_given_by(caller: &Caller, row: &rows::Model) -> bool {
    matches!(caller, Caller::Agent(agent)
        if row.assigned_by_kind == giving::AGENT && row.assigned_by == agent.agent().as_str())
}

/// Who moves an assignment on, for log and feed.
struct By {
    actor: Actor,
    named: Option<Named>,
}

impl By {
    fn granted<P>(by: &Granted<P>) -> Self {
        Self { actor: by.actor(), named: Some(by.by()) }
    }

    fn system() -> Self {
        Self { actor: Actor::system(), named: None }
    }
}

/// Moves an assignment on: row, audit log, feed and event, in one change.
///
/// # Errors
/// `Conflict` when it has ended, or that cannot happen to it any more.
async fn moved(
    change: &mut Change,
    mut row: rows::Model,
    (what, action): (Happened, Action),
    by: By,
) -> Result<Assignment, Error> {
    let from = state_of(&row)?;
    let to = from.on(what).ok_or_else(|| has_ended(from))?;
    let now = Timestamp::now().as_millis();
    row.state = to.as_str().to_owned();
    row.updated_at = now;
    if to != AssignmentState::Pending && row.delivered_at.is_none() && is_handed(what) {
        row.delivered_at = Some(now);
    }
    row.ended_at = to.has_ended().then_some(now);
    rows::update(change.tx(), &row).await?;
    let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
    let kept = json!({ "state": to, "progress": row.progress, "reason": row.reason });
    let entry = entry(&row, by.actor, action).before(json!({ "state": from })).after(kept);
    change.audit(&workspace, entry).await?;
    if from != to {
        in_feed(change, &workspace, &row, (kind_of(to), by.named)).await?;
    }
    let assignment = view(row)?;
    change.tell(&workspace, WorkspaceEvent::AssignmentChanged(Box::new(assignment.clone())));
    Ok(assignment)
}

/// Whether its agent has it when this happens.
fn is_handed(what: Happened) -> bool {
    matches!(what, Happened::HandedOver | Happened::Reported(_))
}

fn has_ended(state: AssignmentState) -> Error {
    let state = state.as_str();
    let detail =
        format!("this assignment is {state} already; look at it, and ask for another if it is needed");
    Error::Conflict { code: Conflict::AssignmentEnded, detail }
}

fn kind_of(state: AssignmentState) -> ActivityKind {
    match state {
        AssignmentState::Pending => ActivityKind::AssignmentGiven,
        AssignmentState::Delivered => ActivityKind::AssignmentDelivered,
        AssignmentState::Working => ActivityKind::AssignmentWorking,
        AssignmentState::Blocked => ActivityKind::AssignmentBlocked,
        AssignmentState::Done => ActivityKind::AssignmentDone,
        AssignmentState::Failed => ActivityKind::AssignmentFailed,
        AssignmentState::Cancelled => ActivityKind::AssignmentCancelled,
    }
}

async fn in_feed(
    change: &mut Change,
    workspace: &WorkspaceId,
    row: &rows::Model,
    (kind, actor): (ActivityKind, Option<Named>),
) -> Result<(), Error> {
    let why = row.reason.as_ref().or(row.summary.as_ref()).map(|why| format!(": {why}")).unwrap_or_default();
    let detail = Some(cut(&format!("{}{why}", row.title), MAX_DETAIL));
    let about = About { agent: Some(agent_of(row)), actor, detail, session: None };
    activity::record(change, workspace, kind, about).await
}

fn agent_of(row: &rows::Model) -> Named {
    Named { id: row.agent_id.clone(), name: row.agent_name.clone() }
}

fn entry(row: &rows::Model, actor: Actor, action: Action) -> Entry {
    let target = Target::named("assignment", &Named { id: row.id.clone(), name: row.title.clone() });
    Entry::new(actor, action, target).agent(row.agent_id.as_str())
}

fn state_of(row: &rows::Model) -> Result<AssignmentState, Error> {
    let state = AssignmentState::from_str_opt(&row.state);
    Ok(state.ok_or_else(|| anyhow::anyhow!("assignment {} has the unknown state `{}`", row.id, row.state))?)
}

fn view(row: rows::Model) -> Result<Assignment, Error> {
    let result = row.result.as_deref().map(serde_json::from_str).transpose();
    Ok(Assignment {
        state: state_of(&row)?,
        agent: agent_of(&row),
        page_ids: serde_json::from_str(&row.page_ids).map_err(anyhow::Error::from)?,
        task_ids: serde_json::from_str(&row.task_ids).map_err(anyhow::Error::from)?,
        result: result.map_err(anyhow::Error::from)?,
        id: row.id,
        title: row.title,
        instructions: row.instructions,
        deadline: row.deadline.map(Timestamp::from_millis),
        progress: row.progress,
        summary: row.summary,
        reason: row.reason,
        assigned_by: AssignedBy {
            kind: row.assigned_by_kind,
            id: row.assigned_by,
            name: row.assigned_by_name,
        },
        created_at: Timestamp::from_millis(row.created_at),
        delivered_at: row.delivered_at.map(Timestamp::from_millis),
        updated_at: Timestamp::from_millis(row.updated_at),
        ended_at: row.ended_at.map(Timestamp::from_millis),
    })
}
