//! Agents over HTTP: spawn, list, show, stop, restart, screen.
//!
//! Owns how these are asked and answered. Must not know how agents are run.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use raven_protocol::id::AgentId;
use raven_protocol::runtime_api::{
    AgentList, RestartRequest, RuntimeAgent, SpawnRequest, SpawnResponse, SpawnedAgent, StopRequest,
};
use serde::Deserialize;

use super::Api;
use super::problem::{Refusal, json};
use crate::agents::record::Record;

/// Agents on a page, unless asked otherwise.
const PAGE: usize = 50;

/// Most agents on a page.
const MAX_PAGE: usize = 200;

/// Starts agents; they are answered at once, and events tell how they fare.
pub async fn spawn(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<SpawnResponse>), Refusal> {
    let request: SpawnRequest = json(body)?;
    let host = reached_by(&api, &headers);
    let agents = api.pulse.agents.clone();
    let spawned = tokio::task::spawn_blocking({
        // Files are written; the tasks of the agents belong to the runtime that we are on.
        move || agents.spawn(&request, |id| endpoint(&host, id))
    });
    let spawned = spawned.await.map_err(|panicked| Refusal::Internal(panicked.to_string()))??;
    let agents = spawned.into_iter().map(told).collect();
    Ok((StatusCode::CREATED, Json(SpawnResponse { agents })))
}

/// The caller reached us by this name, so it can attach by it.
fn reached_by(api: &Api, headers: &HeaderMap) -> String {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    named.map_or_else(|| api.address.to_string(), str::to_owned)
}

fn endpoint(host: &str, id: &AgentId) -> String {
    format!("ws://{host}/ws/agents/{id}/terminal")
}

fn told(record: Arc<Record>) -> SpawnedAgent {
    let agent = record.agent();
    SpawnedAgent {
        id: agent.id,
        name: agent.name,
        agent_type: agent.agent_type,
        status: agent.status,
        runtime_session_id: agent.runtime_session_id,
        runtime_endpoint: record.spec.runtime_endpoint.clone(),
    }
}

/// Ends an agent if it runs and starts it anew; answered once the new run is begun. No body is the default.
pub async fn restart(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<SpawnedAgent>), Refusal> {
    let record = find(&api, &id)?;
    let request = match body {
        Ok(body) if body.is_empty() => RestartRequest::default(),
        body => json(body)?,
    };
    let endpoint = endpoint(&reached_by(&api, &headers), &record.spec.id);
    let agents = api.pulse.agents.clone();
    // It goes on when the caller leaves: an agent must not stay half-way.
    let begun = tokio::spawn(async move { agents.restart(&record.spec.id, request, endpoint).await });
    let begun = begun.await.map_err(|panicked| Refusal::Internal(panicked.to_string()))??;
    Ok((StatusCode::ACCEPTED, Json(told(begun))))
}

/// Which part of the list.
#[derive(Deserialize)]
pub struct Page {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// A page of agents, newest first.
pub async fn list(
    State(api): State<Api>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<AgentList>, Refusal> {
    let Query(Page { cursor, limit }) = page?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Refusal::Invalid(format!("`limit` must be 1 to {MAX_PAGE}")));
    }
    let all = api.pulse.agents.all();
    let from = match cursor {
        None => 0,
        Some(cursor) => {
            let (at, id) = read_cursor(&cursor)?;
            all.partition_point(|record| (record.spec.created_at.as_millis(), &record.spec.id) >= (at, &id))
        }
    };
    let rest = all.get(from..).unwrap_or_default();
    let items: Vec<RuntimeAgent> = rest.iter().take(limit).map(|record| record.agent()).collect();
    let last = rest.get(limit - 1).filter(|_| rest.len() > limit);
    let next_cursor = last.map(|record| format!("{}~{}", record.spec.created_at.as_millis(), record.spec.id));
    Ok(Json(AgentList { items, next_cursor }))
}

fn read_cursor(cursor: &str) -> Result<(i64, AgentId), Refusal> {
    let parts =
        cursor.split_once('~').and_then(|(at, id)| Some((at.parse().ok()?, AgentId::parse(id).ok()?)));
    parts.ok_or_else(|| Refusal::Invalid("`cursor` is not one that a list answered".to_owned()))
}

/// Finds an agent by what stands in the path.
pub fn find(api: &Api, id: &str) -> Result<Arc<Record>, Refusal> {
    let found = AgentId::parse(id).ok().and_then(|id| api.pulse.agents.get(&id));
    found.ok_or_else(|| Refusal::NoAgent(id.chars().take(140).collect()))
}

/// One agent.
pub async fn show(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<RuntimeAgent>, Refusal> {
    Ok(Json(find(&api, &id)?.agent()))
}

/// Asks for an agent's end, by query.
pub async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Result<Query<StopRequest>, QueryRejection>,
) -> Result<(StatusCode, Json<RuntimeAgent>), Refusal> {
    end(&api, &id, query?.0)
}

/// Asks for an agent's end, by body; none is the default.
pub async fn stop(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<RuntimeAgent>), Refusal> {
    let request = match body {
        Ok(body) if body.is_empty() => StopRequest::default(),
        body => json(body)?,
    };
    end(&api, &id, request)
}

fn end(api: &Api, id: &str, request: StopRequest) -> Result<(StatusCode, Json<RuntimeAgent>), Refusal> {
    let record = find(api, id)?;
    if request.timeout.is_some_and(|seconds| seconds > 60) {
        return Err(Refusal::Invalid("`timeout` must be 0 to 60 seconds".to_owned()));
    }
    let agent = api.pulse.agents.stop(&record.spec.id, request);
    agent.map(|agent| (StatusCode::ACCEPTED, Json(agent))).ok_or_else(|| Refusal::NoAgent(id.to_owned()))
}

/// How the screen is wanted.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Ansi,
    Json,
}

/// How the screen is wanted.
#[derive(Deserialize)]
pub struct ScreenQuery {
    #[serde(default)]
    format: Format,
}

/// The screen now, or at the end.
pub async fn screen(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Result<Query<ScreenQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let record = find(&api, &id)?;
    let Query(ScreenQuery { format }) = query?;
    super::terminal::until_spawned(&record).await?;
    let session = record.session();
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok(match format {
        Format::Json => Json(session.screen().await?).into_response(),
        Format::Text => {
            let mut lines = session.screen().await?.lines.join("\n");
            lines.push('\n');
            (text, lines).into_response()
        }
        Format::Ansi => (text, session.repaint().await?).into_response(),
    })
}
