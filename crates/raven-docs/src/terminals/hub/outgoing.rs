//! What a hub has to say to its runtime: control at once, and input as fast as the terminal takes it.
//!
//! Owns the order, the bound, and who is told what became of their input: that it was typed, once it is
//! recorded too. Must not know wires or seats.

use std::collections::VecDeque;

use bytes::Bytes;
use raven_protocol::terminal::{INPUT_WINDOW, MAX_FRAME_PAYLOAD};
use tokio::sync::oneshot;

use crate::auth::Named;
use crate::terminals::link::{Pace, ToRuntime};
use crate::terminals::viewer::Refusal;

/// Bytes that may wait for a wire: two of the largest inputs, so that a paste does not refuse the next.
const MAX_WAITING: usize = 8 * 1024 * 1024 + 4096;

/// What each input counts beside its bytes, so that many empty ones are bounded too.
const EACH: usize = 64;

/// Tells whoever typed what became of it.
pub type Done = oneshot::Sender<Result<(), Refusal>>;

/// Something that was typed.
pub struct Typed {
    pub by: Named,
    pub bytes: Bytes,
    pub done: Done,
}

/// What goes over the wire next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Control(ToRuntime),
    /// Typed by somebody, who is to be recorded with it.
    Input {
        by: Named,
        bytes: Bytes,
    },
}

/// What waits for the wire, and what is under way on it.
pub struct Outgoing {
    control: VecDeque<ToRuntime>,
    typed: VecDeque<Typed>,
    waiting: usize,
    pace: Pace,
    /// Bytes of input that went over this wire, and that the terminal has taken of them.
    sent: u64,
    taken: u64,
    /// Pieces of input that were handed out, over every wire, and that are recorded durably of them.
    pieces: u64,
    recorded: u64,
    /// Inputs that were sent whole.
    under_way: VecDeque<UnderWay>,
}

/// An input that is done once the terminal has taken it and it is recorded.
struct UnderWay {
    /// Counts of bytes and of pieces at its end.
    sent: u64,
    pieces: u64,
    done: Done,
}

impl Outgoing {
    pub fn new() -> Self {
        Self {
            control: VecDeque::new(),
            typed: VecDeque::new(),
            waiting: 0,
            pace: Pace::Untold,
            sent: 0,
            taken: 0,
            pieces: 0,
            recorded: 0,
            under_way: VecDeque::new(),
        }
    }

    /// A wire, in place of the one before. What was typed for that is refused.
    pub fn connect(&mut self, pace: Pace) {
        self.refuse(Refusal::Disconnected);
        *self = Self { pace, pieces: self.pieces, recorded: self.recorded, ..Self::new() };
    }

    /// Queues control, which does not wait for input. Of each kind only the newest is of use.
    pub fn control(&mut self, message: ToRuntime) {
        let kind = std::mem::discriminant(&message);
        self.control.retain(|waits| std::mem::discriminant(waits) != kind);
        self.control.push_back(message);
    }

    /// Queues input, unless too much waits.
    pub fn input(&mut self, typed: Typed) {
        if self.waiting + typed.bytes.len() + EACH > MAX_WAITING {
            let _ = typed.done.send(Err(Refusal::Full));
            return;
        }
        self.waiting += typed.bytes.len() + EACH;
        self.typed.push_back(typed);
    }

    pub fn has_control(&self) -> bool {
        !self.control.is_empty()
    }

    /// Whether something may go over the wire now.
    pub fn is_due(&self) -> bool {
        !self.control.is_empty() || self.typed.front().is_some_and(|first| self.may_send(&first.bytes))
    }

    fn may_send(&self, bytes: &Bytes) -> bool {
        let piece = bytes.len().min(MAX_FRAME_PAYLOAD) as u64;
        self.pace == Pace::Untold || self.sent - self.taken + piece <= INPUT_WINDOW
    }

    /// Takes out what goes over the wire next.
    pub fn next(&mut self) -> Option<Next> {
        if let Some(control) = self.control.pop_front() {
            return Some(Next::Control(control));
        }
        let mut first = self.typed.pop_front()?;
        if !self.may_send(&first.bytes) {
            self.typed.push_front(first);
            return None;
        }
        let by = first.by.clone();
        let bytes = first.bytes.split_to(first.bytes.len().min(MAX_FRAME_PAYLOAD));
        self.sent += bytes.len() as u64;
        self.waiting -= bytes.len();
        self.pieces += u64::from(!bytes.is_empty());
        if first.bytes.is_empty() {
            self.waiting -= EACH;
            let (sent, pieces) = (self.sent, self.pieces);
            self.under_way.push_back(UnderWay { sent, pieces, done: first.done });
        } else {
            self.typed.push_front(first);
        }
        let taken = if self.pace == Pace::Untold { self.sent } else { self.taken };
        self.taken(taken);
        Some(Next::Input { by, bytes })
    }

    /// The terminal has taken so many bytes of this wire's input.
    pub fn taken(&mut self, taken: u64) {
        self.taken = taken.clamp(self.taken, self.sent);
        self.answer();
    }

    /// So many pieces of input are recorded durably.
    pub fn recorded(&mut self, pieces: u64) {
        self.recorded = pieces.clamp(self.recorded, self.pieces);
        self.answer();
    }

    fn answer(&mut self) {
        let is_done = |first: &UnderWay| first.sent <= self.taken && first.pieces <= self.recorded;
        while self.under_way.front().is_some_and(is_done) {
            let Some(UnderWay { done, .. }) = self.under_way.pop_front() else { return };
            let _ = done.send(Ok(()));
        }
    }

    /// What waits is not typed any more, and whoever typed it knows. An input that has begun to go over the
    /// wire does not go on in its middle.
    pub fn refuse_waiting(&mut self, why: Refusal) {
        self.waiting = 0;
        for typed in self.typed.drain(..) {
            let _ = typed.done.send(Err(why));
        }
    }

    /// The wire broke: what is under way may have been taken or not, and is not sent again.
    pub fn refuse(&mut self, why: Refusal) {
        self.refuse_waiting(why);
        for UnderWay { done, .. } in self.under_way.drain(..) {
            let _ = done.send(Err(why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Receiver;

    fn ada() -> Named {
        Named { id: "usr_1".into(), name: "Ada".into() }
    }

    fn typed(outgoing: &mut Outgoing, bytes: &[u8]) -> Receiver<Result<(), Refusal>> {
        let (done, answer) = oneshot::channel();
        outgoing.input(Typed { by: ada(), bytes: Bytes::copy_from_slice(bytes), done });
        answer
    }

    fn told() -> Outgoing {
        let mut outgoing = Outgoing::new();
        outgoing.connect(Pace::Told);
        outgoing
    }

    #[test]
    fn input_goes_in_pieces_within_the_window_and_is_done_when_it_is_taken() {
        let mut outgoing = told();
        let paste: Vec<u8> = (0..INPUT_WINDOW as usize + 100_000).map(|n| n as u8).collect();
        let mut first = typed(&mut outgoing, &paste);
        let mut second = typed(&mut outgoing, b"after");
        let mut sent = Vec::new();
        let mut take = |outgoing: &mut Outgoing| {
            while outgoing.is_due() {
                let Some(Next::Input { by, bytes }) = outgoing.next() else { panic!("only input waits") };
                assert!(by == ada() && bytes.len() <= MAX_FRAME_PAYLOAD);
                sent.extend_from_slice(&bytes);
            }
            sent.clone()
        };
        assert_eq!(take(&mut outgoing).len() as u64, INPUT_WINDOW);
        outgoing.control(ToRuntime::Repaint);
        assert_eq!(outgoing.next(), Some(Next::Control(ToRuntime::Repaint)), "not stuck behind input");
        assert!(outgoing.next().is_none() && first.try_recv().is_err());
        outgoing.taken(INPUT_WINDOW);
        assert_eq!(take(&mut outgoing), [&paste[..], b"after"].concat());
        outgoing.taken(paste.len() as u64);
        assert!(first.try_recv().is_err(), "taken, and not recorded");
        outgoing.recorded(6);
        assert_eq!(first.try_recv(), Ok(Ok(())));
        assert!(second.try_recv().is_err());
        outgoing.taken(u64::MAX);
        assert!(second.try_recv().is_err());
        outgoing.recorded(7);
        assert_eq!(second.try_recv(), Ok(Ok(())));
    }

    #[test]
    fn a_wire_that_tells_nothing_has_taken_what_it_was_given() {
        let mut outgoing = Outgoing::new();
        outgoing.connect(Pace::Untold);
        let mut empty = typed(&mut outgoing, b"");
        let mut full = typed(&mut outgoing, &[b'x'; 300_000]);
        while outgoing.is_due() {
            outgoing.next();
        }
        outgoing.recorded(u64::MAX);
        assert_eq!((empty.try_recv(), full.try_recv()), (Ok(Ok(())), Ok(Ok(()))));
    }

    #[test]
    fn of_control_the_newest_of_each_kind_waits() {
        let mut outgoing = told();
        for offset in 1..4 {
            outgoing.control(ToRuntime::Ack(offset));
            outgoing.control(ToRuntime::Repaint);
        }
        let sent: Vec<Next> = std::iter::from_fn(|| outgoing.next()).collect();
        assert_eq!(sent, [Next::Control(ToRuntime::Ack(3)), Next::Control(ToRuntime::Repaint)]);
    }

    #[test]
    fn what_cannot_be_typed_is_told() {
        let mut outgoing = told();
        let mut under_way = typed(&mut outgoing, b"sent");
        outgoing.next();
        let mut waits = typed(&mut outgoing, b"waits");
        outgoing.refuse_waiting(Refusal::ReadOnly);
        assert_eq!(waits.try_recv(), Ok(Err(Refusal::ReadOnly)));
        assert!(under_way.try_recv().is_err(), "it is under way");
        let mut full: Vec<_> = (0..3).map(|_| typed(&mut outgoing, &vec![0; 4 * 1024 * 1024])).collect();
        assert_eq!(full.pop().unwrap().try_recv(), Ok(Err(Refusal::Full)));
        outgoing.connect(Pace::Told);
        assert_eq!(under_way.try_recv(), Ok(Err(Refusal::Disconnected)));
        assert_eq!(full[0].try_recv(), Ok(Err(Refusal::Disconnected)));
        assert!(!outgoing.is_due());
    }
}
