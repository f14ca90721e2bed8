//! Routes by which people guard their own account: password, second factor, sessions. No token may use them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::SignInId;

use super::extract::{Body, InBrowser, Path, Query};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::second_factor::{Enrolment, FirstCode, RecoveryCodes, WithPassword, WithPasswordAndCode};
use crate::people::sessions::{PasswordChange, Session};

/// The browsers that one is signed in with, newest first.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "security", params(PageQuery),
    responses((status = 200, body = Page<Session>), (status = 401), (status = 403)))]
pub async fn sessions(
    State(app): State<App>,
    InBrowser(person, current): InBrowser,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Session>>, Error> {
    Ok(Json(app.people.sessions(&person, &current, page).await?))
}

/// Sign a browser out; its connections end too.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "security", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn end_session(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Path(id): Path<SignInId>,
) -> Result<StatusCode, Error> {
    app.people.end_session(&person, &id).await?;
    app.auth.credential_ended();
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out every browser but this one.
#[utoipa::path(post, path = "/api/auth/sessions/end-others", tag = "security",
    responses((status = 204), (status = 401), (status = 403)))]
pub async fn end_others(
    State(app): State<App>,
    InBrowser(person, current): InBrowser,
) -> Result<StatusCode, Error> {
    app.people.end_other_sessions(&person, &current).await?;
    app.auth.credential_ended();
    Ok(StatusCode::NO_CONTENT)
}

/// Change one's password; every other browser is signed out.
#[utoipa::path(post, path = "/api/auth/password", tag = "security", request_body = PasswordChange,
    responses((status = 204), (status = 401), (status = 403), (status = 422), (status = 429)))]
pub async fn password(
    State(app): State<App>,
    InBrowser(person, current): InBrowser,
    Body(wanted): Body<PasswordChange>,
) -> Result<StatusCode, Error> {
    app.people.change_password(&person, &current, wanted).await?;
    app.auth.credential_ended();
    Ok(StatusCode::NO_CONTENT)
}

/// Begin to set up a second factor; it counts once its first code was confirmed.
#[utoipa::path(post, path = "/api/auth/second-factor", tag = "security", request_body = WithPassword,
    responses((status = 201, body = Enrolment), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn begin_second_factor(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Body(proof): Body<WithPassword>,
) -> Result<(StatusCode, Json<Enrolment>), Error> {
    Ok((StatusCode::CREATED, Json(app.people.begin_second_factor(&person, proof).await?)))
}

/// Put it in force with its first code; answers the recovery codes, once.
#[utoipa::path(post, path = "/api/auth/second-factor/confirm", tag = "security", request_body = FirstCode,
    responses((status = 200, body = RecoveryCodes), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn confirm_second_factor(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Body(first): Body<FirstCode>,
) -> Result<Json<RecoveryCodes>, Error> {
    Ok(Json(app.people.confirm_second_factor(&person, first).await?))
}

/// Remove it.
#[utoipa::path(post, path = "/api/auth/second-factor/disable", tag = "security",
    request_body = WithPasswordAndCode,
    responses((status = 204), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn disable_second_factor(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Body(proof): Body<WithPasswordAndCode>,
) -> Result<StatusCode, Error> {
    app.people.disable_second_factor(&person, proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put new recovery codes in the place of the old ones; answers them, once.
#[utoipa::path(post, path = "/api/auth/second-factor/recovery-codes", tag = "security",
    request_body = WithPasswordAndCode,
    responses((status = 200, body = RecoveryCodes), (status = 401), (status = 403), (status = 409), (status = 422)))]
pub async fn renew_recovery_codes(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Body(proof): Body<WithPasswordAndCode>,
) -> Result<Json<RecoveryCodes>, Error> {
    Ok(Json(app.people.renew_recovery_codes(&person, proof).await?))
}
