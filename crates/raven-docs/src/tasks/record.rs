//! What is kept and told of a change of a task: audit log, feed, index, whoever it is assigned to.
//!
//! Owns what is said. Must not know what is allowed.

use raven_protocol::id::{ProjectId, TaskId, UserId};
use serde_json::{Value, json};

use crate::access::Granted;
use crate::activity::{self, ActivityKind};
use crate::audit::{Actor, ActorKind, Entry, Target};
use crate::auth::{AgentCaller, Named};
use crate::db::search::{self, Indexed, Kind, Of};
use crate::db::{comments, tasks as rows};
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};
use crate::mentions::{self, Where};
use crate::notifications::outbox::{self, Mention};
use crate::pages::content;
use crate::pages::difference::{self, State};
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

/// Makes a task findable as it is now, and tells the people whom its words name newly.
pub async fn words_changed<P>(
    change: &mut Change,
    by: &Granted<P>,
    (before, row): (Option<&rows::Model>, &rows::Model),
) -> Result<(), Error> {
    let known = before.map_or("", |before| before.description.as_str());
    if before.is_some_and(|before| before.title == row.title) && known == row.description {
        return Ok(());
    }
    let of = Of::Task(&row.id);
    let item = Indexed {
        workspace: by.workspace(),
        kind: Kind::Task,
        id: &row.id,
        of,
        title: &row.title,
        body: &content::plain(&row.description),
    };
    search::put(change.tx(), &item).await?;
    let place = Where { of, title: &row.title };
    mentions::note(change, by, place, (known, &row.description)).await
}

/// Removes a task, and what is said of it, from what is found and read.
pub async fn forget(change: &Change, row: &rows::Model) -> Result<(), Error> {
    search::remove_with_comments(change.tx(), Of::Task(&row.id)).await?;
    Ok(comments::delete_on(change.tx(), Of::Task(&row.id)).await?)
}

/// Tells a person that a task is theirs now, unless they took it themselves.
pub async fn tell_assignee<P>(
    change: &Change,
    by: &Granted<P>,
    assignee: &Actor,
    row: &rows::Model,
) -> Result<(), Error> {
    if assignee.kind != ActorKind::User || assignee.id == by.by().id {
        return Ok(());
    }
    let (user, path) = (UserId::parse(assignee.id.as_str())?, format!("/tasks/{}", row.id));
    let (agent, author) = (by.agent().map(AgentCaller::named), by.by());
    let title = format!("#{} {}", row.number, row.title);
    let told = Mention { user: &user, by: &author, agent, title: &title, path: &path };
    outbox::note_assigned(change, by.workspace(), told).await
}

/// The pages that a task refers to.
pub fn pages(row: &rows::Model) -> Result<Vec<String>, Error> {
    Ok(serde_json::from_str(&row.page_ids).map_err(anyhow::Error::from)?)
}

/// From what a task is to what a change that was made from an older state would make of it; each with the pages that
/// whoever reads it is told of.
pub fn difference(
    (now, pages_now): (&rows::Model, &[String]),
    (wanted, pages_wanted): (&rows::Model, &[String]),
) -> String {
    let (before, after) = (text(now, pages_now), text(wanted, pages_wanted));
    let (from, to) =
        (State { title: &now.title, content: &before }, State { title: &wanted.title, content: &after });
    difference::between(from, to)
}

fn text(row: &rows::Model, pages: &[String]) -> String {
    let none = || "none".to_owned();
    let lines = [
        ("status", row.status.clone()),
        ("priority", row.priority.clone()),
        ("bucket", row.bucket.clone()),
        ("assignee", row.assignee_name.clone().unwrap_or_else(none)),
        ("due", row.due_date.clone().unwrap_or_else(none)),
        ("project", row.project_id.clone().unwrap_or_else(none)),
    ];
    let head: String = lines.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let pages: String = pages.iter().map(|id| format!("page: {id}\n")).collect();
    format!("{head}{pages}\n{}\n", row.description.trim_end())
}
