//! Routes of the activity feed.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use raven_protocol::id::AgentId;

use super::audit::{ExportQuery, attachment};
use super::extract::{May, Path, Query};
use super::lasting;
use crate::access::Read;
use crate::activity::{self, Activity, ActivityQuery};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// What happened in the workspace, newest first.
#[utoipa::path(get, path = "/api/activity", tag = "activity", params(ActivityQuery, PageQuery),
    responses((status = 200, body = Page<Activity>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<ActivityQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Activity>>, Error> {
    Ok(Json(activity::list(&app.db, &by, query, page).await?))
}

/// The same as a file: JSON lines or CSV.
#[utoipa::path(get, path = "/api/activity/export", tag = "activity", params(ActivityQuery, ExportQuery),
    responses((status = 200, description = "JSON lines, or CSV", content_type = "application/x-ndjson"), (status = 401)))]
pub async fn export(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<ActivityQuery>,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Response {
    let stream = activity::export(&app.db, &by, query, format);
    attachment("raven-activity", format, lasting::body(app.db, by, stream))
}

/// The same, at its older address.
#[utoipa::path(get, path = "/api/parallax-agents/activity/workspace", tag = "activity",
    params(ActivityQuery, PageQuery), responses((status = 200, body = Page<Activity>), (status = 401)))]
pub async fn of_workspace(
    state: State<App>,
    by: May<Read>,
    query: Query<ActivityQuery>,
    page: Query<PageQuery>,
) -> Result<Json<Page<Activity>>, Error> {
    list(state, by, query, page).await
}

/// What happened to one agent, newest first.
#[utoipa::path(get, path = "/api/parallax-agents/{id}/activity", tag = "activity",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<Activity>), (status = 401), (status = 404)))]
pub async fn of_agent(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<AgentId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Activity>>, Error> {
    app.agents.get(&by, &id).await?;
    let query = ActivityQuery { agent_id: Some(id.to_string()), ..ActivityQuery::default() };
    Ok(Json(activity::list(&app.db, &by, query, page).await?))
}
