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
use tokio::sync::{mpsc, oneshot, watch};

use super::hub::{Cursor, Hub, Step};
use super::pump::Typed;
use super::tree::Ending;
use super::typing::Typing;
use super::watching::{self, Wants};
use super::wire::{self, MAX_SIGNAL, Notice, Reader, Receiver, Request, Sender};

/// How long it may take to hear what a client said before it left: it is there already.
const LAST_SAID: Duration = Duration::from_secs(1);

/// Longest name of a hook, in bytes.
const MAX_NAME: usize = 100;

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
        Some(Request::Watch { looks, signals_since }) => {
            watching::serve(&mut to, &mut from, controls, Wants { looks, signals_since }).await
        }
        Some(Request::Look) => to.json(&controls.hub.look()).await,
        Some(Request::Type { text, when }) => to.json(&type_text(&controls, text, when).await).await,
        Some(Request::Signal { source, name, body }) => {
            if body.len() > MAX_SIGNAL || name.as_ref().is_some_and(|name| name.len() > MAX_NAME) {
                return Err(invalid("the signal is too long"));
            }
            controls.hub.signal(source, name, body);
            to.json(&serde_json::json!({})).await
        }
        Some(Request::Screen) => to.json(&controls.hub.screen()).await,
        Some(other) => Err(invalid(&format!("{other:?} cannot come first"))),
        None => Ok(()),
    }
}

pub(super) fn invalid(why: &str) -> io::Error {
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

/// Types a text if the screen still is the one that was meant; nothing comes between the look and the
/// keys.
async fn type_text(controls: &Controls, text: String, when: Option<u64>) -> wire::Typed {
    let Ok(place) = controls.input.reserve().await else { return wire::Typed { typed: false } };
    if when.is_some_and(|when| when != controls.hub.face().0) {
        return wire::Typed { typed: false };
    }
    let (taken, was_taken) = oneshot::channel();
    let tell = Box::new(move |_count: usize| {
        let _nobody_waits = taken.send(());
    });
    place.send(Typed { bytes: text.into(), taken: tell });
    wire::Typed { typed: was_taken.await.is_ok() }
}
