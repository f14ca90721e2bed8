//! Guests: who comes to the namespace `/terminal` by a read-only link.
//!
//! Owns their handshake and how they are cut off. What a link is good for is decided by `links`.

use std::time::Duration;

use raven_protocol::event::terminal as names;
use secrecy::SecretString;
use serde_json::json;
use socketioxide::extract::SocketRef;

use super::workspace::{hang_up, refused};
use super::{Handshake, Refused, emit, presented};
use crate::app::App;
use crate::error::Error;

/// How long a guest may take to hear why it is over, before the connection ends without.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Recognises the guest behind a connection. Any other credential that came with it counts nothing.
pub async fn admit(app: &App, socket: &SocketRef, link: &SecretString) -> Result<(), Refused> {
    let caller = presented(socket, Handshake::default()).caller;
    let guest = app.links.recognise(link, caller).await.map_err(refused)?;
    socket.extensions.insert(guest);
    Ok(())
}

/// Tells a guest why it is over, and ends the connection.
pub async fn dismiss(socket: &SocketRef, why: &Error) {
    let told = async {
        let why = json!({ "code": why.code(), "message": why.to_string() });
        emit(socket, names::ERROR, &why).await?;
        emit(socket, names::DETACHED, &json!({})).await
    };
    // One who does not read is cut off all the same.
    let _ = tokio::time::timeout(LAST_WORDS, told).await;
    let _ = tokio::time::timeout(LAST_WORDS, hang_up(socket)).await;
}
