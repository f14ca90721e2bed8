//! Driving agents over HTTP: send, take back, answer, interrupt.
//!
//! Owns how these are asked and answered. Must not know what is typed.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use raven_protocol::doing::{AnswerRequest, SendAnswer, SendRequest};
use raven_protocol::id::MessageId;
use raven_protocol::runtime_api::RuntimeAgent;

use super::Api;
use super::agents::find;
use super::problem::{Refusal, json};
use crate::agents::driver::Driver;

fn driver(api: &Api, id: &str) -> Result<Driver, Refusal> {
    let record = find(api, id)?;
    api.pulse.agents.driver(&record.spec.id).ok_or_else(|| Refusal::NoAgent(id.to_owned()))
}

/// Types a message, or lets it wait. Answered once the program was seen to take it. The `Idempotency-Key` is the
/// message's id: repeated with it, nothing is typed again.
pub async fn send(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<SendAnswer>), Refusal> {
    let (driver, request) = (driver(&api, &id)?, json::<SendRequest>(body)?);
    let message = message_id(&headers)?;
    // It goes on when the caller leaves: half a message must not stay.
    let sent = tokio::spawn(async move { driver.send(request, message).await }).await;
    Ok((StatusCode::ACCEPTED, Json(sent.map_err(|panicked| Refusal::Internal(panicked.to_string()))??)))
}

fn message_id(headers: &HeaderMap) -> Result<Option<MessageId>, Refusal> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let id = key.to_str().ok().and_then(|key| MessageId::parse(key).ok());
    let why = "`Idempotency-Key` must be 1 to 128 of A-Z a-z 0-9 . _ : -";
    Ok(Some(id.ok_or_else(|| Refusal::Invalid(why.to_owned()))?))
}

/// Takes back a message that waits.
pub async fn cancel(
    State(api): State<Api>,
    Path((id, message)): Path<(String, String)>,
) -> Result<Json<RuntimeAgent>, Refusal> {
    let driver = driver(&api, &id)?;
    let unknown = || Refusal::NoMessage("this is no id of a message".to_owned());
    let message = MessageId::parse(message).map_err(|_| unknown())?;
    Ok(Json(driver.cancel(&message)?))
}

/// Answers the question that the agent asks.
pub async fn answer(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RuntimeAgent>, Refusal> {
    let (driver, request) = (driver(&api, &id)?, json::<AnswerRequest>(body)?);
    let answered = tokio::spawn(async move { driver.answer(request).await }).await;
    Ok(Json(answered.map_err(|panicked| Refusal::Internal(panicked.to_string()))??))
}

/// Interrupts the turn; an event tells when the agent is ready again.
pub async fn interrupt(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<RuntimeAgent>), Refusal> {
    Ok((StatusCode::ACCEPTED, Json(driver(&api, &id)?.interrupt().await?)))
}
