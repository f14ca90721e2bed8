//! Routes of the audit log: its entries, their export, their check, and what others keep of it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::extract::{May, Query};
use super::lasting;
use crate::access::Administer;
use crate::app::App;
use crate::audit::checkpoint::Checkpoint;
use crate::audit::examine::Examination;
use crate::audit::export::Format;
use crate::audit::log::{AuditEntry, AuditQuery};
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// In which form entries are wanted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `jsonl`, which can be verified, or `csv`.
    #[serde(default)]
    #[param(inline)]
    pub format: Format,
}

/// The key by which anybody can check checkpoints.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditPublicKey {
    pub key_id: String,
    /// 32 bytes of Ed25519, base64.
    pub public_key: String,
    pub pem: String,
    /// What a checkpoint's signature is over: these lines with the checkpoint's fields, each ended by a line feed.
    pub signed: &'static str,
}

/// Who did what to what, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(AuditQuery, PageQuery),
    responses((status = 200, body = Page<AuditEntry>), (status = 401), (status = 403), (status = 422)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(query): Query<AuditQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AuditEntry>>, Error> {
    Ok(Json(app.audit.list(&by, query, page).await?))
}

/// The entries as a file, oldest first. Without a filter, JSON lines can be verified elsewhere.
#[utoipa::path(get, path = "/api/audit/export", tag = "audit", params(AuditQuery, ExportQuery),
    responses((status = 200, description = "JSON lines, or CSV", content_type = "application/x-ndjson"),
        (status = 401), (status = 403), (status = 422)))]
pub async fn export(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(query): Query<AuditQuery>,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Result<Response, Error> {
    let stream = app.audit.export(&by, format, query).await?;
    Ok(attachment("raven-audit", format, lasting::body(app.db, by, stream)))
}

/// A file for a browser to save.
pub fn attachment(name: &str, format: Format, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let name = format!("attachment; filename=\"{name}.{}\"", format.extension());
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Check the workspace's chain and the server's own, with the recordings that are anchored, for at most 20 s.
#[utoipa::path(get, path = "/api/audit/verify", tag = "audit",
    responses((status = 200, body = Examination), (status = 401), (status = 403)))]
pub async fn verify(State(app): State<App>, May(by): May<Administer>) -> Result<Json<Examination>, Error> {
    Ok(Json(app.audit.examine(&by).await?))
}

/// Signed checkpoints of the workspace's chain, newest first.
#[utoipa::path(get, path = "/api/audit/checkpoints", tag = "audit", params(PageQuery),
    responses((status = 200, body = Page<Checkpoint>), (status = 401), (status = 403)))]
pub async fn checkpoints(
    State(app): State<App>,
    May(by): May<Administer>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Checkpoint>>, Error> {
    Ok(Json(app.audit.checkpoints(&by, page).await?))
}

/// Sign what the workspace's chain comes to now.
#[utoipa::path(post, path = "/api/audit/checkpoints", tag = "audit",
    responses((status = 201, body = Checkpoint), (status = 401), (status = 403)))]
pub async fn checkpoint(
    State(app): State<App>,
    May(by): May<Administer>,
) -> Result<(StatusCode, Json<Checkpoint>), Error> {
    Ok((StatusCode::CREATED, Json(app.audit.checkpoint(&by).await?)))
}

/// The key that checks checkpoints.
#[utoipa::path(get, path = "/api/audit/public-key", tag = "audit",
    responses((status = 200, body = AuditPublicKey), (status = 401), (status = 403)))]
pub async fn public_key(State(app): State<App>, May(_by): May<Administer>) -> Json<AuditPublicKey> {
    let key = app.audit.public_key();
    Json(AuditPublicKey {
        key_id: key.id(),
        public_key: key.base64(),
        pem: key.pem(),
        signed: "raven audit checkpoint v1\\n{chain}\\n{seq}\\n{link}\\n{at}\\n{keyId}\\n",
    })
}
