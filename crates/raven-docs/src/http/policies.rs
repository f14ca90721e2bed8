//! Routes of policies: the workspace's, and an agent's own.

use axum::Json;
use axum::extract::State;
use raven_protocol::id::AgentId;

use super::extract::{Body, May, Path};
use crate::access::Administer;
use crate::app::App;
use crate::error::Error;
use crate::policies::{Of, Policy, PolicyChange};

/// The workspace's policy: what is allowed, asked for, and denied.
#[utoipa::path(get, path = "/api/policies", tag = "policies",
    responses((status = 200, body = Policy), (status = 401), (status = 403)))]
pub async fn get(State(app): State<App>, May(by): May<Administer>) -> Result<Json<Policy>, Error> {
    Ok(Json(app.policies.get(&by, &Of::Workspace).await?))
}

/// Put a policy in the place of the workspace's; refused when somebody else changed it meanwhile.
#[utoipa::path(put, path = "/api/policies", tag = "policies", request_body = PolicyChange,
    responses((status = 200, body = Policy), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn put(
    State(app): State<App>,
    May(by): May<Administer>,
    Body(change): Body<PolicyChange>,
) -> Result<Json<Policy>, Error> {
    Ok(Json(app.policies.put(&by, &Of::Workspace, change).await?))
}

/// An agent's own policy, which counts before the workspace's.
#[utoipa::path(get, path = "/api/parallax-agents/{id}/policy", tag = "policies", params(("id" = String, Path)),
    responses((status = 200, body = Policy), (status = 401), (status = 403), (status = 404)))]
pub async fn of_agent(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
) -> Result<Json<Policy>, Error> {
    Ok(Json(app.policies.get(&by, &Of::Agent(id)).await?))
}

/// Put a policy in the place of an agent's own.
#[utoipa::path(put, path = "/api/parallax-agents/{id}/policy", tag = "policies", params(("id" = String, Path)),
    request_body = PolicyChange,
    responses((status = 200, body = Policy), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn put_of_agent(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
    Body(change): Body<PolicyChange>,
) -> Result<Json<Policy>, Error> {
    Ok(Json(app.policies.put(&by, &Of::Agent(id), change).await?))
}
