//! Routes of sign-in: setup, login, logout, who am I.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::extract::{Body, COOKIE, Presented, SignedIn};
use crate::app::App;
use crate::auth::SIGN_IN_LIFETIME_MS;
use crate::error::Error;
use crate::people::{Login, Me, Setup};

/// Whether the server lives, and whether it still needs its first account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerHealth {
    status: &'static str,
    version: &'static str,
    setup_required: bool,
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
    Presented(credentials): Presented,
    Body(setup): Body<Setup>,
) -> Result<Response, Error> {
    let caller = credentials.caller.map(|ip| ip.to_string()).unwrap_or_default();
    let (me, secret) = app.people.set_up(setup, &caller).await?;
    let workspace = raven_protocol::id::WorkspaceId::parse(me.workspace_id.as_str())?;
    app.watchers.restart(&workspace);
    Ok((StatusCode::CREATED, cookie(&app, &secret), Json(me)).into_response())
}

/// Sign in.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login,
    responses((status = 200, body = Me), (status = 401), (status = 429)))]
pub async fn login(
    State(app): State<App>,
    Presented(credentials): Presented,
    Body(login): Body<Login>,
) -> Result<Response, Error> {
    let caller = credentials.caller.map(|ip| ip.to_string()).unwrap_or_default();
    let (me, secret) = app.people.log_in(login, &caller).await?;
    Ok((cookie(&app, &secret), Json(me)).into_response())
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
    Ok(Json(app.people.me(person.id.as_str()).await?))
}

fn cookie(app: &App, secret: &SecretString) -> [(header::HeaderName, String); 1] {
    let secure = if app.names.is_secure() { "; Secure" } else { "" };
    let (secret, age) = (secret.expose_secret(), SIGN_IN_LIFETIME_MS / 1000);
    [(
        header::SET_COOKIE,
        format!("{COOKIE}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"),
    )]
}
