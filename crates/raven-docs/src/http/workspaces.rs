//! Routes of workspaces: one's own, a new one, its name, and the one that a browser is in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::WorkspaceId;

use super::extract::{Body, InBrowser, May, Query, SignedIn};
use crate::access::{Administer, Own};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::sign_in::{Me, Membership};
use crate::people::workspaces::{WorkspaceChoice, WorkspaceName};

/// The workspaces that one is a member of.
#[utoipa::path(get, path = "/api/workspaces", tag = "workspaces", params(PageQuery),
    responses((status = 200, body = Page<Membership>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    SignedIn(person): SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Membership>>, Error> {
    Ok(Json(app.people.workspaces(&person, page).await?))
}

/// Make a workspace; one is its owner.
#[utoipa::path(post, path = "/api/workspaces", tag = "workspaces", request_body = WorkspaceName,
    responses((status = 201, body = Membership), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<Administer>,
    Body(wanted): Body<WorkspaceName>,
) -> Result<(StatusCode, Json<Membership>), Error> {
    let made = app.people.create_workspace(&by, wanted).await?;
    app.watchers.restart(&WorkspaceId::parse(made.id.as_str())?);
    Ok((StatusCode::CREATED, Json(made)))
}

/// Give the workspace another name.
#[utoipa::path(patch, path = "/api/workspace", tag = "workspaces", request_body = WorkspaceName,
    responses((status = 200, body = Me), (status = 401), (status = 403), (status = 422)))]
pub async fn rename(
    State(app): State<App>,
    May(by): May<Own>,
    Body(wanted): Body<WorkspaceName>,
) -> Result<Json<Me>, Error> {
    Ok(Json(app.people.rename_workspace(&by, wanted).await?))
}

/// Go on in another workspace with this browser; its connections begin anew.
#[utoipa::path(post, path = "/api/auth/workspace", tag = "workspaces", request_body = WorkspaceChoice,
    responses((status = 200, body = Me), (status = 401), (status = 403), (status = 404)))]
pub async fn switch(
    State(app): State<App>,
    InBrowser(person, sign_in): InBrowser,
    Body(choice): Body<WorkspaceChoice>,
) -> Result<Json<Me>, Error> {
    let me = app.people.switch_workspace(&person, &sign_in, &choice.workspace_id).await?;
    app.auth.credential_ended();
    Ok(Json(me))
}
