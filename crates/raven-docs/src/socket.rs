//! The Socket.IO door: workspace events, and terminals from both sides.
//!
//! Owns handshakes and emitting. No rule below here.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use socketioxide::extract::SocketRef;
use socketioxide::layer::SocketIoLayer;
use socketioxide::{ParserConfig, SendError, SocketError, SocketIo};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::auth::Credentials;
use crate::http::extract::credentials;

mod guest;
mod inbox;
mod runtime;
mod terminal;
mod text;
mod unanswered;
mod workspace;

/// Largest message, in bytes: terminal input of 4 MiB with its framing.
const MAX_MESSAGE: usize = 5 * 1024 * 1024;

/// Messages that may wait in the library for one client; ours wait in bounded queues before that.
const LIBRARY_BUFFER: usize = 40;

/// How long to wait when the library's buffer for a client is full, which it does not tell the end of.
const RETRY_FULL: Duration = Duration::from_millis(4);

/// What a client may send with its handshake.
#[derive(Default, Deserialize)]
struct Handshake {
    token: Option<SecretString>,
    /// The token of a read-only link; in the namespace `/terminal` it is the only one that counts.
    link: Option<SecretString>,
}

/// Why a handshake was refused; clients hear it as `connect_error`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

/// Builds the Socket.IO layer and starts what feeds it.
pub fn layer(app: &App, tasks: &TaskTracker, cancel: &CancellationToken) -> (SocketIoLayer, SocketIo) {
    let (layer, io) = SocketIo::builder()
        .with_parser(ParserConfig::common().max_incoming_binary_buf_size(MAX_MESSAGE))
        .max_payload(MAX_MESSAGE as u64)
        .ws_max_message_size(MAX_MESSAGE)
        .ws_max_frame_size(MAX_MESSAGE)
        .max_buffer_size(LIBRARY_BUFFER)
        .build_layer();
    workspace::serve(&io, app, tasks, cancel);
    terminal::serve(&io, app, tasks, cancel);
    (layer, io)
}

/// The credentials of a handshake: `auth.token` before what came as headers.
fn presented(socket: &SocketRef, handshake: Handshake) -> Credentials {
    let parts = socket.req_parts();
    let caller = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let mut credentials = credentials(&parts.headers, caller);
    credentials.bearer = handshake.token.or(credentials.bearer);
    credentials
}

/// The client is gone.
struct Gone;

/// Emits, waiting while the client's buffer is full.
async fn emit(socket: &SocketRef, event: &'static str, data: &impl Serialize) -> Result<(), Gone> {
    loop {
        match socket.emit(event, data) {
            Ok(()) => return Ok(()),
            Err(SendError::Socket(SocketError::InternalChannelFull)) => tokio::time::sleep(RETRY_FULL).await,
            Err(SendError::Socket(SocketError::Closed)) => return Err(Gone),
            Err(SendError::Serialize(error)) => {
                tracing::error!(event, %error, "an event cannot be written");
                return Ok(());
            }
        }
    }
}
