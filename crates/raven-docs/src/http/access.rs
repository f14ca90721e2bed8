//! Routes of agents' access: requests from outside, decisions, permissions, keys.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::AgentId;
use raven_protocol::permission::Permission;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::extract::{Body, May, OptionalBody, Path, Presented, Query};
use crate::access::{Administer, Read};
use crate::agents::Agent;
use crate::agents::admission::PendingAgent;
use crate::agents::requests::{AccessRequest, Stranger};
use crate::app::App;
use crate::auth::Credentials;
use crate::error::Error;
use crate::origin::Origin;
use crate::page::{Page, PageQuery};

/// What an agent that asks to be let in is told.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestHeard {
    request_id: String,
}

/// The permissions with which an agent is let in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    granted_permissions: BTreeSet<Permission>,
}

/// Why somebody decides so.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccessReason {
    /// At most 500 characters.
    reason: Option<String>,
}

/// All permissions that an agent has from now on.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenPermissions {
    permissions: BTreeSet<Permission>,
}

/// An agent with its key, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentWithKey {
    agent: Agent,
    /// What it sends to `/mcp` as `Authorization: Bearer raven_mcp_…`.
    mcp_api_key: String,
}

impl From<(Agent, SecretString)> for AgentWithKey {
    fn from((agent, key): (Agent, SecretString)) -> Self {
        Self { agent, mcp_api_key: key.expose_secret().to_owned() }
    }
}

/// Who calls without having to prove anything.
pub async fn stranger(app: &App, credentials: &Credentials) -> Stranger {
    let address = Origin::current().network();
    let account = app.auth.person(credentials).await.ok().map(|person| person.id.to_string());
    Stranger { address, account }
}

/// Ask to be let in as an agent from outside. Whatever becomes of it, this is all that is told.
#[utoipa::path(post, path = "/api/parallax-agents/access-request", tag = "access", request_body = AccessRequest,
    responses((status = 202, body = RequestHeard), (status = 403), (status = 422), (status = 429)))]
pub async fn request(
    State(app): State<App>,
    Presented(credentials): Presented,
    Body(asked): Body<AccessRequest>,
) -> Result<(StatusCode, Json<RequestHeard>), Error> {
    let from = stranger(&app, &credentials).await;
    let id = app.agents.request_access(asked, from).await?;
    Ok((StatusCode::ACCEPTED, Json(RequestHeard { request_id: id.to_string() })))
}

/// Agents from outside that ask to be let in.
#[utoipa::path(get, path = "/api/parallax-agents/pending", tag = "access", params(PageQuery),
    responses((status = 200, body = Page<PendingAgent>), (status = 401), (status = 403)))]
pub async fn pending(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PendingAgent>>, Error> {
    Ok(Json(app.agents.pending(&by, page).await?))
}

/// Agents that are let in and have not ended, of ours and from outside.
#[utoipa::path(get, path = "/api/parallax-agents/available", tag = "access", params(PageQuery),
    responses((status = 200, body = Page<Agent>), (status = 401)))]
pub async fn available(
    State(app): State<App>,
    May(by): May<Read>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Agent>>, Error> {
    Ok(Json(app.agents.available(&by, page).await?))
}

/// Let an agent in that asked for it.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/approve", tag = "access", params(("id" = String, Path)),
    request_body = Grant,
    responses((status = 200, body = AgentWithKey), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422)))]
pub async fn approve(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
    Body(approval): Body<Grant>,
) -> Result<Json<AgentWithKey>, Error> {
    Ok(Json(app.agents.approve(&by, &id, approval.granted_permissions).await?.into()))
}

/// Turn an agent away that asked to be let in.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/deny", tag = "access", params(("id" = String, Path)),
    request_body = AccessReason,
    responses((status = 200, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn deny(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
    OptionalBody(reason): OptionalBody<AccessReason>,
) -> Result<Json<Agent>, Error> {
    Ok(Json(app.agents.deny(&by, &id, reason.reason).await?))
}

/// End an agent's access: its key, its permissions, its links, its viewers and its process.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/revoke", tag = "access", params(("id" = String, Path)),
    request_body = AccessReason,
    responses((status = 200, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn revoke(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
    OptionalBody(reason): OptionalBody<AccessReason>,
) -> Result<Json<Agent>, Error> {
    let revoked = app.agents.revoke(&by, &id, reason.reason).await;
    app.auth.agent_key_ended();
    app.links.look_again();
    Ok(Json(revoked?))
}

/// Give an agent other permissions; they count from its next call.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/permissions", tag = "access",
    params(("id" = String, Path)), request_body = GivenPermissions,
    responses((status = 200, body = Agent), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn permissions(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
    Body(wanted): Body<GivenPermissions>,
) -> Result<Json<Agent>, Error> {
    Ok(Json(app.agents.set_permissions(&by, &id, wanted.permissions).await?))
}

/// Give an agent from outside a new key; the one before is dead at once.
#[utoipa::path(post, path = "/api/parallax-agents/{id}/rotate-key", tag = "access",
    params(("id" = String, Path)),
    responses((status = 200, body = AgentWithKey), (status = 401), (status = 403), (status = 404),
        (status = 409)))]
pub async fn rotate_key(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<AgentId>,
) -> Result<Json<AgentWithKey>, Error> {
    let rotated = app.agents.rotate_key(&by, &id).await?;
    app.auth.agent_key_ended();
    Ok(Json(rotated.into()))
}
