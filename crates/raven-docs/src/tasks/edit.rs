//! Changes of a task: what is given changes, everything else stays, and what somebody else changed is not undone.
//!
//! Owns what a change may say and what comes of it. Must not know how it is told.

use raven_protocol::id::{PageId, ProjectId, TaskId};
use raven_protocol::time::{Date, Timestamp};
use serde::Deserialize;

use super::words::{TaskBucket, TaskPriority, TaskStatus};
use super::{Found, Open, Task, Tasks, assignee, history, readable, record, told as told_of, told_pages};
use crate::access::knowledge::{ReadTasks, WriteTasks};
use crate::access::{Granted, Permission};
use crate::activity::ActivityKind;
use crate::audit::{Action, Entry};
use crate::db::{projects as project_rows, tasks as rows};
use crate::error::Error;
use crate::events::Change;
use crate::pages::content::Content;
use crate::patch::present;
use crate::{pages, projects};

/// Longest title, in characters.
const MAX_TITLE: usize = 300;

/// Longest description, in bytes: a page is the place for more.
const MAX_DESCRIPTION: usize = 128 * 1024;

/// Most pages that a task refers to.
const MAX_PAGES: usize = 50;

/// What is to change of a task.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskChange {
    pub title: Option<String>,
    /// Markdown.
    pub description: Option<Content>,
    pub status: Option<TaskStatus>,
    pub priority: Option<TaskPriority>,
    pub bucket: Option<TaskBucket>,
    /// Null when nobody is to do it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub assignee_id: Option<Option<String>>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Date>)]
    pub due_date: Option<Option<Date>>,
    /// Null takes it out of its project.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub project_id: Option<Option<ProjectId>>,
    /// Null means as its project. Only people change it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    pub agent_accessible: Option<Option<bool>>,
    #[schema(value_type = Option<Vec<String>>)]
    pub page_ids: Option<Vec<PageId>>,
    /// The version that was changed; it is refused when somebody else has changed that meanwhile.
    pub version: Option<i64>,
}

/// Where a task goes.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskMove {
    /// Null takes it out of its project; left out, it stays in it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub project_id: Option<Option<ProjectId>>,
    /// The task before which it is put; at the end of its column otherwise, when `status` is given.
    #[schema(value_type = Option<String>)]
    pub before: Option<TaskId>,
    /// The column; its own when it is left out.
    pub status: Option<TaskStatus>,
    /// The version that was moved.
    pub version: Option<i64>,
}

impl Tasks {
    /// Changes a task.
    ///
    /// # Errors
    /// `Stale` when the change was made from another version than there is.
    pub async fn change(
        &self,
        by: &Granted<WriteTasks>,
        id: &TaskId,
        change: TaskChange,
    ) -> Result<Task, Error> {
        self.edit(by, id, (Action::TaskChange, change), None).await
    }

    /// Moves a task to another project, column or place.
    pub async fn put(&self, by: &Granted<WriteTasks>, id: &TaskId, to: TaskMove) -> Result<Task, Error> {
        let TaskMove { project_id, before, status, version } = to;
        let place = match before {
            Some(before) => Some(Place::Before(before)),
            None => status.map(|_| Place::Last),
        };
        let change = TaskChange { project_id, status, version, ..TaskChange::default() };
        self.edit(by, id, (Action::TaskMove, change), place).await
    }

    pub(super) async fn edit<P: Permission>(
        &self,
        by: &Granted<P>,
        id: &TaskId,
        (action, mut edit): (Action, TaskChange),
        place: Option<Place>,
    ) -> Result<Task, Error> {
        // Before the transaction, in which everybody else would wait for it.
        edit.description = markdown(edit.description)?.map(Content::Markdown);
        edit.title.as_deref().map_or(Ok(()), check_title)?;
        projects::may_open(by, edit.agent_accessible)?;
        let mut change = self.changes.begin_for(by).await?;
        let before = readable(change.tx(), by, id).await?;
        let mut after = applied(&change, by, (&before, &edit)).await?;
        if edit.version.is_some_and(|version| version != before.row.version) {
            let difference = match by.and::<ReadTasks>() {
                Ok(_) => {
                    let now = told_pages(change.tx(), by, record::pages(&before.row)?).await?;
                    let wanted = told_pages(change.tx(), by, record::pages(&after.row)?).await?;
                    record::difference((&before.row, &now), (&after.row, &wanted))
                }
                Err(_) => "an agent sees it with the permission read:tasks".to_owned(),
            };
            return Err(Error::Stale { current: before.row.version, difference });
        }
        placed(&change, by, (&before.row, &mut after.row), place).await?;
        if after.row == before.row {
            return told_of(change.tx(), by, before).await;
        }
        after.row = stamped(by, after.row);
        if !rows::update(change.tx(), &after.row, before.row.version).await? {
            return Err(anyhow::anyhow!("task {id} changed within a transaction").into());
        }
        history::keep(&change, by, (&before.row, &after.row)).await?;
        record::words_changed(&mut change, by, (Some(&before.row), &after.row)).await?;
        let entry = Entry::new(by.actor(), action, record::target(&after.row));
        let entry = entry.before(record::facts(&before.row)).after(record::facts(&after.row));
        record::note(&mut change, by, (entry, told(&before.row, &after.row)), &after.row).await?;
        if before.row.assignee_id != after.row.assignee_id
            && let Some(assignee) = assignee::take(&after.row)
        {
            record::tell_assignee(&change, by, &assignee, &after.row).await?;
        }
        let task = told_of(change.tx(), by, after).await?;
        change.commit().await?;
        Ok(Task { replaced_version: Some(before.row.version), ..task })
    }
}

/// Where a task goes in its column.
pub(super) enum Place {
    Last,
    Before(TaskId),
}

/// What the feed says of a change; nothing of one that only changes an order.
fn told(before: &rows::Model, after: &rows::Model) -> Option<ActivityKind> {
    let ended = after.status == TaskStatus::Done.as_str() && before.status != after.status;
    if ended {
        return Some(ActivityKind::TaskCompleted);
    }
    if before.assignee_id != after.assignee_id {
        return Some(ActivityKind::TaskAssigned);
    }
    let same = rows::Model { position: before.position, ..after.clone() };
    let stamps = rows::Model {
        version: before.version,
        updated_at: before.updated_at,
        updated_by_kind: before.updated_by_kind.clone(),
        updated_by: before.updated_by.clone(),
        updated_by_name: before.updated_by_name.clone(),
        ..same
    };
    (stamps != *before).then_some(ActivityKind::TaskChanged)
}

pub(super) fn check_title(title: &str) -> Result<(), Error> {
    let length = title.trim().chars().count();
    if length == 0 || length > MAX_TITLE || title.chars().any(char::is_control) {
        return Err(Error::invalid("title", format!("must be one line of 1 to {MAX_TITLE} characters")));
    }
    Ok(())
}

/// A description as it is kept.
pub(super) fn markdown(description: Option<Content>) -> Result<Option<String>, Error> {
    let text = description.map(|content| content.into_markdown("description")).transpose()?;
    if text.as_ref().is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        let why = format!("must be at most {} KiB; put more into a page", MAX_DESCRIPTION / 1024);
        return Err(Error::invalid("description", why));
    }
    Ok(text)
}

/// A task refers to pages that whoever says so may read.
pub(super) async fn check_pages<P>(change: &Change, by: &Granted<P>, ids: &[PageId]) -> Result<(), Error> {
    if ids.len() > MAX_PAGES {
        return Err(Error::invalid("pageIds", format!("must be at most {MAX_PAGES}")));
    }
    for id in ids {
        pages::readable(change.tx(), by, id.as_str()).await?;
    }
    Ok(())
}

/// The pages that a task is to refer to, with those where they are that an agent is not told of: it cannot mean to
/// take them away.
async fn with_unseen<P>(
    change: &Change,
    by: &Granted<P>,
    (row, wanted): (&rows::Model, &[PageId]),
) -> Result<Vec<String>, Error> {
    let mut pages: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let there = record::pages(row)?;
    let seen = told_pages(change.tx(), by, there.clone()).await?;
    for (nth, id) in there.into_iter().enumerate().filter(|(_, id)| !seen.contains(id)) {
        pages.insert(nth.min(pages.len()), id);
    }
    if pages.len() > MAX_PAGES {
        let why = format!("must be at most {MAX_PAGES}, with those of the task that you do not see");
        return Err(Error::invalid("pageIds", why));
    }
    Ok(pages)
}

/// The project that a task is to be in.
pub(super) async fn project_in<P>(
    change: &Change,
    by: &Granted<P>,
    id: Option<&ProjectId>,
) -> Result<Option<project_rows::Model>, Error> {
    match id {
        Some(id) => Ok(Some(projects::readable(change.tx(), by, id).await?)),
        None => Ok(None),
    }
}

/// The task as it is after a change, but for its place.
async fn applied<P>(
    change: &Change,
    by: &Granted<P>,
    (before, edit): (&Found, &TaskChange),
) -> Result<Found, Error> {
    let mut row = before.row.clone();
    if let Some(title) = &edit.title {
        title.trim().clone_into(&mut row.title);
    }
    if let Some(Content::Markdown(description)) = &edit.description {
        row.description.clone_from(description);
    }
    if let Some(status) = edit.status {
        row = standing(row, status);
    }
    if let Some(priority) = edit.priority {
        priority.as_str().clone_into(&mut row.priority);
    }
    if let Some(bucket) = edit.bucket {
        bucket.as_str().clone_into(&mut row.bucket);
    }
    if let Some(date) = edit.due_date {
        row.due_date = date.map(|date| date.to_string());
    }
    if let Some(pages) = &edit.page_ids {
        check_pages(change, by, pages).await?;
        let pages = with_unseen(change, by, (&row, pages)).await?;
        row.page_ids = serde_json::to_string(&pages).map_err(anyhow::Error::from)?;
    }
    if let Some(wanted) = &edit.assignee_id {
        let both = (row.assignee_id.as_deref(), wanted.as_deref());
        let assignee = assignee::of(change, by, both).await?;
        row = assignee::put(assignee, row);
    }
    row.agent_accessible = edit.agent_accessible.unwrap_or(row.agent_accessible);
    let mut is_open = before.is_open;
    if edit.project_id.is_some() || edit.agent_accessible.is_some() {
        let own = row.project_id.as_deref().map(ProjectId::parse).transpose()?;
        let wanted = edit.project_id.clone().unwrap_or(own);
        let project = project_in(change, by, wanted.as_ref()).await?;
        row.project_id = wanted.map(|id| id.to_string());
        is_open = Open::of(row.agent_accessible, project.and_then(|project| project.agent_accessible));
    }
    Ok(Found { row, is_open })
}

/// A row with where it stands, and since when it is done.
fn standing(row: rows::Model, status: TaskStatus) -> rows::Model {
    let completed_at = match status {
        TaskStatus::Done => row.completed_at.or_else(|| Some(Timestamp::now().as_millis())),
        _ => None,
    };
    rows::Model { status: status.as_str().to_owned(), completed_at, ..row }
}

/// Gives a task its place: the one that is wanted, or the top of a column that it comes into.
async fn placed<P>(
    change: &Change,
    by: &Granted<P>,
    (before, row): (&rows::Model, &mut rows::Model),
    place: Option<Place>,
) -> Result<(), Error> {
    let (tx, workspace) = (change.tx(), by.workspace());
    let next = match place {
        None if row.status == before.status => return Ok(()),
        None => None,
        Some(Place::Last) => {
            let last = rows::position(tx, workspace, &row.status, &rows::Place::Last).await?;
            row.position = last.unwrap_or_default();
            return Ok(());
        }
        Some(Place::Before(id)) => Some(id),
    };
    let Some(next) = next else {
        let first = rows::position(tx, workspace, &row.status, &rows::Place::First).await?;
        row.position = first.unwrap_or_default();
        return Ok(());
    };
    if next.as_str() == row.id {
        return Err(Error::invalid("before", "must be another task"));
    }
    let mut anchor = readable(tx, by, &next).await?.row;
    if anchor.status != row.status {
        return Err(Error::invalid("before", format!("is no task that is {}", row.status)));
    }
    // Between two that stand side by side there is room again once the column was spread.
    for _ in 0..2 {
        let found = rows::position(tx, workspace, &row.status, &rows::Place::Before(anchor.position)).await?;
        if let Some(position) = found {
            row.position = position;
            return Ok(());
        }
        rows::spread(tx, workspace, &row.status).await?;
        anchor = readable(tx, by, &next).await?.row;
    }
    Err(anyhow::anyhow!("a column has no room before {next}").into())
}

/// A row with who changed it, at its next version.
pub(super) fn stamped<P>(by: &Granted<P>, row: rows::Model) -> rows::Model {
    let actor = by.actor();
    rows::Model {
        version: row.version + 1,
        updated_at: Timestamp::now().as_millis(),
        updated_by_kind: actor.kind.as_str().to_owned(),
        updated_by: actor.id,
        updated_by_name: actor.name,
        ..row
    }
}
