//! What a session's viewers are owed: who is present, sizes, and who gets which bytes.
//!
//! Plain state without waiting. Terminal queries are taken out here, once for all viewers: the
//! session's host is the only one to answer them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use raven_screen::QueryFilter;

use tokio::time::Instant;

use super::seats::{Occupant, Outcome, Right, Seats};
use crate::terminals::tail::Tail;
use crate::terminals::viewer::{Attached, MAX_MESSAGE, Present, Pushed, Queue, Seat, ViewerEvent, ViewerId};
use crate::terminals::{rows, size_of, status_of};

/// One viewer.
struct Viewer {
    queue: Queue,
    feed: Feed,
}

/// What a viewer gets of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feed {
    /// Everything as it comes.
    Live,
    /// Nothing until the next repaint.
    AwaitsRepaint,
    /// Nothing until it has read what waits for it.
    Lags,
}

/// The state of a live session.
pub struct Live {
    session: String,
    agent: String,
    status: TerminalStatus,
    size: TerminalSize,
    viewers: BTreeMap<ViewerId, Viewer>,
    pub seats: Seats,
    filter: QueryFilter,
    tail: Tail,
    /// Offset after the last output received.
    head: u64,
    /// Nothing was received yet, so any first offset is right.
    fresh: bool,
    /// The filter has seen the stream from its beginning, or from a repaint on: it knows what is open.
    in_step: bool,
    /// A repaint is on its way.
    pub repaint_asked: bool,
}

impl Live {
    pub fn new(row: &rows::Model) -> Self {
        Self {
            session: row.id.clone(),
            agent: row.agent_id.clone(),
            status: status_of(row),
            size: size_of(row),
            viewers: BTreeMap::new(),
            seats: Seats::default(),
            filter: QueryFilter::new(),
            tail: Tail::default(),
            head: 0,
            fresh: true,
            in_step: false,
            repaint_asked: false,
        }
    }

    /// Seats a viewer; the outcome is to be told after it was welcomed.
    pub fn attach(
        &mut self,
        occupant: Occupant,
        seat: Seat,
        queue: Queue,
        now: Instant,
    ) -> (Attached, Outcome) {
        let right = occupant.right;
        let (id, outcome) = self.seats.join(occupant, seat.arrival, now);
        self.viewers.insert(id, Viewer { queue, feed: Feed::AwaitsRepaint });
        let attached = Attached {
            session_id: self.session.clone(),
            agent_id: self.agent.clone(),
            status: self.status,
            size: self.size,
            role: self.seats.role(id),
            seat: id,
            may_write: right >= Right::Write,
            may_take: right >= Right::Lead,
            offset: self.head,
        };
        (attached, outcome)
    }

    /// Tells a new viewer what it missed, if that is still here.
    pub fn welcome(&mut self, id: ViewerId, since: Option<u64>) {
        let missed = since.filter(|_| self.in_step).and_then(|since| self.tail.since(since));
        if let (Some(missed), Some(viewer)) = (missed, self.viewers.get_mut(&id)) {
            viewer.feed = Feed::Live;
            if !missed.is_empty() {
                viewer.queue.push_data(missed, self.head, false);
            }
        }
    }

    /// Unseats a viewer.
    pub fn detach(&mut self, id: ViewerId, now: Instant) -> Outcome {
        self.viewers.remove(&id);
        self.seats.leave(id, now)
    }

    /// Unseats everybody, and tells them so.
    pub fn dismiss(&mut self, now: Instant) -> Vec<Outcome> {
        let everybody: Vec<ViewerId> = self.viewers.keys().copied().collect();
        let unseat = |id| {
            if let Some(viewer) = self.viewers.get(&id) {
                viewer.queue.push(ViewerEvent::Detached);
            }
            self.detach(id, now)
        };
        everybody.into_iter().map(unseat).collect()
    }

    /// Ends every attachment.
    pub fn detach_all(&mut self) {
        for viewer in std::mem::take(&mut self.viewers).into_values() {
            viewer.queue.push(ViewerEvent::Detached);
        }
    }

    pub fn status(&self) -> TerminalStatus {
        self.status
    }

    pub fn set_status(&mut self, status: TerminalStatus, login_url: Option<String>) {
        let after = self.status.then(status);
        if after != self.status || login_url.is_some() {
            self.status = after;
            self.tell(&ViewerEvent::Status { status: after, login_url });
        }
    }

    /// Takes a new size. Emulators rewrap lines each in its own way, so everybody gets a repaint.
    pub fn set_size(&mut self, size: TerminalSize) {
        if size != self.size {
            self.size = size;
            self.tell(&ViewerEvent::Size(size));
            self.lose_track();
        }
    }

    /// Takes output of the runtime: everybody who is live gets it, less the queries in it.
    pub fn output(&mut self, offset: u64, bytes: &Bytes) {
        if self.fresh {
            self.in_step = offset == 0;
        } else if offset != self.head {
            // A wire that skips or repeats is not believed: what viewers have may be wrong now.
            self.lose_track();
            self.in_step = false;
        }
        self.fresh = false;
        self.head = offset;
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(MAX_MESSAGE));
            self.show(&piece);
        }
    }

    fn show(&mut self, bytes: &Bytes) {
        self.head = self.head.saturating_add(bytes.len() as u64);
        let visible = match self.filter.strip(bytes) {
            // Most output holds no query: it is passed on as it is.
            Cow::Borrowed(whole) if whole.len() == bytes.len() => bytes.clone(),
            Cow::Borrowed(part) => Bytes::copy_from_slice(part),
            Cow::Owned(rest) => rest.into(),
        };
        self.tail.push(self.head, visible.clone());
        for viewer in self.viewers.values_mut().filter(|viewer| viewer.feed == Feed::Live) {
            if viewer.queue.push_data(visible.clone(), self.head, false) == Pushed::Lagging {
                viewer.feed = Feed::Lags;
            }
        }
    }

    /// Takes a repaint: for those who wait for one, or for all when it skips ahead.
    pub fn repaint(&mut self, offset: u64, bytes: &[u8]) {
        self.repaint_asked = false;
        let continues = self.in_step && offset == self.head;
        // The painted screen ends with the sequence that is still open, of which a filter keeps back
        // just what the shared one keeps back.
        let mut filter = QueryFilter::new();
        let visible = Bytes::copy_from_slice(&filter.strip(bytes));
        if !continues {
            self.lose_track();
            self.filter = filter;
            self.tail.reset(offset);
            self.head = offset;
            (self.fresh, self.in_step) = (false, true);
        }
        let head = self.head;
        for viewer in self.viewers.values_mut().filter(|viewer| viewer.feed == Feed::AwaitsRepaint) {
            let pushed = viewer.queue.push_data(visible.clone(), head, true);
            viewer.feed = if pushed == Pushed::Yes { Feed::Live } else { Feed::Lags };
        }
    }

    /// A viewer that lagged has read everything that was left.
    pub fn await_repaint(&mut self, id: ViewerId) {
        if let Some(viewer) = self.viewers.get_mut(&id) {
            viewer.feed = Feed::AwaitsRepaint;
        }
    }

    pub fn needs_repaint(&self) -> bool {
        self.viewers.values().any(|viewer| viewer.feed == Feed::AwaitsRepaint)
    }

    fn lose_track(&mut self) {
        self.tail.forget();
        for viewer in self.viewers.values_mut().filter(|viewer| viewer.feed == Feed::Live) {
            viewer.feed = Feed::AwaitsRepaint;
        }
    }

    fn tell(&self, event: &ViewerEvent) {
        for viewer in self.viewers.values() {
            viewer.queue.push(event.clone());
        }
    }

    /// Tells everybody who is present and who may type.
    pub fn tell_presence(&self) {
        let (user, seat) = (self.seats.writer_named(), self.seats.writer());
        let idle = self.seats.is_idle();
        let present: Arc<[Present]> = self.seats.present().collect();
        for (id, viewer) in &self.viewers {
            let you = seat == Some(*id);
            viewer.queue.push(ViewerEvent::Writer { user: user.clone(), you, seat, idle });
            viewer.queue.push(ViewerEvent::Viewers(Arc::clone(&present)));
        }
    }
}

#[cfg(test)]
mod tests;
