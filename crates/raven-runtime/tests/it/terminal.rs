//! A client of a terminal, framed or plain.
//!
//! Owns the harness's end of a terminal link, which checks that offsets have no gap and no overlap. Must
//! not know what the tests are about.

use futures_util::{SinkExt as _, StreamExt as _};
use raven_protocol::terminal::{Frame, FrameKind, ServerControl, Stamped, V1_SUBPROTOCOL};
use raven_protocol::time::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::daemon::{DEADLINE, Daemon};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a framed client received.
#[derive(Debug, PartialEq)]
pub enum Got {
    Output(Vec<u8>),
    Repaint(u64, Vec<u8>),
    Control(ServerControl),
    Closed,
}

/// A framed client.
pub struct Terminal {
    pub socket: Socket,
    /// Offset after the last byte; unknown before the first frame.
    pub offset: Option<u64>,
    pub base: u64,
    pub head: u64,
    /// Output since the last repaint or the beginning.
    pub seen: Vec<u8>,
    /// When the output came, for a recorder.
    pub times: Vec<Timestamp>,
    /// Bytes of our input that the terminal has taken.
    pub taken: u64,
}

/// Opens a WebSocket to the daemon.
pub async fn open(daemon: &Daemon, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let url = format!("{}{path}", daemon.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(connect_async(request).await?.0)
}

/// Opens a plain terminal.
pub async fn plain(daemon: &Daemon, id: &str) -> Socket {
    open(daemon, &format!("/ws/agents/{id}/terminal"), &[]).await.unwrap()
}

/// Reads a plain terminal until what came contains a text.
pub async fn plain_until(socket: &mut Socket, wanted: &str) -> Vec<u8> {
    let mut seen = Vec::new();
    while !contains(&seen, wanted.as_bytes()) {
        match timeout(DEADLINE, socket.next()).await.expect("output in time").expect("open").unwrap() {
            Message::Binary(bytes) => seen.extend_from_slice(&bytes),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("a plain terminal sends bytes only, not {other:?}"),
        }
    }
    seen
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

impl Terminal {
    pub async fn attach(daemon: &Daemon, id: &str, since: Option<u64>) -> Self {
        let since = since.map_or_else(String::new, |since| format!("?since={since}"));
        Self::connect(daemon, &format!("/ws/agents/{id}/terminal{since}")).await
    }

    /// Attaches as a recorder does.
    pub async fn record(daemon: &Daemon, id: &str, since: u64) -> Self {
        Self::connect(daemon, &format!("/ws/agents/{id}/terminal?record=true&since={since}")).await
    }

    /// Attaches to the terminal of one run of an agent.
    pub async fn of_run(daemon: &Daemon, id: &str, run: &str) -> Self {
        Self::try_of_run(daemon, id, run).await.unwrap()
    }

    pub async fn try_of_run(daemon: &Daemon, id: &str, run: &str) -> Result<Self, Error> {
        Self::try_connect(daemon, &format!("/ws/agents/{id}/terminal?session={run}&since=0")).await
    }

    async fn connect(daemon: &Daemon, path: &str) -> Self {
        Self::try_connect(daemon, path).await.unwrap()
    }

    async fn try_connect(daemon: &Daemon, path: &str) -> Result<Self, Error> {
        let socket = open(daemon, path, &[("sec-websocket-protocol", V1_SUBPROTOCOL)]).await?;
        let mut terminal =
            Self { socket, offset: None, base: 0, head: 0, seen: Vec::new(), times: Vec::new(), taken: 0 };
        match terminal.next().await {
            Got::Control(ServerControl::Hello { base, head, .. }) => {
                (terminal.base, terminal.head) = (base, head)
            }
            other => panic!("the first message is hello, not {other:?}"),
        }
        Ok(terminal)
    }

    pub async fn next(&mut self) -> Got {
        loop {
            let message = timeout(DEADLINE, self.socket.next()).await.expect("a message in time");
            return match message {
                None | Some(Ok(Message::Close(_)) | Err(_)) => Got::Closed,
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).unwrap() {
                    ServerControl::Taken { offset } => {
                        self.taken = offset;
                        continue;
                    }
                    control => Got::Control(control),
                },
                Some(Ok(Message::Binary(wire))) => self.frame(&wire),
                Some(Ok(_)) => continue,
            };
        }
    }

    fn frame(&mut self, wire: &[u8]) -> Got {
        let frame = Frame::decode(wire).unwrap();
        match frame.kind {
            FrameKind::Output | FrameKind::Stamped => {
                let bytes = match frame.kind {
                    FrameKind::Stamped => {
                        let Stamped { at, bytes } = Stamped::decode(frame.bytes).unwrap();
                        self.times.push(at);
                        bytes
                    }
                    _ => frame.bytes,
                };
                if let Some(expected) = self.offset {
                    assert_eq!(frame.offset, expected, "neither gap nor overlap");
                }
                self.offset = Some(frame.offset + bytes.len() as u64);
                self.seen.extend_from_slice(bytes);
                Got::Output(bytes.to_vec())
            }
            FrameKind::Repaint => {
                self.offset = Some(frame.offset);
                self.seen.clear();
                Got::Repaint(frame.offset, frame.bytes.to_vec())
            }
            FrameKind::Input => panic!("input comes from clients only"),
        }
    }

    /// Reads until the output contains the bytes.
    pub async fn until_seen(&mut self, wanted: &[u8]) {
        while !contains(&self.seen, wanted) {
            if matches!(self.next().await, Got::Closed) {
                panic!("closed before {:?}", String::from_utf8_lossy(wanted));
            }
        }
    }

    /// Reads until the output is as long as wanted.
    pub async fn until_length(&mut self, wanted: usize) {
        while self.seen.len() < wanted {
            assert_ne!(self.next().await, Got::Closed, "closed after {} bytes", self.seen.len());
        }
    }

    /// Reads until the terminal has taken so much of our input.
    pub async fn until_taken(&mut self, wanted: u64) {
        while self.taken < wanted {
            let message = timeout(DEADLINE, self.socket.next()).await.expect("a message in time");
            match message.expect("open").expect("open") {
                Message::Text(text) => {
                    if let ServerControl::Taken { offset } = serde_json::from_str(&text).unwrap() {
                        self.taken = offset;
                    }
                }
                Message::Binary(wire) => drop(self.frame(&wire)),
                _ => {}
            }
        }
    }

    /// Says that everything received is recorded.
    pub async fn acknowledge(&mut self) {
        self.control(json!({"type": "ack", "offset": self.offset})).await;
    }

    /// Reads to the end; answers the exit that was told.
    pub async fn read_to_exit(&mut self) -> raven_protocol::terminal::Exit {
        loop {
            match self.next().await {
                Got::Control(ServerControl::Exit { exit }) => return exit,
                Got::Closed => panic!("closed without an exit"),
                _ => {}
            }
        }
    }

    pub async fn keys(&mut self, bytes: &[u8]) {
        let frame = Frame { kind: FrameKind::Input, offset: 0, bytes };
        self.socket.send(Message::Binary(frame.encode().into())).await.unwrap();
    }

    pub async fn control(&mut self, value: Value) {
        self.socket.send(Message::Text(value.to_string().into())).await.unwrap();
    }

    pub async fn resize(&mut self, cols: u32, rows: u32) {
        self.control(json!({"type": "resize", "cols": cols, "rows": rows})).await;
    }
}
