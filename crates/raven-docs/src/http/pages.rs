//! Routes of pages: lists, the page itself, editing, moving, the trash.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::{PageId, SpaceId};
use serde::Deserialize;
use serde_json::json;

use super::extract::{Body, Key, May, Path, Query};
use super::governed::{allowed, arguments, governed};
use crate::access::knowledge::{DeletePages, ReadPages, WritePages};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::pages::editing::{NewPage, PageChange};
use crate::pages::moving::PageMove;
use crate::pages::trash::TrashedPage;
use crate::pages::{PageSummary, PagesQuery, WikiPage};
use crate::repeats::Repeatable;

/// Of which space.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct OfSpace {
    /// Of this space alone; of all when it is left out.
    space_id: Option<SpaceId>,
}

/// The pages of a space, of a page, or all; without their content.
#[utoipa::path(get, path = "/api/pages", tag = "pages", params(PagesQuery, PageQuery),
    responses((status = 200, body = Page<PageSummary>), (status = 401), (status = 403), (status = 404),
        (status = 422)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Query(query): Query<PagesQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PageSummary>>, Error> {
    allowed(&app, &by, "page_list").await?;
    Ok(Json(app.pages.list(&by, query, page).await?))
}

/// Make a page.
#[utoipa::path(post, path = "/api/pages", tag = "pages",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key makes nothing more")),
    request_body = NewPage,
    responses((status = 201, body = WikiPage), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<WritePages>,
    Key(key): Key,
    Body(wanted): Body<NewPage>,
) -> Result<(StatusCode, Json<WikiPage>), Error> {
    governed(&app, &by, ("page_create", arguments(json!({}), &wanted)?)).await?;
    let request = Repeatable::of(&by, key, ("page", &wanted))?;
    let made = app.pages.create(&by, wanted, request).await;
    Ok((StatusCode::CREATED, Json(app.policies.of_page(&by, made).await?)))
}

/// A page, by its id or its slug. `spaceId` says in which space, when several have one of this slug.
#[utoipa::path(get, path = "/api/pages/{id}", tag = "pages", params(("id" = String, Path), OfSpace),
    responses((status = 200, body = WikiPage), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Path(id): Path<PageId>,
    Query(of): Query<OfSpace>,
) -> Result<Json<WikiPage>, Error> {
    allowed(&app, &by, "page_get").await?;
    Ok(Json(app.pages.get(&by, &id, of.space_id.as_ref()).await?))
}

/// Change a page. With `version` it is refused when somebody changed it meanwhile: the problem has
/// `currentVersion` and `difference`.
#[utoipa::path(patch, path = "/api/pages/{id}", tag = "pages", params(("id" = String, Path)),
    request_body = PageChange,
    responses((status = 200, body = WikiPage), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn change(
    State(app): State<App>,
    May(by): May<WritePages>,
    Path(id): Path<PageId>,
    Body(wanted): Body<PageChange>,
) -> Result<Json<WikiPage>, Error> {
    governed(&app, &by, ("page_update", arguments(json!({ "pageId": id }), &wanted)?)).await?;
    let done = app.pages.change(&by, &id, wanted).await;
    Ok(Json(app.policies.of_page(&by, done).await?))
}

/// Put a page into the trash, with what is under it. It can be taken out for 30 days.
#[utoipa::path(delete, path = "/api/pages/{id}", tag = "pages", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn trash(
    State(app): State<App>,
    May(by): May<DeletePages>,
    Path(id): Path<PageId>,
) -> Result<StatusCode, Error> {
    governed(&app, &by, ("page_delete", json!({ "pageId": id }))).await?;
    app.pages.trash(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Move a page, with what is under it.
#[utoipa::path(post, path = "/api/pages/{id}/move", tag = "pages", params(("id" = String, Path)),
    request_body = PageMove,
    responses((status = 200, body = WikiPage), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn relocate(
    State(app): State<App>,
    May(by): May<WritePages>,
    Path(id): Path<PageId>,
    Body(wanted): Body<PageMove>,
) -> Result<Json<WikiPage>, Error> {
    governed(&app, &by, ("page_move", arguments(json!({ "pageId": id }), &wanted)?)).await?;
    let done = app.pages.relocate(&by, &id, wanted).await;
    Ok(Json(app.policies.of_page(&by, done).await?))
}

/// Take a page out of the trash, with what went there with it.
#[utoipa::path(post, path = "/api/pages/{id}/untrash", tag = "pages", params(("id" = String, Path)),
    responses((status = 200, body = WikiPage), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn untrash(
    State(app): State<App>,
    May(by): May<DeletePages>,
    Path(id): Path<PageId>,
) -> Result<Json<WikiPage>, Error> {
    allowed(&app, &by, "page_update").await?;
    let done = app.pages.untrash(&by, &id).await;
    Ok(Json(app.policies.of_page(&by, done).await?))
}

/// What is in the trash, newest first.
#[utoipa::path(get, path = "/api/pages/trash", tag = "pages", params(PageQuery),
    responses((status = 200, body = Page<TrashedPage>), (status = 401), (status = 403), (status = 422)))]
pub async fn trashed(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<TrashedPage>>, Error> {
    allowed(&app, &by, "page_list").await?;
    Ok(Json(app.pages.trashed(&by, page).await?))
}

/// The pages that changed last.
#[utoipa::path(get, path = "/api/pages/recent", tag = "pages", params(OfSpace, PageQuery),
    responses((status = 200, body = Page<PageSummary>), (status = 401), (status = 403), (status = 422)))]
pub async fn recent(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Query(of): Query<OfSpace>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PageSummary>>, Error> {
    allowed(&app, &by, "page_recent").await?;
    Ok(Json(app.pages.recent(&by, of.space_id, page).await?))
}
