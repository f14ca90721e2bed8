//! The route by which an editor finds whom one mentions.

use axum::Json;
use axum::extract::State;

use super::extract::{May, Query};
use crate::access::Read;
use crate::app::App;
use crate::error::Error;
use crate::mentions::{self, MentionQuery, Mentionables};

/// People and agents who can be mentioned, by a part of their name.
#[utoipa::path(get, path = "/api/mentions", tag = "mentions", params(MentionQuery),
    responses((status = 200, body = Mentionables), (status = 401), (status = 403), (status = 422)))]
pub async fn suggest(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<MentionQuery>,
) -> Result<Json<Mentionables>, Error> {
    Ok(Json(mentions::suggest(&app.db, &by, &query).await?))
}
