//! Routes of comments.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::CommentId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::extract::{Body, Key, May, OptionalBody, Path, Query};
use super::governed::{allowed, arguments, governed};
use crate::access::knowledge::{ReadComments, WriteComments};
use crate::app::App;
use crate::comments::{Comment, CommentsQuery, NewComment, Resolution};
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::repeats::Repeatable;

/// Whether a comment needs nothing any more.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentResolution {
    /// True by default.
    #[serde(default = "yes")]
    #[schema(default = true)]
    resolved: bool,
}

fn yes() -> bool {
    true
}

impl Default for CommentResolution {
    fn default() -> Self {
        Self { resolved: true }
    }
}

/// The comments on a page or a task, oldest first.
#[utoipa::path(get, path = "/api/comments", tag = "comments", params(CommentsQuery, PageQuery),
    responses((status = 200, body = Page<Comment>), (status = 401), (status = 403), (status = 404),
        (status = 422)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<ReadComments>,
    Query(query): Query<CommentsQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Comment>>, Error> {
    allowed(&app, &by, "comment_list").await?;
    Ok(Json(app.comments.list(&by, &query, page).await?))
}

/// Comment on a page or a task. Who is mentioned in it is told.
#[utoipa::path(post, path = "/api/comments", tag = "comments",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key makes nothing more")),
    request_body = NewComment,
    responses((status = 201, body = Comment), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<WriteComments>,
    Key(key): Key,
    Body(wanted): Body<NewComment>,
) -> Result<(StatusCode, Json<Comment>), Error> {
    governed(&app, &by, ("comment_create", arguments(json!({}), &wanted)?)).await?;
    let request = Repeatable::of(&by, key, ("comment", &wanted))?;
    Ok((StatusCode::CREATED, Json(app.comments.create(&by, wanted, request).await?)))
}

/// Say that a comment needs nothing any more, or that it does again.
#[utoipa::path(post, path = "/api/comments/{id}/resolve", tag = "comments", params(("id" = String, Path)),
    request_body = Option<CommentResolution>,
    responses((status = 200, body = Comment), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn resolve(
    State(app): State<App>,
    May(by): May<WriteComments>,
    Path(id): Path<CommentId>,
    OptionalBody(wanted): OptionalBody<CommentResolution>,
) -> Result<Json<Comment>, Error> {
    governed(&app, &by, ("comment_resolve", arguments(json!({ "commentId": id }), &wanted)?)).await?;
    let resolution = if wanted.resolved { Resolution::Resolved } else { Resolution::Open };
    Ok(Json(app.comments.resolve(&by, &id, resolution).await?))
}

/// Remove a comment, with the replies to it: one's own, or as an admin any.
#[utoipa::path(delete, path = "/api/comments/{id}", tag = "comments", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn delete(
    State(app): State<App>,
    May(by): May<WriteComments>,
    Path(id): Path<CommentId>,
) -> Result<StatusCode, Error> {
    allowed(&app, &by, "comment_resolve").await?;
    app.comments.delete(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
