//! Routes of what a person is told, and of what they want to be told.

use axum::Json;
use axum::extract::State;
use raven_protocol::id::NotificationId;

use super::extract::{Body, May, Path, Query};
use crate::access::Read;
use crate::app::App;
use crate::error::Error;
use crate::notifications::inbox::{Inbox, InboxQuery, OwnPreferences, UnreadCount};
use crate::notifications::mail::EmailTest;
use crate::notifications::rules::Preferences;
use crate::page::PageQuery;

/// What one was told in the last 30 days, newest first.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(InboxQuery, PageQuery),
    responses((status = 200, body = Inbox), (status = 401), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<InboxQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Inbox>, Error> {
    Ok(Json(app.notifications.list(&by, query, page).await?))
}

/// Note that one has read something.
#[utoipa::path(post, path = "/api/notifications/{id}/read", tag = "notifications", params(("id" = String, Path)),
    responses((status = 200, body = UnreadCount), (status = 401), (status = 403), (status = 404)))]
pub async fn read(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<NotificationId>,
) -> Result<Json<UnreadCount>, Error> {
    Ok(Json(app.notifications.read(&by, Some(&id)).await?))
}

/// Note that one has read everything.
#[utoipa::path(post, path = "/api/notifications/read-all", tag = "notifications",
    responses((status = 200, body = UnreadCount), (status = 401), (status = 403)))]
pub async fn read_all(State(app): State<App>, May(by): May<Read>) -> Result<Json<UnreadCount>, Error> {
    Ok(Json(app.notifications.read(&by, None).await?))
}

/// What one wants to be told, and whether e-mail can be sent.
#[utoipa::path(get, path = "/api/notifications/preferences", tag = "notifications",
    responses((status = 200, body = OwnPreferences), (status = 401), (status = 403)))]
pub async fn preferences(State(app): State<App>, May(by): May<Read>) -> Result<Json<OwnPreferences>, Error> {
    Ok(Json(app.notifications.preferences(&by).await?))
}

/// Set what one wants to be told.
#[utoipa::path(put, path = "/api/notifications/preferences", tag = "notifications", request_body = Preferences,
    responses((status = 200, body = OwnPreferences), (status = 401), (status = 403), (status = 422)))]
pub async fn set_preferences(
    State(app): State<App>,
    May(by): May<Read>,
    Body(wanted): Body<Preferences>,
) -> Result<Json<OwnPreferences>, Error> {
    Ok(Json(app.notifications.set_preferences(&by, wanted).await?))
}

/// Send an e-mail to one's own address now; answers what the mail server said.
#[utoipa::path(post, path = "/api/notifications/test-email", tag = "notifications",
    responses((status = 200, body = EmailTest), (status = 401), (status = 403), (status = 409), (status = 429)))]
pub async fn test_email(State(app): State<App>, May(by): May<Read>) -> Result<Json<EmailTest>, Error> {
    Ok(Json(app.notifications.test_email(&by).await?))
}
