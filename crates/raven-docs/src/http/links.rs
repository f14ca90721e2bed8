//! Routes of read-only links to a terminal session.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::{LinkId, SessionId};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::extract::{May, OptionalBody, Path, Query};
use crate::access::Drive;
use crate::app::App;
use crate::error::Error;
use crate::links::{NewLink, TerminalLink};
use crate::page::{Page, PageQuery};

/// A link with its token, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CreatedLink {
    #[serde(flatten)]
    described: TerminalLink,
    /// What a guest's socket sends as `auth: {link}`.
    token: String,
    /// The page that shows the session to whoever opens it.
    url: String,
}

/// Make a link by which anybody who has it may watch the session.
#[utoipa::path(post, path = "/api/terminal/sessions/{id}/links", tag = "links", request_body = NewLink,
    params(("id" = String, Path)),
    responses((status = 201, body = CreatedLink), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(session): Path<SessionId>,
    OptionalBody(new): OptionalBody<NewLink>,
) -> Result<(StatusCode, Json<CreatedLink>), Error> {
    let (described, secret) = app.links.create(&by, &session, new).await?;
    let (url, token) = (app.links.url(&secret), secret.expose_secret().to_owned());
    Ok((StatusCode::CREATED, Json(CreatedLink { described, token, url })))
}

/// The session's links, newest first, without their tokens.
#[utoipa::path(get, path = "/api/terminal/sessions/{id}/links", tag = "links",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<TerminalLink>), (status = 401), (status = 403), (status = 404)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Drive>,
    Path(session): Path<SessionId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<TerminalLink>>, Error> {
    Ok(Json(app.links.list(&by, &session, page).await?))
}

/// Revoke a link: its maker may, and admins. Who watches by it is cut off.
#[utoipa::path(delete, path = "/api/terminal/sessions/{id}/links/{linkId}", tag = "links",
    params(("id" = String, Path), ("linkId" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn revoke(
    State(app): State<App>,
    May(by): May<Drive>,
    Path((session, link)): Path<(SessionId, LinkId)>,
) -> Result<StatusCode, Error> {
    app.links.revoke(&by, &session, &link).await?;
    Ok(StatusCode::NO_CONTENT)
}
