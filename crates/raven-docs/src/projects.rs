//! Projects: tasks that belong together, and whether agents may see them.
//!
//! Owns their rules and what of them is open to agents. Must not know how a task is changed.

use std::collections::BTreeMap;

use raven_protocol::id::{ProjectId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::knowledge::{ReadProjects, WriteProjects};
use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Named;
use crate::db::{self, ConnectionTrait, Db, projects as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes, WorkspaceEvent};
use crate::page::{Page, PageQuery};
use crate::patch::present;
use crate::repeats::{self, Repeatable};
use crate::tasks::words::TaskStatus;

use rows::Seen;

/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// Longest description, in bytes: a page is the place for more.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// Most projects of a workspace: more than people would find their way in.
const MAX_PROJECTS: u64 = 1000;

/// A project as the API shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: String,
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Whether agents may see it and its tasks; null means yes. A task can say otherwise for itself.
    pub agent_accessible: Option<bool>,
    /// What that comes to.
    pub is_agent_accessible: bool,
    /// How many tasks there are in each status; for an agent, of those that it may see.
    pub task_counts: TaskCounts,
    pub created_at: Timestamp,
    pub created_by: Actor,
    pub updated_at: Timestamp,
}

/// How many tasks there are in each status.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct TaskCounts {
    pub todo: i64,
    pub in_progress: i64,
    pub blocked: i64,
    pub done: i64,
    pub cancelled: i64,
}

impl TaskCounts {
    fn set(&mut self, status: TaskStatus, count: i64) {
        *match status {
            TaskStatus::Todo => &mut self.todo,
            TaskStatus::InProgress => &mut self.in_progress,
            TaskStatus::Blocked => &mut self.blocked,
            TaskStatus::Done => &mut self.done,
            TaskStatus::Cancelled => &mut self.cancelled,
        } = count;
    }
}

/// A project to be made.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProject {
    /// 1 to 200 characters.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    pub agent_accessible: Option<Option<bool>>,
}

/// What is to change of a project.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectChange {
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    pub agent_accessible: Option<Option<bool>>,
}

/// The projects of all workspaces.
#[derive(Clone)]
pub struct Projects {
    db: Db,
    changes: Changes,
}

impl Projects {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// The projects that somebody may see, newest first.
    pub async fn list(&self, by: &Granted<ReadProjects>, page: PageQuery) -> Result<Page<Project>, Error> {
        let limit = page.limit()?;
        let shown = (seen(by), page.cursor.as_deref());
        let found = rows::page(self.db.read(), by.workspace(), shown, limit + 1).await?;
        let ids: Vec<String> = found.iter().map(|row| row.id.clone()).collect();
        let counts = counted(self.db.read(), &ids, seen(by)).await?;
        let view = |row: rows::Model| {
            let counts = counts.get(&row.id).cloned().unwrap_or_default();
            Ok(view(row, counts))
        };
        Page::of(found, limit, |row| &row.id, view)
    }

    /// One project.
    pub async fn get(&self, by: &Granted<ReadProjects>, id: &ProjectId) -> Result<Project, Error> {
        let row = readable(self.db.read(), by, id).await?;
        shown(self.db.read(), by, row).await
    }

    /// Makes a project.
    pub async fn create(
        &self,
        by: &Granted<WriteProjects>,
        new: NewProject,
        request: Option<Repeatable>,
    ) -> Result<Project, Error> {
        check(Some(&new.name), Some(&new.description))?;
        may_open(by, new.agent_accessible)?;
        let (actor, now) = (by.actor(), Timestamp::now().as_millis());
        let row = rows::Model {
            id: ProjectId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            name: new.name.trim().to_owned(),
            description: new.description,
            agent_accessible: new.agent_accessible.flatten(),
            created_at: now,
            created_by_kind: actor.kind.as_str().to_owned(),
            created_by: actor.id,
            created_by_name: actor.name,
            updated_at: now,
        };
        let mut change = self.changes.begin_for(by).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            let row = readable(change.tx(), by, &ProjectId::parse(id)?).await?;
            return shown(change.tx(), by, row).await;
        }
        if rows::count(change.tx(), by.workspace()).await? >= MAX_PROJECTS {
            let detail = format!("the workspace has {MAX_PROJECTS} projects; delete some that are over");
            return Err(Error::Conflict { code: Conflict::TooManyProjects, detail });
        }
        rows::insert(change.tx(), &row).await?;
        repeats::keep(&change, request, &row.id).await?;
        let entry = Entry::new(by.actor(), Action::ProjectCreate, target(&row)).after(facts(&row));
        note(&mut change, by, (entry, ActivityKind::ProjectCreated), &row).await?;
        change.commit().await?;
        Ok(view(row, TaskCounts::default()))
    }

    /// Changes a project.
    pub async fn change(
        &self,
        by: &Granted<WriteProjects>,
        id: &ProjectId,
        edit: ProjectChange,
    ) -> Result<Project, Error> {
        check(edit.name.as_deref(), edit.description.as_deref())?;
        may_open(by, edit.agent_accessible)?;
        let mut change = self.changes.begin_for(by).await?;
        let before = readable(change.tx(), by, id).await?;
        let row = rows::Model {
            name: edit.name.map_or(before.name.clone(), |name| name.trim().to_owned()),
            description: edit.description.unwrap_or_else(|| before.description.clone()),
            agent_accessible: edit.agent_accessible.unwrap_or(before.agent_accessible),
            updated_at: Timestamp::now().as_millis(),
            ..before.clone()
        };
        rows::update(change.tx(), &row).await?;
        let entry = Entry::new(by.actor(), Action::ProjectChange, target(&row));
        let entry = entry.before(facts(&before)).after(facts(&row));
        note(&mut change, by, (entry, ActivityKind::ProjectChanged), &row).await?;
        let project = shown(change.tx(), by, row).await?;
        change.commit().await?;
        Ok(project)
    }

    /// Removes a project that has no open tasks; those that are over stay, without a project.
    ///
    /// # Errors
    /// `Conflict` while it has open tasks.
    pub async fn delete(&self, by: &Granted<Administer>, id: &ProjectId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = readable(change.tx(), by, id).await?;
        let open = db::tasks::count_beside(change.tx(), &row.id, &TaskStatus::OVER).await?;
        if open > 0 {
            let detail = format!("it has {open} open tasks; complete, cancel or move them first");
            return Err(Error::Conflict { code: Conflict::ProjectHasTasks, detail });
        }
        db::tasks::leave_project(change.tx(), &row).await?;
        rows::delete(change.tx(), &row.id).await?;
        let entry = Entry::new(by.actor(), Action::ProjectDelete, target(&row)).before(facts(&row));
        note(&mut change, by, (entry, ActivityKind::ProjectDeleted), &row).await?;
        change.commit().await
    }
}

/// What somebody is shown: agents not what is closed to them.
pub(crate) fn seen<P>(by: &Granted<P>) -> Seen {
    if by.agent().is_some() { Seen::Open } else { Seen::All }
}

/// A project that somebody may see.
///
/// # Errors
/// `NotForAgents` for an agent when it is closed to them.
pub(crate) async fn readable<P>(
    db: &impl ConnectionTrait,
    by: &Granted<P>,
    id: &ProjectId,
) -> Result<rows::Model, Error> {
    let row = rows::find(db, by.workspace(), id).await?.ok_or(Error::NotFound("project"))?;
    if seen(by) == Seen::Open && row.agent_accessible == Some(false) {
        return Err(Error::NotForAgents("project"));
    }
    Ok(row)
}

/// Only people say what agents may see.
///
/// # Errors
/// `Denied` for an agent that says it.
pub(crate) fn may_open<P>(by: &Granted<P>, flag: Option<Option<bool>>) -> Result<(), Error> {
    match flag {
        Some(_) if by.agent().is_some() => Err(Error::Denied(
            "only people change `agentAccessible`; leave it out, or ask a person".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Who an entry of the feed is by, and the agent whose page shows it too.
pub(crate) fn about<P>(by: &Granted<P>, detail: String) -> About {
    let agent = by.agent().map(|agent| agent.named());
    About { agent, actor: Some(by.by()), detail: Some(detail), ..About::default() }
}

async fn note<P>(
    change: &mut Change,
    by: &Granted<P>,
    (entry, kind): (Entry, ActivityKind),
    row: &rows::Model,
) -> Result<(), Error> {
    change.audit(by.workspace(), entry).await?;
    activity::record(change, by.workspace(), kind, about(by, row.name.clone())).await?;
    let workspace: &WorkspaceId = by.workspace();
    change.tell(workspace, WorkspaceEvent::ProjectChanged(ProjectId::parse(row.id.as_str())?));
    Ok(())
}

fn check(name: Option<&str>, description: Option<&str>) -> Result<(), Error> {
    let good =
        |name: &str| (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if name.is_some_and(|name| !good(name.trim())) {
        return Err(Error::invalid("name", format!("must be one line of 1 to {MAX_NAME} characters")));
    }
    if description.is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        let why = format!("must be at most {} KiB; put more into a page", MAX_DESCRIPTION / 1024);
        return Err(Error::invalid("description", why));
    }
    Ok(())
}

fn target(row: &rows::Model) -> Target {
    Target::named("project", &Named { id: row.id.clone(), name: row.name.clone() })
}

fn facts(row: &rows::Model) -> Value {
    let description = row.description.chars().count();
    json!({ "name": row.name, "descriptionLength": description, "agentAccessible": row.agent_accessible })
}

async fn shown<P>(db: &impl ConnectionTrait, by: &Granted<P>, row: rows::Model) -> Result<Project, Error> {
    let mut counts = counted(db, std::slice::from_ref(&row.id), seen(by)).await?;
    let counts = counts.remove(&row.id).unwrap_or_default();
    Ok(view(row, counts))
}

async fn counted(
    db: &impl ConnectionTrait,
    ids: &[String],
    seen: Seen,
) -> Result<BTreeMap<String, TaskCounts>, Error> {
    let mut counts: BTreeMap<String, TaskCounts> = BTreeMap::new();
    for (project, status, count) in db::tasks::counts(db, ids, seen).await? {
        counts.entry(project).or_default().set(TaskStatus::of_row(&status)?, count);
    }
    Ok(counts)
}

fn view(row: rows::Model, task_counts: TaskCounts) -> Project {
    Project {
        id: row.id,
        name: row.name,
        description: row.description,
        agent_accessible: row.agent_accessible,
        is_agent_accessible: row.agent_accessible.unwrap_or(true),
        task_counts,
        created_at: Timestamp::from_millis(row.created_at),
        created_by: Actor::from_row(&row.created_by_kind, row.created_by, row.created_by_name),
        updated_at: Timestamp::from_millis(row.updated_at),
    }
}
