//! Giving work: who may give which agent some, and what work may be.
//!
//! Owns these bounds, which are looked at in the change that writes the row. Must not know how it comes to its agent.

use std::collections::BTreeSet;

use raven_protocol::id::{AgentId, AssignmentId, ProjectId, TaskId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use serde_json::json;

use super::state::AssignmentState;
use super::{Assignment, Assignments, By, NewAssignment, entry, in_feed, references, rows, view};
use crate::access::Granted;
use crate::access::work::AssignWork;
use crate::activity::ActivityKind;
use crate::agents::admission::check_takes_work;
use crate::audit::Action;
use crate::auth::Caller;
use crate::db::agents;
use crate::error::{Conflict, Error};
use crate::events::{Change, WorkspaceEvent};
use crate::repeats::IdempotencyKey;

/// How `assignedBy.kind` calls an agent.
pub const AGENT: &str = "agent";

/// Longest title, in characters: one line of a card.
const MAX_TITLE: usize = 200;

/// Longest instructions, in bytes: with what is said around them they must fit into one message.
const MAX_INSTRUCTIONS: usize = 32 * 1024;

/// Most pages and most tasks that are referred to: each is a line of the prompt.
const MAX_REFERENCES: usize = 20;

/// Work of one agent that has not ended; more is a list of tasks.
const MAX_OPEN: usize = 50;

impl Assignments {
    /// Gives an agent work. A request that is repeated with its key is answered with what it gave.
    ///
    /// # Errors
    /// `NotFound` for an agent that the caller does not see; `Conflict` for one that has ended or has too much
    /// already; `NotForAgents` for pages and tasks that are closed to agents.
    pub async fn assign(
        &self,
        by: &Granted<AssignWork>,
        agent: &AgentId,
        new: NewAssignment,
        key: Option<IdempotencyKey>,
    ) -> Result<Assignment, Error> {
        check(&new)?;
        let request = key.map(|key| key.digest(by));
        let mut change = self.changes.begin_for(by).await?;
        let row = agents::find(change.tx(), by.workspace(), agent).await?.ok_or(Error::NotFound("agent"))?;
        if let Some(before) = before(&change, request.as_deref()).await? {
            return repeated(before, &row, new);
        }
        check_giver(by, &row)?;
        check_takes_work(&row)?;
        let given = insert(&mut change, by, &row, (new, request)).await?;
        change.commit().await?;
        self.deadlines.notify_one();
        Ok(given)
    }
}

/// Writes the row of work for an agent, as part of a change.
pub async fn insert<P>(
    change: &mut Change,
    by: &Granted<P>,
    agent: &agents::Model,
    (new, request_digest): (NewAssignment, Option<String>),
) -> Result<Assignment, Error> {
    let workspace = by.workspace();
    let open = rows::of_agent(change.tx(), workspace, &agent.id, &AssignmentState::OPEN).await?;
    if open.len() >= MAX_OPEN {
        let detail = format!("{MAX_OPEN} assignments of this agent have not ended; cancel some, or wait");
        return Err(Error::Conflict { code: Conflict::TooMuchWork, detail });
    }
    references::check(change, by, &new).await?;
    let (giver, now) = (by.by(), Timestamp::now().as_millis());
    let row = rows::Model {
        id: AssignmentId::generate().to_string(),
        workspace_id: workspace.to_string(),
        agent_id: agent.id.clone(),
        agent_name: agent.name.clone(),
        title: new.title.trim().to_owned(),
        instructions: new.instructions,
        page_ids: serde_json::to_string(&new.page_ids).map_err(anyhow::Error::from)?,
        task_ids: serde_json::to_string(&new.task_ids).map_err(anyhow::Error::from)?,
        deadline: new.deadline.map(Timestamp::as_millis),
        state: AssignmentState::Pending.as_str().to_owned(),
        progress: None,
        summary: None,
        result: None,
        reason: None,
        assigned_by_kind: kind(by.caller()).to_owned(),
        assigned_by: giver.id,
        assigned_by_name: giver.name,
        request_digest,
        message_id: None,
        created_at: now,
        delivered_at: None,
        updated_at: now,
        ended_at: None,
    };
    rows::insert(change.tx(), &row).await?;
    let By { actor, named } = By::granted(by);
    let kept = json!({ "pageIds": row.page_ids, "taskIds": row.task_ids, "deadline": new.deadline });
    change.audit(workspace, entry(&row, actor, Action::AssignmentCreate).after(kept)).await?;
    in_feed(change, workspace, &row, (ActivityKind::AssignmentGiven, named)).await?;
    let assignment = view(row)?;
    change.tell(workspace, WorkspaceEvent::AssignmentChanged(Box::new(assignment.clone())));
    Ok(assignment)
}

/// The first work of an agent that is spawned for a task or in a project.
pub fn about(
    (task, project): (Option<TaskId>, Option<ProjectId>),
    given: Option<NewAssignment>,
) -> Option<NewAssignment> {
    let (title, what) = match (&task, &project) {
        (Some(task), _) => (
            format!("Do the task {task}"),
            "Read the task with task_get, do it, and keep its status true with task_update.",
        ),
        (None, Some(project)) => (
            format!("Work in the project {project}"),
            "Look at its open tasks with task_list, take one with task_claim, do it, and go on until none is left.",
        ),
        (None, None) => return given,
    };
    let place = project.map(|project| format!("\nIt belongs to the project {project}.")).unwrap_or_default();
    let mut work = given.unwrap_or_else(|| NewAssignment {
        title,
        instructions: what.to_owned(),
        page_ids: Vec::new(),
        task_ids: Vec::new(),
        deadline: None,
    });
    work.instructions += &place;
    work.task_ids.extend(task.filter(|task| !work.task_ids.contains(task)));
    Some(work)
}

/// Checks what can be checked without the database.
///
/// # Errors
/// `Invalid` for the first field that is out of bounds.
pub fn check(new: &NewAssignment) -> Result<(), Error> {
    let title = new.title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE || title.chars().any(char::is_control) {
        return Err(Error::invalid("title", format!("must be one line of 1 to {MAX_TITLE} characters")));
    }
    let unprintable = |c: char| c.is_control() && c != '\n' && c != '\t';
    if new.instructions.trim().is_empty() || new.instructions.len() > MAX_INSTRUCTIONS {
        let most = MAX_INSTRUCTIONS / 1024;
        return Err(Error::invalid("instructions", format!("must be a text of at most {most} KiB")));
    }
    if new.instructions.chars().any(unprintable) {
        let why = "must have no control characters but line breaks and tabs: it is typed into a terminal";
        return Err(Error::invalid("instructions", why));
    }
    for (field, count) in [("pageIds", new.page_ids.len()), ("taskIds", new.task_ids.len())] {
        if count > MAX_REFERENCES {
            return Err(Error::invalid(field, format!("must be at most {MAX_REFERENCES}")));
        }
    }
    if new.deadline.is_some_and(|at| at <= Timestamp::now()) {
        return Err(Error::invalid("deadline", "is over already; choose a time to come"));
    }
    Ok(())
}

fn kind(caller: &Caller) -> &'static str {
    match caller {
        Caller::Person(_) => "user",
        Caller::Agent(_) => AGENT,
        Caller::ControlPlane(_) => "control_plane",
    }
}

async fn before(change: &Change, request: Option<&str>) -> Result<Option<rows::Model>, Error> {
    match request {
        Some(digest) => Ok(rows::by_request_digest(change.tx(), digest).await?),
        None => Ok(None),
    }
}

fn repeated(before: rows::Model, agent: &agents::Model, new: NewAssignment) -> Result<Assignment, Error> {
    let asked = rows::Model {
        agent_id: agent.id.clone(),
        title: new.title.trim().to_owned(),
        instructions: new.instructions,
        page_ids: serde_json::to_string(&new.page_ids).map_err(anyhow::Error::from)?,
        task_ids: serde_json::to_string(&new.task_ids).map_err(anyhow::Error::from)?,
        deadline: new.deadline.map(Timestamp::as_millis),
        ..before.clone()
    };
    if asked != before {
        return Err(Error::invalid("Idempotency-Key", "was used for another assignment; choose a new one"));
    }
    view(before)
}

/// An agent gives work to those that it sees.
fn check_giver(by: &Granted<AssignWork>, receiver: &agents::Model) -> Result<(), Error> {
    let Some(agent) = by.agent() else { return Ok(()) };
    if receiver.id == agent.agent().as_str() || !is_within(receiver, agent.permissions())? {
        return Err(Error::NotFound("agent"));
    }
    Ok(())
}

/// Whether an agent may do no more than is within some permissions: only such agents are seen by others, so that
/// none has another do what it may not do itself.
pub fn is_within(row: &agents::Model, own: &BTreeSet<Permission>) -> Result<bool, Error> {
    let theirs: BTreeSet<Permission> = serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?;
    Ok(theirs.is_subset(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_has_bounds() {
        let good = || NewAssignment {
            title: "Read the plan".into(),
            instructions: "Read it.\n\tThen say what is missing.".into(),
            page_ids: Vec::new(),
            task_ids: Vec::new(),
            deadline: None,
        };
        assert!(check(&good()).is_ok());
        for (field, bad) in [
            ("title", NewAssignment { title: " ".into(), ..good() }),
            ("title", NewAssignment { title: "two\nlines".into(), ..good() }),
            ("title", NewAssignment { title: "x".repeat(201), ..good() }),
            ("instructions", NewAssignment { instructions: "\n".into(), ..good() }),
            ("instructions", NewAssignment { instructions: "\u{1b}[201~".into(), ..good() }),
            ("instructions", NewAssignment { instructions: "x".repeat(MAX_INSTRUCTIONS + 1), ..good() }),
            ("deadline", NewAssignment { deadline: Some(Timestamp::from_millis(1)), ..good() }),
        ] {
            let Err(Error::Invalid { field: of, .. }) = check(&bad) else { panic!("{bad:?} was taken") };
            assert_eq!(of, field);
        }
    }
}
