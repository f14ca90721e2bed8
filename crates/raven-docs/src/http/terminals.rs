//! Routes of terminal sessions as people see them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::{AgentId, SessionId};

use super::extract::{May, Path, Query};
use crate::access::{Drive, Read};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::terminals::{SessionDetail, SessionQuery, Target};

/// The workspace's terminal sessions, newest first.
#[utoipa::path(get, path = "/api/terminal/sessions", tag = "terminal", params(SessionQuery, PageQuery),
    responses((status = 200, body = Page<SessionDetail>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<SessionQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SessionDetail>>, Error> {
    Ok(Json(app.terminals.list(&by, query, page).await?))
}

/// One session.
#[utoipa::path(get, path = "/api/terminal/sessions/{id}", tag = "terminal", params(("id" = String, Path)),
    responses((status = 200, body = SessionDetail), (status = 401), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<SessionId>,
) -> Result<Json<SessionDetail>, Error> {
    Ok(Json(app.terminals.get(&by, Target::Session(id)).await?))
}

/// End a session: its viewers are detached; its agent goes on.
#[utoipa::path(delete, path = "/api/terminal/sessions/{id}", tag = "terminal", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn terminate(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Error> {
    app.terminals.terminate(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The newest session of an agent.
#[utoipa::path(get, path = "/api/terminal/agents/{agentId}/session", tag = "terminal",
    params(("agentId" = String, Path)),
    responses((status = 200, body = SessionDetail), (status = 401), (status = 404)))]
pub async fn of_agent(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<AgentId>,
) -> Result<Json<SessionDetail>, Error> {
    Ok(Json(app.terminals.get(&by, Target::Agent(id)).await?))
}
