//! The namespace `/terminal` for viewers; runtimes that dial in are handed to `runtime`.
//!
//! Owns the events of viewers. Who may type is decided by the session's hub.

use bytes::Bytes;
use raven_protocol::event::terminal as names;
use raven_protocol::id::{AgentId, SessionId};
use raven_protocol::terminal::TerminalSize;
use serde::{Deserialize, Serialize};
use serde_json::json;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::inbox::Inbox;
use super::text::{Decoder, TextOrBytes};
use super::{Gone, Handshake, Refused, emit, runtime, workspace};
use crate::access::{Drive, Read, decide};
use crate::app::App;
use crate::auth::Person;
use crate::terminals::viewer::{Attachment, Hand, Refusal, Seat, ViewerEvent, Wish};
use crate::terminals::{NotAttached, Target, Terminals};

/// Largest input of one message, in bytes.
const MAX_INPUT: usize = 4 * 1024 * 1024;

/// Body of `attach`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachRequest {
    agent_id: Option<String>,
    session_id: Option<String>,
    since: Option<u64>,
    binary: bool,
    read_only: bool,
}

/// Body of `resize`; the bounds are checked by [`TerminalSize::new`].
#[derive(Debug, Deserialize)]
struct ResizeRequest {
    cols: u32,
    rows: u32,
}

/// What a viewer sent.
enum FromViewer {
    Attach(Option<AttachRequest>),
    Input(Option<Bytes>, AckSender),
    Resize(Option<ResizeRequest>),
    Detach,
}

/// An error as viewers hear it.
#[derive(Debug, Clone, Serialize)]
struct ViewerError {
    code: &'static str,
    message: String,
}

fn error(code: &'static str, message: impl Into<String>) -> ViewerError {
    ViewerError { code, message: message.into() }
}

/// Serves the namespace.
pub fn serve(io: &SocketIo, app: &App, tasks: &TaskTracker, cancel: &CancellationToken) {
    let auth = app.clone();
    let authenticate = move |socket: SocketRef, TryData(sent): TryData<Handshake>| {
        let app = auth.clone();
        async move {
            let sent = sent.unwrap_or_default();
            // Listening begins before the client is told that it is connected, so that nothing it
            // sends at once is missed.
            match runtime::dialled_in_as(&socket) {
                Some(id) => {
                    runtime::recognise(&app, &socket, sent, &id).await?;
                    runtime::listen(&socket);
                }
                None => {
                    workspace::sign_in(&app.auth, &socket, sent).await?;
                    listen(&socket);
                }
            }
            Ok::<(), Refused>(())
        }
    };
    let (app, tasks, cancel) = (app.clone(), tasks.clone(), cancel.clone());
    let connected = move |socket: SocketRef| {
        let known = (socket.extensions.get::<Person>(), socket.extensions.get::<Inbox<FromViewer>>());
        match known {
            (Some(person), Some(inbox)) => {
                let viewer = Viewer { socket, person, terminals: app.terminals.clone(), place: None };
                tasks.spawn(until_closed(viewer.run(inbox.clone()), inbox, cancel.clone()));
            }
            _ => runtime::serve(&app, &socket, &tasks, &cancel),
        }
        std::future::ready(())
    };
    io.ns("/terminal", connected.with(authenticate));
}

async fn until_closed(
    serving: impl Future<Output = ()>,
    inbox: Inbox<FromViewer>,
    cancel: CancellationToken,
) {
    tokio::select! {
        () = serving => {}
        () = inbox.closed() => {}
        () = cancel.cancelled() => {}
    }
}

/// Listens to a viewer. Handlers only queue: their order is that of arrival.
fn listen(socket: &SocketRef) {
    let inbox = Inbox::new();
    socket.extensions.insert(inbox.clone());
    let queue = |inbox: &Inbox<FromViewer>| {
        let inbox = inbox.clone();
        move |socket: &SocketRef, message: FromViewer, bytes: usize| {
            if inbox.push(message, bytes).is_err() {
                let full =
                    error("INPUT_FULL", "more was sent than the terminal takes; the rest was not typed");
                let _ = socket.emit(names::ERROR, &full);
            }
        }
    };
    let put = queue(&inbox);
    socket.on(names::ATTACH, move |socket: SocketRef, TryData(sent): TryData<AttachRequest>| {
        put(&socket, FromViewer::Attach(sent.ok()), 0);
        std::future::ready(())
    });
    let put = queue(&inbox);
    socket.on(names::INPUT, move |socket: SocketRef, ack: AckSender, TryData(sent): TryData<TextOrBytes>| {
        let bytes = sent.ok().map(|TextOrBytes(bytes)| bytes);
        let length = bytes.as_ref().map_or(0, Bytes::len);
        put(&socket, FromViewer::Input(bytes, ack), length);
        std::future::ready(())
    });
    let put = queue(&inbox);
    socket.on(names::RESIZE, move |socket: SocketRef, TryData(sent): TryData<ResizeRequest>| {
        put(&socket, FromViewer::Resize(sent.ok()), 0);
        std::future::ready(())
    });
    let put = queue(&inbox);
    socket.on(names::DETACH, move |socket: SocketRef| {
        put(&socket, FromViewer::Detach, 0);
        std::future::ready(())
    });
    socket.on_disconnect(move |_: SocketRef| {
        inbox.close();
        std::future::ready(())
    });
}

/// One viewer's connection.
struct Viewer {
    socket: SocketRef,
    person: Person,
    terminals: Terminals,
    place: Option<Place>,
}

/// Where a viewer is attached.
struct Place {
    hand: Hand,
    forwarding: JoinHandle<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

impl Viewer {
    async fn run(mut self, inbox: Inbox<FromViewer>) {
        while let Some(message) = inbox.pop().await {
            let done = match message {
                FromViewer::Attach(Some(request)) => self.attach(request).await,
                FromViewer::Attach(None) => self.fail(malformed("attach", "{agentId} or {sessionId}")).await,
                FromViewer::Input(bytes, ack) => self.input(bytes, ack).await,
                FromViewer::Resize(Some(ResizeRequest { cols, rows })) => self.resize(cols, rows).await,
                FromViewer::Resize(None) => {
                    self.fail(invalid_size("send resize as {cols, rows}, whole numbers")).await
                }
                FromViewer::Detach => {
                    self.place = None;
                    emit(&self.socket, names::DETACHED, &json!({})).await
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    async fn attach(&mut self, request: AttachRequest) -> Result<(), Gone> {
        self.place = None;
        let target = match (request.agent_id.map(AgentId::parse), request.session_id.map(SessionId::parse)) {
            (Some(Ok(agent)), None) => Target::Agent(agent),
            (None, Some(Ok(session))) => Target::Session(session),
            (Some(Err(_)), _) | (_, Some(Err(_))) => return self.fail(not_found()).await,
            _ => return self.fail(malformed("attach", "either {agentId} or {sessionId}")).await,
        };
        let Ok(by) = decide::<Read>(&self.person) else { return self.fail(not_found()).await };
        let wish = if request.read_only { Wish::ReadOnly } else { Wish::Write };
        let seat = Seat { since: request.since, wish };
        match self.terminals.attach(&by, decide::<Drive>(&self.person).ok(), target, seat).await {
            Ok((attached, attachment)) => {
                emit(&self.socket, names::ATTACHED, &attached).await?;
                let hand = attachment.hand();
                let forwarding =
                    tokio::spawn(forward(self.socket.clone(), attachment, Payload::of(request.binary)));
                self.place = Some(Place { hand, forwarding });
                Ok(())
            }
            Err(NotAttached::NotFound) => self.fail(not_found()).await,
            Err(NotAttached::Terminated) => {
                let hint = "this terminal session has ended; spawn the agent again to get a new one";
                self.fail(error("SESSION_TERMINATED", hint)).await
            }
            Err(NotAttached::Internal(cause)) => {
                tracing::error!(error = %cause, "attaching failed");
                self.fail(error("INTERNAL", "something broke inside raven-docs; its log tells what")).await
            }
        }
    }

    async fn input(&mut self, bytes: Option<Bytes>, ack: AckSender) -> Result<(), Gone> {
        let refused = match (bytes, &self.place) {
            (None, _) => Some(malformed("input", "a string or bytes")),
            (Some(_), None) => Some(not_attached()),
            (Some(bytes), _) if bytes.len() > MAX_INPUT => {
                Some(error("TOO_LARGE", "send at most 4 MiB in one input"))
            }
            (Some(bytes), Some(place)) => place.hand.input(bytes).await.err().map(refusal),
        };
        // Who asked for an acknowledgement gets the outcome there too.
        let _ = ack.send(&json!({ "ok": refused.is_none(), "error": refused }));
        match refused {
            Some(refused) => self.fail(refused).await,
            None => Ok(()),
        }
    }

    async fn resize(&mut self, cols: u32, rows: u32) -> Result<(), Gone> {
        let size = match TerminalSize::new(cols, rows) {
            Ok(size) => size,
            Err(refused) => return self.fail(invalid_size(refused.to_string())).await,
        };
        let Some(place) = &self.place else { return self.fail(not_attached()).await };
        match place.hand.resize(size).await {
            // A viewer's window changes often without anybody typing: that is no offence.
            Ok(()) | Err(Refusal::ReadOnly | Refusal::Disconnected | Refusal::Full) => Ok(()),
            Err(Refusal::Ended) => self.fail(refusal(Refusal::Ended)).await,
        }
    }

    async fn fail(&self, error: ViewerError) -> Result<(), Gone> {
        emit(&self.socket, names::ERROR, &error).await
    }
}

fn not_found() -> ViewerError {
    error("NOT_FOUND", "no such agent or terminal session in your workspace")
}

fn not_attached() -> ViewerError {
    error("NOT_ATTACHED", "attach to a terminal first, with {agentId} or {sessionId}")
}

fn invalid_size(why: impl Into<String>) -> ViewerError {
    error("INVALID_SIZE", why)
}

fn malformed(event: &str, expected: &str) -> ViewerError {
    error("MALFORMED", format!("send {event} as {expected}"))
}

fn refusal(refused: Refusal) -> ViewerError {
    match refused {
        Refusal::Full => {
            error("INPUT_FULL", "the program does not read what was typed before; try again later")
        }
        Refusal::ReadOnly => {
            error("READ_ONLY", "you are watching: somebody else is typing, or you may not type")
        }
        Refusal::Disconnected => {
            error("DISCONNECTED", "the runtime's connection is lost; what you typed was not sent")
        }
        Refusal::Ended => error("SESSION_TERMINATED", "this terminal session has ended"),
    }
}

/// How a viewer wants its output.
enum Payload {
    Text(Decoder),
    Binary,
}

impl Payload {
    fn of(binary: bool) -> Self {
        if binary { Self::Binary } else { Self::Text(Decoder::default()) }
    }
}

/// The second argument of `data`, which simple clients ignore.
#[derive(Serialize)]
struct Position {
    offset: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repaint: bool,
}

/// Sends a viewer what it is owed until either is gone.
async fn forward(socket: SocketRef, attachment: Attachment, mut payload: Payload) {
    while let Some(event) = attachment.next().await {
        let sent = match event {
            ViewerEvent::Data { bytes, offset, repaint } => {
                send(&socket, &mut payload, bytes, offset, repaint).await
            }
            ViewerEvent::Status { status, login_url } => {
                emit(&socket, names::STATUS, &json!({ "status": status, "loginUrl": login_url })).await
            }
            ViewerEvent::Size(size) => emit(&socket, names::SIZE, &size).await,
            ViewerEvent::Writer { user, you } => {
                emit(&socket, names::WRITER, &json!({ "user": user, "you": you })).await
            }
            ViewerEvent::Viewers(present) => emit(&socket, names::VIEWERS, &[present.as_ref()]).await,
            ViewerEvent::Detached => emit(&socket, names::DETACHED, &json!({})).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn send(
    socket: &SocketRef,
    payload: &mut Payload,
    bytes: Bytes,
    offset: u64,
    repaint: bool,
) -> Result<(), Gone> {
    match payload {
        Payload::Binary => emit(socket, names::DATA, &(bytes, Position { offset, repaint })).await,
        Payload::Text(decoder) => {
            if repaint {
                *decoder = Decoder::default();
            }
            let (text, kept) = decoder.decode(&bytes);
            let position = Position { offset: offset.saturating_sub(kept as u64), repaint };
            emit(socket, names::DATA, &(text, position)).await
        }
    }
}
