//! Routes of invitations to a workspace, for those who make them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::InvitationId;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::extract::{Body, May, Path, Query};
use crate::access::Administer;
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::invitations::{Invitation, NewInvitation};

/// An invitation with its token, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CreatedInvitation {
    #[serde(flatten)]
    described: Invitation,
    token: String,
    /// The page by which one joins; the token is in its fragment, which no server is sent.
    url: String,
}

/// Invite somebody.
#[utoipa::path(post, path = "/api/invitations", tag = "invitations", request_body = NewInvitation,
    responses((status = 201, body = CreatedInvitation), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<Administer>,
    Body(new): Body<NewInvitation>,
) -> Result<(StatusCode, Json<CreatedInvitation>), Error> {
    let (described, token) = app.people.invite(&by, new).await?;
    let token = token.expose_secret().to_owned();
    let url = format!("{}/join#{token}", app.public_url.trim_end_matches('/'));
    Ok((StatusCode::CREATED, Json(CreatedInvitation { described, token, url })))
}

/// The open invitations, newest first.
#[utoipa::path(get, path = "/api/invitations", tag = "invitations", params(PageQuery),
    responses((status = 200, body = Page<Invitation>), (status = 401), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Invitation>>, Error> {
    Ok(Json(app.people.invitations(&by, page).await?))
}

/// End an open invitation.
#[utoipa::path(delete, path = "/api/invitations/{id}", tag = "invitations", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn revoke(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, Error> {
    app.people.revoke_invitation(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
