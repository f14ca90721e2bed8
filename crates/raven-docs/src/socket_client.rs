//! WebSocket connections that we open: to a runtime's event stream and terminals.
//!
//! Owns addresses, credentials and bounds of such connections. Must not know what they carry.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use raven_protocol::problem::Problem;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Largest message that is accepted, in bytes: a repaint with its scrollback, generously.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Bytes read at once. The library's default of 128 KiB would be kept by each terminal that is only looked
/// at, and cleared before each read.
const READ_BUFFER: usize = 8 * 1024;

/// An open connection.
pub type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The server refused the upgrade with this status.
#[derive(Debug, thiserror::Error)]
#[error("the runtime answered {status}: {detail}")]
pub struct Refused {
    pub status: StatusCode,
    /// The code of its problem, where it told one.
    pub code: Option<String>,
    pub detail: String,
}

/// Connects to a path below a runtime's `http` or `https` address; `https` stays TLS.
///
/// # Errors
/// [`Refused`] when the server answers with another status than the upgrade.
pub async fn connect(
    base: &Url,
    path: &str,
    key: Option<&SecretString>,
    subprotocol: Option<&'static str>,
) -> anyhow::Result<(WebSocket, Option<String>)> {
    let scheme = if base.scheme() == "https" { "wss" } else { "ws" };
    let rest = base.as_str().split_once("://").map_or("", |(_, rest)| rest).trim_end_matches('/');
    let mut request = format!("{scheme}://{rest}{path}").into_client_request()?;
    if let Some(key) = key {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert("authorization", bearer);
    }
    if let Some(subprotocol) = subprotocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(subprotocol));
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let connecting = tokio_tungstenite::connect_async_with_config(request, Some(config), true);
    let (stream, response) =
        match timeout(CONNECT_WITHIN, connecting).await.context("no answer within 10 s")? {
            Ok(connected) => connected,
            Err(WsError::Http(response)) => return Err(refused(*response).into()),
            Err(other) => return Err(anyhow!(other)),
        };
    let chosen = response.headers().get("sec-websocket-protocol").and_then(|name| name.to_str().ok());
    Ok((stream, chosen.map(str::to_owned)))
}

fn refused(response: Response<Option<Vec<u8>>>) -> Refused {
    let problem = response.body().as_deref().and_then(|body| serde_json::from_slice::<Problem>(body).ok());
    let code = problem.as_ref().map(|problem| problem.code.clone());
    let detail =
        problem.map_or_else(|| "it does not speak WebSocket here".to_owned(), |problem| problem.detail);
    Refused { status: response.status(), code, detail }
}
