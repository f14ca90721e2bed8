//! The hub's part in who may type: it asks the rules, tells everybody, and has changes written down.
//!
//! Owns what follows from a change of the writer. The rules are in `seats`.

use tokio::time::Instant;

use super::handover::Handover;
use super::seats::{Control, ControlRefusal, Outcome};
use super::task::Task;
use crate::recordings::entry::MarkKind;
use crate::terminals::viewer::{Refusal, ViewerId};

impl Task {
    pub(super) fn control(&mut self, viewer: ViewerId, action: Control) -> Result<(), ControlRefusal> {
        if !self.scribe.has_room() {
            return Err(ControlRefusal::TooOften);
        }
        let outcome = self.live.seats.control(viewer, action, Instant::now())?;
        self.settle(outcome);
        Ok(())
    }

    /// Whether somebody may type these bytes. The first to type takes a free seat. Nothing at all is
    /// no typing: clients send it to measure the round trip.
    pub(super) fn may_type(&mut self, viewer: ViewerId, bytes: &[u8]) -> Result<(), Refusal> {
        if bytes.is_empty() {
            return self.may_resize(viewer);
        }
        if self.live.seats.may_claim(viewer) {
            if self.mouth.is_none() {
                return Err(Refusal::Disconnected);
            }
            if !self.scribe.has_room() {
                return Err(Refusal::Full);
            }
        }
        let outcome = self.live.seats.typed(viewer, Instant::now()).ok_or(Refusal::ReadOnly)?;
        self.settle(outcome);
        self.may_resize(viewer)
    }

    /// Whether somebody may set the size: the writer, while there is a wire.
    pub(super) fn may_resize(&self, viewer: ViewerId) -> Result<(), Refusal> {
        if !self.live.seats.is_writer(viewer) {
            return Err(Refusal::ReadOnly);
        }
        if self.mouth.is_none() { Err(Refusal::Disconnected) } else { Ok(()) }
    }

    /// When the seats are to be looked at again.
    pub(super) fn seats_due(&self) -> Option<Instant> {
        // What lapses is written down: it waits for the room to do so.
        self.live.seats.due().filter(|_| self.scribe.has_room())
    }

    pub(super) fn look_at_seats(&mut self) {
        let outcome = self.live.seats.tick(Instant::now());
        self.settle(outcome);
    }

    /// Does what follows from an outcome of the rules.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Shown => self.live.tell_presence(),
            Outcome::Moved(handover) => {
                self.live.tell_presence();
                self.writer_changed(handover);
            }
        }
    }

    /// Every change of the writer comes by here, once.
    fn writer_changed(&mut self, handover: Handover) {
        if handover.is_forced() {
            // What waits to be typed is not typed after the seat was taken: its typist is told.
            self.outgoing.refuse_waiting(Refusal::ReadOnly);
        }
        let writer = handover.to.as_ref().map_or("nobody", |to| to.name.as_str());
        self.recorder.mark(MarkKind::Writer, &format!("writer: {writer}"));
        if handover.is_recorded() {
            self.scribe.record(handover);
        }
    }
}
