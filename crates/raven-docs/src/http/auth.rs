//! Routes of sign-in: setup, login, joining by an invitation, logout, who am I.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use raven_protocol::id::WorkspaceId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::extract::{Body, COOKIE, InBrowser, PerhapsInBrowser, Presented, SignedIn, UserAgent};
use crate::app::App;
use crate::auth::SIGN_IN_LIFETIME_MS;
use crate::error::Error;
use crate::people::Setup;
use crate::people::invitations::InvitationSeen;
use crate::people::joining::Join;
use crate::people::sign_in::{Login, Me};

/// Whether the server lives, and whether it still needs its first account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerHealth {
    status: &'static str,
    version: &'static str,
    setup_required: bool,
}

/// The token of an invitation: in the body, as an address is logged.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    #[schema(value_type = String)]
    token: SecretString,
}

/// Is it up?
#[utoipa::path(get, path = "/api/health", tag = "auth", responses((status = 200, body = ServerHealth)))]
pub async fn health(State(app): State<App>) -> Result<Json<ServerHealth>, Error> {
    let setup_required = app.people.setup_code().await?.is_some();
    Ok(Json(ServerHealth { status: "ok", version: env!("CARGO_PKG_VERSION"), setup_required }))
}

/// Make the first account with the one-time code that the first start printed.
#[utoipa::path(post, path = "/api/auth/setup", tag = "auth", request_body = Setup,
    responses((status = 201, body = Me), (status = 403), (status = 409), (status = 422)))]
pub async fn setup(
    State(app): State<App>,
    UserAgent(browser): UserAgent,
    Body(setup): Body<Setup>,
) -> Result<Response, Error> {
    let (me, secret) = app.people.set_up(setup, browser).await?;
    app.watchers.restart(&WorkspaceId::parse(me.workspace_id.as_str())?);
    Ok((StatusCode::CREATED, cookie(&app, &secret), Json(me)).into_response())
}

/// Sign in.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login,
    responses((status = 200, body = Me), (status = 401), (status = 429)))]
pub async fn login(
    State(app): State<App>,
    UserAgent(browser): UserAgent,
    Body(login): Body<Login>,
) -> Result<Response, Error> {
    let (me, secret) = app.people.log_in(login, browser).await?;
    Ok((cookie(&app, &secret), Json(me)).into_response())
}

/// What an invitation is to.
#[utoipa::path(post, path = "/api/auth/join/look", tag = "auth", request_body = InvitationToken,
    responses((status = 200, body = InvitationSeen), (status = 410), (status = 429)))]
pub async fn look(
    State(app): State<App>,
    Body(InvitationToken { token }): Body<InvitationToken>,
) -> Result<Json<InvitationSeen>, Error> {
    Ok(Json(app.people.look_at_invitation(&token).await?))
}

/// Join a workspace by an invitation: with a new account, with the one that has the address and password, or,
/// without a password, as whoever is signed in. Signs in.
#[utoipa::path(post, path = "/api/auth/join", tag = "auth", request_body = Join,
    responses((status = 201, body = Me), (status = 401), (status = 403), (status = 409), (status = 410)))]
pub async fn join(
    State(app): State<App>,
    PerhapsInBrowser(signed_in): PerhapsInBrowser,
    UserAgent(browser): UserAgent,
    Body(join): Body<Join>,
) -> Result<Response, Error> {
    match signed_in {
        Some(InBrowser(person, sign_in)) if join.password.is_none() => {
            let me = app.people.join_signed_in(&person, &sign_in, &join.token).await?;
            app.auth.credential_ended();
            Ok((StatusCode::CREATED, Json(me)).into_response())
        }
        _ => {
            let (me, secret) = app.people.join(join, browser).await?;
            Ok((StatusCode::CREATED, cookie(&app, &secret), Json(me)).into_response())
        }
    }
}

/// Sign out of this browser.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", responses((status = 204)))]
pub async fn logout(State(app): State<App>, Presented(credentials): Presented) -> Result<Response, Error> {
    if let Some(cookie) = &credentials.cookie {
        app.people.log_out(cookie).await?;
        app.auth.credential_ended();
    }
    let gone = [(header::SET_COOKIE, format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))];
    Ok((StatusCode::NO_CONTENT, gone).into_response())
}

/// Who one is.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses((status = 200, body = Me), (status = 401)))]
pub async fn me(State(app): State<App>, SignedIn(person): SignedIn) -> Result<Json<Me>, Error> {
    let me = app.people.me(&person.id, &person.workspace).await?;
    Ok(Json(Me { role: person.role, ..me }))
}

/// The header that signs a browser in.
pub(super) fn cookie(app: &App, secret: &SecretString) -> [(header::HeaderName, String); 1] {
    let secure = if app.names.is_secure() { "; Secure" } else { "" };
    let (secret, age) = (secret.expose_secret(), SIGN_IN_LIFETIME_MS / 1000);
    [(
        header::SET_COOKIE,
        format!("{COOKIE}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"),
    )]
}
