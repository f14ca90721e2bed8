//! Who may type at one terminal: the one writer, wishes to be it, and how the seat changes hands.
//!
//! Plain state and rules without waiting; the time is passed in. Must not know bytes, sockets or the feed.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::handover::{Handover, How};
use crate::access::{Administer, Drive, Granted, Read};
use crate::auth::Named;
use crate::terminals::viewer::{Arrival, Present, ViewerId, ViewerRole, Wish};

/// Without input for so long, a writer is idle: whoever may type gets the seat by asking.
pub const IDLE_AFTER: Duration = Duration::from_secs(60);

/// Without input for so long, a writer loses the seat: they have left without closing the page.
pub const LAPSES_AFTER: Duration = Duration::from_secs(10 * 60);

/// A person's control messages are refilled at this rate: each may cost everybody a message and the feed an entry.
const CONTROL_EVERY: Duration = Duration::from_secs(1);

/// Control messages that a person may send at once; nobody changes their mind more often.
const CONTROL_BURST: u32 = 10;

/// What somebody may do with the seat; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Watch only.
    Watch,
    /// Type when the seat is theirs, and ask for it.
    Write,
    /// Take the seat from anybody, and give it to others.
    Lead,
}

impl Right {
    /// What a member of the workspace may do. Who wants to watch only is taken at their word.
    pub fn of(by: &Granted<Read>, wish: Wish) -> Self {
        match wish {
            Wish::ReadOnly => Self::Watch,
            Wish::Write if by.and::<Administer>().is_ok() => Self::Lead,
            Wish::Write if by.and::<Drive>().is_ok() => Self::Write,
            Wish::Write => Self::Watch,
        }
    }
}

/// Somebody who is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    pub who: Named,
    pub right: Right,
    pub kind: Kind,
}

/// Whether somebody has an account here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Member,
    /// Came by a read-only link.
    Guest,
}

/// What somebody asks concerning the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    Request,
    Take,
    Release,
    Grant(ViewerId),
    Decline(ViewerId),
}

/// Why it is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlRefusal {
    NotAllowed,
    NoSuchSeat,
    NotWriter,
    TooOften,
    /// The session has ended.
    Ended,
}

/// What became of the seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is as it was.
    Same,
    /// The writer is the same; something else that everybody sees has changed.
    Shown,
    Moved(Handover),
}

struct Seated {
    occupant: Occupant,
    /// The turn in which they asked for control; who asked first is first.
    wish: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Writer {
    id: ViewerId,
    /// When they last typed, or got the seat.
    active: Instant,
    /// Whether the others were told that they are idle.
    shown_idle: bool,
}

/// The seats of one terminal. At most one of them is the writer's.
#[derive(Default)]
pub struct Seats {
    /// By order of arrival, so that the longest present is found first.
    seated: BTreeMap<ViewerId, Seated>,
    writer: Option<Writer>,
    last_id: ViewerId,
    last_turn: u64,
    /// Until when each person's control messages are paid for.
    paid: BTreeMap<String, Instant>,
}

impl Seats {
    /// Seats somebody. The first who may type is the writer; a seat that was given up stays free for
    /// those who are present. Who comes back takes their own seat, which a broken connection may hold.
    pub fn join(&mut self, occupant: Occupant, arrival: Arrival, now: Instant) -> (ViewerId, Outcome) {
        self.last_id += 1;
        let id = self.last_id;
        let first = self.writer.is_none() && self.longest_present().is_none();
        let own = self.is_held_by(&occupant)
            && match arrival {
                Arrival::First => false,
                Arrival::Back => true,
                Arrival::InsteadOf(seat) => self.is_writer(seat),
            };
        let gets = occupant.right >= Right::Write && (first || own);
        self.seated.insert(id, Seated { occupant, wish: None });
        if !gets {
            return (id, Outcome::Shown);
        }
        let how = if own { How::CameBack } else { How::Attached };
        (id, self.seat(Some(id), how, None, now))
    }

    /// Unseats somebody. After a writer comes the first who asked, else the longest present who may.
    pub fn leave(&mut self, id: ViewerId, now: Instant) -> Outcome {
        let from = self.writer_named();
        if self.seated.remove(&id).is_none() {
            return Outcome::Same;
        }
        if !self.is_writer(id) {
            return Outcome::Shown;
        }
        let next = self.first_wish().or_else(|| self.longest_present());
        let moved = self.seat(next, How::Left, None, now);
        match moved {
            Outcome::Moved(handover) => Outcome::Moved(Handover { from, ..handover }),
            other => other,
        }
    }

    /// Does what somebody asks, if they may.
    pub fn control(
        &mut self,
        id: ViewerId,
        action: Control,
        now: Instant,
    ) -> Result<Outcome, ControlRefusal> {
        let asking = &self.seated.get(&id).ok_or(ControlRefusal::NoSuchSeat)?.occupant;
        let (right, who) = (asking.right, asking.who.clone());
        if right < Right::Write {
            return Err(ControlRefusal::NotAllowed);
        }
        self.pay(&who, now)?;
        match action {
            Control::Request | Control::Take if self.is_writer(id) => Ok(Outcome::Same),
            Control::Request if self.is_open_to(id, now) => {
                Ok(self.seat(Some(id), How::Asked, Some(who), now))
            }
            Control::Request => Ok(self.wish(id)),
            Control::Take if self.is_open_to(id, now) || right >= Right::Lead => {
                Ok(self.seat(Some(id), How::Took, Some(who), now))
            }
            Control::Take => Err(ControlRefusal::NotAllowed),
            Control::Release if self.is_writer(id) => {
                let next = self.first_wish();
                Ok(self.seat(next, How::Released, Some(who), now))
            }
            Control::Release => Ok(self.forget_wish(id)),
            Control::Grant(_) | Control::Decline(_) if !self.is_writer(id) && right < Right::Lead => {
                Err(ControlRefusal::NotWriter)
            }
            Control::Grant(to) => self.grant(to, who, now),
            Control::Decline(of) if !self.seated.contains_key(&of) => Err(ControlRefusal::NoSuchSeat),
            Control::Decline(of) => Ok(self.forget_wish(of)),
        }
    }

    fn grant(&mut self, to: ViewerId, by: Named, now: Instant) -> Result<Outcome, ControlRefusal> {
        let target = self.seated.get(&to).ok_or(ControlRefusal::NoSuchSeat)?;
        if target.occupant.right < Right::Write {
            return Err(ControlRefusal::NotAllowed);
        }
        if self.is_writer(to) {
            return Ok(Outcome::Same);
        }
        Ok(self.seat(Some(to), How::Granted, Some(by), now))
    }

    /// Whether typing would make somebody the writer: the seat is free, and they may.
    pub fn may_claim(&self, id: ViewerId) -> bool {
        let may = |seated: &Seated| seated.occupant.right >= Right::Write;
        self.writer.is_none() && self.seated.get(&id).is_some_and(may)
    }

    /// Somebody typed. `None` when they may not; who may takes a free seat by it.
    pub fn typed(&mut self, id: ViewerId, now: Instant) -> Option<Outcome> {
        if self.may_claim(id) {
            let who = self.named(id);
            return Some(self.seat(Some(id), How::Claimed, who, now));
        }
        let writer = self.writer.as_mut().filter(|writer| writer.id == id)?;
        writer.active = now;
        let was_idle = std::mem::take(&mut writer.shown_idle);
        Some(if was_idle { Outcome::Shown } else { Outcome::Same })
    }

    /// When to look at the clock again.
    pub fn due(&self) -> Option<Instant> {
        let writer = self.writer?;
        Some(writer.active + if writer.shown_idle { LAPSES_AFTER } else { IDLE_AFTER })
    }

    /// Does what is due: shows a writer as idle, or lets their seat lapse.
    pub fn tick(&mut self, now: Instant) -> Outcome {
        let Some(writer) = &mut self.writer else { return Outcome::Same };
        let quiet = now.saturating_duration_since(writer.active);
        if quiet >= LAPSES_AFTER {
            let next = self.first_wish();
            return self.seat(next, How::Lapsed, None, now);
        }
        if quiet < IDLE_AFTER || writer.shown_idle {
            return Outcome::Same;
        }
        writer.shown_idle = true;
        Outcome::Shown
    }

    pub fn writer(&self) -> Option<ViewerId> {
        self.writer.map(|writer| writer.id)
    }

    pub fn is_writer(&self, id: ViewerId) -> bool {
        self.writer() == Some(id)
    }

    /// Whether the writer was told of as idle.
    pub fn is_idle(&self) -> bool {
        self.writer.is_some_and(|writer| writer.shown_idle)
    }

    pub fn named(&self, id: ViewerId) -> Option<Named> {
        self.seated.get(&id).map(|seated| seated.occupant.who.clone())
    }

    pub fn writer_named(&self) -> Option<Named> {
        self.writer.and_then(|writer| self.named(writer.id))
    }

    pub fn role(&self, id: ViewerId) -> ViewerRole {
        if self.is_writer(id) { ViewerRole::Writer } else { ViewerRole::Viewer }
    }

    /// Everybody, in order of arrival.
    pub fn present(&self) -> impl Iterator<Item = Present> {
        self.seated.iter().map(|(id, Seated { occupant, wish })| Present {
            user: occupant.who.clone(),
            role: self.role(*id),
            seat: *id,
            wants: wish.is_some(),
            may_write: occupant.right >= Right::Write,
            guest: occupant.kind == Kind::Guest,
        })
    }

    /// The one place where the writer changes.
    fn seat(&mut self, to: Option<ViewerId>, how: How, by: Option<Named>, now: Instant) -> Outcome {
        let from = self.writer_named();
        if let Some(seated) = to.and_then(|id| self.seated.get_mut(&id)) {
            seated.wish = None;
        }
        self.writer = to.map(|id| Writer { id, active: now, shown_idle: false });
        Outcome::Moved(Handover { from, to: self.writer_named(), by, how })
    }

    fn wish(&mut self, id: ViewerId) -> Outcome {
        let turn = self.last_turn + 1;
        match self.seated.get_mut(&id) {
            Some(seated) if seated.wish.is_none() => {
                seated.wish = Some(turn);
                self.last_turn = turn;
                Outcome::Shown
            }
            _ => Outcome::Same,
        }
    }

    fn forget_wish(&mut self, id: ViewerId) -> Outcome {
        let forgotten = self.seated.get_mut(&id).and_then(|seated| seated.wish.take());
        if forgotten.is_some() { Outcome::Shown } else { Outcome::Same }
    }

    /// Whether a driver may have the seat at once: it is free, its writer is idle, or it is their
    /// own in another window.
    fn is_open_to(&self, id: ViewerId, now: Instant) -> bool {
        let Some(writer) = self.writer else { return true };
        let idle = now.saturating_duration_since(writer.active) >= IDLE_AFTER;
        idle || self.seated.get(&id).is_some_and(|seated| self.is_held_by(&seated.occupant))
    }

    fn is_held_by(&self, occupant: &Occupant) -> bool {
        let writer = self.writer.and_then(|writer| self.seated.get(&writer.id));
        writer.is_some_and(|writer| writer.occupant.who == occupant.who)
    }

    fn first_wish(&self) -> Option<ViewerId> {
        let wishes = self.seated.iter().filter_map(|(id, seated)| Some((seated.wish?, *id)));
        wishes.min().map(|(_, id)| id)
    }

    fn longest_present(&self) -> Option<ViewerId> {
        let may = |seated: &Seated| seated.occupant.right >= Right::Write;
        self.seated.iter().find(|(_, seated)| may(seated)).map(|(id, _)| *id)
    }

    /// Counts a control message against the person, in all their windows together.
    fn pay(&mut self, who: &Named, now: Instant) -> Result<(), ControlRefusal> {
        self.paid.retain(|_, until| *until > now);
        let until = self.paid.get(&who.id).copied().unwrap_or(now) + CONTROL_EVERY;
        if until.saturating_duration_since(now) > CONTROL_EVERY * CONTROL_BURST {
            return Err(ControlRefusal::TooOften);
        }
        self.paid.insert(who.id.clone(), until);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
