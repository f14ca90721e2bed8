//! Who does a task: a member or an agent of the workspace, and nobody else.
//!
//! Owns who may be named, and by whom. Must not know what else changes.

use raven_protocol::id::{AgentId, ProjectId, TaskId, WorkspaceId};

use super::words::TaskStatus;
use crate::access::Granted;
use crate::access::knowledge::AssignTasks;
use crate::audit::{Actor, ActorKind};
use crate::auth::Named;
use crate::db::{self, tasks as rows};
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};

/// Who somebody wants to do a task that another did until now. To take one, or to give up one's own, needs no more
/// right than to change it.
///
/// # Errors
/// `Denied` without the right to assign, `Invalid` when the workspace has nobody with this id.
pub async fn of<P>(
    change: &Change,
    by: &Granted<P>,
    (before, wanted): (Option<&str>, Option<&str>),
) -> Result<Option<Actor>, Error> {
    let own = by.actor().id;
    let is_own = |who: Option<&str>| who.is_none_or(|who| who == own);
    if before != wanted && !(is_own(before) && is_own(wanted)) {
        by.and::<AssignTasks>()?;
    }
    match wanted {
        Some(id) => Ok(Some(found(change, by, id).await?)),
        None => Ok(None),
    }
}

async fn found<P>(change: &Change, by: &Granted<P>, id: &str) -> Result<Actor, Error> {
    let nobody = || {
        let why = "is nobody of this workspace: give the id of a member, or of an agent that was let in";
        Error::invalid("assigneeId", why)
    };
    if let Some(user) = db::users::find(change.tx(), id).await? {
        let role = db::memberships::role_in(change.tx(), by.workspace(), id).await?;
        role.ok_or_else(nobody)?;
        return Ok(Actor::user(Named { id: user.id, name: user.name }));
    }
    let agent = AgentId::parse(id).map_err(|_| nobody())?;
    let row = db::agents::find(change.tx(), by.workspace(), &agent).await?.ok_or_else(nobody)?;
    if row.access != "approved" {
        let why = format!("is an agent that may do nothing here: its access is {}", row.access);
        return Err(Error::invalid("assigneeId", why));
    }
    Ok(Actor::of(ActorKind::Agent, Named { id: row.id, name: row.name }))
}

/// Takes what is left to do away from somebody who is of the workspace no more, so that others see that nobody does it.
pub async fn release(change: &mut Change, workspace: &WorkspaceId, who: &str) -> Result<(), Error> {
    for (task, project) in rows::release(change.tx(), workspace, (who, &TaskStatus::OVER)).await? {
        let (task, project) = (TaskId::parse(task)?, project.map(ProjectId::parse).transpose()?);
        change.tell(workspace, WorkspaceEvent::TaskChanged { task, project });
    }
    Ok(())
}

/// A row with who does it.
pub fn put(assignee: Option<Actor>, row: rows::Model) -> rows::Model {
    let kind = assignee.as_ref().map(|actor| actor.kind.as_str().to_owned());
    let (id, name) = assignee.map(|actor| (actor.id, actor.name)).unzip();
    rows::Model { assignee_kind: kind, assignee_id: id, assignee_name: name, ..row }
}

/// Who does it, as a row says.
pub fn take(row: &rows::Model) -> Option<Actor> {
    let id = row.assignee_id.clone()?;
    let kind = row.assignee_kind.as_deref().unwrap_or_default();
    Some(Actor::from_row(kind, id, row.assignee_name.clone().unwrap_or_default()))
}
