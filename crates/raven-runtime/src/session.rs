//! The daemon's handle to one agent's host: start it, watch it, attach to its terminal.
//!
//! Owns how a host is found and what stands in for one that has ended. Must not know statuses, HTTP or
//! who attaches.

mod ended;
pub mod runs;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use raven_protocol::runtime_api::ScreenJson;
use raven_protocol::terminal::{Frame, FrameKind, MAX_FRAME_PAYLOAD, TerminalSize};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use self::ended::Ended;
use crate::environment::Environment;
use crate::files;
use crate::host::look::Look;
use crate::host::wire::{
    self, HostSpec, Launch, Notice, Outcome, Reader, Receiver, Request, Sender, Typed, file,
};

/// How long a host may take to tell that its program runs: it is a fork and an exec on a busy machine.
const LAUNCH: Duration = Duration::from_secs(20);

/// How long a host may take to answer a question that it answers from memory.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a terminal may take what is typed: its program may be busy.
const TYPE: Duration = Duration::from_secs(10);

/// One agent's host, by its folder.
#[derive(Clone)]
pub struct Session {
    folder: PathBuf,
    size: TerminalSize,
}

impl Session {
    /// The host of a folder, running or not. `size` is that of its start.
    pub fn new(folder: PathBuf, size: TerminalSize) -> Self {
        Self { folder, size }
    }

    /// Starts the host and waits until it tells how its program fared.
    pub async fn launch(&self, program: &Path, env: &Environment, spec: &HostSpec) -> io::Result<Launch> {
        let log = files::append_private(&self.folder.join("host.log"))?;
        let mut command = Command::new(program);
        // Whoever looks for hosts finds the folder in the process list: it is no secret.
        command.arg("host").arg(&self.folder).env_clear().envs(env).current_dir("/").kill_on_drop(false);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut host = command.spawn()?;
        let (Some(mut to), Some(from)) = (host.stdin.take(), host.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        // Collected when it ends; it is not waited for on the way out, because it outlives us.
        tokio::spawn(async move { host.wait().await });
        let told = async {
            // What goes over the pipe may hold secrets: it is never written anywhere else.
            let refused = to.write_all(&serde_json::to_vec(spec)?).await;
            drop(to);
            let mut line = String::new();
            BufReader::new(from).read_line(&mut line).await?;
            refused?;
            if line.is_empty() {
                return Err(io::Error::other("its host process ended without a word; see its host.log"));
            }
            Ok(serde_json::from_str(&line)?)
        };
        timeout(LAUNCH, told).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Opens a watching connection: with looks if they are wanted, and with the signals after one.
    pub async fn watch(&self, looks: bool, signals_since: u64) -> io::Result<Watching> {
        let stream = wire::connect(&self.folder)?;
        let host = stream.peer_cred()?.pid().and_then(Pid::from_raw);
        let (mut to, from) = wire::frame(stream);
        timeout(ANSWER, to.json(&Request::Watch { looks, signals_since })).await??;
        Ok(Watching { to, from, host })
    }

    /// Whether a host serves the folder.
    pub fn is_served(&self) -> bool {
        wire::connect(&self.folder).is_ok()
    }

    /// How the program ended, once it has.
    pub fn outcome(&self) -> io::Result<Option<Outcome>> {
        files::read_json(&self.folder.join(file::OUTCOME))
    }

    /// The screen now, or at the end.
    pub async fn screen(&self) -> io::Result<ScreenJson> {
        match self.ask_screen().await {
            Ok(Some(screen)) => return Ok(screen),
            Err(broken) if !is_no_host(&broken) => return Err(broken),
            Ok(None) | Err(_) => {}
        }
        if let Some(screen) = files::read_json(&self.folder.join(file::SCREEN))? {
            return Ok(screen);
        }
        let (folder, size) = (self.folder.clone(), self.size);
        blocking(move || ended::rebuild(&folder, size).map(|screen| crate::host::hub::describe(&screen)))
            .await
    }

    async fn ask_screen(&self) -> io::Result<Option<ScreenJson>> {
        let (_to, mut from) = self.open(&Request::Screen).await?;
        timeout(ANSWER, wire::receive_json(&mut from)).await?
    }

    /// What is on the screen now, as its host sees it.
    pub async fn look(&self) -> io::Result<Look> {
        self.ask(&Request::Look, ANSWER).await
    }

    /// Types a text, if the screen's fingerprint is still the given one. True once the terminal took it; an
    /// error leaves open whether it did.
    pub async fn type_text(&self, text: String, when: Option<u64>) -> io::Result<bool> {
        let Typed { typed } = self.ask(&Request::Type { text, when }, TYPE).await?;
        Ok(typed)
    }

    /// Asks the host once. One that leaves without an answer is one that is not there.
    async fn ask<T: DeserializeOwned>(&self, request: &Request, limit: Duration) -> io::Result<T> {
        let (_to, mut from) = self.open(request).await?;
        let answer = timeout(limit, wire::receive_json(&mut from)).await??;
        answer.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Bytes that repaint the screen now, or at the end.
    pub async fn repaint(&self) -> io::Result<Vec<u8>> {
        let (_input, mut output) = self.attach(None, Reader::Viewer).await?;
        while let Some(message) = timeout(ANSWER, output.next()).await?? {
            match Frame::decode(&message) {
                Ok(Frame { kind: FrameKind::Repaint, bytes, .. }) => return Ok(bytes.to_vec()),
                _ => continue,
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// Attaches to the terminal, or to what is left of it.
    pub async fn attach(&self, since: Option<u64>, reader: Reader) -> io::Result<(Input, Output)> {
        match self.attach_live(since, reader).await {
            Ok(Some(halves)) => return Ok(halves),
            Err(broken) if !is_no_host(&broken) => return Err(broken),
            Ok(None) | Err(_) => {}
        }
        let (folder, size) = (self.folder.clone(), self.size);
        let ended = blocking(move || Ended::open(&folder, size, (since, reader))).await?;
        Ok((Input(None), Output::Ended(Box::new(ended))))
    }

    /// Attaches to the host; `None` when it was on its way out and took the connection with it.
    async fn attach_live(&self, since: Option<u64>, reader: Reader) -> io::Result<Option<(Input, Output)>> {
        let (to, mut from) = self.open(&Request::Attach { since, reader }).await?;
        let hello = timeout(ANSWER, wire::receive(&mut from)).await??;
        Ok(hello.map(|hello| (Input(Some(to)), Output::Live { hello: Some(hello.freeze()), from })))
    }

    async fn open(&self, request: &Request) -> io::Result<(Sender, Receiver)> {
        let (mut to, from) = wire::frame(wire::connect(&self.folder)?);
        timeout(ANSWER, to.json(request)).await??;
        Ok((to, from))
    }
}

/// A connection on which a host tells how its program fares.
pub struct Watching {
    to: Sender,
    from: Receiver,
    host: Option<Pid>,
}

impl Watching {
    /// The next notice; `None` when the host is gone.
    pub async fn next(&mut self) -> io::Result<Option<Notice>> {
        wire::receive_json(&mut self.from).await
    }

    /// Asks for the program's end.
    pub async fn stop(&mut self, force: bool, wait: Duration) -> io::Result<()> {
        let timeout_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.to.json(&Request::Stop { force, timeout_ms }).await
    }

    /// The process that serves the folder.
    pub fn host(&self) -> Option<Pid> {
        self.host
    }

    /// Kills a host that does not answer; its program dies with it.
    pub fn kill_host(&self) {
        if let Some(handle) = self.host.and_then(|host| pidfd_open(host, PidfdFlags::empty()).ok()) {
            let _gone = pidfd_send_signal(handle, Signal::KILL);
        }
    }
}

/// Whether a connection failed because no host serves the folder any more, or one that was just leaving.
pub fn is_no_host(broken: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        broken.kind(),
        Kind::NotFound | Kind::ConnectionRefused | Kind::ConnectionReset | Kind::BrokenPipe
    )
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
}

/// The way to a terminal; it leads nowhere when the program has ended.
pub struct Input(Option<Sender>);

impl Input {
    /// Whether there is a program to type to.
    pub fn is_live(&self) -> bool {
        self.0.is_some()
    }

    /// Types bytes. Waits while the program does not read.
    pub async fn keys(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(to) = &mut self.0 else { return Ok(()) };
        for bytes in bytes.chunks(MAX_FRAME_PAYLOAD) {
            to.raw(Frame { kind: FrameKind::Input, offset: 0, bytes }.encode().into()).await?;
        }
        Ok(())
    }

    /// Sets the size.
    pub async fn resize(&mut self, size: TerminalSize) -> io::Result<()> {
        self.json(&Request::Resize { size }).await
    }

    /// Asks for a repaint in stream order.
    pub async fn repaint(&mut self) -> io::Result<()> {
        self.json(&Request::Repaint).await
    }

    /// Says that everything before an offset is recorded.
    pub async fn ack(&mut self, offset: u64) -> io::Result<()> {
        self.json(&Request::Ack { offset }).await
    }

    /// Says that nobody records any more.
    pub async fn release(&mut self) -> io::Result<()> {
        self.json(&Request::Release).await
    }

    async fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        match &mut self.0 {
            Some(to) => to.json(value).await,
            None => Ok(()),
        }
    }
}

/// What comes from a terminal.
pub enum Output {
    /// From its host.
    Live {
        /// The first message, which was waited for.
        hello: Option<Bytes>,
        /// The others.
        from: Receiver,
    },
    /// From its folder.
    Ended(Box<Ended>),
}

impl Output {
    /// The next message, with its kind byte; `None` after the last.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Live { hello, from } => match hello.take() {
                Some(hello) => Ok(Some(hello)),
                None => Ok(wire::receive(from).await?.map(Into::into)),
            },
            Self::Ended(ended) => ended.next(),
        }
    }
}
