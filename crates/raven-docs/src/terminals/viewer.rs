//! One viewer's place at a terminal: what waits to be sent to it, bounded in bytes.
//!
//! Owns the queue between a hub and a viewer's socket. Must not know Socket.IO.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use serde::Serialize;
use tokio::sync::Notify;

use super::hub::seats::{Control, ControlRefusal};
use super::hub::{Answer, Hub};
use crate::auth::Named;

/// Bytes that may wait for a viewer; beyond, what waits is dropped and a repaint takes its place.
const MAX_WAITING: usize = 384 * 1024;

/// Output is joined up to this size for one message: a viewer that does not read at all costs the library's
/// buffer full of them.
pub const MAX_MESSAGE: usize = 16 * 1024;

/// Identifies a viewer within its hub.
pub type ViewerId = u64;

/// How somebody wants to watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seat {
    /// The offset up to which it has seen everything.
    pub since: Option<u64>,
    pub wish: Wish,
    pub arrival: Arrival,
}

/// How somebody arrives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrival {
    #[default]
    First,
    /// After a connection that broke, perhaps unnoticed.
    Back,
    /// On the same connection, in place of an attachment that is given up next.
    InsteadOf(ViewerId),
}

/// Whether a viewer wants to type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wish {
    #[default]
    Write,
    ReadOnly,
}

/// Whether a viewer may type now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewerRole {
    Writer,
    Viewer,
}

/// A viewer as the others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    #[serde(flatten)]
    pub user: Named,
    pub role: ViewerRole,
    pub seat: ViewerId,
    /// Has asked for control and waits.
    pub wants: bool,
    /// Could be handed the seat.
    pub may_write: bool,
    /// Came by a read-only link.
    pub guest: bool,
}

/// The first thing a viewer learns.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    pub session_id: String,
    pub agent_id: String,
    pub status: TerminalStatus,
    #[serde(flatten)]
    pub size: TerminalSize,
    pub role: ViewerRole,
    pub seat: ViewerId,
    /// Has the right to type when the seat is theirs.
    pub may_write: bool,
    /// Has the right to take the seat from anybody.
    pub may_take: bool,
    pub offset: u64,
}

/// What a viewer is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewerEvent {
    /// Output; the offset is the one after it. A repaint begins with a reset of the viewer's terminal.
    Data {
        bytes: Bytes,
        offset: u64,
        repaint: bool,
    },
    Status {
        status: TerminalStatus,
        login_url: Option<String>,
    },
    Size(TerminalSize),
    Writer {
        user: Option<Named>,
        you: bool,
        seat: Option<ViewerId>,
        /// Has not typed for a while.
        idle: bool,
    },
    Viewers(Arc<[Present]>),
    /// The attachment is over; nothing follows.
    Detached,
}

/// Why something a viewer sent was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// More waits than the program takes.
    Full,
    ReadOnly,
    Disconnected,
    Ended,
}

/// A viewer's end of its attachment. Dropping it detaches.
pub struct Attachment {
    pub(super) id: ViewerId,
    pub(super) hub: Hub,
    pub(super) queue: Queue,
}

impl Attachment {
    /// The next thing to send; `None` when the attachment is over.
    pub async fn next(&self) -> Option<ViewerEvent> {
        loop {
            match self.queue.pop() {
                Popped::Event(event) => return Some(event),
                Popped::Over => return None,
                Popped::CaughtUp => self.hub.caught_up(self.id).await,
                Popped::Nothing => {}
            }
            self.queue.inner.wake.notified().await;
        }
    }

    /// A handle for what the viewer sends.
    pub fn hand(&self) -> Hand {
        Hand { id: self.id, hub: self.hub.clone() }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.hub.detach(self.id);
    }
}

/// The way from a viewer to its terminal. The hub decides whether it may be used.
#[derive(Clone)]
pub struct Hand {
    id: ViewerId,
    hub: Hub,
}

impl Hand {
    /// The seat that it is the hand of.
    pub fn seat(&self) -> ViewerId {
        self.id
    }

    /// Types, in the order of calls; the answer comes once the terminal has taken it.
    pub async fn input(&self, bytes: Bytes) -> Answer {
        self.hub.input(self.id, bytes).await
    }

    /// Asks for the seat, gives it up, or hands it over.
    pub async fn control(&self, action: Control) -> Result<(), ControlRefusal> {
        self.hub.control(self.id, action).await
    }

    /// Sets the terminal's size, which is the writer's.
    pub async fn resize(&self, size: TerminalSize) -> Result<(), Refusal> {
        self.hub.resize(self.id, size).await
    }
}

/// What waits for one viewer.
#[derive(Clone, Default)]
pub struct Queue {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<ViewerEvent>,
    bytes: usize,
    /// Output was dropped; nothing is queued until the viewer has read what is left.
    lagging: bool,
    over: bool,
}

/// What a queue has for its reader.
enum Popped {
    Event(ViewerEvent),
    /// Everything left was read after output had been dropped.
    CaughtUp,
    Nothing,
    Over,
}

/// Whether output was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    Yes,
    /// The viewer is too slow; it is to be given a repaint once it has caught up.
    Lagging,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues output, unless the viewer lags.
    pub fn push_data(&self, bytes: Bytes, offset: u64, repaint: bool) -> Pushed {
        let mut waiting = self.lock();
        if waiting.bytes + bytes.len() > MAX_WAITING && waiting.bytes > 0 {
            waiting.events.retain(|event| !matches!(event, ViewerEvent::Data { .. }));
            waiting.bytes = 0;
            waiting.lagging = true;
        } else {
            waiting.bytes += bytes.len();
            waiting.events.push_back(ViewerEvent::Data { bytes, offset, repaint });
        }
        let pushed = if waiting.lagging { Pushed::Lagging } else { Pushed::Yes };
        drop(waiting);
        self.inner.wake.notify_one();
        pushed
    }

    /// Queues anything else. Only the newest of each kind waits, so their number is bounded.
    pub fn push(&self, event: ViewerEvent) {
        let mut waiting = self.lock();
        waiting.over |= event == ViewerEvent::Detached;
        let kind = std::mem::discriminant(&event);
        waiting.events.retain(|waits| {
            matches!(waits, ViewerEvent::Data { .. }) || std::mem::discriminant(waits) != kind
        });
        waiting.events.push_back(event);
        drop(waiting);
        self.inner.wake.notify_one();
    }

    /// Everything that waits, for tests of the rules.
    #[cfg(test)]
    pub fn drain(&self) -> Vec<ViewerEvent> {
        std::iter::from_fn(|| match self.pop() {
            Popped::Event(event) => Some(event),
            Popped::CaughtUp | Popped::Nothing | Popped::Over => None,
        })
        .collect()
    }

    /// Takes the next event; neighbouring output is joined.
    fn pop(&self) -> Popped {
        let mut waiting = self.lock();
        let Some(first) = waiting.events.pop_front() else {
            return match (waiting.over, std::mem::take(&mut waiting.lagging)) {
                (true, _) => Popped::Over,
                (false, true) => Popped::CaughtUp,
                (false, false) => Popped::Nothing,
            };
        };
        let ViewerEvent::Data { bytes, mut offset, repaint } = first else { return Popped::Event(first) };
        waiting.bytes -= bytes.len();
        let mut joined = BytesMut::new();
        while let Some(ViewerEvent::Data { bytes: next, offset: end, repaint: false }) =
            waiting.events.front()
        {
            if bytes.len().max(joined.len()) + next.len() > MAX_MESSAGE {
                break;
            }
            if joined.is_empty() {
                joined.extend_from_slice(&bytes);
            }
            joined.extend_from_slice(next);
            offset = *end;
            waiting.bytes -= next.len();
            waiting.events.pop_front();
        }
        let bytes = if joined.is_empty() { bytes } else { joined.freeze() };
        Popped::Event(ViewerEvent::Data { bytes, offset, repaint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(queue: &Queue, text: &'static str, end: u64) -> Pushed {
        queue.push_data(Bytes::from_static(text.as_bytes()), end, false)
    }

    #[test]
    fn neighbouring_output_is_joined_and_other_events_keep_their_place() {
        let queue = Queue::default();
        data(&queue, "ab", 2);
        data(&queue, "c", 3);
        queue.push(ViewerEvent::Size(TerminalSize::DEFAULT));
        data(&queue, "d", 4);
        let Popped::Event(first) = queue.pop() else { panic!("nothing queued") };
        assert_eq!(first, ViewerEvent::Data { bytes: Bytes::from_static(b"abc"), offset: 3, repaint: false });
        assert!(matches!(queue.pop(), Popped::Event(ViewerEvent::Size(_))));
        assert!(matches!(queue.pop(), Popped::Event(ViewerEvent::Data { offset: 4, .. })));
        assert!(matches!(queue.pop(), Popped::Nothing));
    }

    #[test]
    fn a_slow_viewer_loses_output_and_is_told_to_catch_up_once() {
        let queue = Queue::default();
        let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
        let pushes: Vec<Pushed> = (0..7).map(|n| queue.push_data(chunk.clone(), n, false)).collect();
        assert_eq!(pushes.iter().filter(|pushed| **pushed == Pushed::Yes).count(), 6);
        assert_eq!(pushes.last(), Some(&Pushed::Lagging));
        assert!(matches!(queue.pop(), Popped::CaughtUp));
        assert!(matches!(queue.pop(), Popped::Nothing));
    }

    #[test]
    fn only_the_newest_event_of_a_kind_waits() {
        let queue = Queue::default();
        for you in [true, false, true] {
            queue.push(ViewerEvent::Size(TerminalSize::DEFAULT));
            queue.push(ViewerEvent::Writer { user: None, you, seat: None, idle: false });
        }
        let newest = ViewerEvent::Writer { user: None, you: true, seat: None, idle: false };
        let expected = [ViewerEvent::Size(TerminalSize::DEFAULT), newest];
        assert_eq!(queue.drain(), expected);
    }
}
