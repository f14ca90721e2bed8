//! Routes of spaces.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::SpaceId;

use super::extract::{Body, Key, May, Path, Query};
use super::governed::allowed;
use crate::access::Administer;
use crate::access::knowledge::{EditSpaces, ReadSpaces};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::repeats::Repeatable;
use crate::spaces::{NewSpace, Space, SpaceChange};

/// The spaces of the workspace, oldest first.
#[utoipa::path(get, path = "/api/spaces", tag = "spaces", params(PageQuery),
    responses((status = 200, body = Page<Space>), (status = 401), (status = 403), (status = 422)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<ReadSpaces>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Space>>, Error> {
    allowed(&app, &by, "space_list").await?;
    Ok(Json(app.spaces.list(&by, page).await?))
}

/// Make a space. Its slug is made of its name unless it is given.
#[utoipa::path(post, path = "/api/spaces", tag = "spaces",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key makes nothing more")),
    request_body = NewSpace,
    responses((status = 201, body = Space), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<EditSpaces>,
    Key(key): Key,
    Body(wanted): Body<NewSpace>,
) -> Result<(StatusCode, Json<Space>), Error> {
    let request = Repeatable::of(&by, key, ("space", &wanted))?;
    Ok((StatusCode::CREATED, Json(app.spaces.create(&by, wanted, request).await?)))
}

/// One space.
#[utoipa::path(get, path = "/api/spaces/{id}", tag = "spaces", params(("id" = String, Path)),
    responses((status = 200, body = Space), (status = 401), (status = 403), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<ReadSpaces>,
    Path(id): Path<SpaceId>,
) -> Result<Json<Space>, Error> {
    allowed(&app, &by, "space_get").await?;
    Ok(Json(app.spaces.get(&by, &id).await?))
}

/// Rename a space.
#[utoipa::path(patch, path = "/api/spaces/{id}", tag = "spaces", params(("id" = String, Path)),
    request_body = SpaceChange,
    responses((status = 200, body = Space), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn change(
    State(app): State<App>,
    May(by): May<EditSpaces>,
    Path(id): Path<SpaceId>,
    Body(wanted): Body<SpaceChange>,
) -> Result<Json<Space>, Error> {
    Ok(Json(app.spaces.change(&by, &id, wanted).await?))
}

/// Remove a space for good. It must have no pages but those in the trash.
#[utoipa::path(delete, path = "/api/spaces/{id}", tag = "spaces", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn delete(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<SpaceId>,
) -> Result<StatusCode, Error> {
    app.spaces.delete(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
