//! Routes that drive an agent: send, take back, answer, interrupt.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::doing::{AnswerRequest, SendAnswer, SendRequest};
use raven_protocol::id::{AgentId, MessageId};

use super::extract::{Body, May, Path};
use crate::access::Drive;
use crate::agents::Agent;
use crate::app::App;
use crate::error::Error;

/// Give an agent a message, and see that its program takes it.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/send", tag = "agents", params(("id" = String, Path)),
    request_body = SendRequest,
    responses((status = 202, body = SendAnswer), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422), (status = 502)))]
pub async fn send(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(id): Path<AgentId>,
    Body(message): Body<SendRequest>,
) -> Result<(StatusCode, Json<SendAnswer>), Error> {
    Ok((StatusCode::ACCEPTED, Json(app.agents.send(&by, &id, &message).await?)))
}

/// Take back a message that waits; refused when it was typed already.
#[utoipa::path(delete, path = "/api/parallax-agents/{id}/messages/{messageId}", tag = "agents",
    params(("id" = String, Path), ("messageId" = String, Path)),
    responses((status = 200, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 502)))]
pub async fn cancel(
    State(app): State<App>,
    May(by): May<Drive>,
    Path((id, message)): Path<(AgentId, MessageId)>,
) -> Result<Json<Agent>, Error> {
    Ok(Json(app.agents.cancel_message(&by, &id, &message).await?))
}

/// Answer what an agent asks; refused when it does not ask that any more.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/answer", tag = "agents", params(("id" = String, Path)),
    request_body = AnswerRequest,
    responses((status = 200, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422), (status = 502)))]
pub async fn answer(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(id): Path<AgentId>,
    Body(answer): Body<AnswerRequest>,
) -> Result<Json<Agent>, Error> {
    Ok(Json(app.agents.answer(&by, &id, &answer).await?))
}

/// Have an agent leave what it does.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/interrupt", tag = "agents", params(("id" = String, Path)),
    responses((status = 202, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 502)))]
pub async fn interrupt(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(id): Path<AgentId>,
) -> Result<(StatusCode, Json<Agent>), Error> {
    Ok((StatusCode::ACCEPTED, Json(app.agents.interrupt(&by, &id).await?)))
}
