//! Routes of what the runtime can start: kinds of agents, their installation, provider keys.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::agent::AgentType;
use raven_protocol::kind::{AgentTypeStatus, AgentTypes, Provider, ProviderKey, ProviderKeys, SetKey};

use super::extract::{Body, May, Path};
use crate::access::{Administer, Read};
use crate::app::App;
use crate::error::Error;

/// The kinds of agents that the runtime knows, and what each would have to work with.
#[utoipa::path(get, path = "/api/parallax-agents/types", tag = "agents",
    responses((status = 200, body = AgentTypes), (status = 401), (status = 409), (status = 502)))]
pub async fn types(State(app): State<App>, May(by): May<Read>) -> Result<Json<AgentTypes>, Error> {
    Ok(Json(AgentTypes { items: app.runtimes.types(&by).await? }))
}

/// Have the runtime install a kind of agent for itself; the kinds tell how that goes on.
#[utoipa::path(post, path = "/api/parallax-agents/types/{type}/install", tag = "agents",
    params(("type" = String, Path)),
    responses((status = 202, body = AgentTypeStatus), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 502)))]
pub async fn install(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(kind): Path<AgentType>,
) -> Result<(StatusCode, Json<AgentTypeStatus>), Error> {
    Ok((StatusCode::ACCEPTED, Json(app.runtimes.install(&by, &kind).await?)))
}

/// The provider keys that the runtime holds, without the keys themselves.
#[utoipa::path(get, path = "/api/parallax-agents/runtime/keys", tag = "runtime", operation_id = "keys",
    responses((status = 200, body = ProviderKeys), (status = 401), (status = 403), (status = 409), (status = 502)))]
pub async fn keys(State(app): State<App>, May(by): May<Administer>) -> Result<Json<ProviderKeys>, Error> {
    Ok(Json(ProviderKeys { items: app.runtimes.keys(&by).await? }))
}

/// Give the runtime a provider's key. It is passed on, and not kept by the control plane.
#[utoipa::path(put, path = "/api/parallax-agents/runtime/keys/{provider}", tag = "runtime",
    params(("provider" = String, Path)), request_body = SetKey,
    responses((status = 200, body = ProviderKey), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422), (status = 502)))]
pub async fn set_key(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(provider): Path<Provider>,
    Body(key): Body<SetKey>,
) -> Result<Json<ProviderKey>, Error> {
    Ok(Json(app.runtimes.set_key(&by, provider, &key).await?))
}

/// Take a provider's key from the runtime.
#[utoipa::path(delete, path = "/api/parallax-agents/runtime/keys/{provider}", tag = "runtime",
    params(("provider" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409), (status = 502)))]
pub async fn remove_key(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(provider): Path<Provider>,
) -> Result<StatusCode, Error> {
    app.runtimes.remove_key(&by, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}
