//! Routes of tasks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::TaskId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Key, May, Path, Query};
use super::governed::{allowed, allowed_with, governed};
use crate::access::knowledge::{AssignTasks, DeleteTasks, ReadTasks, WriteTasks};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::patch::present;
use crate::repeats::Repeatable;
use crate::tasks::history::TaskText;
use crate::tasks::{NewTask, Task, TaskChange, TaskMove, TaskQuery, TaskSummary};

/// Who is to do a task.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskAssignment {
    /// The id of a member or an agent of the workspace; null when nobody is to do it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    assignee_id: Option<Option<String>>,
}

/// The tasks of the workspace, in the order of their columns.
#[utoipa::path(get, path = "/api/tasks", tag = "tasks", params(TaskQuery, PageQuery),
    responses((status = 200, body = Page<TaskSummary>), (status = 401), (status = 403), (status = 422)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<ReadTasks>,
    Query(query): Query<TaskQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<TaskSummary>>, Error> {
    allowed(&app, &by, "task_list").await?;
    Ok(Json(app.tasks.list(&by, query, page).await?))
}

/// Make a task, at the top of its column.
#[utoipa::path(post, path = "/api/tasks", tag = "tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key makes nothing more")),
    request_body = NewTask,
    responses((status = 201, body = Task), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<WriteTasks>,
    Key(key): Key,
    Body(new): Body<NewTask>,
) -> Result<(StatusCode, Json<Task>), Error> {
    let named = [
        ("status", new.status.map(|status| json!(status))),
        ("assigneeId", new.assignee_id.as_ref().map(|id| json!(id))),
    ];
    allowed_with(&app, &by, ("task_create", told(named))).await?;
    let request = Repeatable::of(&by, key, ("task", &new))?;
    Ok((StatusCode::CREATED, Json(app.tasks.create(&by, new, request).await?)))
}

/// One task.
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = Task), (status = 401), (status = 403), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<ReadTasks>,
    Path(id): Path<TaskId>,
) -> Result<Json<Task>, Error> {
    allowed(&app, &by, "task_get").await?;
    Ok(Json(app.tasks.get(&by, &id).await?))
}

/// What a task's title and description were before, newest first; at most 20 at once.
#[utoipa::path(get, path = "/api/tasks/{id}/history", tag = "tasks", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<TaskText>), (status = 401), (status = 403), (status = 404),
        (status = 422)))]
pub async fn history(
    State(app): State<App>,
    May(by): May<ReadTasks>,
    Path(id): Path<TaskId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<TaskText>>, Error> {
    allowed(&app, &by, "task_get").await?;
    Ok(Json(app.tasks.history(&by, &id, page).await?))
}

/// Change a task. Only people change `agentAccessible`; another assignee needs the right to assign.
#[utoipa::path(patch, path = "/api/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    request_body = TaskChange,
    responses((status = 200, body = Task), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn change(
    State(app): State<App>,
    May(by): May<WriteTasks>,
    Path(id): Path<TaskId>,
    Body(change): Body<TaskChange>,
) -> Result<Json<Task>, Error> {
    let named = [
        ("status", change.status.map(|status| json!(status))),
        ("assigneeId", change.assignee_id.as_ref().map(|id| json!(id))),
        ("projectId", change.project_id.as_ref().map(|id| json!(id))),
    ];
    allowed_with(&app, &by, ("task_update", told(named))).await?;
    Ok(Json(app.tasks.change(&by, &id, change).await?))
}

/// Remove a task for good.
#[utoipa::path(delete, path = "/api/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn delete(
    State(app): State<App>,
    May(by): May<DeleteTasks>,
    Path(id): Path<TaskId>,
) -> Result<StatusCode, Error> {
    governed(&app, &by, ("task_delete", json!({ "taskId": id }))).await?;
    app.tasks.delete(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that a task is done.
#[utoipa::path(post, path = "/api/tasks/{id}/complete", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = Task), (status = 401), (status = 403), (status = 404)))]
pub async fn complete(
    State(app): State<App>,
    May(by): May<WriteTasks>,
    Path(id): Path<TaskId>,
) -> Result<Json<Task>, Error> {
    governed(&app, &by, ("task_complete", json!({ "taskId": id }))).await?;
    Ok(Json(app.tasks.complete(&by, &id).await?))
}

/// Say who does a task.
#[utoipa::path(post, path = "/api/tasks/{id}/assign", tag = "tasks", params(("id" = String, Path)),
    request_body = TaskAssignment,
    responses((status = 200, body = Task), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn assign(
    State(app): State<App>,
    May(by): May<AssignTasks>,
    Path(id): Path<TaskId>,
    Body(TaskAssignment { assignee_id }): Body<TaskAssignment>,
) -> Result<Json<Task>, Error> {
    let assignee = assignee_id.flatten();
    governed(&app, &by, ("task_assign", json!({ "taskId": id, "assigneeId": assignee }))).await?;
    Ok(Json(app.tasks.assign(&by, &id, assignee).await?))
}

/// Take a task that nobody has: of many who ask at once, one gets it.
#[utoipa::path(post, path = "/api/tasks/{id}/claim", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = Task), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn claim(
    State(app): State<App>,
    May(by): May<WriteTasks>,
    Path(id): Path<TaskId>,
) -> Result<Json<Task>, Error> {
    governed(&app, &by, ("task_claim", json!({ "taskId": id }))).await?;
    Ok(Json(app.tasks.claim(&by, &id).await?))
}

/// Move a task to another project, column, or place in its column.
#[utoipa::path(post, path = "/api/tasks/{id}/move", tag = "tasks", params(("id" = String, Path)),
    request_body = TaskMove,
    responses((status = 200, body = Task), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn put(
    State(app): State<App>,
    May(by): May<WriteTasks>,
    Path(id): Path<TaskId>,
    Body(to): Body<TaskMove>,
) -> Result<Json<Task>, Error> {
    let named = [("status", to.status.map(|status| json!(status)))];
    allowed_with(&app, &by, ("task_move_to_project", told(named))).await?;
    Ok(Json(app.tasks.put(&by, &id, to).await?))
}

/// What the policy is told of a change: of the fields on which it depends those that were named.
fn told<const N: usize>(named: [(&str, Option<Value>); N]) -> Value {
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
