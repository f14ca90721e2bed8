//! Provider keys over HTTP: list, set, forget.
//!
//! Owns how these are asked and answered. Must not know which agents get a key.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bytes::Bytes;
use raven_protocol::kind::{Provider, ProviderKey, ProviderKeys, SetKey};

use super::Api;
use super::problem::{Refusal, json};

/// What may be shown of every key.
pub async fn list(State(api): State<Api>) -> Json<ProviderKeys> {
    Json(ProviderKeys { items: api.pulse.agents.keys().all() })
}

/// Keeps a key.
pub async fn put(
    State(api): State<Api>,
    Path(provider): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ProviderKey>, Refusal> {
    let provider = find(&provider)?;
    // What is wrong in the body is not told: it may be the key.
    let unreadable = |_| Refusal::Invalid("the body must be `{\"key\": \"…\"}`".to_owned());
    let SetKey { key } = match json(body) {
        Err(Refusal::Invalid(said)) => Err(unreadable(said)),
        other => other,
    }?;
    let keys = api.pulse.agents.keys().clone();
    let kept = tokio::task::spawn_blocking(move || keys.put(provider, key)).await;
    Ok(Json(kept.map_err(|panicked| Refusal::Internal(panicked.to_string()))??))
}

/// Forgets a key.
pub async fn delete(State(api): State<Api>, Path(provider): Path<String>) -> Result<StatusCode, Refusal> {
    let provider = find(&provider)?;
    let keys = api.pulse.agents.keys().clone();
    let gone = tokio::task::spawn_blocking(move || keys.remove(provider)).await;
    gone.map_err(|panicked| Refusal::Internal(panicked.to_string()))??;
    Ok(StatusCode::NO_CONTENT)
}

fn find(provider: &str) -> Result<Provider, Refusal> {
    let known = || Provider::ALL.map(Provider::as_str).join(", ");
    Provider::from_str_opt(provider).ok_or_else(|| {
        Refusal::NoProvider(format!(
            "`{}` is no provider; known are {}",
            provider.chars().take(40).collect::<String>(),
            known()
        ))
    })
}
