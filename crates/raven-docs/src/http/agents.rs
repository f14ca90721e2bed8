//! Routes of agents: spawn, list, look, stop.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use raven_protocol::id::AgentId;
use serde::Serialize;

use super::extract::{Body, Key, May, OptionalBody, Path, Query};
use crate::access::{Drive, Read, SpawnAgents};
use crate::agents::spawn::{Spawn, SpawnAnswer};
use crate::agents::{Agent, AgentQuery, StopAgent};
use crate::app::App;
use crate::approvals::{Approval, Gated};
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// The visible part of an agent's terminal.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Screen {
    cols: u16,
    rows: u16,
    /// Rows as text, without trailing blanks.
    lines: Vec<String>,
    /// Row and column, from 0.
    cursor: [u16; 2],
    title: Option<String>,
    alternate_screen: bool,
}

/// A spawn that people must approve first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SpawnAsked {
    approval: Approval,
}

/// Spawn agents; 202 when people must approve it first, as the policy says.
#[utoipa::path(post, path = "/api/parallax-agents/spawn", tag = "agents", request_body = Spawn,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key spawns nothing more")),
    responses((status = 201, body = SpawnAnswer), (status = 202, body = SpawnAsked), (status = 401), (status = 403), (status = 409),
        (status = 422), (status = 502)))]
pub async fn spawn(
    State(app): State<App>,
    May(by): May<SpawnAgents>,
    Key(key): Key,
    Body(wanted): Body<Spawn>,
) -> Result<Response, Error> {
    Ok(match app.approvals.spawn(&by, wanted, key).await? {
        Gated::Done(answer) => (StatusCode::CREATED, Json(answer)).into_response(),
        Gated::Waits(approval) => {
            (StatusCode::ACCEPTED, Json(SpawnAsked { approval: *approval })).into_response()
        }
    })
}

/// The workspace's agents, newest first.
#[utoipa::path(get, path = "/api/parallax-agents", tag = "agents", params(AgentQuery, PageQuery),
    responses((status = 200, body = Page<Agent>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<AgentQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Agent>>, Error> {
    Ok(Json(app.agents.list(&by, query, page).await?))
}

/// One agent.
#[utoipa::path(get, path = "/api/parallax-agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Agent), (status = 401), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<AgentId>,
) -> Result<Json<Agent>, Error> {
    Ok(Json(app.agents.get(&by, &id).await?))
}

/// End an agent's whole process tree; an event tells when it is gone.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/stop", tag = "agents", params(("id" = String, Path)),
    request_body = StopAgent,
    responses((status = 202, body = Agent), (status = 401), (status = 403), (status = 404), (status = 502)))]
pub async fn stop(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(id): Path<AgentId>,
    OptionalBody(how): OptionalBody<StopAgent>,
) -> Result<(StatusCode, Json<Agent>), Error> {
    Ok((StatusCode::ACCEPTED, Json(app.agents.stop(&by, &id, how).await?)))
}

/// End an agent if it runs, and start it anew with the same id, folder and home.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/restart", tag = "agents", params(("id" = String, Path)),
    responses((status = 202, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 502)))]
pub async fn restart(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(id): Path<AgentId>,
) -> Result<(StatusCode, Json<Agent>), Error> {
    Ok((StatusCode::ACCEPTED, Json(app.agents.restart(&by, &id).await?)))
}

/// The agent's screen as it is now.
#[utoipa::path(get, path = "/api/parallax-agents/{id}/screen", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Screen), (status = 401), (status = 404), (status = 409), (status = 502)))]
pub async fn screen(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<AgentId>,
) -> Result<Json<Screen>, Error> {
    let screen = app.agents.screen(&by, &id).await?;
    Ok(Json(Screen {
        cols: screen.size.cols,
        rows: screen.size.rows,
        lines: screen.lines,
        cursor: [screen.cursor.0, screen.cursor.1],
        title: screen.title,
        alternate_screen: screen.alternate_screen,
    }))
}
