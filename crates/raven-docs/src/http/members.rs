//! Routes of a workspace's members.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::UserId;

use super::extract::{Body, May, Path, Query};
use crate::access::{Administer, Read};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::members::{Member, RoleChange};

/// The members of the workspace.
#[utoipa::path(get, path = "/api/members", tag = "members", params(PageQuery),
    responses((status = 200, body = Page<Member>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Member>>, Error> {
    Ok(Json(app.people.members(&by, page).await?))
}

/// Give a member another role; it holds at once.
#[utoipa::path(patch, path = "/api/members/{userId}", tag = "members", params(("userId" = String, Path)),
    request_body = RoleChange,
    responses((status = 200, body = Member), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn set_role(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(user): Path<UserId>,
    Body(RoleChange { role }): Body<RoleChange>,
) -> Result<Json<Member>, Error> {
    let member = app.people.set_role(&by, &user, role).await?;
    app.auth.credential_ended();
    Ok(Json(member))
}

/// Remove a member, or leave; their tokens and connections of the workspace end at once.
#[utoipa::path(delete, path = "/api/members/{userId}", tag = "members", params(("userId" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn remove(
    State(app): State<App>,
    May(by): May<Read>,
    Path(user): Path<UserId>,
) -> Result<StatusCode, Error> {
    app.people.remove_member(&by, &user).await?;
    app.auth.credential_ended();
    Ok(StatusCode::NO_CONTENT)
}
