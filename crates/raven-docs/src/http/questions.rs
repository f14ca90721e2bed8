//! Routes of the questions that agents ask people.

use axum::Json;
use axum::extract::State;
use raven_protocol::id::QuestionId;

use super::extract::{Body, May, Path, Query};
use crate::access::{Decide, Read};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::questions::{Answer, Question, QuestionQuery};

/// The questions of the workspace's agents, newest first.
#[utoipa::path(get, path = "/api/questions", tag = "questions", params(QuestionQuery, PageQuery),
    responses((status = 200, body = Page<Question>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<QuestionQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Question>>, Error> {
    Ok(Json(app.questions.list(&by, query, page).await?))
}

/// Answer a question, once: by one of its options, or in words.
#[utoipa::path(post, path = "/api/questions/{id}/answer", tag = "questions", params(("id" = String, Path)),
    request_body = Answer,
    responses((status = 200, body = Question), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn answer(
    State(app): State<App>,
    May(by): May<Decide>,
    Path(id): Path<QuestionId>,
    Body(answer): Body<Answer>,
) -> Result<Json<Question>, Error> {
    Ok(Json(app.questions.answer(&by, &id, answer).await?))
}
