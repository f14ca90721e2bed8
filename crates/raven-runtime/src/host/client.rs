//! One connection to a host's socket: attached to the terminal, watching the agent, or asking once.
//!
//! Owns what each kind of connection may say and hears. Must not know the terminal's device.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use raven_protocol::terminal::{Frame, FrameKind, TerminalSize};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

use super::hub::{Cursor, Hub, Step};
use super::tree::Ending;
use super::wire::{self, Notice, Receiver, Request, Sender};

/// What connections act on.
#[derive(Clone)]
pub struct Controls {
    /// The terminal's state.
    pub hub: Hub,
    /// Bytes for the program; full when it does not read.
    pub input: mpsc::Sender<Bytes>,
    /// Sets the terminal's size.
    pub resize: Rc<dyn Fn(TerminalSize)>,
    /// What watchers hear.
    pub notices: watch::Receiver<Notice>,
    /// The first notice.
    pub running: Notice,
    /// Asks for the program's end.
    pub ending: watch::Sender<Option<Ending>>,
}

/// Serves a connection until either side is done.
pub async fn serve(stream: UnixStream, controls: Controls) -> io::Result<()> {
    let (mut to, mut from) = wire::frame(stream);
    match wire::receive_json(&mut from).await? {
        Some(Request::Attach { since }) => attached(&mut to, &mut from, controls, since).await,
        Some(Request::Watch) => watching(&mut to, &mut from, controls).await,
        Some(Request::Screen) => to.json(&controls.hub.screen()).await,
        Some(other) => Err(invalid(&format!("{other:?} cannot come first"))),
        None => Ok(()),
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

async fn attached(
    to: &mut Sender,
    from: &mut Receiver,
    controls: Controls,
    since: Option<u64>,
) -> io::Result<()> {
    let (hello, cursor) = controls.hub.attach(since)?;
    to.raw(hello).await?;
    let cursor = RefCell::new(cursor);
    tokio::select! {
        sent = send_stream(to, &controls.hub, &cursor) => sent,
        taken = take_input(from, &controls, &cursor) => taken,
    }
}

async fn send_stream(to: &mut Sender, hub: &Hub, cursor: &RefCell<Cursor>) -> io::Result<()> {
    let mut changes = hub.changes();
    loop {
        let step = hub.step(&mut cursor.borrow_mut())?;
        match step {
            Step::Send(message) => to.raw(message).await?,
            Step::Last(message) => return to.raw(message).await,
            Step::Wait => changes.changed().await.map_err(io::Error::other)?,
        }
    }
}

async fn take_input(from: &mut Receiver, controls: &Controls, cursor: &RefCell<Cursor>) -> io::Result<()> {
    while let Some(message) = wire::receive(from).await? {
        if let Some(text) = wire::json_text(&message) {
            match serde_json::from_str(text)? {
                Request::Resize { size } => (controls.resize)(size),
                Request::Repaint => controls.hub.request_repaint(&mut cursor.borrow_mut()),
                other => return Err(invalid(&format!("{other:?} is not for an attached connection"))),
            }
            continue;
        }
        let frame = Frame::decode(&message).map_err(|bad| invalid(&bad.to_string()))?;
        if frame.kind != FrameKind::Input {
            return Err(invalid("only input frames come from clients"));
        }
        let mut bytes = message.freeze();
        bytes.advance(Frame::HEADER);
        // A program that has ended takes none; who typed it still hears the rest and the exit.
        let _nobody_reads = controls.input.send(bytes).await;
    }
    Ok(())
}

async fn watching(to: &mut Sender, from: &mut Receiver, mut controls: Controls) -> io::Result<()> {
    to.json(&controls.running).await?;
    loop {
        let notice = controls.notices.borrow_and_update().clone();
        to.json(&notice).await?;
        if matches!(notice, Notice::Ended(_)) {
            return Ok(());
        }
        tokio::select! {
            changed = controls.notices.changed() => changed.map_err(io::Error::other)?,
            asked = wire::receive_json(from) => match asked? {
                Some(Request::Stop { force, timeout_ms }) => {
                    let kill_after = Duration::from_millis(timeout_ms);
                    controls.ending.send_replace(Some(Ending { ask: !force, kill_after }));
                }
                Some(other) => return Err(invalid(&format!("{other:?} is not for a watching connection"))),
                None => return Ok(()),
            },
        }
    }
}
