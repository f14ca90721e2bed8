//! Tools about projects. Owns their types and words; the rules are the room's.

use raven_protocol::id::ProjectId;
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::page::{Page, PageQuery};
use crate::projects::{Project, TaskCounts};

pub const TOOLS: &[Listed] = &[Listed::of::<ProjectList>(), Listed::of::<ProjectGet>()];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProjectList {
    /// How many at most; 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the answer before.
    cursor: Option<String>,
}

impl Tool for ProjectList {
    const WORDS: Words = Words::of(
        ("project_list", "List projects"),
        "Lists the projects of your workspace, newest first, with how many tasks each has in which status.",
        Category::Project,
        Effect::Reads,
    )
    .needs(Permission::ReadProjects);
    type Answer = Page<ProjectLine>;

    async fn call(self, call: Call) -> Result<Page<ProjectLine>, Error> {
        let Self { limit, cursor } = self;
        let found = call.app.projects.list(&call.granted()?, PageQuery { cursor, limit }).await?;
        let items = found.items.into_iter().map(|project| line(&project)).collect();
        Ok(Page { items, next_cursor: found.next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProjectGet {
    /// As `project_list` tells it.
    project_id: ProjectId,
}

impl Tool for ProjectGet {
    const WORDS: Words = Words::of(
        ("project_get", "Read a project"),
        "Tells what a project is about, and how many tasks it has in which status; `task_list` has the tasks.",
        Category::Project,
        Effect::Reads,
    )
    .needs(Permission::ReadProjects);
    type Answer = ProjectTold;

    async fn call(self, call: Call) -> Result<ProjectTold, Error> {
        let project = call.app.projects.get(&call.granted()?, &self.project_id).await?;
        let line = line(&project);
        Ok(ProjectTold { line, description: project.description, created_at: project.created_at })
    }
}

/// A project in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectLine {
    id: String,
    name: String,
    /// How many tasks there are in each status.
    task_counts: TaskCounts,
    updated_at: Timestamp,
}

/// A project.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectTold {
    #[serde(flatten)]
    line: ProjectLine,
    /// Markdown.
    description: String,
    created_at: Timestamp,
}

fn line(project: &Project) -> ProjectLine {
    ProjectLine {
        id: project.id.clone(),
        name: project.name.clone(),
        task_counts: project.task_counts.clone(),
        updated_at: project.updated_at,
    }
}
