//! `raven-runtime attach` and `logs`: an agent's terminal in this one, and what it has put out.
//!
//! Owns the raw terminal and the key that leaves it. Must not know more of the daemon than its API.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, bail};
use clap::Args;
use futures_util::{SinkExt as _, StreamExt as _};
use raven_protocol::terminal::{ClientControl, Frame, FrameKind, ServerControl, V1_SUBPROTOCOL};
use raven_screen::QueryFilter;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use secrecy::ExposeSecret as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Where;
use super::drive::with_terminal;
use super::query::{Daemon, block_on};

/// The key that leaves the terminal and the agent as it is: Ctrl-].
const DETACH: u8 = 0x1d;

/// Most bytes of keys that are read at once.
const KEYS: usize = 4096;

/// Pieces of input that wait to be sent.
const WAITING: usize = 16;

#[derive(Args)]
pub struct Attach {
    /// The agent's id
    agent: String,
    #[command(flatten)]
    daemon: Where,
}

#[derive(Args)]
pub struct Logs {
    /// The agent's id
    agent: String,
    /// Go on with what comes
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    daemon: Where,
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(daemon: &Daemon, agent: &str, query: &str) -> anyhow::Result<Socket> {
    with_terminal(daemon, agent).await?;
    let mut url = daemon.endpoint().join(&format!("ws/agents/{agent}/terminal{query}"))?;
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme).map_err(|()| anyhow::anyhow!("{url} is not an address"))?;
    let mut request = url.as_str().into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(V1_SUBPROTOCOL));
    if let Some(key) = daemon.key() {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert("authorization", bearer);
    }
    let (socket, _) =
        tokio_tungstenite::connect_async(request).await.context("its terminal cannot be attached")?;
    Ok(socket)
}

/// Shows an agent's terminal until it ends, or until the key that leaves it.
///
/// # Errors
/// Worded for the person who typed it.
pub fn attach(asked: &Attach) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("attach needs a terminal; `raven-runtime logs` and `send` do not");
    }
    block_on(async {
        let socket = connect(&Daemon::find(&asked.daemon)?, &asked.agent, "").await?;
        eprintln!("attached to {}; Ctrl-] detaches", asked.agent);
        let raw = Raw::enter()?;
        let ended = relay(socket).await;
        drop(raw);
        eprintln!("\r\n{}", ended?);
        Ok(())
    })
}

async fn relay(socket: Socket) -> anyhow::Result<String> {
    let (mut to, mut from) = socket.split();
    let mut keys = read_keys();
    let mut sizes = signal(SignalKind::window_change())?;
    // Answers to queries come from the agent's own terminal, so none may reach this one.
    let mut filter = QueryFilter::new();
    to.send(size()?).await?;
    loop {
        tokio::select! {
            message = from.next() => match message.transpose()? {
                Some(Message::Binary(bytes)) => {
                    let frame = Frame::decode(&bytes)?;
                    if matches!(frame.kind, FrameKind::Output | FrameKind::Repaint) {
                        show(&filter.strip(frame.bytes))?;
                    }
                }
                Some(Message::Text(text)) => {
                    if let Ok(ServerControl::Exit { .. }) = serde_json::from_str(&text) {
                        return Ok("the agent has ended".to_owned());
                    }
                }
                Some(_) => {}
                None => return Ok("the daemon closed the connection; the agent lives on".to_owned()),
            },
            typed = keys.recv() => {
                let Some(typed) = typed else { return Ok("detached".to_owned()) };
                let until = typed.iter().position(|key| *key == DETACH);
                let bytes = &typed[..until.unwrap_or(typed.len())];
                if !bytes.is_empty() {
                    let frame = Frame { kind: FrameKind::Input, offset: 0, bytes };
                    to.send(Message::Binary(frame.encode().into())).await?;
                }
                if until.is_some() {
                    return Ok("detached".to_owned());
                }
            }
            _ = sizes.recv() => to.send(size()?).await?,
        }
    }
}

fn show(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn size() -> anyhow::Result<Message> {
    let size = tcgetwinsize(io::stdout())?;
    let control = ClientControl::Resize { cols: size.ws_col.into(), rows: size.ws_row.into() };
    Ok(Message::Text(serde_json::to_string(&control)?.into()))
}

/// Keys, read aside: a read of a terminal cannot be given up.
fn read_keys() -> mpsc::Receiver<Vec<u8>> {
    let (told, keys) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        let mut buffer = [0; KEYS];
        while let Ok(count @ 1..) = io::stdin().lock().read(&mut buffer) {
            if told.blocking_send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    keys
}

/// This terminal as the agent's program wants one; as it was again when dropped.
struct Raw(Termios);

impl Raw {
    fn enter() -> anyhow::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Modes that the agent's program set are its own, not this terminal's.
        let _closed = show(
            b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[<u\x1b[0m",
        );
        let _closed = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Writes what an agent has put out, as far as it is kept.
///
/// # Errors
/// Worded for the person who typed it.
pub fn logs(asked: &Logs) -> anyhow::Result<()> {
    block_on(async {
        let mut socket = connect(&Daemon::find(&asked.daemon)?, &asked.agent, "?since=0").await?;
        let mut head = u64::MAX;
        while let Some(message) = socket.next().await.transpose()? {
            let reached = match message {
                Message::Binary(bytes) => {
                    let frame = Frame::decode(&bytes)?;
                    if !matches!(frame.kind, FrameKind::Output | FrameKind::Repaint) {
                        continue;
                    }
                    show(frame.bytes)?;
                    let length = if frame.kind == FrameKind::Output { frame.bytes.len() as u64 } else { 0 };
                    frame.offset + length
                }
                Message::Text(text) => match serde_json::from_str(&text) {
                    Ok(ServerControl::Hello { head: now, base, .. }) => {
                        head = now;
                        base
                    }
                    Ok(ServerControl::Exit { .. }) => return Ok(()),
                    _ => continue,
                },
                _ => continue,
            };
            if !asked.follow && reached >= head {
                return Ok(());
            }
        }
        Ok(())
    })
}
