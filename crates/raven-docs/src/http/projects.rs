//! Routes of projects.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::ProjectId;

use super::extract::{Body, Key, May, Path, Query};
use super::governed::allowed;
use crate::access::Administer;
use crate::access::knowledge::{ReadProjects, WriteProjects};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::projects::{NewProject, Project, ProjectChange};
use crate::repeats::Repeatable;

/// The projects of the workspace, newest first.
#[utoipa::path(get, path = "/api/projects", tag = "projects", params(PageQuery),
    responses((status = 200, body = Page<Project>), (status = 401), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<ReadProjects>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Project>>, Error> {
    allowed(&app, &by, "project_list").await?;
    Ok(Json(app.projects.list(&by, page).await?))
}

/// Make a project.
#[utoipa::path(post, path = "/api/projects", tag = "projects",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key makes nothing more")),
    request_body = NewProject,
    responses((status = 201, body = Project), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<WriteProjects>,
    Key(key): Key,
    Body(new): Body<NewProject>,
) -> Result<(StatusCode, Json<Project>), Error> {
    allowed(&app, &by, "project_create").await?;
    let request = Repeatable::of(&by, key, ("project", &new))?;
    Ok((StatusCode::CREATED, Json(app.projects.create(&by, new, request).await?)))
}

/// One project.
#[utoipa::path(get, path = "/api/projects/{id}", tag = "projects", params(("id" = String, Path)),
    responses((status = 200, body = Project), (status = 401), (status = 403), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<ReadProjects>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Project>, Error> {
    allowed(&app, &by, "project_get").await?;
    Ok(Json(app.projects.get(&by, &id).await?))
}

/// Change a project. Only people change `agentAccessible`.
#[utoipa::path(patch, path = "/api/projects/{id}", tag = "projects", params(("id" = String, Path)),
    request_body = ProjectChange,
    responses((status = 200, body = Project), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn change(
    State(app): State<App>,
    May(by): May<WriteProjects>,
    Path(id): Path<ProjectId>,
    Body(edit): Body<ProjectChange>,
) -> Result<Json<Project>, Error> {
    allowed(&app, &by, "project_update").await?;
    Ok(Json(app.projects.change(&by, &id, edit).await?))
}

/// Remove a project that has no open tasks. Those that are over stay, without a project.
#[utoipa::path(delete, path = "/api/projects/{id}", tag = "projects", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn delete(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<ProjectId>,
) -> Result<StatusCode, Error> {
    app.projects.delete(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
