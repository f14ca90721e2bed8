//! `WS /ws/agents/{id}/terminal`: a terminal, framed (`raven.terminal.v1`) or plain.
//!
//! Owns the two ways of speaking. Must not know hosts' sockets, journals or screens.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use raven_protocol::agent::AgentStatus;
use raven_protocol::id::RuntimeSessionId;
use raven_protocol::terminal::{
    ClientControl, Frame, FrameKind, ServerControl, TerminalSize, V1_SUBPROTOCOL,
};
use raven_screen::QueryFilter;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Api;
use super::agents::find;
use super::problem::{LinkRefusal, Refusal};
use crate::agents::record::Record;
use crate::host::wire::{Reader, json_text};
use crate::session::{Input, Output, Session};

/// Longest message from a client, in bytes: a large paste in one piece.
const MAX_INPUT: usize = 4 * 1024 * 1024 + Frame::HEADER;

/// Bytes of input read at once: keys are few. The library's default of 128 KiB would be kept by each
/// connection, and cleared before each read.
const READ_BUFFER: usize = 4 * 1024;

/// How long an agent that is being started may take to have a terminal.
const SPAWNING: Duration = Duration::from_secs(25);

/// How often a client is pinged, so that one whose machine vanished is noticed.
const PING: Duration = Duration::from_secs(30);

/// Refusals that wait to be told to a client.
const REFUSALS: usize = 4;

/// How long the last message may take.
const CLOSE: Duration = Duration::from_secs(1);

/// Clears a terminal before a repaint that comes in the middle of a plain stream.
const RESET: &[u8] = b"\x1bc";

/// Where to begin; only for framed clients.
#[derive(Deserialize)]
pub struct Attach {
    since: Option<u64>,
    /// Which run of the agent; the last by default.
    session: Option<RuntimeSessionId>,
    /// Whether this is a recorder: it gets every byte that is kept, with times, and acknowledges them.
    #[serde(default)]
    record: bool,
}

/// Attaches to an agent's terminal, or to what is left of it.
pub async fn attach(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Result<Query<Attach>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let record = find(&api, &id)?;
    let Query(Attach { since, session, record: recorder }) = query?;
    let reader = if recorder { Reader::Recorder } else { Reader::Viewer };
    let upgrade = upgrade.map_err(|refused| Refusal::Malformed(refused.body_text()))?;
    let session = match session {
        Some(run) if run != record.spec.runtime_session_id => record
            .session_of(&run)
            .ok_or_else(|| Refusal::NoAgent(format!("{id}` with the session `{run}")))?,
        _ => {
            until_spawned(&record).await?;
            record.session()
        }
    };
    let upgrade = upgrade
        .protocols([V1_SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_INPUT)
        .max_frame_size(MAX_INPUT);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, session, (since, reader), api.leave.clone())))
}

/// Waits until an agent has a terminal, or will never have one.
pub async fn until_spawned(record: &Record) -> Result<(), Refusal> {
    let mut statuses = record.statuses();
    match timeout(SPAWNING, statuses.wait_for(|status| *status != AgentStatus::Spawning)).await {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::Unavailable("the agent is still being started; try again".to_owned())),
    }
}

async fn serve(
    mut socket: WebSocket,
    session: Session,
    (since, reader): (Option<u64>, Reader),
    leave: tokio_util::sync::CancellationToken,
) {
    let mode = match socket.protocol() {
        Some(_) => Mode::Framed,
        None => Mode::Plain(Plain { filter: QueryFilter::new(), begun: false }),
    };
    let (since, reader) = match mode {
        Mode::Framed => (since, reader),
        Mode::Plain(_) => (None, Reader::Viewer),
    };
    let (input, output) = match session.attach(since, reader).await {
        Ok(halves) => halves,
        Err(broken) => {
            tracing::warn!(error = %broken, "a terminal could not be attached");
            let _gone =
                socket.send(close(close_code::ERROR, "the terminal does not answer; try again")).await;
            return;
        }
    };
    let client = match mode {
        Mode::Framed => Client::Framed(reader),
        Mode::Plain(_) => Client::Plain,
    };
    let (mut to, from) = socket.split();
    let (refuse, refusals) = mpsc::channel(REFUSALS);
    let last = tokio::select! {
        ended = send_output(&mut to, output, mode, refusals) => ended,
        ended = take_input(from, input, client, refuse) => ended,
        () = leave.cancelled() => Some(close(close_code::RESTART, "the runtime is going down")),
    };
    if let Some(last) = last {
        let _gone = timeout(CLOSE, to.send(last)).await;
    }
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }))
}

/// How a client wants the stream.
enum Mode {
    Framed,
    Plain(Plain),
}

/// A stream without frames: what a terminal that knows nothing of us can show.
struct Plain {
    filter: QueryFilter,
    begun: bool,
}

impl Mode {
    /// A message of the session as one for the client; `None` when it is not for it.
    fn render(&mut self, message: Bytes) -> Option<Message> {
        match self {
            Self::Framed => Some(match json_text(&message) {
                Some(text) => Message::Text(text.into()),
                None => Message::Binary(message),
            }),
            Self::Plain(plain) => plain.render(&message).map(|bytes| Message::Binary(bytes.into())),
        }
    }
}

impl Plain {
    fn render(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let frame = Frame::decode(message).ok()?;
        let mut bytes = Vec::with_capacity(frame.bytes.len());
        if frame.kind == FrameKind::Repaint {
            self.filter = QueryFilter::new();
            if std::mem::replace(&mut self.begun, true) {
                bytes.extend_from_slice(RESET);
            }
        }
        bytes.extend_from_slice(&self.filter.strip(frame.bytes));
        (!bytes.is_empty()).then_some(bytes)
    }
}

async fn send_output(
    to: &mut SplitSink<WebSocket, Message>,
    mut output: Output,
    mut mode: Mode,
    mut refusals: mpsc::Receiver<ServerControl>,
) -> Option<Message> {
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        let message = tokio::select! {
            next = output.next() => match next {
                Ok(Some(message)) => mode.render(message),
                Ok(None) => return Some(close(close_code::NORMAL, "the terminal ended")),
                Err(broken) => {
                    tracing::debug!(error = %broken, "a terminal's stream broke");
                    return Some(close(close_code::ERROR, "the terminal's stream broke; attach again"));
                }
            },
            Some(refusal) = refusals.recv() => {
                Some(Message::Text(serde_json::to_string(&refusal).unwrap_or_default().into()))
            }
            _ = pings.tick() => Some(Message::Ping(Bytes::new())),
        };
        if let Some(message) = message
            && to.send(message).await.is_err()
        {
            return None;
        }
    }
}

/// How a client speaks.
#[derive(Clone, Copy)]
enum Client {
    Framed(Reader),
    Plain,
}

async fn take_input(
    mut from: SplitStream<WebSocket>,
    mut input: Input,
    client: Client,
    refuse: mpsc::Sender<ServerControl>,
) -> Option<Message> {
    while let Some(message) = from.next().await {
        let Ok(message) = message else {
            return Some(close(close_code::SIZE, "a message was malformed or longer than 4 MiB"));
        };
        let taken = match message {
            Message::Close(_) => return None,
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Binary(bytes) => match client {
                Client::Framed(_) => keys_of_frame(&mut input, &bytes).await,
                Client::Plain => input.keys(&bytes).await.map_err(Taken::from),
            },
            Message::Text(text) => match client {
                Client::Framed(reader) => control(&mut input, &text, reader).await,
                Client::Plain => plain_text(&mut input, &text).await,
            },
        };
        match taken {
            Ok(()) => {}
            Err(Taken::Broken(broken)) => {
                tracing::debug!(error = %broken, "a terminal no longer takes input");
                // Its output tells the end.
                std::future::pending::<()>().await;
            }
            Err(Taken::Refused(refusal)) => {
                // A client that sends nonsense without listening hears of some of it only.
                let _told = refuse.try_send(refusal.told());
            }
        }
    }
    None
}

/// Why a message was not taken.
enum Taken {
    Broken(std::io::Error),
    Refused(LinkRefusal),
}

impl From<LinkRefusal> for Taken {
    fn from(refusal: LinkRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<std::io::Error> for Taken {
    fn from(broken: std::io::Error) -> Self {
        Self::Broken(broken)
    }
}

async fn keys_of_frame(input: &mut Input, wire: &[u8]) -> Result<(), Taken> {
    let frame = Frame::decode(wire).map_err(|bad| LinkRefusal::Invalid(bad.to_string()))?;
    if frame.kind != FrameKind::Input {
        return Err(LinkRefusal::Invalid("only input frames come from clients".to_owned()).into());
    }
    if !input.is_live() {
        return Err(LinkRefusal::Ended.into());
    }
    Ok(input.keys(frame.bytes).await?)
}

async fn control(input: &mut Input, text: &str, reader: Reader) -> Result<(), Taken> {
    let wrong = |wrong| LinkRefusal::Invalid(format!("not a control message: {wrong}"));
    match serde_json::from_str(text).map_err(wrong)? {
        ClientControl::Repaint => Ok(input.repaint().await?),
        ClientControl::Ack { offset } if reader == Reader::Recorder => Ok(input.ack(offset).await?),
        ClientControl::Release if reader == Reader::Recorder => Ok(input.release().await?),
        ClientControl::Ack { .. } | ClientControl::Release => {
            let why = "only a recorder acknowledges: connect with record=true";
            Err(LinkRefusal::Invalid(why.to_owned()).into())
        }
        ClientControl::Resize { cols, rows } => {
            let size = TerminalSize::new(cols, rows).map_err(LinkRefusal::from)?;
            Ok(input.resize(size).await?)
        }
    }
}

/// Keystrokes, unless the text is exactly a resize object. One with an impossible size is dropped: a
/// plain client has no way to hear of it, and it was not meant to be typed.
async fn plain_text(input: &mut Input, text: &str) -> Result<(), Taken> {
    #[derive(Deserialize)]
    #[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
    enum Control {
        Resize { cols: u32, rows: u32 },
    }
    match serde_json::from_str(text) {
        Ok(Control::Resize { cols, rows }) => match TerminalSize::new(cols, rows) {
            Ok(size) => input.resize(size).await.map_err(Taken::from),
            Err(_impossible) => Ok(()),
        },
        Err(_typed) => input.keys(text.as_bytes()).await.map_err(Taken::from),
    }
}
