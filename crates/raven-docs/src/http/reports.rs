//! Routes for runtimes: callbacks, heartbeats, and terminal sessions of their own.
//!
//! Each recognises its caller as the runtime of one workspace; a person's credentials are no good here.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::RuntimeSessionId;
use raven_protocol::runtime_api::{Heartbeat, SpawnCallback};
use raven_protocol::terminal::TerminalStatus;
use serde::Deserialize;

use super::extract::{Body, Path, Presented};
use crate::app::App;
use crate::auth::Runtime;
use crate::error::Error;
use crate::terminals::TerminalSession;
use crate::terminals::reports::NewSession;

/// Most entries of a heartbeat's metadata.
const MAX_METADATA: usize = 32;

/// A session's state, as its runtime has it.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct SessionReport {
    status: TerminalStatus,
}

/// How a spawn went.
#[utoipa::path(post, path = "/api/parallax-agents/spawn-callback", tag = "runtime", request_body = SpawnCallback,
    responses((status = 204), (status = 401), (status = 404)))]
pub async fn callback(
    State(app): State<App>,
    Presented(credentials): Presented,
    Body(told): Body<SpawnCallback>,
) -> Result<StatusCode, Error> {
    let from = app.auth.runtime(&credentials, &told.workspace_id).await?;
    app.agents.callback(&from, told).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The runtime lives.
#[utoipa::path(post, path = "/api/parallax-agents/runtime/heartbeat", tag = "runtime", request_body = Heartbeat,
    responses((status = 204), (status = 401), (status = 422)))]
pub async fn heartbeat(
    State(app): State<App>,
    Presented(credentials): Presented,
    Body(beat): Body<Heartbeat>,
) -> Result<StatusCode, Error> {
    if beat.metadata.len() > MAX_METADATA || beat.version.chars().count() > 100 {
        return Err(Error::invalid("metadata", format!("must have at most {MAX_METADATA} entries")));
    }
    let from: Vec<Runtime> = match (&beat.workspace_id, &credentials.bearer) {
        (Some(workspace), _) => vec![app.auth.runtime(&credentials, workspace).await?],
        (None, Some(bearer)) => app.auth.runtimes_of(bearer).await?,
        (None, None) => Vec::new(),
    };
    if from.is_empty() || !from.iter().all(|runtime| runtime.may_speak_as(&beat.runtime_id)) {
        return Err(Error::Unauthenticated);
    }
    app.runtimes.heartbeat(&from, &beat).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A runtime's own terminal session, which it then dials in to.
#[utoipa::path(post, path = "/api/terminal/sessions", tag = "terminal", request_body = NewSession,
    responses((status = 201, body = TerminalSession), (status = 401), (status = 404), (status = 422)))]
pub async fn create_session(
    State(app): State<App>,
    Presented(credentials): Presented,
    Body(new): Body<NewSession>,
) -> Result<(StatusCode, Json<TerminalSession>), Error> {
    let from = app.auth.runtime(&credentials, &new.workspace_id).await?;
    Ok((StatusCode::CREATED, Json(app.terminals.create(&from, new).await?)))
}

/// The state of a runtime's session.
#[utoipa::path(post, path = "/api/terminal/sessions/{runtimeSessionId}/status", tag = "terminal",
    params(("runtimeSessionId" = String, Path)), request_body = SessionReport,
    responses((status = 200, body = TerminalSession), (status = 401), (status = 404)))]
pub async fn session_status(
    State(app): State<App>,
    Presented(credentials): Presented,
    Path(id): Path<RuntimeSessionId>,
    Body(report): Body<SessionReport>,
) -> Result<Json<TerminalSession>, Error> {
    // Whether the session exists is told to its own runtime only.
    let from = app.terminals.runtime_of(&app.auth, &credentials, &id).await?;
    Ok(Json(app.terminals.report(&from, &id, report.status).await?))
}
