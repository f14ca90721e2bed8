//! Routes of webhooks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::{DeliveryId, WebhookId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::extract::{Body, May, Path, Query};
use crate::access::Administer;
use crate::app::App;
use crate::error::Error;
use crate::notifications::webhooks::{Delivery, NewWebhook, Webhook, WebhookChange, WebhookTest};
use crate::page::{Page, PageQuery};

/// A webhook with its secret, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    described: Webhook,
    /// What messages are signed with, by the Standard Webhooks specification.
    secret: String,
}

fn shown((described, secret): (Webhook, SecretString)) -> WebhookWithSecret {
    WebhookWithSecret { described, secret: secret.expose_secret().to_owned() }
}

/// Make a webhook.
#[utoipa::path(post, path = "/api/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = WebhookWithSecret), (status = 401), (status = 403), (status = 409),
        (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<Administer>,
    Body(new): Body<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), Error> {
    Ok((StatusCode::CREATED, Json(shown(app.notifications.create_webhook(&by, new).await?))))
}

/// The workspace's webhooks, newest first, without their secrets.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks", params(PageQuery),
    responses((status = 200, body = Page<Webhook>), (status = 401), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Webhook>>, Error> {
    Ok(Json(app.notifications.list_webhooks(&by, page).await?))
}

/// Change a webhook, or turn it off or on.
#[utoipa::path(patch, path = "/api/webhooks/{id}", tag = "webhooks", request_body = WebhookChange,
    params(("id" = String, Path)),
    responses((status = 200, body = Webhook), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn change(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<WebhookId>,
    Body(wanted): Body<WebhookChange>,
) -> Result<Json<Webhook>, Error> {
    Ok(Json(app.notifications.change_webhook(&by, &id, wanted).await?))
}

/// Remove a webhook with its log.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn delete(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Error> {
    app.notifications.delete_webhook(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret, shown this once; the former one signs nothing any more.
#[utoipa::path(post, path = "/api/webhooks/{id}/rotate", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = WebhookWithSecret), (status = 401), (status = 403), (status = 404)))]
pub async fn rotate(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<WebhookId>,
) -> Result<Json<WebhookWithSecret>, Error> {
    Ok(Json(shown(app.notifications.rotate_webhook(&by, &id).await?)))
}

/// Send a test event now; answers how it went.
#[utoipa::path(post, path = "/api/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = WebhookTest), (status = 401), (status = 403), (status = 404), (status = 429)))]
pub async fn test(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<WebhookId>,
) -> Result<Json<WebhookTest>, Error> {
    Ok(Json(app.notifications.test_webhook(&by, &id).await?))
}

/// What went to a webhook in the last 30 days, and what came of it, newest first.
#[utoipa::path(get, path = "/api/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<Delivery>), (status = 401), (status = 403), (status = 404)))]
pub async fn deliveries(
    State(app): State<App>,
    May(by): May<Administer>,
    Path(id): Path<WebhookId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Delivery>>, Error> {
    Ok(Json(app.notifications.deliveries(&by, &id, page).await?))
}

/// Send something again, with the id it had.
#[utoipa::path(post, path = "/api/webhooks/{id}/deliveries/{deliveryId}/redeliver", tag = "webhooks",
    params(("id" = String, Path), ("deliveryId" = String, Path)),
    responses((status = 200, body = Delivery), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn redeliver(
    State(app): State<App>,
    May(by): May<Administer>,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
) -> Result<Json<Delivery>, Error> {
    Ok(Json(app.notifications.redeliver(&by, &id, &delivery).await?))
}
