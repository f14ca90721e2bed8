//! Routes of the history of pages.

use axum::Json;
use axum::extract::State;
use raven_protocol::id::{PageId, PageVersionId};
use serde_json::json;

use super::extract::{Body, May, Path, Query};
use super::governed::{allowed, arguments, governed};
use crate::access::knowledge::{ReadPages, WritePages};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::pages::WikiPage;
use crate::pages::history::{PageRestore, PageVersion, WholePageVersion};

/// The states of a page, newest first.
#[utoipa::path(get, path = "/api/pages/{id}/history", tag = "pages", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<PageVersion>), (status = 401), (status = 403), (status = 404),
        (status = 422)))]
pub async fn versions(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Path(id): Path<PageId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PageVersion>>, Error> {
    allowed(&app, &by, "page_get_history").await?;
    Ok(Json(app.pages.history(&by, &id, page).await?))
}

/// One state of a page, and what it changed.
#[utoipa::path(get, path = "/api/pages/{id}/history/{versionId}", tag = "pages",
    params(("id" = String, Path), ("versionId" = String, Path)),
    responses((status = 200, body = WholePageVersion), (status = 401), (status = 403), (status = 404)))]
pub async fn version(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Path((id, version)): Path<(PageId, PageVersionId)>,
) -> Result<Json<WholePageVersion>, Error> {
    allowed(&app, &by, "page_get_history").await?;
    Ok(Json(app.pages.version(&by, &id, &version).await?))
}

/// Take up a former state again: it becomes the next version, and nothing is lost. With `version` it is refused when
/// somebody changed the page meanwhile, as a change is.
#[utoipa::path(post, path = "/api/pages/{id}/restore", tag = "pages", params(("id" = String, Path)),
    request_body = PageRestore,
    responses((status = 200, body = WikiPage), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn restore(
    State(app): State<App>,
    May(by): May<WritePages>,
    Path(id): Path<PageId>,
    Body(wanted): Body<PageRestore>,
) -> Result<Json<WikiPage>, Error> {
    governed(&app, &by, ("page_restore", arguments(json!({ "pageId": id }), &wanted)?)).await?;
    let done = app.pages.restore(&by, &id, &wanted).await;
    Ok(Json(app.policies.of_page(&by, done).await?))
}
