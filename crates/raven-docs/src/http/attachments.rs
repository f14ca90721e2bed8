//! Routes of the files of pages. A browser shows safe images of them, and saves the others.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use raven_protocol::id::{AttachmentId, PageId};
use serde::Deserialize;

use super::extract::{Key, May, Path, Query};
use super::governed::allowed;
use crate::access::knowledge::{ReadPages, WritePages};
use crate::app::App;
use crate::attachments::{Attachment, Upload};
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::repeats::Repeatable;
use crate::secrets;

/// What a file is called.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FileName {
    #[serde(default)]
    name: String,
}

/// Add a file to a page: its bytes as the body, with their content type, at most 10 MiB.
#[utoipa::path(post, path = "/api/pages/{id}/attachments", tag = "attachments",
    params(("id" = String, Path), FileName, ("Idempotency-Key" = Option<String>, Header,
        description = "Repeating a request with its key makes nothing more")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Attachment), (status = 401), (status = 403), (status = 404), (status = 413),
        (status = 422)))]
pub async fn add(
    State(app): State<App>,
    May(by): May<WritePages>,
    Path(id): Path<PageId>,
    Query(FileName { name }): Query<FileName>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Attachment>), Error> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    allowed(&app, &by, "page_update").await?;
    // Parameters say how text is to be read: it is saved, and not read.
    let content_type = content_type.and_then(|value| value.split(';').next()).map(ToOwned::to_owned);
    let wanted = (&id, &name, &content_type, secrets::digest_of(&bytes));
    let request = Repeatable::of(&by, Key::of(&headers)?.0, ("attachment", &wanted))?;
    let file = Upload { name, content_type, bytes };
    Ok((StatusCode::CREATED, Json(app.attachments.add(&by, &id, file, request).await?)))
}

/// The files of a page, oldest first.
#[utoipa::path(get, path = "/api/pages/{id}/attachments", tag = "attachments",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<Attachment>), (status = 401), (status = 403), (status = 404),
        (status = 422)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Path(id): Path<PageId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Attachment>>, Error> {
    allowed(&app, &by, "page_get").await?;
    Ok(Json(app.attachments.list(&by, &id, page).await?))
}

/// The bytes of a file.
#[utoipa::path(get, path = "/api/attachments/{id}", tag = "attachments", params(("id" = String, Path)),
    responses((status = 200, description = "the file", content_type = "application/octet-stream"),
        (status = 401), (status = 403), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<ReadPages>,
    Path(id): Path<AttachmentId>,
) -> Result<Response, Error> {
    allowed(&app, &by, "page_get").await?;
    let file = app.attachments.get(&by, &id).await?;
    let how = if file.is_shown() { "inline" } else { "attachment" };
    let disposition = format!("{how}; filename*=UTF-8''{}", percent_encoded(&file.name));
    let mut response = file.bytes.into_response();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &file.content_type);
    set(header::CONTENT_DISPOSITION, &disposition);
    // Whatever it is, it runs nothing and loads nothing, and is no page of this server.
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A file never changes, but who may read it does.
    set(header::CACHE_CONTROL, "private, no-cache");
    Ok(response)
}

/// Remove a file.
#[utoipa::path(delete, path = "/api/attachments/{id}", tag = "attachments", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn remove(
    State(app): State<App>,
    May(by): May<WritePages>,
    Path(id): Path<AttachmentId>,
) -> Result<StatusCode, Error> {
    allowed(&app, &by, "page_update").await?;
    app.attachments.remove(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A name as headers carry it.
fn percent_encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    name.bytes().fold(String::new(), |mut text, byte| {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
        text
    })
}
