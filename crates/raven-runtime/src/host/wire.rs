//! What the daemon and an agent's host say to each other over the host's unix socket.
//!
//! Owns the messages and their framing: each is length-prefixed and begins with a kind byte, `0x00` for
//! JSON or that of a terminal frame. Must not know sockets' owners, terminals or agents' statuses.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use raven_protocol::terminal::{Exit, Keep, TerminalSize};
use raven_protocol::time::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::look::{Look, Signal, SignalSource};

/// The kind byte of a JSON message.
pub const JSON: u8 = 0x00;

/// Longest message, in bytes: a repaint of the largest screen with its scrollback stays below.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// Longest body of a signal, in bytes: what a hook is told of a tool's use is mostly shorter.
pub const MAX_SIGNAL: usize = 64 * 1024;

/// Name of the socket in an agent's folder.
const SOCKET: &str = "host.sock";

/// What a host is told over its standard input when it starts. It may hold secrets in `env`.
#[derive(Serialize, Deserialize)]
pub struct HostSpec {
    /// The agent's folder, for socket, journal and outcome.
    pub folder: PathBuf,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment of the program.
    pub env: BTreeMap<String, String>,
    /// Its working folder.
    pub cwd: PathBuf,
    /// Its terminal's size at the start.
    pub size: TerminalSize,
    /// What is kept of its output.
    pub keep: Keep,
    /// Bytes of output that are kept, about.
    pub journal_limit: u64,
}

/// Who reads a terminal's stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// Somebody who wants the screen as it is: cut over to a repaint after falling behind.
    #[default]
    Viewer,
    /// One who wants every byte that is kept, with the time it came, and says what it has.
    Recorder,
}

/// The one line that a host writes to its standard output, once its program runs or cannot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Launch {
    /// The program runs.
    Started {
        /// Its process.
        pid: u32,
        /// When it was started.
        at: Timestamp,
    },
    /// The program could not be started.
    Failed {
        /// Why, for a person.
        why: String,
    },
}

/// Daemon → host.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// First on a connection: output from here on, as [`raven_protocol::terminal`] describes.
    Attach {
        /// Where to go on; a repaint when absent or gone.
        since: Option<u64>,
        /// For whom.
        #[serde(default)]
        reader: Reader,
    },
    /// First on a connection: [`Notice`]s.
    Watch {
        /// Whether [`Notice::Look`]s are wanted.
        #[serde(default)]
        looks: bool,
        /// The last signal that was heard; those kept of the later ones come first.
        #[serde(default)]
        signals_since: u64,
    },
    /// First on a connection: one [`Look`] and the end.
    Look,
    /// First on a connection: types, then answers one [`Typed`] and ends.
    Type {
        /// What is typed, as the program reads it.
        text: String,
        /// Only if the screen's fingerprint is still this one.
        #[serde(default)]
        when: Option<u64>,
    },
    /// First on a connection: a word about the program, answered with `{}`.
    Signal {
        /// Where it comes from.
        source: SignalSource,
        /// What it is called there.
        #[serde(default)]
        name: Option<String>,
        /// At most [`MAX_SIGNAL`] bytes.
        body: String,
    },
    /// First on a connection: one [`raven_protocol::runtime_api::ScreenJson`] and the end.
    Screen,
    /// On an attached connection: sets the size.
    Resize {
        /// The new size.
        size: TerminalSize,
    },
    /// On an attached connection: a repaint frame in stream order.
    Repaint,
    /// On a recorder's connection: everything before the offset is safe.
    Ack {
        /// Offset after the last byte that is.
        offset: u64,
    },
    /// On a recorder's connection: nobody records any more.
    Release,
    /// On a watching connection: ends the program and everything it started.
    Stop {
        /// Kill without asking.
        force: bool,
        /// How long to wait after asking, in milliseconds.
        timeout_ms: u64,
    },
}

/// Host → watching daemon.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// First on the connection.
    Running {
        /// The program's process.
        pid: u32,
        /// When it was started.
        at: Timestamp,
    },
    /// The screen changes, or changed less than [`super::motion::STILL`] ago.
    Moving(Motion),
    /// The screen has not changed for [`super::motion::STILL`].
    Still(Motion),
    /// The program waits for its recorder: how the screen stands means nothing.
    Held(Motion),
    /// The screen, to those who want it: after it or its title changed, but not in the middle of a frame.
    Look(Look),
    /// A word about the program, each in its order.
    Signal(Signal),
    /// The program ended and all of its output was taken.
    Ended(Outcome),
}

/// Whether something was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// False when the screen is not the expected one any more, or the program has ended.
    pub typed: bool,
}

/// How far the terminal's output has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Motion {
    /// Bytes written since the start.
    pub head: u64,
    /// When the last of them were.
    pub last_output_at: Option<Timestamp>,
    /// Since when the program waits for its recorder.
    #[serde(default)]
    pub held_since: Option<Timestamp>,
    /// Bytes that wait to be recorded; `None` when nobody records.
    #[serde(default)]
    pub unrecorded: Option<u64>,
}

/// How an agent's program ended; kept in its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Exit status or signal.
    pub exit: Exit,
    /// When.
    pub at: Timestamp,
    /// The last lines of its screen that are not blank.
    pub last_lines: Vec<String>,
    /// Bytes that it wrote to its terminal.
    pub head: u64,
}

/// Names of the files in an agent's folder that its host writes.
pub mod file {
    /// The byte log's folder.
    pub const LOG: &str = "log";
    /// [`super::Outcome`] as JSON.
    pub const OUTCOME: &str = "exit.json";
    /// The last screen as the screen call answers it.
    pub const SCREEN: &str = "screen.json";
    /// Bytes that repaint the screen.
    pub const REPAINT: &str = "screen.ansi";
}

/// The receiving half of a connection.
pub type Receiver = FramedRead<OwnedReadHalf, LengthDelimitedCodec>;

/// The sending half of a connection.
pub struct Sender(FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>);

impl Sender {
    /// Sends a message that carries its kind byte already.
    pub async fn raw(&mut self, message: Bytes) -> io::Result<()> {
        self.0.send(message).await
    }

    /// Sends a value as JSON.
    pub async fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.raw(json_message(value)?).await
    }
}

/// A value as a message.
pub fn json_message(value: &impl Serialize) -> io::Result<Bytes> {
    let mut message = vec![JSON];
    serde_json::to_writer(&mut message, value)?;
    Ok(message.into())
}

/// The text of a JSON message; `None` for a terminal frame.
pub fn json_text(message: &[u8]) -> Option<&str> {
    let (&JSON, text) = message.split_first()? else { return None };
    std::str::from_utf8(text).ok()
}

/// Receives one message; `None` when the other side has closed.
pub async fn receive(from: &mut Receiver) -> io::Result<Option<BytesMut>> {
    from.next().await.transpose()
}

/// Receives one JSON value; anything else is an error, `None` when the other side has closed.
pub async fn receive_json<T: DeserializeOwned>(from: &mut Receiver) -> io::Result<Option<T>> {
    let Some(message) = receive(from).await? else { return Ok(None) };
    let text = json_text(&message).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Some(serde_json::from_str(text)?))
}

/// Divides a connection into its halves.
pub fn frame(stream: UnixStream) -> (Sender, Receiver) {
    let codec = || LengthDelimitedCodec::builder().max_frame_length(MAX_MESSAGE).new_codec();
    let (read, write) = stream.into_split();
    (Sender(FramedWrite::new(write, codec())), FramedRead::new(read, codec()))
}

/// Calls with a short path of a folder's socket: the folder's own may be longer than the 108 bytes that
/// a socket's address may have.
pub fn with_socket<T>(folder: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(folder, flags, Mode::empty())?;
    act(&PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", opened.as_raw_fd())))
}

/// Connects to the host that serves a folder.
pub fn connect(folder: &Path) -> io::Result<UnixStream> {
    // Connecting to a unix socket does not wait: it is taken into the backlog or refused.
    let stream = with_socket(folder, |path| std::os::unix::net::UnixStream::connect(path))?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}
