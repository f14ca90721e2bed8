//! Tools about tasks. Owns their types and words; the rules are the room's.

use raven_protocol::id::{PageId, ProjectId, TaskId};
use raven_protocol::permission::Permission;
use raven_protocol::time::{Date, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::page::{Page, PageQuery};
use crate::pages::content::Content;
use crate::pages::lines::{self, Lines};
use crate::patch::present;
use crate::tasks::words::{TaskBucket, TaskPriority, TaskStatus};
use crate::tasks::{NewTask, Task, TaskChange, TaskMove, TaskQuery, TaskSummary};

pub const TOOLS: &[Listed] = &[
    Listed::of::<TaskList>(),
    Listed::of::<TaskGet>(),
    Listed::of::<TaskCreate>(),
    Listed::of::<TaskUpdate>(),
    Listed::of::<TaskComplete>(),
    Listed::of::<TaskAssign>(),
    Listed::of::<TaskMoveToProject>(),
    Listed::of::<TaskClaim>(),
    Listed::of::<TaskDelete>(),
];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskList {
    /// Only those in this status.
    status: Option<TaskStatus>,
    /// Only those of this person or agent, by id.
    assignee_id: Option<String>,
    /// Only those of this project, or `none` for those of none.
    project_id: Option<String>,
    /// Only those that are up then.
    bucket: Option<TaskBucket>,
    /// Only those whose title has this in it.
    query: Option<String>,
    /// How many at most; 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the answer before.
    cursor: Option<String>,
}

impl Tool for TaskList {
    const WORDS: Words = Words::of(
        ("task_list", "List tasks"),
        "Lists the tasks of your workspace in the order of their columns, without descriptions.",
        Category::Task,
        Effect::Reads,
    )
    .needs(Permission::ReadTasks);
    type Answer = Page<TaskLine>;

    async fn call(self, call: Call) -> Result<Page<TaskLine>, Error> {
        let Self { status, assignee_id, project_id, bucket, query, limit, cursor } = self;
        let query = TaskQuery { status, assignee_id, project_id, bucket, q: query };
        let found = call.app.tasks.list(&call.granted()?, query, PageQuery { cursor, limit }).await?;
        Ok(Page { items: found.items.into_iter().map(line).collect(), next_cursor: found.next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskGet {
    /// As `task_list` tells it.
    task_id: TaskId,
    /// The lines of its description that you want; as many as fit from the first by default.
    range: Option<Lines>,
}

impl Tool for TaskGet {
    const WORDS: Words = Words::of(
        ("task_get", "Read a task"),
        "Tells everything of a task, its description and its version too. Of a long description you get the first lines, \
         and `range` tells how many there are: read on by `range`.",
        Category::Task,
        Effect::Reads,
    )
    .needs(Permission::ReadTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        told(call.app.tasks.get(&call.granted()?, &self.task_id).await?, self.range)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskCreate {
    /// One line of 1 to 300 characters.
    title: String,
    /// Markdown; a ProseMirror document is taken too.
    description: Option<Content>,
    /// `todo` by default.
    status: Option<TaskStatus>,
    /// `medium` by default.
    priority: Option<TaskPriority>,
    /// When it is up; `none` by default.
    bucket: Option<TaskBucket>,
    /// Who is to do it: a person or an agent, by id. For others than yourself you need `assign:tasks`.
    assignee_id: Option<String>,
    /// By which day it is to be done.
    due_date: Option<Date>,
    /// The project that it belongs to.
    project_id: Option<ProjectId>,
    /// Pages that it refers to.
    #[serde(default)]
    page_ids: Vec<PageId>,
}

impl Tool for TaskCreate {
    const WORDS: Words = Words::of(
        ("task_create", "Make a task"),
        "Makes a task, and answers with it.",
        Category::Task,
        Effect::Adds,
    )
    .needs(Permission::WriteTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        let Self {
            title,
            description,
            status,
            priority,
            bucket,
            assignee_id,
            due_date,
            project_id,
            page_ids,
        } = self;
        let agent_accessible = None;
        let new = NewTask {
            title,
            description,
            status,
            priority,
            bucket,
            assignee_id,
            due_date,
            project_id,
            agent_accessible,
            page_ids,
        };
        told(call.app.tasks.create(&call.granted()?, new, None).await?, None)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskUpdate {
    /// The task.
    task_id: TaskId,
    /// One line of 1 to 300 characters.
    title: Option<String>,
    /// Markdown, in the place of what is there; a ProseMirror document is taken too.
    description: Option<Content>,
    /// Where it stands.
    status: Option<TaskStatus>,
    /// How urgent it is.
    priority: Option<TaskPriority>,
    /// When it is up.
    bucket: Option<TaskBucket>,
    /// Who is to do it, by id; null for nobody. For others than yourself you need `assign:tasks`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    assignee_id: Option<Option<String>>,
    /// By which day it is to be done; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<Date>")]
    due_date: Option<Option<Date>>,
    /// The project that it belongs to; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    project_id: Option<Option<ProjectId>>,
    /// Pages that it refers to, in the place of those that are there.
    page_ids: Option<Vec<PageId>>,
    /// The version that you have read: when somebody has changed it since, you are told how, and nothing is done.
    version: Option<i64>,
}

impl Tool for TaskUpdate {
    const WORDS: Words = Words::of(
        ("task_update", "Change a task"),
        "Changes what you name of a task, and answers with it. What you leave out stays.",
        Category::Task,
        Effect::Changes,
    )
    .needs(Permission::WriteTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        let change = TaskChange {
            title: self.title,
            description: self.description,
            status: self.status,
            priority: self.priority,
            bucket: self.bucket,
            assignee_id: self.assignee_id,
            due_date: self.due_date,
            project_id: self.project_id,
            agent_accessible: None,
            page_ids: self.page_ids,
            version: self.version,
        };
        told(call.app.tasks.change(&call.granted()?, &self.task_id, change).await?, None)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskComplete {
    /// The task.
    task_id: TaskId,
}

impl Tool for TaskComplete {
    const WORDS: Words = Words::of(
        ("task_complete", "Complete a task"),
        "Says that a task is done.",
        Category::Task,
        Effect::Changes,
    )
    .needs(Permission::WriteTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        told(call.app.tasks.complete(&call.granted()?, &self.task_id).await?, None)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskAssign {
    /// The task.
    task_id: TaskId,
    /// Who is to do it: a person or an agent of your workspace, by id; null for nobody.
    assignee_id: Option<String>,
}

impl Tool for TaskAssign {
    const WORDS: Words = Words::of(
        ("task_assign", "Assign a task"),
        "Says who is to do a task; a person is told of it.",
        Category::Task,
        Effect::Changes,
    )
    .needs(Permission::AssignTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        let Self { task_id, assignee_id } = self;
        told(call.app.tasks.assign(&call.granted()?, &task_id, assignee_id).await?, None)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskMoveToProject {
    /// The task.
    task_id: TaskId,
    /// The project that it is to belong to; null for none.
    project_id: Option<ProjectId>,
}

impl Tool for TaskMoveToProject {
    const WORDS: Words = Words::of(
        ("task_move_to_project", "Move a task to a project"),
        "Puts a task into a project, or takes it out of its own.",
        Category::Task,
        Effect::Changes,
    )
    .needs(Permission::WriteTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        let Self { task_id, project_id } = self;
        let to = TaskMove { project_id: Some(project_id), ..TaskMove::default() };
        told(call.app.tasks.put(&call.granted()?, &task_id, to).await?, None)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskClaim {
    /// The task.
    task_id: TaskId,
}

impl Tool for TaskClaim {
    const WORDS: Words = Words::of(
        ("task_claim", "Claim a task"),
        "Takes a task that nobody has. Of many who claim it at once one gets it; the others are refused.",
        Category::Task,
        Effect::Changes,
    )
    .needs(Permission::WriteTasks);
    type Answer = TaskTold;

    async fn call(self, call: Call) -> Result<TaskTold, Error> {
        told(call.app.tasks.claim(&call.granted()?, &self.task_id).await?, None)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TaskDelete {
    /// The task.
    task_id: TaskId,
}

impl Tool for TaskDelete {
    const WORDS: Words = Words::of(
        ("task_delete", "Delete a task"),
        "Removes a task for good, with the comments on it. People usually have to approve it first.",
        Category::Task,
        Effect::Removes,
    )
    .needs(Permission::DeleteTasks);
    type Answer = Deleted;

    async fn call(self, call: Call) -> Result<Deleted, Error> {
        call.app.tasks.delete(&call.granted()?, &self.task_id).await?;
        Ok(Deleted { id: self.task_id.to_string(), deleted: true })
    }
}

/// That something is not there any more.
#[derive(Serialize, JsonSchema)]
struct Deleted {
    id: String,
    deleted: bool,
}

/// Who does a task.
#[derive(Serialize, JsonSchema)]
struct Assignee {
    /// `user` or `agent`.
    kind: String,
    id: String,
    name: String,
}

/// A task in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TaskLine {
    id: String,
    /// What people call it.
    number: i64,
    title: String,
    status: TaskStatus,
    priority: TaskPriority,
    bucket: TaskBucket,
    assignee: Option<Assignee>,
    due_date: Option<Date>,
    project_id: Option<String>,
    /// Give it to `task_update`.
    version: i64,
    updated_at: Timestamp,
}

/// A task.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TaskTold {
    #[serde(flatten)]
    line: TaskLine,
    /// Markdown: of a long one the lines that were asked for, or the first.
    description: String,
    /// Which lines of the description these are.
    range: lines::Shown,
    /// Pages that it refers to.
    page_ids: Vec<String>,
    /// The version that this change replaced; people can look up what its words were.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_version: Option<i64>,
    /// Who made it.
    created_by: String,
    created_at: Timestamp,
    /// Who changed it last.
    updated_by: String,
    completed_at: Option<Timestamp>,
}

fn line(task: TaskSummary) -> TaskLine {
    let who = |Actor { kind, id, name }: Actor| Assignee { kind: kind.as_str().to_owned(), id, name };
    TaskLine {
        id: task.id,
        number: task.number,
        title: task.title,
        status: task.status,
        priority: task.priority,
        bucket: task.bucket,
        assignee: task.assignee.map(who),
        due_date: task.due_date,
        project_id: task.project_id,
        version: task.version,
        updated_at: task.updated_at,
    }
}

/// A task with those lines of its description that are wanted, or the first.
fn told(task: Task, wanted: Option<Lines>) -> Result<TaskTold, Error> {
    let Task { summary, description, page_ids, replaced_version } = task;
    let (shown, range) = lines::cut(&description, wanted)?;
    let (created_by, updated_by) = (summary.created_by.name.clone(), summary.updated_by.name.clone());
    Ok(TaskTold {
        description: shown.to_owned(),
        range,
        page_ids,
        replaced_version,
        created_by,
        created_at: summary.created_at,
        updated_by,
        completed_at: summary.completed_at,
        line: line(summary),
    })
}
