//! Routes of what is remembered.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::MemoryId;
use serde_json::json;

use super::extract::{Body, Key, May, Path, Query};
use super::governed::{allowed, governed};
use crate::access::knowledge::{ReadMemory, WriteMemory};
use crate::app::App;
use crate::error::Error;
use crate::memory::{Memory, MemoryDay, MemoryQuery, NewMemory};
use crate::page::{Page, PageQuery};
use crate::repeats::Repeatable;

/// Remember something, for oneself unless it is shared.
#[utoipa::path(post, path = "/api/memory", tag = "memory",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key makes nothing more")),
    request_body = NewMemory,
    responses((status = 201, body = Memory), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn store(
    State(app): State<App>,
    May(by): May<WriteMemory>,
    Key(key): Key,
    Body(new): Body<NewMemory>,
) -> Result<(StatusCode, Json<Memory>), Error> {
    let NewMemory { content, tags, shared } = &new;
    let arguments = json!({ "content": content, "tags": tags, "shared": shared });
    governed(&app, &by, ("memory_ingest", arguments)).await?;
    let request = Repeatable::of(&by, key, ("memory", &new))?;
    Ok((StatusCode::CREATED, Json(app.memory.store(&by, new, request).await?)))
}

/// Forget something for good: one's own, or as an admin anybody's.
#[utoipa::path(delete, path = "/api/memory/{id}", tag = "memory", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn delete(
    State(app): State<App>,
    May(by): May<WriteMemory>,
    Path(id): Path<MemoryId>,
) -> Result<StatusCode, Error> {
    allowed(&app, &by, "memory_ingest").await?;
    app.memory.delete(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What one may read of what is remembered: the best first when words are given, the newest otherwise.
#[utoipa::path(get, path = "/api/memory", tag = "memory", params(MemoryQuery, PageQuery),
    responses((status = 200, body = Page<Memory>), (status = 401), (status = 403), (status = 422)))]
pub async fn query(
    State(app): State<App>,
    May(by): May<ReadMemory>,
    Query(query): Query<MemoryQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Memory>>, Error> {
    allowed(&app, &by, "memory_query").await?;
    Ok(Json(app.memory.query(&by, query, page).await?))
}

/// The days of which something is remembered that one may read, newest first.
#[utoipa::path(get, path = "/api/memory/days", tag = "memory", params(PageQuery),
    responses((status = 200, body = Page<MemoryDay>), (status = 401), (status = 403)))]
pub async fn days(
    State(app): State<App>,
    May(by): May<ReadMemory>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<MemoryDay>>, Error> {
    allowed(&app, &by, "memory_days").await?;
    Ok(Json(app.memory.days(&by, page).await?))
}
