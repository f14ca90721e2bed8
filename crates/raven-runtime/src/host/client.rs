//! One connection to a host's socket: attached to the terminal, watching the agent, or asking once.
//!
//! Owns what each kind of connection may say and hears. Must not know the terminal's device.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::Buf as _;
use raven_protocol::terminal::{Frame, FrameKind, ServerControl, TerminalSize};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

use super::hub::{Cursor, Hub, Step};
use super::pump::Typed;
use super::tree::Ending;
use super::typing::Typing;
use super::wire::{self, Notice, Reader, Receiver, Request, Sender};

/// How long it may take to hear what a client said before it left: it is there already.
const LAST_SAID: Duration = Duration::from_secs(1);

/// What connections act on.
#[derive(Clone)]
pub struct Controls {
    /// The terminal's state.
    pub hub: Hub,
    /// Bytes for the program; full when it does not read.
    pub input: mpsc::Sender<Typed>,
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
        Some(Request::Attach { since, reader }) => {
            attached(&mut to, &mut from, controls, (since, reader)).await
        }
        Some(Request::Watch { .. }) => watching(&mut to, &mut from, controls).await,
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
    (since, reader): (Option<u64>, Reader),
) -> io::Result<()> {
    let (hello, cursor) = controls.hub.attach(since, reader)?;
    to.raw(hello).await?;
    let place = Place { cursor: RefCell::new(cursor), reader };
    let typing = Rc::new(Typing::default());
    let done = tokio::select! {
        sent = send_stream(to, &controls.hub, &place, &typing) => match sent {
            Ok(()) => Ok(()),
            // Who has left may have said something before, which counts.
            Err(_gone) => {
                let rest = take_input(from, &controls, &place, &typing);
                tokio::time::timeout(LAST_SAID, rest).await.unwrap_or(Ok(()))
            }
        },
        taken = take_input(from, &controls, &place, &typing) => taken,
        () = typing.hand_on(&controls.input) => Ok(()),
    };
    // Who typed and left at once has typed all the same.
    tokio::task::spawn_local(async move { typing.hand_on_rest(&controls.input).await });
    done
}

/// Where an attached client is.
struct Place {
    cursor: RefCell<Cursor>,
    reader: Reader,
}

async fn send_stream(to: &mut Sender, hub: &Hub, place: &Place, typing: &Typing) -> io::Result<()> {
    let mut changes = hub.changes();
    loop {
        if let Some(offset) = typing.news() {
            to.raw(wire::json_message(&ServerControl::Taken { offset })?).await?;
        }
        let step = hub.step(&mut place.cursor.borrow_mut())?;
        match step {
            Step::Send(message) => to.raw(message).await?,
            Step::Last(message) => return to.raw(message).await,
            Step::Wait => tokio::select! {
                changed = changes.changed() => changed.map_err(io::Error::other)?,
                () = typing.told.notified() => {}
            },
        }
    }
}

async fn take_input(
    from: &mut Receiver,
    controls: &Controls,
    place: &Place,
    typing: &Typing,
) -> io::Result<()> {
    loop {
        typing.room().await;
        let Some(message) = wire::receive(from).await? else { return Ok(()) };
        if let Some(text) = wire::json_text(&message) {
            obey(serde_json::from_str(text)?, controls, place)?;
            continue;
        }
        let frame = Frame::decode(&message).map_err(|bad| invalid(&bad.to_string()))?;
        if frame.kind != FrameKind::Input {
            return Err(invalid("only input frames come from clients"));
        }
        let mut bytes = message.freeze();
        bytes.advance(Frame::HEADER);
        typing.push(bytes);
    }
}

fn obey(request: Request, controls: &Controls, place: &Place) -> io::Result<()> {
    match (request, place.reader) {
        (Request::Resize { size }, _) => (controls.resize)(size),
        (Request::Repaint, _) => controls.hub.request_repaint(&mut place.cursor.borrow_mut()),
        (Request::Ack { offset }, Reader::Recorder) => controls.hub.acknowledge(offset),
        (Request::Release, Reader::Recorder) => controls.hub.release(),
        (other, _) => return Err(invalid(&format!("{other:?} is not for this attached connection"))),
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
