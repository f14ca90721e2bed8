//! Wires that we dial: a runtime's terminal WebSocket, framed or plain.
//!
//! Owns connecting, resuming and giving up. Must not know viewers.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::terminal::{
    ClientControl, Frame, FrameKind, ServerControl, Stamped, TerminalSize, V1_SUBPROTOCOL,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::hub::Hub;
use super::link::{FromRuntime, LinkEnd, Pace, Start, ToRuntime, wire};
use super::raw::RawStream;
use super::{Terminals, rows, size_of};
use crate::db;
use crate::runtimes::Runtimes;
use crate::socket_client::{self, Refused, WebSocket};

/// First wait before a terminal is dialled again; doubled up to [`SLOWEST_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// Longest wait before a terminal is dialled again.
const SLOWEST_RETRY: Duration = Duration::from_secs(2);

/// How long a runtime may say nothing at all: it pings every 30 s.
const SILENT: Duration = Duration::from_secs(75);

/// How long the end of a connection may take.
const PARTING: Duration = Duration::from_secs(1);

/// Dials a session's runtime and gives the hub the wire, again and again until the session ends.
pub async fn keep_connected(terminals: Terminals, runtimes: Runtimes, row: rows::Model, hub: Hub) {
    let cancel = terminals.cancel.clone();
    let dialling = async {
        let mut wait = FIRST_RETRY;
        while !hub.is_over() {
            match dial(&terminals, &runtimes, &row, &hub).await {
                Ok(()) => wait = FIRST_RETRY,
                Err(error) if is_gone(&error) => return hub.gone(),
                Err(error) => {
                    tracing::debug!(session.id = %row.id, error = format!("{error:#}"), "the terminal cannot be dialled");
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(SLOWEST_RETRY);
        }
    };
    tokio::select! {
        () = dialling => {}
        () = over_and_parted(&hub) => {}
        () = cancel.cancelled() => {}
    }
}

/// Returns once the session has ended and its connection had the time to end in order.
async fn over_and_parted(hub: &Hub) {
    hub.over().await;
    tokio::time::sleep(PARTING * 2).await;
}

/// The runtime does not know the agent: its terminal will not come back. Whatever else answers 404, such
/// as a proxy while the runtime is restarted, says nothing of that.
fn is_gone(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|refused| refused.code.as_deref() == Some("AGENT_NOT_FOUND"))
}

async fn dial(
    terminals: &Terminals,
    runtimes: &Runtimes,
    row: &rows::Model,
    hub: &Hub,
) -> anyhow::Result<()> {
    let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
    let client = runtimes.client(&workspace).await?;
    let agent = AgentId::parse(row.agent_id.as_str())?;
    let agent = db::agents::find(terminals.db.read(), &workspace, &agent).await?;
    let theirs = agent.map_or_else(|| row.agent_id.clone(), |agent| agent.runtime_agent_id);
    let path = path_of(row.runtime_endpoint.as_deref(), &theirs);
    // From where the recording ends: every byte is recorded, whoever watches.
    let position = hub.position().await;
    // Its agent may have been started anew meanwhile: then its terminal is not the agent's last.
    let run = &row.runtime_session_id;
    let path = format!("{path}?record=true&since={position}&session={run}");
    // In a box of its own, because what connecting needs is far larger than what every terminal keeps.
    let connecting = socket_client::connect(client.base(), &path, client.key(), Some(V1_SUBPROTOCOL));
    let (socket, chosen) = Box::pin(connecting).await?;
    let is_framed = chosen.is_some_and(|chosen| chosen == V1_SUBPROTOCOL);
    let (link, end) = wire(if is_framed { Pace::Told } else { Pace::Untold });
    hub.connect(link).await;
    if is_framed { framed(socket, end).await } else { plain(socket, end, (size_of(row), position)).await }
}

/// The terminal's path on the runtime: the one it named, else the usual one.
fn path_of(endpoint: Option<&str>, agent: &str) -> String {
    let named = endpoint.and_then(|address| url::Url::parse(address).ok()).map(|url| url.path().to_owned());
    named.filter(|path| path.len() > 1).unwrap_or_else(|| format!("/ws/agents/{agent}/terminal"))
}

/// Carries `raven.terminal.v1` until either end is gone.
async fn framed(socket: WebSocket, end: LinkEnd) -> anyhow::Result<()> {
    let (mut sink, mut stream) = socket.split();
    let LinkEnd { mut from_hub, to_hub } = end;
    let writing = async {
        let mut sent = 0;
        while let Some(message) = from_hub.recv().await {
            for message in encode(message, &mut sent)? {
                sink.send(message).await?;
            }
        }
        anyhow::Ok(())
    };
    let reading = async {
        while let Some(message) = timeout(SILENT, stream.next()).await.context("the runtime is silent")? {
            let Some(heard) = decode(message?)? else { continue };
            if to_hub.send(heard).await.is_err() {
                // The hub has let go of the wire; what it said last is still to be sent.
                std::future::pending::<()>().await;
            }
        }
        anyhow::Ok(())
    };
    tokio::select! {
        done = writing => done?,
        done = reading => return done,
    }
    // What was said last must arrive: a connection that is dropped with output unread may lose it.
    let parting = async {
        sink.close().await?;
        while stream.next().await.is_some_and(|message| message.is_ok()) {}
        anyhow::Ok(())
    };
    timeout(PARTING, parting).await.unwrap_or(Ok(()))
}

fn encode(message: ToRuntime, sent: &mut u64) -> anyhow::Result<Vec<Message>> {
    let control = |control: ClientControl| Ok(vec![Message::text(serde_json::to_string(&control)?)]);
    match message {
        ToRuntime::Input(bytes) => {
            let frames = bytes.chunks(raven_protocol::terminal::MAX_FRAME_PAYLOAD).map(|bytes| {
                let frame = Frame { kind: FrameKind::Input, offset: *sent, bytes }.encode();
                *sent += bytes.len() as u64;
                Message::binary(frame)
            });
            Ok(frames.collect())
        }
        ToRuntime::Resize(size) => {
            control(ClientControl::Resize { cols: size.cols.into(), rows: size.rows.into() })
        }
        ToRuntime::Repaint => control(ClientControl::Repaint),
        ToRuntime::Ack(offset) => control(ClientControl::Ack { offset }),
        ToRuntime::Release => control(ClientControl::Release),
    }
}

fn decode(message: Message) -> anyhow::Result<Option<FromRuntime>> {
    match message {
        Message::Binary(wire) => {
            let frame = Frame::decode(&wire)?;
            let bytes = wire.slice(Frame::HEADER..);
            Ok(match frame.kind {
                FrameKind::Output => Some(FromRuntime::Output { offset: frame.offset, at: None, bytes }),
                FrameKind::Stamped => {
                    let at = Some(Stamped::decode(frame.bytes)?.at);
                    let bytes = bytes.slice(Stamped::HEADER..);
                    Some(FromRuntime::Output { offset: frame.offset, at, bytes })
                }
                FrameKind::Repaint => Some(FromRuntime::Repaint { offset: frame.offset, bytes }),
                FrameKind::Input => None,
            })
        }
        Message::Text(text) => Ok(match serde_json::from_str(&text)? {
            ServerControl::Hello { size, head, .. } => {
                Some(FromRuntime::Hello { size, start: Start::Log { head } })
            }
            ServerControl::Taken { offset } => Some(FromRuntime::Taken(offset)),
            ServerControl::Size { size } => Some(FromRuntime::Size(size)),
            ServerControl::Exit { exit } => Some(FromRuntime::Exit(exit)),
            ServerControl::Error { code, message } => {
                tracing::warn!(code, message, "the runtime refused a terminal message");
                None
            }
        }),
        _ => Ok(None),
    }
}

/// Carries the guide's plain stream: frames of output, keystrokes and resize objects.
async fn plain(socket: WebSocket, end: LinkEnd, (size, position): (TerminalSize, u64)) -> anyhow::Result<()> {
    let (mut sink, mut stream) = socket.split();
    let LinkEnd { mut from_hub, to_hub } = end;
    let mut raw = RawStream::new(size, position);
    to_hub.send(FromRuntime::Hello { size, start: Start::Now { at: position } }).await?;
    loop {
        tokio::select! {
            asked = from_hub.recv() => match asked {
                None => return Ok(()),
                Some(ToRuntime::Input(bytes)) => sink.send(Message::binary(bytes)).await?,
                Some(ToRuntime::Resize(size)) => {
                    raw.resize(size);
                    sink.send(resize_message(size)).await?;
                    to_hub.send(FromRuntime::Size(size)).await?;
                }
                Some(ToRuntime::Repaint) => to_hub.send(raw.repaint()).await?,
                // A plain runtime keeps nothing.
                Some(ToRuntime::Ack(_) | ToRuntime::Release) => {}
            },
            message = stream.next() => {
                let output = match message {
                    None | Some(Ok(Message::Close(_))) => return Ok(()),
                    Some(Ok(Message::Text(text))) => Bytes::from(text),
                    Some(Ok(Message::Binary(bytes))) => bytes,
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return Err(error.into()),
                };
                let answers = relay(&mut raw, output, &to_hub).await?;
                if !answers.is_empty() {
                    sink.send(Message::binary(answers)).await?;
                }
            }
        }
    }
}

fn resize_message(TerminalSize { cols, rows }: TerminalSize) -> Message {
    Message::text(serde_json::json!({ "type": "resize", "cols": cols, "rows": rows }).to_string())
}

async fn relay(
    raw: &mut RawStream,
    output: Bytes,
    to_hub: &mpsc::Sender<FromRuntime>,
) -> anyhow::Result<Vec<u8>> {
    let (heard, answers) = raw.output(output);
    to_hub.send(heard).await?;
    Ok(answers)
}
