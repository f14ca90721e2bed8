//! Tasks: what is to be done, by whom, and whether agents may see it.
//!
//! Owns what a task is, who may see it, and its making, claiming and deleting; how one is changed is in `edit`. Must
//! not know who is told of it, nor how it is found by words.

use raven_protocol::id::{PageId, ProjectId, TaskId};
use raven_protocol::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::Granted;
use crate::access::knowledge::{AssignTasks, DeleteTasks, ReadTasks, WriteTasks};
use crate::activity::ActivityKind;
use crate::audit::{Action, Actor, Entry};
use crate::db::{self, ConnectionTrait, Db, tasks as rows};
use crate::error::{Conflict, Error};
use crate::events::Changes;
use crate::page::{Page, PageQuery};
use crate::pages::content::Content;
use crate::patch::present;
use crate::repeats::{self, Repeatable};
use crate::{pages, projects};

use words::{TaskBucket, TaskPriority, TaskStatus};

mod assignee;
mod edit;
pub mod history;
mod record;
pub mod words;

pub use assignee::release;
pub use edit::{TaskChange, TaskMove};

/// Most tasks of a workspace: lists and boards stay quick with as many.
const MAX_TASKS: u64 = 100_000;

/// A task without its words, as lists show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSummary {
    pub id: String,
    /// What people call it: the first of the workspace is 1.
    pub number: i64,
    pub title: String,
    pub status: TaskStatus,
    pub priority: TaskPriority,
    pub bucket: TaskBucket,
    /// Who does it: a person or an agent.
    pub assignee: Option<Actor>,
    pub due_date: Option<Date>,
    pub project_id: Option<String>,
    /// Its place among the tasks of the same status: the least comes first.
    pub position: i64,
    /// Whether agents may see it; null means as its project.
    pub agent_accessible: Option<bool>,
    /// What that comes to.
    pub is_agent_accessible: bool,
    /// Give it with a change, so that nobody's is undone.
    pub version: i64,
    pub created_at: Timestamp,
    pub created_by: Actor,
    pub updated_at: Timestamp,
    pub updated_by: Actor,
    pub completed_at: Option<Timestamp>,
}

/// A task.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    #[serde(flatten)]
    pub summary: TaskSummary,
    /// Markdown; empty for an agent that may write tasks and not read them.
    pub description: String,
    /// The pages that it refers to.
    pub page_ids: Vec<String>,
    /// The version that this change replaced, if it changed something. What was written there is in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_version: Option<i64>,
}

/// A task to be made.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTask {
    /// 1 to 300 characters.
    pub title: String,
    /// Markdown.
    pub description: Option<Content>,
    pub status: Option<TaskStatus>,
    pub priority: Option<TaskPriority>,
    pub bucket: Option<TaskBucket>,
    /// The id of a member or an agent of the workspace.
    pub assignee_id: Option<String>,
    pub due_date: Option<Date>,
    #[schema(value_type = Option<String>)]
    pub project_id: Option<ProjectId>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    pub agent_accessible: Option<Option<bool>>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub page_ids: Vec<PageId>,
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    pub status: Option<TaskStatus>,
    /// Only those of this person or agent.
    pub assignee_id: Option<String>,
    /// Only those of this project, or `none` for those of none.
    pub project_id: Option<String>,
    pub bucket: Option<TaskBucket>,
    /// Only those whose title has this in it, or whose number it is.
    pub q: Option<String>,
}

/// The tasks of all workspaces.
#[derive(Clone)]
pub struct Tasks {
    db: Db,
    changes: Changes,
}

/// A task's row, and whether agents may see it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub row: rows::Model,
    pub is_open: Open,
}

/// Whether agents may see something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    Yes,
    No,
}

impl Open {
    /// What a task's own flag and its project's come to.
    fn of(task: Option<bool>, project: Option<bool>) -> Self {
        if task.or(project).unwrap_or(true) { Self::Yes } else { Self::No }
    }
}

impl Tasks {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// The tasks that somebody may see, in the order of their columns.
    pub async fn list(
        &self,
        by: &Granted<ReadTasks>,
        query: TaskQuery,
        page: PageQuery,
    ) -> Result<Page<TaskSummary>, Error> {
        let limit = page.limit()?;
        let filter = filter(by, query, page.cursor.as_deref())?;
        let mut found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|row| format!("{}.{}", row.position, row.id));
        let ids: Vec<String> = found.iter().filter_map(|row| row.project_id.clone()).collect();
        let flags = db::projects::flags(self.db.read(), &ids).await?;
        let of_project = |row: &rows::Model| row.project_id.as_ref().and_then(|id| *flags.get(id)?);
        let items = found.into_iter().map(|row| {
            let is_open = Open::of(row.agent_accessible, of_project(&row));
            Ok(view(Found { row, is_open })?.summary)
        });
        Ok(Page { items: items.collect::<Result<_, Error>>()?, next_cursor })
    }

    /// One task.
    pub async fn get(&self, by: &Granted<ReadTasks>, id: &TaskId) -> Result<Task, Error> {
        let found = readable(self.db.read(), by, id).await?;
        told(self.db.read(), by, found).await
    }

    /// Makes a task, at the top of its column.
    pub async fn create(
        &self,
        by: &Granted<WriteTasks>,
        new: NewTask,
        request: Option<Repeatable>,
    ) -> Result<Task, Error> {
        edit::check_title(&new.title)?;
        let description = edit::markdown(new.description.clone())?.unwrap_or_default();
        projects::may_open(by, new.agent_accessible)?;
        let mut change = self.changes.begin_for(by).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            let found = readable(change.tx(), by, &TaskId::parse(id)?).await?;
            return told(change.tx(), by, found).await;
        }
        let project = edit::project_in(&change, by, new.project_id.as_ref()).await?;
        edit::check_pages(&change, by, &new.page_ids).await?;
        let assignee = assignee::of(&change, by, (None, new.assignee_id.as_deref())).await?;
        if rows::count(change.tx(), by.workspace()).await? >= MAX_TASKS {
            let detail = format!("the workspace has {MAX_TASKS} tasks; delete some that are over");
            return Err(Error::Conflict { code: Conflict::TooManyTasks, detail });
        }
        let status = new.status.unwrap_or(TaskStatus::Todo);
        let (first, number) = (rows::Place::First, rows::next_number(change.tx(), by.workspace()).await?);
        let position = rows::position(change.tx(), by.workspace(), status.as_str(), &first).await?;
        let row = new_row(by, (&new, status), (number, position.unwrap_or_default()))?;
        let row = assignee::put(assignee.clone(), rows::Model { description, ..row });
        rows::insert(change.tx(), &row).await?;
        repeats::keep(&change, request, &row.id).await?;
        let is_open = Open::of(row.agent_accessible, project.and_then(|project| project.agent_accessible));
        let found = Found { row, is_open };
        record::words_changed(&mut change, by, (None, &found.row)).await?;
        let entry = Entry::new(by.actor(), Action::TaskCreate, record::target(&found.row));
        let entry = entry.after(record::facts(&found.row));
        record::note(&mut change, by, (entry, Some(ActivityKind::TaskCreated)), &found.row).await?;
        if let Some(assignee) = assignee {
            record::tell_assignee(&change, by, &assignee, &found.row).await?;
        }
        let task = told(change.tx(), by, found).await?;
        change.commit().await?;
        Ok(task)
    }

    /// Gives a task that nobody has to whoever asks first; to ask again changes nothing.
    ///
    /// # Errors
    /// `Conflict` when somebody else has it, or it is over.
    pub async fn claim(&self, by: &Granted<WriteTasks>, id: &TaskId) -> Result<Task, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let Found { row: before, is_open } = readable(change.tx(), by, id).await?;
        if before.assignee_id.as_deref() == Some(by.actor().id.as_str()) {
            return told(change.tx(), by, Found { row: before, is_open }).await;
        }
        if TaskStatus::of_row(&before.status)?.is_over() {
            let detail = format!("it is {} already; claim one that is open", before.status);
            return Err(Error::Conflict { code: Conflict::TaskOver, detail });
        }
        let row = edit::stamped(by, assignee::put(Some(by.actor()), before.clone()));
        if !rows::claim(change.tx(), &row).await? {
            let who = before.assignee_name.as_deref().unwrap_or("somebody else");
            let detail = format!("{who} has it already; claim another, or ask for it to be assigned to you");
            return Err(Error::Conflict { code: Conflict::TaskTaken, detail });
        }
        let entry = Entry::new(by.actor(), Action::TaskClaim, record::target(&row));
        let entry = entry.after(record::facts(&row));
        record::note(&mut change, by, (entry, Some(ActivityKind::TaskAssigned)), &row).await?;
        let task = told(change.tx(), by, Found { row, is_open }).await?;
        change.commit().await?;
        Ok(task)
    }

    /// Says who does a task, or that nobody does.
    pub async fn assign(
        &self,
        by: &Granted<AssignTasks>,
        id: &TaskId,
        assignee: Option<String>,
    ) -> Result<Task, Error> {
        let change = TaskChange { assignee_id: Some(assignee), ..TaskChange::default() };
        self.edit(by, id, (Action::TaskAssign, change), None).await
    }

    /// Says that a task is done.
    pub async fn complete(&self, by: &Granted<WriteTasks>, id: &TaskId) -> Result<Task, Error> {
        let change = TaskChange { status: Some(TaskStatus::Done), ..TaskChange::default() };
        self.edit(by, id, (Action::TaskComplete, change), None).await
    }

    /// Removes a task for good, with the comments on it.
    pub async fn delete(&self, by: &Granted<DeleteTasks>, id: &TaskId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let Found { row, .. } = readable(change.tx(), by, id).await?;
        record::forget(&change, &row).await?;
        rows::delete(change.tx(), &row.id).await?;
        let entry = Entry::new(by.actor(), Action::TaskDelete, record::target(&row));
        let entry = entry.before(record::facts(&row));
        record::note(&mut change, by, (entry, Some(ActivityKind::TaskDeleted)), &row).await?;
        change.commit().await
    }
}

/// A task that somebody may see.
///
/// # Errors
/// `NotForAgents` for an agent when it is closed to them.
pub(crate) async fn readable<P>(
    db: &impl ConnectionTrait,
    by: &Granted<P>,
    id: &TaskId,
) -> Result<Found, Error> {
    let row = rows::find(db, by.workspace(), id).await?.ok_or(Error::NotFound("task"))?;
    let ids: Vec<String> = row.project_id.iter().cloned().collect();
    let flags = db::projects::flags(db, &ids).await?;
    let is_open = Open::of(row.agent_accessible, flags.into_values().next().flatten());
    if by.agent().is_some() && is_open == Open::No {
        return Err(Error::NotForAgents("task"));
    }
    Ok(Found { row, is_open })
}

/// A task as somebody is told of it: an agent not of pages that are closed to it.
async fn told<P>(db: &impl ConnectionTrait, by: &Granted<P>, found: Found) -> Result<Task, Error> {
    let mut task = view(found)?;
    if by.and::<ReadTasks>().is_err() {
        task.description.clear();
    }
    task.page_ids = told_pages(db, by, task.page_ids).await?;
    Ok(task)
}

/// Those of some pages that somebody is told of: an agent not of closed ones.
async fn told_pages<P>(
    db: &impl ConnectionTrait,
    by: &Granted<P>,
    ids: Vec<String>,
) -> Result<Vec<String>, Error> {
    if by.agent().is_none() {
        return Ok(ids);
    }
    let mut open = Vec::new();
    for id in ids {
        match pages::readable(db, by, &id).await {
            Ok(_) => open.push(id),
            Err(Error::NotFound(_) | Error::NotForAgents(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(open)
}

fn filter(by: &Granted<ReadTasks>, query: TaskQuery, cursor: Option<&str>) -> Result<rows::Filter, Error> {
    let project = match query.project_id.as_deref() {
        None => rows::InProject::Any,
        Some("none") => rows::InProject::None,
        Some(id) => rows::InProject::One(ProjectId::parse(id)?),
    };
    let after = cursor.map(|cursor| {
        let (position, id) = cursor.split_once('.')?;
        Some((position.parse().ok()?, id.to_owned()))
    });
    let after = after.map(|after| after.ok_or_else(|| Error::invalid("cursor", "is none of this list")));
    let text = query.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(rows::Filter {
        seen: projects::seen(by),
        status: query.status.map(TaskStatus::as_str),
        bucket: query.bucket.map(TaskBucket::as_str),
        assignee: query.assignee_id,
        project,
        number: text.as_deref().and_then(|text| text.trim_start_matches('#').parse().ok()),
        text,
        after: after.transpose()?,
    })
}

fn new_row(
    by: &Granted<WriteTasks>,
    (new, status): (&NewTask, TaskStatus),
    (number, position): (i64, i64),
) -> Result<rows::Model, Error> {
    let (actor, now) = (by.actor(), Timestamp::now().as_millis());
    Ok(rows::Model {
        id: TaskId::generate().to_string(),
        workspace_id: by.workspace().to_string(),
        number,
        project_id: new.project_id.as_ref().map(ToString::to_string),
        title: new.title.trim().to_owned(),
        description: String::new(),
        status: status.as_str().to_owned(),
        priority: new.priority.unwrap_or(TaskPriority::Medium).as_str().to_owned(),
        bucket: new.bucket.unwrap_or(TaskBucket::None).as_str().to_owned(),
        assignee_kind: None,
        assignee_id: None,
        assignee_name: None,
        due_date: new.due_date.map(|date| date.to_string()),
        position,
        agent_accessible: new.agent_accessible.flatten(),
        page_ids: serde_json::to_string(&new.page_ids).map_err(anyhow::Error::from)?,
        version: 1,
        created_at: now,
        created_by_kind: actor.kind.as_str().to_owned(),
        created_by: actor.id.clone(),
        created_by_name: actor.name.clone(),
        updated_at: now,
        updated_by_kind: actor.kind.as_str().to_owned(),
        updated_by: actor.id,
        updated_by_name: actor.name,
        completed_at: (status == TaskStatus::Done).then_some(now),
    })
}

fn view(Found { row, is_open }: Found) -> Result<Task, Error> {
    let due_date = row.due_date.as_deref().map(Date::parse).transpose();
    let page_ids = record::pages(&row)?;
    let summary = TaskSummary {
        id: row.id.clone(),
        number: row.number,
        status: TaskStatus::of_row(&row.status)?,
        priority: TaskPriority::of_row(&row.priority)?,
        bucket: TaskBucket::of_row(&row.bucket)?,
        assignee: assignee::take(&row),
        due_date: due_date.map_err(anyhow::Error::from)?,
        project_id: row.project_id,
        position: row.position,
        agent_accessible: row.agent_accessible,
        is_agent_accessible: is_open == Open::Yes,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        created_by: Actor::from_row(&row.created_by_kind, row.created_by, row.created_by_name),
        updated_at: Timestamp::from_millis(row.updated_at),
        updated_by: Actor::from_row(&row.updated_by_kind, row.updated_by, row.updated_by_name),
        completed_at: row.completed_at.map(Timestamp::from_millis),
        title: row.title,
    };
    Ok(Task { summary, description: row.description, page_ids, replaced_version: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_open_by_its_own_flag_or_else_by_that_of_its_project() {
        for (task, project, open) in [
            (None, None, Open::Yes),
            (None, Some(true), Open::Yes),
            (None, Some(false), Open::No),
            (Some(true), Some(false), Open::Yes),
            (Some(false), Some(true), Open::No),
            (Some(false), None, Open::No),
        ] {
            assert_eq!(Open::of(task, project), open, "{task:?} in {project:?}");
        }
    }
}
