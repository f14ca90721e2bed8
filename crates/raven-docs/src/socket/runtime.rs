//! The namespace `/terminal` for runtimes that dial in, as in the guide's "Runtime Integration".
//!
//! Owns the events of such runtimes; gives the session's hub the same wire as a dialled one.

use bytes::Bytes;
use raven_protocol::event::terminal as names;
use raven_protocol::id::RuntimeSessionId;
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use serde::Deserialize;
use socketioxide::extract::{SocketRef, TryData};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::inbox::Inbox;
use super::text::TextOrBytes;
use super::workspace::refused;
use super::{Gone, Handshake, Refused, emit, presented};
use crate::app::App;
use crate::auth::Runtime;
use crate::terminals::link::{FromRuntime, LinkEnd, Pace, Start, ToRuntime, wire};
use crate::terminals::raw::RawStream;

/// Body of `output`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    runtime_session_id: RuntimeSessionId,
    data: TextOrBytes,
}

/// Body of `status`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    runtime_session_id: RuntimeSessionId,
    status: TerminalStatus,
    login_url: Option<String>,
}

/// What a runtime sent.
enum Sent {
    Output(Bytes),
    Status { status: TerminalStatus, login_url: Option<String> },
}

/// The session that a connection says it is the runtime of; `None` for viewers.
pub fn dialled_in_as(socket: &SocketRef) -> Option<String> {
    let query = socket.req_parts().uri.query()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "runtimeSessionId").map(|(_, id)| id.into_owned())
}

/// Recognises the runtime behind a connection. Whether the session exists is told to nobody else.
pub async fn recognise(app: &App, socket: &SocketRef, sent: Handshake, id: &str) -> Result<(), Refused> {
    const UNKNOWN: Refused = Refused("UNAUTHENTICATED");
    let id = RuntimeSessionId::parse(id).map_err(|_| UNKNOWN)?;
    let credentials = presented(socket, sent);
    let runtime = app.terminals.runtime_of(&app.auth, &credentials, &id).await.map_err(refused)?;
    socket.extensions.insert(credentials);
    socket.extensions.insert(runtime);
    socket.extensions.insert(id);
    Ok(())
}

/// Serves a recognised runtime.
pub fn serve(app: &App, socket: &SocketRef, tasks: &TaskTracker, cancel: &CancellationToken) {
    let known = (
        socket.extensions.get::<Runtime>(),
        socket.extensions.get::<RuntimeSessionId>(),
        socket.extensions.get::<Inbox<Sent>>(),
    );
    let (Some(runtime), Some(id), Some(inbox)) = known else { return };
    let (app, socket, cancel, closed) = (app.clone(), socket.clone(), cancel.clone(), inbox.clone());
    tasks.spawn(async move {
        let (link, end) = wire(Pace::Untold);
        let (size, position) = match app.terminals.accept(&runtime, &id, link).await {
            Ok(found) => found,
            Err(error) => {
                tracing::info!(%error, "a runtime dialled in to no live session");
                let _ = socket.disconnect();
                return;
            }
        };
        tokio::select! {
            _ = relay(&socket, end, inbox, (size, position)) => {}
            () = closed.closed() => {}
            () = cancel.cancelled() => {}
        }
        let _ = socket.disconnect();
    });
}

/// Listens to a recognised runtime. Handlers only queue: their order is that of arrival. What is of
/// another session is not ours to take.
pub fn listen(socket: &SocketRef) {
    let Some(id) = socket.extensions.get::<RuntimeSessionId>() else { return };
    let inbox = Inbox::new();
    socket.extensions.insert(inbox.clone());
    let (own, put) = (id.clone(), inbox.clone());
    socket.on(names::OUTPUT, move |socket: SocketRef, TryData(sent): TryData<Output>| {
        if let Ok(Output { runtime_session_id, data: TextOrBytes(bytes) }) = sent
            && runtime_session_id == own
        {
            let length = bytes.len();
            if put.push(Sent::Output(bytes), length).is_err() {
                // Output must not go missing silently: the link starts over from a new connection.
                let _ = socket.disconnect();
            }
        }
        std::future::ready(())
    });
    let (own, put) = (id.clone(), inbox.clone());
    socket.on(names::STATUS, move |TryData(sent): TryData<Report>| {
        if let Ok(Report { runtime_session_id, status, login_url }) = sent
            && runtime_session_id == own
        {
            drop(put.push(Sent::Status { status, login_url }, 0));
        }
        std::future::ready(())
    });
    socket.on_disconnect(move |_: SocketRef| {
        inbox.close();
        std::future::ready(())
    });
}

/// Carries the plain stream between the runtime's socket and the hub.
async fn relay(
    socket: &SocketRef,
    end: LinkEnd,
    inbox: Inbox<Sent>,
    (size, position): (TerminalSize, u64),
) -> Result<(), Gone> {
    let LinkEnd { mut from_hub, to_hub } = end;
    let mut raw = RawStream::new(size, position);
    let tell = async |heard: FromRuntime| to_hub.send(heard).await.map_err(|_| Gone);
    tell(FromRuntime::Hello { size, start: Start::Now { at: position } }).await?;
    loop {
        tokio::select! {
            asked = from_hub.recv() => match asked {
                None => return Ok(()),
                Some(ToRuntime::Input(bytes)) => type_into(socket, &bytes).await?,
                Some(ToRuntime::Resize(size)) => {
                    raw.resize(size);
                    emit(socket, names::RESIZE, &size).await?;
                    tell(FromRuntime::Size(size)).await?;
                }
                Some(ToRuntime::Repaint) => tell(raw.repaint()).await?,
                // Such a runtime keeps nothing.
                Some(ToRuntime::Ack(_) | ToRuntime::Release) => {}
            },
            sent = inbox.pop() => match sent {
                None => return Ok(()),
                Some(Sent::Output(bytes)) => {
                    let (heard, answers) = raw.output(bytes);
                    tell(heard).await?;
                    if !answers.is_empty() {
                        type_into(socket, &answers).await?;
                    }
                }
                Some(Sent::Status { status, login_url }) => tell(FromRuntime::Status { status, login_url }).await?,
            },
        }
    }
}

/// The guide's runtimes take a string; only what is no text goes as bytes.
async fn type_into(socket: &SocketRef, bytes: &[u8]) -> Result<(), Gone> {
    match std::str::from_utf8(bytes) {
        Ok(text) => emit(socket, names::INPUT, &text).await,
        Err(_) => emit(socket, names::INPUT, &Bytes::copy_from_slice(bytes)).await,
    }
}
