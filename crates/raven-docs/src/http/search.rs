//! Routes of the search.

use axum::Json;
use axum::extract::State;
use raven_protocol::id::SpaceId;
use serde::Deserialize;

use super::extract::{May, Query};
use super::governed::allowed;
use crate::access::knowledge::ReadPages;
use crate::app::App;
use crate::error::Error;
use crate::search::{Found, SearchQuery, Suggestions};

/// What was typed so far.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Typed {
    q: String,
    /// Only pages of this space.
    space_id: Option<SpaceId>,
    /// 1 to 50; 10 by default.
    limit: Option<u64>,
}

/// Search pages, tasks and comments, as far as one may read them.
#[utoipa::path(get, path = "/api/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = Found), (status = 401), (status = 403), (status = 422)))]
pub async fn find(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Found>, Error> {
    allowed(&app, &by, "search_query").await?;
    let found = app.search.find(&by, query).await?;
    Ok(Json(app.policies.of_search(&by, found).await?))
}

/// Suggest pages and tasks by the beginnings of words in their titles.
#[utoipa::path(get, path = "/api/search/suggest", tag = "search", params(Typed),
    responses((status = 200, body = Suggestions), (status = 401), (status = 403), (status = 422)))]
pub async fn suggest(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Query(Typed { q, space_id, limit }): Query<Typed>,
) -> Result<Json<Suggestions>, Error> {
    allowed(&app, &by, "search_suggest").await?;
    Ok(Json(app.search.suggest(&by, SearchQuery { q, kinds: None, space_id, limit }).await?))
}
