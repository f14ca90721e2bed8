//! Routes of invites, and of the agents that come by them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::InviteId;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::access::{AgentWithKey, stranger};
use super::extract::{Body, May, Path, Presented, Query};
use crate::access::Administer;
use crate::agents::invites::{Invite, NewInvite, Registration};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// An invite with its token, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CreatedInvite {
    #[serde(flatten)]
    described: Invite,
    /// What an agent registers with.
    token: String,
}

/// Make an invite, by which agents from outside are let in.
#[utoipa::path(post, path = "/api/parallax-agents/invites", tag = "invites", request_body = NewInvite,
    responses((status = 201, body = CreatedInvite), (status = 401), (status = 403), (status = 409),
        (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<Administer>,
    Body(new): Body<NewInvite>,
) -> Result<(StatusCode, Json<CreatedInvite>), Error> {
    let (described, token) = app.agents.invite(&by, new).await?;
    let token = token.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(CreatedInvite { described, token })))
}

/// The workspace's invites, newest first, without their tokens.
#[utoipa::path(get, path = "/api/parallax-agents/invites", tag = "invites", params(PageQuery),
    responses((status = 200, body = Page<Invite>), (status = 401), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Invite>>, Error> {
    Ok(Json(app.agents.invites(&by, page).await?))
}

/// End an invite; agents that came by it stay.
#[utoipa::path(delete, path = "/api/parallax-agents/invites/{id}", tag = "invites", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn revoke(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<InviteId>,
) -> Result<StatusCode, Error> {
    app.agents.revoke_invite(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Come in as an agent from outside, by an invite.
#[utoipa::path(post, path = "/api/parallax-agents/register", tag = "invites", request_body = Registration,
    responses((status = 201, body = AgentWithKey), (status = 401), (status = 409), (status = 422),
        (status = 429)))]
pub async fn register(
    State(app): State<App>,
    Presented(credentials): Presented,
    Body(newcomer): Body<Registration>,
) -> Result<(StatusCode, Json<AgentWithKey>), Error> {
    let from = stranger(&app, &credentials).await;
    Ok((StatusCode::CREATED, Json(app.agents.register(newcomer, from).await?.into())))
}
